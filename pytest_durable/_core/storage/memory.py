"""Databases that exist only in memory: the open ones as connections of SQLite, the idle ones as their bytes.

SQLite itself keeps the pages of an open one (``sqlite3_deserialize``), so nothing of the traffic between SQLite and its
file passes through Python. Such a file changes only when a transaction commits, because the page cache is told never
to spill: its bytes (``sqlite3_serialize``) are the committed truth at every moment, which is what looking into an
object needs, and what is left when an idle connection is closed.
"""

from dataclasses import dataclass
from typing import Final

import apsw

from pytest_durable._core.storage import layout

#: The bytes of a database that holds nothing yet.
EMPTY: Final = layout.empty_database(apsw.SQLITE_VERSION_NUMBER, is_wal=False)


@dataclass(frozen=True, slots=True)
class Idle:
    """A database that no connection has open."""

    content: bytes
    #: The tables of the platform in it, so that opening need not ask.
    own_tables: frozenset[str]


class MemoryShelf:
    """All databases of a Disk in memory, by path."""

    def __init__(self) -> None:
        self._idle: dict[str, Idle] = {}
        self._open: dict[str, apsw.Connection] = {}

    def create(self, path: str) -> None:
        """Add an empty database."""
        self._idle[path] = Idle(EMPTY, frozenset())

    def take(self, path: str, vfs: str) -> tuple[apsw.Connection, set[str]]:
        """Open a database: its connection, and the tables of the platform that it has."""
        idle = self._idle[path]
        connection = self._open[path] = connection_to(idle.content, vfs)
        return connection, set(idle.own_tables)

    def put_back(self, path: str, own_tables: set[str], *, is_changed: bool) -> None:
        """Keep the committed content of a connection that is about to be closed."""
        connection = self._open.pop(path)
        if is_changed:
            self._idle[path] = Idle(_bytes_of(connection), frozenset(own_tables))

    def content(self, path: str) -> bytes:
        """The committed content, whether a connection has it open or not."""
        connection = self._open.get(path)
        return self._idle[path].content if connection is None else _bytes_of(connection)

    def paths(self) -> list[str]:
        """Those that exist, the open ones included."""
        return list(self._idle)

    def __contains__(self, path: str) -> bool:
        return path in self._idle

    def discard(self, path: str) -> None:
        """Forget a database that nobody has open."""
        self._idle.pop(path, None)

    def clear(self) -> None:
        """Forget all of them; nobody may have one open."""
        assert not self._open, "a database in memory is still open"
        self._idle.clear()


def connection_to(content: bytes, vfs: str) -> apsw.Connection:
    """A connection to a copy of a database; SQL's clock is the one of ``vfs``."""
    connection = apsw.Connection(":memory:", vfs=vfs)
    connection.deserialize("main", content)
    return connection


def _bytes_of(connection: apsw.Connection) -> bytes:
    content = connection.serialize("main")
    assert content is not None, "a database that was deserialized has bytes"
    return content
