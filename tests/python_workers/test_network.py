"""Requests to the outside: decisions 6.5, spec python-workers 5.2, 3.11."""

import asyncio
import re
from typing import Any

import js
import pytest
from pyodide.http import AbortError, pyfetch
from workers import DurableObject, Request, Response, fetch

from pytest_durable.errors import ConfigurationError, UnexpectedRequestError

pytestmark = [pytest.mark.durable(storage="memory")]

API = "https://api.example.com/v1"


class Calling(DurableObject):
    async def call(self, url: str, options: Any = None) -> Any:
        await self.ctx.storage.put("called", url)
        response = await fetch(url, **(options or {}))
        return [response.status, response.url, await response.text()]

    async def send(self) -> Any:
        response = await fetch(Request(API, method="POST", headers={"X-A": "b"}, body="hello"))
        return await response.json()

    async def swallow(self) -> str:
        try:
            await fetch(API)
        except OSError as failure:
            return str(failure)
        return "answered"

    async def raw(self) -> Any:
        answer = await js.fetch(API, method="POST", body="x")
        python = await pyfetch(API)
        return [answer.status, await answer.text(), python.ok, await python.json()]

    async def read_slowly(self) -> list[str]:
        response = await fetch(API)
        return [piece.to_bytes().decode() async for piece in response.body]

    async def alarm(self) -> None:
        await fetch(API)


@pytest.fixture
def calling(durable: Any) -> Any:
    return durable.namespace(Calling).get_by_name("a")


async def test_a_registered_address_is_answered(durable: Any, calling: Any) -> None:
    # PW-4.T1.11
    route = durable.network.respond(API, "hello", status=201, headers={"x-a": "b"})
    assert await calling.call(API) == [201, API, "hello"]
    assert await calling.call(API) == [201, API, "hello"]
    assert len(route.requests) == 2


async def test_requests_are_recorded_as_they_were_sent(durable: Any, calling: Any) -> None:
    durable.network.respond(API, json={"id": 7})
    await durable.clock.advance("3s")
    assert await calling.send() == {"id": 7}
    (request,) = durable.network.requests
    assert (request.method, request.url, request.body, request.text) == ("POST", API, b"hello", "hello")
    assert (request.headers["x-a"], request.headers["Content-Type"]) == ("b", "text/plain;charset=UTF-8")
    assert (request.time, request.sender, request.is_answered) == (durable.clock.now(), 'CALLING["a"]', True)


async def test_a_request_that_nobody_expected_fails_the_test(durable: Any, calling: Any) -> None:
    durable.network.respond("https://other.example.com/*", method="POST")
    with pytest.raises(UnexpectedRequestError) as caught:
        await calling.call(API)
    assert str(caught.value).splitlines() == [
        f'CALLING["a"] sent a request that nobody expected: GET {API}',
        "",
        "  answered  POST https://other.example.com/*",
        "",
        "Nothing leaves a test. Say what the outside answers:",
        f"    durable.network.respond('{API}', json={{}}, status=200)",
        f"    durable.network.respond('{API}', failure=True)",
        "See docs/how-to/http.md",
    ]
    (request,) = durable.network.requests
    assert not request.is_answered


async def test_code_that_catches_the_refusal_does_not_hide_it(durable: Any, calling: Any) -> None:
    assert await calling.swallow() == f"There is no network in a test: GET {API} was not sent."
    with pytest.raises(UnexpectedRequestError):
        await durable.settle()


async def test_an_alarm_cannot_hide_it_either(durable: Any, calling: Any) -> None:
    async def prepare(instance: Any, ctx: Any) -> None:
        await ctx.storage.setAlarm(js.Date.now() + 1000)

    await durable.run_in_object(calling, prepare)
    with pytest.raises(UnexpectedRequestError):
        await durable.clock.advance("2s")
    durable.network.respond(API)
    await durable.clock.advance("10s")
    durable.assert_alarm_ran(calling, times=1, outcome="ok")


@pytest.mark.parametrize(("failure", "text"), [(True, "Network connection lost."), ("no such host", "no such host")])
async def test_a_failure_is_what_the_test_says(durable: Any, calling: Any, failure: Any, text: str) -> None:
    # PW-3.11
    durable.network.respond(API, failure=failure)
    assert await calling.swallow() == text
    with pytest.raises(AbortError):
        await calling.call(API)


