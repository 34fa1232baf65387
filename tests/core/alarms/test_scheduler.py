"""The scheduler alone: its table, its timers and its object are written down by the test."""

from collections.abc import Callable
from random import Random

import pytest

from pytest_durable._core import events
from pytest_durable._core.alarms import AlarmDue, AlarmOutcome, AlarmScheduler, AlarmState, RunLimit
from pytest_durable._core.journal import Journal
from pytest_durable._core.life import Behind

A, B = "a" * 64, "b" * 64
SECOND = 1_000_000_000
OK = AlarmOutcome(ran=True)
CANCELLED = AlarmOutcome(ran=False)
FAILED = AlarmOutcome(ran=True, error="ValueError: no")
UNCOUNTED = AlarmOutcome(ran=False, error="Error: no", counts=False)
NOT_AGAIN = AlarmOutcome(ran=True, error="Error: no", retry=False)


class Timer:
    def __init__(self, due_ns: int, key: str, callback: Callable[[], None], behind: Behind) -> None:
        self.due_ns, self.key, self.callback, self.behind = due_ns, key, callback, behind
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class World:
    """A table, a clock, and an object whose runs end when the test says how."""

    def __init__(self, rows: dict[str, tuple[int, str | None]] | None = None) -> None:
        self.rows = rows or {}
        self.log: list[str] = []
        self.now_ns = 0
        self.timers: list[Timer] = []
        self.delivered: list[AlarmDue] = []
        self.running: list[Callable[[AlarmOutcome], None]] = []
        self.forgets = True
        self.journal = Journal(lambda: self.now_ns)
        self.scheduler = AlarmScheduler(
            "ns",
            self,
            life=self,  # type: ignore[arg-type]
            journal=self.journal,
            random=Random(0),
            now_ns=lambda: self.now_ns,
            deliver=self._deliver,
            abandon=self._abandon,
            limit=RunLimit(lambda: None),
        )

    # The table.

    def load(self) -> list[tuple[str, int, str | None]]:
        return [(actor, due, name) for actor, (due, name) in self.rows.items()]

    def set(self, actor_hex: str, due_ns: int, name: str | None) -> None:
        self.log.append(f"set {due_ns}")
        self.rows[actor_hex] = (due_ns, name)

    def delete(self, actor_hex: str) -> None:
        self.log.append("delete")
        self.rows.pop(actor_hex, None)

    # The life.

    def at(self, due_ns: int, callback: Callable[[], None], *, key: str = "", behind: Behind) -> Timer:
        timer = Timer(due_ns, key, callback, behind)
        self.timers.append(timer)
        return timer

    # The object.

    def _deliver(self, due: AlarmDue, done: Callable[[AlarmOutcome], None]) -> None:
        self.delivered.append(due)
        self.running.append(done)

    def _abandon(self, due: AlarmDue) -> bool:
        self.log.append(f"abandon {due.due_ns}")
        return self.forgets

    # What the test does.

    @property
    def armed(self) -> list[int]:
        living = [timer for timer in self.timers if not timer.is_cancelled]
        return sorted([timer.due_ns for timer in living] + [due for timer in living for due, _ in timer.behind])

    def pass_time(self) -> None:
        """Move to the next timer and let it fire."""
        timer = min((timer for timer in self.timers if not timer.is_cancelled), key=lambda timer: timer.due_ns)
        self.timers.remove(timer)
        timer.behind.took()
        self.now_ns = max(self.now_ns, timer.due_ns)
        timer.callback()

    def end_run(self, outcome: AlarmOutcome) -> None:
        self.running.pop(0)(outcome)

    def states(self) -> list[tuple[int, AlarmState, int]]:
        return [(alarm.due_ns, alarm.state, alarm.retry_count) for alarm in self.scheduler.pending()]


@pytest.fixture
def world():
    return World()


def test_setting_writes_the_row_and_arms_the_timer(world):
    world.scheduler.set(A, 100, "a")
    assert (world.rows, world.armed) == ({A: (100, "a")}, [100])


