"""What belongs to the event that is being handled, for code that imports it (``workers.env``, ``waitUntil``, …).

Source: workers-runtime-sdk workers/__init__.py, workers/utils.py; workerd api/workers-module.h; spec python-workers
1.1, 1.9.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from pytest_durable._core.actor import current_scope
from pytest_durable._core.isolate import global_scope, require_event
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.seams import Context
from pytest_durable._surfaces.wrapped.exceptions import shown
from pytest_durable._surfaces.wrapped.stubs import RawEnv
from pytest_durable._surfaces.wrapped.surface import WrappedSurface
from pytest_durable._surfaces.wrapped.to_js import to_js

_NO_EVENT: Final = (
    "{what} belongs to a running object or Worker, and none runs here. "
    "In a test, use `durable.env` or `durable.namespace(…)`."
)
_NO_PATCH: Final = (
    "`workers.patch_env()` changes `workers.env` for the code that calls it, and no object or Worker runs here. "
    "In a test, say what `env` shows:  App(vars={…}, bindings={…})"
)
#: What ``patch_env`` shows instead. A variable, not state: each context has its own value.
_PATCHES: Final[ContextVar[Mapping[str, object] | None]] = ContextVar("pytest_durable_patched_env", default=None)


class CurrentEnv:
    """``workers.env``: like ``self.env``, but asked anew at each read, because it outlives hosts."""

    @property
    def _env(self) -> RawEnv:
        found = _raw_env()
        if found is None:
            raise RuntimeError(_NO_EVENT.format(what="`workers.env`"))
        return found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        patches = _PATCHES.get()
        if patches is not None and name in patches:
            return patches[name]
        found = _surface_and_bindings()
        if found is None:
            raise RuntimeError(_NO_EVENT.format(what=f"`workers.env.{name}`"))
        surface, bindings = found
        return getattr(surface.env(bindings), name)

    def __repr__(self) -> str:
        return "<workers.env>"


def wait_until(awaitable: Any) -> None:
    """Run ``awaitable`` beyond the answer to the event that is being handled.

    Raises:
        RuntimeError: No event is being handled.
        JsException: The code runs at the top level of a module.
    """
    _context("`workers.waitUntil()`").wait_until(awaitable)


def wait_for_client(awaitable: Any, what: str) -> None:
    """As ``wait_until``, for what goes on as long as a client reads an answer or keeps a WebSocket open.

    Args:
        awaitable: What is to be done.
        what: Who asks, for the error; raises as ``wait_until``.
    """
    _context(what).wait_until(awaitable, waits_for_client=True)


def _context(what: str) -> Context:
    try:
        require_event()
    except PlatformError as failure:
        raise shown(failure) from None
    scope = current_scope()
    if scope is None:
        raise RuntimeError(_NO_EVENT.format(what=what))
    return scope.incarnation.context


@contextmanager
def patch_env(d: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None, **kwds: Any) -> Iterator[None]:
    """Let ``workers.env`` show other values inside a ``with`` block; ``self.env`` stays what it is.

    Args:
        d: Names to values, or pairs of them.
        kwds: More of them.

    Raises:
        RuntimeError: No event is being handled.
    """
    if _surface_and_bindings() is None:
        raise RuntimeError(_NO_PATCH)
    before = _PATCHES.get() or {}
    patches = {name: to_js(value) for name, value in (dict(d or {}) | kwds).items()}
    token = _PATCHES.set({**before, **patches})
    try:
        yield
    finally:
        _PATCHES.reset(token)


def _raw_env() -> RawEnv | None:
    found = _surface_and_bindings()
    return None if found is None else found[0].raw_env(found[1])


def _surface_and_bindings() -> tuple[WrappedSurface, Mapping[str, object]] | None:
    scope = current_scope()
    surface: object
    if scope is not None:
        services = scope.incarnation.services
        surface, bindings = services.surface, services.bindings()
    elif (at_top := global_scope()) is not None:
        surface, bindings = at_top.surface(), at_top.bindings()
    else:
        return None
    assert isinstance(surface, WrappedSurface), surface
    return surface, bindings
