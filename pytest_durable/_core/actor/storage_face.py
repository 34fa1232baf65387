"""``ctx.storage`` as the platform defines it: which arguments it takes, what it answers, what it refuses and how.

This is the one place of those rules, in wire values and snake_case; a surface only translates names and values. Every
method does its work at the call and returns or raises there (the platform's promises are settled at once, spec 4.1.3);
only ``sync`` and ``transaction`` return something to wait for. That the platform reports errors of these methods by
rejection and never by throwing (spec 4.1.2) is the surface's business.

Arguments that were not given are ``ABSENT``: the platform tells them from an explicit ``undefined``.

Source: workerd api/actor-state.c++; spec durable-objects 4, 6.2, 6.3, 7.1.
"""

import asyncio
from collections.abc import Callable
from typing import ClassVar, Final, NoReturn

from pytest_durable._core.actor.arguments import (
    ABSENT,
    instant_ms,
    is_nothing,
    is_object,
    not_of_type,
    text_of,
)
from pytest_durable._core.actor.storage_owner import StorageOwner, TransactionHandle
from pytest_durable._core.actor.storage_sync import ObjectKv, ObjectSql, list_options, shown
from pytest_durable._core.platform_errors import PlatformError, error, type_error
from pytest_durable._core.storage import PLAIN, UNDEFINED, DecodedTypes, ObjectStore, own_members

__all__ = ["ObjectKv", "ObjectSql", "ObjectStorage", "ObjectTransaction", "StorageOperations"]

_NS_PER_MS: Final = 1_000_000

_NO_ALARM_HANDLER: Final = "Your Durable Object class must have an alarm() handler in order to call setAlarm()"
_ALARM_NOT_POSITIVE: Final = "setAlarm() cannot be called with an alarm time <= 0"
_PUT_FORMS: Final = (
    "put() may only be called with a single key-value pair and optional options as put(key, value, options) or with "
    "multiple key-value pairs and optional options as put(entries, options)"
)
_PUT_UNDEFINED: Final = "put() called with undefined value."
_DELETE_ALL_INSIDE: Final = "Cannot call deleteAll() within a transaction"
_NO_POINT_IN_TIME: Final = "This Durable Object's storage back-end does not implement point-in-time recovery."
_NO_SNAPSHOTS: Final = "This Durable Object's storage back-end does not implement snapshots."

