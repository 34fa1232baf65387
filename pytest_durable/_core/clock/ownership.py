"""Whose is a callback: the questions the loop asks about contexts.

A handle runs in a context, and the context names the object it belongs to. Nothing here knows what an object is.
"""

import asyncio
import functools
from asyncio import events
from collections import deque
from collections.abc import Callable
from contextvars import Context, ContextVar
from types import FunctionType, MethodType
from typing import Any

#: What user code hands to ``call_soon`` and its kin. Tasks hand over their own steps, which are none of these.
PLAIN_CALLABLES = frozenset({FunctionType, MethodType, functools.partial})


def belongs_to_an_object(
    callback: Callable[..., object], owner_var: "ContextVar[Any] | None", context: Context | None
) -> bool:
    """Whether ``callback`` is user code that will run on behalf of an object.

    Args:
        callback: One of ``PLAIN_CALLABLES``.
        owner_var: Holds the object.
        context: The context it will run in; None means the current one.
    """
    if owner_var is None:
        return False
    owner = owner_var.get(None) if context is None else context.get(owner_var)
    return owner is not None and not _is_of_asyncio(callback)


def context_of(handle: asyncio.Handle) -> Context:
    """The context in which ``handle`` will run. ``Handle.get_context`` exists from Python 3.12 on."""
    return handle._context  # type: ignore[attr-defined,no-any-return]


def drop_ready(
    ready: "deque[asyncio.Handle]", is_owned: Callable[[Context], bool], loop: asyncio.AbstractEventLoop
) -> list[object]:
    """Take the owned handles out of the ready queue and return them.

    Each leaves a cancelled handle in its place: the loop may be in the middle of a round, and has counted.
    """
    dropped: list[object] = []
    for _ in range(len(ready)):
        handle = ready.popleft()
        if is_owned(context_of(handle)):
            dropped.append(handle)
            handle = events.Handle(_nothing, (), loop, Context())
            handle.cancel()
        ready.append(handle)
    return dropped


def _is_of_asyncio(callback: Callable[..., object]) -> bool:
    while isinstance(callback, functools.partial):
        callback = callback.func
    module = getattr(callback, "__module__", None) or ""
    return module == "asyncio" or module.startswith("asyncio.")


def _nothing() -> None:
    """Stands in for a dropped callback."""
