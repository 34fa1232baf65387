"""Values between user code and SQL: what is bound for a value, what a column is read as.

Every number is bound as REAL, as on the platform: ``1`` in a TEXT column becomes ``'1.0'`` there, so it must here.

Source: spec durable-objects 5.3.4, 5.3.5.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from pytest_durable._core.platform_errors import type_error
from pytest_durable._core.storage import values

SqlValue = int | float | str | bytes | None

#: Above this, a number is no longer exact as a double, and reads as one.
_SAFE_MAX: Final = (1 << 53) - 1

# Not from strftime, which speaks the language of the process's locale.
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def bind(value: object) -> SqlValue:
    """What is bound for ``value``: NULL, REAL, TEXT or BLOB.

    Raises:
        PlatformError: A big integer, which is not a number to the platform.
    """
    convert = _BY_TYPE.get(type(value))
    return convert(value) if convert is not None else _bind_other(value)


def read(value: SqlValue, make_buffer: Callable[[bytes, int | None], object]) -> object:
    """What user code gets for a column: numbers are doubles, shown as int where that is the same."""
    kind = type(value)
    if kind is int:
        number: int = value  # type: ignore[assignment]
        return number if -_SAFE_MAX <= number <= _SAFE_MAX else float(number)
    if kind is float:
        return _read_real(value)  # type: ignore[arg-type]
    return make_buffer(value, None) if isinstance(value, bytes) else value


def _read_real(number: float) -> float:
    if number.is_integer() and abs(number) <= _SAFE_MAX and (number or math.copysign(1, number) > 0):
        return int(number)
    return number


def whole_text(text: str) -> str:
    """The text without lone surrogates, which SQLite cannot be given."""
    try:
        text.encode()
    except UnicodeEncodeError:
        # The platform stores the three bytes of a lone surrogate and reads them back as three replacement characters.
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text


def _bind_number(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _refuse_big_integer(_value: object) -> SqlValue:
    raise type_error("Cannot convert a BigInt value to a number")


_BY_TYPE: Final[dict[type, Callable[..., SqlValue]]] = {
    type(None): lambda value: None,
    bool: lambda value: "true" if value else "false",
    int: _bind_number,
    float: float,
    str: whole_text,
    bytes: lambda value: value,
    bytearray: bytes,
    memoryview: bytes,
    values.Undefined: lambda value: None,
    values.JSBigInt: _refuse_big_integer,
    values.JSTypedArray: bytes,
    values.JSArrayBuffer: bytes,
}


def _bind_other(value: object) -> SqlValue:
    for base in (values.JSBigInt, bytes, bytearray, str, int, float):
        if isinstance(value, base):
            return _BY_TYPE[base](value)
    return whole_text(text_of(value))


def text_of(value: object) -> str:
    """The platform's text of a value that has no form of its own in SQL."""
    if isinstance(value, list | tuple):
        return ",".join("" if item is None or isinstance(item, values.Undefined) else text_of(item) for item in value)
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
        return f"{day} {month} {moment:%d} {moment.year:04d} {moment:%H:%M:%S} GMT+0000 (Coordinated Universal Time)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _text_of_number(value)
    if isinstance(value, str | int):
        return str(value)
    return _text_of_object(value)


def _text_of_number(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return str(int(number)) if number.is_integer() and abs(number) < 1e21 else repr(number)


def _text_of_object(value: object) -> str:
    if isinstance(value, values.JSRegExp):
        return f"/{value.source}/{value.flags}"
    if isinstance(value, values.JSError):
        return f"{value.name}: {value.message}" if value.message else str(value.name)
    if isinstance(value, values.JSBoxed):
        return text_of(value.value)
    if isinstance(value, values.JSDate):
        return "Invalid Date"
    if isinstance(value, values.JSMap):
        return "[object Map]"
    if isinstance(value, values.JSSet | set | frozenset):
        return "[object Set]"
    return "[object Object]"
