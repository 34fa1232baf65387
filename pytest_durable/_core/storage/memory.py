"""Databases that exist only in memory: the open ones as connections of SQLite, the idle ones as their bytes.

SQLite itself keeps the pages of an open one (``sqlite3_deserialize``), so nothing of the traffic between SQLite and its
file passes through Python. Such a file changes only when a transaction commits, because the page cache is told never
to spill: its bytes (``sqlite3_serialize``) are the committed truth at every moment, which is what looking into an
object needs, and what is left when an idle connection is closed.

A connection that has run no SQL but ours is kept for the next database: our statements stay prepared in it, and that
is most of what opening one costs.
"""

from dataclasses import dataclass
from typing import Final

import apsw

from pytest_durable._core.storage import layout

#: The bytes of a database that holds nothing yet.
EMPTY: Final = layout.empty_database(apsw.SQLITE_VERSION_NUMBER, is_wal=False)

#: Connections kept for later. A few are enough, because what is opened is usually put back before long.
_SPARES_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class Idle:
    """A database that no connection has open."""

    content: bytes
    #: The tables of the platform in it, so that opening need not ask.
    own_tables: frozenset[str]


class Borrowed:
    """A connection while a database is in it."""

    __slots__ = ("_changes_before", "_version", "connection", "cursor", "is_reusable", "own_tables", "path")

    def __init__(self, path: str, idle: Idle, cursor: apsw.Cursor) -> None:
        self.path = path
        self.own_tables = idle.own_tables
        self.cursor = cursor
        self.connection: apsw.Connection = cursor.connection
        #: Nothing has been done to the connection that the next database could notice.
        self.is_reusable = True
        self.connection.deserialize("main", idle.content)
        self._version = self.connection.data_version()
        self._changes_before = self.connection.total_changes()

    @property
    def content(self) -> bytes:
        """What is committed."""
        content = self.connection.serialize("main")
        assert content is not None, "a database that was deserialized has bytes"
        return content

    @property
    def is_changed(self) -> bool:
        """Whether something was committed."""
        return self.connection.data_version() != self._version

    def expect_user_sql(self) -> None:
        """Users may ask for what SQLite counts on a connection: let it seem to begin with this database."""
        self.is_reusable = False
        if self._changes_before == 0:
            return
        self.connection.create_scalar_function("total_changes", self._total_changes, 0)
        self.connection.create_scalar_function("changes", self._changes, 0)
        if self._total_changes() == 0:
            self.connection.set_last_insert_rowid(0)

    def _total_changes(self, *_: object) -> int:
        return self.connection.total_changes() - self._changes_before

    def _changes(self, *_: object) -> int:
        return self.connection.changes() if self._total_changes() else 0


class MemoryShelf:
    """All databases of a Disk in memory, by path."""

    def __init__(self) -> None:
        self._idle: dict[str, Idle] = {}
        self._open: dict[str, Borrowed] = {}
        #: What is no database.
        self._plain: dict[str, bytes] = {}
        self._spares: list[apsw.Cursor] = []

    def create(self, path: str, content: bytes | None = None) -> None:
        """Add a database, by default an empty one."""
        if content is None:
            self._idle[path] = Idle(EMPTY, frozenset())
        else:
            self._idle[path] = Idle(content, _own_tables(content))

    def write(self, path: str, offset: int, content: bytes) -> None:
        """Let a file that is no database end with ``content`` at ``offset``."""
        self._plain[path] = self._plain.get(path, b"")[:offset] + content

    def take(self, path: str, vfs: str) -> Borrowed:
        """Open a database; SQL's clock is the one of ``vfs``."""
        cursor = self._spares.pop() if self._spares else _new_connection(vfs)
        borrowed = self._open[path] = Borrowed(path, self._idle[path], cursor)
        return borrowed

    def put_back(self, borrowed: Borrowed, own_tables: set[str]) -> None:
        """Keep the committed content of a connection, and the connection if it is as good as new."""
        del self._open[borrowed.path]
        if borrowed.is_changed:
            self._idle[borrowed.path] = Idle(borrowed.content, frozenset(own_tables))
        connection = borrowed.connection
        if borrowed.is_reusable and not connection.in_transaction and len(self._spares) < _SPARES_MAX:
            self._spares.append(borrowed.cursor)
        else:
            connection.close(True)

    def content(self, path: str) -> bytes:
        """The committed content, whether a connection has it open or not."""
        if path in self._plain:
            return self._plain[path]
        borrowed = self._open.get(path)
        return self._idle[path].content if borrowed is None else borrowed.content

    def paths(self) -> list[str]:
        """Those that exist, the open ones included."""
        return [*self._idle, *self._plain]

    def __contains__(self, path: str) -> bool:
        return path in self._idle or path in self._plain

    def discard(self, path: str) -> None:
        """Forget a file that nobody has open."""
        self._idle.pop(path, None)
        self._plain.pop(path, None)

    def clear(self) -> None:
        """Forget all of them; nobody may have one open."""
        assert not self._open, "a database in memory is still open"
        self._idle.clear()
        self._plain.clear()

    def end(self) -> None:
        """Close what is kept for later."""
        for cursor in self._spares:
            cursor.connection.close(True)
        self._spares.clear()


def _own_tables(content: bytes) -> frozenset[str]:
    connection = apsw.Connection(":memory:")
    try:
        connection.deserialize("main", content)
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    finally:
        connection.close(True)
    return frozenset(str(name) for (name,) in names if str(name).startswith(layout.OWN_PREFIX))


def _new_connection(vfs: str) -> apsw.Cursor:
    cursor = configured(apsw.Connection(":memory:", vfs=vfs))
    # The bytes of the database are to change only at a commit; holds for each database that comes into it.
    cursor.execute("PRAGMA cache_spill = OFF", can_cache=False).fetchall()
    return cursor


def configured(connection: apsw.Connection) -> apsw.Cursor:
    """Set what the platform sets on every connection; a cursor on it for our own statements."""
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 1)
    connection.limit(apsw.SQLITE_LIMIT_LENGTH, layout.ROW_BYTES_MAX)
    return connection.cursor()
