"""Databases that are open, the idle ones put away when there are too many.

A namespace with thousands of objects must not hold thousands of file descriptors. An idle database is closed in order
and reopened at its next use; nobody sees a difference.
"""

from collections import OrderedDict
from typing import Final, Protocol

import apsw

from pytest_durable._core.errors import DamagedFileError, DirectoryError, DurableError, StorageClosedError
from pytest_durable._core.storage import layout
from pytest_durable._core.storage.database import Database, DiskStatistics, Engine
from pytest_durable._core.storage.doors import Doors
from pytest_durable._core.storage.files import Files, delete_database


class Occupant(Protocol):
    """Whoever uses a database, as far as its file asks and tells them."""

    def opened(self, database: Database) -> None:
        """It was opened, for the first time or again."""

    def parked(self, database: Database) -> None:
        """It is about to be put away; keep nothing of it."""

    def is_idle(self) -> bool:
        """Whether it may be put away now."""
        ...


class Nobody:
    """The occupant of a database that nobody has moved into, or that was left."""

    def opened(self, database: Database) -> None:
        """Ignored."""

    def parked(self, database: Database) -> None:
        """Ignored."""

    def is_idle(self) -> bool:
        """Always."""
        return True


NOBODY: Final = Nobody()

#: What is wrong with a file whose texts cannot be read.
NOT_UTF8: Final = "a name or a text in it is not UTF-8"


class Pool:
    """Least recently used first. Databases in use (a transaction, a cursor) are never closed, even above the limit."""

    def __init__(self, engine: Engine, *, open_max: int) -> None:
        self.engine = engine
        self._open_max = open_max
        self._open: OrderedDict[PooledDatabase, None] = OrderedDict()
        #: The one used last; most uses follow each other.
        self.newest: PooledDatabase | None = None
        self._parked_count = 0
        self._open_databases_max = 0

    def admit(self, member: "PooledDatabase") -> None:
        """Count ``member`` as open; put an idle one away first if there are too many."""
        if len(self._open) >= self._open_max:
            self._make_room()
        self._open[member] = None
        self.newest = member
        self._open_databases_max = max(self._open_databases_max, len(self._open))

    def touch(self, member: "PooledDatabase") -> None:
        """``member`` is being used now."""
        self._open.move_to_end(member)
        self.newest = member

    def leave(self, member: "PooledDatabase") -> None:
        """``member`` is closed."""
        self._open.pop(member, None)
        if self.newest is member:
            self.newest = None

    def holds(self, path: str) -> bool:
        """Whether a connection of this Disk has the file open."""
        return any(member.path == path for member in self._open)

    def _make_room(self) -> None:
        idle = next((member for member in self._open if member.occupant.is_idle()), None)
        if idle is not None:
            idle.park()
            self._parked_count += 1

    def statistics(self) -> DiskStatistics:
        """The counters now."""
        return DiskStatistics(
            open_databases=len(self._open),
            open_databases_max=self._open_databases_max,
            opened_count=self.engine.opened_count,
            closed_count=self.engine.closed_count,
            parked_count=self._parked_count,
        )


