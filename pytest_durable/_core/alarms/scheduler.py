"""Arms, delivers, retries and abandons the alarms of one namespace.

The scheduler has never heard of objects: it is handed a function that delivers an alarm and another that abandons one,
and a table that keeps a row per alarm. Its memory (timers, retry counts) ends with the life; the rows stay.

An entry is in one of three states: it waits for its time, it runs, or it waits for its retry. A time set while it runs
or waits for a retry is kept aside as ``queued`` and takes over when the run ends (spec 7.6.1).

Source: workerd server/alarm-scheduler.c++; spec durable-objects 7.6, 7.7, 8.
"""

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Final, Protocol

from pytest_durable._core import events
from pytest_durable._core.alarms.bell import Bell
from pytest_durable._core.alarms.retry import GiveUp, RetryState, RunAgain, after_failure
from pytest_durable._core.alarms.run_limit import RunCounter, RunLimit
from pytest_durable._core.errors import AlarmLoopError
from pytest_durable._core.journal import Journal
from pytest_durable._core.life import Life
from pytest_durable._core.messages import ObjectKey
from pytest_durable._core.platform_errors import PlatformError

#: A row of the table: hex id, due time in ns, name.
Row = tuple[str, int, str | None]


class Table(Protocol):
    """The rows of ``metadata.sqlite``."""

    def load(self) -> Iterable[Row]:
        """All rows."""
        ...

    def set(self, actor_hex: str, due_ns: int, name: str | None) -> None:
        """Write a row, durably. Raises PlatformError when that fails; the row is then as before."""

    def delete(self, actor_hex: str) -> None:
        """Delete a row, durably. Raises PlatformError when that fails; the row is then as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmOutcome:
    """How a delivery ended.

    Attributes:
        ran: The handler was called.
        error: What it failed with, or None.
        retry: A failure is to be retried; otherwise the alarm is abandoned.
        counts: The failure counts against the limit of retries.
    """

    ran: bool
    error: str | None = None
    retry: bool = True
    counts: bool = True

    @property
    def is_ok(self) -> bool:
        """Nothing failed (a cancelled delivery is fine too)."""
        return self.error is None


@dataclass(frozen=True, slots=True)
class AlarmDue:
    """One delivery.

    Attributes:
        actor_hex: To whom.
        name: The object's name, where it is known.
        due_ns: For which time.
        retry_count: After how many counted failures.
        is_loaded: The alarm comes from the table as an earlier life left it, so that the id may be anything.
    """

    actor_hex: str
    name: str | None
    due_ns: int
    retry_count: int
    is_loaded: bool = field(default=False, compare=False)


class AlarmState(enum.Enum):
    """Where an alarm stands."""

    WAITING = "waiting"
    RUNNING = "running"
    RETRYING = "retrying"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingAlarm:
    """One alarm as the test sees it.

    Attributes:
        id: Hex id of the object.
        name: The object's name, where it is known.
        due_ns: When it is due, or was due first if it is being retried.
        state: Waiting, running or retrying.
        retry_count: Counted failures so far.
    """

    id: str
    name: str | None
    due_ns: int
    state: AlarmState
    retry_count: int


_FIRST_TRY: Final = RetryState()
#: How far time must move until an alarm runs again that went round at one instant: the platform's unit of time.
_LOOP_PAUSE_NS: Final = 1_000_000


class _Entry:
    """The scheduler's memory of one alarm."""

    __slots__ = ("due_ns", "has_row", "is_dropped", "is_loaded", "key", "queued_ns", "retry", "state")

    def __init__(self, due_ns: int, key: ObjectKey, *, is_loaded: bool) -> None:
        self.due_ns = due_ns
        self.key = key
        self.is_loaded = is_loaded
        self.has_row = True
        #: It runs for the last time, whatever becomes of that.
        self.is_dropped = False
        self.state = AlarmState.WAITING
        self.queued_ns: int | None = None
        self.retry = _FIRST_TRY


