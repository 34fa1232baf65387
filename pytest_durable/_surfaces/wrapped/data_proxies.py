"""Proxies of data: objects, arrays, maps and sets, each standing for a wire value; and what makes them.

``proxy_of`` makes them, ``to_py`` copies what they stand for. Buffers and Dates have modules of their own.

Source: pyodide core docs of JsProxy; spec python-workers 3.1, 3.2.
"""

from collections.abc import Callable, Iterable, Iterator, MutableMapping, MutableSequence
from datetime import datetime
from typing import Any, Final, overload

from pytest_durable._core.actor import text_of
from pytest_durable._core.storage.values import (
    HOLE,
    UNDEFINED,
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
from pytest_durable._surfaces.wrapped import types
from pytest_durable._surfaces.wrapped.array_methods import MutableArrayMethods
from pytest_durable._surfaces.wrapped.buffers import JsBuffer, buffer_proxy
from pytest_durable._surfaces.wrapped.dates import JsDate
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.live import LiveBuffer, LiveView, live
from pytest_durable._surfaces.wrapped.proxies import (
    Constructor,
    JsProxy,
    jsnull,
    name_like_production,
    platform_name,
    wire_of,
)
from pytest_durable._surfaces.wrapped.references import LiteralMap, ProxiedReference, PythonReference
from pytest_durable._surfaces.wrapped.regexps import JsRegExp

__all__ = [
    "IteratorStep",
    "JsArray",
    "JsBuffer",
    "JsDate",
    "JsIterator",
    "JsLiteralMap",
    "JsMap",
    "JsObject",
    "JsObjectMap",
    "JsSet",
    "proxy_of",
    "to_py",
]


class _DataProxy(JsProxy):
    """A proxy of a wire value."""

    def __to_wire__(self) -> object:
        return self._target

    def toString(self) -> str:
        return text_of(self._target)

    def to_py(self, *, depth: int = -1, default_converter: Any = None) -> Any:
        """A copy in Python's types.

        Args:
            depth: How many levels; -1 means all.
            default_converter: Called with what has no counterpart, with a function that converts, and with one that
                remembers a result before it is complete.
        """
        return to_py(self._target, depth, default_converter)


class JsObject(_DataProxy):
    """A plain object: members as attributes; not subscriptable, not iterable."""

    _target: dict[str, object]

    def __getattr__(self, name: str) -> Any:
        name = platform_name(name)
        if name in self._target:
            return proxy_of(self._target[name])
        raise AttributeError(name)

    def __setattr__(self, name: str, value: object) -> None:
        self._target[platform_name(name)] = wire_of(value)

    def __delattr__(self, name: str) -> None:
        if self._target.pop(platform_name(name), UNDEFINED) is UNDEFINED:
            raise AttributeError(name)

    def __dir__(self) -> Iterable[str]:
        return sorted({*super().__dir__(), *self._target})

    def _own(self) -> dict[str, object]:
        return self._target


class JsObjectMap(_DataProxy, MutableMapping[str, Any]):
    """A plain object whose members are items (``as_object_map``).

    Args:
        target: The object.
        is_hereditary: The objects in it are shown likewise (``as_py_json``).
    """

    _target: dict[str, object]

    def __init__(self, target: dict[str, object], *, is_hereditary: bool = False) -> None:
        super().__init__(target)
        self._is_hereditary = is_hereditary

    def __len__(self) -> int:
        return len(self._target)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._target))

    def __getitem__(self, name: str) -> Any:
        value = self._target[name]
        if self._is_hereditary and isinstance(value, dict):
            return JsObjectMap(value, is_hereditary=True)
        return proxy_of(value)

    def __setitem__(self, name: str, value: object) -> None:
        self._target[name] = wire_of(value)

    def __delitem__(self, name: str) -> None:
        del self._target[name]

    def _own(self) -> dict[str, object]:
        return self._target


