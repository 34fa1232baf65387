"""Proxies of data: objects, arrays, maps, sets, buffers and dates, each standing for a wire value.

``proxy_of`` makes them, ``to_py`` copies what they stand for.

Source: pyodide core docs of JsProxy; spec python-workers 3.1, 3.2.
"""

from collections.abc import Callable, Iterator, MutableSequence
from datetime import datetime
from typing import Any, Final, overload

from pytest_durable._core.actor import milliseconds_of, text_of
from pytest_durable._core.storage.values import UNDEFINED, JSArrayBuffer, JSBigInt, JSDate, JSMap, JSSet, JSTypedArray
from pytest_durable._surfaces.wrapped import types
from pytest_durable._surfaces.wrapped.proxies import Constructor, JsProxy, jsnull, wire_of
from pytest_durable._surfaces.wrapped.references import LiteralMap, ProxiedReference, PythonReference


class _DataProxy(JsProxy):
    """A proxy of a wire value."""

    def __to_wire__(self) -> object:
        return self._target

    def toString(self) -> str:
        return text_of(self._target)


class JsObject(_DataProxy):
    """A plain object: members as attributes; not subscriptable, not iterable."""

    _target: dict[str, object]

    def __getattr__(self, name: str) -> Any:
        if name in self._target:
            return proxy_of(self._target[name])
        raise AttributeError(name)

    def __setattr__(self, name: str, value: object) -> None:
        self._target[name] = wire_of(value)

    def __delattr__(self, name: str) -> None:
        if self._target.pop(name, UNDEFINED) is UNDEFINED:
            raise AttributeError(name)

    def object_keys(self) -> "JsArray":
        """The names of the members."""
        return JsArray(list(self._target))

    def object_values(self) -> "JsArray":
        """The values of the members."""
        return JsArray(list(self._target.values()))

    def object_entries(self) -> "JsArray":
        """Name and value of each member."""
        return JsArray([[name, value] for name, value in self._target.items()])

    def to_py(self, *, depth: int = -1, default_converter: object = None) -> object:
        return to_py(self._target, depth)


class JsArray(_DataProxy, MutableSequence[Any]):
    """An array: a mutable sequence, false when empty."""

    _kind = "Array"
    _target: list[object]

    def __len__(self) -> int:
        return len(self._target)

    def __bool__(self) -> bool:
        return bool(self._target)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> "JsArray": ...
    def __getitem__(self, index: int | slice) -> Any:
        return JsArray(self._target[index]) if isinstance(index, slice) else proxy_of(self._target[index])

    def __setitem__(self, index: Any, value: Any) -> None:
        self._target[index] = [wire_of(item) for item in value] if isinstance(index, slice) else wire_of(value)

    def __delitem__(self, index: int | slice) -> None:
        del self._target[index]

    def insert(self, index: int, value: object) -> None:
        """Insert before ``index``."""
        self._target.insert(index, wire_of(value))

    def to_py(self, *, depth: int = -1, default_converter: object = None) -> object:
        return to_py(self._target, depth)


class JsMap(_DataProxy):
    """A Map: subscript and iteration by key, false when empty."""

    _kind = "Map"
    _target: JSMap

    @property
    def size(self) -> int:
        """How many entries."""
        return len(self._target)

    def __len__(self) -> int:
        return len(self._target)

    def __bool__(self) -> bool:
        return bool(len(self._target))

    def __contains__(self, key: object) -> bool:
        return wire_of(key) in self._target

    def __iter__(self) -> Iterator[Any]:
        return map(proxy_of, self._target)

    def __getitem__(self, key: object) -> Any:
        return proxy_of(self._target[wire_of(key)])

    def __setitem__(self, key: object, value: object) -> None:
        self._target[wire_of(key)] = wire_of(value)

    def __delitem__(self, key: object) -> None:
        del self._target[wire_of(key)]

    def has(self, key: object) -> bool:
        """Whether the key is there."""
        return key in self

    def get(self, key: object, default: object = None) -> Any:
        """The value of the key, ``default`` if there is none."""
        wire = wire_of(key)
        return proxy_of(self._target[wire]) if wire in self._target else default

    def keys(self) -> "JsIterator":
        """The keys in order."""
        return JsIterator(iter(self))

    def values(self) -> "JsIterator":
        """The values in order."""
        return JsIterator(proxy_of(value) for _, value in self._target.pairs())

    def entries(self) -> "JsIterator":
        """Arrays of key and value in order."""
        return JsIterator(JsArray([key, value]) for key, value in self._target.pairs())

    def items(self) -> list[tuple[Any, Any]]:
        """Keys and values, as a dict would show them."""
        return [(proxy_of(key), proxy_of(value)) for key, value in self._target.pairs()]

    def to_py(self, *, depth: int = -1, default_converter: object = None) -> object:
        return to_py(self._target, depth)


