"""Applications that speak WSGI behind a Worker or an object."""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from workers.entrypoints import WorkerEntrypoint
from workers.gateway import BaseOptions

_App: TypeAlias = Callable[[Any, Any], Iterable[bytes]]

NULL_BODY_STATUSES: Final[frozenset[int]]

@dataclass(frozen=True, kw_only=True)
class Options(BaseOptions):
    """Options of ``fetch`` and ``entrypoint``."""

DEFAULT_OPTIONS: Final[Options]

async def fetch(app: _App, req: Any, env: Any, ctx: Any = None, *, options: Options | None = None) -> Any:
    """Let a WSGI application answer a request; the answer is a response of the platform."""

def entrypoint(app: _App, *, options: Options | None = None) -> type[WorkerEntrypoint]:
    """The entrypoint of a Worker that is nothing but a WSGI application: ``Default = wsgi.entrypoint(app)``."""

def build_environ(req: Any, env: Any, body: bytes | io.IOBase) -> dict[str, Any]:
    """The environ of a WSGI application for one request."""
