"""Objects with alarms, and eyes for the two records of an alarm."""

import inspect
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_durable._surfaces.neutral import NeutralObject

#: Where the clock of a test starts, 2030-01-01T00:00:00Z.
START_MS = 1_893_456_000_000
MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a handler. Instants are seconds after the start of the test."""

    at: float
    scheduled: float
    retry_count: int = 0


def ms(seconds: float) -> int:
    """The platform's instant so many seconds after the start of the test."""
    return START_MS + round(seconds * 1000)


def seconds(instant_ms: float) -> float:
    """The reverse of ``ms``."""
    return (instant_ms - START_MS) / 1000


def now_ms() -> int:
    return round(time.time() * 1000)  # as user code does


class Armed(NeutralObject):
    """Sets, clears and shows its alarm. Instants are seconds after the start of the test."""

    async def arm(self, at: float) -> None:
        await self.ctx.storage.setAlarm(ms(at))

    async def disarm(self) -> None:
        await self.ctx.storage.deleteAlarm()

    async def armed(self) -> float | None:
        found = await self.ctx.storage.getAlarm()
        return None if found is None else seconds(found)

    async def write(self, key: str, value: object) -> None:
        await self.ctx.storage.put(key, value)


def recorder(then: Callable[[Any, Any], object] | None = None) -> Any:
    """A class ``Recorder`` whose handler notes each run in ``Recorder.runs`` and then calls ``then(object, info)``."""

    class Recorder(Armed):
        runs: list[Run] = []

        async def alarm(self, info: Any) -> None:
            run = Run(seconds(now_ms()), seconds(info.scheduledTime), info.retryCount)
            assert info.isRetry is (run.retry_count > 0)
            self.runs.append(run)
            result = None if then is None else then(self, info)
            if inspect.isawaitable(result):
                await result

    return Recorder


def failing(times: int) -> Any:
    """A ``Recorder`` whose first ``times`` runs fail."""

    def then(instance: Any, _info: Any) -> None:
        if len(instance.runs) <= times:
            raise ValueError("not yet")

    return recorder(then)


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A database file that nobody else has open."""
    with closing(sqlite3.connect(path)) as connection:
        yield connection
        connection.commit()


def row_of(namespace: Any, stub: Any) -> float | None:
    """The scheduler's record of an object, as it is on the disk."""
    rows = {actor: due_ns for actor, due_ns, _ in namespace.storage_files.stored_alarms()}
    due_ns = rows.get(stub.id.hex)
    return None if due_ns is None else seconds(due_ns / MS)


def scheduler_of(namespace: Any) -> Any:
    """The scheduler of a namespace in the life that runs."""
    return namespace.host._process.require_running().namespaces[namespace.unique_key].scheduler


def value_of(durable: Any, stub: Any) -> float | None:
    """The object's own record, as it is on the disk."""
    due = durable.stored(stub).alarm
    return None if due is None else seconds(due.timestamp() * 1000)


def records_of(durable: Any, namespace: Any, stub: Any) -> tuple[float | None, float | None]:
    """Both records, the object's first."""
    return value_of(durable, stub), row_of(namespace, stub)


def set_row(namespace: Any, actor_hex: str, at: float | None) -> None:
    """Overwrite the scheduler's record while the host is stopped."""
    with opened(namespace.directory / "metadata.sqlite") as metadata:
        metadata.execute("DELETE FROM _cf_ALARM WHERE actor_id = ?", (actor_hex,))
        if at is not None:
            metadata.execute("INSERT INTO _cf_ALARM VALUES (?, ?, NULL)", (actor_hex, ms(at) * MS))


def set_value(namespace: Any, actor_hex: str, at: float | None) -> None:
    """Overwrite the object's own record while the host is stopped."""
    with opened(namespace.directory / f"{actor_hex}.sqlite") as database:
        due_ns = None if at is None else ms(at) * MS
        database.execute("UPDATE _cf_METADATA SET value = ? WHERE key = 1", (due_ns,))
