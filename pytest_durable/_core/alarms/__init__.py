"""The alarm scheduler of a namespace."""

from pytest_durable._core.alarms.run_limit import RUNS_MAX, RunCounter, RunLimit
from pytest_durable._core.alarms.scheduler import AlarmDue, AlarmOutcome, AlarmScheduler, AlarmState, PendingAlarm

__all__ = [
    "RUNS_MAX",
    "AlarmDue",
    "AlarmOutcome",
    "AlarmScheduler",
    "AlarmState",
    "PendingAlarm",
    "RunCounter",
    "RunLimit",
]