class _Absent:
    """A name that a base class has and the platform's object has not."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        raise AttributeError(self._name)


class JsArray(MutableArrayMethods, _DataProxy, MutableSequence[Any]):
    """An array: a mutable sequence, false when empty."""

    _kind = "Array"
    _target: list[object]

    clear = _Absent()

    def __len__(self) -> int:
        return len(self._target)

    def __bool__(self) -> bool:
        return bool(self._target)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> "JsArray": ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return JsArray(self._target[index])
        _require_index(index)
        if not -len(self._target) <= index < len(self._target):
            raise IndexError(index)
        return proxy_of(self._target[index])

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            self._target[index] = [wire_of(item) for item in value]
            return
        _require_index(index)
        beyond = index - len(self._target) + 1
        if beyond > 0:
            self._target += [HOLE] * beyond
        self._target[index] = wire_of(value)

    def __delitem__(self, index: int | slice) -> None:
        del self._target[index]

    def __add__(self, other: Iterable[Any]) -> "JsArray":
        return JsArray(self._target + [wire_of(item) for item in other])

    def __mul__(self, count: int) -> "JsArray":
        return JsArray(self._target * count)

    __rmul__ = __mul__

    def insert(self, index: int, value: object) -> None:
        """Insert before ``index``."""
        self._target.insert(index, wire_of(value))

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """Where it is first.

        Raises:
            ValueError: It is not there.
        """
        for place in range(*slice(start, stop).indices(len(self._target))):
            if proxy_of(self._target[place]) == value:
                return place
        raise ValueError(f"{value!r} is not in list")

    def remove(self, value: Any) -> None:
        """Take out the first that is equal."""
        del self._target[self.index(value)]

    def pop(self, index: int = -1) -> Any:
        """Take out the element at ``index``; the last one unless told."""
        return proxy_of(self._target.pop(index))

    def object_keys(self) -> "JsArray":
        """The indices."""
        return JsArray(list(self._own()))

    def _own(self) -> dict[str, object]:
        return {str(index): item for index, item in enumerate(self._target) if item is not HOLE}

    def _items(self) -> list[object]:
        return self._target

    def _show(self, wire: object) -> Any:
        return proxy_of(wire)

    def _new(self, items: list[object]) -> "JsArray":
        return JsArray(items)

    def _pair(self, index: int, item: object) -> "JsArray":
        return JsArray([index, item])

    def _steps(self, items: Iterator[Any], kind: str) -> "JsIterator":
        return JsIterator(items, kind)


def _require_index(index: object) -> None:
    if not isinstance(index, int):
        raise TypeError(f"list indices must be integers or slices, not {type(index).__name__}")


class JsMap(_DataProxy, MutableMapping[Any, Any]):
    """A Map: subscript and iteration by key, false when empty. ``keys``, ``values``, ``items`` are Python's views."""

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
        return map(proxy_of, list(self._target))

    def __getitem__(self, key: object) -> Any:
        wire = wire_of(key)
        if wire not in self._target:
            raise KeyError(key)
        return proxy_of(self._target[wire])

    def __setitem__(self, key: object, value: object) -> None:
        self._target[wire_of(key)] = wire_of(value)

    def __delitem__(self, key: object) -> None:
        wire = wire_of(key)
        if wire not in self._target:
            raise KeyError(key)
        del self._target[wire]

    def has(self, key: object) -> bool:
        """Whether the key is there."""
        return key in self

    def set(self, key: object, value: object = None) -> "JsMap":
        """Store a value."""
        self[key] = value
        return type(self)(self._target)

    def delete(self, key: object) -> bool:
        """Remove an entry; says whether there was one."""
        found = key in self
        if found:
            del self[key]
        return found

    def entries(self) -> "JsIterator":
        """An iterator of arrays of key and value, in order."""
        return JsIterator((JsArray([key, value]) for key, value in self._target.pairs()), "Map")

    def forEach(self, callback: Callable[..., Any]) -> None:
        """Call ``callback`` with value, key and Map for each."""
        for key, value in list(self._target.pairs()):
            callback(proxy_of(value), proxy_of(key), self)


