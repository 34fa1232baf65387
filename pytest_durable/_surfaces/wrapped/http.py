"""Requests and responses, small: what ``fetch`` of an object needs. No streams, forms, blobs and upgrades yet.

Source: workers-runtime-sdk workers/request.py, workers/response.py; spec python-workers 5.1, 5.2.
"""

import builtins
import json
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPMethod, HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from pytest_durable._core import messages
from pytest_durable._core.actor import Socket, received
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.proxies import JsProxy, jsnull
from pytest_durable._surfaces.wrapped.references import Sendable
from pytest_durable._surfaces.wrapped.web_sockets import RawWebSocket

_TEXT_TYPE: Final = "text/plain;charset=UTF-8"
_BODILESS: Final = (101, 204, 205, 304)


class AbortError(OSError):
    """A fetch failed: the text says how."""


class BodyUsedError(OSError):
    """The body was read before."""


class Headers(Mapping[str, Any]):
    """Headers: names in any case; a name that is not there reads as None, as in production."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> Any:
        return self._headers.get(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._headers

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)

    def __repr__(self) -> str:
        return f"Headers({dict(self._headers)!r})"


class _Body:
    """Reading a body, once."""

    _content: builtins.bytes | None
    _used_text: str
    _used_error: type[OSError]
    body_used: bool

    async def bytes(self) -> builtins.bytes:
        """The whole body."""
        return self._take()

    async def text(self) -> str:
        """The whole body as text."""
        return self._take().decode("utf-8", "replace")

    async def json(self, **options: Any) -> Any:
        """The body parsed as JSON."""
        return json.loads(self._take(), **options)

    def _take(self) -> builtins.bytes:
        if self.body_used:
            raise self._used_error(self._used_text)
        self.body_used = self._content is not None
        return self._content or b""


class Request(_Body, Sendable):
    """A request, as a handler receives it or as ``stub.fetch`` sends it.

    Args:
        input: An absolute URL, or a request to copy.
        method: The HTTP method.
        headers: A dict or pairs.
        body: Text or bytes.
    """

    _used_text = "Body already used"
    _used_error = OSError

    def __init__(
        self, input: "str | Request", *, method: str | None = None, headers: Any = None, body: str | bytes | None = None
    ) -> None:
        copied = input._message() if isinstance(input, Request) else messages.Request(url=_href(input))
        content, content_type = _encoded(body, "Request")
        self.url = copied.url
        self._method = (method or copied.method).upper()
        self._headers = _read_headers(headers) if headers else dict(copied.headers)
        if content_type and "content-type" not in self._headers:
            self._headers["content-type"] = content_type
        self._content = content if content is not None else copied.body
        self.body_used = False

    @property
    def method(self) -> HTTPMethod:
        """The method; one that is not standard raises KeyError, as in production."""
        return HTTPMethod[self._method]

    @property
    def headers(self) -> Headers:
        """The headers."""
        return Headers(self._headers)

    def __repr__(self) -> str:
        return f"Request(method={self._method!r}, url={self.url!r})"

    def __to_wire__(self) -> messages.Request:
        return self._message()

    def _message(self) -> messages.Request:
        if self.body_used:
            raise JsException("TypeError", "Cannot reconstruct a Request with a used body.")
        return messages.Request(url=self.url, method=self._method, headers=dict(self._headers), body=self._content)


class Response(_Body, Sendable):
    """A response: what ``fetch`` of an object returns, and what ``stub.fetch`` answers.

    Args:
        body: None, text or bytes.
        status: 200 unless told.
        status_text: The reason phrase. It does not travel.
        headers: A dict or pairs.
        web_socket: One end of a pair, for the answer to an upgrade.
    """

    _used_text = "Response body is already used"
    _used_error = BodyUsedError

    def __init__(
        self,
        body: Any = None,
        status: int | HTTPStatus | None = None,
        status_text: str = "",
        headers: Any = None,
        web_socket: Any = None,
    ) -> None:
        self._content, content_type = _encoded(body, "Response")
        self.status = int(status or 200)
        self.status_text = status_text
        self._headers = _read_headers(headers) if headers else {}
        self.body_used = False
        self._web_socket = upgrade_in(web_socket)
        _check_status(self.status, has_body=self._content is not None, has_socket=self._web_socket is not None)
        if content_type and "content-type" not in self._headers:
            self._headers["content-type"] = content_type

    @property
    def js_object(self) -> "RawResponse":
        """The platform's own object."""
        return RawResponse(self)

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status <= 299

    @property
    def headers(self) -> Headers:
        """The headers."""
        return Headers(self._headers)

    @classmethod
    def from_json(
        cls, data: Any, status: int | HTTPStatus | None = None, status_text: str = "", headers: Any = None
    ) -> "Response":
        """A response whose body is ``data`` as JSON."""
        response = cls(json.dumps(data).encode(), status, status_text, headers)
        response._headers.setdefault("content-type", "application/json")
        return response

    def __repr__(self) -> str:
        content_type = self._headers.get("content-type")
        return f"Response(status={self.status}{f', content_type={content_type!r}' if content_type else ''})"

    def __to_wire__(self) -> messages.Response:
        return messages.Response(
            status=self.status, headers=dict(self._headers), body=self._content, web_socket=self._web_socket
        )