@pytest.mark.parametrize("due", [50, 150], ids=["earlier", "later"])
def test_setting_again_replaces_row_and_timer(world, due):
    world.scheduler.set(A, 100, "a")
    world.scheduler.set(A, due, "a")
    assert (world.rows, world.armed) == ({A: (due, "a")}, [due])


def test_deleting_removes_the_row_and_the_timer(world):
    world.scheduler.set(A, 100, "a")
    world.scheduler.delete(A)
    assert (world.rows, world.armed, world.scheduler.pending()) == ({}, [], [])


def test_deleting_what_is_not_there_is_harmless(world):
    world.scheduler.delete(A)
    assert world.scheduler.pending() == []


def test_alarm_is_delivered_with_its_time_and_the_name_of_its_object(world):
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    assert world.delivered == [AlarmDue(A, "a", 100, 0)]


def test_name_is_kept_when_a_later_set_does_not_know_it(world):
    # DO-8.2.1
    world.scheduler.set(A, 100, "a")
    world.scheduler.set(A, 50, None)
    world.pass_time()
    assert world.delivered == [AlarmDue(A, "a", 50, 0)]


def test_row_and_entry_go_after_a_run_that_succeeded(world):
    # DO-7.6.3
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    world.end_run(OK)
    assert (world.rows, world.armed, world.scheduler.pending()) == ({}, [], [])


def test_row_that_the_object_has_deleted_is_not_deleted_twice(world):
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    world.scheduler.delete(A)
    world.end_run(OK)
    assert world.log == ["set 100", "delete"]


def test_row_and_entry_go_after_a_cancelled_delivery(world):
    # DO-7.6.3
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    world.end_run(CANCELLED)
    assert (world.rows, world.scheduler.pending()) == ({}, [])


def test_failed_run_is_repeated_with_the_same_time_and_the_next_count(world):
    # DO-7.6.2
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    world.end_run(FAILED)
    assert world.states() == [(100, AlarmState.RETRYING, 1)]
    world.pass_time()
    assert world.delivered[1] == AlarmDue(A, "a", 100, 1)
    assert 2 * SECOND <= world.now_ns - 100 <= 2.5 * SECOND


def test_row_stays_while_an_alarm_is_retried(world):
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    world.end_run(FAILED)
    assert world.rows == {A: (100, "a")}


def test_time_set_during_a_run_waits_for_its_end(world):
    # DO-7.3.4
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    world.scheduler.set(A, 50, "a")
    assert (world.armed, world.rows) == ([], {A: (50, "a")})
    world.end_run(OK)
    assert (world.armed, world.rows) == ([50], {A: (50, "a")})


def test_time_set_during_a_run_replaces_its_retry(world):
    # DO-7.6.1
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    world.end_run(FAILED)
    world.pass_time()
    world.scheduler.set(A, 9 * SECOND, "a")
    world.end_run(FAILED)
    assert world.states() == [(9 * SECOND, AlarmState.WAITING, 0)]
    assert world.armed == [9 * SECOND]


def test_time_set_during_a_retry_wait_waits_for_the_retry(world):
    # DO-7.6.1
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    world.end_run(FAILED)
    retry_at = world.armed
    world.scheduler.set(A, 200, "a")
    assert world.armed == retry_at
    world.pass_time()
    assert world.delivered[1] == AlarmDue(A, "a", 100, 1)
    world.end_run(CANCELLED)
    assert world.states() == [(200, AlarmState.WAITING, 0)]


def test_deleting_during_a_retry_wait_ends_the_alarm(world):
    # DO-7.6.T2.3
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    world.end_run(FAILED)
    world.scheduler.delete(A)
    assert (world.rows, world.armed, world.scheduler.pending()) == ({}, [], [])


def test_deleting_drops_the_time_that_was_queued_during_a_run(world):
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    world.scheduler.set(A, 200, "a")
    world.scheduler.delete(A)
    world.end_run(OK)
    assert (world.rows, world.armed, world.scheduler.pending()) == ({}, [], [])


