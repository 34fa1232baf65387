"""Proxies of Dates.

Source: ECMA-262 21.4.4; spec python-workers 4.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_durable._core.actor import milliseconds_of
from pytest_durable._core.storage.values import JSDate
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.proxies import JsProxy, name_like_production

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class JsDate(JsProxy):
    """A Date."""

    _kind = "Date"
    _target: datetime | JSDate

    def getTime(self) -> float:
        """Milliseconds since the epoch; NaN if invalid."""
        milliseconds = milliseconds_of(self._target)
        return int(milliseconds) if math.isfinite(milliseconds) else math.nan

    valueOf = getTime

    def toISOString(self) -> str:
        """``2030-01-01T00:00:00.000Z``.

        Raises:
            JsException: RangeError; the Date is invalid.
            ValueError: It is outside the years Python knows.
        """
        moment = self._moment()
        if moment is None:
            if math.isnan(milliseconds_of(self._target)):
                raise JsException("RangeError", "Invalid time value")
            raise ValueError(f"pytest-durable writes years 1 to 9999 only, not {self._target!r}")
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"

    def toJSON(self, *_key: Any) -> str | None:
        """As ``toISOString``; nothing for an invalid Date."""
        return None if self._moment() is None else self.toISOString()

    def toUTCString(self) -> str:
        """``Tue, 01 Jan 2030 00:00:00 GMT``."""
        moment = self._moment()
        return "Invalid Date" if moment is None else f"{moment:%a, %d %b %Y %H:%M:%S} GMT"

    def toString(self) -> str:
        """``Tue Jan 01 2030 00:00:00 GMT+0000 (Coordinated Universal Time)``."""
        moment = self._moment()
        if moment is None:
            return "Invalid Date"
        return f"{moment.astimezone():%a %b %d %Y %H:%M:%S GMT%z} ({_zone(moment)})"

    def toDateString(self) -> str:
        """``Tue Jan 01 2030``."""
        moment = self._moment()
        return "Invalid Date" if moment is None else f"{moment.astimezone():%a %b %d %Y}"

    def getTimezoneOffset(self) -> float:
        """Minutes from local time to UTC."""
        moment = self._moment()
        if moment is None:
            return math.nan
        return -((moment.astimezone().utcoffset() or timedelta()) // timedelta(minutes=1))

    def __getattr__(self, name: str) -> Any:
        part = name.removeprefix("getUTC") if name.startswith("getUTC") else name.removeprefix("get")
        if part == name or part not in _PARTS:
            raise AttributeError(name)
        moment = self._moment()
        if moment is None:
            return lambda: math.nan
        seen = moment if name.startswith("getUTC") else moment.astimezone()
        return lambda: _PARTS[part](seen)

    def __lt__(self, other: object) -> bool:
        return isinstance(other, JsDate) and self.getTime() < other.getTime()

    def __le__(self, other: object) -> bool:
        return isinstance(other, JsDate) and self.getTime() <= other.getTime()

    def __gt__(self, other: object) -> bool:
        return isinstance(other, JsDate) and self.getTime() > other.getTime()

    def __ge__(self, other: object) -> bool:
        return isinstance(other, JsDate) and self.getTime() >= other.getTime()

    def _moment(self) -> datetime | None:
        target = self._target
        if isinstance(target, JSDate):
            return None
        return _EPOCH + timedelta(milliseconds=milliseconds_of(target))

    def to_py(self, *, depth: int = -1, default_converter: Any = None) -> Any:
        """The proxy itself; a ``default_converter`` may make something else of it."""
        return super().to_py(depth=depth, default_converter=default_converter)

    def __to_wire__(self) -> object:
        return self._target


name_like_production(JsDate)

_PARTS = {
    "FullYear": lambda moment: moment.year,
    "Month": lambda moment: moment.month - 1,
    "Date": lambda moment: moment.day,
    "Day": lambda moment: moment.isoweekday() % 7,
    "Hours": lambda moment: moment.hour,
    "Minutes": lambda moment: moment.minute,
    "Seconds": lambda moment: moment.second,
    "Milliseconds": lambda moment: moment.microsecond // 1000,
}


def _zone(moment: datetime) -> str:
    local = moment.astimezone()
    return "Coordinated Universal Time" if not local.utcoffset() else str(local.tzname())
