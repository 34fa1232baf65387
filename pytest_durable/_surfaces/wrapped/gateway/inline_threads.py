"""Blocking code of frameworks runs where it is called, as in production, where there are no threads.

FastAPI and Starlette hand handlers without ``async``, files and the like to threads by ``anyio.to_thread.run_sync``.
The SDK replaces that function by one that calls. Here code outside of objects and Workers, such as that of a test,
keeps its threads.

Source: workers-runtime-sdk _workers_sdk_package_patches.py (1.9.5).
"""

import sys
from collections.abc import Callable
from typing import Any, Final

from pytest_durable._core.actor import current_scope

_MODULE: Final = "anyio.to_thread"


class _Inline:
    """What stands in for ``anyio.to_thread.run_sync``."""

    def __init__(self, original: Callable[..., Any]) -> None:
        self.original = original

    async def __call__(self, func: Callable[..., Any], *args: Any, **options: Any) -> Any:
        if current_scope() is None:
            return await self.original(func, *args, **options)
        return func(*args)


def run_blocking_code_inline() -> None:
    """Replace the function, if somebody has imported it. Twice is once."""
    module: Any = sys.modules.get(_MODULE)
    if module is not None and not isinstance(module.run_sync, _Inline):
        module.run_sync = _Inline(module.run_sync)


def run_blocking_code_in_threads() -> None:
    """Take the replacement back."""
    module: Any = sys.modules.get(_MODULE)
    if module is not None and isinstance(module.run_sync, _Inline):
        module.run_sync = module.run_sync.original
