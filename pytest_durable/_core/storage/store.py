"""One object's storage: key-value pairs, SQL and the alarm, under one transaction.

The owner commits: the store opens the implicit transaction at the first write of a turn, tells its owner through
``hooks``, and waits. Every error user code can cause comes out as a ``PlatformError``; misuse by the owner is an
AssertionError; a damaged file found while the object runs speaks SQLite's words, as on the platform.

Source: spec durable-objects 3-6; workerd io/actor-sqlite.c++.
"""

from collections.abc import Callable, Sequence
from typing import Final

import apsw

from pytest_durable._core.platform_errors import PlatformError, error, tell, told
from pytest_durable._core.storage.database import Database
from pytest_durable._core.storage.faults import Faults
from pytest_durable._core.storage.pool import PooledDatabase
from pytest_durable._core.storage.sql import SqlRunner
from pytest_durable._core.storage.sql_cursor import Cursor
from pytest_durable._core.storage.sql_errors import commit_error, describe
from pytest_durable._core.storage.store_alarm import AlarmStore
from pytest_durable._core.storage.store_pairs import PairStore
from pytest_durable._core.storage.transaction import NO_HOOKS
from pytest_durable._core.storage.values import PLAIN, DecodedTypes

_DELETE_ALL_IN_TRANSACTION: Final = "Cannot call deleteAll() within a transaction"
_CANCELED: Final = "SQLite query was canceled because the database was deleted."
_COMMIT_AFTER_CRITICAL: Final = "Cannot commit transaction due to an earlier SQL critical error"