class PooledDatabase:
    """A database file that its owner uses as if it were always open."""

    def __init__(self, pool: Pool, doors: Doors, files: Files, name: str) -> None:
        self._pool = pool
        self._doors = doors
        self._files = files
        self.name = name
        self.path = files.path(name)
        self._database: Database | None = None
        self._is_closed = False
        #: The log that SQLite has open; another file may take its name, and then what SQLite writes is lost.
        self._log: tuple[int, int] | None = None
        #: Who uses it. One reference, not a callback for each question: there may be a hundred thousand of these.
        self.occupant: Occupant = NOBODY

    def use(self) -> Database:
        """The open database; opens it again if it was put away."""
        database = self._database
        if database is None or self._doors.refusal is not None:
            return self._reopen()
        if self._pool.newest is not self:
            self._pool.touch(self)
        return database

    def _reopen(self) -> Database:
        self._doors.check()
        if self._is_closed:
            raise StorageClosedError(f"{self.path} was used after it was closed.")
        return self._open()

    def open(self) -> Database:
        """Open it for the first time; creates the file if there is none.

        Raises:
            DamagedFileError: The file is not a whole SQLite database. Nothing was changed.
            DirectoryError: The file cannot be written.
        """
        self._doors.check()
        is_fresh = not self._files.exists(self.name)
        if is_fresh:
            self._files.create(self.name)
        return self._open(is_fresh=is_fresh)

    def _open(self, *, is_fresh: bool = False) -> Database:
        is_wal, absent, restore_index = False, [], None
        if self._pool.engine.memory is None:  # in memory nobody else writes, and nothing lies beside
            is_wal = is_fresh or check_database(self._files, self.name)
            sides = [self.name + suffix for suffix in layout.SIDE_SUFFIXES]
            # Beside a file that was not there, nothing means anything.
            absent = sides if is_fresh else [side for side in sides if not self._files.exists(side)]
            index = self.name + layout.INDEX_SUFFIX
            restore_index = None if index in absent else self._files.remember(index)
        self._pool.admit(self)
        try:
            self._database = self._pool.engine.open(self.path, is_wal=is_wal)
            self._refuse_read_only(self._database)
            if self._pool.engine.memory is None:
                self._log = self._files.identity(self.name + "-wal")
            self.occupant.opened(self._database)
        except BaseException as failure:
            self._undo_open(absent)
            if restore_index is not None:  # SQLite makes it anew from the log, whatever comes of that
                restore_index()
            if isinstance(failure, apsw.Error):
                raise _open_error(self.path, failure) from failure
            if isinstance(failure, UnicodeDecodeError):
                raise damaged(self.path, NOT_UTF8) from failure
            raise
        return self._database

    def _refuse_read_only(self, database: Database) -> None:
        if database.connection.readonly("main"):
            raise DirectoryError(f"{self.path} is not writable.\n\nChange its permissions, or work on a copy.")

    def _undo_open(self, absent: list[str]) -> None:
        """A failed open changes nothing: what was not there before goes again."""
        if self._database is not None:
            self._database.close(graceful=False)
            self._database = None
        self._pool.leave(self)
        for side in absent:
            self._files.delete(side)

    def park(self) -> None:
        """Close it in order; the next use opens it again."""
        if self._database is not None:
            self.occupant.parked(self._database)
            self._close_database(graceful=True)

    def close(self, *, graceful: bool) -> None:
        """Close it for good. Idempotent.

        Raises:
            DirectoryError: A crash was to leave a ``-wal`` that somebody else has removed or replaced meanwhile.
        """
        self._is_closed = True
        self.occupant = NOBODY  # it refers to us: without the circle both go at once, without the garbage collector
        self._close_database(graceful=graceful)

    def reset(self) -> Database:
        """Remove all files of the database and begin with an empty one."""
        self._close_database(graceful=True)
        delete_database(self._files, self.name)
        return self.open()

    def _close_database(self, *, graceful: bool) -> None:
        database, self._database = self._database, None
        self._pool.leave(self)
        if database is None:
            return
        database.close(graceful=graceful)
        if self._log is not None and not graceful and self._files.identity(self.name + "-wal") != self._log:
            raise DirectoryError(
                f"{self.path}-wal was removed or replaced while the database was open.\n\n"
                "What it held is lost. Keep other programs away from a directory while a host uses it."
            )


def check_database(files: Files, name: str) -> bool:
    """Look at a file that no connection has open; returns whether it is in WAL mode.

    Raises:
        DamagedFileError: It is not a whole SQLite database.
        DirectoryError: It cannot be read.
    """
    try:
        head, size = files.head(name)
    except OSError as failure:
        raise DirectoryError(
            f"{files.path(name)} cannot be read: {failure.strerror}.\n\n"
            "It must be a file that this process may read and write. Change its permissions, or work on a copy."
        ) from failure
    problem = layout.database_problem(head, size, has_wal=files.size(name + "-wal") > 0)
    if problem is not None:
        raise damaged(files.path(name), problem)
    return layout.is_wal(head)


def damaged(path: str, problem: str) -> DamagedFileError:
    """The error for a file that is not what it should be."""
    return DamagedFileError(
        f"{path} is damaged: {problem}.\n\n"
        "Nothing was changed. Restore the file from a copy, or remove it to begin anew."
    )


def _open_error(path: str, failure: apsw.Error) -> DurableError:
    if isinstance(failure, apsw.BusyError):
        return DirectoryError(f"{path} is in use by another program.\n\nClose it there first, or work on a copy.")
    # An unknown file format is a plain SQLError.
    if isinstance(failure, apsw.CorruptError | apsw.NotADBError | apsw.SQLError):
        return damaged(path, f"SQLite says {failure}")
    return DirectoryError(
        f"{path} cannot be opened: {failure}.\n\nIt must be a file that this process may write, on a disk with room."
    )
