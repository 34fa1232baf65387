"""What the scheduler remembers of each alarm of its namespace.

A row of the table becomes an entry when somebody touches it: most of a hundred thousand are never touched.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pytest_durable._core.alarms.retry import RetryState
from pytest_durable._core.messages import ObjectKey

#: A row of the table: hex id, due time in ns, name.
Row = tuple[str, int, str | None]

FIRST_TRY: Final = RetryState()


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


class Entry:
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
        self.retry = FIRST_TRY


class Entries:
    """The alarms of one namespace during one life.

    Args:
        namespace: Its unique key; names the objects in records.
    """

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._rows: dict[str, Row] = {}
        self._touched: dict[str, Entry] = {}

    def __repr__(self) -> str:
        return f"<Entries of {self._namespace}: {len(self)} alarms>"

    def __len__(self) -> int:
        return len(self._rows) + len(self._touched)

    def load(self, rows: Iterable[Row]) -> list[tuple[int, str]]:
        """Begin with these rows.

        Returns:
            When each is due: an instant and an id.
        """
        self._rows = {row[0]: row for row in rows}
        return [(due_ns, actor_hex) for actor_hex, due_ns, _ in self._rows.values()]

    def find(self, actor_hex: str) -> Entry | None:
        """The entry of an alarm, made of its row if need be; None without alarm."""
        row = self._rows.pop(actor_hex, None)
        if row is None:
            return self._touched.get(actor_hex)
        _, due_ns, name = row
        entry = self._touched[actor_hex] = Entry(due_ns, self.key(actor_hex, name), is_loaded=True)
        return entry

    def add(self, actor_hex: str, due_ns: int, name: str | None) -> Entry:
        """The entry of a new alarm."""
        entry = self._touched[actor_hex] = Entry(due_ns, self.key(actor_hex, name), is_loaded=False)
        return entry

    def remove(self, actor_hex: str, entry: Entry) -> bool:
        """Forget an entry. False: it is gone already, or another has taken its place."""
        if self._touched.get(actor_hex) is not entry:
            return False
        del self._touched[actor_hex]
        return True

    def key(self, actor_hex: str, name: str | None) -> ObjectKey:
        """An object of the namespace, as records name it."""
        return ObjectKey(self._namespace, actor_hex, name)

    def ids(self) -> list[str]:
        """The ids of the objects that have an alarm, sorted."""
        return sorted({*self._touched, *self._rows})

    def pending(self) -> list[PendingAlarm]:
        """All alarms, by (due, id). One that its own run has deleted is none any more, though that goes on."""
        found = [
            PendingAlarm(id=h, name=e.key.name, due_ns=e.due_ns, state=e.state, retry_count=e.retry.counted)
            for h, e in self._touched.items()
            if e.has_row
        ]
        found += [
            PendingAlarm(id=h, name=name, due_ns=due_ns, state=AlarmState.WAITING, retry_count=0)
            for h, due_ns, name in self._rows.values()
        ]
        return sorted(found, key=lambda alarm: (alarm.due_ns, alarm.id))
