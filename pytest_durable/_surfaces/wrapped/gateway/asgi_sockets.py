"""A WebSocket that an ASGI application serves.

Source: the specification of ASGI (WebSocket); workers-runtime-sdk workers/asgi.py.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

from pytest_durable._core.actor import make_pair
from pytest_durable._surfaces.wrapped.current import wait_for_client
from pytest_durable._surfaces.wrapped.data_proxies import JsBuffer
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.gateway.background import LOGGER, run_in_background
from pytest_durable._surfaces.wrapped.to_js import create_proxy
from pytest_durable._surfaces.wrapped.web.responses import RESPONSE, JsResponse
from pytest_durable._surfaces.wrapped.web.sockets import RawEvent, RawWebSocket


class Connection:
    """One WebSocket and the application that serves it.

    Args:
        app: The application.
        scope: What it is told of the request.
    """

    def __init__(self, app: Any, scope: dict[str, Any]) -> None:
        client, server = make_pair()
        self._app = app
        self._scope = scope
        self._client = RawWebSocket(client)
        self._server = RawWebSocket(server)
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._is_closed_by_app = False

    def open(self) -> JsResponse:
        """Begin, and answer the handshake. The application runs on beyond the answer."""
        self._server.accept()
        self._server._target.binary_type = "arraybuffer"
        self._server.onmessage = create_proxy(self._message)
        self._server.onclose = create_proxy(self._close)
        self._events.put_nowait({"type": "websocket.connect"})
        running = run_in_background(self._app(self._scope, self._events.get, self._send))
        running.add_done_callback(self._end)
        wait_for_client(running, "`asgi.websocket()`")
        answer: JsResponse = RESPONSE.new(None, status=101, webSocket=self._client)
        return answer

    def _message(self, event: RawEvent) -> None:
        told = {"text": event.data} if isinstance(event.data, str) else {"bytes": event.data.to_bytes()}
        self._events.put_nowait({"type": "websocket.receive", **told})

    def _close(self, event: RawEvent) -> None:
        self._events.put_nowait({"type": "websocket.disconnect", "code": event.code, "reason": event.reason})

    async def _send(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "websocket.accept":
                pass
            case "websocket.send":
                if (content := message.get("bytes")) is not None:
                    self._server.send(JsBuffer(bytes(memoryview(content))))
                if (text := message.get("text")) is not None:
                    self._server.send(text)
            case "websocket.close":
                self._is_closed_by_app = True
                self._server.close(message.get("code", 1000), message.get("reason", ""))
            case kind:
                LOGGER.warning(" == Not implemented %s", kind)

    def _end(self, running: "asyncio.Future[Any]") -> None:
        if self._is_closed_by_app:
            return
        has_failed = not running.cancelled() and running.exception() is not None
        with contextlib.suppress(JsException):  # the other side has closed already
            self._server.close(1011 if has_failed else 1000, "")
