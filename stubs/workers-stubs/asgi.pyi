"""Applications that speak ASGI behind a Worker or an object."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from workers.entrypoints import WorkerEntrypoint
from workers.gateway import BaseOptions

_T = TypeVar("_T")
_App: TypeAlias = Callable[[Any, Any, Any], Awaitable[Any]]

ASGI: Final[dict[str, str]]
NULL_BODY_STATUSES: Final[frozenset[int]]

#: A dependency of FastAPI that gives the bindings: ``env=asgi.env`` as parameter of a route.
env: Any

@dataclass(frozen=True, kw_only=True)
class Options(BaseOptions):
    """Options of ``fetch`` and ``entrypoint``."""

DEFAULT_OPTIONS: Final[Options]

async def fetch(app: _App, req: Any, env: Any, ctx: Any = None, *, options: Options | None = None) -> Any:
    """Let an ASGI application answer a request; the answer is a response of the platform."""

async def websocket(app: _App, req: Any, env: Any = None) -> Any:
    """Let an ASGI application serve a WebSocket; the answer is a response of the platform."""

def entrypoint(app: _App, *, options: Options | None = None) -> type[WorkerEntrypoint]:
    """The entrypoint of a Worker that is nothing but an ASGI application: ``Default = asgi.entrypoint(app)``."""

def request_to_scope(req: Any, env: Any, ws: bool = False, state: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The scope of an ASGI application for one request."""

def run_in_background(coro: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
    """A task whose failure is logged."""