class JsLiteralMap(JsMap):
    """What ``to_js`` makes of a dict: a Map whose entries are members as well."""

    _kind = "LiteralMap"
    _target: LiteralMap

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__") and name in self._target:
            return proxy_of(self._target[name])
        raise AttributeError(name)

    def _own(self) -> dict[str, object]:
        return {key if isinstance(key, str) else text_of(key): value for key, value in self._target.pairs()}


class JsSet(_DataProxy):
    """A Set: membership and iteration, false when empty."""

    _kind = "Set"
    _target: JSSet

    @property
    def size(self) -> int:
        """How many values."""
        return len(self._target)

    def __len__(self) -> int:
        return len(self._target)

    def __bool__(self) -> bool:
        return bool(len(self._target))

    def __contains__(self, value: object) -> bool:
        return wire_of(value) in self._target

    def __iter__(self) -> Iterator[Any]:
        return map(proxy_of, list(self._target))

    def has(self, value: object) -> bool:
        """Whether the value is there."""
        return value in self

    def add(self, value: object) -> "JsSet":
        """Put it in."""
        self._target.add(wire_of(value))
        return JsSet(self._target)

    def delete(self, value: object) -> bool:
        """Take it out; says whether it was there."""
        found = value in self
        self._target.discard(wire_of(value))
        return found

    def clear(self) -> None:
        """Take out all."""
        self._target.clear()

    def values(self) -> "JsIterator":
        """An iterator of the values, in order."""
        return JsIterator(iter(self), "Set")

    keys = values

    def entries(self) -> "JsIterator":
        """An iterator of arrays with each value twice."""
        return JsIterator((JsArray([value, value]) for value in list(self._target)), "Set")

    def forEach(self, callback: Callable[..., Any]) -> None:
        """Call ``callback`` with value, value and Set for each."""
        for value in self:
            callback(value, value, self)


class JsIterator(JsProxy):
    """An iterator of the platform: ``next()`` answers ``done`` and ``value``; Python may iterate it too."""

    _target: Iterator[Any]

    def __init__(self, items: Iterator[Any], kind: str = "Array") -> None:
        super().__init__(items)
        self._source = kind

    def __iter__(self) -> Iterator[Any]:
        return self._target

    def __next__(self) -> Any:
        return next(self._target)

    def next(self) -> "IteratorStep":
        """The next step."""
        try:
            return IteratorStep(False, next(self._target))
        except StopIteration:
            return IteratorStep(True, None)

    def toString(self) -> str:
        return f"[object {self._source} Iterator]"


JsProxy._array, JsProxy._iterator, JsProxy._object_map = JsArray, JsIterator, JsObjectMap


class IteratorStep(JsProxy):
    """``{done, value}``."""

    def __init__(self, done: bool, value: object) -> None:
        super().__init__(self)
        self.done = done
        self.value = value


class JsBoxed(_DataProxy):
    """A primitive in an object (``Number.new(5)``)."""

    _target: JSBoxed

    @property
    def constructor(self) -> Any:
        value = self._target.value
        return Constructor("Boolean" if isinstance(value, bool) else "String" if isinstance(value, str) else "Number")

    @property
    def length(self) -> int:
        """Of a text: how many UTF-16 units."""
        if isinstance(self._target.value, str):
            return len(self._target.value.encode("utf-16-le", "surrogatepass")) // 2
        raise AttributeError("length")

    def valueOf(self) -> Any:
        """The primitive."""
        return self._target.value

    def toFixed(self, digits: int = 0) -> str:
        """The number with so many digits after the point."""
        return f"{self._target.value:.{digits}f}"

    def toString(self) -> str:
        return text_of(self._target.value)


def _error(value: JSError) -> JsException:
    properties = {str(name): proxy_of(item) for name, item in value.properties.items()}
    return JsException(str(value.name), str(value.message), **properties)


for _kind in (JsObject, JsBoxed, JsIterator, IteratorStep):
    name_like_production(_kind)

