"""Requests between objects: spec python-workers 5.3, 1.58, 8.7."""

import asyncio
import re
from typing import Any

import js
import pytest
from js import Object
from pyodide.ffi import JsException, create_proxy, to_js
from pyodide.http import AbortError
from workers import DurableObject, FetchResponse, Request, Response

from pytest_durable import PlatformError

pytestmark = [pytest.mark.durable(storage="memory")]

KEPT: dict[str, Any] = {}
BASE = "https://x.com"


def as_object(**members: Any) -> Any:
    return to_js(members, dict_converter=Object.fromEntries)


def stream_of(*pieces: str) -> Any:
    def start(controller: Any) -> None:
        for piece in pieces:
            controller.enqueue(to_js(piece.encode()))
        controller.close()

    return js.ReadableStream.new(start=create_proxy(start))


class Answering(DurableObject):
    async def fetch(self, request: Any) -> Any:
        path = "/" + request.url.partition("//")[2].partition("/")[2]
        name = path.partition("?")[0].strip("/").replace("-", "_") or "show"
        return await getattr(self, name)(request)

    async def show(self, request: Any) -> Any:
        headers = [list(pair) for pair in request.js_object.headers]
        return Response.from_json([request.js_object.method, request.url, headers, await request.text()])

    async def status(self, request: Any) -> Any:
        cookies = [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-a", "1"), ("x-a", "2")]
        return Response("tea", 418, "Tea", cookies)

    async def fail(self, request: Any) -> Any:
        raise ValueError("bad")

    async def led(self, request: Any) -> Any:
        return Response(None, int(request.url.partition("?")[2]), headers={"location": "/show"})

    async def loop(self, request: Any) -> Any:
        return Response.redirect(f"{BASE}/loop")

    async def stream(self, request: Any) -> Any:
        return Response(stream_of("a", "b"))

    async def slow(self, request: Any) -> Any:
        async def pull(controller: Any) -> None:
            await asyncio.sleep(10)
            await self.ctx.storage.put("pulled", True)
            controller.enqueue(to_js(b"late"))
            controller.close()

        return Response(js.ReadableStream.new(pull=create_proxy(pull)))

    async def broken(self, request: Any) -> Any:
        def pull(controller: Any) -> None:
            raise ValueError("broken")

        return Response(js.ReadableStream.new(pull=create_proxy(pull)))

    async def endless(self, request: Any) -> Any:
        async def pull(controller: Any) -> None:
            await asyncio.sleep(1)
            controller.enqueue(to_js(b"x"))

        def cancelled(reason: Any) -> None:
            KEPT["cancelled"] = True

        KEPT["cancelled"] = False
        return Response(js.ReadableStream.new(pull=create_proxy(pull), cancel=create_proxy(cancelled)))

    async def pieces(self, request: Any) -> Any:
        seen = []
        reader = request.body.getReader()
        while not (step := await reader.read()).done:
            seen.append(step.value.to_bytes().decode())
        return Response.from_json(seen)

    async def wait(self, request: Any) -> Any:
        await asyncio.sleep(100)
        return Response("late")

    async def keep(self, request: Any) -> Any:
        KEPT["request"] = request
        return Response("kept")

    async def immutable(self, request: Any) -> Any:
        request.js_object.headers.set("a", "b")

    async def echo(self, request: Any) -> Any:
        return Response(request.body)


class Asking(DurableObject):
    async def ask(self, *code: Any) -> Any:
        """Run a function of the test here, with the stub."""
        return await KEPT["asked"](self.env.ANSWERING.getByName("a"), self)

    async def read_kept(self) -> str:
        return str(await KEPT["request"].text())


@pytest.fixture
def ask(durable: Any) -> Any:
    """Run a function of a stub inside an object."""
    durable.namespace(Answering)
    asking = durable.namespace(Asking).get_by_name("a")

    async def run(asked: Any) -> Any:
        outcome: list[Any] = []

        async def kept(stub: Any, instance: Any) -> None:
            outcome.append(await asked(stub))

        KEPT["asked"] = kept
        await asking.ask()
        return outcome[0]

    return run


@pytest.fixture
def answering(durable: Any) -> Any:
    return durable.namespace(Answering).get_by_name("a")


@pytest.mark.parametrize(
    "given",
    [f"{BASE}/status", Request(f"{BASE}/status"), js.Request.new(f"{BASE}/status"), js.URL.new(f"{BASE}/status")],
)
async def test_a_stub_is_sent_an_address_or_a_request_and_answers_with_a_response(ask: Any, given: Any) -> None:
    # PW-5.18
    async def asked(stub: Any) -> None:
        response = await stub.fetch(given)
        assert type(response) is Response
        assert isinstance(response, FetchResponse)
        assert (response.status, response.status_text, response.ok) == (418, "Tea", False)
        assert (response.url, response.redirected) == (f"{BASE}/status", False)
        assert response.headers.get_all("set-cookie") == ["a=1", "b=2"]
        assert response.headers["x-a"] == "1, 2"
        assert await response.text() == "tea"

    await ask(asked)


async def test_what_reaches_the_object(ask: Any) -> None:
    # PW-5.18, PW-5.20
    async def asked(stub: Any) -> Any:
        return [
            await (await stub.fetch("HTTPS://U:P@X.com:443/show?q=ü#f")).json(),
            await (await stub.fetch(BASE, method="post", headers={"X-A": " 1 ", "b": 5}, body="hello")).json(),
            await (await stub.fetch(BASE, method="PUT", headers=[("a", "1"), ("a", "2")], body=b"hello")).json(),
            await (await stub.fetch(BASE, method="POST", body=stream_of("s1", "s2"))).json(),
        ]

    text = ["content-type", "text/plain;charset=UTF-8"]
    assert await ask(asked) == [
        ["GET", f"{BASE}/show?q=%C3%BC", [], ""],
        ["POST", f"{BASE}/", [["b", "5"], ["content-length", "5"], text, ["x-a", "1"]], "hello"],
        ["PUT", f"{BASE}/", [["a", "1, 2"], ["content-length", "5"]], "hello"],
        ["POST", f"{BASE}/", [["transfer-encoding", "chunked"]], "s1s2"],
    ]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"given": "/rel"}, "Invalid URL: /rel"),
        ({"given": "ftp://x/"}, "Fetch API cannot load: ftp://x/"),
        ({"given": BASE, "body": "x"}, "Request with a GET or HEAD method cannot have a body."),
        ({"given": BASE, "method": "CONNECT"}, "Invalid HTTP method string: CONNECT"),
        ({"given": BASE, "headers": {"a b": "1"}}, "Invalid header name."),
        ({"given": "ftp://x/", "headers": {"a b": "1"}, "body": "x", "redirect": "error"}, "Invalid header name."),
        ({"given": "rel", "method": "Foo"}, "Invalid URL: rel"),
    ],
)
async def test_what_cannot_be_sent_is_an_os_error(ask: Any, options: dict[str, Any], text: str) -> None:
    # PW-5.18, PW-1.58
    async def asked(stub: Any) -> None:
        with pytest.raises(AbortError) as caught:
            await stub.fetch(options.pop("given"), **options)
        assert str(caught.value) == text
        assert isinstance(caught.value, OSError)

    await ask(asked)


