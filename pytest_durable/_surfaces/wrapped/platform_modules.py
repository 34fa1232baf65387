"""Modules of the platform's own language, as ``import_from_javascript`` gives them.

Source: workers-runtime-sdk workers/__init__.py; spec python-workers 1.5.
"""

from typing import Any, Final

from pytest_durable._core.actor import text_of
from pytest_durable._core.isolate import global_scope
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.isolates import abort_isolate
from pytest_durable._surfaces.modules import missing
from pytest_durable._surfaces.wrapped.current import CurrentEnv, wait_until
from pytest_durable._surfaces.wrapped.exceptions import shown
from pytest_durable._surfaces.wrapped.proxies import JsProxy, wire_of
from pytest_durable._surfaces.wrapped.stubs import RawEnv

_WORKERS: Final = "cloudflare:workers"
_SOCKETS: Final = "cloudflare:sockets"
#: What the module has besides in production.
_LATER: Final = frozenset(
    {
        *("DurableObject", "RpcPromise", "RpcProperty", "RpcStub", "RpcTarget", "ServiceStub", "WorkerEntrypoint"),
        *("WorkflowEntrypoint", "cache", "exports", "tracing", "withEnv", "withEnvAndExports"),
        "withExports",
    }
)


class WorkersModule(JsProxy):
    """``cloudflare:workers``."""

    _kind = "Module"

    def __getattr__(self, name: str) -> Any:
        if name in _LATER:
            raise AttributeError(missing(_WORKERS, name))
        raise AttributeError(name)

    @property
    def env(self) -> RawEnv:
        """The bindings, without wrapping."""
        return CurrentEnv()._env

    def waitUntil(self, awaitable: Any, /) -> None:
        """Run ``awaitable`` beyond the answer to the event that is being handled."""
        wait_until(awaitable)

    def abortIsolate(self, reason: Any = None, /) -> None:
        """Give up the isolate with every object that lives in it. Never returns."""
        try:
            abort_isolate(None if reason is None else text_of(wire_of(reason)))
        except PlatformError as failure:
            raise shown(failure) from None


class SocketsModule(JsProxy):
    """``cloudflare:sockets``, of which nothing can be used here."""

    _kind = "Module"

    def __getattr__(self, name: str) -> Any:
        if name == "connect":
            raise AttributeError(missing(_SOCKETS, name))
        raise AttributeError(name)


def import_from_javascript(module_name: str) -> Any:
    """A module of the platform: ``"cloudflare:workers"``, or ``"cloudflare:sockets"``, whose ``connect`` is missing.

    Raises:
        ImportError: It is another one.
    """
    if module_name == _WORKERS:
        return WorkersModule(WorkersModule)
    if module_name == _SOCKETS:
        return SocketsModule(SocketsModule)
    if global_scope() is not None:
        raise ImportError(
            f"Failed to import '{module_name}': Only 'cloudflare:workers' and 'cloudflare:sockets' are available in "
            "the global scope."
        )
    raise ImportError(
        f"Failed to import {module_name!r}: pytest-durable has only {_WORKERS!r} and {_SOCKETS!r}.\n\n"
        "Import it inside the function that uses it, or keep what needs it in another module than your objects.\n"
        "See docs/limits.md"
    )
