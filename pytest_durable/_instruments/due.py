"""When an alarm is expected: what ``assert_alarm`` was told, as one value. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from pytest_durable._core.errors import ConfigurationError, DurationError
from pytest_durable._hosts.durations import duration_ns, instant_ns, units_ns
from pytest_durable._instruments.times import as_length, as_utc

#: A length of time in a claim: seconds, a timedelta, or text such as "90s".
Length = float | timedelta | str

#: User code makes milliseconds of ``time.time()``, a float of seconds, and may lose one on the way (decisions 5.2).
ROUNDING_NS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedDue:
    """When an alarm is to be due.

    Attributes:
        kind: Which argument said so.
        due_ns: The instant, for ``within`` the last one that is early enough.
        length_ns: The distance that was given; 0 for ``at``.
        tolerance_ns: How far from ``due_ns`` the alarm may be, besides the rounding of milliseconds.
    """

    kind: Literal["at", "after", "within"]
    due_ns: int
    length_ns: int
    tolerance_ns: int

    def accepts(self, due_ns: int) -> bool:
        """Whether an alarm that is due then is as expected."""
        slack_ns = self.tolerance_ns + ROUNDING_NS
        if self.kind == "within":
            return due_ns <= self.due_ns + slack_ns
        return abs(due_ns - self.due_ns) <= slack_ns

    def __str__(self) -> str:
        slack = f", give or take {as_length(self.tolerance_ns)}" if self.tolerance_ns else ""
        match self.kind:
            case "at":
                return f"at {as_utc(self.due_ns)}{slack}"
            case "after":
                return f"in {as_length(self.length_ns)}{slack}"
            case "within":
                return f"within {as_length(self.length_ns)}{slack}"


def expected_due(
    now_ns: int,
    *,
    at: datetime | None,
    after: Length | None,
    within: Length | None,
    tolerance: Length,
) -> ExpectedDue:
    """Read the arguments of ``assert_alarm``.

    Raises:
        ConfigurationError: Not exactly one of ``at``, ``after`` and ``within`` was given, or the tolerance is negative.
        NaiveDatetimeError: ``at`` has no time zone.
        DurationError: A length cannot be understood.
    """
    given = [name for name, value in (("at", at), ("after", after), ("within", within)) if value is not None]
    if len(given) != 1:
        raise ConfigurationError(
            "assert_alarm() takes exactly one of at, after and within.\n\n"
            "  expected  at=datetime, after=seconds or within=seconds\n"
            f"  actual    {' and '.join(given) or 'none of them'}\n\n"
            "Say when the alarm is to be due:  durable.assert_alarm(stub, after=60)"
        )
    tolerance_ns = length_ns(tolerance)
    if tolerance_ns < 0:
        raise ConfigurationError(f"A tolerance is not negative: {tolerance!r}.\n\nLeave it out for none.")
    if at is not None:
        if not isinstance(at, datetime):
            raise ConfigurationError(f"at is an aware datetime, not {at!r}.\n\nFor a distance from now:  after=60")
        return ExpectedDue(kind="at", due_ns=instant_ns(at), length_ns=0, tolerance_ns=tolerance_ns)
    distance_ns = length_ns(after if within is None else within)
    return ExpectedDue(
        kind="after" if within is None else "within",
        due_ns=now_ns + distance_ns,
        length_ns=distance_ns,
        tolerance_ns=tolerance_ns,
    )


def length_ns(length: Length | None) -> int:
    """Read a length of time: seconds, a timedelta, or text with units.

    Raises:
        DurationError: It is none of these.
    """
    if isinstance(length, timedelta | str):
        return duration_ns(length)
    if not isinstance(length, int | float) or isinstance(length, bool):
        raise DurationError(
            f"A length of time in a claim is a number of seconds, a timedelta or text with units, not {length!r}.\n\n"
            'For example:  after=60  or  after=timedelta(minutes=1)  or  after="1m"'
        )
    return units_ns(seconds=length)
