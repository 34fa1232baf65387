"""Arms, delivers, retries and abandons the alarms of one namespace.

The scheduler has never heard of objects: it is handed a function that delivers an alarm and another that abandons one,
and a table that keeps a row per alarm. Its memory (timers, retry counts) ends with the life; the rows stay.

An entry is in one of three states: it waits for its time, it runs, or it waits for its retry. A time set while it runs
or waits for a retry is kept aside as ``queued`` and takes over when the run ends (spec 7.6.1).

Source: workerd server/alarm-scheduler.c++; spec durable-objects 7.6, 7.7, 8.
"""

from collections.abc import Callable, Iterable
from random import Random
from typing import Final, Protocol

from pytest_durable._core import events
from pytest_durable._core.alarms.bell import Bell
from pytest_durable._core.alarms.delivery import Abandon, AlarmDue, AlarmOutcome, Deliver
from pytest_durable._core.alarms.entries import FIRST_TRY, AlarmState, Entries, Entry, PendingAlarm, Row
from pytest_durable._core.alarms.retry import GiveUp, RunAgain, after_failure
from pytest_durable._core.alarms.run_limit import RunCounter, RunLimit
from pytest_durable._core.errors import AlarmLoopError
from pytest_durable._core.journal import Journal
from pytest_durable._core.life import Life
from pytest_durable._core.messages import ObjectKey
from pytest_durable._core.platform_errors import PlatformError

#: How far time must move until an alarm runs again that went round at one instant: the platform's unit of time.
_LOOP_PAUSE_NS: Final = 1_000_000


class Table(Protocol):
    """The rows of ``metadata.sqlite``."""

    def load(self) -> Iterable[Row]:
        """All rows."""
        ...

    def set(self, actor_hex: str, due_ns: int, name: str | None) -> None:
        """Write a row, durably. Raises PlatformError when that fails; the row is then as before."""

    def delete(self, actor_hex: str) -> None:
        """Delete a row, durably. Raises PlatformError when that fails; the row is then as before."""