class RawResponse(JsProxy):
    """The platform's own object of a response; so far what an upgrade needs."""

    _kind = "Response"
    _target: Response

    @property
    def status(self) -> int:
        """The status code."""
        return self._target.status

    @property
    def webSocket(self) -> Any:
        """The end of a WebSocket that came with it, or null."""
        socket = self._target._web_socket
        return jsnull if socket is None else RawWebSocket(socket)


def request_from_wire(message: messages.Request) -> Request:
    """The request a handler receives."""
    return Request(message.url, method=message.method, headers=message.headers, body=message.body)


def response_from_wire(message: messages.Response) -> Response:
    """The response a caller receives."""
    socket = None if message.web_socket is None else RawWebSocket(received(message.web_socket.couple()))
    return Response(message.body, message.status, headers=message.headers, web_socket=socket)


def as_request(resource: object, options: Mapping[str, Any]) -> messages.Request:
    """What ``fetch(resource, **options)`` sends.

    Raises:
        AbortError: The URL is not absolute.
    """
    try:
        return Request(resource, **options)._message()  # type: ignore[arg-type]
    except JsException as failure:
        raise AbortError(str(failure)) from None


def _href(url: object) -> str:
    parts = urlsplit(str(url))
    if not parts.scheme or not parts.netloc:
        raise JsException("TypeError", f"Invalid URL: {url}")
    return urlunsplit(parts if parts.path else parts._replace(path="/"))


def _encoded(body: object, what: str) -> tuple[bytes | None, str | None]:
    if body is None or isinstance(body, bytes):
        return body, None
    if isinstance(body, str):
        return body.encode(), _TEXT_TYPE
    raise TypeError(f"Unsupported type in {what}: {type(body).__name__}")


def _read_headers(headers: object) -> dict[str, str]:
    if isinstance(headers, Headers):
        raise TypeError("Received unexpected type for headers argument")
    pairs: Iterable[Any]
    if isinstance(headers, Mapping):
        pairs = headers.items()
    elif isinstance(headers, list):
        pairs = headers
    else:
        raise TypeError("Received unexpected type for headers argument")
    read: dict[str, str] = {}
    for name, value in pairs:
        key = str(name).lower()
        read[key] = f"{read[key]}, {value}".strip() if key in read else str(value).strip()
    return read


def _check_status(status: int, *, has_body: bool, has_socket: bool) -> None:
    if has_body and status in _BODILESS and (has_socket or status != 101):
        raise JsException("TypeError", "Response with null body status (101, 204, 205, or 304) cannot have a body.")
    if has_socket and status != 101:
        raise JsException("RangeError", "Responses with a WebSocket must have status code 101.")
    if not has_socket and not 200 <= status <= 599:
        raise JsException(
            "RangeError",
            "Responses may only be constructed with status codes in the range 200 to 599, inclusive.",
        )


def upgrade_in(value: object) -> Socket | None:
    """The socket that a response is made with.

    Raises:
        JsException: TypeError; it is none.
    """
    if value is None or value is jsnull:
        return None
    if not isinstance(value, RawWebSocket):
        raise JsException(
            "TypeError",
            "Incorrect type for the 'webSocket' field on 'InitializerDict': the provided value is not of type "
            "'WebSocket'.",
        )
    return value._target
