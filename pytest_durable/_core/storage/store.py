"""One object's storage: key-value pairs, SQL and the alarm, under one transaction.

The owner commits: the store opens the implicit transaction at the first write of a turn, tells its owner through
``hooks``, and waits. Every error user code can cause comes out as a ``PlatformError``; misuse by the owner is an
AssertionError; a damaged file found while the object runs speaks SQLite's words, as on the platform.

Source: spec durable-objects 3-6; workerd io/actor-sqlite.c++.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import Final, Literal

import apsw

from pytest_durable._core.platform_errors import PlatformError, data_clone_error, error
from pytest_durable._core.storage import layout
from pytest_durable._core.storage.codec import NotCloneable, UndecodableError, decode, encode
from pytest_durable._core.storage.database import Database
from pytest_durable._core.storage.key_range import ListOptions, key_range
from pytest_durable._core.storage.kv import KvTable, Row, Rows
from pytest_durable._core.storage.metadata import MetadataTable
from pytest_durable._core.storage.pool import PooledDatabase
from pytest_durable._core.storage.sql import Cursor, SqlRunner
from pytest_durable._core.storage.sql_errors import commit_error, is_critical, platform_error
from pytest_durable._core.storage.transaction import State, StoreHooks, Transaction
from pytest_durable._core.storage.values import PLAIN, UNDEFINED, DecodedTypes

Pair = tuple[str, object]
Pairs = list[Pair]

_ITERATOR_INVALIDATED: Final = (
    "kv.list() iterator was invalidated because a new call to kv.list() was started. "
    "Only one kv.list() iterator can exist at a time."
)
_DELETE_ALL_IN_TRANSACTION: Final = "Cannot call deleteAll() within a transaction"
_CANCELED: Final = "SQLite query was canceled because the database was deleted."
_COMMIT_AFTER_CRITICAL: Final = "Cannot commit transaction due to an earlier SQL critical error"

#: The alarm has not been read from the database since it was last in doubt.
_Unread = Literal["unread"]
_UNREAD: Final = "unread"


class ObjectStore:
    """The storage of one object while it is in memory.

    Attributes:
        hooks: Told about transactions and writes; set by the owner.
        is_critically_failed: The error with which every operation fails after SQLite ended the transaction by itself.
    """

    def __init__(self, file: PooledDatabase, actor_hex: str) -> None:
        self.actor_hex = actor_hex
        self.is_critically_failed: PlatformError | None = None
        self._file = file
        self._transaction = Transaction(file)
        self._live_list: _LiveList | None = None
        self._alarm_ns: int | _Unread | None = _UNREAD
        self._committed_alarm_ns: int | _Unread | None = _UNREAD
        self._kv: KvTable
        self._metadata: MetadataTable
        self._sql: SqlRunner | None = None
        self._last_rowid = 0
        self._has_page_limit = False
        #: Told once, when the store is closed.
        self.on_close: Callable[[], None] = lambda: None
        file.on_open = self._opened
        file.on_park = self._parked
        file.is_idle = self._is_idle

    def __repr__(self) -> str:
        return f"<ObjectStore {self.actor_hex[:8]}… {self.state}>"

    def _opened(self, database: Database) -> None:
        self._kv = KvTable(database)
        self._metadata = MetadataTable(database)
        self._sql = None
        if self._last_rowid:
            database.connection.set_last_insert_rowid(self._last_rowid)

    def _parked(self, database: Database) -> None:
        # What user SQL could miss of a connection that was closed meanwhile.
        self._last_rowid = database.connection.last_insert_rowid() if self._sql is not None else 0

    def _is_idle(self) -> bool:
        if self._transaction.is_open or self._live_list is not None or self._has_page_limit:
            return False
        return self._sql is None or not (self._sql.live or self._sql.has_settings)

    # The state.

    @property
    def hooks(self) -> StoreHooks:
        """Whom to tell about writes and transactions."""
        return self._transaction.hooks

    @hooks.setter
    def hooks(self, hooks: StoreHooks) -> None:
        self._transaction.hooks = hooks

    @property
    def state(self) -> State:
        """Which transaction is open."""
        return self._transaction.state

    def _use(self) -> Database:
        """The database, for any operation."""
        if self.is_critically_failed is not None:
            raise self.is_critically_failed.copy()
        return self._file.use()

    def _write(self, *, confirmed: bool) -> Database:
        """The database, for a write operation; a transaction is open then."""
        if self.is_critically_failed is not None:
            raise self.is_critically_failed.copy()
        try:
            return self._transaction.write(confirmed=confirmed)
        except apsw.Error as failure:
            raise self._failed(failure) from failure

    def _failed(self, failure: apsw.Error) -> PlatformError:
        """The error for user code; notices if the transaction is gone with it."""
        problem = platform_error(failure)
        if is_critical(failure) and self._transaction.is_open and not self._file.use().in_transaction:
            self._break(problem)
        return problem

    def _break(self, problem: PlatformError) -> None:
        self.is_critically_failed = PlatformError(problem.message, durable_object_reset=True)
        self._transaction.forget()
        self._alarm_ns = _UNREAD

    # Key-value pairs.

    def get(self, key: str, types: DecodedTypes = PLAIN) -> object:
        """The value of ``key``, UNDEFINED if there is none.

        Raises:
            PlatformError: The stored bytes cannot be decoded. Other keys stay usable.
        """
        self._use()
        try:
            row = self._kv.get(key)
        except apsw.Error as failure:
            raise self._failed(failure) from failure
        return UNDEFINED if row is None else self._decode(key, row[0], types)

    def get_many(self, keys: Sequence[str], types: DecodedTypes = PLAIN) -> Pairs:
        """The pairs that exist, each once, in ascending order of the keys' bytes."""
        self._use()
        try:
            rows = self._kv.get_many(keys)
        except apsw.Error as failure:
            raise self._failed(failure) from failure
        return self._decode_rows(rows, types)

    def put_many(self, entries: Sequence[Pair], *, confirmed: bool = True) -> None:
        """Store all pairs or none. An empty sequence stores nothing but creates the table.

        Raises:
            PlatformError: A value cannot be cloned or is too big, or the disk is full.
        """
        if self.is_critically_failed is not None:
            raise self.is_critically_failed.copy()
        try:
            blobs = [(key, encode(value)) for key, value in entries]
        except NotCloneable as failure:
            raise data_clone_error(failure.message) from failure
        database = self._write(confirmed=confirmed)
        try:
            if len(blobs) == 1:
                self._kv.create()
                self._kv.put(*blobs[0])
            else:
                self._put_all(database, blobs)
        except apsw.Error as failure:
            raise self._failed(failure) from failure
        for key, _ in blobs:
            self._transaction.wrote(key)

    def _put_all(self, database: Database, blobs: Sequence[tuple[str, bytes]]) -> None:
        self._kv.create()
        database.execute(database.statements.many_savepoint)
        try:
            for key, blob in blobs:
                self._kv.put(key, blob)
        except apsw.Error:
            if database.in_transaction:
                database.execute(database.statements.many_rollback)
                database.execute(database.statements.many_release)
            raise
        database.execute(database.statements.many_release)

    def delete_many(self, keys: Sequence[str], *, confirmed: bool = True) -> int:
        """Delete the pairs; how many existed. No keys: nothing happens, not even the table is created."""
        if not keys:
            self._use()
            return 0
        self._write(confirmed=confirmed)
        try:
            self._kv.create()
            count = sum([self._kv.delete(key) for key in keys])
        except apsw.Error as failure:
            raise self._failed(failure) from failure
        for key in keys:
            self._transaction.wrote(key)
        return count

    def list(self, options: ListOptions, types: DecodedTypes = PLAIN) -> Pairs:
        """The pairs of a range. Ends the live iterator of `sync_list`, whose place it takes."""
        self._use()
        self._end_live_list()
        try:
            rows = self._kv.list(key_range(options), reverse=options.reverse, limit=options.limit)
        except apsw.Error as failure:
            raise self._failed(failure) from failure
        return self._decode_rows(rows, types)

    def sync_list(self, options: ListOptions, types: DecodedTypes = PLAIN) -> Iterator[Pair]:
        """The pairs of a range one by one, read as they are asked for. Only one such iterator lives at a time."""
        self._use()
        self._end_live_list()
        try:
            cursor, rows = self._kv.iterate(key_range(options), reverse=options.reverse, limit=options.limit)
        except apsw.Error as failure:
            raise self._failed(failure) from failure
        self._live_list = _LiveList(self, cursor, rows, types)
        return self._live_list

    def _end_live_list(self) -> None:
        if self._live_list is not None:
            self._live_list.invalidate(error(_ITERATOR_INVALIDATED))
            self._live_list = None

    def _decode(self, key: str, blob: bytes | None, types: DecodedTypes) -> object:
        try:
            return decode(blob or b"", types)
        except UndecodableError as failure:
            raise self.internal_error(f"{key}: {failure}") from failure

    def _decode_rows(self, rows: Rows, types: DecodedTypes) -> Pairs:
        try:
            return [(key, decode(blob or b"", types)) for key, blob in rows]
        except UndecodableError as failure:
            raise self.internal_error(str(failure)) from failure

    def internal_error(self, about: str) -> PlatformError:
        """The platform's opaque error; its reference depends only on the object and on what went wrong."""
        reference = blake2b(f"{self.actor_hex}\0{about}".encode("utf-8", "replace"), digest_size=12).hexdigest()
        return error(f"internal error; reference = {reference}")

    # SQL.

    def sql_exec(self, query: str, bindings: Sequence[object] = (), types: DecodedTypes = PLAIN) -> Cursor:
        """Run the statements of ``query`` now; the cursor gives the rows of the last one.

        Args:
            query: One or more statements; only the last may have parameters.
            bindings: As many values as the last statement has parameters, in their order.
            types: What a BLOB becomes.

        Raises:
            PlatformError: SQLite or the platform's rules refuse it, in the platform's words.
        """
        database = self._use()
        if self._sql is None:
            self._sql = SqlRunner(database, begin_write=self._begin_sql_write, check=self._use, failed=self._failed)
        return self._sql.execute(query, bindings, types)

    def _begin_sql_write(self) -> None:
        self._write(confirmed=True)

    # The alarm.

    def get_alarm_ns(self) -> int | None:
        """The alarm as the object sees it, uncommitted changes included."""
        self._use()
        return self._load_alarm()

    @property
    def committed_alarm_ns(self) -> int | None:
        """The alarm as a crash would leave it."""
        self._load_alarm()
        assert self._committed_alarm_ns != _UNREAD
        return self._committed_alarm_ns

    def set_alarm_ns(self, due_ns: int | None, *, confirmed: bool = True) -> bool:
        """Set or clear the alarm; False if it is so already, then nothing is written."""
        if self.get_alarm_ns() == due_ns:
            return False
        self._write(confirmed=confirmed)
        try:
            self._metadata.set_alarm_ns(due_ns)
        except apsw.Error as failure:
            raise self._failed(failure) from failure
        self._alarm_ns = due_ns
        return True

    def _load_alarm(self) -> int | None:
        if self._alarm_ns == _UNREAD:
            self._file.use()
            try:
                self._alarm_ns = self._metadata.alarm_ns()
            except apsw.Error as failure:
                raise self._failed(failure) from failure
        if self._committed_alarm_ns == _UNREAD:
            # Changing the alarm reads it first. So if the committed value is in doubt, this transaction has not
            # changed it, and what is seen is what is committed.
            self._committed_alarm_ns = self._alarm_ns
        return self._alarm_ns

    def next_bookmark(self) -> str:
        """A bookmark string greater than the one before; writes."""
        self._write(confirmed=True)
        try:
            return layout.bookmark(self._metadata.next_bookmark())
        except apsw.Error as failure:
            raise self._failed(failure) from failure

    # Transactions.

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
        self._alarm_ns = _UNREAD

    def begin_transaction(self) -> int:
        """Open an explicit transaction, inside the one that is open; its depth, 0 for the outermost.

        The owner commits the implicit transaction before.
        """
        self._use()
        return self._transaction.begin_explicit()

    def commit_transaction(self, depth: int) -> frozenset[str]:
        """Commit the innermost explicit transaction; the keys written if it was the outermost, else nothing yet.

        Raises:
            PlatformError: The commit failed; everything is rolled back. A violated constraint is an opaque internal
                error here that resets the object, as the platform has it.
        """
        self._use()
        try:
            return self._committed(lambda: self._transaction.commit_explicit(depth))
        except PlatformError as failure:
            if isinstance(failure.__cause__, apsw.ConstraintError):
                problem = self.internal_error(failure.message)
                problem.durable_object_reset = True
                raise problem from failure
            raise

    def rollback_transaction(self, depth: int) -> None:
        """Undo and end the innermost explicit transaction, its alarm changes included."""
        self._transaction.rollback_explicit(depth)
        self._alarm_ns = _UNREAD

    def _committed(self, commit: Callable[[], frozenset[str]]) -> frozenset[str]:
        try:
            written = commit()
        except apsw.Error as failure:
            self._alarm_ns = _UNREAD
            raise commit_error(failure) from failure
        if not self._transaction.is_open:
            self._committed_alarm_ns = self._alarm_ns
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
        self._alarm_ns = _UNREAD

    # Everything.

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
        self._alarm_ns = self._committed_alarm_ns = None
        if alarm_ns is not None:
            self._metadata.set_alarm_ns(alarm_ns)
            self._alarm_ns = self._committed_alarm_ns = alarm_ns

    def _cancel_readers(self) -> None:
        if self._live_list is not None:
            self._live_list.invalidate(self.internal_error("iterator of a deleted database"))
            self._live_list = None
        if self._sql is not None:
            self._sql.cancel(error(_CANCELED))

    @property
    def database_size(self) -> int:
        """Bytes in use: an empty database has one page."""
        database = self._use()
        try:
            return database.size()
        except apsw.Error as failure:
            raise self._failed(failure) from failure

    def limit_pages(self, pages_max: int) -> None:
        """Let the disk be full when the database has this many pages of 4096 bytes, for tests of full disks."""
        self._has_page_limit = True
        self._use().limit_pages(pages_max)

    def close(self, *, graceful: bool) -> None:
        """End the use of this store; what is not committed is lost. Idempotent."""
        self._end_live_list()
        try:
            self._file.close(graceful=graceful)
        finally:
            self.on_close()


class _LiveList:
    """The one iterator of `ObjectStore.sync_list`."""

    def __init__(
        self, store: ObjectStore, cursor: apsw.Cursor | None, rows: Iterator[Row], types: DecodedTypes
    ) -> None:
        self._store = store
        self._cursor = cursor
        self._rows = rows
        self._types = types
        self._problem: PlatformError | None = None

    def __iter__(self) -> Iterator[Pair]:
        return self

    def __next__(self) -> Pair:
        if self._problem is not None:
            raise self._problem.copy()
        self._store._use()
        try:
            key, blob = next(self._rows)
        except apsw.Error as failure:
            raise self._store._failed(failure) from failure
        except StopIteration:
            if self._store._live_list is self:
                self._store._live_list = None
            raise
        return key, self._store._decode(key, blob, self._types)

    def invalidate(self, problem: PlatformError) -> None:
        self._problem = problem
        if self._cursor is not None:
            self._cursor.close(True)
