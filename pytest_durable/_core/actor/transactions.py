"""Explicit transactions of one object: ``transaction(callback)`` and ``transactionSync(callback)``.

They nest. The outermost explicit one is committed when its callback returns, by the same steps as a turn.

Source: workerd io/actor-sqlite.c++ (ExplicitTxn), api/actor-state.c++; spec durable-objects 6.2, 6.3.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_durable._core.actor.own_alarm import AlarmMarks
from pytest_durable._core.actor.scope import current_scope
from pytest_durable._core.platform_errors import error
from pytest_durable._core.storage import Implicit

if TYPE_CHECKING:
    from pytest_durable._core.actor.commit import ActorStorage
    from pytest_durable._core.actor.incarnation import Incarnation


class TransactionHandle:
    """One explicit transaction, as its callback sees it.

    Attributes:
        depth: 0 for the outermost transaction.
        is_over: The callback has returned and the transaction is committed or rolled back.
        is_rolled_back: Its writes are undone.
        marks: What a rollback restores besides the stored values.
    """

    __slots__ = ("_transactions", "depth", "is_over", "is_rolled_back", "marks")

    def __init__(self, transactions: "Transactions", depth: int, marks: AlarmMarks) -> None:
        self._transactions = transactions
        self.depth = depth
        self.marks = marks
        self.is_over = False
        self.is_rolled_back = False

    def rollback(self) -> None:
        """Undo the writes of the transaction now. Harmless when repeated.

        Raises:
            PlatformError: A transaction inside this one is still running, or a critical error has undone everything.
        """
        if not self.is_rolled_back:
            self._transactions.roll_back(self)


class Transactions:
    """The explicit transactions that are open on one object.

    Args:
        storage: The object's storage.
        incarnation: The instance it belongs to.
    """

    __slots__ = ("_incarnation", "_open", "_storage")

    def __init__(self, storage: "ActorStorage", incarnation: "Incarnation") -> None:
        self._storage = storage
        self._incarnation = incarnation
        self._open: tuple[TransactionHandle, ...] = ()  # innermost last

    def __bool__(self) -> bool:
        return bool(self._open)

    def run(self, callback: Callable[[TransactionHandle], object]) -> "asyncio.Future[object]":
        """Run ``callback`` in a transaction of its own and within a critical section (spec 6.2)."""
        self._storage.store  # noqa: B018 - raises if the object is over
        scope = current_scope()
        parent = scope.section if scope is not None and scope.incarnation is self._incarnation else None
        return self._incarnation.sections.run(lambda: self._transact(callback), parent, failure_resets=False)

    async def _transact(self, callback: Callable[[TransactionHandle], object]) -> object:
        handle = self._begin()
        try:
            result = callback(handle)
            if hasattr(result, "__await__"):
                result = await result
        except BaseException:
            if not self._incarnation.is_over:
                if self._storage.open_store.is_critically_failed is None:  # else everything is undone already
                    handle.rollback()
                self._end(handle)
            raise
        if not handle.is_rolled_back:
            self._commit(handle)
        self._end(handle)
        return result

    def _begin(self) -> TransactionHandle:
        storage = self._storage
        if isinstance(storage.store.state, Implicit):
            storage.end_turn()
        store = storage.store
        storage.alarm.was_read()
        handle = TransactionHandle(self, store.begin_transaction(), storage.alarm.marks())
        self._open += (handle,)
        return handle

    def _end(self, handle: TransactionHandle) -> None:
        handle.is_over = True
        self._leave(handle)

    def _leave(self, handle: TransactionHandle) -> None:
        self._open = tuple(other for other in self._open if other is not handle)

    def _commit(self, handle: TransactionHandle) -> None:
        store = self._storage.store
        if handle.depth > 0:
            store.commit_transaction(handle.depth)
            return
        self._leave(handle)
        self._storage.commit(lambda: store.commit_transaction(handle.depth))
        if self._incarnation.is_over:
            raise self._incarnation.container.closed_error()

    def roll_back(self, handle: TransactionHandle) -> None:
        """Undo an explicit transaction; see ``TransactionHandle.rollback``."""
        if self._open and self._open[-1] is not handle:
            raise error("Cannot roll back an outer transaction while a nested transaction is still running.")
        self._storage.store.rollback_transaction(handle.depth)
        handle.is_rolled_back = True
        self._leave(handle)
        self._storage.alarm.restore(handle.marks, is_touched=handle.marks.is_touched)

    def run_sync(self, callback: Callable[[], object]) -> object:
        """Run ``callback`` within a savepoint; an exception rolls back to it and goes on (spec 6.3)."""
        storage, incarnation = self._storage, self._incarnation
        store, alarm = storage.store, storage.alarm
        marks = alarm.marks()
        store.sync_savepoint()
        try:
            result = callback()
        except BaseException:
            if not incarnation.services.life.is_over and not incarnation.is_over:
                store.rollback_sync_savepoint()
                alarm.restore(marks, is_touched=alarm.is_touched)
            raise
        store.release_sync_savepoint()
        return result

    def forget(self) -> None:
        """The object is over; what is open is lost."""
        self._open = ()
