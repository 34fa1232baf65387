"""Counting runs within one wait and at one instant."""

import pytest

from pytest_durable._core.alarms.run_limit import RUNS_MAX, RunCounter, RunLimit
from pytest_durable._core.errors import AlarmLoopError
from pytest_durable._core.messages import ObjectKey

A, B = ObjectKey("ns", "a" * 64, "a"), ObjectKey("ns", "b" * 64, "b")


class World:
    """The wait that goes on and the clock, set by the test."""

    def __init__(self) -> None:
        self.wait: object | None = None
        self.now_ns = 0
        self.limit = RunLimit(lambda: self.wait)
        self.counter = RunCounter(self.limit, lambda: self.now_ns)

    def run(self, times: int, key: ObjectKey = A, *, time_passes: bool = True) -> None:
        for _ in range(times):
            self.now_ns += time_passes
            self.counter.count(key)


@pytest.fixture
def world():
    return World()


def test_runs_without_a_wait_are_not_limited_while_time_passes(world):
    world.run(3 * RUNS_MAX)


def test_runs_at_one_instant_are_limited_without_a_wait(world):
    world.run(RUNS_MAX, time_passes=False)
    with pytest.raises(AlarmLoopError, match="at one instant"):
        world.run(1, time_passes=False)


def test_runs_in_one_wait_are_limited(world):
    world.wait = object()
    world.run(RUNS_MAX)
    with pytest.raises(AlarmLoopError, match="in one await of the test"):
        world.run(1)


def test_next_wait_is_counted_from_zero(world):
    for _ in range(3):
        world.wait = object()
        world.run(RUNS_MAX)


def test_counting_starts_anew_after_the_error(world):
    world.wait = object()
    world.run(RUNS_MAX)
    with pytest.raises(AlarmLoopError):
        world.run(1)
    world.run(RUNS_MAX)


def test_each_alarm_has_its_own_count(world):
    world.wait = object()
    world.run(RUNS_MAX, A)
    world.run(RUNS_MAX, B)


def test_limit_of_run_until_idle_holds_within_its_block_only(world):
    with world.limit.until_idle(2):
        world.wait = object()
        world.run(2)
        with pytest.raises(AlarmLoopError, match=r"after 2 runs in run_until_idle\(\)"):
            world.run(1)
    world.wait = object()
    world.run(3)


def test_runs_in_a_wait_that_ends_by_itself_are_not_limited(world):
    world.wait = object()
    with world.limit.bounded():
        world.run(2 * RUNS_MAX)


def test_alarm_that_was_refused_has_not_run_at_that_instant(world):
    with world.limit.until_idle(1):
        world.wait = object()
        world.run(1)
        with pytest.raises(AlarmLoopError):
            world.run(1)
    assert not world.counter.has_run_now(A.hex)


def test_alarm_has_run_now_until_time_passes(world):
    world.run(1)
    assert world.counter.has_run_now(A.hex)
    world.now_ns += 1
    assert not world.counter.has_run_now(A.hex)
