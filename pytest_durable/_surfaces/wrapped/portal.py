"""Waiting in a plain function (``run_sync``): the handler runs in a greenlet, which is left while it waits.

The coroutine around the greenlet hands what the handler waits for to its strand, as if the handler had awaited it; so
the turn ends and other events go on. A handler is started like this only when its code has imported ``run_sync``.

Source: spec python-workers 3.3 (PW-3.9); decisions 9.1. The way of switching is that of SQLAlchemy's asyncio extension.
"""

import sys
from collections.abc import Awaitable, Callable, Generator
from typing import Any


class _Suspension:
    """Awaits exactly what a coroutine inside the greenlet has yielded."""

    def __init__(self, yielded: object) -> None:
        self._yielded = yielded

    def __await__(self) -> Generator[Any, Any, Any]:
        return (yield self._yielded)


def wants_portal() -> bool:
    """Whether user code has imported ``run_sync``, and the package that it needs is there."""
    module = sys.modules.get("pyodide.ffi")
    if module is None or "run_sync" not in vars(module):
        return False
    try:
        import greenlet  # noqa: F401
    except ImportError:
        return False
    return True


def in_portal() -> bool:
    """Whether the running code can be left by ``wait_in_portal``."""
    greenlets: Any = sys.modules.get("greenlet")
    return greenlets is not None and getattr(greenlets.getcurrent(), "is_portal", False)


def wait_in_portal(awaitable: Awaitable[Any]) -> Any:
    """What comes of ``awaitable``, for which the greenlet is left."""
    import greenlet

    outside: Any = greenlet.getcurrent().parent
    steps: Any = awaitable.__await__()
    step: Callable[[Any], Any] = steps.send
    argument: Any = None
    while True:
        try:
            yielded = step(argument)
        except StopIteration as stop:
            return stop.value
        try:
            step, argument = steps.send, outside.switch(yielded)
        except BaseException as failure:
            step, argument = steps.throw, failure


def portal(handler: Callable[[], Any]) -> Any:
    """Run ``handler`` so that ``run_sync`` works in it.

    It begins at once, as it would without. What it returns comes back, or an awaitable of that if it waits.
    """
    inside, result = _enter(handler)
    if not inside.dead:
        return _finish(inside, result)
    return _drive(result) if hasattr(result, "__await__") else result


def _enter(function: Callable[[], Any]) -> tuple[Any, Any]:
    """A greenlet in which the function has begun, and what has come out of it."""
    import greenlet

    outside: Any = greenlet.getcurrent()
    inside: Any = greenlet.greenlet(function, outside)
    inside.is_portal = True
    inside.gr_context = outside.gr_context  # context variables are those of the task
    return inside, inside.switch()


async def _drive(awaitable: Awaitable[Any]) -> Any:
    """What comes of ``awaitable``, which is awaited inside of a greenlet."""
    inside, result = _enter(lambda: wait_in_portal(awaitable))
    return await _until_it_ends(inside, result)


async def _finish(inside: Any, result: Any) -> Any:
    """What comes of a handler that waits, and may return an awaitable."""
    result = await _until_it_ends(inside, result)
    return await _drive(result) if hasattr(result, "__await__") else result


async def _until_it_ends(inside: Any, yielded: Any) -> Any:
    import greenlet

    while not inside.dead:
        try:
            value = await _Suspension(yielded)
        except BaseException as failure:
            inside.parent = greenlet.getcurrent()
            yielded = inside.throw(failure)
        else:
            inside.parent = greenlet.getcurrent()
            yielded = inside.switch(value)
    return yielded
