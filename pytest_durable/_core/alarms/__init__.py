"""The alarm scheduler of a namespace."""

from pytest_durable._core.alarms.delivery import AlarmDue, AlarmOutcome
from pytest_durable._core.alarms.entries import AlarmState, PendingAlarm
from pytest_durable._core.alarms.run_limit import RUNS_MAX, RunCounter, RunLimit
from pytest_durable._core.alarms.scheduler import AlarmScheduler

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
