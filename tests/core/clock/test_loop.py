"""The loop: asyncio's semantics on virtual time, and the pump that moves it."""

import asyncio
import math
import sys

import pytest

from pytest_durable._core.clock import Clock, new_loop, pump
from pytest_durable._core.clock import loop as loop_module
from pytest_durable._core.errors import LimitError, TimeBackwardsError

SECOND = 1_000_000_000


# A test's own await.


def test_sleep_takes_exactly_its_length_of_virtual_time(run, clock):
    run(asyncio.sleep(86_400))
    assert clock.elapsed_ns == 86_400 * SECOND


@pytest.mark.parametrize("delay", [0.1, 0.25, 1e-3, 1e-6, 1 / 3, 12_345.678901])
def test_sleeps_add_up_without_drift_even_after_thirty_years(run, clock, delay):
    clock.advance(30 * 365 * 86_400 * SECOND)
    before = clock.elapsed_ns

    async def main():
        for _ in range(100):
            await asyncio.sleep(delay)

    run(main())
    # A loop timer is a float: after thirty years it resolves about 0.1 µs, which is what may be lost per sleep.
    assert abs(clock.elapsed_ns - before - 100 * round(delay * SECOND)) <= 100 * 120


def test_sleep_of_whole_microseconds_is_exact_after_thirty_years(run, clock):
    clock.advance(30 * 365 * 86_400 * SECOND)
    before = clock.elapsed_ns
    run(asyncio.sleep(0.000_123))
    assert clock.elapsed_ns - before == 123_000


def test_deadline_computed_by_adding_floats_is_met(run, clock, loop):
    async def main():
        clock.advance(100_000_000)
        done = asyncio.Event()
        loop.call_at(loop.time() + 0.2, done.set)
        await done.wait()

    run(main())
    assert clock.elapsed_ns == 300_000_000


def test_timeout_expires_in_virtual_time(run, clock):
    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await asyncio.Event().wait()

    run(main())
    assert clock.elapsed_ns == 3600 * SECOND


def test_tasks_wake_in_the_order_of_their_deadlines(run):
    order = []

    async def wait(delay):
        await asyncio.sleep(delay)
        order.append(delay)

    async def main():
        async with asyncio.TaskGroup() as group:
            for delay in (3, 1, 2):
                group.create_task(wait(delay))

    run(main())
    assert order == [1, 2, 3]


def test_timer_at_infinity_never_fires_and_does_not_break_the_loop(run, loop):
    async def main():
        loop.call_later(math.inf, pytest.fail, "fired")
        await asyncio.sleep(1)

    run(main())


def test_call_later_without_a_delay_is_a_type_error(loop):
    with pytest.raises(TypeError, match="delay must not be None"):
        loop.call_later(None, print)


def test_callback_due_now_runs_in_the_next_round_as_in_asyncio(run, loop):
    order = []

    async def main():
        loop.call_later(0, order.append, "timer")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        order.append("test")

    run(main())
    assert order == ["timer", "test"]


def test_loop_that_polls_without_ever_being_idle_still_starts_what_is_due(run, clock):
    done = []

    async def main():
        clock.schedule_after(0, lambda: done.append(1))
        while not done:
            await asyncio.sleep(0)

    run(main())


def test_loop_that_polls_without_ever_being_idle_still_reads_its_descriptors(run):
    async def main():
        reader, writer = await asyncio.open_connection(sock=_connected(asyncio.get_running_loop()))
        while reader.at_eof() is False and not reader._buffer:
            await asyncio.sleep(0)
        writer.close()
        await writer.wait_closed()

    run(main())


def _connected(loop):
    import socket

    ours, theirs = socket.socketpair()
    theirs.send(b"x")
    theirs.close()
    return ours


def test_cancelled_timers_do_not_pile_up(run, loop):
    async def main():
        for _ in range(2_000):
            async with asyncio.timeout(3600):
                await asyncio.sleep(0)

    run(main())
    assert len(loop._scheduled) < 300


def test_exception_of_an_item_goes_to_the_loops_exception_handler(run, loop, clock):
    seen = []
    loop.set_exception_handler(lambda loop, context: seen.append(context["exception"]))
    error = ValueError("broken")

    def fail():
        raise error

    clock.schedule_after(1, fail)
    run(loop.pump.move_to(clock.wall_ns + 1))
    assert seen == [error]


