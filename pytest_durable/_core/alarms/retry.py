"""What happens after an alarm has run: pure bookkeeping, no clock, no database.

Source: workerd server/alarm-scheduler.c++ (makeAlarmTask); spec durable-objects 7.6.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

RETRY_DELAY_NS: Final = 2_000_000_000
RETRIES_COUNTED_MAX: Final = 6
BACKOFF_MAX: Final = 9
JITTER_PERCENT: Final = 25
_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class RetryState:
    """The memory of one alarm between its runs.

    Attributes:
        counted: Failures that count, so far; what the handler is told as its retry count.
        backoff: Exponent of the next delay.
        previous_counted: Whether the last failure counted.
    """

    counted: int = 0
    backoff: int = 0
    previous_counted: bool = False


@dataclass(frozen=True, slots=True)
class RunAgain:
    """Run the alarm again after ``delay_ns``, remembering ``state``."""

    delay_ns: int
    state: RetryState


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The alarm has failed too often."""


def after_failure(state: RetryState, *, counts: bool, jitter: Callable[[int], int]) -> RunAgain | GiveUp:
    """Decide about an alarm whose run failed and may be retried.

    Args:
        state: What is remembered of its earlier runs.
        counts: Whether this failure counts; others are retried for ever.
        jitter: Draws a whole number of ms between 0 and the number it is given, both included.
    """
    if state.counted >= RETRIES_COUNTED_MAX:
        return GiveUp()
    counted, backoff = state.counted, state.backoff
    if counts:
        counted += 1
        if not state.previous_counted:
            backoff = 0
    backoff = min(BACKOFF_MAX, backoff)
    delay_ns = RETRY_DELAY_NS << backoff
    delay_ns += jitter(delay_ns // _MS * JITTER_PERCENT // 100) * _MS
    return RunAgain(delay_ns, RetryState(counted, backoff + 1, counts))
