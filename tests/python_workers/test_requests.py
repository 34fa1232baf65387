"""Requests as user code makes and receives them: spec python-workers 5.2."""

from http import HTTPMethod
from json import JSONDecodeError
from typing import Any

import js
import pytest
from js import Object
from pyodide.ffi import JsException, to_js
from workers import Blob, DurableObject, File, FormData, Request, Response

pytestmark = [pytest.mark.durable(storage="memory"), pytest.mark.usefixtures("durable")]

URL = "https://test.com"


def as_object(**members: Any) -> Any:
    return to_js(members, dict_converter=Object.fromEntries)


def test_a_request_is_made_of_an_address_or_of_another() -> None:
    # PW-5.13
    first = Request(URL, method="POST", headers={"a": "b"}, body="x")
    for request in (Request(first), Request(js.Request.new(URL, method="POST", headers=as_object(a="b"), body="x"))):
        assert (request.method, request.url, request.headers["a"]) == ("POST", "https://test.com/", "b")


def test_a_request_of_the_platform_is_wrapped_without_options() -> None:
    # PW-5.13
    with pytest.raises(ValueError) as caught:
        Request(js.Request.new(URL), method="POST")
    assert str(caught.value) == "Expected no options when constructing Request from a js.Request"


@pytest.mark.parametrize("method", [HTTPMethod.POST, "POST", "post", "Post"])
def test_a_method_is_a_member_of_the_enumeration(method: Any) -> None:
    # PW-5.13, PW-5.14
    request = Request(URL, method=method)
    assert request.method is HTTPMethod.POST
    assert request.method == "POST"
    assert f"{request.method}" == "POST"


def test_a_method_that_python_does_not_know_cannot_be_read() -> None:
    # PW-5.14
    request = Request(URL, method="PROPFIND")
    assert repr(request) == "Request(method='PROPFIND', url='https://test.com/')"
    with pytest.raises(KeyError):
        request.method


@pytest.mark.parametrize("method", ["CONNECT", "TRACK", "Foo", "", "M-SEARCH"])
def test_a_word_that_is_no_method_is_refused(method: str) -> None:
    # PW-5.13
    with pytest.raises(JsException) as caught:
        Request(URL, method=method)
    assert str(caught.value) == f"TypeError: Invalid HTTP method string: {method}"


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("https://test.com", "https://test.com/"),
        ("HTTPS://EXAMPLE.com:443/./a/../b c?q=ü#f", "https://example.com/b%20c?q=%C3%BC#f"),
        ("https://u:p@x.com/a", "https://u:p@x.com/a"),
        (" https://x.com \n", "https://x.com/"),
        ("https://ü.com", "https://xn--tda.com/"),
        ("https://1.1/", "https://1.0.0.1/"),
    ],
)
def test_the_address_is_in_its_normal_form(written: str, normal: str) -> None:
    # PW-5.14
    assert Request(written).url == normal
    assert Request(js.URL.new(written)).url == normal


@pytest.mark.parametrize("url", ["rel", "", "https://x:99999/", "https://ex ample/"])
def test_what_is_no_address_is_refused(url: str) -> None:
    # PW-5.13
    with pytest.raises(JsException) as caught:
        Request(url)
    assert str(caught.value) == f"TypeError: Invalid URL: {url}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_get_and_head_have_no_body(method: str) -> None:
    # PW-5.13
    with pytest.raises(JsException) as caught:
        Request(URL, method=method, body="x")
    assert str(caught.value) == "TypeError: Request with a GET or HEAD method cannot have a body."


def test_other_options_and_what_they_refuse() -> None:
    # PW-5.13
    signal = js.AbortController.new().signal
    request = Request(URL, redirect="manual", cf={"colo": "DFW"}, signal=signal)
    assert (request.redirect, request.cf.colo) == ("manual", "DFW")
    assert request.js_object.signal == signal
    for options, text in [
        ({"redirect": "error"}, "Invalid redirect value"),
        ({"cf": 1}, "Incorrect type for the 'cf' field"),
        ({"signal": 1}, "Incorrect type for the 'signal' field"),
        ({"headers": {"a b": "1"}}, "Invalid header name."),
        ({"headers": {"a": "1\n2"}}, "Invalid header value."),
    ]:
        with pytest.raises(JsException, match=text):
            Request(URL, **options)  # type: ignore[arg-type]


def test_a_request_without_body_or_cf() -> None:
    # PW-5.14
    request = Request(URL)
    assert request.cf is None
    assert request.body.typeof == "object" if request.body else True
    assert not request.body_used
    assert str(request.body) == "jsnull"