def test_loop_that_runs_for_nobody_jumps_until_it_is_stopped(loop, clock):
    loop.call_later(60, loop.stop)
    loop.run_forever()
    assert clock.elapsed_ns == 60 * SECOND


def test_real_monotonic_clock_is_not_touched(run):
    import time

    before = time.monotonic()
    run(asyncio.sleep(86_400))
    assert time.monotonic() - before < 3600


def test_debug_mode_works(clock):
    loop = new_loop(clock)
    with asyncio.Runner(debug=True, loop_factory=lambda: loop) as runner:
        runner.run(asyncio.sleep(5))
    assert clock.elapsed_ns == 5 * SECOND


def test_exception_of_the_main_coroutine_is_raised_and_counted_as_seen(run):
    async def main():
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        run(main())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
def test_eager_task_factory_works(run, loop, clock):
    loop.set_task_factory(asyncio.eager_task_factory)

    async def main():
        await asyncio.gather(asyncio.sleep(1), asyncio.sleep(2))

    run(main())
    assert clock.elapsed_ns == 2 * SECOND


# move_to.


def test_each_item_runs_at_its_own_instant(run, loop, clock):
    seen = []
    for seconds in (1, 2, 3):
        clock.schedule_after(seconds * SECOND, lambda: seen.append(clock.elapsed_ns // SECOND))
    run(loop.pump.move_to(clock.wall_ns + 10 * SECOND))
    assert (seen, clock.elapsed_ns) == ([1, 2, 3], 10 * SECOND)


def test_move_includes_what_is_due_exactly_at_the_target(run, loop, clock):
    seen = []
    clock.schedule_after(SECOND, lambda: seen.append("at the target"))
    clock.schedule_after(SECOND + 1, lambda: seen.append("after it"))
    run(loop.pump.move_to(clock.wall_ns + SECOND))
    assert seen == ["at the target"]


def test_item_comes_to_rest_before_the_next_one_of_the_same_instant_starts(run, loop, clock):
    order = []

    async def work(name):
        for step in range(3):
            order.append(f"{name}{step}")
            await asyncio.sleep(0)

    tasks = []
    for name in ("b", "a"):
        clock.schedule_after(SECOND, lambda name=name: tasks.append(loop.create_task(work(name))), key=name)
    run(loop.pump.move_to(clock.wall_ns + SECOND))
    assert order == ["a0", "a1", "a2", "b0", "b1", "b2"]


def test_test_that_sleeps_until_the_instant_of_an_item_wakes_after_the_item_has_run(run, loop, clock):
    order = []
    tasks = []

    async def work():
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        order.append("item")

    async def main():
        clock.schedule_after(SECOND, lambda: tasks.append(loop.create_task(work())))
        await asyncio.sleep(1)
        order.append("test")

    run(main())
    assert order == ["item", "test"]


def test_what_an_item_schedules_before_the_target_runs_on_the_same_journey(run, loop, clock):
    seen = []

    def again():
        seen.append(clock.elapsed_ns // SECOND)
        clock.schedule_after(SECOND, again)

    clock.schedule_after(SECOND, again)
    run(loop.pump.move_to(clock.wall_ns + 3 * SECOND))
    assert seen == [1, 2, 3]


def test_sleep_inside_an_item_ends_within_the_journey(run, loop, clock):
    seen = []

    async def work():
        await asyncio.sleep(2)
        seen.append(clock.elapsed_ns // SECOND)

    tasks = []
    clock.schedule_after(SECOND, lambda: tasks.append(loop.create_task(work())))
    run(loop.pump.move_to(clock.wall_ns + 10 * SECOND))
    assert seen == [3]


def test_housekeeping_runs_at_its_instant_when_time_passes_over_it(run, loop, clock):
    seen = []
    clock.schedule_after(SECOND, lambda: seen.append(clock.elapsed_ns), housekeeping=True)
    run(loop.pump.move_to(clock.wall_ns + 2 * SECOND))
    assert seen == [SECOND]


def test_moving_nowhere_runs_what_is_due_now(run, loop, clock):
    seen = []
    clock.schedule_after(0, lambda: seen.append("ran"))
    run(loop.pump.move_to(clock.wall_ns))
    assert (seen, clock.elapsed_ns) == (["ran"], 0)


def test_moving_back_is_refused(run, loop, clock):
    with pytest.raises(TimeBackwardsError) as caught:
        run(loop.pump.move_to(clock.wall_ns - SECOND))
    assert str(caught.value).splitlines()[0] == "The clock cannot go back by 1 s."


def test_two_journeys_at_once_end_each_at_its_own_target(run, loop, clock):
    ends = []

    async def journey(seconds):
        await loop.pump.move_to(clock.wall_ns + seconds * SECOND)
        ends.append(clock.elapsed_ns // SECOND)

    async def main():
        await asyncio.gather(journey(5), journey(2))

    run(main())
    assert ends == [2, 5]


def test_cancelled_journey_moves_time_no_further(run, loop, clock):
    async def main():
        journey = asyncio.create_task(loop.pump.move_to(clock.wall_ns + 100 * SECOND))
        clock.schedule_after(SECOND, journey.cancel)
        with pytest.raises(asyncio.CancelledError):
            await journey
        await loop.pump.settle()

    run(main())
    assert clock.elapsed_ns == SECOND


# settle.


def test_settling_runs_what_can_run_now_and_moves_no_time(run, loop, clock):
    seen = []

    async def work():
        for _ in range(5):
            await asyncio.sleep(0)
        seen.append("worked")
        await asyncio.sleep(1)
        seen.append("too late")

    async def main():
        task = asyncio.create_task(work())
        clock.schedule_after(0, lambda: seen.append("due now"))
        await loop.pump.settle()
        task.cancel()

    run(main())
    assert (sorted(seen), clock.elapsed_ns) == (["due now", "worked"], 0)


# run_until_idle.


def test_running_until_idle_jumps_from_item_to_item(run, loop, clock):
    seen = []
    clock.schedule_after(3600 * SECOND, lambda: clock.schedule_after(3600 * SECOND, lambda: seen.append("second")))
    run(loop.pump.run_until_idle())
    assert (seen, clock.elapsed_ns) == (["second"], 7200 * SECOND)


def test_running_until_idle_does_not_wait_for_housekeeping(run, loop, clock):
    clock.schedule_after(SECOND, lambda: None, housekeeping=True)
    run(loop.pump.run_until_idle())
    assert clock.elapsed_ns == 0


def test_running_until_idle_runs_the_housekeeping_on_its_way(run, loop, clock):
    order = []
    clock.schedule_after(1, lambda: order.append("housekeeping"), housekeeping=True)
    clock.schedule_after(2, lambda: order.append("event"))
    run(loop.pump.run_until_idle())
    assert order == ["housekeeping", "event"]


# Limits.


def test_running_until_idle_gives_up_after_a_hundred_thousand_jumps(run, loop, clock, monkeypatch):
    monkeypatch.setattr(pump, "JUMPS_MAX", 1000)

    def again():
        clock.schedule_after(SECOND, again)

    again()
    with pytest.raises(LimitError) as caught:
        run(loop.pump.run_until_idle())
    assert str(caught.value).splitlines()[0] == (
        "Time jumped 1,000 times in run_until_idle(), and something is still scheduled."
    )
    assert clock.elapsed_ns == 1001 * SECOND  # it stands where the jump leads that was one too many


def test_await_of_a_test_gives_up_after_a_hundred_thousand_jumps(run, clock, monkeypatch):
    monkeypatch.setattr(pump, "JUMPS_MAX", 1000)

    async def forever():
        while True:
            await asyncio.sleep(1)

    async def main():
        task = asyncio.create_task(forever())
        with pytest.raises(LimitError, match="in one await of the test"):
            await task
        assert clock.elapsed_ns == 1001 * SECOND
        task.cancel()

    run(main())


def test_each_await_of_a_test_has_its_own_limit(run, monkeypatch):
    monkeypatch.setattr(pump, "JUMPS_MAX", 10)

    async def main():
        for _ in range(50):
            await asyncio.sleep(1)

    run(main())


def test_journey_with_a_target_may_take_any_number_of_jumps(run, loop, clock, monkeypatch):
    monkeypatch.setattr(pump, "JUMPS_MAX", 10)
    for seconds in range(100):
        clock.schedule_after(seconds * SECOND, lambda: None)
    run(loop.pump.move_to(clock.wall_ns + 100 * SECOND))


def test_items_that_start_each_other_without_letting_time_pass_are_an_error(run, loop, clock, monkeypatch):
    monkeypatch.setattr(pump, "STARTS_AT_ONE_INSTANT_MAX", 1000)

    def again():
        clock.schedule_after(0, again)

    again()
    with pytest.raises(LimitError, match="1,000 items started at one instant"):
        run(loop.pump.move_to(clock.wall_ns + SECOND))


def test_polling_for_what_only_time_can_bring_is_an_error(run, clock, monkeypatch):
    monkeypatch.setattr(loop_module, "BUSY_ROUNDS_MAX", 1000)
    done = []

    async def main():
        clock.schedule_after(SECOND, lambda: done.append(1))
        while not done:
            await asyncio.sleep(0)

    with pytest.raises(LimitError) as caught:
        run(main())
    assert str(caught.value).splitlines()[0] == (
        "The loop has run 1,000 rounds without coming to rest, and virtual time stands still meanwhile."
    )


def test_task_that_polls_in_the_background_fails_the_await_of_the_test(run, loop, clock, monkeypatch):
    monkeypatch.setattr(loop_module, "BUSY_ROUNDS_MAX", 1000)

    async def poll():
        while True:
            await asyncio.sleep(0)

    async def main():
        task = asyncio.create_task(poll())
        with pytest.raises(LimitError):
            await loop.pump.move_to(clock.wall_ns + SECOND)
        with pytest.raises(LimitError):
            await asyncio.sleep(1)
        task.cancel()

    run(main())


def test_polling_with_a_delay_costs_no_real_time(run, clock):
    done = []

    async def main():
        clock.schedule_after(SECOND, lambda: done.append(1))
        while not done:
            await asyncio.sleep(0.01)

    run(main())
    assert clock.elapsed_ns == SECOND


def test_long_work_of_a_test_that_makes_progress_is_not_limited(run, monkeypatch):
    monkeypatch.setattr(loop_module, "BUSY_ROUNDS_MAX", 1000)

    async def nothing():
        pass

    async def main():
        for _ in range(3000):
            await asyncio.create_task(nothing())

    run(main())


# Foreign moves.


class Master:
    shown_ns = 1000 * SECOND

    def now_ns(self):
        return self.shown_ns

    def push(self, delta_ns):
        self.shown_ns += delta_ns


def test_foreign_move_wakes_a_sleeper_within_a_round(monkeypatch):
    master = Master()

    async def main():
        sleeper = asyncio.create_task(asyncio.sleep(3600))
        await asyncio.sleep(0)
        master.shown_ns += 3601 * SECOND
        for _ in range(3):
            await asyncio.sleep(0)
        assert sleeper.done()

    with asyncio.Runner(loop_factory=lambda: new_loop(Clock(0, master))) as runner:
        runner.run(main())


def test_after_a_foreign_move_everything_that_became_due_runs_late_and_in_order():
    master = Master()
    clock = Clock(0, master)
    seen = []

    async def main():
        for seconds in (3, 1, 2):
            clock.schedule_after(seconds * SECOND, lambda s=seconds: seen.append((s, clock.elapsed_ns // SECOND)))
        asyncio.get_running_loop().call_later(2.5, lambda: seen.append((2.5, clock.elapsed_ns // SECOND)))
        master.shown_ns += 100 * SECOND
        await asyncio.get_running_loop().pump.settle()

    with asyncio.Runner(loop_factory=lambda: new_loop(clock)) as runner:
        runner.run(main())
    assert seen == [(1, 100), (2, 100), (2.5, 100), (3, 100)]


def test_sleep_begun_after_a_foreign_move_takes_its_full_length():
    master = Master()
    clock = Clock(0, master)

    async def main():
        master.shown_ns += 3600 * SECOND
        await asyncio.sleep(10)

    with asyncio.Runner(loop_factory=lambda: new_loop(clock)) as runner:
        runner.run(main())
    assert clock.elapsed_ns == 3610 * SECOND