async def test_a_function_answers_and_may_take_its_time(durable: Any, calling: Any) -> None:
    async def answer(request: Any) -> Any:
        await asyncio.sleep(5)
        return Response(f"{request.method} {request.text}", 202)

    durable.network.respond(API, answer)
    assert await calling.call(API, {"method": "PUT", "body": "x"}) == [202, API, "PUT x"]
    assert durable.clock.time_ms() == 1893456005000
    durable.network.respond(API, lambda request: request.url.upper())
    assert (await calling.call(API))[2] == API.upper()


async def test_a_function_that_raises_fails_the_test(durable: Any, calling: Any) -> None:
    def answer(request: Any) -> str:
        raise LookupError("of the test")

    durable.network.respond(API, answer)
    with pytest.raises(LookupError, match="of the test"):
        await calling.call(API)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("https://API.example.com:443/v1", True),
        ("https://api.example.com/*", True),
        ("*", True),
        (re.compile(r"https://api\.example\.com/v\d"), True),
        ("https://api.example.com/", False),
        ("https://api.example.com/v1/*", False),
        (re.compile("https://api"), False),
    ],
)
async def test_which_addresses_a_pattern_fits(durable: Any, calling: Any, pattern: Any, fits: bool) -> None:
    durable.network.respond("*", "other")
    durable.network.respond(pattern, "fits")
    assert (await calling.call(API))[2] == ("fits" if fits else "other")


async def test_the_last_answer_that_fits_is_given_as_often_as_it_says(durable: Any, calling: Any) -> None:
    durable.network.respond(API, "always")
    durable.network.respond(API, "once", times=1)
    durable.network.respond(API, "post", method="post")
    seen = [(await calling.call(API, {"method": method}))[2] for method in ("GET", "GET", "POST")]
    assert seen == ["once", "always", "post"]


async def test_redirects_of_the_outside_are_followed(durable: Any, calling: Any) -> None:
    durable.network.respond(API, status=302, headers={"location": "/v2"})
    durable.network.respond("https://api.example.com/v2", "moved")
    assert await calling.call(API) == [200, "https://api.example.com/v2", "moved"]
    assert [request.url for request in durable.network.requests] == [API, "https://api.example.com/v2"]


async def test_the_platforms_fetch_and_that_of_pyodide(durable: Any, calling: Any) -> None:
    # PW-4.T1.11, PW-3.11
    durable.network.respond(API, json=[1])
    assert await calling.raw() == [200, "[1]", True, [1]]


async def test_a_response_of_the_outside_is_a_stream_too(durable: Any, calling: Any) -> None:
    # PW-5.22
    durable.network.respond(API, "piece")
    assert await calling.read_slowly() == ["piece"]


async def test_a_request_leaves_after_the_writes_before_it(durable: Any, calling: Any) -> None:
    def answer(request: Any) -> str:
        durable.assert_stored(calling, {"called": API})
        return "ok"

    durable.network.respond(API, answer)
    await calling.call(API)


async def test_routes_outlive_a_restart(durable: Any, calling: Any) -> None:
    durable.network.respond(API, "still")
    await durable.restart()
    assert (await calling.call(API))[2] == "still"


@pytest.mark.parametrize(
    ("arguments", "options", "fact"),
    [
        ((5,), {}, "network.respond(url) takes an address."),
        (("/rel",), {}, "network.respond() got no address: Invalid URL: /rel"),
        ((API, 5), {}, "network.respond(url, …) makes no sense."),
        ((API,), {"status": 99}, "network.respond(status=…) makes no sense."),
        ((API,), {"times": 0}, "network.respond(times=…) makes no sense."),
        ((API,), {"failure": 5}, "network.respond(failure=…) makes no sense."),
        ((API,), {"method": 5}, "network.respond(method=…) makes no sense."),
    ],
)
async def test_answers_that_make_no_sense_are_refused(durable: Any, arguments: Any, options: Any, fact: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        durable.network.respond(*arguments, **options)
    assert str(caught.value).splitlines()[0] == fact


def test_fetch_belongs_to_a_running_object(durable: Any) -> None:
    async def outside() -> None:
        await fetch(API)

    with pytest.raises(RuntimeError, match=r"`fetch\(\)` belongs to a running object"):
        durable.run(outside())