_KINDS: Final[dict[type, Callable[[Any], object]]] = {
    dict: JsObject,
    list: JsArray,
    JSMap: JsMap,
    LiteralMap: JsLiteralMap,
    JSSet: JsSet,
    bytes: lambda value: buffer_proxy(live(value)),
    JSArrayBuffer: lambda value: buffer_proxy(live(value)),
    JSTypedArray: lambda value: buffer_proxy(live(value)),
    LiveBuffer: buffer_proxy,
    LiveView: buffer_proxy,
    datetime: JsDate,
    JSDate: JsDate,
    JSBigInt: int,
    JSBoxed: JsBoxed,
    JSError: _error,
    JSRegExp: JsRegExp,
    PythonReference: lambda reference: reference.value,
    type(UNDEFINED): lambda value: None,
    type(HOLE): lambda value: None,
    type(None): lambda value: jsnull,
}


def proxy_of(wire: object) -> Any:
    """A wire value as the raw profile shows it: primitives as they are, everything else behind a proxy."""
    convert = _KINDS.get(type(wire))
    if convert is not None:
        return convert(wire)
    return wire.proxy() if isinstance(wire, ProxiedReference) else wire


def to_py(wire: object, depth: int = -1, default_converter: Any = None) -> Any:
    """What ``JsProxy.to_py`` copies: containers become Python's, down to ``depth`` levels; what else is a proxy stays.

    Raises:
        JsException: A key of a Map, or a member of a Set, that Python cannot hash.
    """
    return _Copy(default_converter).run(wire, depth)


class _Copy:
    """One call of ``to_py``: keeps what was converted, so that shared and cyclic references stay so."""

    def __init__(self, default_converter: Any) -> None:
        self._default_converter = default_converter
        self._done: dict[int, tuple[object, Any]] = {}

    def run(self, wire: object, depth: int) -> Any:
        if depth == 0:
            return proxy_of(wire)
        if id(wire) in self._done:
            return self._done[id(wire)][1]
        convert = self._CONTAINERS.get(type(wire))
        if convert is not None:
            return convert(self, wire, depth - 1)
        if isinstance(wire, LiveBuffer | LiveView | bytes | JSTypedArray):
            return _memory(wire)
        proxy = proxy_of(wire)
        if self._default_converter is None or not isinstance(proxy, JsProxy | JsException):
            return proxy
        return self._default_converter(proxy, lambda value: self.run(wire_of(value), depth), self._remember)

    def _keep(self, wire: object, made: Any) -> Any:
        self._done[id(wire)] = (wire, made)
        return made

    def _remember(self, value: Any, made: Any) -> None:
        self._keep(wire_of(value), made)

    def _dict(self, wire: dict[str, object], depth: int) -> Any:
        made = self._keep(wire, {})
        made.update((name, self.run(item, depth)) for name, item in wire.items())
        return made

    def _list(self, wire: list[object], depth: int) -> Any:
        made = self._keep(wire, [])
        made.extend(self.run(item, depth) for item in wire)
        return made

    def _map(self, wire: JSMap, depth: int) -> Any:
        made = self._keep(wire, {})
        for key, item in wire.pairs():
            shown = self.run(key, depth)
            try:
                made[shown] = self.run(item, depth)
            except (TypeError, ValueError) as failure:
                raise types.unfit_member(made, shown) from failure
        return made

    def _set(self, wire: JSSet, depth: int) -> Any:
        made = self._keep(wire, set())
        for item in wire:
            shown = self.run(item, depth)
            try:
                made.add(shown)
            except (TypeError, ValueError) as failure:
                raise types.unfit_member(made, shown) from failure
        return made

    _CONTAINERS: Final[dict[type, Callable[..., Any]]] = {
        dict: _dict,
        list: _list,
        JSMap: _map,
        LiteralMap: _map,
        JSSet: _set,
    }


def _memory(wire: Any) -> memoryview:
    return buffer_proxy(wire if isinstance(wire, LiveBuffer | LiveView) else live(wire)).to_memoryview()
