"""``Response`` and ``FetchResponse`` of the SDK.

Source: workers-runtime-sdk workers/response.py; pyodide.http; spec python-workers 5.1.
"""

import builtins
import json
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any, Final, cast

from pytest_durable._core import messages
from pytest_durable._surfaces.wrapped.data_proxies import JsBuffer
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.http.blobs import Blob, blob_from_platform
from pytest_durable._surfaces.wrapped.http.errors import AbortError, BodyUsedError, HttpStatusError, pythonic
from pytest_durable._surfaces.wrapped.http.forms import FormData
from pytest_durable._surfaces.wrapped.http.headers import HeadersMessage, to_message, to_platform
from pytest_durable._surfaces.wrapped.proxies import JsProxy, jsnull
from pytest_durable._surfaces.wrapped.references import Sendable
from pytest_durable._surfaces.wrapped.web.responses import RESPONSE, JsResponse, received_response
from pytest_durable._surfaces.wrapped.web.streams import Explain

#: Kinds of the platform's objects that can be a body.
_BODIES: Final = frozenset(
    {
        *("Blob", "ArrayBuffer", "DataView", "Uint8Array", "Uint8ClampedArray", "Int8Array", "Uint16Array"),
        *("Int16Array", "Uint32Array", "Int32Array", "Float16Array", "Float32Array", "Float64Array"),
        *("BigInt64Array", "BigUint64Array", "FormData", "ReadableStream", "URLSearchParams", "Response"),
    }
)


class PyFetchResponse(Sendable):
    """``pyodide.http.FetchResponse``: an answer of the platform, read in Python.

    Args:
        url: The address that was asked.
        js_response: The platform's own.
        abort_controller: What can stop the reading.
        abort_signal: What tells that it is to stop.
    """

    def __init__(
        self, url: str, js_response: JsResponse, abort_controller: Any = None, abort_signal: Any = None
    ) -> None:
        self._url = url
        self.js_response = js_response
        self.abort_controller = abort_controller
        self.abort_signal = abort_signal

    @property
    def status(self) -> int:
        """The status."""
        return self.js_response.status

    @property
    def status_text(self) -> str:
        """The reason phrase."""
        return self.js_response.statusText

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return self.js_response.ok

    @property
    def url(self) -> str:
        """The address that has answered; empty if it was made here."""
        return self.js_response.url

    @property
    def type(self) -> str:
        """``default``, or ``error``."""
        return self.js_response.type

    @property
    def redirected(self) -> bool:
        """Whether another address has answered than was asked."""
        return self.js_response.redirected

    @property
    def body_used(self) -> bool:
        """Whether somebody has begun to read the body."""
        return self.js_response.bodyUsed

    @property
    def headers(self) -> Any:
        """The headers as a dict of the platform's form."""
        return dict(self.js_response._target.headers)

    def raise_for_status(self) -> None:
        """Raise if the status is one of an error.

        Raises:
            HttpStatusError: It is.
        """
        if 400 <= self.status <= 599:
            raise HttpStatusError(self.status, self.status_text, self.url)

    def clone(self) -> "PyFetchResponse":
        """Another one of the same; both bodies can be read.

        Raises:
            BodyUsedError: Somebody has begun to read the body.
        """
        if self.body_used:
            raise BodyUsedError
        return PyFetchResponse(self._url, self.js_response.clone(), self.abort_controller, self.abort_signal)

    async def buffer(self) -> JsBuffer:
        """The whole body as an ArrayBuffer of the platform."""
        return cast("JsBuffer", await self._read(self.js_response.arrayBuffer))

    async def text(self) -> str:
        """The whole body as text."""
        return str(await self._read(self.js_response.text))

    async def string(self) -> str:
        """As ``text``."""
        return await self.text()

    async def json(self, **options: Any) -> Any:
        """The body parsed as JSON, by Python."""
        return json.loads(await self.text(), **options)

    async def bytes(self) -> builtins.bytes:
        """The whole body."""
        return (await self.buffer()).to_bytes()

    async def memoryview(self) -> builtins.memoryview:
        """The whole body."""
        return memoryview(await self.bytes())

    def abort(self, reason: Any = None) -> None:
        """Stop the reading.

        Raises:
            ValueError: There is nothing that could.
        """
        if self.abort_controller is None:
            raise ValueError("abort_controller is not set")
        self.abort_controller.abort(reason)

    async def _read(self, read: Any) -> Any:
        self._raise_if_failed()
        try:
            return await cast("Awaitable[Any]", read())
        except JsException as failure:
            raise AbortError(failure) from None

    def _raise_if_failed(self) -> None:
        if self.abort_signal is not None and self.abort_signal.aborted:
            raise AbortError(self.abort_signal.reason)
        if self.body_used:
            raise BodyUsedError

    def __to_wire__(self) -> object:
        return self.js_response.to_message()


PyFetchResponse.__name__ = PyFetchResponse.__qualname__ = "FetchResponse"
PyFetchResponse.__module__ = "pyodide.http"


