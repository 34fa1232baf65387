"""The end of a turn: where storage, output gate and the two records of an alarm meet.

Order of the durable steps of one commit (spec 7.2):

    an alarm appears or moves earlier    scheduler's row, then COMMIT
    an alarm moves later or goes         COMMIT, then scheduler's row

so that the row is never later than the object's own value. ``_scheduled_ns`` is what this object believes the row to
say. It starts as the object's own committed value: the scheduler is not asked when an object is loaded (spec 7.2.4).

Source: workerd io/actor-sqlite.c++ (commitImpl, maybeDeleteDeferredAlarm, ExplicitTxn); spec durable-objects 6, 7.
"""

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_durable._core import events
from pytest_durable._core.actor.alarm_turn import AlarmService, must_schedule_first
from pytest_durable._core.actor.scope import current_scope
from pytest_durable._core.messages import ObjectKey
from pytest_durable._core.platform_errors import PlatformError, error
from pytest_durable._core.storage import Implicit, is_constraint_failure

if TYPE_CHECKING:
    from pytest_durable._core.actor.incarnation import Incarnation
    from pytest_durable._core.actor.services import Services
    from pytest_durable._core.storage import ObjectStore

MS: Final = 1_000_000


class TransactionHandle:
    """One explicit transaction, as its callback sees it.

    Attributes:
        is_over: The callback has returned and the transaction is committed or rolled back.
        is_rolled_back: Its writes are undone.
    """

    __slots__ = ("_depth", "_storage", "is_over", "is_rolled_back", "saved_alarm")

    def __init__(self, storage: "ActorStorage", depth: int, saved_alarm: "_AlarmMarks") -> None:
        self._storage = storage
        self._depth = depth
        self.saved_alarm = saved_alarm
        self.is_over = False
        self.is_rolled_back = False

    @property
    def depth(self) -> int:
        """0 for the outermost transaction."""
        return self._depth

    def rollback(self) -> None:
        """Undo the writes of the transaction now. Harmless when repeated.

        Raises:
            PlatformError: A transaction inside this one is still running.
        """
        if not self.is_rolled_back:
            self._storage.roll_back(self)


@dataclass(frozen=True, slots=True)
class _AlarmMarks:
    """What a rollback restores besides the stored value (spec 6.2.8)."""

    is_delete_deferred: bool
    is_touched: bool
    must_reschedule: bool