Deliver = Callable[[AlarmDue, Callable[[AlarmOutcome], None]], None]
Abandon = Callable[[AlarmDue], bool]


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
        # A row of the table becomes an entry when somebody touches it: most of a hundred thousand are never touched.
        self._rows: dict[str, Row] = {}
        self._entries: dict[str, _Entry] = {}
        self._bell = Bell(life, self._came_due)
        self._runs = RunCounter(limit, now_ns, label)
        self._watchers: dict[str, list[Callable[[AlarmOutcome], None]]] = {}

    def __repr__(self) -> str:
        return f"<AlarmScheduler of {self._namespace}: {len(self._rows) + len(self._entries)} alarms>"

    def load(self) -> None:
        """Let every row ring at its time; overdue ones fire as soon as the loop runs (spec 8.3)."""
        self._rows = {row[0]: row for row in self._table.load()}
        self._bell.load([(due_ns, actor_hex) for actor_hex, due_ns, _ in self._rows.values()])

    def set(self, actor_hex: str, due_ns: int, name: str | None) -> None:
        """Write the row and arm the timer; while the alarm runs or is being retried, queue it.

        Records: AlarmRowWritten, AlarmScheduled.
        """
        self._table.set(actor_hex, due_ns, name)
        entry = self._find(actor_hex)
        if entry is None:
            entry = self._entries[actor_hex] = _Entry(due_ns, self._key(actor_hex, name), is_loaded=False)
        elif name is not None and entry.key.name != name:
            entry.key = self._key(actor_hex, name)
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
        entry = self._find(actor_hex)
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
        entry = self._find(actor_hex)
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
        return sorted({*self._entries, *self._rows})

    def pending(self) -> list[PendingAlarm]:
        """All alarms, by (due, id). One that its own run has deleted is none any more, though that goes on."""
        found = [
            PendingAlarm(id=h, name=e.key.name, due_ns=e.due_ns, state=e.state, retry_count=e.retry.counted)
            for h, e in self._entries.items()
            if e.has_row
        ]
        found += [
            PendingAlarm(id=h, name=name, due_ns=due_ns, state=AlarmState.WAITING, retry_count=0)
            for h, due_ns, name in self._rows.values()
        ]
        return sorted(found, key=lambda alarm: (alarm.due_ns, alarm.id))

    def run_now(self, actor_hex: str, done: Callable[[AlarmOutcome], None]) -> bool:
        """Deliver the alarm of an object at once, on the path it would take at its time.

        Returns:
            False if the object has no alarm; ``done`` is then never called.
        """
        entry = self._find(actor_hex)
        if entry is None:
            return False
        self._watchers.setdefault(actor_hex, []).append(done)
        if entry.state is not AlarmState.RUNNING:
            self._bell.cancel(actor_hex)
            self._fire(actor_hex, entry)
        return True

    def _find(self, actor_hex: str) -> _Entry | None:
        """The entry of an alarm, made of its row if need be; None without alarm."""
        row = self._rows.pop(actor_hex, None)
        if row is None:
            return self._entries.get(actor_hex)
        _, due_ns, name = row
        entry = self._entries[actor_hex] = _Entry(due_ns, self._key(actor_hex, name), is_loaded=True)
        return entry

    def _key(self, actor_hex: str, name: str | None) -> ObjectKey:
        return ObjectKey(self._namespace, actor_hex, name)

    def _forget(self, actor_hex: str, entry: _Entry) -> None:
        if self._entries.get(actor_hex) is entry:
            self._bell.cancel(actor_hex)
            del self._entries[actor_hex]

    def _came_due(self, actor_hex: str) -> None:
        entry = self._find(actor_hex)
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

    def _fire(self, actor_hex: str, entry: _Entry) -> None:
        entry.state = AlarmState.RUNNING
        due = AlarmDue(actor_hex, entry.key.name, entry.due_ns, entry.retry.counted, entry.is_loaded)
        self._journal.record(events.AlarmStarted, entry.key, due.due_ns, due.retry_count)
        self._deliver(due, lambda outcome: self._finished(due, entry, outcome))

    def _finished(self, due: AlarmDue, entry: _Entry, outcome: AlarmOutcome) -> None:
        self._journal.record(
            events.AlarmFinished, entry.key, due.due_ns, due.retry_count, outcome.ran, outcome.is_ok, outcome.error
        )
        self._settle(due, entry, outcome)
        for watcher in self._watchers.pop(due.actor_hex, ()):
            watcher(outcome)

    def _settle(self, due: AlarmDue, entry: _Entry, outcome: AlarmOutcome) -> None:
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

    def _take_over(self, actor_hex: str, entry: _Entry) -> None:
        assert entry.queued_ns is not None
        entry.due_ns, entry.queued_ns = entry.queued_ns, None
        entry.retry = _FIRST_TRY
        entry.is_dropped = False
        entry.state = AlarmState.WAITING
        self._bell.set(actor_hex, entry.due_ns)

    def _retry(self, due: AlarmDue, entry: _Entry, step: RunAgain) -> None:
        entry.retry = step.state
        entry.state = AlarmState.RETRYING
        self._bell.set(due.actor_hex, self._now_ns() + step.delay_ns)
        self._journal.record(events.AlarmRetried, entry.key, due.due_ns, step.delay_ns, step.state.counted)

    def _give_up(self, due: AlarmDue, entry: _Entry) -> None:
        """Spec 7.7.1: the object's own value first, then row and entry; if that fails the row stays."""
        if self._abandon(due):
            self._over(due, entry)
        else:
            self._forget(due.actor_hex, entry)
        self._journal.record(events.AlarmAbandoned, entry.key, due.due_ns)

    def _over(self, due: AlarmDue, entry: _Entry) -> None:
        self._forget(due.actor_hex, entry)
        if not entry.has_row:  # a successful run has usually deleted it already
            return
        try:
            self._delete_row(due.actor_hex, entry)
        except PlatformError as failure:  # the next life delivers it once more, and the object will not run it
            self._journal.record(events.AlarmRowFailed, self._key(due.actor_hex, due.name), failure.message)

    def _delete_row(self, actor_hex: str, entry: _Entry | None) -> None:
        self._table.delete(actor_hex)
        if entry is not None:
            entry.has_row = False
        self._journal.record(events.AlarmRowDeleted, entry.key if entry else self._key(actor_hex, None))