def test_seventh_failure_abandons_the_alarm_and_removes_the_row_last(world):
    # DO-7.7.1
    world.scheduler.set(A, 100, "a")
    for _ in range(7):
        world.pass_time()
        world.end_run(FAILED)
    assert world.log == ["set 100", "abandon 100", "delete"]
    assert (world.rows, world.armed, world.scheduler.pending()) == ({}, [], [])


def test_failure_that_must_not_be_retried_abandons_the_alarm_at_once(world):
    # DO-7.6.3
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    world.end_run(NOT_AGAIN)
    assert world.log == ["set 100", "abandon 100", "delete"]


def test_row_is_kept_when_the_object_could_not_forget_an_abandoned_alarm(world):
    # DO-7.7.1: the next life fires it again.
    world.forgets = False
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    world.end_run(NOT_AGAIN)
    assert (world.rows, world.armed, world.scheduler.pending()) == ({A: (100, "a")}, [], [])


def test_time_queued_during_a_run_that_must_not_be_retried_is_scheduled(world):
    # DO-7.7.1
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    world.scheduler.set(A, 200, "a")
    world.end_run(NOT_AGAIN)
    assert (world.armed, world.rows) == ([200], {A: (200, "a")})


def test_failures_that_do_not_count_are_retried_for_ever(world):
    # DO-7.6.T1.4
    world.scheduler.set(A, 0, "a")
    for _ in range(50):
        world.pass_time()
        world.end_run(UNCOUNTED)
    assert {due.retry_count for due in world.delivered} == {0}
    assert world.rows == {A: (0, "a")}


def test_every_row_gets_a_timer_at_the_start():
    # DO-8.3.P
    world = World({A: (100, "a"), B: (50, None)})
    world.scheduler.load()
    assert world.armed == [50, 100]
    assert [(alarm.id, alarm.name) for alarm in world.scheduler.pending()] == [(B, None), (A, "a")]


def test_overdue_rows_are_armed_for_their_own_time_and_start_without_a_count():
    # DO-8.3.P
    world = World({A: (100, "a")})
    world.now_ns = 10 * SECOND
    world.scheduler.load()
    world.pass_time()
    assert world.delivered == [AlarmDue(A, "a", 100, 0)]


def test_alarms_are_shown_by_time_and_then_by_id(world):
    for actor, due in ((B, 100), (A, 100), ("c" * 64, 50)):
        world.scheduler.set(actor, due, None)
    assert [alarm.id[0] for alarm in world.scheduler.pending()] == ["c", "a", "b"]


def test_run_on_demand_takes_the_place_of_the_timer(world):
    outcomes = []
    world.scheduler.set(A, 100, "a")
    assert world.scheduler.run_now(A, outcomes.append)
    assert (world.armed, world.delivered) == ([], [AlarmDue(A, "a", 100, 0)])
    world.end_run(OK)
    assert outcomes == [OK]


def test_run_on_demand_joins_a_run_in_progress(world):
    # DO-7.3.4
    outcomes = []
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    assert world.scheduler.run_now(A, outcomes.append)
    assert len(world.delivered) == 1
    world.end_run(OK)
    assert outcomes == [OK]


def test_run_on_demand_of_no_alarm_does_nothing(world):
    assert not world.scheduler.run_now(A, pytest.fail)
    assert world.delivered == []


def test_run_on_demand_of_a_retry_keeps_its_count(world):
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    world.end_run(FAILED)
    world.scheduler.run_now(A, lambda _outcome: None)
    assert world.delivered[1] == AlarmDue(A, "a", 100, 1)


def test_life_of_an_alarm_is_told_in_order(world):
    world.scheduler.set(A, 100, "a")
    world.pass_time()
    world.end_run(FAILED)
    world.pass_time()
    world.end_run(NOT_AGAIN)
    assert [type(record) for record in world.journal] == [
        events.AlarmRowWritten,
        events.AlarmScheduled,
        events.AlarmStarted,
        events.AlarmFinished,
        events.AlarmRetried,
        events.AlarmStarted,
        events.AlarmFinished,
        events.AlarmRowDeleted,
        events.AlarmAbandoned,
    ]
