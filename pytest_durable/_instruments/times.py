"""Instants and distances as messages print them, and the call that lets a distance pass. Pure; nanoseconds go in.

Instants are shown relative to the start of the host: ``00:05:00.000`` says more in a test than the date it starts at.
"""

from typing import Final

from pytest_durable._hosts.durations import instant

_MS: Final = 1_000_000
_SECOND: Final = 1_000_000_000

#: Up to here a length is shown in seconds; nobody reads 75,600 of them.
_SECONDS_MAX_NS: Final = 600 * _SECOND

_UNIT_SECONDS: Final = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))


def since_start(distance_ns: int) -> str:
    """``00:05:00.000``; with days in front if there are any: ``3d 00:05:00.000``."""
    sign, left_ms = ("-", -distance_ns // _MS) if distance_ns < 0 else ("", distance_ns // _MS)
    seconds, ms = divmod(left_ms, 1_000)
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"
    return f"{sign}{days}d {clock}" if days else f"{sign}{clock}"


def as_length(distance_ns: int) -> str:
    """``299.999 s``; beyond ten minutes in the notation of ``since_start``: ``21:00:00.000``."""
    if abs(distance_ns) > _SECONDS_MAX_NS:
        return since_start(distance_ns)
    sign = "-" if distance_ns < 0 else ""
    seconds, ms = divmod(abs(distance_ns) // _MS, 1_000)
    return f"{sign}{seconds}.{ms:03} s"


def from_now(distance_ns: int) -> str:
    """``in 299.999 s``, ``in 21:00:00.000``, ``299.999 s ago``, or ``now``."""
    if distance_ns == 0:
        return "now"
    return f"in {as_length(distance_ns)}" if distance_ns > 0 else f"{as_length(-distance_ns)} ago"


def as_utc(instant_ns: int) -> str:
    """``2030-01-01T00:05:00.000Z``."""
    return instant(instant_ns).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def advance_call(distance_ns: int) -> str:
    """The line of a test that lets at least this distance pass.

    Rounded up to whole seconds: the line is for a person to copy, and what is due on the way runs at its own instant.
    """
    left = max(1, -(-distance_ns // _SECOND))
    amounts = []
    for unit, length in _UNIT_SECONDS:
        amount, left = divmod(left, length)
        if amount:
            amounts.append(f"{unit}={amount}")
    return f"await durable.clock.advance({', '.join(amounts)})"
