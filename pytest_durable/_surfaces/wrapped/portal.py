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


async def portal(handler: Callable[[], Any]) -> Any:
    """Run ``handler``, which may return an awaitable, so that ``run_sync`` works in it."""
    import greenlet

    class Portal(greenlet.greenlet):  # type: ignore[misc]  # it has no types
        is_portal = True

    def run() -> Any:
        result = handler()
        return wait_in_portal(result) if hasattr(result, "__await__") else result

    outside: Any = greenlet.getcurrent()
    inside: Any = Portal(run, outside)
    inside.gr_context = outside.gr_context  # context variables are those of the task
    result = inside.switch()
    while not inside.dead:
        try:
            value = await _Suspension(result)
        except BaseException as failure:
            result = inside.throw(failure)
        else:
            result = inside.switch(value)
    return result
