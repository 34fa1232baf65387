"""Modules of the platform's own language, as ``import_from_javascript`` gives them.

Source: workers-runtime-sdk workers/__init__.py; spec python-workers 1.5.
"""

from typing import Any, Final

from pytest_durable._core.actor import text_of
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.isolates import abort_isolate
from pytest_durable._surfaces.modules import missing
from pytest_durable._surfaces.wrapped.exceptions import shown
from pytest_durable._surfaces.wrapped.proxies import JsProxy, wire_of

_WORKERS: Final = "cloudflare:workers"
#: What the module has besides in production.
_LATER: Final = frozenset(
    {
        *("DurableObject", "RpcPromise", "RpcProperty", "RpcStub", "RpcTarget", "ServiceStub", "WorkerEntrypoint"),
        *("WorkflowEntrypoint", "cache", "env", "exports", "tracing", "waitUntil", "withEnv", "withEnvAndExports"),
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

    def abortIsolate(self, reason: Any = None, /) -> None:
        """Give up the isolate with every object that lives in it. Never returns."""
        try:
            abort_isolate(None if reason is None else text_of(wire_of(reason)))
        except PlatformError as failure:
            raise shown(failure) from None


def import_from_javascript(module_name: str) -> Any:
    """A module of the platform; here only ``"cloudflare:workers"``.

    Raises:
        ImportError: It is another one.
    """
    if module_name == _WORKERS:
        return WorkersModule(WorkersModule)
    raise ImportError(
        f"Failed to import {module_name!r}: pytest-durable has only {_WORKERS!r} in this version.\n\n"
        "Import it inside the function that uses it, or keep what needs it in another module than your objects.\n"
        "See docs/limits.md"
    )