async def test_ways_to_read_a_body() -> None:
    # PW-5.15
    def make() -> Request:
        return Request(URL, method="POST", body='{"a": [1]}', headers={"content-type": "application/json"})

    assert await make().text() == '{"a": [1]}'
    assert await make().json() == {"a": [1]}
    assert type(await make().json()) is dict
    assert await make().json(parse_int=str) == {"a": ["1"]}
    assert await make().bytes() == b'{"a": [1]}'
    assert (await make().buffer()).to_bytes() == b'{"a": [1]}'
    blob = await make().blob()
    assert (blob.content_type, blob.size) == ("application/json", 10)
    with pytest.raises(JSONDecodeError):
        await Request(URL, method="POST", body="{").json()


async def test_a_form_is_read() -> None:
    # PW-5.15, PW-1.60
    assert (await Request(URL, method="POST", body=FormData({"a": "1"})).form_data())["a"] == "1"
    encoded = Request(URL, method="POST", body=js.URLSearchParams.new("a=1&b=%20x+y"))
    assert dict((await encoded.form_data()).items()) == {"a": "1", "b": " x y"}
    with pytest.raises(TypeError, match="Unrecognized Content-Type"):
        await Request(URL, method="POST", body="x").form_data()


async def test_a_body_is_read_once() -> None:
    # PW-5.15
    request = Request(URL, method="POST", body="x")
    await request.text()
    for read in (request.text, request.json, request.bytes):
        with pytest.raises(OSError, match=r"^Body already used$") as caught:
            await read()
        assert type(caught.value) is OSError
    with pytest.raises(OSError, match=r"^Body already used$"):
        request.clone()
    with pytest.raises(JsException, match=r"TypeError: Cannot reconstruct a Request with a used body\."):
        Request(request)


async def test_a_clone_has_a_body_of_its_own() -> None:
    # PW-5.15
    request = Request(URL, method="POST", body="x")
    clone = request.clone()
    assert (await request.text(), await clone.text()) == ("x", "x")


def test_a_request_names_itself() -> None:
    # PW-5.16
    assert repr(Request(URL, method=HTTPMethod.POST)) == "Request(method='POST', url='https://test.com/')"


def test_values_of_one_header_are_joined_and_cookies_are_not() -> None:
    # PW-5.9, PW-5.14
    headers = js.Headers.new()
    headers.append("Accept-encoding", "deflate")
    headers.append("Accept-encoding", "gzip")
    headers.append("Set-Cookie", "a=b, c=d")
    headers.append("Set-Cookie", "e=f")
    request = Request(URL, headers=headers)
    assert request.headers.get_all("Accept-encoding") == ["deflate, gzip"]
    assert request.headers.get_all("Set-Cookie") == ["a=b, c=d", "e=f"]


class Handing(DurableObject):
    async def describe(self, request: Request) -> list[Any]:
        assert type(request) is Request
        return [str(request.method), request.url, request.headers["a"], await request.text()]

    async def request(self) -> Request:
        return Request("https://x.com/a", method="PUT", headers={"a": "b"}, body="back")

    async def response(self, response: Response) -> Response:
        assert type(response) is Response
        return Response(await response.text() + "!", response.status)

    async def files(self, blob: Blob, form: FormData) -> list[Any]:
        return [type(blob) is Blob, await blob.text(), blob.content_type, form["a"], form["f"].name, {"nested": blob}]

    async def keep(self) -> str:
        with pytest.raises(JsException) as caught:
            await self.ctx.storage.put("blob", Blob("x"))
        return str(caught.value)


class Asking(DurableObject):
    async def send_files(self) -> list[Any]:
        form = FormData({"a": "1", "f": File("x", "n.txt")})
        return await self.env.HANDING.getByName("a").files(Blob("hi", "a/b"), form)

    async def ask(self) -> list[Any]:
        other = self.env.HANDING.getByName("a")
        described = await other.describe(Request("https://x.com/a", method="PUT", headers={"a": "b"}, body="there"))
        request = await other.request()
        response = await other.response(Response("text", 201))
        assert type(request) is Request
        return [described, str(request.method), await request.text(), response.status, await response.text()]


async def test_requests_and_responses_are_sent_by_calls(durable: Any) -> None:
    # PW-5.17
    durable.namespace(Handing)
    answer = await durable.namespace(Asking).get_by_name("a").ask()
    assert answer == [["PUT", "https://x.com/a", "b", "there"], "PUT", "back", 201, "text!"]


async def test_blobs_and_forms_are_sent_by_calls_and_not_stored(durable: Any) -> None:
    # PW-1.51, PW-1.6.T1.16
    handing = durable.namespace(Handing).get_by_name("a")
    *seen, last = await durable.namespace(Asking).get_by_name("a").send_files()
    assert seen == [True, "hi", "a/b", "1", "n.txt"]
    assert type(last["nested"]) is Blob
    assert (await handing.keep()).startswith("DataCloneError")
