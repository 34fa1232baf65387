"""The clock under a master of wall time. What freezegun and time-machine do is tested with the surface."""

import pytest

from pytest_durable._core.clock import Clock

SECOND = 1_000_000_000


class Master:
    """A wall clock that the test moves, with a resolution of its own."""

    def __init__(self, start_ns: int = 1000 * SECOND, resolution_ns: int = 1) -> None:
        self.shown_ns = start_ns
        self.resolution_ns = resolution_ns

    def now_ns(self) -> int:
        return self.shown_ns

    def push(self, delta_ns: int) -> None:
        self.shown_ns += -(-delta_ns // self.resolution_ns) * self.resolution_ns


@pytest.fixture
def master() -> Master:
    return Master()


@pytest.fixture
def clock(master: Master) -> Clock:
    return Clock(0, master)


def nothing() -> None:
    pass


def test_clock_starts_where_its_master_is(clock):
    assert (clock.wall_ns, clock.elapsed_ns) == (1000 * SECOND, 0)


def test_our_move_is_pushed_into_the_master(clock, master):
    clock.advance(SECOND)
    assert (master.shown_ns, clock.wall_ns, clock.elapsed_ns) == (1001 * SECOND, 1001 * SECOND, SECOND)


def test_forward_move_of_the_master_elapses(clock, master):
    master.shown_ns += SECOND
    assert (clock.elapsed_ns, clock.wall_ns, clock.is_late) == (SECOND, 1001 * SECOND, True)


def test_forward_move_of_the_master_makes_items_due(clock, master):
    timer = clock.schedule_after(SECOND, nothing)
    master.shown_ns += 2 * SECOND
    clock.pull()
    assert clock.take_due() is timer


def test_elapsed_time_never_goes_back(clock, master):
    clock.advance(10)
    master.shown_ns -= 500 * SECOND
    assert (clock.elapsed_ns, clock.wall_ns) == (10, 500 * SECOND + 10)


def test_item_scheduled_by_wall_time_moves_away_when_the_wall_clock_goes_back(clock, master):
    timer = clock.schedule(1001 * SECOND, nothing)
    master.shown_ns -= 10 * SECOND
    clock.advance(2 * SECOND)
    assert (clock.take_due(), timer.due_ns) == (None, 1001 * SECOND)
    clock.advance(9 * SECOND)
    assert clock.take_due() is timer


def test_item_scheduled_by_distance_keeps_its_distance_when_the_wall_clock_goes_back(clock, master):
    timer = clock.schedule_after(SECOND, nothing)
    master.shown_ns -= 10 * SECOND
    clock.advance(SECOND)
    assert clock.take_due() is timer


def test_order_of_items_is_made_anew_when_the_wall_clock_goes_back(clock, master):
    by_wall = clock.schedule(1001 * SECOND, nothing)
    by_distance = clock.schedule_after(2 * SECOND, nothing)
    master.shown_ns -= 10 * SECOND
    clock.advance(20 * SECOND)
    assert [clock.take_due(), clock.take_due()] == [by_distance, by_wall]


def test_going_back_is_reported_once(clock, master):
    reports = []
    clock.on_backwards = lambda before_ns, after_ns: reports.append((before_ns, after_ns))
    for _ in range(3):
        master.shown_ns -= SECOND
        clock.pull()
    assert reports == [(1000 * SECOND, 999 * SECOND)]


def test_distance_rounded_up_by_the_master_is_read_back(clock, master):
    """The two clocks must not drift apart by the rounding of each push."""
    master.resolution_ns = 1000
    clock.advance(1)
    assert (clock.wall_ns - 1000 * SECOND, clock.elapsed_ns, clock.is_late) == (1000, 1000, False)


def test_master_that_refuses_to_move_does_not_stop_elapsed_time(clock, master):
    master.push = lambda delta_ns: None
    clock.advance(SECOND)
    assert (clock.elapsed_ns, clock.wall_ns) == (SECOND, 1000 * SECOND)
