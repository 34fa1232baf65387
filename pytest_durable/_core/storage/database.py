"""One open SQLite connection, and what all connections of a Disk share."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import apsw

from pytest_durable._core.storage import layout
from pytest_durable._core.storage.memory import MemoryShelf, configured
from pytest_durable._core.storage.statements import Statements
from pytest_durable._core.storage.vfs import ClockVfs


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskStatistics:
    """A look at the insides of a Disk."""

    #: Databases that are open now.
    open_databases: int
    #: The largest number of databases that were open at one moment.
    open_databases_max: int
    #: Databases opened so far, again after having been put away included.
    opened_count: int
    #: Databases closed so far.
    closed_count: int
    #: Idle databases put away to make room, so far.
    parked_count: int


class Engine:
    """What the databases of one Disk have in common: the VFS, the texts of our statements, settings, counters."""

    def __init__(self, *, wall_ns: Callable[[], int], is_memory: bool, is_synchronous: bool) -> None:
        # Neither the tag nor the name can be observed, so they need not come from the seed; they must not be guessable.
        tag = secrets.token_hex(8)
        self.vfs = ClockVfs(f"durable-{tag}", wall_ns)
        self.memory = MemoryShelf() if is_memory else None
        self.is_synchronous = is_synchronous
        self.statements = Statements.tagged(tag)
        #: Called with the file name and the text of each statement that SQLite starts, on connections opened later.
        self.trace: Callable[[str, str], None] | None = None
        self.opened_count = 0
        self.closed_count = 0

    def open(self, path: str, *, is_wal: bool) -> "Database":
        """Open a database that exists; ``is_wal`` tells whether its file is in WAL mode already."""
        self.opened_count += 1
        if self.memory is not None:
            return MemoryDatabase(self, path, self.memory)
        return DiskDatabase(self, path, is_wal=is_wal)

    def untagged(self, sql: str) -> str:
        """A statement's text without our tag."""
        return sql.removeprefix(f"/*{self.statements.tag}*/ ")

    def end(self) -> None:
        """Unregister the VFS. No connection may be open."""
        if self.memory is not None:
            self.memory.end()
        self.vfs.unregister()


class Database:
    """An open connection that writes."""

    __slots__ = ("_engine", "connection", "execute", "own_tables", "path", "statements")

    def __init__(self, engine: Engine, path: str, cursor: apsw.Cursor) -> None:
        self._engine = engine
        self.path = path
        self.connection: apsw.Connection = cursor.connection
        self.statements = engine.statements
        #: Runs one statement; the cursor is shared by all of our statements, so read its rows to the end at once.
        #: What a row holds is known to the caller, who knows the statement.
        self.execute: Callable[..., Any] = cursor.execute
        #: The tables of the platform that exist, as this connection sees them.
        self.own_tables: set[str] = set()
        if engine.trace is not None:
            self._trace(engine.trace)

    def reload_tables(self) -> None:
        """Ask which tables of the platform exist: after opening, and after a rollback."""
        self.own_tables = {name for (name,) in self.execute(self.statements.own_tables).fetchall()}

    def expect_user_sql(self) -> None:
        """SQL that is not ours is about to run for the first time."""

    def _pragma(self, text: str) -> None:
        # Not cached: the text carries no tag. Rows are read to the end, or the pragma may not take effect.
        self.execute(f"PRAGMA {text}", can_cache=False).fetchall()

    def _trace(self, callback: Callable[[str, str], None]) -> None:
        path, untagged = self.path, self._engine.untagged
        self.connection.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: callback(path, untagged(event["sql"])))

    @property
    def in_transaction(self) -> bool:
        """SQLite's own opinion."""
        return self.connection.in_transaction

    def size(self) -> int:
        """Bytes in use, as the platform counts them. A database without any page counts as one page."""
        ((size,),) = self.execute(self.statements.size).fetchall()
        return int(size) or layout.PAGE_BYTES

    def limit_pages(self, pages_max: int) -> None:
        """Make SQLite report a full disk beyond this size."""
        self._pragma(f"max_page_count = {pages_max:d}")

    def close(self, *, graceful: bool) -> None:
        """Close the connection, and its cursors with it. What is not committed is lost."""
        self.connection.close(True)
        self._engine.closed_count += 1


class DiskDatabase(Database):
    """A file.

    A crash must leave the log as it is, and a crash can come at any instant; so from the first instant the connection
    is told not to checkpoint when it closes, and only a graceful close takes that back.
    """

    __slots__ = ()

    def __init__(self, engine: Engine, path: str, *, is_wal: bool) -> None:
        connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE, vfs=engine.vfs.name)
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        super().__init__(engine, path, configured(connection))
        try:
            if not engine.is_synchronous:
                # Before the switch to WAL, which would sync otherwise.
                self._pragma("synchronous = OFF")
            if not is_wal:
                self._pragma("journal_mode = WAL")
            self.reload_tables()
        except BaseException:
            self.close(graceful=False)
            raise

    def close(self, *, graceful: bool) -> None:
        if graceful:
            self.connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
        super().close(graceful=graceful)


class MemoryDatabase(Database):
    """A database on the shelf: what it has committed goes back there when it is closed, in whatever way."""

    __slots__ = ("_borrowed", "_shelf")

    def __init__(self, engine: Engine, path: str, shelf: MemoryShelf) -> None:
        self._shelf = shelf
        self._borrowed = shelf.take(path, engine.vfs.name)
        super().__init__(engine, path, self._borrowed.cursor)
        self.own_tables = set(self._borrowed.own_tables)
        if engine.trace is not None:
            self._borrowed.is_reusable = False

    def expect_user_sql(self) -> None:
        self.reload_tables()  # reads the schema: before it has, SQLite does not tell where an error is
        self._borrowed.expect_user_sql()

    def limit_pages(self, pages_max: int) -> None:
        self._borrowed.is_reusable = False
        super().limit_pages(pages_max)

    def close(self, *, graceful: bool) -> None:
        if self.in_transaction:  # what is not committed is lost, the tables that it made included
            self._borrowed.is_reusable = False
            self.execute(self.statements.rollback)
            self.reload_tables()
        self._shelf.put_back(self._borrowed, self.own_tables)
        self._engine.closed_count += 1