class ActorStorage:
    """An object's store with its gates and its alarm.

    Args:
        incarnation: The instance it belongs to.
        services: What the runtime offers.
        store: The open database.
        alarms: The scheduler as this object sees it.
    """

    def __init__(
        self, incarnation: "Incarnation", services: "Services", store: "ObjectStore", alarms: AlarmService
    ) -> None:
        self._incarnation = incarnation
        self._services = services
        self._store = store
        self._alarms = alarms
        self._key: ObjectKey = incarnation.key
        self._transactions: tuple[TransactionHandle, ...] = ()  # innermost last
        self._scheduled_ns: int | None = None
        self._scheduled_known = False
        self._alarm_touched = False
        self._delete_deferred = False
        self._must_reschedule = False
        #: The database is new and nobody has read the alarm from it: even clearing it is a change (tried).
        self._is_alarm_unread = False
        store.hooks = self
        store.enhanced_errors = services.enhanced_errors

    # -- what the store tells us (StoreHooks)

    def transaction_began(self) -> None:
        """The store has opened a transaction for the first write of a turn."""
        if not self._incarnation.in_turn:  # a write from outside of any turn, for example a callback that the test runs
            self._services.life.soon(self._incarnation.end_turn)
        self._services.journal.record(events.TransactionBegan, self._key)

    def write_started(self, confirmed: bool) -> None:
        """The store is about to write. Nothing leaves before the end of the turn anyway; see ``gates``."""

    # -- access

    @property
    def store(self) -> "ObjectStore":
        """The open database.

        Raises:
            LifeEnded: The process has died; the frame that asks is being unwound.
            PlatformError: The object is over.
        """
        incarnation = self._incarnation
        if incarnation.in_turn:
            self._services.life.require_alive()
        if incarnation.is_over:
            raise incarnation.container.closed_error()
        return self._store

    @property
    def now_ns(self) -> int:
        """The wall clock."""
        return self._services.wall_ns()

    @property
    def has_alarm_handler(self) -> bool:
        """Whether the class handles alarms."""
        return self._services.surface.has_handler(self._incarnation.cls, "alarm")

    @property
    def refuses_alarm(self) -> bool:
        """Whether setting an alarm is an error because nothing would handle it (spec 7.1)."""
        return (
            self._services.surface.rules.alarm_without_handler == "refuse"
            and not self._incarnation.is_constructing
            and not self.has_alarm_handler
        )

    @property
    def is_constructing(self) -> bool:
        """Whether the constructor runs."""
        return self._incarnation.is_constructing

    # -- alarm

    def get_alarm_ns(self) -> int | None:
        """The alarm as user code sees it: none while its handler runs, until a new one is set (spec 7.4.1)."""
        self._is_alarm_unread = False
        return None if self._delete_deferred else self.store.get_alarm_ns()

    def set_alarm_ns(self, due_ns: int, *, confirmed: bool = True) -> None:
        """Set the alarm; a time in the past means now. Takes effect with the commit of the turn."""
        due_ns = max(due_ns, self._services.wall_ns()) // MS * MS
        self._touch_alarm()
        was_deferred, self._delete_deferred = self._delete_deferred, False
        if not self.store.set_alarm_ns(due_ns, confirmed=confirmed) and was_deferred:
            # The value is the one that is being run: nothing changes in the database, but it is to run again.
            self._must_reschedule = True

    def delete_alarm(self, *, confirmed: bool = True) -> None:
        """Clear the alarm. During the handler this also means that a failure of it is not retried (spec 7.4.4)."""
        self._touch_alarm()
        self._delete_deferred = False
        self._must_reschedule = False
        self.store.set_alarm_ns(None, confirmed=confirmed, even_if_equal=self._is_alarm_unread)
        self._is_alarm_unread = False

    def _touch_alarm(self) -> None:
        store = self.store
        if not self._scheduled_known:
            self._scheduled_ns = store.committed_alarm_ns
            self._scheduled_known = True
        self._alarm_touched = True

    @property
    def is_alarm_clean(self) -> bool:
        """Whether the alarm equals its committed value."""
        return self._store.get_alarm_ns() == self._store.committed_alarm_ns

    def begin_alarm(self, *, defer_delete: bool) -> None:
        """The handler is about to run."""
        self._delete_deferred = defer_delete

    def finish_alarm(self, *, succeeded: bool) -> None:
        """The handler is over and its writes are durable: do the deferred deletion, or forget it."""
        if not self._delete_deferred:
            return
        if succeeded:
            self.delete_alarm()
            self.end_turn()
        else:
            self._delete_deferred = False

    def move_alarm_row(self, due_ns: int | None) -> None:
        """A delivery was cancelled: make the scheduler's row say what the object says (spec 7.5).

        Raises:
            PlatformError: The row cannot be changed, so the delivery has to be repeated.
        """
        self._schedule(due_ns)
        self._scheduled_known = True

    def abandon_alarm(self, due_ns: int) -> bool:
        """Clear the alarm if it still is ``due_ns`` and no handler runs (spec 7.7.1). False: it could not be done."""
        if self._delete_deferred or self._store.get_alarm_ns() != due_ns:
            return True
        self._touch_alarm()
        try:
            self._store.set_alarm_ns(None)
            self._scheduled_ns = None  # the scheduler deletes the row itself
            self.end_turn()
        except PlatformError:
            return False
        return not self._incarnation.container.is_broken

    # -- the end of a turn

    def end_turn(self) -> None:
        """Commit the implicit transaction, if one is open.

        A commit that fails breaks the object: whatever waited for it is never sent (spec 6.4.3).

        Records: AlarmRowWritten, Committed, AlarmRowDeleted.
        """
        failure = self._store.is_critically_failed
        if failure is not None:
            self._incarnation.container.break_with_error(failure.copy())
            return
        self._is_alarm_unread = False
        if isinstance(self._store.state, Implicit):
            self._commit(self._store.commit)
        elif self._must_reschedule and not self._transactions:
            self._reschedule()

    def _commit(self, commit: Callable[[], frozenset[str]]) -> None:
        try:
            new_ns = self._schedule_before_commit() if self._alarm_touched else None
            keys = commit()
        except PlatformError as failure:
            self._incarnation.container.break_with_error(failure, counts=is_constraint_failure(failure))
            return
        self._services.journal.record(events.Committed, self._key, tuple(sorted(keys)))
        if self._alarm_touched:
            self._alarm_touched = False
            self._schedule_after_commit(new_ns)
        if self._must_reschedule:
            self._reschedule()

    def _schedule_before_commit(self) -> int | None:
        new_ns = self._store.get_alarm_ns()
        if new_ns is not None and must_schedule_first(new_ns=new_ns, scheduled_ns=self._scheduled_ns):
            self._schedule(new_ns)
        return new_ns

    def _schedule_after_commit(self, new_ns: int | None) -> None:
        if new_ns != self._scheduled_ns:
            self._schedule_or_note(new_ns)

    def _reschedule(self) -> None:
        self._must_reschedule = False
        due_ns = self._store.get_alarm_ns()
        if due_ns is not None:
            self._schedule_or_note(due_ns)

    def _schedule(self, due_ns: int | None) -> None:
        if due_ns is None:
            self._alarms.delete()
        else:
            self._alarms.set(due_ns)
        self._scheduled_ns = due_ns

    def _schedule_or_note(self, due_ns: int | None) -> None:
        """Move the row later, or delete it. That it fails is only noted: the row may be too early (spec 7.2.2)."""
        try:
            self._schedule(due_ns)
        except PlatformError as failure:
            self._services.journal.record(events.AlarmRowFailed, self._key, failure.message)

    def sync(self) -> "asyncio.Future[None]":
        """A future that completes when every write made before the call is committed."""
        future: asyncio.Future[None] = self._services.life.loop.create_future()
        self.store  # noqa: B018 - raises if the object is over
        # Awaiting it ends the turn, and the end of the turn commits; so the next round of the loop is late enough.
        self._services.life.soon(functools.partial(_complete, future))
        return future

    # -- transactions

    def transaction(self, callback: Callable[[TransactionHandle], object]) -> "asyncio.Future[object]":
        """Run ``callback`` in a transaction of its own and within a critical section (spec 6.2)."""
        self.store  # noqa: B018 - raises if the object is over
        scope = current_scope()
        parent = scope.section if scope is not None and scope.incarnation is self._incarnation else None
        return self._incarnation.run_section(lambda: self._transact(callback), parent, failure_resets=False)

    async def _transact(self, callback: Callable[[TransactionHandle], object]) -> object:
        handle = self._begin()
        try:
            result = callback(handle)
            if hasattr(result, "__await__"):
                result = await result
        except BaseException:
            if not self._incarnation.is_over:
                handle.rollback()
                self._end(handle)
            raise
        if not handle.is_rolled_back:
            self._commit_explicit(handle)
        self._end(handle)
        return result

    def _begin(self) -> TransactionHandle:
        store = self.store
        if isinstance(store.state, Implicit):
            self.end_turn()
            store = self.store
        self._is_alarm_unread = False
        marks = _AlarmMarks(self._delete_deferred, self._alarm_touched, self._must_reschedule)
        handle = TransactionHandle(self, store.begin_transaction(), marks)
        self._transactions += (handle,)
        return handle

    def _end(self, handle: TransactionHandle) -> None:
        handle.is_over = True
        self._leave(handle)

    def _leave(self, handle: TransactionHandle) -> None:
        self._transactions = tuple(other for other in self._transactions if other is not handle)

    def _commit_explicit(self, handle: TransactionHandle) -> None:
        store = self.store
        if handle.depth > 0:
            store.commit_transaction(handle.depth)
            return
        self._leave(handle)
        self._commit(lambda: store.commit_transaction(handle.depth))
        if self._incarnation.is_over:
            raise self._incarnation.container.closed_error()

    def roll_back(self, handle: TransactionHandle) -> None:
        """Undo an explicit transaction; see ``TransactionHandle.rollback``."""
        if self._transactions and self._transactions[-1] is not handle:
            raise error("Cannot roll back an outer transaction while a nested transaction is still running.")
        self.store.rollback_transaction(handle.depth)
        handle.is_rolled_back = True
        self._leave(handle)
        marks = handle.saved_alarm
        self._delete_deferred = marks.is_delete_deferred
        self._alarm_touched = marks.is_touched
        self._must_reschedule = marks.must_reschedule

    def transaction_sync(self, callback: Callable[[], object]) -> object:
        """Run ``callback`` within a savepoint; an exception rolls back to it and goes on (spec 6.3)."""
        store = self.store
        marks = _AlarmMarks(self._delete_deferred, self._alarm_touched, self._must_reschedule)
        store.sync_savepoint()
        try:
            result = callback()
        except BaseException:
            if not self._services.life.is_over and not self._incarnation.is_over:
                store.rollback_sync_savepoint()
                self._delete_deferred = marks.is_delete_deferred
                self._must_reschedule = marks.must_reschedule
            raise
        store.release_sync_savepoint()
        return result

    # -- everything

    def delete_all(self) -> None:
        """Replace the database by an empty one, at once and beyond any rollback (spec 4.4).

        Records: StorageReset, AlarmRowDeleted.

        Raises:
            PlatformError: Called within a transaction; nothing is deleted.
        """
        if self._incarnation.abort_request is not None:
            return  # what the code still does while it is unwound has no effect, not even this
        store = self.store
        keep = self._services.delete_all_keeps_alarm
        self._touch_alarm()
        store.delete_all(keep_alarm=keep)
        self._services.journal.record(events.StorageReset, self._key)
        if not keep:
            self._delete_deferred = False
            self._must_reschedule = False
        self._schedule_after_commit(store.committed_alarm_ns)
        self._alarm_touched = False
        self._is_alarm_unread = store.committed_alarm_ns is None

    # -- the end

    def end(self, *, graceful: bool) -> None:
        """Close the database; an open transaction is lost."""
        self._transactions = ()
        self._store.close(graceful=graceful)


def _complete(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
