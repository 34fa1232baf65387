"""``durable.clock``: what a test sees of its clock."""

import asyncio
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from pytest_durable._core.clock import Clock, new_loop
from pytest_durable._core.errors import DurationError, NaiveDatetimeError, TimeBackwardsError
from pytest_durable._hosts.clock_face import ClockFace, PendingItem

SECOND = 1_000_000_000
START = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def core():
    return Clock(1_893_456_000 * SECOND)


@pytest.fixture
def loop(core):
    loop = new_loop(core)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop()
        yield loop


@pytest.fixture
def clock(core, loop):
    return ClockFace(core, lambda: loop.pump)


def nothing():
    pass


def test_present_instant_is_shown_in_three_ways(clock):
    assert (clock.now(), clock.time(), clock.time_ms()) == (START, 1_893_456_000.0, 1_893_456_000_000)


@pytest.mark.parametrize(
    ("duration", "units"),
    [
        ("90s", {}),
        ("1m30s", {}),
        (timedelta(seconds=90), {}),
        (None, {"seconds": 90}),
        (None, {"minutes": 1.5}),
        (None, {"minutes": 1, "seconds": 30}),
        (None, {"hours": 0.025}),
        (None, {"days": 90 / 86_400}),
    ],
)
def test_advancing_takes_text_a_timedelta_or_units(loop, clock, duration, units):
    loop.run_until_complete(clock.advance(duration, **units))
    assert clock.now() == START + timedelta(seconds=90)


def test_advancing_runs_what_becomes_due(loop, clock, core):
    seen = []
    core.schedule_after(60 * SECOND, lambda: seen.append(clock.now()))
    loop.run_until_complete(clock.advance("1h"))
    assert seen == [START + timedelta(minutes=1)]


def test_duration_given_twice_is_refused(loop, clock):
    with pytest.raises(DurationError, match="not both"):
        loop.run_until_complete(clock.advance("1s", seconds=1))


def test_advancing_by_nothing_at_all_is_refused(loop, clock):
    with pytest.raises(DurationError) as caught:
        loop.run_until_complete(clock.advance())
    assert str(caught.value).splitlines() == [
        "advance() needs a length of time, and was given none.",
        "",
        'Say how far:  advance(seconds=60)  or  advance("60s")',
        "To run what can run now, without moving the clock:  await durable.settle()",
    ]


@pytest.mark.parametrize(("duration", "units"), [("0s", {}), (timedelta(), {}), (None, {"seconds": 0})])
def test_advancing_by_zero_moves_nothing(loop, clock, duration, units):
    loop.run_until_complete(clock.advance(duration, **units))
    assert clock.now() == START


@pytest.mark.parametrize(("duration", "units"), [("-1s", {}), (None, {"seconds": -1}), (timedelta(days=-1), {})])
def test_negative_duration_is_refused(loop, clock, duration, units):
    with pytest.raises(TimeBackwardsError):
        loop.run_until_complete(clock.advance(duration, **units))
    assert clock.now() == START


def test_move_to_an_instant_ends_there(loop, clock):
    loop.run_until_complete(clock.move_to(START + timedelta(days=1)))
    assert clock.now() == START + timedelta(days=1)


def test_move_to_an_instant_that_is_over_says_both_instants(loop, clock):
    with pytest.raises(TimeBackwardsError) as caught:
        loop.run_until_complete(clock.move_to(START - timedelta(hours=1)))
    assert str(caught.value).splitlines() == [
        "The clock cannot go back by 1:00:00.",
        "",
        "  clock   2030-01-01T00:00:00+00:00",
        "  target  2029-12-31T23:00:00+00:00",
        "",
        'Start the test earlier instead:  @pytest.mark.durable(start="2029-12-31T00:00:00Z")',
    ]


def test_move_to_a_naive_datetime_is_refused(loop, clock):
    with pytest.raises(NaiveDatetimeError):
        loop.run_until_complete(clock.move_to(datetime(2031, 1, 1)))


def test_move_beyond_the_years_of_a_datetime_is_refused_and_moves_nothing(loop, clock):
    with pytest.raises(DurationError):
        loop.run_until_complete(clock.advance(days=4_000_000))
    assert clock.now() == START


def test_next_due_is_the_earliest_item_or_timer(clock, core, loop):
    assert clock.next_due() is None
    core.schedule_after(60 * SECOND, nothing)
    assert clock.next_due() == START + timedelta(minutes=1)
    loop.call_later(30, nothing)
    assert clock.next_due() == START + timedelta(seconds=30)


def test_next_due_does_not_show_a_cancelled_timer(clock, loop):
    loop.call_later(30, nothing).cancel()
    assert clock.next_due() is None


def test_pending_shows_items_in_order_without_housekeeping(clock, core):
    core.schedule_after(2 * SECOND, nothing, key="b")
    core.schedule_after(SECOND, nothing, key="a")
    core.schedule_after(0, nothing, key="sweep", housekeeping=True)
    assert clock.pending() == (
        PendingItem(due=START + timedelta(seconds=1), key="a"),
        PendingItem(due=START + timedelta(seconds=2), key="b"),
    )


def test_running_until_idle_stands_at_the_last_item(loop, clock, core):
    core.schedule_after(3600 * SECOND, nothing)
    loop.run_until_complete(clock.run_until_idle())
    assert clock.now() == START + timedelta(hours=1)


def test_running_until_idle_hands_its_limit_to_whoever_counts_alarms(loop, core):
    limits = []

    @contextmanager
    def limit(max_alarms):
        limits.append(max_alarms)
        yield
        limits.append("lifted")

    clock = ClockFace(core, lambda: loop.pump, limit)
    loop.run_until_complete(clock.run_until_idle(max_alarms=7))
    assert limits == [7, "lifted"]


def test_repr_tells_the_time_and_what_is_pending(clock, core):
    core.schedule_after(1, nothing)
    assert repr(clock) == "<clock 2030-01-01T00:00:00+00:00, 1 pending>"
