"""The text of values in the platform's language: what a key, an SQL parameter and a message show of them.

Source: ECMAScript, ToString; each form was compared with the real binary.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from pytest_durable._core.storage.values import (
    HOLE,
    UNDEFINED,
    JSBigInt,
    JSBoxed,
    JSDate,
    JSError,
    JSMap,
    JSRegExp,
    JSSet,
    JSTypedArray,
)

# Not from strftime, which speaks the language of the process's locale.
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EPOCH: Final = datetime(1970, 1, 1)
_YEARS_OF_CYCLE: Final = 400
_SECONDS_OF_CYCLE: Final = 146_097 * 86_400
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Textual(ABC):
    """Base of values of a surface that say their text themselves."""

    __slots__ = ()

    @abstractmethod
    def platform_text(self) -> str:
        """What the platform shows of it."""


def text_of(value: object) -> str:
    """The text of a value."""
    if type(value) is str:
        return value
    if value is None:
        return "null"
    if value is UNDEFINED or value is HOLE:
        return "undefined"
    return next((render(value) for kind, render in _TEXT if isinstance(value, kind)), "[object Object]")


def _number_text(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    if 1e-6 <= abs(value) < 1e21:
        # Both languages agree on the digits, not on where an exponent begins.
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    mantissa, exponent = repr(value).split("e")
    return f"{mantissa}e{int(exponent):+d}"


def _date_text(value: object) -> str:
    assert isinstance(value, datetime | JSDate)
    if isinstance(value, JSDate) and not value.is_valid:
        return "Invalid Date"
    # Dates repeat every 400 years, weekdays too; so each is shown by way of one that Python has.
    cycles, within = divmod(_seconds_of(value), _SECONDS_OF_CYCLE)
    utc = _EPOCH + timedelta(seconds=within)
    year = utc.year + _YEARS_OF_CYCLE * cycles
    day = f"{_DAYS[utc.weekday()]} {_MONTHS[utc.month - 1]} {utc.day:02d} {'-' * (year < 0)}{abs(year):04d}"
    return f"{day} {utc:%H:%M:%S} GMT+0000 (Coordinated Universal Time)"


def _seconds_of(value: datetime | JSDate) -> int:
    if isinstance(value, JSDate):
        return int(value.milliseconds // 1000)
    # In this order: the first and the last days of Python may have no counterpart in UTC.
    return (value.replace(tzinfo=None) - _EPOCH - (value.utcoffset() or timedelta())) // timedelta(seconds=1)


def _list_text(value: object) -> str:
    assert isinstance(value, list | tuple)
    return ",".join("" if item is None or item is UNDEFINED or item is HOLE else text_of(item) for item in value)


def _view_text(value: object) -> str:
    assert isinstance(value, JSTypedArray)
    return "[object DataView]" if value.kind == "DataView" else ",".join(text_of(item) for item in value.tolist())


def _error_text(value: object) -> str:
    assert isinstance(value, JSError)
    name, message = text_of(value.name), text_of(value.message)
    return f"{name}: {message}" if name and message else name or message


def _regexp_text(value: object) -> str:
    assert isinstance(value, JSRegExp)
    return f"/{value.source}/{value.flags}"


def _own_text(value: object) -> str:
    assert isinstance(value, Textual)
    return value.platform_text()


def _boxed_text(value: object) -> str:
    assert isinstance(value, JSBoxed)
    return text_of(value.value)


# In this order: bool is an int, and JSBigInt is one too (its own repr must not show).
_TEXT: Final[tuple[tuple[type | tuple[type, ...], Callable[[object], str]], ...]] = (
    (str, str),
    (bool, lambda value: "true" if value else "false"),
    (JSBigInt, lambda value: int.__repr__(value)),
    ((int, float), _number_text),
    ((list, tuple), _list_text),
    ((datetime, JSDate), _date_text),
    (JSTypedArray, _view_text),
    (bytes, lambda value: "[object ArrayBuffer]"),
    (JSMap, lambda value: "[object Map]"),
    ((JSSet, set, frozenset), lambda value: "[object Set]"),
    (JSError, _error_text),
    (JSRegExp, _regexp_text),
    (JSBoxed, _boxed_text),
    (Textual, _own_text),
)
