"""Values between user code and SQL: what is bound for a value, what a column is read as.

Every number is bound as REAL, as on the platform: ``1`` in a TEXT column becomes ``'1.0'`` there, so it must here.

Source: spec durable-objects 5.3.4, 5.3.5.
"""

import math
from collections.abc import Callable
from typing import Final

from pytest_durable._core.platform_errors import type_error
from pytest_durable._core.storage import values
from pytest_durable._core.storage.texts import text_of

SqlValue = int | float | str | bytes | None

#: Above this, a number is no longer exact as a double, and reads as one.
_SAFE_MAX: Final = (1 << 53) - 1


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
        # That these are stored already can be seen by length(), hex() and the like only (docs/decisions/0014).
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
