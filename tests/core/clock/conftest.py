import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from pytest_durable._core.clock import Clock, VirtualLoop, new_loop

SECOND = 1_000_000_000
START_NS = 1_893_456_000 * SECOND


@pytest.fixture
def clock() -> Clock:
    return Clock(START_NS)


@pytest.fixture
def loop(clock: Clock) -> Iterator[VirtualLoop]:
    loop = new_loop(clock)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop()
        yield loop


@pytest.fixture
def run(loop: VirtualLoop) -> Callable[[Awaitable[Any]], Any]:
    """Run one coroutine as the test of the loop."""
    return loop.run_until_complete
