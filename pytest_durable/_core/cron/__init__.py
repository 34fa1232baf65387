"""Schedules of the platform: what an expression means, and when its next time is. Pure."""

from pytest_durable._core.cron.cron import Cron
from pytest_durable._core.cron.fields import CronError

__all__ = ["Cron", "CronError"]