async def test_forwarding_keeps_everything_and_uses_the_body(ask: Any) -> None:
    # PW-5.19
    async def asked(stub: Any) -> None:
        request = Request(f"{BASE}/show", method="PUT", headers={"Upgrade": "websocket"}, body="x")
        method, url, headers, body = await (await stub.fetch(request)).json()
        assert (method, url, body) == ("PUT", f"{BASE}/show", "x")
        assert ["upgrade", "websocket"] in headers
        assert request.body_used
        with pytest.raises(AbortError, match=r"^Cannot reconstruct a Request with a used body\.$"):
            await stub.fetch(request)

    await ask(asked)


async def test_a_status_of_an_error_does_not_raise_and_an_exception_does(ask: Any) -> None:
    # PW-5.21
    async def asked(stub: Any) -> None:
        assert (await stub.fetch(f"{BASE}/status")).status == 418
        with pytest.raises(AbortError, match="ValueError: bad"):
            await stub.fetch(f"{BASE}/fail")

    await ask(asked)


async def test_a_stream_is_read_piece_by_piece(ask: Any) -> None:
    # PW-5.22
    async def asked(stub: Any) -> None:
        response = await stub.fetch(f"{BASE}/stream")
        reader = response.body.getReader()
        first, second, last = await reader.read(), await reader.read(), await reader.read()
        assert [first.value.to_bytes(), second.value.to_bytes()] == [b"a", b"b"]
        assert [first.done, second.done, last.done, last.value] == [False, False, True, None]
        response = await stub.fetch(f"{BASE}/stream")
        assert [piece.to_bytes() async for piece in response.body] == [b"a", b"b"]
        assert await (await stub.fetch(f"{BASE}/stream")).text() == "ab"

    await ask(asked)


