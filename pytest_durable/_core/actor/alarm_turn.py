"""What an object does with its alarm: the decision at delivery, and the order of the two records of one alarm.

The scheduler's row must never be later than the object's own committed value, because only the row wakes the object: a
crash between the two writes may then cost a needless wake-up, but never an alarm.

Source: workerd io/actor-sqlite.c++ (armAlarmHandler, maybeScheduleAlarm); spec durable-objects 7.2, 7.4, 7.5.
"""

from dataclasses import dataclass
from typing import Protocol


class AlarmService(Protocol):
    """The scheduler as one object sees it."""

    def set(self, due_ns: int) -> None:
        """Write the row and arm the timer."""

    def delete(self) -> None:
        """Delete the row."""

    def drop(self) -> None:
        """Delete the row; a run in progress is not followed by another."""


@dataclass(frozen=True, slots=True)
class RunHandler:
    """Call the handler. ``defer_delete``: the alarm looks deleted meanwhile and is deleted if the handler succeeds."""

    defer_delete: bool


@dataclass(frozen=True, slots=True)
class Cancel:
    """Do not call the handler; the row becomes ``due_ns``, or goes when that is None."""

    due_ns: int | None


def decide(*, due_ns: int, local_ns: int | None, now_ns: int, is_clean: bool) -> RunHandler | Cancel:
    """What to do with a delivery (spec 7.5).

    Args:
        due_ns: The time the scheduler fires for.
        local_ns: The object's own value.
        now_ns: The wall clock.
        is_clean: ``local_ns`` equals the last committed value.
    """
    if local_ns == due_ns:
        return RunHandler(defer_delete=True)
    if not is_clean:
        return RunHandler(defer_delete=False)
    if local_ns is not None and local_ns < now_ns:
        return RunHandler(defer_delete=True)
    return Cancel(local_ns)


def must_schedule_first(*, new_ns: int | None, scheduled_ns: int | None) -> bool:
    """Whether the row has to be written before the commit: an alarm appears or moves earlier (spec 7.2)."""
    return new_ns is not None and (scheduled_ns is None or new_ns < scheduled_ns)
