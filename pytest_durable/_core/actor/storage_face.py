"""``ctx.storage`` as the platform defines it: which arguments it takes, what it answers, what it refuses and how.

This is the one place of those rules, in wire values and snake_case; a surface only translates names and values. Every
method does its work at the call and returns or raises there (the platform's promises are settled at once, spec 4.1.3);
only ``sync`` and ``transaction`` return something to wait for. That the platform reports errors of these methods by
rejection and never by throwing (spec 4.1.2) is the surface's business.

Arguments that were not given are ``ABSENT``: the platform tells them from an explicit ``undefined``.

Source: workerd api/actor-state.c++, api/sync-kv.c++, api/sql.c++; spec durable-objects 4, 5, 6.2, 6.3, 7.1.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Final, Protocol

from pytest_durable._core.actor.arguments import (
    ABSENT,
    instant_ms,
    int32_of,
    is_nothing,
    is_object,
    member,
    not_of_type,
    text_of,
    truth,
)
from pytest_durable._core.platform_errors import PlatformError, error, type_error
from pytest_durable._core.storage import ListOptions, ObjectStore
from pytest_durable._core.storage.values import PLAIN, UNDEFINED, DecodedTypes

_NS_PER_MS: Final = 1_000_000

_NO_ALARM_HANDLER: Final = "Your Durable Object class must have an alarm() handler in order to call setAlarm()"
_ALARM_NOT_POSITIVE: Final = "setAlarm() cannot be called with an alarm time <= 0"
_LIST_TWO_STARTS: Final = "list() cannot be called with both start and startAfter values."
_LIST_LIMIT: Final = "List limit must be positive."
_PUT_FORMS: Final = (
    "put() may only be called with a single key-value pair and optional options as put(key, value, options) or with "
    "multiple key-value pairs and optional options as put(entries, options)"
)
_PUT_UNDEFINED: Final = "put() called with undefined value."
_DELETE_ALL_INSIDE: Final = "Cannot call deleteAll() within a transaction"
_NO_POINT_IN_TIME: Final = "This Durable Object's storage back-end does not implement point-in-time recovery."
_SQL_OFF: Final = (
    "SQL is not enabled for this Durable Object class. To enable it, change `new_classes` to `new_sqlite_classes` "
    "within the 'migrations' field in your wrangler.jsonc or wrangler.toml file."
)
_KV_OFF: Final = (
    "The storage.kv (synchronous KV) API is only available for SQLite-backed Durable Objects, but this object's "
    "namespace is not declared to use SQLite. You can use the older interface via methods of `storage` itself."
)

Pairs = list[tuple[str, object]]


class Cursor(Protocol):
    """The rows of one SQL statement (``storage``), read one ahead."""

    @property
    def column_names(self) -> Sequence[str]:
        """With duplicates; readable after the rows are consumed."""
        ...

    @property
    def rows_read(self) -> int:
        """Rows read so far; an approximation."""
        ...

    @property
    def rows_written(self) -> int:
        """Rows written so far; an approximation."""
        ...

    def __iter__(self) -> Iterator[tuple[object, ...]]:
        """The rows that are left, from one shared position."""
        ...

    def __next__(self) -> tuple[object, ...]:
        """The next row."""
        ...

    def one(self) -> tuple[object, ...]:
        """The only row that is left.

        Raises:
            PlatformError: None, or several.
        """
        ...


class TransactionHandle(Protocol):
    """One running ``transaction()``, owned by the owner of the storage."""

    @property
    def is_over(self) -> bool:
        """The transaction has been committed or has failed."""
        ...

    @property
    def is_rolled_back(self) -> bool:
        """``rollback`` was called."""
        ...

    def rollback(self) -> None:
        """Undo the writes of this transaction now.

        Raises:
            PlatformError: A nested transaction is still running.
        """
        ...


class StorageOwner(Protocol):
    """What the storage of an object needs from its owner: the store, its gates and its alarm (``actor.commit``)."""

    @property
    def store(self) -> ObjectStore:
        """The database. Raises the right error when the object is broken or its life has ended."""
        ...

    @property
    def refuses_alarm(self) -> bool:
        """Whether setting an alarm is an error because nothing would handle it (spec 7.1)."""
        ...

    def transaction(self, callback: Callable[[TransactionHandle], object]) -> "asyncio.Future[object]":
        """Run ``callback`` (its result may be awaitable) in a transaction and a critical section."""
        ...

    def transaction_sync(self, callback: Callable[[], object]) -> object:
        """Run ``callback`` in a savepoint."""
        ...

    def get_alarm_ns(self) -> int | None:
        """The alarm, uncommitted changes included."""
        ...

    def set_alarm_ns(self, due_ns: int, *, confirmed: bool) -> None:
        """Set the alarm; a time in the past means now."""
        ...

    def delete_alarm(self, *, confirmed: bool) -> None:
        """Clear the alarm."""
        ...

    def delete_all(self) -> None:
        """Reset the database."""
        ...

    def sync(self) -> "asyncio.Future[None]":
        """Done when all writes so far are committed."""
        ...


class StorageOperations:
    """The methods that ``storage`` and a transaction have in common.

    Args:
        owner: The store, its gates and its alarm.
        types: What results are built from.
    """

    #: How error messages call this object.
    interface: ClassVar[str]

    def __init__(self, owner: StorageOwner, types: DecodedTypes = PLAIN) -> None:
        self._owner = owner
        self._types = types

    def _enter(self, operation: str) -> ObjectStore:
        """The store, if ``operation`` is allowed now. Runs after the arguments were read, as on the platform."""
        raise NotImplementedError

    def get(self, key: object = ABSENT, options: object = UNDEFINED) -> object:
        """One value (``types.undefined`` if absent), or for a list of keys the pairs that exist, ordered by key.

        Raises:
            PlatformError: TypeError; no key, or options that are not an object.
        """
        if key is ABSENT:
            raise self._refused("get", 1, "string or Array")
        self._read_options("get", 2, options, "GetOptions")
        if not isinstance(key, list):
            name = text_of(key)
            return _shown(self._enter("get()").get(name, self._types), self._types)
        names = [text_of(item) for item in key]
        return self._enter("get()").get_many(names, self._types)

    def put(self, key: object = ABSENT, value: object = ABSENT, options: object = UNDEFINED) -> None:
        """Store ``value`` under ``key``, or all members of an object; then ``value`` holds the options.

        Members that are undefined are skipped. Either all are stored or none.

        Raises:
            PlatformError: TypeError for the arguments; DataCloneError for a value that cannot be stored.
        """
        if key is ABSENT:
            raise self._refused("put", 1, "string or object")
        self._read_options("put", 3, options, "PutOptions")
        # An array is not taken for entries but for a key: the text of its elements.
        if is_object(key) and not isinstance(key, list):
            self._put_entries(key, value)
            return
        if value is ABSENT or value is UNDEFINED:
            raise type_error(_PUT_UNDEFINED)
        name = text_of(key)
        self._enter("put()").put_many([(name, value)], confirmed=_is_confirmed(options))

    def _put_entries(self, entries: object, options: object) -> None:
        if not (is_nothing(options) or is_object(options)):
            raise type_error(_PUT_FORMS)
        # A Map, a Date or a function has no members of its own: nothing is stored.
        members = entries.items() if isinstance(entries, dict) else ()
        pairs = [(key, value) for key, value in members if value is not UNDEFINED]
        self._enter("put()").put_many(pairs, confirmed=_is_confirmed(options))

    def delete(self, key: object = ABSENT, options: object = UNDEFINED) -> bool | int:
        """Whether the key existed; for a list of keys how many did, each counted once."""
        if key is ABSENT:
            raise self._refused("delete", 1, "string or Array")
        self._read_options("delete", 2, options, "PutOptions")
        names = [text_of(item) for item in key] if isinstance(key, list) else [text_of(key)]
        count = self._enter("delete()").delete_many(names, confirmed=_is_confirmed(options))
        return count if isinstance(key, list) else count > 0

    def list(self, options: object = UNDEFINED) -> Pairs:
        """The pairs that ``options`` ask for, ordered by the bytes of their keys."""
        self._read_options("list", 1, options, "ListOptions")
        wanted = list_options(options)
        return self._enter("list()").list(wanted, self._types)

    def get_alarm(self, options: object = UNDEFINED) -> int | None:
        """The alarm in ms since the epoch, or None."""
        self._read_options("getAlarm", 1, options, "GetAlarmOptions")
        self._enter("getAlarm()")
        due_ns = self._owner.get_alarm_ns()
        return None if due_ns is None else due_ns // _NS_PER_MS

    def set_alarm(self, time: object = ABSENT, options: object = UNDEFINED) -> None:
        """Set the alarm to a Date or a number of ms; a time in the past means now.

        Raises:
            PlatformError: TypeError; not a time, not positive, out of range, or no handler for it.
        """
        due_ms = instant_ms(time, self._refused("setAlarm", 1, "date"))
        self._read_options("setAlarm", 2, options, "SetAlarmOptions")
        if due_ms <= 0:
            raise type_error(_ALARM_NOT_POSITIVE)
        if self._owner.refuses_alarm:
            raise type_error(_NO_ALARM_HANDLER)
        self._enter("setAlarm()")
        self._owner.set_alarm_ns(due_ms * _NS_PER_MS, confirmed=_is_confirmed(options))

    def delete_alarm(self, options: object = UNDEFINED) -> None:
        """Clear the alarm, if there is one."""
        self._read_options("deleteAlarm", 1, options, "SetAlarmOptions")
        self._enter("deleteAlarm()")
        self._owner.delete_alarm(confirmed=_is_confirmed(options))

    def _refused(self, method: str, position: int, expected: str) -> PlatformError:
        return not_of_type(self.interface, method, position, expected)

    def _read_options(self, method: str, position: int, options: object, expected: str) -> None:
        if not (is_nothing(options) or is_object(options)):
            raise self._refused(method, position, expected)


class ObjectTransaction(StorageOperations):
    """``txn``: the storage inside one ``transaction()``, refused once that is over or rolled back."""

    interface = "DurableObjectTransaction"

    def __init__(self, owner: StorageOwner, handle: TransactionHandle, types: DecodedTypes = PLAIN) -> None:
        super().__init__(owner, types)
        self._handle = handle

    def rollback(self) -> None:
        """Undo the writes of the transaction now. Again: nothing."""
        if not self._handle.is_rolled_back:
            self._refuse_after_end("rollback()")
            self._handle.rollback()

    def delete_all(self) -> None:
        """Refused: it cannot be undone."""
        raise error(_DELETE_ALL_INSIDE)

    def _enter(self, operation: str) -> ObjectStore:
        if self._handle.is_rolled_back:
            raise error(f"Cannot {operation} on rolled back transaction")
        self._refuse_after_end(operation)
        return self._owner.store

    def _refuse_after_end(self, operation: str) -> None:
        if self._handle.is_over:
            raise error(
                f"Cannot call {operation} on transaction that has already committed: did you move `txn` outside of the "
                "closure?"
            )


class ObjectStorage(StorageOperations):
    """``ctx.storage`` of one object.

    Args:
        owner: The store, its gates and its alarm.
        types: What results are built from.
        sql: Whether the namespace is declared with SQL (spec 5.1); without it ``sql`` and ``kv`` refuse each call.
    """

    interface = "DurableObjectStorage"

    def __init__(self, owner: StorageOwner, types: DecodedTypes = PLAIN, *, sql: bool = True) -> None:
        super().__init__(owner, types)
        self.kv = ObjectKv(owner, types, enabled=sql)
        self.sql = ObjectSql(owner, types, enabled=sql)

    def with_types(self, types: DecodedTypes) -> "ObjectStorage":
        """The same storage, whose results are built from other types."""
        return ObjectStorage(self._owner, types, sql=self.sql.is_enabled)

    def delete_all(self, options: object = UNDEFINED) -> None:
        """Reset the database at once; not undone by anything (spec 4.4)."""
        self._read_options("deleteAll", 1, options, "PutOptions")
        self._owner.delete_all()

    def sync(self) -> "asyncio.Future[None]":
        """Done when everything written so far is committed."""
        return self._owner.sync()

    def transaction(self, callback: Callable[[ObjectTransaction], object]) -> "asyncio.Future[object]":
        """Run ``callback(txn)`` in a transaction that no other event interrupts (spec 6.2).

        Raises:
            PlatformError: TypeError; not a function.
        """
        if not callable(callback):
            raise self._refused("transaction", 1, "function")
        return self._owner.transaction(lambda handle: callback(ObjectTransaction(self._owner, handle, self._types)))

    def transaction_sync(self, callback: Callable[[], object]) -> object:
        """Run ``callback()`` in a savepoint; an exception undoes its writes and goes on (spec 6.3)."""
        if not callable(callback):
            raise self._refused("transactionSync", 1, "function")
        return self._owner.transaction_sync(callback)

    def get_bookmark_for_time(self, time: object = ABSENT) -> str:
        """Refused: there is no point-in-time recovery outside production."""
        instant_ms(time, self._refused("getBookmarkForTime", 1, "date"))
        raise error(_NO_POINT_IN_TIME)

    def on_next_session_restore_bookmark(self, bookmark: object = ABSENT) -> str:
        """Refused: there is no point-in-time recovery outside production."""
        raise error(_NO_POINT_IN_TIME)

    def _enter(self, operation: str) -> ObjectStore:
        return self._owner.store


class ObjectKv:
    """``ctx.storage.kv``: the same keys and values, one key per call, errors thrown at the call."""

    interface: Final = "SyncKvStorage"

    def __init__(self, owner: StorageOwner, types: DecodedTypes = PLAIN, *, enabled: bool = True) -> None:
        self._owner = owner
        self._types = types
        self._is_enabled = enabled

    def get(self, key: object = ABSENT) -> object:
        """The value, ``types.undefined`` if absent."""
        name = self._key("get", key)
        return _shown(self._enter().get(name, self._types), self._types)

    def put(self, key: object = ABSENT, value: object = ABSENT) -> None:
        """Store ``value``; unlike ``storage.put`` an explicit undefined is a value."""
        name = self._key("put", key)
        if value is ABSENT:
            raise not_of_type(self.interface, "put", 2, "Value")
        self._enter().put_many([(name, value)])

    def delete(self, key: object = ABSENT) -> bool:
        """Whether the key existed."""
        name = self._key("delete", key)
        return self._enter().delete_many([name]) > 0

    def list(self, options: object = UNDEFINED) -> Iterator[tuple[str, object]]:
        """The pairs, read as they are asked for; a second list ends the first (spec 5.2.4)."""
        if not (is_nothing(options) or is_object(options)):
            raise not_of_type(self.interface, "list", 1, "ListOptions")
        wanted = list_options(options)
        return self._enter().sync_list(wanted, self._types)

    def _key(self, method: str, key: object) -> str:
        if key is ABSENT:
            raise not_of_type(self.interface, method, 1, "string")
        return text_of(key)

    def _enter(self) -> ObjectStore:
        if not self._is_enabled:
            raise error(_KV_OFF)
        return self._owner.store


class ObjectSql:
    """``ctx.storage.sql``."""

    interface: Final = "SqlStorage"

    def __init__(self, owner: StorageOwner, types: DecodedTypes = PLAIN, *, enabled: bool = True) -> None:
        self._owner = owner
        self._types = types
        self.is_enabled = enabled

    @property
    def database_size(self) -> int:
        """Bytes of the database."""
        return self._enter().database_size

    def exec(self, query: object = ABSENT, bindings: Sequence[object] = ()) -> Cursor:
        """Run a query now; the cursor holds the rows of its last statement (spec 5.3)."""
        if query is ABSENT:
            raise not_of_type(self.interface, "exec", 1, "String")
        return self._enter().sql_exec(text_of(query), bindings, self._types)

    def _enter(self) -> ObjectStore:
        if not self.is_enabled:
            raise error(_SQL_OFF)
        return self._owner.store


def list_options(options: object) -> ListOptions:
    """Read the options of a list: bounds become text, the limit a 32-bit integer (spec 4.3).

    Raises:
        PlatformError: TypeError; two starts, or a limit that is not positive.
    """
    limit = member(options, "limit")
    count = None if limit is UNDEFINED else int32_of(limit)
    start, start_after = _bound(options, "start"), _bound(options, "startAfter")
    if start is not None and start_after is not None:
        raise type_error(_LIST_TWO_STARTS)
    if count is not None and count <= 0:
        raise type_error(_LIST_LIMIT)
    return ListOptions(
        start=start,
        start_after=start_after,
        end=_bound(options, "end"),
        prefix=_bound(options, "prefix"),
        reverse=truth(member(options, "reverse")),
        limit=count,
    )


def _bound(options: object, name: str) -> str | None:
    value = member(options, name)
    return None if value is UNDEFINED else text_of(value)


def _shown(found: object, types: DecodedTypes) -> object:
    # The store says that a key is absent in its own terms, whatever stored values are built from.
    return types.undefined if found is UNDEFINED else found


def _is_confirmed(options: object) -> bool:
    return not truth(member(options, "allowUnconfirmed"))
