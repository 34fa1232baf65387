"""Runners of others on our loop: errors about waiting reach the test, wherever the runner put it."""

import asyncio

import pytest
from anyio._backends._asyncio import TestRunner as AnyioRunner

from pytest_durable._core.clock import Clock, new_loop
from pytest_durable._core.errors import StuckError


async def the_test():
    await asyncio.sleep(3600)
    with pytest.raises(StuckError):
        await asyncio.Event().wait()
    with pytest.raises(StuckError):
        await asyncio.create_task(asyncio.Event().wait())
    await asyncio.sleep(3600)


def test_asyncio_runner_works_for_many_tests(clock: Clock):
    with asyncio.Runner(loop_factory=lambda: new_loop(clock)) as runner:
        for _ in range(3):
            runner.run(the_test())
    assert clock.elapsed_ns == 6 * 3600 * 10**9


def test_anyio_runner_works_for_many_tests(clock: Clock):
    with AnyioRunner(loop_factory=lambda: new_loop(clock)) as runner:
        for _ in range(3):
            runner.run_test(the_test, {})
    assert clock.elapsed_ns == 6 * 3600 * 10**9


def test_error_that_a_test_does_not_catch_ends_the_test_under_anyio(clock: Clock):
    async def stuck():
        await asyncio.Event().wait()

    with AnyioRunner(loop_factory=lambda: new_loop(clock)) as runner, pytest.raises(StuckError) as caught:
        runner.run_test(stuck, {})
    assert "in test_error_that_a_test_does_not_catch" in str(caught.value)