async def test_a_piece_is_made_when_it_is_asked_for_and_leaves_after_its_writes(durable: Any, answering: Any) -> None:
    # PW-5.22
    response = await answering.fetch(f"{BASE}/slow")
    assert durable.clock.time_ms() == 1893456000000
    durable.assert_stored(answering, {}, exact=True)
    assert await response.text() == "late"
    durable.assert_stored(answering, {"pulled": True})
    assert durable.clock.time_ms() == 1893456010000


async def test_a_request_is_streamed_to_the_object(ask: Any, answering: Any) -> None:
    # PW-5.22
    async def asked(stub: Any) -> Any:
        return await (await stub.fetch(f"{BASE}/pieces", method="POST", body=stream_of("a", "b"))).json()

    assert await ask(asked) == ["a", "b"]

    async def pieces() -> Any:
        yield "a"
        await asyncio.sleep(1)
        yield b"b"

    assert await (await answering.fetch(f"{BASE}/pieces", method="POST", body=pieces())).json() == ["a", "b"]


async def test_a_body_that_passes_through_is_not_read_on_the_way(ask: Any) -> None:
    # PW-5.22
    async def asked(stub: Any) -> Any:
        return await (await stub.fetch(f"{BASE}/echo", method="POST", body=stream_of("a", "b"))).text()

    assert await ask(asked) == "ab"


async def test_what_breaks_a_stream_reaches_its_reader(ask: Any, answering: Any) -> None:
    # PW-5.22
    async def asked(stub: Any) -> None:
        response = await stub.fetch(f"{BASE}/broken")
        with pytest.raises(OSError, match="ValueError: broken"):
            await response.text()

    await ask(asked)
    response = await answering.fetch(f"{BASE}/broken")
    with pytest.raises(ValueError, match=r"^broken$"):
        await response.text()


async def test_the_end_of_the_object_ends_its_streams(durable: Any, answering: Any) -> None:
    # PW-5.22
    response = await answering.fetch(f"{BASE}/endless")
    await durable.abort(answering, "enough")
    with pytest.raises(PlatformError, match=r"^enough$"):
        await response.text()


async def test_a_crash_ends_a_stream_in_the_middle(durable: Any, answering: Any) -> None:
    # PW-5.22
    response = await answering.fetch(f"{BASE}/endless")
    pieces = response.chunks()
    assert await anext(pieces) == b"x"
    await durable.crash()
    with pytest.raises(PlatformError, match=r"^Network connection lost\.$"):
        await anext(pieces)


async def test_who_does_not_want_the_rest_says_so(ask: Any) -> None:
    # PW-5.22
    async def asked(stub: Any) -> None:
        response = await stub.fetch(f"{BASE}/endless")
        reader = response.body.getReader()
        await reader.read()
        await reader.cancel("enough")
        await asyncio.sleep(1)
        assert KEPT["cancelled"]

    await ask(asked)


