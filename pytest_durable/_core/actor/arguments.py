"""How the platform reads the arguments of its own methods: what is turned into text or a number, and what is refused.

Arguments are wire values (``storage.values``). The platform converts freely (a key ``5`` is the key ``"5"``) and
refuses by type only where its interface names one. Each rule here was compared with the real binary.

Source: workerd jsg (type wrappers); spec durable-objects 4.1, 4.3, 7.1.
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import Final

from pytest_durable._core.platform_errors import PlatformError, type_error
from pytest_durable._core.storage import text_of as _text_of
from pytest_durable._core.storage.values import (
    UNDEFINED,
    JSBigInt,
    JSDate,
)


class Absent(Enum):
    """The type of ``ABSENT``."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
"""An argument that was not given. An explicit ``UNDEFINED`` is something else: as a key it is the text "undefined"."""

#: The platform keeps instants as signed 64-bit nanoseconds.
_INSTANT_MS_MAX: Final = 9_223_372_036_854
_SAFE_INTEGER_MAX: Final = 2**53
_INT32_MIN: Final = -(2**31)
_INT32_MAX: Final = 2**31 - 1


def not_of_type(interface: str, method: str, position: int, expected: str) -> PlatformError:
    """The refusal of an argument by its type; ``position`` counts from 1."""
    return type_error(
        f"Failed to execute '{method}' on '{interface}': parameter {position} is not of type '{expected}'."
    )


def is_nothing(value: object) -> bool:
    """Whether an optional object was left out: absent, undefined or null."""
    return value is None or value is UNDEFINED or value is ABSENT


def is_object(value: object) -> bool:
    """Whether the platform sees an object rather than a primitive."""
    return not (is_nothing(value) or isinstance(value, bool | int | float | str))


def truth(value: object) -> bool:
    """The truth of a value in the platform's language: empty containers are true there."""
    if isinstance(value, bool | int | float | str):
        return value not in (0, "") and value == value
    return is_object(value)


def text_of(value: object) -> str:
    """The text of a value, as a key or an SQL parameter shows it."""
    return "undefined" if value is ABSENT else _text_of(value)


def number_of(value: object) -> float:
    """The number of a value; NaN when it has none.

    Raises:
        PlatformError: TypeError; BigInts are never converted silently.
    """
    if isinstance(value, JSBigInt) or (isinstance(value, int) and abs(value) >= _SAFE_INTEGER_MAX):
        raise type_error("Cannot convert a BigInt value to a number")
    if isinstance(value, bool | int | float):
        return float(value)
    if value is None:
        return 0.0
    if isinstance(value, datetime | JSDate):
        return milliseconds_of(value)
    return math.nan if value is UNDEFINED else _number_of_text(text_of(value))


def int32_of(value: object) -> int:
    """The 32-bit integer of a value, by truncation; 0 for what is not a finite number.

    Raises:
        PlatformError: TypeError; out of range, or a BigInt.
    """
    number = number_of(value)
    if not math.isfinite(number):
        return 0
    if not _INT32_MIN <= number <= _INT32_MAX:
        raise type_error(f"Value out of range. Must be between {_INT32_MIN} and {_INT32_MAX} (inclusive).")
    return int(number)


def instant_ms(value: object, refusal: PlatformError) -> int:
    """The whole milliseconds of a Date or number that stands for an instant.

    Args:
        value: An argument the interface declares as a date.
        refusal: Raised when it is neither a Date nor a number.

    Raises:
        PlatformError: TypeError; not a date, not finite, or beyond what 64-bit nanoseconds hold.
    """
    if isinstance(value, datetime | JSDate):
        ms = milliseconds_of(value)
    elif isinstance(value, int | float) and not isinstance(value, bool | JSBigInt) and not _is_big(value):
        ms = value
    else:
        raise refusal
    if not math.isfinite(ms):
        raise type_error("The value cannot be converted because it is not a valid Date.")
    if int(ms) > _INSTANT_MS_MAX:
        raise type_error("This API doesn't support dates after 2189.")
    if int(ms) < -_INSTANT_MS_MAX:
        raise type_error("This API doesn't support dates before 1687.")
    return int(ms)


def milliseconds_of(value: datetime | JSDate) -> float:
    """Milliseconds since the epoch; naive means UTC (decisions 2.4)."""
    if isinstance(value, JSDate):
        return value.milliseconds
    offset = value.utcoffset() or timedelta()
    return (value.replace(tzinfo=None) - datetime(1970, 1, 1) - offset) // timedelta(milliseconds=1)


def _is_big(value: float) -> bool:
    return isinstance(value, int) and abs(value) >= _SAFE_INTEGER_MAX


def _number_of_text(text: str) -> float:
    stripped = text.strip()
    if not stripped:
        return 0.0
    for prefix, base in (("0x", 16), ("0o", 8), ("0b", 2)):
        if stripped.lower().startswith(prefix):
            return _parsed(partial(int, base=base), stripped[2:])
    # Python's float() also reads "inf", "nan" and "1_0", which are not numbers to the platform.
    if stripped.lstrip("+-") == "Infinity":
        return float(stripped.replace("Infinity", "inf"))
    return _parsed(float, stripped) if set(stripped) <= set("0123456789+-.eE") else math.nan


def _parsed(parse: Callable[[str], float], digits: str) -> float:
    try:
        return float(parse(digits))
    except ValueError:
        return math.nan
