"""One request to an ASGI application, and what the application sends back.

Source: the specification of ASGI (HTTP); workers-runtime-sdk workers/asgi.py.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from pytest_durable._core.actor import is_claim
from pytest_durable._surfaces.wrapped.data_proxies import JsBuffer
from pytest_durable._surfaces.wrapped.gateway.background import LOGGER, run_in_background
from pytest_durable._surfaces.wrapped.gateway.options import NULL_BODY_STATUSES, BaseOptions
from pytest_durable._surfaces.wrapped.http.headers import to_platform
from pytest_durable._surfaces.wrapped.web.responses import RESPONSE, JsResponse
from pytest_durable._surfaces.wrapped.web.writable import TRANSFORM_STREAM


class Exchange:
    """One request and its answer.

    Args:
        app: The application.
        scope: What it is told of the request.
        options: Of the gateway.

    Attributes:
        response: Completed when there is an answer; of a stream, with its first piece.
    """

    def __init__(self, app: Any, scope: dict[str, Any], options: BaseOptions) -> None:
        self.response: asyncio.Future[JsResponse] = asyncio.get_running_loop().create_future()
        self._app = app
        self._scope = scope
        self._options = options
        self._pieces: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._is_over = asyncio.Event()
        self._status: Any = None
        self._headers: list[tuple[str, str]] | None = None
        #: Where the pieces of a stream go.
        self._writer: Any = None
        self._is_closed = False

    @property
    def is_stream(self) -> bool:
        """Whether the answer is a stream, of which somebody reads one piece after the other."""
        return self._writer is not None

    async def read_body(self, request: Any) -> None:
        """Read the body of the request, all of it: the application begins afterwards."""
        if request.body:
            async for piece in request.body:
                self._pieces.put_nowait({"type": "http.request", "body": piece.to_bytes(), "more_body": True})
        self._pieces.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def run(self) -> None:
        """Run the application to its end. A failure is that of ``response``, or logged if there is one already."""
        try:
            await self._app(self._scope, self._receive, self._send)
            if not self.response.done():
                raise RuntimeError("The application did not generate a response")
        except BaseException as failure:
            if not (isinstance(failure, Exception) or is_claim(failure)):
                raise
            self._end_with(failure)

    def _end_with(self, failure: BaseException) -> None:
        is_late = self.response.done()
        if not is_late:
            self.response.set_exception(failure)
        self._is_over.set()
        if self._writer is not None and not self._is_closed:
            # Not awaited: it is closed when everything before has been read, and perhaps nobody reads.
            run_in_background(self._close_quietly())
        if is_late and is_claim(failure):
            raise failure
        if is_late:
            LOGGER.error("Exception in ASGI application after response started", exc_info=failure)

    async def _receive(self) -> dict[str, Any]:
        if self._pieces.empty():
            await self._is_over.wait()
            return {"type": "http.disconnect"}
        return self._pieces.get_nowait()

    async def _send(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "http.response.start":
                self._status = message["status"]
                self._headers = [(name.decode(), value.decode()) for name, value in message.get("headers", [])]
            case "http.response.body":
                await self._send_body(message.get("body", b""), more=message.get("more_body", False))

    async def _send_body(self, body: Any, *, more: bool) -> None:
        if self._writer is None and not more:
            has_none = self._status in NULL_BODY_STATUSES
            self.response.set_result(self._answer(None if has_none else bytes(memoryview(body))))
            self._is_over.set()
            return
        if self._writer is None:
            stream = TRANSFORM_STREAM.new()
            answer = self._answer(stream.readable)
            self._writer = stream.writable.getWriter()
            self.response.set_result(answer)
        await self._writer.write(JsBuffer(bytes(memoryview(body))))
        if not more:
            await self._writer.close()
            self._is_closed = True
            self._is_over.set()

    def _answer(self, body: Any) -> JsResponse:
        headers = to_platform(self._headers)
        made: JsResponse = RESPONSE.new(body, headers=headers, status=self._status, **self._options.response_init())
        return made

    async def _close_quietly(self) -> None:
        try:
            await self._writer.close()
        except Exception:
            LOGGER.debug("The stream of an ASGI application could not be closed", exc_info=True)
