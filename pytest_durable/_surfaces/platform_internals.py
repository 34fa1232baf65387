"""Modules of the platform that only its own Python code is meant to import; some user code does all the same.

Source: workers-runtime-sdk, _pyodide_entrypoint_helper.pyi and _cloudflare_compat_flags.pyi; spec python-workers 0.3.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from pytest_durable._surfaces.modules import ModuleContent
from pytest_durable._surfaces.wrapped.platform_modules import WorkersModule, import_from_javascript
from pytest_durable._surfaces.wrapped.proxies import JsProxy


def _workers_module() -> WorkersModule:
    return WorkersModule(WorkersModule)


def _flag(name: str) -> bool:
    """Whether a compatibility flag is on: none of those that Python code asks for changes anything here."""
    if name.startswith("__"):
        raise AttributeError(name)
    return False


async def do_an_import(module_name: str) -> Any:
    """A module of the platform."""
    return import_from_javascript(module_name)


def _patch_env(_names: Any) -> NoReturn:
    _refuse("patch_env_helper")


def _patch_wait_until(_context: Any) -> None:
    """Nothing to patch: `waitUntil` keeps coroutines here."""


def _refuse(name: str) -> NoReturn:
    raise NotImplementedError(
        f"`{name}` is an inside matter of the platform's SDK.\n\nUse the public name:  from workers import patch_env"
    )


def contents() -> Mapping[str, ModuleContent]:
    """The modules of this family, by name."""
    return {
        "_cloudflare_compat_flags": ModuleContent(doc="Compatibility flags.", members={"__getattr__": _flag}),
        "_pyodide_entrypoint_helper": ModuleContent(
            doc="What the SDK imports from the platform.",
            members={
                "cloudflareSocketsModule": JsProxy(JsProxy),
                "doAnImport": do_an_import,
                "patchWaitUntil": _patch_wait_until,
                "patch_env_helper": _patch_env,
            },
            lookups={"cloudflareWorkersModule": _workers_module},
        ),
    }
