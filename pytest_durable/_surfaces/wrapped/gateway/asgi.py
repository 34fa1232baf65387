"""``workers.asgi``: applications that speak ASGI (FastAPI, Starlette, Django) behind a Worker or an object.

As in production each request has a lifespan of the application of its own, and the body of a request is read before the
application begins.

Source: workers-runtime-sdk workers/asgi.py (1.9.5).
"""

import asyncio
import importlib
from dataclasses import dataclass
from typing import Any, Final

from pytest_durable._surfaces.wrapped.current import wait_for_client
from pytest_durable._surfaces.wrapped.entrypoints import WorkerEntrypoint
from pytest_durable._surfaces.wrapped.gateway.asgi_sockets import Connection
from pytest_durable._surfaces.wrapped.gateway.background import LOGGER, run_in_background
from pytest_durable._surfaces.wrapped.gateway.exchange import Exchange
from pytest_durable._surfaces.wrapped.gateway.inline_threads import run_blocking_code_inline
from pytest_durable._surfaces.wrapped.gateway.lifespan import Lifespan
from pytest_durable._surfaces.wrapped.gateway.options import BaseOptions
from pytest_durable._surfaces.wrapped.gateway.scope import request_to_scope
from pytest_durable._surfaces.wrapped.web.responses import JsResponse


@dataclass(frozen=True, kw_only=True)
class Options(BaseOptions):
    """Options of ``fetch`` and ``entrypoint``."""


Options.__module__ = "workers.asgi"
DEFAULT_OPTIONS: Final = Options()


async def fetch(app: Any, req: Any, env: Any, ctx: Any = None, *, options: Options | None = None) -> JsResponse:
    """Let an ASGI application answer a request.

    Args:
        app: The application.
        req: The request, of the SDK or of the platform.
        env: What the application finds as ``scope["env"]``.
        ctx: Not needed.
        options: How the answer is made.

    Raises:
        Exception: What the application raised before it has answered; later failures are logged.
    """
    LOGGER.debug("ASGI request: %s %s", req.method, req.url)
    run_blocking_code_inline()
    lifespan = Lifespan(app)
    await lifespan.start()
    try:
        response, running = await _answered(app, req, env, lifespan, options or DEFAULT_OPTIONS)
    except Exception:
        LOGGER.exception("ASGI request failed")
        await lifespan.stop()
        raise
    if running is None:
        await lifespan.stop()
    else:
        wait_for_client(run_in_background(_finish(running, lifespan)), "`asgi.fetch()`")
    return response


async def _answered(
    app: Any, req: Any, env: Any, lifespan: Lifespan, options: Options
) -> "tuple[JsResponse, asyncio.Task[None] | None]":
    """The answer, and the application if it still runs: one that streams runs beside whoever reads."""
    exchange = Exchange(app, request_to_scope(req, env, state=lifespan.state), options)
    await exchange.read_body(req)
    running = asyncio.create_task(exchange.run())
    try:
        response = await exchange.response
    except Exception:
        await running
        raise
    if not exchange.is_stream:
        await running
    return response, None if running.done() else running


async def _finish(running: "asyncio.Task[None]", lifespan: Lifespan) -> None:
    try:
        await running
    finally:
        await lifespan.stop()


async def websocket(app: Any, req: Any, env: Any = None) -> JsResponse:
    """Let an ASGI application serve a WebSocket, until one side closes it.

    Args:
        app: The application. It gets no lifespan.
        req: The request that asks for the WebSocket.
        env: What the application finds as ``scope["env"]``; an empty dict unless told.

    Returns:
        The answer to the handshake. The platform has accepted already when the application begins, so neither can the
        application refuse, nor choose a protocol.
    """
    run_blocking_code_inline()
    connection = Connection(app, request_to_scope(req, {} if env is None else env, ws=True))
    return connection.open()


def entrypoint(app: Any, *, options: Options | None = None) -> type[WorkerEntrypoint]:
    """The entrypoint of a Worker that is nothing but an ASGI application: ``Default = asgi.entrypoint(app)``."""

    class Default(WorkerEntrypoint):
        async def fetch(self, request: Any) -> JsResponse:
            if (request.headers.get("upgrade") or "").lower() == "websocket":
                return await websocket(app, request, self.env)
            return await fetch(app, request, self.env, self.ctx, options=options)

    return Default


def dependency() -> Any:
    """``asgi.env``: a dependency of FastAPI that gives the bindings."""
    fastapi = importlib.import_module("fastapi")

    async def env(request: Any) -> Any:
        return request.scope["env"]

    env.__annotations__ = {"request": fastapi.Request}
    return fastapi.Depends(env)
