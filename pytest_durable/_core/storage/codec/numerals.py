"""Property keys that look like numbers, and numbers as property keys."""

from typing import Final

from pytest_durable._core.storage.codec.wire import INDEX_MAX

_INDEX_DIGITS_MAX: Final = len(str(INDEX_MAX))


def index_of(key: str) -> int | None:
    """Return the array index that a key is the canonical text of, or None: "7" is one; "07", "-1" and "1.0" are not."""
    if not "0" <= key[:1] <= "9" or len(key) > _INDEX_DIGITS_MAX or not (key.isascii() and key.isdecimal()):
        return None
    if key[0] == "0" and len(key) > 1:
        return None
    index = int(key)
    return index if index <= INDEX_MAX else None


def number_as_key(number: int | float) -> str:
    """Return the text of a number as a property key.

    Source: ECMAScript, Number::toString: shortest digits, as in Python, but exponents only from 1e21 on and below 1e-6.
    """
    if number != number:
        return "NaN"
    if number in (float("inf"), float("-inf")):
        return "Infinity" if number > 0 else "-Infinity"
    if isinstance(number, int) or number == 0:
        return str(int(number))
    sign = "-" if number < 0 else ""
    digits, point = _shortest(abs(number))
    if -6 < point <= 21:
        return sign + _positional(digits, point)
    mantissa = digits[0] + ("." + digits[1:] if digits[1:] else "")
    return f"{sign}{mantissa}e{point - 1:+d}"


def _shortest(number: float) -> tuple[str, int]:
    """Return the shortest digits that give the number, and where the decimal point stands before them."""
    mantissa, _, exponent = repr(number).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = whole + fraction
    point = len(whole) + int(exponent or 0)
    stripped = digits.lstrip("0")
    return stripped.rstrip("0"), point - (len(digits) - len(stripped))


def _positional(digits: str, point: int) -> str:
    if point <= 0:
        return "0." + "0" * -point + digits
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return digits[:point] + "." + digits[point:]
