"""Turn a running plain loop into a virtual one, for as long as a host is entered, and back.

The class of the loop object is exchanged: everything that holds the loop keeps holding it, and ``run_forever``, which
is already on the stack, finds the new ``_run_once`` in its next round. Only a plain selector loop has the layout for
that; a loop written in C has not, and says how to get a plain one.
"""

import asyncio
import heapq
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pytest_durable._core.clock.clock import Clock
from pytest_durable._core.clock.loop import VirtualLoop
from pytest_durable._core.errors import ConfigurationError


@contextmanager
def adopt(
    loop: asyncio.AbstractEventLoop, clock: Clock, owner_var: "ContextVar[Any] | None" = None
) -> Iterator[VirtualLoop]:
    """Let ``loop`` live on ``clock`` inside the ``with`` block. Enter and leave it on the running loop.

    Timers and file descriptors that the loop has already belong to the world outside: its timers stand still until
    the block ends, and its descriptors are served but never waited for. Timers that the block leaves behind go on in
    real time.

    Raises:
        ConfigurationError: ``loop`` is not a plain selector loop, or is virtual already.
    """
    if type(loop) is not asyncio.SelectorEventLoop:
        raise ConfigurationError(_refusal(loop))
    before = dict(vars(loop))
    outside = _exchange_timers(loop, [])
    descriptors = frozenset(loop._selector.get_map())  # type: ignore[attr-defined]
    loop.__class__ = VirtualLoop
    assert isinstance(loop, VirtualLoop)
    loop._begin_virtual_time(clock, owner_var, descriptors)
    loop.outside_timers = len(outside)
    loop.test_task = asyncio.current_task()
    _hook_async_generators(loop)
    try:
        yield loop
    finally:
        virtual_now = loop.time()
        loop.__class__ = asyncio.SelectorEventLoop  # type: ignore[assignment]
        clock.forget_loop()
        for name in vars(loop).keys() - before.keys():
            delattr(loop, name)
        loop._clock_resolution = before["_clock_resolution"]
        _hook_async_generators(loop)
        left_behind = _exchange_timers(loop, outside)
        for handle in left_behind:
            handle._when += loop.time() - virtual_now  # type: ignore[attr-defined]
        _exchange_timers(loop, outside + left_behind)


def _exchange_timers(loop: Any, timers: list[asyncio.TimerHandle]) -> list[asyncio.TimerHandle]:
    """Give the loop other timers; return those it had, without the cancelled ones."""
    old = [handle for handle in loop._scheduled if not handle.cancelled()]
    for handle in loop._scheduled:
        handle._scheduled = False
    new: list[Any] = [handle for handle in timers if not handle.cancelled()]
    for handle in new:
        handle._scheduled = True
    heapq.heapify(new)
    loop._scheduled = new
    loop._timer_cancelled_count = 0
    return old


def _hook_async_generators(loop: Any) -> None:
    """Hand the interpreter the hooks of the loop's present class; the running loop had handed it those of the old."""
    sys.set_asyncgen_hooks(firstiter=loop._asyncgen_firstiter_hook, finalizer=loop._asyncgen_finalizer_hook)


def _refusal(loop: asyncio.AbstractEventLoop) -> str:
    kind = f"{type(loop).__module__}.{type(loop).__qualname__}"
    if isinstance(loop, VirtualLoop):
        return f"The running loop lives on the clock of another host: {kind}.\n\nEnter one host at a time."
    return (
        f"The running event loop cannot be given a virtual clock: {kind}.\n\n"
        "  expected  asyncio.SelectorEventLoop, the plain loop of asyncio on POSIX\n"
        f"  actual    {kind}\n\n"
        "pytest-asyncio: remove the event_loop_policy fixture or loop factory that makes this loop for durable tests.\n"
        'anyio: choose the backend  ("asyncio", {"use_uvloop": False}).\n'
        "Without pytest: let the host make the loop,  Host.run_main(main)."
    )
