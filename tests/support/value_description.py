"""A value told as nested lists in which identity is visible, so that equal descriptions mean the same value.

Objects are numbered in the order of a walk through the value; the second visit tells only the number. The same
description is made and understood by ``node_oracle.js``, which is why it is fit for JSON: numbers are told by the bits
of their double, strings as UTF-16.
"""

import struct
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_durable.values import (
    HOLE,
    UNDEFINED,
    JSArray,
    JSArrayBuffer,
    JSBigInt,
    JSBoxed,
    JSDate,
    JSError,
    JSMap,
    JSRegExp,
    JSSet,
    JSTypedArray,
)

Description = list[Any]


def describe(value: object) -> Description:
    """Describe a value made of the types that ``decode`` returns."""
    return _Teller().tell(value)


class _Teller:
    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}

    def tell(self, value: object) -> Description:
        primitive = _primitive(value)
        if primitive is not None:
            return primitive
        if id(value) in self.numbers:
            return ["ref", self.numbers[id(value)]]
        self.numbers[id(value)] = len(self.numbers)
        return self._object(value)

    def _object(self, value: object) -> Description:
        match value:
            case JSMap():
                return ["map", [[self.tell(key), self.tell(item)] for key, item in value.pairs()]]
            case JSSet():
                return ["set", [self.tell(item) for item in value]]
            case dict():
                return ["object", self._properties(value)]
            case list():
                elements = [["hole"] if item is HOLE else self.tell(item) for item in value]
                return ["array", elements, self._properties(value.properties if isinstance(value, JSArray) else {})]
            case JSArrayBuffer():
                return ["buffer", value.hex(), value.max_byte_length]
            case JSTypedArray():
                window = [value.kind, value.byte_offset, value.byte_length, value.tracks_length]
                return ["view", *window, self.tell(value.buffer)]
            case JSError():
                parts: dict[str, object] = {
                    key: value.properties[key] for key in ("stack", "cause") if key in value.properties
                }
                return ["error", self.tell(value.name), self.tell(value.message), self._properties(parts)]
            case JSRegExp():
                return ["regexp", _units(value.source), value.flags]
            case JSBoxed():
                return ["boxed", self.tell(value.value)]
            case datetime():
                since = value.replace(tzinfo=value.tzinfo or UTC) - datetime(1970, 1, 1, tzinfo=UTC)
                return ["date", _bits(since // timedelta(milliseconds=1))]
            case JSDate():
                return ["date", _bits(value.milliseconds)]
        raise AssertionError(f"no description for {value!r}")

    def _properties(self, properties: dict[str, object]) -> Description:
        return [[_units(key), self.tell(properties[key])] for key in sorted(properties, key=_place_of_key)]


def _place_of_key(key: str) -> int:
    """Array indices come first, ascending; sorting is stable for the others."""
    is_index = key.isascii() and key.isdecimal() and str(int(key)) == key and int(key) < 2**32 - 1
    return int(key) if is_index else 2**32


def _primitive(value: object) -> Description | None:
    match value:
        case None:
            return ["null"]
        case bool():
            return ["bool", value]
        case JSBigInt():
            return ["bigint", str(int(value))]
        case int() | float():
            return ["number", _bits(value)]
        case str():
            return ["string", _units(value)]
    return ["undefined"] if value is UNDEFINED else None


def _bits(number: float) -> str:
    return struct.pack("<d", number if number == number else float("nan")).hex()


def _units(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").hex()
