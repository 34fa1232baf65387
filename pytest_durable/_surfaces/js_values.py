"""Numbers, texts, errors, sets, regular expressions, and global functions on values.

Source: ECMA-262; spec python-workers 4.
"""

import base64
import math
import re
import urllib.parse
from typing import Any, Final, NoReturn

from pytest_durable._core.actor import number_of, text_of
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage.values import JSBigInt, JSBoxed, JSSet
from pytest_durable._surfaces.js_classes import PlatformClass, PlatformNamespace
from pytest_durable._surfaces.js_scope import random_bytes
from pytest_durable._surfaces.wrapped.clone import clone
from pytest_durable._surfaces.wrapped.data_proxies import JsBoxed, JsSet, proxy_of
from pytest_durable._surfaces.wrapped.exceptions import JsException, shown
from pytest_durable._surfaces.wrapped.proxies import JsProxy, jsnull, wire_of
from pytest_durable._surfaces.wrapped.references import PythonReference
from pytest_durable._surfaces.wrapped.regexps import JsRegExp, compile_regexp

_SAFE_MAX: Final = 2**53 - 1
_INTEGER: Final = re.compile(r"\s*([+-]?)(0[xX])?([0-9a-zA-Z]+)")
_FLOAT: Final = re.compile(r"\s*([+-]?(?:Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))")


def to_number(value: Any) -> int | float:
    """``Number(value)``; integral numbers are ints.

    Raises:
        JsException: TypeError.
    """
    wire = wire_of(value)
    if isinstance(wire, JSBigInt):
        return float(wire)
    if isinstance(wire, JSBoxed):
        wire = wire.value
    try:
        number = math.nan if isinstance(wire, PythonReference) else number_of(wire)
    except PlatformError as failure:
        raise shown(failure) from None
    return int(number) if math.isfinite(number) and number.is_integer() and abs(number) <= _SAFE_MAX else number


def to_text(value: Any) -> str:
    """``String(value)``."""
    if isinstance(value, JsProxy):
        return str(value)
    wire = wire_of(value)
    return str(value) if isinstance(wire, PythonReference) else text_of(wire)


class Number(metaclass=PlatformClass):
    """``Number``."""

    EPSILON: Final = 2.0**-52
    MAX_SAFE_INTEGER: Final = _SAFE_MAX
    MIN_SAFE_INTEGER: Final = -_SAFE_MAX
    MAX_VALUE: Final = 1.7976931348623157e308
    MIN_VALUE: Final = 5e-324
    NaN: Final = math.nan
    NEGATIVE_INFINITY: Final = -math.inf
    POSITIVE_INFINITY: Final = math.inf

    @staticmethod
    def new(value: Any = 0) -> JsBoxed:
        """A number in an object."""
        return JsBoxed(JSBoxed(to_number(value)))

    @classmethod
    def _call(cls, value: Any = 0) -> int | float:
        return to_number(value)

    @staticmethod
    def isInteger(value: Any) -> bool:
        """Whether it is a number without fraction."""
        return _is_number(value) and math.isfinite(value) and float(value).is_integer()

    @staticmethod
    def isSafeInteger(value: Any) -> bool:
        """Whether it is an integer that a number holds exactly."""
        return Number.isInteger(value) and abs(value) <= _SAFE_MAX

    @staticmethod
    def isFinite(value: Any) -> bool:
        """Whether it is a finite number."""
        return _is_number(value) and math.isfinite(value)

    @staticmethod
    def isNaN(value: Any) -> bool:
        """Whether it is NaN."""
        return _is_number(value) and math.isnan(value)

    @staticmethod
    def parseFloat(text: Any = None) -> float:
        """The number at the beginning of a text."""
        return parseFloat(text)

    @staticmethod
    def parseInt(text: Any = None, radix: int = 0) -> float:
        """The integer at the beginning of a text."""
        return parseInt(text, radix)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def parseFloat(text: Any = None) -> float:
    """The number at the beginning of a text; NaN if there is none."""
    found = _FLOAT.match(to_text(text))
    return to_number(found[1]) if found else math.nan


def parseInt(text: Any = None, radix: int = 0) -> float:
    """The integer at the beginning of a text; NaN if there is none."""
    found = _INTEGER.match(to_text(text))
    if not found:
        return math.nan
    sign, prefix, digits = found.groups()
    base = int(radix) or (16 if prefix else 10)
    if prefix and base != 16:
        return 0
    digits = _leading(digits, base)
    return int(f"{sign}{digits}", base) if digits else math.nan


def _leading(digits: str, base: int) -> str:
    for end, digit in enumerate(digits):
        if not digit.isalnum() or int(digit, 36) >= base:
            return digits[:end]
    return digits


def isNaN(value: Any = None) -> bool:
    """Whether the number of it is NaN."""
    return math.isnan(to_number(value))