Pairs = list[tuple[str, object]]


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
            return shown(self._enter("get()").get(name, self._types), self._types)
        names = [text_of(item) for item in key]
        return self._enter("get()").get_many(names, self._types)

    def put(self, key: object = ABSENT, value: object = ABSENT, options: object = UNDEFINED) -> None:
        """Store ``value`` under ``key``, or all members of an object; then ``value`` holds the options.

        Any object is taken for entries but an array, which is a key: the text of its elements. What has no members of
        its own, such as a Map, stores nothing. Members that are undefined are skipped. Either all are stored or none.

        Raises:
            PlatformError: TypeError for the arguments; DataCloneError for a value that cannot be stored.
        """
        if key is ABSENT:
            raise self._refused("put", 1, "string or object")
        self._read_options("put", 3, options, "PutOptions")
        if is_object(key) and not isinstance(key, list):
            self._put_entries(key, value)
            return
        if value is ABSENT or value is UNDEFINED:
            raise type_error(_PUT_UNDEFINED)
        name = text_of(key)
        self._enter("put()").put_many([(name, value)])

    def _put_entries(self, entries: object, options: object) -> None:
        if not (is_nothing(options) or is_object(options)):
            raise type_error(_PUT_FORMS)
        pairs = [(key, value) for key, value in own_members(entries) if value is not UNDEFINED]
        self._enter("put()").put_many(pairs)

    def delete(self, key: object = ABSENT, options: object = UNDEFINED) -> bool | int:
        """Whether the key existed; for a list of keys how many did, each counted once."""
        if key is ABSENT:
            raise self._refused("delete", 1, "string or Array")
        self._read_options("delete", 2, options, "PutOptions")
        names = [text_of(item) for item in key] if isinstance(key, list) else [text_of(key)]
        count = self._enter("delete()").delete_many(names)
        return count if isinstance(key, list) else count > 0

    def list(self, options: object = UNDEFINED) -> Pairs:
        """The pairs that ``options`` ask for, ordered by the bytes of their keys."""
        self._read_options("list", 1, options, "ListOptions")
        wanted = list_options(options)
        if wanted.is_empty:  # not even a transaction that is over is noticed then
            return []
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
        self._owner.set_alarm_ns(due_ms * _NS_PER_MS)

    def delete_alarm(self, options: object = UNDEFINED) -> None:
        """Clear the alarm, if there is one."""
        self._read_options("deleteAlarm", 1, options, "SetAlarmOptions")
        self._enter("deleteAlarm()")
        self._owner.delete_alarm()

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
        experimental: Whether the application has the flag ``experimental``: then ``sql`` refuses nothing, and surfaces
            show what else needs the flag.
    """

    interface = "DurableObjectStorage"

    def __init__(
        self, owner: StorageOwner, types: DecodedTypes = PLAIN, *, sql: bool = True, experimental: bool = False
    ) -> None:
        super().__init__(owner, types)
        self.is_experimental = experimental
        self._is_sql_enabled = sql
        # Made when they are asked for: few objects use both.
        self._kv: ObjectKv | None = None
        self._sql: ObjectSql | None = None

    @property
    def kv(self) -> ObjectKv:
        """The synchronous half of the key-value methods."""
        if self._kv is None:
            self._kv = ObjectKv(self._owner, self._types, enabled=self._is_sql_enabled)
        return self._kv

    @property
    def sql(self) -> ObjectSql:
        """SQL on the same database."""
        if self._sql is None:
            enabled = self._is_sql_enabled or self.is_experimental
            self._sql = ObjectSql(self._owner, self._types, enabled=enabled)
        return self._sql

    def with_types(self, types: DecodedTypes) -> "ObjectStorage":
        """The same storage, whose results are built from other types."""
        return ObjectStorage(self._owner, types, sql=self._is_sql_enabled, experimental=self.is_experimental)

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

    def get_current_bookmark(self) -> "asyncio.Future[str]":
        """A bookmark that is greater than all before it; counts in the database, like any write of the turn."""
        return self._owner.later(self._owner.store.next_bookmark())

    def wait_for_bookmark(self, bookmark: object = ABSENT) -> "asyncio.Future[None]":
        """Done in a turn to come, whatever the bookmark: there are no replicas that could be behind."""
        if bookmark is ABSENT:
            raise self._refused("waitForBookmark", 1, "string")
        self._owner.store.require_sound()
        return self._owner.later(None)

    def snapshot(self, options: object = UNDEFINED) -> NoReturn:
        """Refused: there are no snapshots outside production."""
        self._read_options("snapshot", 1, options, "SnapshotOptions")
        raise error(_NO_SNAPSHOTS)

    def on_next_session_restore(self, target: object = ABSENT) -> NoReturn:
        """Refused: there is no point-in-time recovery outside production."""
        if not isinstance(target, str):
            raise self._refused("onNextSessionRestore", 1, "DurableObjectSnapshot or string")
        raise error(_NO_POINT_IN_TIME)

    def get_bookmark_for_time(self, time: object = ABSENT) -> NoReturn:
        """Refused: there is no point-in-time recovery outside production."""
        instant_ms(time, self._refused("getBookmarkForTime", 1, "date"))
        raise error(_NO_POINT_IN_TIME)

    def on_next_session_restore_bookmark(self, bookmark: object = ABSENT) -> NoReturn:
        """Refused: there is no point-in-time recovery outside production."""
        if bookmark is ABSENT:
            raise self._refused("onNextSessionRestoreBookmark", 1, "string")
        raise error(_NO_POINT_IN_TIME)

    def _enter(self, operation: str) -> ObjectStore:
        return self._owner.store
