"""One time for user code and for the loop, whoever is its master: we, freezegun, or time-machine."""

import asyncio
import contextlib
import datetime as dt
import gc
import sys
import time

import freezegun
import pytest
import time_machine

from pytest_durable._core.clock import Clock, new_loop
from pytest_durable._surfaces.wallclock import TravelledWallClock

SECOND = 1_000_000_000
START_NS = 1_893_456_000 * SECOND  # 2030-01-01T00:00:00Z
DAY = 86_400 * SECOND

OURS = pytest.param(contextlib.nullcontext, id="our own travel")
FREEZEGUN = pytest.param(lambda: freezegun.freeze_time("2030-01-01"), id="freezegun")
FREEZEGUN_REAL_ASYNCIO = pytest.param(
    lambda: freezegun.freeze_time("2030-01-01", real_asyncio=True), id="freezegun, real_asyncio"
)
FREEZEGUN_TICKING = pytest.param(lambda: freezegun.freeze_time("2030-01-01", tick=True), id="freezegun, ticking")
TIME_MACHINE = pytest.param(lambda: time_machine.travel("2030-01-01T00:00Z", tick=False), id="time-machine")
TIME_MACHINE_TICKING = pytest.param(
    lambda: time_machine.travel("2030-01-01T00:00Z", tick=True), id="time-machine, ticking"
)
FOREIGN = [FREEZEGUN, FREEZEGUN_REAL_ASYNCIO, FREEZEGUN_TICKING, TIME_MACHINE, TIME_MACHINE_TICKING]
ALL = [OURS, *FOREIGN]


def user_time_ns() -> int:
    """What user code sees, to the microsecond: freezegun's `time_ns` carries the rounding of a float below that."""
    return round(time.time() * 1e6) * 1_000


def user_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@contextlib.contextmanager
def durable_time():
    with TravelledWallClock(START_NS) as wall:
        yield Clock(START_NS, wall)


@contextlib.contextmanager
def freeze_that_moves_when_it_is_read():
    """Each read moves it by 15 seconds, whoever reads.

    Hypothesis reads it twice around each garbage collection, whose moments nobody chooses: none may happen meanwhile.
    """
    gc.disable()
    try:
        with freezegun.freeze_time("2030-01-01", auto_tick_seconds=15) as freeze:
            yield freeze
    finally:
        gc.enable()


def run(clock, main):
    with asyncio.Runner(loop_factory=lambda: new_loop(clock)) as runner:
        return runner.run(main)


# Reading.


@pytest.mark.parametrize("master", ALL)
def test_user_code_and_clock_see_the_same_instant(master):
    with master(), durable_time() as clock:
        assert user_time_ns() == clock.wall_ns


def test_our_own_travel_starts_at_the_nanosecond_asked_for():
    with TravelledWallClock(START_NS + 123_456_789) as wall:
        assert wall.now_ns() == time.time_ns() == START_NS + 123_456_789


@pytest.mark.parametrize("master", FOREIGN)
def test_clock_starts_where_the_users_master_is(master):
    with master(), TravelledWallClock(0) as wall:
        assert abs(Clock(0, wall).wall_ns - START_NS) < 60 * SECOND


@pytest.mark.parametrize("master", [FREEZEGUN_TICKING, TIME_MACHINE_TICKING])
def test_ticking_master_is_pinned(master):
    with master(), durable_time():
        readings = {user_time_ns() for _ in range(10_000)}
    assert len(readings) == 1


def test_ticking_freeze_ticks_again_afterwards():
    with freezegun.freeze_time("2030-01-01", tick=True):
        with durable_time() as clock:
            clock.advance(DAY)
        first = user_time_ns()
        while user_time_ns() == first:
            pass
        assert START_NS + DAY <= first < START_NS + DAY + 60 * SECOND


def test_ticking_travel_ticks_again_afterwards():
    with time_machine.travel("2030-01-01T00:00Z", tick=True):
        with durable_time() as clock:
            clock.advance(DAY)
        first = user_time_ns()
        while user_time_ns() == first:
            pass
        assert START_NS + DAY <= first < START_NS + DAY + 60 * SECOND


def test_reading_does_not_move_a_freeze_that_moves_when_it_is_read():
    with freeze_that_moves_when_it_is_read(), durable_time() as clock:
        assert [clock.wall_ns for _ in range(3)] == [START_NS] * 3


def test_loop_follows_a_freeze_that_moves_when_user_code_reads_it():
    with freeze_that_moves_when_it_is_read(), durable_time() as clock:
        user_now()
        assert clock.elapsed_ns == 15 * SECOND


