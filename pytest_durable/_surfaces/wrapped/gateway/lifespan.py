"""The lifespan of an ASGI application: the platform begins and ends one around each request.

Source: the specification of ASGI (lifespan); workers-runtime-sdk workers/asgi.py.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from pytest_durable._core.actor import is_claim
from pytest_durable._surfaces.wrapped.gateway.background import LOGGER, run_in_background
from pytest_durable._surfaces.wrapped.gateway.scope import ASGI

_STARTUP: Final = "lifespan.startup"
_SHUTDOWN: Final = "lifespan.shutdown"


class Lifespan:
    """One lifespan of an application.

    Args:
        app: The application.

    Attributes:
        state: What the application keeps for its requests.
    """

    def __init__(self, app: Any) -> None:
        loop = asyncio.get_running_loop()
        self.state: dict[str, Any] = {}
        self._app = app
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        #: False: the application knows no lifespan.
        self._started: asyncio.Future[bool] = loop.create_future()
        self._stopped: asyncio.Future[None] = loop.create_future()
        self._is_known = False

    async def start(self) -> None:
        """Begin it.

        Raises:
            RuntimeError: The application says that it cannot start.
        """
        self._events.put_nowait({"type": _STARTUP})
        run_in_background(self._run())
        self._is_known = await self._started

    async def stop(self) -> None:
        """End it, if the application has begun it.

        Raises:
            RuntimeError: The application says that it cannot stop.
        """
        if self._is_known:
            self._events.put_nowait({"type": _SHUTDOWN})
            await self._stopped

    async def _run(self) -> None:
        try:
            await self._app({"type": "lifespan", "asgi": ASGI, "state": self.state}, self._events.get, self._send)
        except BaseException as failure:
            if is_claim(failure):
                self._fail(failure)
            elif isinstance(failure, Exception):
                self._note(failure)
            else:
                raise
        if not self._started.done():
            self._started.set_result(False)
        elif not self._stopped.done():
            self._stopped.set_result(None)

    async def _send(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "lifespan.startup.complete":
                if not self._started.done():
                    self._started.set_result(True)
            case "lifespan.shutdown.complete":
                if not self._stopped.done():
                    self._stopped.set_result(None)
            case "lifespan.startup.failed" | "lifespan.shutdown.failed" as kind:
                phase = kind.split(".")[1]
                self._fail(RuntimeError(message.get("message") or f"ASGI lifespan {phase} failed"), phase)
            case kind:
                raise RuntimeError(f"Unexpected lifespan event {kind}")

    def _fail(self, failure: BaseException, phase: str | None = None) -> None:
        future: asyncio.Future[Any] = self._stopped
        if phase == "startup" or (phase is None and not self._started.done()):
            future = self._started
        if not future.done():
            future.set_exception(failure)

    def _note(self, failure: Exception) -> None:
        if self._started.done():
            LOGGER.error("Exception in ASGI lifespan application", exc_info=failure)
        else:
            # By its specification, an application that knows no lifespan raises.
            LOGGER.debug("The ASGI application has raised before it said that it has started", exc_info=failure)