def isFinite(value: Any = None) -> bool:
    """Whether the number of it is finite."""
    return math.isfinite(to_number(value))


class String(metaclass=PlatformClass):
    """``String``."""

    @staticmethod
    def new(value: Any = "") -> JsBoxed:
        """A text in an object."""
        return JsBoxed(JSBoxed(to_text(value)))

    @classmethod
    def _call(cls, value: Any = "") -> str:
        return to_text(value)

    @staticmethod
    def fromCharCode(*codes: Any) -> str:
        """The text of these UTF-16 units."""
        units = b"".join((int(to_number(code)) & 0xFFFF).to_bytes(2, "little") for code in codes)
        return units.decode("utf-16-le", "surrogatepass")


class Boolean(metaclass=PlatformClass):
    """``Boolean``."""

    @staticmethod
    def new(value: Any = False) -> JsBoxed:
        """A truth value in an object."""
        return JsBoxed(JSBoxed(Boolean._call(value)))

    @classmethod
    def _call(cls, value: Any = False) -> bool:
        wire = wire_of(value)
        if isinstance(wire, bool | int | float | str):
            return bool(wire) and wire == wire
        return not (value is None or value is jsnull)


class BigInt(metaclass=PlatformClass):
    """``BigInt``: called, not made by ``new``."""

    @classmethod
    def _call(cls, value: Any = None) -> int:
        if isinstance(value, bool | int):
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        try:
            return int(value) if isinstance(value, str) else _no_big_int(value)
        except ValueError:
            raise JsException("SyntaxError", f"Cannot convert {value} to a BigInt") from None


def _no_big_int(value: Any) -> NoReturn:
    if isinstance(value, float):
        text = f"The number {to_text(value)} cannot be converted to a BigInt because it is not an integer"
        raise JsException("RangeError", text)
    raise JsException("TypeError", f"Cannot convert {to_text(value)} to a BigInt")


class _ErrorClass(PlatformClass):
    def new(cls, message: Any = None, options: Any = None, **members: Any) -> JsException:
        """An error: ``raise js.Error.new("…")`` throws it."""
        text = "" if message is None else to_text(message)
        cause = members.get("cause", getattr(options, "cause", None))
        return JsException(cls.name, text, **({} if cause is None else {"cause": cause}))

    def _call(cls, *args: Any, **kwargs: Any) -> JsException:
        return cls.new(*args, **kwargs)


class Error(metaclass=_ErrorClass):
    """``Error``."""


class TypeError_(metaclass=_ErrorClass):
    """``TypeError``."""


class RangeError(metaclass=_ErrorClass):
    """``RangeError``."""


class SyntaxError_(metaclass=_ErrorClass):
    """``SyntaxError``."""


class ReferenceError_(metaclass=_ErrorClass):
    """``ReferenceError``."""


class EvalError(metaclass=_ErrorClass):
    """``EvalError``."""


class URIError(metaclass=_ErrorClass):
    """``URIError``."""


class Set(metaclass=PlatformClass):
    """``Set``."""

    @staticmethod
    def new(values: Any = ()) -> JsSet:
        """A Set of what ``values`` yields."""
        source = () if values is None or values is jsnull else values
        return JsSet(JSSet(wire_of(value) for value in source))

    @classmethod
    def _call(cls, *_args: Any) -> NoReturn:
        raise JsException("TypeError", "Constructor Set requires 'new'")


class RegExp(metaclass=PlatformClass):
    """``RegExp``: patterns of the platform, matched by Python's engine."""

    @staticmethod
    def new(pattern: Any = "(?:)", flags: Any = None) -> JsRegExp:
        """A regular expression.

        Raises:
            JsException: SyntaxError; the flags are none.
        """
        if isinstance(pattern, JsRegExp):
            return compile_regexp(pattern.source, pattern.flags if flags is None else to_text(flags))
        return compile_regexp(to_text(pattern), "" if flags is None else to_text(flags))

    @classmethod
    def _call(cls, pattern: Any = "(?:)", flags: Any = None) -> JsRegExp:
        return cls.new(pattern, flags)


