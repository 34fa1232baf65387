"""What is outside of the objects: the test says what answers their requests, and sees which they were.

Nothing leaves the process. A request that nobody expected is an error, for who sends it and for the test.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from pytest_durable._core.errors import ConfigurationError, UnexpectedRequestError
from pytest_durable._core.http import BodyStream, Headers, HeadersInit, normal_method, normal_url
from pytest_durable._core.messages import ObjectKey, Request, Response
from pytest_durable._core.platform_errors import CONNECTION_LOST, PlatformError, error, tell
from pytest_durable._core.sockets import End
from pytest_durable._hosts.arguments import require
from pytest_durable._hosts.durations import instant
from pytest_durable._hosts.failures import UnseenFailures
from pytest_durable._hosts.servers import Server, Servers
from pytest_durable._hosts.world import World

#: What a test may answer with; see ``Network.respond``.
Content: TypeAlias = "str | bytes | Response | Callable[[OutgoingRequest], Any] | None"
_NOTHING: Final = object()
_FOR_EXAMPLE: Final = 'For example:  durable.network.respond("https://api.example.com/*", json={"ok": True})'


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRequest:
    """A request that an object has sent to the outside.

    Attributes:
        method: In capitals.
        url: In its normal form.
        headers: By name in any case.
        body: Its bytes; empty if it had none.
        time: When it was sent.
        sender: The object, as messages call it.
        is_answered: Whether a response was registered for it.
    """

    method: str
    url: str
    headers: Headers
    body: bytes
    time: datetime
    sender: str
    is_answered: bool

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body parsed as JSON."""
        return json.loads(self.body)


class Route:
    """One registered answer.

    Args:
        pattern: Which addresses, and in words.
        method: Which method; None: every one.
        answer: What is answered.
        times: How often; None: always.
    """

    def __init__(
        self,
        pattern: "tuple[re.Pattern[str], str]",
        method: str | None,
        answer: Callable[[OutgoingRequest], Any],
        times: int | None,
    ) -> None:
        self._pattern, self._shown = pattern
        self._method = method
        self._answer = answer
        self._times = times
        #: The requests that it has answered.
        self.requests: tuple[OutgoingRequest, ...] = ()

    def __repr__(self) -> str:
        return f"<Route {self}, {len(self.requests)} answered>"

    def __str__(self) -> str:
        return f"{self._method or 'any method'} {self._shown}"

    def takes(self, request: Request) -> bool:
        """Whether it answers this request."""
        is_left = self._times is None or len(self.requests) < self._times
        return is_left and self._method in (None, request.method) and self._pattern.fullmatch(request.url) is not None

    async def answer(self, request: OutgoingRequest) -> Response:
        """The answer to a request.

        Raises:
            PlatformError: It is a failure.
            Exception: What a function of the test raises.
        """
        self.requests += (request,)
        given = self._answer(request)
        return as_response(await given if isinstance(given, Awaitable) else given)


class Network:
    """What answers the requests of a host's objects to the outside.

    Args:
        world: The test's loop and clock.
        failures: Is told of requests that nobody expected.
        label: How messages call an object.
        servers: Those that objects open WebSockets to.
    """

    def __init__(
        self, world: World, failures: UnseenFailures, label: Callable[[ObjectKey], str], servers: Servers
    ) -> None:
        self._world = world
        self._failures = failures
        self._label = label
        self._servers = servers
        self._routes: tuple[Route, ...] = ()
        self._requests: tuple[OutgoingRequest, ...] = ()

    def __repr__(self) -> str:
        return f"<Network: {len(self._routes)} routes, {len(self._requests)} requests>"

    @property
    def requests(self) -> tuple[OutgoingRequest, ...]:
        """Every request so far, in order, expected or not."""
        return self._requests

    def respond(
        self,
        url: "str | re.Pattern[str]",
        content: Content = None,
        *,
        method: str | None = None,
        status: int = 200,
        headers: HeadersInit = (),
        json: Any = _NOTHING,
        failure: str | bool | None = None,
        times: int | None = None,
    ) -> Route:
        """Answer requests to the outside. Of the answers that fit a request, the one registered last is given.

        Args:
            url: The address, in which ``*`` stands for anything; or a pattern that the whole address has to match.
            content: The body, as text or bytes; or a function of the request that returns one, or a response, or an
                awaitable of these.
            method: Only requests with this method.
            status: The status.
            headers: The headers.
            json: The body, as a value that is written as JSON.
            failure: No answer but an error, with this text; True: the connection is lost.
            times: Answer so many requests, and leave the others to what was registered before.

        Returns:
            The route; ``.requests`` are those that it has answered.

        Raises:
            ConfigurationError: An argument makes no sense.
        """
        _check(status=status, times=times, method=method, failure=failure)
        answer = _make_answer(content, status, headers, json, failure)
        route = Route(_pattern(url), None if method is None else normal_method(method), answer, times)
        self._routes = (route, *self._routes)
        return route

    def accept(self, url: str) -> Server:
        """Let objects open WebSockets to ``url``, and give the test the other end. A second time gives the same server.

        Args:
            url: Absolute, ``ws:`` or ``wss:``.
        """
        return self._servers.accept(url)

    # -- the side of the objects

    def connect(self, url: str, protocols: tuple[str, ...]) -> End:
        """Open a WebSocket on behalf of an object.

        Raises:
            PlatformError: There is no such server.
        """
        return self._servers.connect(url, protocols)

    def send(self, request: Request, sender: ObjectKey) -> "asyncio.Future[object]":
        """Answer a request of an object. The answer comes in a later round of the loop, as everything from afar."""
        # In a context without an object: the functions of the test are run on behalf of nobody.
        return self._world.loop.create_task(self._answer(request, self._label(sender)), context=Context())

    async def _answer(self, request: Request, sender: str) -> object:
        route = next((route for route in self._routes if route.takes(request)), None)
        seen = OutgoingRequest(
            method=request.method,
            url=request.url,
            headers=request.headers,
            body=await request.body.read_all() if isinstance(request.body, BodyStream) else request.body or b"",
            time=instant(self._world.clock.wall_ns),
            sender=sender,
            is_answered=route is not None,
        )
        self._requests += (seen,)
        if route is None:
            raise self._unexpected(seen)
        try:
            return await route.answer(seen)
        except PlatformError:
            raise
        except Exception as failure:  # of the test's own function: the test must see it
            self._failures.note(failure)
            refusal = error(CONNECTION_LOST)
            tell(refusal, failure)
            raise refusal from failure

    def _unexpected(self, request: OutgoingRequest) -> PlatformError:
        known = "\n            ".join(map(str, self._routes)) or "nothing"
        instead = UnexpectedRequestError(
            f"{request.sender} sent a request that nobody expected: {request.method} {request.url}\n\n"
            f"  answered  {known}\n\n"
            "Nothing leaves a test. Say what the outside answers:\n"
            f"    durable.network.respond({request.url!r}, json={{}}, status=200)\n"
            f"    durable.network.respond({request.url!r}, failure=True)\n"
            "See docs/how-to/http.md"
        )
        self._failures.note(instead)
        refusal = error(f"There is no network in a test: {request.method} {request.url} was not sent.")
        tell(refusal, instead)
        return refusal


