"""One open SQLite connection, and what all connections of a Disk share."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import apsw

from pytest_durable._core.storage import layout
from pytest_durable._core.storage.statements import Statements
from pytest_durable._core.storage.vfs import ClockVfs, MemoryVfs


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
        vfs_name = f"durable-{tag}"
        self.memory = MemoryVfs(vfs_name, wall_ns) if is_memory else None
        self.vfs: ClockVfs = self.memory or ClockVfs(vfs_name, wall_ns)
        self.is_synchronous = is_synchronous
        self.statements = Statements.tagged(tag)
        #: Called with the file name and the text of each statement that SQLite starts, on connections opened later.
        self.trace: Callable[[str, str], None] | None = None
        self.opened_count = 0
        self.closed_count = 0

    def untagged(self, sql: str) -> str:
        """A statement's text without our tag."""
        return sql.removeprefix(f"/*{self.statements.tag}*/ ")

    def end(self) -> None:
        """Unregister the VFS. No connection may be open."""
        self.vfs.unregister()


class Database:
    """An open connection that writes.

    A crash must leave the log as it is, and a crash can come at any instant; so from the first instant the connection
    is told not to checkpoint when it closes, and only a graceful close takes that back.
    """

    __slots__ = ("_engine", "connection", "execute", "own_tables", "statements")

    def __init__(self, engine: Engine, path: str, *, is_wal: bool) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE
        self._engine = engine
        self.connection = connection = apsw.Connection(path, flags=flags, vfs=engine.vfs.name)
        self.statements = engine.statements
        #: Runs one statement; the cursor is shared by all of our statements, so read its rows to the end at once.
        #: What a row holds is known to the caller, who knows the statement.
        self.execute: Callable[..., Any] = connection.cursor().execute
        engine.opened_count += 1
        try:
            self._configure(is_wal=is_wal)
            self.reload_tables()
        except BaseException:
            self.close(graceful=False)
            raise

    def _configure(self, *, is_wal: bool) -> None:
        connection = self.connection
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 1)
        connection.limit(apsw.SQLITE_LIMIT_LENGTH, layout.ROW_BYTES_MAX)
        if self._engine.trace is not None:
            self._trace(self._engine.trace)
        if self._engine.memory is not None:
            # Nobody else opens the file, and its bytes change only at a commit: see MemoryVfs.
            self._pragmas("journal_mode = MEMORY", "synchronous = OFF", "locking_mode = EXCLUSIVE", "cache_spill = OFF")
            return
        if not self._engine.is_synchronous:
            # Before the switch to WAL, which would sync otherwise.
            self._pragmas("synchronous = OFF")
        if not is_wal:
            self._pragmas("journal_mode = WAL")

    def reload_tables(self) -> None:
        """Ask which tables of the platform exist: after opening, and after a rollback."""
        #: The tables of the platform that exist, as this connection sees them.
        self.own_tables: set[str] = {name for (name,) in self.execute(self.statements.own_tables).fetchall()}

    def _pragmas(self, *texts: str) -> None:
        # Not cached: the text carries no tag. Rows are read to the end, or the pragma may not take effect.
        self.execute("; ".join([f"PRAGMA {text}" for text in texts]), can_cache=False).fetchall()

    def _trace(self, callback: Callable[[str, str], None]) -> None:
        path = self.connection.filename
        untagged = self._engine.untagged
        self.connection.trace_v2(apsw.SQLITE_TRACE_STMT, lambda event: callback(path, untagged(event["sql"])))

    @property
    def in_transaction(self) -> bool:
        """SQLite's own opinion."""
        return self.connection.in_transaction

    def size(self) -> int:
        """Bytes in use, as the platform counts them. A database without any page counts as one page."""
        ((size,),) = self.execute(self.statements.size).fetchall()
        return int(size) or 4096

    def limit_pages(self, pages_max: int) -> None:
        """Make SQLite report a full disk beyond this size."""
        self._pragmas(f"max_page_count = {pages_max:d}")

    def close(self, *, graceful: bool) -> None:
        """Close the connection, and its cursors with it. What is not committed is lost."""
        if graceful:
            self.connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
        self.connection.close(True)
        self._engine.closed_count += 1
