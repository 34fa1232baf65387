"""The alarm scheduler of a namespace."""

from pytest_durable._core.alarms.scheduler import AlarmDue, AlarmOutcome, AlarmScheduler, AlarmState, PendingAlarm

__all__ = ["AlarmDue", "AlarmOutcome", "AlarmScheduler", "AlarmState", "PendingAlarm"]
