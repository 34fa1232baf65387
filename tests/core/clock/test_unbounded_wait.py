"""On whose behalf time moves without a target."""

import asyncio

SECOND = 1_000_000_000


def watch(loop, clock, seen, *delays_s):
    """Note, at each of these instants, the wait for which time moves."""
    for delay_s in delays_s:
        clock.schedule_after(delay_s * SECOND, lambda: seen.append(loop.pump.unbounded_wait))


def test_await_of_the_test_is_one_wait_however_long_it_takes(loop, clock, run):
    seen = []

    async def test():
        watch(loop, clock, seen, 1, 2)
        await asyncio.sleep(3)

    run(test())
    assert seen[0] is seen[1] is not None


def test_next_await_is_another_wait(loop, clock, run):
    seen = []

    async def test():
        watch(loop, clock, seen, 1, 2)
        await asyncio.sleep(1.5)
        await asyncio.sleep(1.5)

    run(test())
    assert None not in seen
    assert seen[0] is not seen[1]


def test_task_that_the_test_awaits_is_one_wait_whatever_it_awaits_itself(loop, clock, run):
    seen = []

    async def naps():
        await asyncio.sleep(1.5)
        await asyncio.sleep(1.5)

    async def test():
        watch(loop, clock, seen, 1, 2)
        await asyncio.create_task(naps())

    run(test())
    assert seen[0] is seen[1] is not None


def test_run_until_idle_is_one_wait(loop, clock, run):
    seen = []

    async def test():
        watch(loop, clock, seen, 1, 2)
        await loop.pump.run_until_idle()
        watch(loop, clock, seen, 1)
        await loop.pump.run_until_idle()

    run(test())
    assert seen[0] is seen[1]
    assert len(set(map(id, seen))) == 2
    assert None not in seen


def test_target_bounds_the_wait(loop, clock, run):
    seen = []

    async def test():
        watch(loop, clock, seen, 1)
        await loop.pump.move_to(clock.wall_ns + 2 * SECOND)

    run(test())
    assert seen == [None]


def test_settling_moves_no_time(loop, clock, run):
    seen = []

    async def test():
        watch(loop, clock, seen, 0)
        await loop.pump.settle()

    run(test())
    assert seen == [None]