async def test_an_open_stream_keeps_its_object_in_memory(durable: Any, answering: Any) -> None:
    # PW-5.22
    response = await answering.fetch(f"{BASE}/endless")
    await durable.clock.advance("60s")
    assert await anext(response.chunks()) == b"x"


STATUSES = [(301, "POST", "GET"), (302, "POST", "GET"), (303, "PUT", "GET"), (307, "POST", "POST"), (301, "PUT", "PUT")]


@pytest.mark.parametrize(("status", "method", "then"), STATUSES)
async def test_redirects_are_followed(ask: Any, status: int, method: str, then: str) -> None:
    # PW-5.18
    async def asked(stub: Any) -> Any:
        response = await stub.fetch(f"{BASE}/led?{status}", method=method, body="q")
        assert (response.url, response.redirected) == (f"{BASE}/show", True)
        return await response.json()

    seen = await ask(asked)
    assert (seen[0], seen[3]) == (then, "" if then == "GET" else "q")
    assert ("content-length" in dict(seen[2])) is (then != "GET")


async def test_redirects_that_are_not_followed(ask: Any) -> None:
    # PW-5.18
    async def asked(stub: Any) -> None:
        response = await stub.fetch(f"{BASE}/led?302", redirect="manual")
        assert (response.status, response.headers["location"]) == (302, "/show")
        with pytest.raises(AbortError, match=rf"^Too many redirects\.({re.escape(BASE)}/loop(, )?){{21}}$"):
            await stub.fetch(f"{BASE}/loop")
        with pytest.raises(AbortError, match="A request with a one-time-use body"):
            await stub.fetch(f"{BASE}/led?307", method="POST", body=stream_of("x"))

    await ask(asked)


async def test_a_signal_stops_a_request(ask: Any) -> None:
    # PW-5.18
    async def asked(stub: Any) -> None:
        with pytest.raises(AbortError, match=r"^The operation was aborted$"):
            await stub.fetch(BASE, signal=js.AbortSignal.abort())
        controller = js.AbortController.new()
        asyncio.get_running_loop().call_later(5, controller.abort)
        with pytest.raises(AbortError, match=r"^The operation was aborted$"):
            await stub.fetch(f"{BASE}/wait", signal=controller.signal)
        with pytest.raises(AbortError, match=r"^The operation was aborted due to timeout$"):
            await stub.fetch(f"{BASE}/wait", signal=js.AbortSignal.timeout(5))

    await ask(asked)


async def test_headers_that_were_received_cannot_be_changed(ask: Any) -> None:
    # PW-5.14
    async def asked(stub: Any) -> None:
        response = await stub.fetch(BASE)
        with pytest.raises(JsException, match=r"^TypeError: Can't modify immutable headers\.$"):
            response.js_object.headers.set("a", "b")
        with pytest.raises(AbortError, match="Can't modify immutable headers"):
            await stub.fetch(f"{BASE}/immutable")

    await ask(asked)


async def test_the_body_of_a_request_is_not_for_another_object(durable: Any, answering: Any) -> None:
    # PW-8.7
    await answering.fetch(f"{BASE}/keep", method="POST", body="x")
    asking = durable.namespace(Asking).get_by_name("a")
    assert KEPT["request"].url == f"{BASE}/keep"
    with pytest.raises(JsException, match="Cannot perform I/O on behalf of a different Durable Object"):
        await asking.read_kept()


async def test_the_test_sends_what_user_code_makes(answering: Any) -> None:
    # PW-5.18
    request = Request(f"{BASE}/show", method="PUT", headers={"a": "b"}, body="x")
    assert (await (await answering.fetch(request)).json())[0] == "PUT"
    response = await answering.fetch(f"{BASE}/status")
    assert (response.status, response.status_text, response.headers.get_all("set-cookie")) == (
        418,
        "Tea",
        ["a=1", "b=2"],
    )
    assert (await answering.fetch(f"{BASE}/led?302")).status == 302