class JsSet(_DataProxy):
    """A Set: membership and iteration, false when empty."""

    _kind = "Set"
    _target: JSSet

    def __len__(self) -> int:
        return len(self._target)

    def __bool__(self) -> bool:
        return bool(len(self._target))

    def __contains__(self, value: object) -> bool:
        return wire_of(value) in self._target

    def __iter__(self) -> Iterator[Any]:
        return map(proxy_of, self._target)

    def to_py(self, *, depth: int = -1, default_converter: object = None) -> object:
        return to_py(self._target, depth)


class JsBuffer(_DataProxy):
    """An ArrayBuffer, typed array or DataView."""

    _target: bytes | JSTypedArray

    @property
    def byteLength(self) -> int:
        """Length in bytes."""
        return len(bytes(self._target))

    def __bool__(self) -> bool:
        return self.byteLength > 0

    @property
    def constructor(self) -> Constructor:
        return Constructor(self._target.kind if isinstance(self._target, JSTypedArray) else "ArrayBuffer")

    def to_bytes(self) -> bytes:
        """A copy of the bytes."""
        return bytes(self._target)

    def to_string(self, encoding: str | None = None) -> str:
        """The bytes as text, UTF-8 unless told."""
        return bytes(self._target).decode(encoding or "utf-8")

    def to_py(self, *, depth: int = -1, default_converter: object = None) -> object:
        return to_py(self._target, depth)


class JsDate(_DataProxy):
    """A Date."""

    _kind = "Date"
    _target: datetime | JSDate

    def getTime(self) -> float:
        """Milliseconds since the epoch; NaN if invalid."""
        return milliseconds_of(self._target)

    valueOf = getTime

    def toISOString(self) -> str:
        """``2030-01-01T00:00:00.000Z``.

        Raises:
            ValueError: The Date is invalid, or outside the years Python knows.
        """
        if isinstance(self._target, JSDate):
            raise ValueError("Invalid time value")
        return f"{self._target:%Y-%m-%dT%H:%M:%S}.{self._target.microsecond // 1000:03d}Z"


class JsIterator:
    """An iterator of the platform: ``next()`` answers ``done`` and ``value``; Python may iterate it too."""

    __slots__ = ("_items",)

    def __init__(self, items: Iterator[Any]) -> None:
        self._items = items

    def __iter__(self) -> Iterator[Any]:
        return self._items

    def __next__(self) -> Any:
        return next(self._items)

    def next(self) -> "IteratorStep":
        """The next step."""
        try:
            return IteratorStep(False, next(self._items))
        except StopIteration:
            return IteratorStep(True, None)


class IteratorStep:
    """``{done, value}``."""

    __slots__ = ("done", "value")

    def __init__(self, done: bool, value: object) -> None:
        self.done = done
        self.value = value


_KINDS: Final[dict[type, Callable[[Any], object]]] = {
    dict: JsObject,
    list: JsArray,
    JSMap: JsMap,
    LiteralMap: JsMap,
    JSSet: JsSet,
    bytes: JsBuffer,
    JSArrayBuffer: JsBuffer,
    JSTypedArray: JsBuffer,
    datetime: JsDate,
    JSDate: JsDate,
    JSBigInt: int,
    PythonReference: lambda reference: reference.value,
    type(UNDEFINED): lambda value: None,
    type(None): lambda value: jsnull,
}


def proxy_of(wire: object) -> Any:
    """A wire value as the raw profile shows it: primitives as they are, everything else behind a proxy."""
    convert = _KINDS.get(type(wire))
    if convert is not None:
        return convert(wire)
    return wire.proxy() if isinstance(wire, ProxiedReference) else wire


def to_py(wire: object, depth: int = -1) -> object:
    """What ``JsProxy.to_py`` copies: containers become Python's, down to ``depth`` levels; Dates stay proxies."""
    if depth == 0:
        return proxy_of(wire)
    if isinstance(wire, dict):
        return {key: to_py(item, depth - 1) for key, item in wire.items()}
    if isinstance(wire, list):
        return [to_py(item, depth - 1) for item in wire]
    if isinstance(wire, JSMap):
        return {to_py(key, depth - 1): to_py(item, depth - 1) for key, item in wire.pairs()}
    if isinstance(wire, JSSet):
        return {to_py(item, depth - 1) for item in wire}
    if isinstance(wire, JSTypedArray):
        return types.view(wire.kind, types.buffer(bytes(wire)), 0, wire.byte_length, False)
    return types.buffer(wire) if isinstance(wire, bytes) else proxy_of(wire)
