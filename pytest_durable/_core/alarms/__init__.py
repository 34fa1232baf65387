"""The alarm scheduler of a namespace."""

from .scheduler import AlarmDue, AlarmOutcome, AlarmScheduler, AlarmState, PendingAlarm

__all__ = ["AlarmDue", "AlarmOutcome", "AlarmScheduler", "AlarmState", "PendingAlarm"]