class AlarmScheduler:
    """The alarms of one namespace during one life.

    Args:
        namespace: Its unique key; names the objects in records.
        table: Where the rows are kept.
        life: Owns the timers.
        journal: Is told what happens.
        random: Seeded; draws the jitter.
        now_ns: Reads the wall clock.
        deliver: Brings an alarm to its object and calls back with the outcome.
        abandon: Makes the object forget an abandoned alarm without running user code; False: it could not.
        limit: How often one alarm may run in one wait of the test.
        label: How messages call an object.
    """

    def __init__(
        self,
        namespace: str,
        table: Table,
        *,
        life: Life,
        journal: Journal,
        random: Random,
        now_ns: Callable[[], int],
        deliver: Deliver,
        abandon: Abandon,
        limit: RunLimit,
        label: Callable[[ObjectKey], str] = str,
    ) -> None:
        self._namespace = namespace
        self._table = table
        self._journal = journal
        self._random = random
        self._now_ns = now_ns
        self._deliver = deliver
        self._abandon = abandon
        self._entries = Entries(namespace)
        self._bell = Bell(life, self._came_due)
        self._runs = RunCounter(limit, now_ns, label)
        self._watchers: dict[str, list[Callable[[AlarmOutcome], None]]] = {}

    def __repr__(self) -> str:
        return f"<AlarmScheduler of {self._namespace}: {len(self._entries)} alarms>"

    def load(self) -> None:
        """Let every row ring at its time; overdue ones fire as soon as the loop runs (spec 8.3)."""
        self._bell.load(self._entries.load(self._table.load()))

    def set(self, actor_hex: str, due_ns: int, name: str | None) -> None:
        """Write the row and arm the timer; while the alarm runs or is being retried, queue it.

        Records: AlarmRowWritten, AlarmScheduled.
        """
        self._table.set(actor_hex, due_ns, name)
        entry = self._entries.find(actor_hex)
        if entry is None:
            entry = self._entries.add(actor_hex, due_ns, name)
        elif name is not None and entry.key.name != name:
            entry.key = self._entries.key(actor_hex, name)
        self._journal.record(events.AlarmRowWritten, entry.key, due_ns)
        entry.has_row = True
        if entry.state is AlarmState.WAITING:
            entry.due_ns = due_ns
            self._bell.set(actor_hex, due_ns)
        else:
            entry.queued_ns = due_ns
        self._journal.record(events.AlarmScheduled, entry.key, due_ns)

    def delete(self, actor_hex: str) -> None:
        """Delete the row and whatever waits for its time; a run in progress goes on.

        Records: AlarmRowDeleted.
        """
        entry = self._entries.find(actor_hex)
        self._delete_row(actor_hex, entry)
        if entry is None:
            return
        entry.queued_ns = None
        if entry.state is not AlarmState.RUNNING:
            self._forget(actor_hex, entry)

    def drop(self, actor_hex: str) -> None:
        """Be rid of an alarm for good: unlike after ``delete``, a run in progress is not followed by a retry.

        Records: AlarmRowDeleted.
        """
        entry = self._entries.find(actor_hex)
        if entry is None:
            return
        if entry.has_row:
            self._delete_row(actor_hex, entry)
        entry.queued_ns = None
        if entry.state is AlarmState.RUNNING:
            entry.is_dropped = True
        else:
            self._forget(actor_hex, entry)

    def ids(self) -> list[str]:
        """The ids of the objects that have an alarm, sorted."""
        return self._entries.ids()

    def pending(self) -> list[PendingAlarm]:
        """All alarms, by (due, id). One that its own run has deleted is none any more, though that goes on."""
        return self._entries.pending()

    def run_now(self, actor_hex: str, done: Callable[[AlarmOutcome], None]) -> bool:
        """Deliver the alarm of an object at once, on the path it would take at its time.

        Returns:
            False if the object has no alarm; ``done`` is then never called.
        """
        entry = self._entries.find(actor_hex)
        if entry is None:
            return False
        self._watchers.setdefault(actor_hex, []).append(done)
        if entry.state is not AlarmState.RUNNING:
            self._bell.cancel(actor_hex)
            self._fire(actor_hex, entry)
        return True

    def _forget(self, actor_hex: str, entry: Entry) -> None:
        if self._entries.remove(actor_hex, entry):
            self._bell.cancel(actor_hex)

    def _came_due(self, actor_hex: str) -> None:
        entry = self._entries.find(actor_hex)
        assert entry is not None, "the bell rang for an alarm that is gone"
        is_repetition = self._runs.has_run_now(actor_hex)
        try:
            self._runs.count(entry.key)
        except AlarmLoopError:
            # It stays due, and the row stays. One that goes round at one instant would do so again at once, and the end
            # of the test would meet it; so it waits until time passes, and the next journey is told of it again.
            self._bell.set(actor_hex, self._now_ns() + (_LOOP_PAUSE_NS if is_repetition else 0))
            raise
        self._fire(actor_hex, entry)

    def _fire(self, actor_hex: str, entry: Entry) -> None:
        entry.state = AlarmState.RUNNING
        due = AlarmDue(actor_hex, entry.key.name, entry.due_ns, entry.retry.counted, entry.is_loaded)
        self._journal.record(events.AlarmStarted, entry.key, due.due_ns, due.retry_count)
        self._deliver(due, lambda outcome: self._finished(due, entry, outcome))

    def _finished(self, due: AlarmDue, entry: Entry, outcome: AlarmOutcome) -> None:
        self._journal.record(
            events.AlarmFinished, entry.key, due.due_ns, due.retry_count, outcome.ran, outcome.is_ok, outcome.error
        )
        self._settle(due, entry, outcome)
        for watcher in self._watchers.pop(due.actor_hex, ()):
            watcher(outcome)

    def _settle(self, due: AlarmDue, entry: Entry, outcome: AlarmOutcome) -> None:
        """Spec 7.6: a queued time first, then a retry, else the alarm is over."""
        if entry.queued_ns is not None:
            self._take_over(due.actor_hex, entry)
        elif entry.is_dropped:
            self._over(due, entry)
        elif not outcome.is_ok and outcome.retry:
            step = after_failure(entry.retry, counts=outcome.counts, jitter=lambda ms: self._random.randint(0, ms))
            match step:
                case RunAgain():
                    self._retry(due, entry, step)
                case GiveUp():
                    self._give_up(due, entry)
        elif not outcome.is_ok:
            self._give_up(due, entry)
        else:
            self._over(due, entry)

    def _take_over(self, actor_hex: str, entry: Entry) -> None:
        assert entry.queued_ns is not None
        entry.due_ns, entry.queued_ns = entry.queued_ns, None
        entry.retry = FIRST_TRY
        entry.is_dropped = False
        entry.state = AlarmState.WAITING
        self._bell.set(actor_hex, entry.due_ns)

    def _retry(self, due: AlarmDue, entry: Entry, step: RunAgain) -> None:
        entry.retry = step.state
        entry.state = AlarmState.RETRYING
        self._bell.set(due.actor_hex, self._now_ns() + step.delay_ns)
        self._journal.record(events.AlarmRetried, entry.key, due.due_ns, step.delay_ns, step.state.counted)

    def _give_up(self, due: AlarmDue, entry: Entry) -> None:
        """Spec 7.7.1: the object's own value first, then row and entry; if that fails the row stays."""
        if self._abandon(due):
            self._over(due, entry)
        else:
            self._forget(due.actor_hex, entry)
        self._journal.record(events.AlarmAbandoned, entry.key, due.due_ns)

    def _over(self, due: AlarmDue, entry: Entry) -> None:
        self._forget(due.actor_hex, entry)
        if not entry.has_row:  # a successful run has usually deleted it already
            return
        try:
            self._delete_row(due.actor_hex, entry)
        except PlatformError as failure:  # the next life delivers it once more, and the object will not run it
            self._journal.record(events.AlarmRowFailed, self._entries.key(due.actor_hex, due.name), failure.message)

    def _delete_row(self, actor_hex: str, entry: Entry | None) -> None:
        self._table.delete(actor_hex)
        if entry is not None:
            entry.has_row = False
        self._journal.record(events.AlarmRowDeleted, entry.key if entry else self._entries.key(actor_hex, None))