def as_response(given: Any) -> Response:
    """The response for what a test answers with.

    Raises:
        ConfigurationError: It makes no sense.
    """
    to_wire = getattr(given, "__to_wire__", None)
    if to_wire is not None:
        given = to_wire()
    if isinstance(given, Response):
        return given
    require(
        given is None or isinstance(given, str | bytes),
        "An answer of the network makes no sense.",
        expected="text, bytes, a Response, or None",
        actual=given,
        advice="For JSON:  durable.network.respond(url, json=…)",
    )
    return _response(given, 200, Headers())


def _response(body: str | bytes | None, status: int, headers: Headers) -> Response:
    told = Headers(headers)
    if isinstance(body, str) and "content-type" not in told:
        told.set("content-type", "text/plain;charset=UTF-8")
    return Response(status=status, headers=told, body=body.encode() if isinstance(body, str) else body)


def _make_answer(
    content: Content, status: int, headers: HeadersInit, data: Any, failure: str | bool | None
) -> Callable[[OutgoingRequest], Any]:
    if failure:
        lost = error(CONNECTION_LOST if failure is True else failure)

        def fail(_request: OutgoingRequest) -> Any:
            raise lost.copy()

        return fail
    if callable(content):
        return content
    told = Headers(headers)
    if data is not _NOTHING:
        content = json.dumps(data)
        if "content-type" not in told:
            told.set("content-type", "application/json")
    answer = as_response(content) if isinstance(content, Response) else _checked(content, status, told)
    return lambda _request: answer


def _checked(content: Any, status: int, headers: Headers) -> Response:
    require(
        content is None or isinstance(content, str | bytes),
        "network.respond(url, …) makes no sense.",
        expected="text, bytes, a function of the request, or a Response",
        actual=content,
        advice=_FOR_EXAMPLE,
    )
    return _response(content, status, headers)


def _check(*, status: object, times: object, method: object, failure: object) -> None:
    for name, value, is_fine, expected in (
        ("status", status, isinstance(status, int) and 200 <= status <= 599, "a number from 200 to 599"),
        ("times", times, times is None or (isinstance(times, int) and times > 0), "a number above 0, or None"),
        ("method", method, isinstance(method, str | None), 'a method such as "POST", or None'),
        ("failure", failure, isinstance(failure, str | bool | None), "the text of the error, or True"),
    ):
        require(
            is_fine,
            f"network.respond({name}=…) makes no sense.",
            expected=expected,
            actual=value,
            advice=_FOR_EXAMPLE,
        )


def _pattern(url: Any) -> "tuple[re.Pattern[str], str]":
    if isinstance(url, re.Pattern):
        return url, f"{url.pattern!r}"
    require(
        isinstance(url, str),
        "network.respond(url) takes an address.",
        expected="a URL as text, or a compiled pattern",
        actual=url,
        advice=_FOR_EXAMPLE,
    )
    if "*" in url:
        return re.compile(".*".join(map(re.escape, url.split("*")))), url
    try:
        return re.compile(re.escape(normal_url(url))), url
    except PlatformError as failure:
        raise ConfigurationError(f"network.respond() got no address: {failure.message}\n\n{_FOR_EXAMPLE}") from None
