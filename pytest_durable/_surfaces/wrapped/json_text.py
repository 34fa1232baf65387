"""The JSON text of what the platform holds.

Source: ECMA-262 25.5.2.
"""

import json
import math
from datetime import datetime
from typing import Any, Final

from pytest_durable._core.storage.values import (
    HOLE,
    UNDEFINED,
    JSBigInt,
    JSBoxed,
    JSDate,
    JSTypedArray,
    date_from_milliseconds,
)
from pytest_durable._surfaces.wrapped.data_proxies import JsArray, JsDate, proxy_of
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.live import LiveView
from pytest_durable._surfaces.wrapped.proxies import wire_of
from pytest_durable._surfaces.wrapped.references import LiteralMap, PythonReference

#: Left out of an object, and ``null`` in an array.
_NOTHING: Final = object()


def json_text(value: Any, replacer: Any = None, space: Any = None) -> str | None:
    """The JSON text of a value; None for ``undefined`` and functions; see ``JSON.stringify``."""
    names = {str(name) for name in replacer} if isinstance(replacer, JsArray | list) else None
    plain = _jsonable(wire_of(value), names, [])
    if plain is _NOTHING:
        return None
    indent = space or None
    separators = (",", ":") if indent is None else (",", ": ")
    return json.dumps(plain, separators=separators, indent=indent, ensure_ascii=False)


def _jsonable(wire: Any, names: set[str] | None, above: list[object]) -> Any:
    if any(wire is outer for outer in above):
        raise JsException("TypeError", "Converting circular structure to JSON")
    deeper = [*above, wire] if isinstance(wire, dict | list | LiteralMap) else above
    if isinstance(wire, LiteralMap):
        wire = wire.as_object()
    if isinstance(wire, dict):
        members = {str(name): _jsonable(item, names, deeper) for name, item in wire.items()}
        return {
            name: item for name, item in members.items() if item is not _NOTHING and (names is None or name in names)
        }
    if isinstance(wire, list):
        items = [_jsonable(item, names, deeper) for item in wire]
        return [None if item is _NOTHING else item for item in items]
    return _atom(wire, names, deeper)


def _atom(wire: Any, names: set[str] | None, above: list[object]) -> Any:
    if isinstance(wire, PythonReference):
        return _python(wire.value, names, above)
    if wire is UNDEFINED or wire is HOLE:
        return _NOTHING
    if isinstance(wire, JSBoxed):
        return wire.value
    if isinstance(wire, JSBigInt):
        raise JsException("TypeError", "Do not know how to serialize a BigInt")
    if isinstance(wire, datetime):
        return JsDate(date_from_milliseconds(int(JsDate(wire).getTime()))).toISOString()
    if isinstance(wire, float):
        return None if not math.isfinite(wire) else int(wire) if wire.is_integer() else wire
    if isinstance(wire, LiveView | JSTypedArray) and wire.kind != "DataView":
        view = proxy_of(wire)
        return {str(index): item for index, item in enumerate(view)}
    # A Map, a Set or an invalid Date has no members that JSON would show.
    return wire if wire is None or isinstance(wire, bool | int | str) else None if isinstance(wire, JSDate) else {}


def _python(value: Any, names: set[str] | None, above: list[object]) -> Any:
    """A Python object that was handed over as it is: containers are read, functions are nothing."""
    if isinstance(value, dict):
        return _jsonable({str(name): wire_of(item) for name, item in value.items()}, names, above)
    if isinstance(value, list | tuple):
        return _jsonable([wire_of(item) for item in value], names, above)
    if isinstance(value, bytes | bytearray):
        return list(value)
    return _NOTHING if callable(value) else {}
