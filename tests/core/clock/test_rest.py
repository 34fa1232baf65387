"""When a loop is at rest: then settling has nothing to do."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from pytest_durable._core.clock import Clock, VirtualLoop

Run = Callable[[Awaitable[Any]], Any]


def test_loop_with_nothing_to_do_is_at_rest(loop: VirtualLoop) -> None:
    assert loop.is_at_rest()


def test_loop_that_only_waits_is_at_rest(loop: VirtualLoop) -> None:
    loop.call_later(1, lambda: None)

    assert loop.is_at_rest()


def test_loop_with_a_ready_callback_is_not_at_rest(loop: VirtualLoop) -> None:
    loop.call_soon(lambda: None)

    assert not loop.is_at_rest()


def test_loop_with_a_due_item_is_not_at_rest(loop: VirtualLoop, clock: Clock) -> None:
    clock.schedule(clock.wall_ns, lambda: None)

    assert not loop.is_at_rest()


def test_loop_with_a_due_timer_is_not_at_rest(loop: VirtualLoop) -> None:
    loop.call_later(0, lambda: None)

    assert not loop.is_at_rest()


def test_loop_that_watches_a_descriptor_is_not_at_rest(loop: VirtualLoop) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        loop.add_reader(ours, lambda: None)
        assert not loop.is_at_rest()
        loop.remove_reader(ours)

    assert loop.is_at_rest()


def test_settling_at_rest_keeps_its_place(loop: VirtualLoop, run: Run) -> None:
    """Nothing else can run, so nothing else does: not even a round of the loop passes."""

    async def main() -> list[str]:
        order = []
        await loop.pump.settle()
        asyncio.get_running_loop().call_soon(order.append, "later")
        order.append("at once")
        await loop.pump.settle()
        return order

    assert run(main()) == ["at once", "later"]
