"""Lengths of time and instants as tests write them, and the nanoseconds they stand for. Pure."""

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from pytest_durable._core.errors import DurationError, NaiveDatetimeError, TimeBackwardsError

_UNITS_NS = MappingProxyType(
    {
        "us": 1_000,
        "ms": 1_000_000,
        "s": 1_000_000_000,
        "m": 60 * 1_000_000_000,
        "h": 3_600 * 1_000_000_000,
        "d": 86_400 * 1_000_000_000,
        "w": 7 * 86_400 * 1_000_000_000,
    }
)
_PART = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(us|ms|s|m|h|d|w)(?![a-z])")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def duration_ns(duration: str | timedelta) -> int:
    """Read a length of time.

    Args:
        duration: A timedelta, or text such as ``"90s"``, ``"1h30m"``, ``"250ms"``, ``"2d"``, ``"1.5h"``. Text may start
            with a minus sign.

    Raises:
        DurationError: It is neither.
    """
    if isinstance(duration, timedelta):
        return duration // _MICROSECOND * 1_000
    given: object = duration
    if not isinstance(given, str):
        if not _is_number(given):
            raise DurationError(
                f"Not a length of time: {duration!r}.\n\n"
                f'  expected  text with a unit, such as "90s", or a timedelta\n'
                f"  actual    a value of type {type(duration).__name__}\n\n"
                'For example:  advance("90s")  or  advance(seconds=90)'
            )
        raise DurationError(
            f"A length of time needs a unit, and {duration!r} has none.\n\n"
            f'Say which:  advance(seconds={duration!r}), advance("{duration}s"), restart(down_for="{duration}s")\n'
            "Only claims take plain numbers, of seconds:  assert_alarm(stub, after=60)"
        )
    return _parse(given)


def units_ns(*, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> int:
    """Add up amounts of units; whole numbers are exact, others are rounded to the nanosecond."""
    amounts = {"seconds": seconds, "minutes": minutes, "hours": hours, "days": days}
    for name, amount in amounts.items():
        if not _is_number(amount):
            raise DurationError(
                f"A length of time is a finite number of units, not {name}={amount!r}.\n\n"
                "  expected  a number, such as 90 or 1.5\n"
                f"  actual    a value of type {type(amount).__name__}\n\n"
                f'Hand over a number:  {name}=90\nor text with a unit:  "90s"'
            )
    return sum(round(amount * _UNITS_NS[name[0]]) for name, amount in amounts.items())


def downtime(down_for: timedelta | str) -> timedelta:
    """How long a process is down.

    Raises:
        DurationError: The length cannot be understood.
        TimeBackwardsError: It is negative.
    """
    length_ns = duration_ns(down_for)
    if length_ns < 0:
        raise TimeBackwardsError(f"restart() cannot be down for {down_for}: time does not go back.")
    return timedelta(microseconds=length_ns // 1_000)


def instant_ns(instant: datetime) -> int:
    """Read an instant as nanoseconds since the epoch.

    Raises:
        DurationError: It is no datetime.
        NaiveDatetimeError: It has no time zone.
    """
    given: object = instant
    if not isinstance(given, datetime):
        raise DurationError(
            f"An instant is a datetime with a time zone, not {instant!r}.\n\n"
            "  expected  datetime\n"
            f"  actual    a value of type {type(instant).__name__}\n\n"
            "For example  datetime(2030, 1, 1, tzinfo=timezone.utc)"
        )
    if instant.utcoffset() is None:
        raise NaiveDatetimeError(
            f"A datetime without a time zone is not an instant: {instant!r}.\n\n"
            "Say which zone, for example  datetime(2030, 1, 1, tzinfo=timezone.utc)"
        )
    return (instant - _EPOCH) // _MICROSECOND * 1_000


def instant(ns: int) -> datetime:
    """Show nanoseconds since the epoch as an aware UTC datetime, rounded down to the microsecond.

    Raises:
        DurationError: The instant is beyond the years that a datetime knows.
    """
    try:
        return _EPOCH + timedelta(microseconds=ns // 1_000)
    except OverflowError:
        raise DurationError("The clock would leave the years that a datetime knows: 1 to 9999.") from None


def _is_number(value: object) -> bool:
    """Whether it is a finite number; ``True`` is none here, and text that looks like one is text."""
    if isinstance(value, int):
        return not isinstance(value, bool)
    return isinstance(value, float | Decimal | Fraction) and math.isfinite(value)


def _parse(text: str) -> int:
    sign, rest = (-1, text.strip()[1:]) if text.strip().startswith("-") else (1, text)
    total, position = Decimal(0), 0
    while part := _PART.match(rest, position):
        total += Decimal(part[1]) * _UNITS_NS[part[2]]
        position = part.end()
    if position == 0 or rest[position:].strip():
        raise DurationError(
            f"Not a length of time: {text!r}.\n\n"
            '  expected  numbers with units, largest first or not: "90s", "1h30m", "250ms", "2d"\n'
            f"  units     {', '.join(_UNITS_NS)}"
        )
    return sign * round(total)
