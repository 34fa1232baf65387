"""``workers.wsgi``: applications that speak WSGI (Flask, Django) behind a Worker or an object.

Source: PEP 3333; workers-runtime-sdk workers/wsgi.py (1.9.5).
"""

import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from pytest_durable._surfaces.wrapped.data_proxies import JsBuffer
from pytest_durable._surfaces.wrapped.entrypoints import WorkerEntrypoint
from pytest_durable._surfaces.wrapped.gateway.options import NULL_BODY_STATUSES, BaseOptions
from pytest_durable._surfaces.wrapped.gateway.scope import build_environ
from pytest_durable._surfaces.wrapped.to_js import create_proxy
from pytest_durable._surfaces.wrapped.web.headers import HEADERS
from pytest_durable._surfaces.wrapped.web.responses import RESPONSE, JsResponse
from pytest_durable._surfaces.wrapped.web.streams import READABLE_STREAM

_LOGGER: Final = logging.getLogger("wsgi")


@dataclass(frozen=True, kw_only=True)
class Options(BaseOptions):
    """Options of ``fetch`` and ``entrypoint``."""


Options.__module__ = "workers.wsgi"
DEFAULT_OPTIONS: Final = Options()


class _Answer:
    """What one request makes the application say, and the pieces that it yields.

    Args:
        app: The application.
        environ: What it is told of the request.
        options: Of the gateway.
    """

    def __init__(self, app: Callable[..., Any], environ: dict[str, Any], options: BaseOptions) -> None:
        self._input = environ["wsgi.input"]
        self._options = options
        self._status: str | None = None
        self._headers: list[tuple[str, str]] = []
        self._written: list[bytes] = []
        self._is_over = False
        self._result = app(environ, self._start)
        self._pieces = self._all(iter(self._result))

    def response(self) -> JsResponse:
        """The answer.

        Raises:
            Exception: What the application raises before its first piece.
            RuntimeError: It has not begun an answer.
        """
        try:
            # An application may begin its answer as late as with its first piece.
            first = next(self._pieces, b"")
            if self._status is None:
                raise RuntimeError("The WSGI application did not call start_response()")
        except BaseException:
            self.close()
            raise
        code, _, reason = self._status.partition(" ")
        headers = HEADERS.new()
        for name, value in self._headers:
            headers.append(name, value)
        told: dict[str, Any] = {"status": int(code), "headers": headers, **self._options.response_init()}
        if reason:
            told["statusText"] = reason
        if int(code) in NULL_BODY_STATUSES:
            self.close()
            body = None
        else:
            self._pieces = self._after([*self._written, first], self._pieces)
            body = READABLE_STREAM.new(pull=create_proxy(self._pull), cancel=create_proxy(self._cancel))
        made: JsResponse = RESPONSE.new(body, **told)
        return made

    def close(self) -> None:
        """Tell the application that its answer is over, once."""
        if self._is_over:
            return
        self._is_over = True
        try:
            if (close := getattr(self._result, "close", None)) is not None:
                close()
        finally:
            self._input.close()

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        if self._status is not None:
            if exc_info is not None:
                raise exc_info[1].with_traceback(exc_info[2])
            raise AssertionError("start_response() called more than once")
        self._status, self._headers = status, headers
        return self._write

    def _write(self, piece: bytes) -> None:
        if piece:
            self._written.append(piece)

    @staticmethod
    def _all(pieces: Iterator[bytes]) -> Iterator[bytes]:
        return (piece for piece in pieces if piece)

    @staticmethod
    def _after(first: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
        yield from (piece for piece in first if piece)
        yield from rest

    async def _pull(self, controller: Any) -> None:
        try:
            piece = next(self._pieces, None)
        except Exception as failure:
            _LOGGER.exception("Exception while streaming WSGI response body")
            self.close()
            controller.error(str(failure))
            return
        if piece is None:
            controller.close()
            self.close()
        else:
            controller.enqueue(JsBuffer(bytes(piece)))

    async def _cancel(self, _reason: Any = None) -> None:
        self.close()


async def fetch(
    app: Callable[..., Any], req: Any, env: Any, ctx: Any = None, *, options: Options | None = None
) -> JsResponse:
    """Let a WSGI application answer a request.

    The body of the request is read before the application begins; production reads it when the application does.

    Args:
        app: The application.
        req: The request, of the SDK or of the platform.
        env: What the application finds as ``environ["workers.env"]``.
        ctx: Not needed.
        options: How the answer is made.

    Raises:
        Exception: What the application raised before its first piece.
    """
    _LOGGER.debug("WSGI request: %s %s", req.method, req.url)
    pieces = [piece.to_bytes() async for piece in req.body] if req.body else []
    try:
        environ = build_environ(req, env, io.BufferedReader(io.BytesIO(b"".join(pieces))))
        return _Answer(app, environ, options or DEFAULT_OPTIONS).response()
    except Exception:
        _LOGGER.exception("WSGI request failed")
        raise


def entrypoint(app: Callable[..., Any], *, options: Options | None = None) -> type[WorkerEntrypoint]:
    """The entrypoint of a Worker that is nothing but a WSGI application: ``Default = wsgi.entrypoint(app)``."""

    class Default(WorkerEntrypoint):
        async def fetch(self, request: Any) -> JsResponse:
            return await fetch(app, request, self.env, options=options)

    return Default
