"""From Python to the platform: the copy of a value that is sent or stored (``python_to_rpc``).

``to_wire`` makes a deep copy in wire values, so that nothing is shared with the sender. What cannot cross is refused in
the order of production: disabled types first (a ``TypeError`` at the sender), then keys (``ConversionError``), then
what has no clone (``DataCloneError``).

Source: workers-runtime-sdk workers/rpc.py; spec python-workers 1.6.
"""

import inspect
import math
from array import array
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from pytest_durable._core import messages
from pytest_durable._core.actor import text_of
from pytest_durable._core.storage.values import (
    UNDEFINED,
    Hole,
    JSArrayBuffer,
    JSBigInt,
    JSBoxed,
    JSDate,
    JSError,
    JSMap,
    JSRegExp,
    JSSet,
    JSTypedArray,
    Undefined,
    date_from_milliseconds,
)
from pytest_durable._surfaces.wrapped.exceptions import ConversionError, JsException
from pytest_durable._surfaces.wrapped.live import LiveBuffer, LiveView
from pytest_durable._surfaces.wrapped.references import (
    Copied,
    FunctionReference,
    LiteralMap,
    ProxiedReference,
    PythonReference,
    Reference,
    Sendable,
)

_SAFE_MAX: Final = 2**53 - 1

#: Formats of Python buffers and the typed arrays they become; every other format is bytes.
_VIEWS: Final = {
    "b": "Int8Array",
    "h": "Int16Array",
    "H": "Uint16Array",
    "i": "Int32Array",
    "I": "Uint32Array",
    "q": "BigInt64Array",
    "Q": "BigUint64Array",
    "l": "BigInt64Array",
    "L": "BigUint64Array",
    "f": "Float32Array",
    "d": "Float64Array",
}


class _NoCloneError(Exception):
    """Found something that has no clone; whether anything worse is in the value is not known yet."""


