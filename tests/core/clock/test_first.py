import asyncio
import pytest
from pytest_durable._core.clock import Clock, new_loop
from pytest_durable._core.errors import StuckError


def test_sleep_of_a_day_moves_the_wall_clock_one_day():
    clock = Clock(0)

    async def main():
        await asyncio.sleep(86_400)
        with pytest.raises(StuckError):
            await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=lambda: new_loop(clock)) as runner:
        runner.run(main())
    assert clock.wall_ns == 86_400 * 10**9