class ObjectStore(PairStore, AlarmStore):
    """The storage of one object while it is in memory: pairs, alarm, SQL, transactions, and the end of it all."""

    def __init__(self, file: PooledDatabase, actor_hex: str, faults: Faults) -> None:
        super().__init__(file, actor_hex, faults)
        #: Told once, when the store is closed.
        self.on_close: Callable[[str], object] = _nobody_told
        self._sql: SqlRunner | None = None
        self._last_rowid = 0
        self._has_page_limit = False

    def opened(self, database: Database) -> None:
        super().opened(database)
        self._sql = None  # after a reset it speaks to the database that was deleted
        if self._last_rowid:
            database.connection.set_last_insert_rowid(self._last_rowid)

    def parked(self, database: Database) -> None:
        super().parked(database)
        # What user SQL could miss of a connection that was closed meanwhile.
        self._last_rowid = database.connection.last_insert_rowid() if self._sql is not None else 0
        self._sql = None

    def is_idle(self) -> bool:
        if self._has_page_limit or not super().is_idle():
            return False
        return self._sql is None or not (self._sql.live or self._sql.has_settings)

    def sql_exec(self, query: str, bindings: Sequence[object] = (), types: DecodedTypes = PLAIN) -> Cursor:
        """Run the statements of ``query`` now; the cursor gives the rows of the last one.

        Args:
            query: One or more statements; only the last may have parameters.
            bindings: As many values as the last statement has parameters, in their order.
            types: What a BLOB becomes.

        Raises:
            PlatformError: SQLite or the platform's rules refuse it, in the platform's words.
        """
        database = self._read_by_sql()
        if self._sql is None:
            database.expect_user_sql()
            self._sql = SqlRunner(
                database, begin_write=self._begin_sql_write, check=self._use_for_reader, failed=self._failed_by_sql
            )
        return self._sql.execute(query, bindings, types)

    def _begin_sql_write(self) -> None:
        self._write()

    def commit(self) -> frozenset[str]:
        """Commit the implicit transaction; the names of the keys written or deleted in it.

        Raises:
            PlatformError: The commit failed; everything is rolled back.
        """
        self._use()
        return self._committed(self._transaction.commit)

    def rollback(self) -> None:
        """Undo whatever is open."""
        self._transaction.rollback()
        self._alarm_rolled_back()

    def begin_transaction(self) -> int:
        """Open an explicit transaction, inside the one that is open; its depth, 0 for the outermost.

        The owner commits the implicit transaction before.
        """
        self._use()
        return self._transaction.begin_explicit()

    def commit_transaction(self, depth: int) -> frozenset[str]:
        """Commit the innermost explicit transaction; the keys written if it was the outermost, else nothing yet.

        Raises:
            PlatformError: The commit failed; everything is rolled back. Whatever the reason, it is an opaque internal
                error here that resets the object, as the platform has it.
        """
        self._use()
        try:
            return self._committed(lambda: self._transaction.commit_explicit(depth))
        except PlatformError as failure:
            problem = self.internal_error(failure.message)
            problem.durable_object_reset = True
            if (instead := told(failure)) is not None:
                tell(problem, instead)
            raise problem from failure

    def rollback_transaction(self, depth: int) -> None:
        """Undo and end the innermost explicit transaction, its alarm changes included.

        Raises:
            PlatformError: A critical error has already undone everything.
        """
        if self.is_critically_failed is not None:
            raise self.is_critically_failed.copy()
        self._transaction.rollback_explicit(depth)
        self._alarm_rolled_back()

    def _committed(self, commit: Callable[[], frozenset[str]]) -> frozenset[str]:
        try:
            self._faults.strike("commit", self.actor_hex)
            written = commit()
        except apsw.Error as failure:
            self.rollback()
            problem = commit_error(failure) or self.internal_error(describe(failure))
            raise self._naming_damage(problem, failure) from failure
        if not self._transaction.is_open:
            self._alarm_committed()
        return written

    def sync_savepoint(self) -> None:
        """Begin a synchronous transaction; they nest."""
        self._use()
        self._transaction.begin_sync()

    def release_sync_savepoint(self) -> None:
        """End the innermost synchronous transaction and keep its writes.

        Raises:
            PlatformError: A critical error has already undone everything.
        """
        if self.is_critically_failed is not None:
            raise error(_COMMIT_AFTER_CRITICAL)
        self._transaction.release_sync()

    def rollback_sync_savepoint(self) -> None:
        """End the innermost synchronous transaction and undo its writes."""
        if self.is_critically_failed is not None:
            return
        self._transaction.rollback_sync()
        self._alarm_rolled_back()

    def delete_all(self, *, keep_alarm: bool) -> None:
        """Remove all data at once, durably, and outside of any transaction: the files go and an empty one comes.

        Raises:
            PlatformError: A transaction of the user is open; nothing is deleted.
        """
        self._use()
        if self._transaction.is_explicit or self._transaction.sync_depth:
            raise error(_DELETE_ALL_IN_TRANSACTION)
        alarm_ns = self._load_alarm() if keep_alarm else None
        if self._transaction.is_open:
            self._transaction.rollback()
        self._cancel_readers()
        self._file.reset()
        if alarm_ns is not None:
            self._metadata.set_alarm_ns(alarm_ns)
        self._alarm_ns = alarm_ns
        self._alarm_committed()

    def _cancel_readers(self) -> None:
        self._end_live_list(self.internal_error("iterator of a deleted database"))
        if self._sql is not None:
            self._sql.cancel(error(_CANCELED))

    @property
    def database_size(self) -> int:
        """Bytes in use: an empty database has one page."""
        database = self._file.use()  # answered even after a critical error (tried)
        try:
            return database.size()
        except apsw.Error as failure:
            raise self._failed_by_sql(failure) from failure

    def limit_pages(self, pages_max: int) -> None:
        """Let the disk be full when the database has this many pages of 4096 bytes, for tests of full disks."""
        self._has_page_limit = True
        self._use().limit_pages(pages_max)

    def close(self, *, graceful: bool) -> None:
        """End the use of this store; what is not committed is lost. Idempotent."""
        self._close_live_list()
        self.hooks = NO_HOOKS  # whoever owns us refers to us
        try:
            self._file.close(graceful=graceful)
        finally:
            self.on_close(self.actor_hex)


def _nobody_told(_actor_hex: str) -> None:
    """The end of a store that nobody watches."""
