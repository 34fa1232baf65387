"""Values between the test and the harness: JSON that keeps what JSON has no word for. the other side is
``harness_values.js``.

A value is ``{"v": root, "o": objects}``. ``root`` and everything inside an object is a primitive or a reference: null,
true, a string and a finite number stand for themselves, ``["u"]`` is undefined, ``["n", "-0"]`` a number without a
JSON form, ``["b", "1"]`` a BigInt, ``["r", 3]`` the object at place 3. Each object is described once, in its place, so
that shared references and cycles stay what they are, however deep.

    ["o", pairs]                      object          ["B", base64, max or null]              ArrayBuffer
    ["a", values, pairs]              array           ["V", kind, buffer, offset, size]       view; size null: tracks
    ["s", length, pairs, pairs]       sparse array    ["e", name, message, pairs]             error
    ["m", pairs], ["t", values]       Map, Set        ["x", source, flags], ["w", primitive]  RegExp, boxed
    ["d", milliseconds or null]       Date

The types on this side are those of ``pytest_durable.values``.
"""

import base64
import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pytest_durable._core.errors import ConfigurationError, UnsupportedOnHostError
from pytest_durable._core.platform_errors import PlatformError, data_clone_error
from pytest_durable._core.storage.values import (
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
    date_from_milliseconds,
)
from pytest_durable._hosts.workerd.refusals import unsupported

SAFE_MAX: Final = 2**53 - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "-0": -0.0}

Refer = Callable[[object], Any]


def to_wire(value: object) -> dict[str, Any]:
    """Return the value in the form that ``json.dumps`` takes.

    Besides the types of ``pytest_durable.values``: tuples as arrays, sets, mappings with keys that are strings or
    integers, bytearrays as ArrayBuffers, memoryviews as Uint8Arrays, naive datetimes as UTC, and subclasses of all.
    An int beyond 2**53 - 1 is a BigInt.

    Raises:
        PlatformError: A ``DataCloneError``, for any other type.
        ConfigurationError: For other keys.
        UnsupportedOnHostError: For a function, which the host in this process could send.
    """
    return _Encoder().encode(value)


def from_wire(wire: Mapping[str, Any]) -> object:
    """Return the value that ``to_wire``, or the harness, made ``wire`` of."""
    return _Decoder(wire["o"]).decode(wire["v"])


class _Encoder:
    def __init__(self) -> None:
        self._objects: list[object] = []  # also keeps them alive, so that an id stays its own
        self._places: dict[int, int] = {}

    def encode(self, value: object) -> dict[str, Any]:
        root = self._refer(value)
        return {"v": root, "o": [_describe(item, self._refer) for item in self._growing()]}

    def _growing(self) -> Iterator[object]:
        place = 0
        while place < len(self._objects):
            yield self._objects[place]
            place += 1

    def _refer(self, item: object) -> Any:
        if item is None or isinstance(item, bool):
            return item
        if isinstance(item, str):
            return str(item)
        if isinstance(item, int):
            is_big = isinstance(item, JSBigInt) or not -SAFE_MAX <= item <= SAFE_MAX
            return ["b", str(int(item))] if is_big else int(item)
        if isinstance(item, float):
            return _number(item)
        if item is UNDEFINED:
            return ["u"]
        place = self._places.setdefault(id(item), len(self._objects))
        if place == len(self._objects):
            self._objects.append(item)
        return ["r", place]


def _number(item: float) -> Any:
    if math.isfinite(item) and (item or math.copysign(1, item) > 0):
        return float(item)
    return ["n", next(name for name, number in _NUMBERS.items() if repr(number) == repr(float(item)))]


