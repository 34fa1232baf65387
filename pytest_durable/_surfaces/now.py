"""The time that user code reads by the platform's own means."""

import time
from typing import Final

from pytest_durable._core.actor import current_scope

_NS_PER_MS: Final = 1_000_000


def now_ms() -> int:
    """The object's wall time; outside of objects the process's, which the plugin moves during a test."""
    scope = current_scope()
    return (time.time_ns() if scope is None else scope.incarnation.services.wall_ns()) // _NS_PER_MS
