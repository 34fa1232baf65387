"""The five fields of a schedule: from text to the values that match.

The dialect is the platform's own: weekdays are 1 to 7 from Sunday on, ranges may wrap around, and ``L``, ``W`` and
``#`` choose days of a month that no list of numbers could.

Source: cloudflare/saffron, saffron/src/parse.rs; decisions 5.3.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_SATURDAY: Final = 7
_PART: Final = re.compile(r"(?:(?P<star>\*)|(?P<first>[0-9A-Z]+)(?:-(?P<last>[0-9A-Z]+))?)(?:/(?P<step>[0-9]+))?\Z")
_LAST_DAY: Final = re.compile(r"L(?:-(?P<before>[0-9]+))?(?P<weekday>W)?\Z")
_NEAREST: Final = re.compile(r"(?P<day>[0-9]+)W\Z")
_CHOSEN: Final = re.compile(r"(?P<weekday>[0-9A-Z]+?)(?:(?P<last>L)|#(?P<nth>[0-9]+))\Z")


class CronError(ValueError):
    """A text is no schedule. The message says which part of it, and what would be one."""


@dataclass(frozen=True, slots=True)
class Field:
    """One of the five fields: its name in messages, its least and greatest value, and names of values."""

    name: str
    least: int
    greatest: int
    names: tuple[str, ...] = ()

    def values(self, text: str) -> frozenset[int] | None:
        """What the field allows; None: everything, as ``*`` says.

        Raises:
            CronError: It is no list of values, ranges and steps.
        """
        if text == "*":
            return None
        return frozenset(value for part in text.split(",") for value in self._part(part, text))

    def _part(self, part: str, text: str) -> list[int]:
        found = _PART.match(part)
        if found is None:
            raise self.wrong(text)
        if found["star"]:
            first, last = self.least, self.greatest
        else:
            first = self.value(found["first"], text)
            last = first if found["last"] is None else self.value(found["last"], text)
            if found["last"] is None and found["step"] is not None:
                last = self.greatest
        step = 1 if found["step"] is None else self._step(found["step"], text)
        count = self.greatest - self.least + 1
        distance = (last - first) % count  # a range that begins behind its end goes around
        return [(first - self.least + passed) % count + self.least for passed in range(0, distance + 1, step)]

    def value(self, text: str, whole: str) -> int:
        """A number or a name."""
        if text in self.names:
            return self.names.index(text) + self.least
        if not text.isdecimal() or not self.least <= int(text) <= self.greatest:
            raise self.wrong(whole)
        return int(text)

    def _step(self, text: str, whole: str) -> int:
        step = int(text)
        if not 1 <= step <= self.greatest - self.least:
            raise self.wrong(whole)
        return step

    def wrong(self, text: str) -> CronError:
        """What is said of a text that means nothing here."""
        names = f" or {self.names[0]}-{self.names[-1]}" if self.names else ""
        return CronError(f"{text!r} is no {self.name}: numbers from {self.least} to {self.greatest}{names}")


MINUTE: Final = Field("minute", 0, 59)
HOUR: Final = Field("hour", 0, 23)
DAY: Final = Field("day of the month", 1, 31)
MONTH: Final = Field("month", 1, 12, _MONTHS)
WEEKDAY: Final = Field("weekday", 1, 7, _WEEKDAYS)


@dataclass(frozen=True, slots=True)
class DayOfMonth:
    """A rule for days of a month.

    Attributes:
        kind: ``days``: those listed; ``last``: so many before the last; ``nearest``: the weekday nearest to a day;
            ``last weekday``: the weekday nearest to what ``last`` means.
        days: Those listed; None: every day.
        day: The number that the other kinds need.
    """

    kind: Literal["days", "last", "nearest", "last weekday"]
    days: frozenset[int] | None = None
    day: int = 0


@dataclass(frozen=True, slots=True)
class DayOfWeek:
    """A rule for days of the week, of which 1 is Sunday.

    Attributes:
        kind: ``days``: those listed; ``last``: the last such day of the month; ``nth``: the n-th.
        days: Those listed; None: every day.
        day: The weekday that the other kinds need.
        nth: Which of them.
    """

    kind: Literal["days", "last", "nth"]
    days: frozenset[int] | None = None
    day: int = 0
    nth: int = 0


def read_day_of_month(text: str) -> DayOfMonth:
    """The rule that the third field means.

    Raises:
        CronError: It means none.
    """
    if found := _LAST_DAY.match(text):
        before = 0 if found["before"] is None else int(found["before"])
        if found["before"] is not None and not 1 <= before <= 30:
            raise DAY.wrong(text)
        return DayOfMonth("last weekday" if found["weekday"] else "last", day=before)
    if found := _NEAREST.match(text):
        return DayOfMonth("nearest", day=DAY.value(found["day"], text))
    return DayOfMonth("days", DAY.values(text))


def read_day_of_week(text: str) -> DayOfWeek:
    """The rule that the fifth field means.

    Raises:
        CronError: It means none.
    """
    if text == "L":
        return DayOfWeek("days", frozenset({_SATURDAY}))
    found = _CHOSEN.match(text)
    if found is None:
        return DayOfWeek("days", WEEKDAY.values(text))
    day = WEEKDAY.value(found["weekday"], text)
    if found["last"]:
        return DayOfWeek("last", day=day)
    nth = int(found["nth"])
    if not 1 <= nth <= 5:
        raise WEEKDAY.wrong(text)
    return DayOfWeek("nth", day=day, nth=nth)
