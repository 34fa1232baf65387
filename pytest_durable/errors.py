"""Errors about the tool, and the one the platform raises: ``from pytest_durable.errors import StuckError``."""

from pytest_durable._core.errors import (
    AlarmLoopError,
    ConfigurationError,
    DamagedFileError,
    DirectoryError,
    DirectoryInUseError,
    DurableError,
    DurationError,
    ForeignIdError,
    HostDownError,
    LimitError,
    NaiveDatetimeError,
    RealTimeWaitError,
    StorageClosedError,
    StuckError,
    TimeBackwardsError,
    UndecodableValueError,
    UnsupportedOnHostError,
)
from pytest_durable._core.platform_errors import PlatformError

__all__ = [
    "AlarmLoopError",
    "ConfigurationError",
    "DamagedFileError",
    "DirectoryError",
    "DirectoryInUseError",
    "DurableError",
    "DurationError",
    "ForeignIdError",
    "HostDownError",
    "LimitError",
    "NaiveDatetimeError",
    "PlatformError",
    "RealTimeWaitError",
    "StorageClosedError",
    "StuckError",
    "TimeBackwardsError",
    "UndecodableValueError",
    "UnsupportedOnHostError",
]
