"""Requests and responses as the test sees them."""

import asyncio
import json
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from contextvars import Context
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.http import Body, BodyStream, Headers
from pytest_durable._core.messages import Request, Response
from pytest_durable._core.platform_errors import RemoteFailure
from pytest_durable._hosts.arguments import require

if TYPE_CHECKING:
    from pytest_durable._hosts.web_socket import TestWebSocket

_FOR_EXAMPLE: Final = (
    'For example:  await stub.fetch("https://example.com/", method="POST", headers={"a": "b"}, body="text")'
)
#: How much of a body a message shows.
_SHOWN_BYTES: Final = 200
_KNOWN: Final = frozenset({"method", "headers", "body", "cf"})


def upgrade_request(request: object, init: Mapping[str, Any]) -> Request:
    """The request for ``connect(request, **init)``: one that asks for a WebSocket.

    Its address may be that of a WebSocket, as a browser is given it; what arrives is a request by HTTP.

    Raises:
        ConfigurationError: As ``make_request``.
    """
    if isinstance(request, str) and request.lower().startswith(("ws://", "wss://")):
        request = f"http{request[2:]}"
    made = make_request(request, init, verb="connect")
    headers = Headers(made.headers)
    headers.set("upgrade", "websocket")
    return replace(made, headers=headers)


def make_request(request: object, init: Mapping[str, Any], *, verb: str = "fetch") -> Request:
    """The request for ``stub.fetch(request, **init)``.

    Args:
        request: An address, or a request.
        init: What is to be in it.
        verb: How messages call what the test has called.

    Raises:
        ConfigurationError: An argument is none of those that exist.
        PlatformError: TypeError; the platform sends no such request.
    """
    unknown = set(init) - _KNOWN
    if unknown:
        raise ConfigurationError(
            f"{verb}() got an unknown argument: {', '.join(sorted(unknown))}.\n\n  known  {', '.join(sorted(_KNOWN))}"
        )
    to_wire = getattr(request, "__to_wire__", None)  # a request that was made as user code makes them
    given = request if to_wire is None else to_wire()
    require(
        isinstance(given, str | Request),
        f"{verb}() takes an address.",
        expected="a URL as text, or a Request",
        actual=request,
        advice=_FOR_EXAMPLE,
    )
    base = given if isinstance(given, Request) else Request(url=str(given))
    method = init.get("method", base.method)
    require(
        isinstance(method, str),
        f"{verb}(method=…) makes no sense.",
        expected="text",
        actual=method,
        advice=_FOR_EXAMPLE,
    )
    return Request(
        url=base.url,
        method=method,
        headers=_headers(init["headers"]) if "headers" in init else base.headers,
        body=_body(init["body"]) if "body" in init else base.body,
        cf=init.get("cf", base.cf),
    )


def _body(given: Any) -> Body:
    if isinstance(given, AsyncIterable):
        return _Pieces(given.__aiter__())
    require(
        given is None or isinstance(given, str | bytes | bytearray | memoryview),
        "fetch(body=…) makes no sense.",
        expected="str, bytes, an asynchronous iterable of bytes, or None",
        actual=given,
        advice="For JSON:  body=json.dumps(…)",
    )
    return given.encode() if isinstance(given, str) else None if given is None else bytes(given)


class _Pieces(BodyStream):
    """A body that the test makes piece by piece."""

    __slots__ = ("_pieces",)

    def __init__(self, pieces: AsyncIterator[Any]) -> None:
        self._pieces = pieces

    async def read(self) -> bytes | None:
        # In a context without an object: what the test does while it makes a piece is not done by whoever reads.
        return await asyncio.get_running_loop().create_task(self._next(), context=Context())

    async def _next(self) -> bytes | None:
        try:
            piece = await self._pieces.__anext__()
        except StopAsyncIteration:
            return None
        require(
            isinstance(piece, str | bytes),
            "A piece of fetch(body=…) makes no sense.",
            expected="bytes or str",
            actual=piece,
            advice=_FOR_EXAMPLE,
        )
        return piece.encode() if isinstance(piece, str) else bytes(piece)

    def cancel(self) -> None:
        """The generator ends when nobody holds it any more."""


def _headers(given: Any) -> Headers:
    try:
        pairs = list(given.items() if isinstance(given, Mapping) else given)
        told = [(str(name), str(value)) for name, value in pairs]
    except (AttributeError, TypeError, ValueError):
        told = None
    require(
        told is not None,
        "fetch(headers=…) makes no sense.",
        expected="a dict, name to value, or pairs",
        actual=given,
        advice=_FOR_EXAMPLE,
    )
    return Headers(told or ())


#: The type, where a method of its name hides it.
Bytes = bytes
#: Turns what ended a body into what the test catches.
Explain = Callable[[RemoteFailure], BaseException]


class Answer:
    """The answer to a fetch.

    Attributes:
        status: The status code.
        status_text: The reason phrase; empty unless the object wrote one.
        headers: By name in any case; ``get_all`` has each value.
        web_socket: The test's end of the WebSocket that came with it, or None.
        exception: What the handler raised, if this is what the platform answers then; else None.
    """

    def __init__(
        self,
        response: Response,
        explain: Explain = lambda failure: failure,
        *,
        web_socket: "TestWebSocket | None" = None,
        exception: BaseException | None = None,
    ) -> None:
        self.exception = exception
        self.status = response.status
        self.status_text = response.status_text
        self.headers = response.headers
        self.web_socket = web_socket
        self._body = response.body
        self._explain = explain

    def __repr__(self) -> str:
        size = "a stream" if isinstance(self._body, BodyStream) else f"{len(self._body or b'')} bytes"
        raised = "" if self.exception is None else f", because of {self.exception!r}"
        return f"<response {self.status}, {size}{raised}>"

    @property
    def beginning(self) -> str:
        """The beginning of the body as text, for messages; empty for a body that comes as a stream."""
        if isinstance(self._body, BodyStream) or not self._body:
            return ""
        return self._body[:_SHOWN_BYTES].decode("utf-8", "replace")

    async def chunks(self) -> AsyncIterator[Bytes]:
        """The body piece by piece, as the object makes it. What was read this way is gone."""
        if not isinstance(self._body, BodyStream):
            if self._body:
                yield self._body
            return
        while (piece := await self._next(self._body)) is not None:
            yield piece

    async def bytes(self) -> Bytes:
        """The body, to its end."""
        if isinstance(self._body, BodyStream):
            self._body = b"".join([piece async for piece in self.chunks()])
        return self._body or b""

    async def text(self) -> str:
        """The body as UTF-8 text."""
        return (await self.bytes()).decode("utf-8", "replace")

    async def json(self) -> Any:
        """The body parsed as JSON."""
        return json.loads(await self.bytes())

    async def _next(self, body: BodyStream) -> Bytes | None:
        try:
            return await body.read()
        except RemoteFailure as failure:
            raise self._explain(failure) from None
