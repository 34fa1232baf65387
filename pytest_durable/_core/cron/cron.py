"""A schedule of the platform, in UTC, and its times.

If both the day of the month and the weekday are restricted, a day matches that satisfies one of them.

Source: cloudflare/saffron, saffron/src/lib.rs (Cron::contains, iter_after); decisions 5.3.
"""

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import Final

from pytest_durable._core.cron.fields import (
    HOUR,
    MINUTE,
    MONTH,
    CronError,
    DayOfMonth,
    DayOfWeek,
    read_day_of_month,
    read_day_of_week,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NS: Final = 1_000_000_000
#: The longest distance between two times of a schedule that has any: 29 February around a year like 2100.
_YEARS_MAX: Final = 9


class Cron:
    """A schedule.

    Args:
        text: Five fields: minute, hour, day of the month, month, weekday.

    Raises:
        CronError: It is no schedule.
    """

    __slots__ = ("_day", "_hours", "_minutes", "_months", "_weekday", "text")

    def __init__(self, text: str) -> None:
        fields = text.strip().upper().split()
        if len(fields) != 5:
            raise CronError(f"{text!r} has {len(fields)} fields, not five: minute hour day month weekday")
        self.text = text
        self._minutes = sorted(_all(MINUTE.values(fields[0]), 0, 59))
        self._hours = sorted(_all(HOUR.values(fields[1]), 0, 23))
        self._day = read_day_of_month(fields[2])
        self._months = _all(MONTH.values(fields[3]), 1, 12)
        self._weekday = read_day_of_week(fields[4])

    def __repr__(self) -> str:
        return f"Cron({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cron) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def next_after(self, instant_ns: int) -> int | None:
        """The first of its times after an instant, both in nanoseconds since the epoch; None: it has no more."""
        start = _EPOCH + timedelta(minutes=instant_ns // (60 * _NS) + 1)
        day = start.date()
        last_year = min(day.year + _YEARS_MAX, date.max.year - 1)
        while day.year <= last_year:
            if day.month not in self._months:
                day = _next_month(day)
                continue
            if self._has_day(day):
                found = self._first_on(day, start)
                if found is not None:
                    return (found - _EPOCH) // timedelta(minutes=1) * 60 * _NS
            day += timedelta(days=1)
        return None

    def _first_on(self, day: date, start: datetime) -> datetime | None:
        is_first_day = day == start.date()
        for hour in self._hours:
            if is_first_day and hour < start.hour:
                continue
            for minute in self._minutes:
                if not (is_first_day and hour == start.hour and minute < start.minute):
                    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
        return None

    def _has_day(self, day: date) -> bool:
        if self._day.kind == "days" and self._day.days is None:
            return _is_weekday_of(self._weekday, day)
        if self._weekday.kind == "days" and self._weekday.days is None:
            return _is_day_of(self._day, day)
        return _is_day_of(self._day, day) or _is_weekday_of(self._weekday, day)


def _all(values: frozenset[int] | None, least: int, greatest: int) -> frozenset[int]:
    return frozenset(range(least, greatest + 1)) if values is None else values


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _is_day_of(rule: DayOfMonth, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if rule.kind == "days":
        return rule.days is None or day.day in rule.days
    if rule.kind == "last":
        return day.day + rule.day == last
    meant = rule.day if rule.kind == "nearest" else last - rule.day
    return 1 <= meant <= last and day == _nearest_weekday(day.replace(day=meant), last)


def _nearest_weekday(day: date, last: int) -> date:
    """The day from Monday to Friday that is nearest, in the same month."""
    if day.weekday() == calendar.SATURDAY:
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    if day.weekday() == calendar.SUNDAY:
        return day + timedelta(days=1) if day.day < last else day - timedelta(days=2)
    return day


def _is_weekday_of(rule: DayOfWeek, day: date) -> bool:
    weekday = day.isoweekday() % 7 + 1
    if rule.kind == "days":
        return rule.days is None or weekday in rule.days
    if weekday != rule.day:
        return False
    if rule.kind == "last":
        return day.day + 7 > calendar.monthrange(day.year, day.month)[1]
    return (day.day - 1) // 7 + 1 == rule.nth
