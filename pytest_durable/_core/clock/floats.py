"""Where asyncio's seconds, which are floats, meet the clock's nanoseconds, which are integers."""

import math

from pytest_durable._core.clock.clock import Clock


def seconds(clock: Clock) -> float:
    """The time of a loop on ``clock``."""
    return clock.elapsed_ns / 1e9


def nanoseconds(when: float) -> int:
    """The instant that a float of the loop stands for.

    ``time() + delay`` misses the sum of integers by the rounding of a float. Nearly all delays are whole microseconds,
    so if a whole microsecond is within that rounding, it is what was meant.
    """
    microseconds = round(when * 1e6)
    if abs(microseconds / 1e6 - when) <= 2 * math.ulp(when):
        return microseconds * 1_000
    return round(when * 1e9)