# Pushing.


@pytest.mark.parametrize("master", ALL)
def test_sleeping_a_day_moves_what_user_code_sees_by_exactly_one_day(master):
    with master(), durable_time() as clock:

        async def main():
            before = user_time_ns(), user_now()
            await asyncio.sleep(86_400)
            return user_time_ns() - before[0], user_now() - before[1]

        assert run(clock, main()) == (DAY, dt.timedelta(days=1))
        assert clock.elapsed_ns == DAY


@pytest.mark.parametrize("master", ALL)
def test_each_item_sees_its_own_instant(master):
    with master(), durable_time() as clock:
        seen = []
        start = clock.wall_ns
        for seconds in (1, 2, 3):
            clock.schedule(start + seconds * SECOND, lambda: seen.append((user_time_ns() - start) // SECOND))

        async def main():
            await asyncio.get_running_loop().pump.move_to(start + 10 * SECOND)

        run(clock, main())
        assert (seen, user_time_ns() - start) == ([1, 2, 3], 10 * SECOND)


@pytest.mark.parametrize("master", [OURS, TIME_MACHINE])
def test_push_of_single_nanoseconds_is_exact(master):
    with master(), durable_time() as clock:
        for _ in range(5):
            clock.advance(1_001)
        assert time.time_ns() == clock.wall_ns == START_NS + 5_005


def test_push_is_rounded_up_to_the_microseconds_of_a_freeze_and_read_back():
    with freezegun.freeze_time("2030-01-01"), durable_time() as clock:
        for _ in range(5):
            clock.advance(1)
        assert (clock.wall_ns, clock.elapsed_ns) == (START_NS + 5_000, 5_000)


# Pulling.


def shift_freeze(seconds):
    def move(master):
        master.tick(dt.timedelta(seconds=seconds))

    return move


def shift_travel(seconds):
    def move(master):
        master.shift(seconds)

    return move


MOVES = [
    pytest.param(FREEZEGUN.values[0], shift_freeze, id="freezegun"),
    pytest.param(FREEZEGUN_REAL_ASYNCIO.values[0], shift_freeze, id="freezegun, real_asyncio"),
    pytest.param(FREEZEGUN_TICKING.values[0], shift_freeze, id="freezegun, ticking"),
    pytest.param(TIME_MACHINE.values[0], shift_travel, id="time-machine"),
    pytest.param(TIME_MACHINE_TICKING.values[0], shift_travel, id="time-machine, ticking"),
]


@pytest.mark.parametrize(("master", "shift"), MOVES)
def test_forward_move_of_the_user_elapses_and_wakes_a_sleeper(master, shift):
    """time-machine alone does not wake a sleeper, freezegun alone does: here both do."""
    with master() as handle, durable_time() as clock:

        async def main():
            sleeper = asyncio.create_task(asyncio.sleep(3600))
            await asyncio.sleep(0)
            shift(3601)(handle)
            for _ in range(3):
                await asyncio.sleep(0)
            assert sleeper.done()

        run(clock, main())
        assert clock.elapsed_ns == 3601 * SECOND


@pytest.mark.parametrize(("master", "shift"), MOVES)
def test_item_that_the_user_jumps_over_runs_late(master, shift):
    with master() as handle, durable_time() as clock:
        seen = []
        due_ns = clock.wall_ns + SECOND
        clock.schedule(due_ns, lambda: seen.append(user_time_ns() - due_ns))

        async def main():
            shift(3601)(handle)
            await asyncio.get_running_loop().pump.settle()

        run(clock, main())
        assert seen == [3600 * SECOND]


@pytest.mark.parametrize(("master", "shift"), MOVES)
def test_backward_move_of_the_user_is_reported_once_and_does_not_undo_elapsed_time(master, shift):
    with master() as handle, durable_time() as clock:
        reports = []
        clock.on_backwards = lambda before_ns, after_ns: reports.append(before_ns - after_ns)
        clock.advance(DAY)
        for _ in range(2):
            shift(-60)(handle)
            clock.pull()
        assert (reports, clock.elapsed_ns, user_time_ns()) == ([60 * SECOND], DAY, clock.wall_ns)


def test_tick_of_a_ticking_freeze_does_not_go_back():
    """Alone, `tick` of a freeze with tick=True starts again from where the freeze began."""
    with freezegun.freeze_time("2030-01-01", tick=True) as freeze, durable_time() as clock:
        clock.advance(DAY)
        before = user_time_ns()
        freeze.tick(0.05)
        assert user_time_ns() - before == 50_000_000


def test_travel_moved_with_tick_on_is_pinned_again():
    with time_machine.travel("2030-01-01T00:00Z", tick=False) as travel, durable_time() as clock:
        travel.move_to("2031-01-01T00:00Z", tick=True)
        first = clock.wall_ns
        assert {user_time_ns() for _ in range(10_000)} == {first}


# Masters that come and go.


def test_freeze_inside_our_travel_is_followed_and_given_up_again():
    with durable_time() as clock:
        with freezegun.freeze_time("2031-01-01"):
            assert clock.wall_ns == user_time_ns() == START_NS + 365 * DAY
        assert clock.wall_ns == user_time_ns() == START_NS


def test_travel_inside_our_travel_is_followed_and_given_up_again():
    with durable_time() as clock:
        with time_machine.travel("2031-01-01T00:00Z"):
            assert clock.wall_ns == user_time_ns() == START_NS + 365 * DAY
        assert clock.wall_ns == user_time_ns() == START_NS


def test_freeze_that_ends_first_leaves_user_code_in_virtual_time():
    freeze = freezegun.freeze_time("2030-01-01")
    freeze.start()
    with durable_time() as clock:
        clock.advance(DAY)
        freeze.stop()
        assert clock.wall_ns == user_time_ns() == START_NS + DAY
    assert not time_machine.escape_hatch.is_travelling()


def test_travel_that_outlives_ours_goes_on():
    """The fixture `time_machine` starts its travel in the test, on top of ours, and ends it after us."""
    travel = time_machine.travel("2031-01-01T00:00Z", tick=False)
    with durable_time():
        travel.start()
    assert user_time_ns() == START_NS + 365 * DAY
    travel.stop()
    assert not time_machine.escape_hatch.is_travelling()


def test_innermost_of_nested_freezes_is_the_master():
    with freezegun.freeze_time("2030-01-01"), freezegun.freeze_time("2030-06-01") as inner, durable_time() as clock:
        clock.advance(DAY)
        assert inner.time_to_freeze == dt.datetime(2030, 6, 2)


def test_freeze_entered_while_the_loop_runs_leaves_its_timers_alone():
    """Alone, all timers made before fire at once, because `time.monotonic` jumps."""
    with durable_time() as clock:

        async def main():
            sleeper = asyncio.create_task(asyncio.sleep(3600))
            await asyncio.sleep(0)
            with freezegun.freeze_time("2030-01-01"):
                await asyncio.sleep(10)
                assert not sleeper.done()
            await sleeper

        run(clock, main())
        assert clock.elapsed_ns == 3600 * SECOND


def test_time_of_our_loop_survives_real_asyncio_on_its_own_class():
    """freezegun overwrites `time` on the class of the loop that the policy makes; our instances do not look there."""
    with durable_time() as clock:

        class Policy(asyncio.DefaultEventLoopPolicy):
            def new_event_loop(self):
                return new_loop(clock)

        before = asyncio.get_event_loop_policy()
        asyncio.set_event_loop_policy(Policy())
        try:
            with freezegun.freeze_time("2030-01-01", real_asyncio=True):
                run(clock, asyncio.sleep(60))
        finally:
            asyncio.set_event_loop_policy(before)
        assert clock.elapsed_ns == 60 * SECOND


def test_real_time_is_back_afterwards():
    with durable_time():
        pass
    assert not time_machine.escape_hatch.is_travelling()
    assert user_time_ns() < START_NS


def test_real_time_is_back_after_an_exception():
    with contextlib.suppress(ZeroDivisionError), durable_time():
        raise ZeroDivisionError
    assert not time_machine.escape_hatch.is_travelling()


def test_closing_twice_does_nothing():
    wall = TravelledWallClock(START_NS)
    with wall:
        pass
    wall.close()


def test_looking_after_the_end_does_not_travel_again():
    with TravelledWallClock(START_NS) as wall:
        pass
    assert wall.now_ns() == START_NS
    assert time_machine.traveller_stack == []


def test_time_machine_inside_freezegun_is_never_tried():
    """time-machine refuses to start there, so we must not need it."""
    with freezegun.freeze_time("2030-01-01"), durable_time() as clock:
        assert not time_machine.escape_hatch.is_travelling()
        clock.advance(DAY)


def test_real_monotonic_clock_is_not_touched():
    with durable_time() as clock:
        before = time.monotonic()
        clock.advance(DAY)
        assert time.monotonic() - before < 3600


def test_freezegun_is_not_imported(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "freezegun"]:
        monkeypatch.delitem(sys.modules, name)
    with durable_time() as clock:
        clock.advance(DAY)
    assert "freezegun" not in sys.modules
