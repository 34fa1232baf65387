"""An object's key-value pairs, as values: encoding, decoding, and the one lazy list.

Source: spec durable-objects 3.6, 3.7, 4.1-4.3, 4.5, 5.2.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import apsw

from pytest_durable._core.platform_errors import PlatformError, data_clone_error, error, tell
from pytest_durable._core.storage.codec import NotCloneable, UndecodableError, decode, encode
from pytest_durable._core.storage.damage import undecodable
from pytest_durable._core.storage.database import Database
from pytest_durable._core.storage.faults import Faults
from pytest_durable._core.storage.key_range import ListOptions, key_range
from pytest_durable._core.storage.kv import KvTable, Row, Rows
from pytest_durable._core.storage.pool import PooledDatabase
from pytest_durable._core.storage.store_access import StoreAccess
from pytest_durable._core.storage.values import PLAIN, UNDEFINED, DecodedTypes

Pair = tuple[str, object]
Pairs = list[Pair]

_ITERATOR_INVALIDATED: Final = (
    "kv.list() iterator was invalidated because a new call to kv.list() was started. "
    "Only one kv.list() iterator can exist at a time."
)


class PairStore(StoreAccess):
    """Key-value pairs of one object.

    Attributes:
        enhanced_errors: Stored errors keep their own properties; set after opening (compatibility date from
            2026-04-21).
    """

    def __init__(self, file: PooledDatabase, actor_hex: str, faults: Faults) -> None:
        super().__init__(file, actor_hex, faults)
        self.enhanced_errors = True
        self._live_list: LiveList | None = None
        self._kv: KvTable

    def opened(self, database: Database) -> None:
        super().opened(database)
        self._kv = KvTable(database)

    def parked(self, database: Database) -> None:
        super().parked(database)
        del self._kv

    def is_idle(self) -> bool:
        return self._live_list is None and super().is_idle()

    def get(self, key: str, types: DecodedTypes = PLAIN) -> object:
        """The value of ``key``, UNDEFINED if there is none.

        Raises:
            PlatformError: The stored bytes cannot be decoded. Other keys stay usable.
        """
        self._read()
        try:
            row = self._kv.get(key)
        except apsw.Error as failure:
            raise self._failed(failure) from failure
        return UNDEFINED if row is None else self._decode(key, row[0], types)

    def get_many(self, keys: Sequence[str], types: DecodedTypes = PLAIN) -> Pairs:
        """The pairs that exist, each once, in ascending order of the keys' bytes."""
        self._read()
        try:
            rows = self._kv.get_many(keys)
        except apsw.Error as failure:
            raise self._failed(failure) from failure
        return self._decode_rows(rows, types)

    def put_many(self, entries: Sequence[Pair]) -> None:
        """Store all pairs or none. An empty sequence stores nothing but creates the table.

        Raises:
            PlatformError: A value cannot be cloned or is too big, or the disk is full.
        """
        if self.is_critically_failed is not None:
            raise self.is_critically_failed.copy()
        try:
            blobs = [(key, encode(value, enhanced_errors=self.enhanced_errors)) for key, value in entries]
        except NotCloneable as failure:
            raise data_clone_error(failure.message) from failure
        database = self._write()
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

    def delete_many(self, keys: Sequence[str]) -> int:
        """Delete the pairs; how many existed. No keys: nothing happens, not even the table is created."""
        if not keys:
            self._use()
            return 0
        self._write()
        try:
            self._kv.create()
            count = sum([self._kv.delete(key) for key in keys])
        except apsw.Error as failure:
            raise self._failed(failure) from failure
        for key in keys:
            self._transaction.wrote(key)
        return count

    def list(self, options: ListOptions, types: DecodedTypes = PLAIN) -> Pairs:
        """The pairs of a range. Unless it is empty anyway, it takes the place of the live iterator of `sync_list`."""
        self._read()
        span = key_range(options)
        if not self._kv.may_hold_any(span):
            return []
        self._end_live_list()
        try:
            rows = self._kv.list(span, reverse=options.reverse, limit=options.limit)
        except apsw.Error as failure:
            raise self._failed(failure) from failure
        return self._decode_rows(rows, types)

    def sync_list(self, options: ListOptions, types: DecodedTypes = PLAIN) -> Iterator[Pair]:
        """The pairs of a range one by one, read as they are asked for. Only one such iterator lives at a time.

        One that has nothing to read, because there is no table or no key can lie in the range, takes nobody's place.
        """
        self._read()
        span = key_range(options)
        if not self._kv.may_hold_any(span):
            return iter(())
        self._end_live_list()
        try:
            cursor, rows = self._kv.iterate(span, reverse=options.reverse, limit=options.limit)
        except apsw.Error as failure:
            raise self._failed(failure) from failure
        self._live_list = LiveList(cursor, rows, self._next_live, types)
        return self._live_list

    def _end_live_list(self, problem: PlatformError | None = None) -> None:
        if self._live_list is not None:
            self._live_list.invalidate(problem or error(_ITERATOR_INVALIDATED))
            self._live_list = None

    def _close_live_list(self) -> None:
        """The store ends, and the iterator with it: its next step says so."""
        if self._live_list is not None:
            self._live_list.close()
            self._live_list = None

    def _decode(self, key: str, blob: bytes | None, types: DecodedTypes) -> object:
        try:
            return decode(blob or b"", types)
        except UndecodableError as failure:
            raise self._undecodable(key, failure) from failure

    def _decode_rows(self, rows: Rows, types: DecodedTypes) -> Pairs:
        try:
            return [(key, decode(blob or b"", types)) for key, blob in rows]
        except UndecodableError:
            return [(key, self._decode(key, blob, types)) for key, blob in rows]  # fails too, and names the key

    def _undecodable(self, key: str, failure: UndecodableError) -> PlatformError:
        problem = self.internal_error(f"{key}: {failure}")
        tell(problem, undecodable(self._file.path, self.actor_hex, key, failure))
        return problem

    def _next_live(self, rows: Iterator[Row], types: DecodedTypes) -> Pair:
        self._use_for_reader()
        try:
            key, blob = next(rows)
        except apsw.Error as failure:
            raise self._failed(failure) from failure
        except StopIteration:
            self._live_list = None
            raise
        return key, self._decode(key, blob, types)


class LiveList:
    """The one iterator of `PairStore.sync_list`."""

    def __init__(
        self,
        cursor: apsw.Cursor,
        rows: Iterator[Row],
        step: Callable[[Iterator[Row], DecodedTypes], Pair],
        types: DecodedTypes,
    ) -> None:
        self._cursor = cursor
        self._rows = rows
        self._step = step
        self._types = types
        self._problem: PlatformError | None = None
        self._is_at_end = False

    def __iter__(self) -> Iterator[Pair]:
        return self

    def __next__(self) -> Pair:
        if self._problem is not None:
            raise self._problem.copy()
        if self._is_at_end:
            raise StopIteration
        try:
            return self._step(self._rows, self._types)
        except StopIteration:
            self._is_at_end = True
            raise

    def invalidate(self, problem: PlatformError) -> None:
        """End it; each later use raises ``problem``, unless it had come to its end."""
        if not self._is_at_end:
            self._problem = problem
        self.close()

    def close(self) -> None:
        """Hold nothing of the database any more."""
        self._cursor.close(True)