def _describe(item: Any, refer: Refer) -> list[Any]:
    if isinstance(item, list | tuple):
        return _describe_array(item, refer)
    if isinstance(item, datetime):
        aware = item if item.tzinfo is not None else item.replace(tzinfo=UTC)
        # Towards the epoch, as a stored one is cut off.
        since, ms = aware - _EPOCH, timedelta(milliseconds=1)
        return ["d", since // ms if since >= timedelta() else -(-since // ms)]
    if isinstance(item, memoryview):
        return ["V", "Uint8Array", refer(JSArrayBuffer(bytes(item))), 0, item.nbytes]
    if isinstance(item, bytes | bytearray):
        text = base64.b64encode(item).decode()
        return ["B", text, item.max_byte_length if isinstance(item, JSArrayBuffer) else None]
    return _describe_rare(item, refer)


def _describe_rare(item: Any, refer: Refer) -> list[Any]:
    match item:
        case JSMap():
            return ["m", [[refer(key), refer(held)] for key, held in item.pairs()]]
        case AbstractSet():
            return ["t", [refer(element) for element in item]]
        case Mapping():
            return ["o", _pairs(item, refer)]
        case JSDate():
            return ["d", item.milliseconds if item.is_valid else None]
        case JSTypedArray():
            size = None if item.tracks_length else item.byte_length
            return ["V", item.kind, refer(item.buffer), item.byte_offset, size]
        case JSError():
            return ["e", refer(item.name), refer(item.message), _pairs(item.properties, refer)]
        case JSRegExp():
            return ["x", item.source, item.flags]
        case JSBoxed():
            return ["w", refer(item.value)]
    raise _not_sendable(item)


def _describe_array(item: "list[object] | tuple[object, ...]", refer: Refer) -> list[Any]:
    properties = _pairs(item.properties if isinstance(item, JSArray) else {}, refer)
    if any(element is HOLE for element in item):
        present = [[index, refer(element)] for index, element in enumerate(item) if element is not HOLE]
        return ["s", len(item), present, properties]
    return ["a", [refer(element) for element in item], properties]


def _pairs(properties: Mapping[Any, object], refer: Refer) -> list[Any]:
    for key in properties:
        if isinstance(key, bool) or not isinstance(key, str | int):
            raise ConfigurationError(
                f"An object has keys that are strings, and {key!r} is none.\n\n"
                "For keys of any type send a map:  from pytest_durable.values import JSMap"
            )
    return [[str(key), refer(held)] for key, held in properties.items()]


def _not_sendable(item: object) -> UnsupportedOnHostError | PlatformError:
    if inspect.isroutine(item):
        return unsupported("be sent a function of the test", "Send plain values, or run this test in this process.")
    failure = data_clone_error(
        f'Could not serialize object of type "{type(item).__qualname__}". This type does not support serialization.'
    )
    failure.add_note("Send what can be stored: see pytest_durable.values.")
    return failure


class _Decoder:
    """Makes every object empty, buffers first because views need theirs, and then fills them."""

    def __init__(self, described: list[Any]) -> None:
        self._described = described
        self._objects: list[Any] = [None] * len(described)

    def decode(self, root: Any) -> object:
        for is_buffer in (True, False):
            for place, entry in enumerate(self._described):
                if (entry[0] == "B") is is_buffer:
                    self._objects[place] = self._make(entry)
        for made, entry in zip(self._objects, self._described, strict=True):
            self._fill(made, entry)
        return self._resolve(root)

    def _resolve(self, item: Any) -> Any:
        if isinstance(item, int) and not -SAFE_MAX <= item <= SAFE_MAX:
            return float(item)  # a number, not a BigInt: the text of a double may look like an integer
        if not isinstance(item, list):
            return int(item) if isinstance(item, float) and item.is_integer() and abs(item) <= SAFE_MAX else item
        tag = item[0]
        if tag == "r":
            return self._objects[item[1]]
        if tag == "u":
            return UNDEFINED
        return JSBigInt(item[1]) if tag == "b" else _NUMBERS[item[1]]

    def _make(self, entry: list[Any]) -> object:
        match entry:
            case ["o", _]:
                return {}
            case ["a", _, properties] | ["s", _, _, properties]:
                return JSArray() if properties else []
            case ["B", text, max_byte_length]:
                return JSArrayBuffer(base64.b64decode(text), max_byte_length)
            case ["V", kind, place, offset, size]:
                return JSTypedArray(kind, self._resolve(place), offset, size, tracks_length=size is None)
            case ["d", milliseconds]:
                return date_from_milliseconds(math.nan if milliseconds is None else milliseconds)
            case ["m", _]:
                return JSMap()
            case ["t", _]:
                return JSSet()
            case ["e", name, message, _]:
                return JSError(self._resolve(name), self._resolve(message))
            case ["x", source, flags]:
                return JSRegExp(source, flags)
            case ["w", primitive]:
                return JSBoxed(self._resolve(primitive))
        raise ValueError(f"{entry[0]!r} is not a kind of object.")

    def _fill(self, made: Any, entry: list[Any]) -> None:
        match entry:
            case ["o", pairs]:
                made.update(self._properties(pairs))
            case ["a", elements, pairs]:
                made.extend(map(self._resolve, elements))
                self._add_properties(made, pairs)
            case ["s", length, elements, pairs]:
                made.extend([HOLE] * length)
                for index, element in elements:
                    made[index] = self._resolve(element)
                self._add_properties(made, pairs)
            case ["m", pairs]:
                for key, held in pairs:
                    made[self._resolve(key)] = self._resolve(held)
            case ["t", elements]:
                for element in elements:
                    made.add(self._resolve(element))
            case ["e", _, _, pairs]:
                made.properties.update(self._properties(pairs))

    def _properties(self, pairs: Iterable[list[Any]]) -> dict[str, object]:
        return {key: self._resolve(held) for key, held in pairs}

    def _add_properties(self, made: Any, pairs: list[Any]) -> None:
        if pairs:
            made.properties.update(self._properties(pairs))