class Math(metaclass=PlatformNamespace):
    """``Math``."""

    E: Final = math.e
    PI: Final = math.pi

    @staticmethod
    def abs(value: Any = None) -> float:
        """Without its sign."""
        return abs(to_number(value))

    @staticmethod
    def ceil(value: Any = None) -> Any:
        """The next integer upwards."""
        return _rounded(math.ceil, value)

    @staticmethod
    def floor(value: Any = None) -> Any:
        """The next integer downwards."""
        return _rounded(math.floor, value)

    @staticmethod
    def trunc(value: Any = None) -> Any:
        """Without its fraction."""
        return _rounded(math.trunc, value)

    @staticmethod
    def round(value: Any = None) -> Any:
        """The nearest integer; halves upwards."""
        return _rounded(lambda number: math.floor(number + 0.5), value)

    @staticmethod
    def max(*values: Any) -> Any:
        """The largest; minus infinity of none."""
        return _extreme(max, values, -math.inf)

    @staticmethod
    def min(*values: Any) -> Any:
        """The smallest; infinity of none."""
        return _extreme(min, values, math.inf)

    @staticmethod
    def pow(base: Any, exponent: Any) -> float:
        """``base`` to the power of ``exponent``."""
        return to_number(float(to_number(base)) ** to_number(exponent))

    @staticmethod
    def sqrt(value: Any = None) -> float:
        """The square root; NaN of a negative number."""
        number = to_number(value)
        return to_number(math.sqrt(number)) if number >= 0 else math.nan

    @staticmethod
    def random() -> float:
        """From 0 up to but not including 1, drawn from the seed of the host."""
        return random_bits(53) / (1 << 53)


def _rounded(operation: Any, value: Any) -> Any:
    number = to_number(value)
    return operation(number) if math.isfinite(number) else number


def _extreme(operation: Any, values: tuple[Any, ...], nothing: float) -> Any:
    numbers = [to_number(value) for value in values]
    if any(math.isnan(number) for number in numbers):
        return math.nan
    return operation(numbers, default=nothing)


def random_bits(count: int) -> int:
    """``count`` bits of chance."""
    return int.from_bytes(random_bytes((count + 7) // 8), "big") >> (-count % 8)


def structuredClone(value: Any = None, _options: Any = None) -> Any:
    """A deep copy.

    Raises:
        JsException: DataCloneError; something in it has no clone.
    """
    return proxy_of(clone(wire_of(value)))


_NO_BASE64: Final = (
    "atob() called with invalid base64-encoded data. (Only whitespace, '+', '/', alphanumeric ASCII, and up to two "
    "terminal '=' signs when the input data length is divisible by 4 are allowed.)"
)


def btoa(text: Any = None) -> str:
    """Base64 of a text of characters up to U+00FF.

    Raises:
        JsException: InvalidCharacterError.
    """
    try:
        return base64.b64encode(to_text(text).encode("latin-1")).decode("ascii")
    except UnicodeEncodeError:
        raise JsException(
            "InvalidCharacterError", "btoa() can only operate on characters in the Latin1 (ISO/IEC 8859-1) range."
        ) from None


def atob(text: Any = None) -> str:
    """The text whose base64 it is; white space is ignored.

    Raises:
        JsException: InvalidCharacterError.
    """
    plain = re.sub(r"[\t\n\f\r ]", "", to_text(text))
    if len(plain) % 4 == 0:
        plain = re.sub(r"={1,2}$", "", plain)
    if re.search(r"[^A-Za-z0-9+/]", plain) or len(plain) % 4 == 1:
        raise JsException("InvalidCharacterError", _NO_BASE64)
    return base64.b64decode(plain + "=" * (-len(plain) % 4)).decode("latin-1")


_COMPONENT: Final = "-_.!~*'()"
_URI: Final = _COMPONENT + ";/?:@&=+$,#"


def encodeURIComponent(text: Any = None) -> str:
    """Percent-encoded, for a part of a URL."""
    return urllib.parse.quote(to_text(text), safe=_COMPONENT)


def encodeURI(text: Any = None) -> str:
    """Percent-encoded, for a whole URL."""
    return urllib.parse.quote(to_text(text), safe=_URI)


def decodeURIComponent(text: Any = None) -> str:
    """The opposite of ``encodeURIComponent``.

    Raises:
        JsException: URIError.
    """
    given = to_text(text)
    if re.search(r"%(?![0-9A-Fa-f]{2})", given):
        raise JsException("URIError", "URI malformed")
    try:
        return urllib.parse.unquote(given, errors="strict")
    except UnicodeDecodeError:
        raise JsException("URIError", "URI malformed") from None


MEMBERS: Final[dict[str, object]] = {
    "BigInt": BigInt,
    "Boolean": Boolean,
    "Error": Error,
    "EvalError": EvalError,
    "Infinity": math.inf,
    "Math": Math,
    "NaN": math.nan,
    "Number": Number,
    "RangeError": RangeError,
    "ReferenceError": ReferenceError_,
    "RegExp": RegExp,
    "Set": Set,
    "String": String,
    "SyntaxError": SyntaxError_,
    "TypeError": TypeError_,
    "URIError": URIError,
    "atob": atob,
    "btoa": btoa,
    "decodeURIComponent": decodeURIComponent,
    "encodeURI": encodeURI,
    "encodeURIComponent": encodeURIComponent,
    "isFinite": isFinite,
    "isNaN": isNaN,
    "parseFloat": parseFloat,
    "parseInt": parseInt,
    "structuredClone": structuredClone,
}
