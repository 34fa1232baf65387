"""What the same work costs with apsw and asyncio alone."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from time import perf_counter

import apsw

KV = "CREATE TABLE _cf_KV (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID"
ALARM = "CREATE TABLE _cf_ALARM (actor_id TEXT PRIMARY KEY, scheduled_time INTEGER, actor_name TEXT) WITHOUT ROWID"
PUT = "INSERT INTO _cf_KV VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"


def open_wal(path: Path) -> apsw.Connection:
    """A connection as lean as it can be."""
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA synchronous=OFF").fetchall()
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    return connection


class Scratch:
    """A directory for one measurement."""

    def __enter__(self) -> Path:
        self._path = Path(tempfile.mkdtemp())
        return self._path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._path)


def two_databases_with_one_row() -> float:
    """Row 3: create two WAL databases, one row each, close."""
    with Scratch() as directory:
        start = perf_counter()
        for name, ddl, insert in (
            ("a", KV, ("INSERT INTO _cf_KV VALUES ('k', x'FF0F30')")),
            ("b", ALARM, "INSERT INTO _cf_ALARM VALUES ('a', 1, NULL)"),
        ):
            connection = open_wal(directory / name)
            connection.execute(ddl)
            connection.execute(insert)
            connection.close()
        return perf_counter() - start


class Reopened:
    """Row 4: close and reopen both, read one row."""

    def __init__(self) -> None:
        self._scratch = Scratch()
        self._directory = self._scratch.__enter__()
        self._open()
        self._kv.execute(KV)
        self._kv.execute("INSERT INTO _cf_KV VALUES ('k', x'FF0F30')")
        self._alarms.execute(ALARM)

    def _open(self) -> None:
        self._kv, self._alarms = open_wal(self._directory / "a"), open_wal(self._directory / "b")

    def __call__(self) -> float:
        start = perf_counter()
        self._kv.close()
        self._alarms.close()
        self._open()
        self._kv.execute("SELECT value FROM _cf_KV WHERE key = 'k'").fetchall()
        self._alarms.execute("SELECT * FROM _cf_ALARM").fetchall()
        return perf_counter() - start

    def close(self) -> None:
        self._kv.close()
        self._alarms.close()
        self._scratch.__exit__()


def commits(count: int, databases: int = 1) -> float:
    """Rows 6 and 7: seconds per BEGIN, put of changing bytes, COMMIT."""
    with Scratch() as directory:
        connections = [open_wal(directory / str(n)) for n in range(databases)]
        for connection in connections:
            connection.execute(KV)
        start = perf_counter()
        for n in range(count):
            for connection in connections:
                connection.execute("BEGIN")
                connection.execute(PUT, ("k", b"\xff\x0f" + n.to_bytes(20, "big")))
                connection.execute("COMMIT")
        taken = perf_counter() - start
        for connection in connections:
            connection.close()
        return taken / count


async def _tasks(count: int) -> float:
    async def nothing() -> int:
        return 1

    start = perf_counter()
    for _ in range(count):
        await asyncio.create_task(nothing())
    return (perf_counter() - start) / count


def tasks(count: int) -> float:
    """Row 5: seconds per task created and awaited."""
    return asyncio.run(_tasks(count))


def _image_of_an_object() -> bytes:
    """An in-memory database with an alarm, as bytes: how an idle one is kept."""
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)")
    connection.execute("INSERT INTO _cf_METADATA VALUES (1, 1)")
    image = connection.serialize("main")
    connection.close()
    return image


def objects_fired(count: int, directory: Path | None) -> float:
    """Row 9: per object open its database, read and clear its alarm row, delete the row, run a task, close."""

    async def handler() -> None:
        pass

    image = _image_of_an_object()
    names = [f"{n:064x}" for n in range(count)]

    def open_object(name: str) -> apsw.Connection:
        if directory is not None:
            return open_wal(directory / name)
        connection = apsw.Connection(":memory:")
        connection.deserialize("main", image)
        return connection

    async def main() -> float:
        alarms = open_wal(directory / "metadata") if directory else apsw.Connection(":memory:")
        alarms.execute(ALARM)
        with alarms:
            for name in names:
                alarms.execute("INSERT INTO _cf_ALARM VALUES (?, 1, NULL)", (name,))
        if directory is not None:
            with open_wal(directory / "image") as prepared:
                prepared.execute("CREATE TABLE _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)")
                prepared.execute("INSERT INTO _cf_METADATA VALUES (1, 1)")
            prepared.close()
            for name in names:
                shutil.copy(directory / "image", directory / name)
        start = perf_counter()
        for name in names:
            connection = open_object(name)
            connection.execute("SELECT value FROM _cf_METADATA WHERE key = 1").fetchall()
            connection.execute("UPDATE _cf_METADATA SET value = NULL WHERE key = 1")
            alarms.execute("DELETE FROM _cf_ALARM WHERE actor_id = ?", (name,))
            await asyncio.create_task(handler())
            connection.close()
        taken = perf_counter() - start
        alarms.close()
        return taken

    return asyncio.run(main())
