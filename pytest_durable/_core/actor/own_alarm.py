"""The object's own record of its alarm, and what it believes the scheduler's row to say.

Order of the durable steps of one commit (spec 7.2):

    an alarm appears or moves earlier    scheduler's row, then COMMIT
    an alarm moves later or goes         COMMIT, then scheduler's row

so that the row is never later than the object's own value. ``_scheduled_ns`` is what this object believes the row to
say. It starts as the object's own committed value: the scheduler is not asked when an object is loaded (spec 7.2.4).

Source: workerd io/actor-sqlite.c++ (setAlarm, armAlarmHandler, maybeDeleteDeferredAlarm); spec durable-objects 7.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_durable._core import events
from pytest_durable._core.actor.alarm_turn import AlarmService, must_schedule_first
from pytest_durable._core.messages import ObjectKey
from pytest_durable._core.platform_errors import PlatformError

if TYPE_CHECKING:
    from pytest_durable._core.actor.services import Services
    from pytest_durable._core.storage import ObjectStore

MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class AlarmMarks:
    """What a rollback restores besides the stored value (spec 6.2.8)."""

    is_delete_deferred: bool
    is_touched: bool
    must_reschedule: bool


class OwnAlarm:
    """The alarm of one object while it is in memory.

    Args:
        store: The object's open database, which holds the value.
        services: What the runtime offers.
        scheduler: The scheduler as this object sees it.
        key: The object, in records.
    """

    __slots__ = (
        "_delete_deferred",
        "_is_running",
        "_is_unread",
        "_key",
        "_must_reschedule",
        "_scheduled_known",
        "_scheduled_ns",
        "_scheduler",
        "_services",
        "_store",
        "_touched",
    )

    def __init__(self, store: "ObjectStore", services: "Services", scheduler: AlarmService, key: ObjectKey) -> None:
        self._store = store
        self._services = services
        self._scheduler = scheduler
        self._key = key
        self._scheduled_ns: int | None = None
        self._scheduled_known = False
        self._touched = False
        self._delete_deferred = False
        self._is_running = False
        self._must_reschedule = False
        #: The database is new and nobody has read the alarm from it: even clearing it is a change (tried).
        self._is_unread = False

    # -- what user code does

    def get_ns(self) -> int | None:
        """The alarm as user code sees it: none while its handler runs, until a new one is set (spec 7.4.1)."""
        self._is_unread = False
        return None if self._delete_deferred else self._store.get_alarm_ns()

    def set_ns(self, due_ns: int) -> None:
        """Set the alarm; a time in the past means now. Takes effect with the commit of the turn."""
        due_ns = max(due_ns, self._services.wall_ns()) // MS * MS
        self._touch()
        was_deferred, self._delete_deferred = self._delete_deferred, False
        is_changed = self._store.set_alarm_ns(due_ns)
        if self._is_running and due_ns == self._store.committed_alarm_ns and (is_changed or was_deferred):
            # The value is the one that is being run, perhaps deleted before in this turn: the commit changes nothing,
            # but it is to run again.
            self._must_reschedule = True

    def delete(self) -> None:
        """Clear the alarm. During the handler this also means that a failure of it is not retried (spec 7.4.4)."""
        self._touch()
        self._delete_deferred = False
        self._must_reschedule = False
        self._store.set_alarm_ns(None, even_if_equal=self._is_unread)
        self._is_unread = False

    def _touch(self) -> None:
        if not self._scheduled_known:
            self._scheduled_ns = self._store.committed_alarm_ns
            self._scheduled_known = True
        self._touched = True

    # -- a delivery

    @property
    def is_clean(self) -> bool:
        """Whether the alarm equals its committed value."""
        return self._store.get_alarm_ns() == self._store.committed_alarm_ns

    def begin_run(self, *, defer_delete: bool) -> None:
        """The handler is about to run."""
        self._delete_deferred = defer_delete
        self._is_running = True

    def end_run(self, *, succeeded: bool) -> bool:
        """The handler is over and its writes are durable.

        Returns:
            Whether the deferred deletion was made now, and is to be committed.
        """
        self._is_running = False
        if not self._delete_deferred:
            return False
        if succeeded:
            self.delete()
        else:
            self._delete_deferred = False
        return succeeded

    def move_row(self, due_ns: int | None) -> None:
        """A delivery was cancelled: make the scheduler's row say what the object says (spec 7.5).

        Raises:
            PlatformError: The row cannot be changed, so the delivery has to be repeated.
        """
        self._schedule(due_ns)
        self._scheduled_known = True

    def abandon(self, due_ns: int) -> bool:
        """Clear the alarm, without telling the scheduler, if it still is ``due_ns`` and no handler runs.

        Returns:
            Whether there is something to commit.
        """
        store = self._store
        if self._delete_deferred or store.get_alarm_ns() != due_ns:
            return False
        self._touch()
        store.set_alarm_ns(None)
        self._scheduled_ns = None  # the scheduler deletes the row itself
        return True

    # -- a commit

    @property
    def must_reschedule(self) -> bool:
        """Whether the alarm is to run again at the time it has run for."""
        return self._must_reschedule

    def before_commit(self) -> int | None:
        """Write the row first, if the alarm appears or moves earlier.

        Returns:
            The value about to be committed, for ``after_commit``.
        """
        if not self._touched:
            return None
        new_ns = self._store.get_alarm_ns()
        if new_ns is not None and must_schedule_first(new_ns=new_ns, scheduled_ns=self._scheduled_ns):
            self._schedule(new_ns)
        return new_ns

    def after_commit(self, new_ns: int | None) -> None:
        """Write the row now, if the alarm has moved later or is gone."""
        if self._touched:
            self._touched = False
            if new_ns != self._scheduled_ns:
                self._schedule_or_note(new_ns)
        if self._must_reschedule:
            self.reschedule()

    def reschedule(self) -> None:
        """Have the scheduler run the alarm again, at the time it has run for."""
        self._must_reschedule = False
        due_ns = self._store.get_alarm_ns()
        if due_ns is not None:
            self._schedule_or_note(due_ns)

    def was_read(self) -> None:
        """A turn has passed since the database was made."""
        self._is_unread = False

    def before_reset(self) -> None:
        """The database is about to be replaced by an empty one."""
        self._touch()

    def after_reset(self, *, is_kept: bool) -> None:
        """The database was replaced by an empty one; the alarm is gone with it, or was written anew."""
        due_ns = self._store.committed_alarm_ns
        if not is_kept:
            self._delete_deferred = False
            self._must_reschedule = False
        if due_ns != self._scheduled_ns:
            self._schedule_or_note(due_ns)
        self._touched = False
        self._is_unread = due_ns is None

    def _schedule(self, due_ns: int | None) -> None:
        if due_ns is None:
            self._scheduler.delete()
        else:
            self._scheduler.set(due_ns)
        self._scheduled_ns = due_ns

    def _schedule_or_note(self, due_ns: int | None) -> None:
        """Move the row later, or delete it. That it fails is only noted: the row may be too early (spec 7.2.2)."""
        try:
            self._schedule(due_ns)
        except PlatformError as failure:
            self._services.journal.record(events.AlarmRowFailed, self._key, failure.message)

    # -- rollback

    def marks(self) -> AlarmMarks:
        """What ``restore`` needs."""
        return AlarmMarks(self._delete_deferred, self._touched, self._must_reschedule)

    def restore(self, marks: AlarmMarks, *, is_touched: bool) -> None:
        """A transaction was rolled back to where ``marks`` were taken."""
        self._delete_deferred = marks.is_delete_deferred
        self._must_reschedule = marks.must_reschedule
        self._touched = is_touched

    @property
    def is_touched(self) -> bool:
        """Whether the open transaction may have changed the alarm."""
        return self._touched