class FetchResponse(PyFetchResponse):
    """What a fetch answers, and the base of ``Response``."""

    @property
    def body(self) -> Any:
        """The body as a stream of the platform; None if there is none."""
        body = self.js_response.body
        return None if body is jsnull else body

    @property
    def js_object(self) -> JsResponse:
        """The platform's own."""
        return self.js_response

    @property
    def headers(self) -> HeadersMessage:
        """A copy of the headers."""
        return to_message(self.js_response._target.headers)

    async def form_data(self) -> FormData:
        """The fields of the form that the body holds.

        Raises:
            TypeError: It holds none.
        """
        self._raise_if_failed()
        try:
            return FormData(await self.js_response.formData())
        except JsException as failure:
            raise pythonic(failure) from failure

    async def formData(self) -> FormData:
        """As ``form_data``."""
        return await self.form_data()

    async def blob(self) -> Blob:
        """The whole body with its type."""
        self._raise_if_failed()
        return blob_from_platform(await self.js_response.blob())

    def replace_body(self, body: Any) -> "Response":
        """A response with the same status and headers, and another body."""
        return Response(RESPONSE.new(body.js_object if isinstance(body, FormData) else body, self.js_response))

    @staticmethod
    def redirect(url: str, status: HTTPStatus | int = HTTPStatus.FOUND) -> JsResponse:
        """A response of the platform that leads to another address.

        Raises:
            ValueError: The status does not say so.
            TypeError: The address is none.
        """
        try:
            return cast("JsResponse", RESPONSE.redirect(url, int(status)))
        except JsException as failure:
            raise pythonic(failure) from failure

    @staticmethod
    def from_json(
        data: Any, status: HTTPStatus | int = HTTPStatus.OK, status_text: str = "", headers: Any = None
    ) -> "Response":
        """A response whose body is ``data`` as JSON.

        Raises:
            ValueError, TypeError: The platform refuses it, or ``data`` is no JSON.
        """
        options = _options(status, status_text, headers)
        try:
            if isinstance(data, JsProxy):
                return Response(RESPONSE.json(data, **options))
            told = options.setdefault("headers", to_platform({}))
            if not told.has("content-type"):
                told.set("content-type", "application/json")
            return Response(RESPONSE.new(json.dumps(data), **options))
        except JsException as failure:
            raise pythonic(failure) from failure

    def json(self, *args: Any, **kwargs: Any) -> Any:
        """The body parsed as JSON; called on the class, ``from_json``."""
        if isinstance(self, Response):
            return super().json()
        return Response.from_json(self, *args, **kwargs)


class Response(FetchResponse):
    """A response: what ``fetch`` of an object returns, and what ``stub.fetch`` answers.

    Args:
        body: None, text, bytes, ``FormData``, or what the platform takes (a stream, a blob, a buffer …); or a response
            of the platform, then without anything else.
        status: 200 unless told.
        status_text: The reason phrase.
        headers: A dict, pairs, or headers of the platform.
        web_socket: One end of a pair, for the answer to an upgrade.

    Raises:
        TypeError: The body is of no such type, or the headers are none.
        ValueError: A response of the platform, and something else.
        JsException: The platform refuses it.
    """

    def __init__(
        self,
        body: Any = None,
        status: HTTPStatus | int | None = None,
        status_text: str = "",
        headers: Any = None,
        web_socket: Any = None,
    ) -> None:
        _require_body(body)
        if isinstance(body, JsResponse):
            if status is not None or status_text or headers is not None or web_socket is not None:
                raise ValueError("Expected no options when constructing Response from a js.Response")
            super().__init__(body.url, body)
            return
        content = body.js_object if isinstance(body, FormData) else body
        options = _options(status, status_text, headers)
        if web_socket is not None:
            options["webSocket"] = web_socket
        made = RESPONSE.new(content, **options)
        super().__init__(made.url, made)

    def __repr__(self) -> str:
        shown = {
            "status_text": self.status_text,
            "content_type": self.headers["content-type"],
            "url": self.url,
            "type": "" if self.type == "default" else self.type,
        }
        parts = [f"{name}={value!r}" for name, value in shown.items() if value]
        return f"Response({', '.join([f'status={self.status}', *parts])})"


def _require_body(body: Any) -> None:
    if isinstance(body, JsProxy):
        if body.constructor.name not in _BODIES:
            raise TypeError(f"Unsupported type in Response: {body.constructor.name}")
    elif body is not None and not isinstance(body, str | bytes | FormData):
        raise TypeError(f"Unsupported type in Response: {type(body).__name__}")


def _options(status: HTTPStatus | int | None, status_text: str, headers: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"status": int(status or 200)}
    if status_text:
        options["statusText"] = status_text
    if headers:
        options["headers"] = to_platform(headers)
    return options


def response_from_wire(message: messages.Response, explain: Explain) -> Response:
    """The response a caller receives."""
    return Response(received_response(message, explain))