def to_wire(value: object) -> object:
    """The copy of ``value`` that is sent or stored.

    Raises:
        TypeError: A type that is disabled on purpose (tuple, bytearray, an awaitable, a regular expression).
        ConversionError: A key that is neither text nor a number.
        JsException: DataCloneError; anything else that has no clone.
        RecursionError: A cycle.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    try:
        return _EXACT.get(kind, _other)(value)
    except (_NoCloneError, ConversionError) as refusal:
        _refuse_disabled(value)
        if isinstance(refusal, ConversionError):
            raise
        raise JsException("DataCloneError", f"{refusal} could not be cloned.") from None


def arguments_to_wire(args: tuple[object, ...], kwargs: dict[str, object]) -> list[object]:
    """The arguments of a call; keyword arguments travel as one object after the others (spec 1.40)."""
    wire = [to_wire(value) for value in args]
    if kwargs:
        wire.append({name: to_wire(value) for name, value in kwargs.items()})
    return wire


def _object(value: dict[Any, Any]) -> dict[str, object]:
    # The hottest function of a call: exact types by table, no call for what is immutable.
    out: dict[str, object] = {}
    is_ordered = True
    for key, item in value.items():
        if type(key) is not str:
            key = _key(key)
        if key < ":":
            is_ordered = False
        kind = type(item)
        out[key] = item if kind in _IMMUTABLE else _EXACT.get(kind, _other)(item)
    return out if is_ordered else _in_platform_order(out)


def _in_platform_order(members: dict[str, object]) -> dict[str, object]:
    """Names that are array indices come first, ascending, as in every object of the platform."""
    indices = sorted(int(key) for key in members if _is_index(key))
    if not indices:
        return members
    ordered = {str(index): members[str(index)] for index in indices}
    return ordered | members


def _is_index(key: str) -> bool:
    return key.isascii() and key.isdigit() and (key == "0" or key[0] != "0") and int(key) < 2**32 - 1


def _key(key: object) -> str:
    if key is None:
        return "undefined"
    if isinstance(key, str):
        return str.__str__(key)
    if isinstance(key, bool | int | float):
        return text_of(int(key) if type(key) is not bool and isinstance(key, int) else key)
    raise ConversionError(f"Cannot use {key!r} as a key for a Javascript Map")


def _list(value: list[Any]) -> list[object]:
    return [item if type(item) in _IMMUTABLE else _EXACT.get(type(item), _other)(item) for item in value]


def _set(value: set[Any]) -> JSSet:
    # The SDK makes null of None in dicts and lists only; in a set it is left to Pyodide, whose None is undefined.
    return JSSet(UNDEFINED if item is None else _copy(item) for item in value)


def _int(value: int) -> int:
    return value if -_SAFE_MAX <= value <= _SAFE_MAX else JSBigInt(value)


def _float(value: float) -> float:
    # An integral number is the same number with or without a point; minus zero is not.
    if value.is_integer() and -_SAFE_MAX <= value <= _SAFE_MAX and (value or math.copysign(1, value) > 0):
        return int(value)
    return value


def _bytes(value: bytes) -> JSTypedArray:
    return JSTypedArray("Uint8Array", bytes(value))


def _buffer(value: object) -> JSTypedArray:
    window = memoryview(value)  # type: ignore[arg-type]
    return JSTypedArray(_VIEWS.get(window.format, "Uint8Array"), window.tobytes())


def _date(value: datetime) -> datetime | JSDate:
    # A Date has whole milliseconds; naive is local time.
    return date_from_milliseconds(math.trunc(value.timestamp() * 1000))


def _same(value: object) -> object:
    return value


def _copy(value: object) -> object:
    return _EXACT.get(type(value), _other)(value)


def _uncloneable(_value: object) -> object:
    raise _NoCloneError("[object Object]")


def _tuple(value: object) -> object:
    raise _disabled(value)


_IMMUTABLE: Final = frozenset((str, bool, type(None)))
_EXACT: Final[dict[type, Callable[[Any], object]]] = {
    str: _same,
    bool: _same,
    type(None): _same,
    int: _int,
    float: _float,
    dict: _object,
    list: _list,
    set: _set,
    bytes: _bytes,
    memoryview: _buffer,
    datetime: _date,
    tuple: _tuple,
    bytearray: _tuple,
    Undefined: _same,
    Hole: _same,
    JSBigInt: _same,
    JSDate: _same,
    JSTypedArray: lambda value: JSTypedArray(value.kind, bytes(value)),
    JSMap: lambda value: JSMap([(_copy(key), _copy(item)) for key, item in value.pairs()]),
    LiteralMap: lambda value: _object(value.as_object()),
    JSSet: lambda value: JSSet(_copy(item) for item in value),
    JSArrayBuffer: _same,
    JSRegExp: _tuple,
    JSBoxed: _same,
    JSError: lambda value: JSError(
        value.name, value.message, {name: _copy(item) for name, item in value.properties.items()}
    ),
    LiveBuffer: lambda value: value.snapshot(),
    LiveView: lambda value: value.snapshot(),
}


def _other(value: object) -> object:
    """Subclasses and everything rare, in the order in which production looks."""
    if isinstance(value, Sendable):
        wire = value.__to_wire__()
        if isinstance(wire, PythonReference) and inspect.isawaitable(value):
            raise _disabled(value)
        return wire if isinstance(wire, messages.Request | messages.Response) else _EXACT.get(type(wire), _other)(wire)
    if isinstance(value, PythonReference):
        if isinstance(value.value, Copied):
            return value.value.__copied__()
        if callable(value.value) and not isinstance(value.value, type):
            return FunctionReference(value.value)
        return _EXACT.get(type(value.value), _uncloneable)(value.value)
    if isinstance(value, ProxiedReference):
        raise JsException("DataCloneError", value.clone_refusal)
    if isinstance(value, Reference):
        return value
    for kind, convert in _SUBCLASSES:
        if isinstance(value, kind):
            return convert(value)
    if isinstance(value, Exception):
        text = str(value)
        return JSError("Error", text, {"stack": f"Error: {text}"})
    if callable(value) and not isinstance(value, type):
        return FunctionReference(value)
    if inspect.isawaitable(value):
        raise _disabled(value)
    raise _NoCloneError("function(){}" if isinstance(value, type) else "[object Object]")


_SUBCLASSES: Final[tuple[tuple[type, Callable[[Any], object]], ...]] = (
    (int, lambda value: _int(int(value))),
    (float, lambda value: _float(float(value))),
    (str, lambda value: str.__str__(value)),
    (list, _list),
    (dict, _object),
    (set, _set),
    (datetime, _date),
    (tuple, _tuple),
    (bytearray, _tuple),
    (bytes, _bytes),
    (array, _buffer),
)


def _disabled(value: object) -> TypeError:
    if isinstance(value, JSRegExp):
        return TypeError("RegExp cannot be sent over RPC.")
    if inspect.isawaitable(value):
        return TypeError(f"Awaitable {type(value)} cannot be sent over RPC.")
    return TypeError(f"{type(value)} cannot be sent over RPC.")


def _refuse_disabled(value: object) -> None:
    """Look for disabled types anywhere in ``value``: they are refused before everything else.

    It walks into any iterable, so a generator is consumed before it is refused (spec 1.47).
    """
    if isinstance(value, Sendable | Reference | str | bytes | memoryview):
        return
    if callable(value) and not isinstance(value, type):
        return
    if isinstance(value, tuple | bytearray | JSRegExp) or inspect.isawaitable(value):
        raise _disabled(value)
    if isinstance(value, Iterable) and not isinstance(value, type):
        for item in value.values() if isinstance(value, dict) else value:
            _refuse_disabled(item)


__all__ = ["arguments_to_wire", "to_wire"]
