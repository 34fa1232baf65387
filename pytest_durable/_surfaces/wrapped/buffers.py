"""Proxies of ArrayBuffers, typed arrays and DataViews. All views of one buffer share its bytes.

Source: pyodide core docs of JsBuffer; ECMA-262; spec python-workers 4.
"""

import struct
from collections.abc import Iterator
from typing import Any

from pytest_durable._core.actor import number_of
from pytest_durable._core.storage.values import ELEMENT_FORMATS, JSBigInt
from pytest_durable._surfaces.wrapped import types
from pytest_durable._surfaces.wrapped.array_methods import ArrayMethods
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.live import LiveBuffer, LiveView, as_number, put
from pytest_durable._surfaces.wrapped.proxies import Constructor, JsProxy, name_like_production, wire_of


class JsBuffer(JsProxy):
    """An ArrayBuffer, typed array or DataView."""

    _target: LiveBuffer | LiveView

    @property
    def byteLength(self) -> int:
        """Length in bytes."""
        return len(bytes(self._target))

    def __bool__(self) -> bool:
        return self.byteLength > 0

    @property
    def constructor(self) -> Constructor:
        return Constructor(self._target.kind if isinstance(self._target, LiveView) else "ArrayBuffer")

    def to_bytes(self) -> bytes:
        """A copy of the bytes."""
        return bytes(self._target)

    def to_memoryview(self) -> memoryview:
        """A copy, as a memoryview with the element format of its kind."""
        if isinstance(self._target, LiveView):
            data = bytearray(bytes(self._target))
            return types.view(self._target.kind, data, 0, len(data), False)
        return types.buffer(bytes(self._target))

    def to_string(self, encoding: str | None = None) -> str:
        """The bytes as text, UTF-8 unless told."""
        return bytes(self._target).decode(encoding or "utf-8")

    def to_py(self, *, depth: int = -1, default_converter: Any = None) -> Any:
        """A copy, as a memoryview."""
        return self if depth == 0 else self.to_memoryview()

    def assign(self, source: Any) -> None:
        """Fill it from a buffer of Python of the same length.

        Raises:
            ValueError: The lengths differ.
        """
        data = bytes(memoryview(source).cast("B"))
        self._require_length(len(data))
        buffer, offset = self._place()
        buffer.data[offset : offset + len(data)] = data

    def assign_to(self, target: Any) -> None:
        """Copy the bytes into a buffer of Python of the same length.

        Raises:
            ValueError: The lengths differ.
        """
        window = memoryview(target).cast("B")
        self._require_length(len(window))
        window[:] = bytes(self._target)

    def _require_length(self, length: int) -> None:
        if length != self.byteLength:
            raise ValueError(f"cannot assign to TypedArray of length {length} from buffer of length {self.byteLength}")

    def _place(self) -> tuple[LiveBuffer, int]:
        target = self._target
        return (target.buffer, target.offset) if isinstance(target, LiveView) else (target, 0)

    def __to_wire__(self) -> object:
        return self._target


class JsArrayBuffer(JsBuffer):
    """An ArrayBuffer."""

    _target: LiveBuffer
    _kind = "ArrayBuffer"

    def slice(self, begin: Any = None, end: Any = None) -> "JsArrayBuffer":
        """A copy of a part."""
        return JsArrayBuffer(LiveBuffer(self._target.data[_whole(begin) : _whole(end)]))


class _JsView(JsBuffer):
    _target: LiveView

    @property
    def buffer(self) -> JsArrayBuffer:
        """The whole buffer."""
        return JsArrayBuffer(self._target.buffer)

    @property
    def byteOffset(self) -> int:
        """Where the window begins."""
        return self._target.offset


class JsTypedArray(ArrayMethods, _JsView):
    """A typed array: elements by index, shared with all other views of its buffer."""

    @property
    def BYTES_PER_ELEMENT(self) -> int:
        """Bytes of one element."""
        return self._target.element_size

    @property
    def length(self) -> int:
        """How many elements."""
        return len(self._target)

    def __len__(self) -> int:
        return len(self._target)

    def __iter__(self) -> Iterator[Any]:
        return map(self._show, self._target.elements())

    def __reversed__(self) -> Iterator[Any]:
        return iter(list(self)[::-1])

    def __contains__(self, value: object) -> bool:
        return value in list(self)

    def __getitem__(self, index: int) -> Any:
        return self._show(self._target.read(self._index(index)))

    def __setitem__(self, index: int, value: Any) -> None:
        self._target.write(self._index(index), self._element(value))

    def _index(self, index: Any) -> int:
        if isinstance(index, slice):
            raise NotImplementedError("Slice subscripting isn't implemented for typed arrays")
        length = len(self._target)
        if not -length <= index < length:
            raise IndexError(index)
        return index % length  # type: ignore[no-any-return]

    def index(self, value: Any) -> int:
        """Where it is first.

        Raises:
            ValueError: It is not there.
        """
        try:
            return list(self).index(value)
        except ValueError:
            raise ValueError(f"{value!r} is not in list") from None

    def count(self, value: Any) -> int:
        """How often it is there."""
        return list(self).count(value)

    def fill(self, value: Any = None, begin: Any = None, end: Any = None) -> "JsTypedArray":
        """Set all, or those from ``begin`` to ``end``, to ``value``."""
        number = self._element(value)
        for index in range(*slice(_whole(begin), _whole(end)).indices(len(self._target))):
            self._target.write(index, number)
        return self

    def set(self, source: Any, offset: int = 0) -> None:
        """Copy the elements of ``source`` here, from index ``offset`` on.

        Raises:
            JsException: RangeError; they do not fit.
        """
        numbers = [self._element(value) for value in source]
        if offset + len(numbers) > len(self._target) or offset < 0:
            raise JsException("RangeError", "offset is out of bounds")
        for index, number in enumerate(numbers, offset):
            self._target.write(index, number)

    def subarray(self, begin: Any = None, end: Any = None) -> "JsTypedArray":
        """A view of a part of the same buffer."""
        part = range(*slice(_whole(begin), _whole(end)).indices(len(self._target)))
        view, size = self._target, self._target.element_size
        return JsTypedArray(LiveView(view.kind, view.buffer, view.offset + part.start * size, len(part) * size))

    def reverse(self) -> None:
        """Turn the order round."""
        for index, number in enumerate(self._target.elements()[::-1]):
            self._target.write(index, number)

    def _element(self, value: Any) -> int | float:
        return element(self._target.kind, value)

    def _items(self) -> list[object]:
        return list(self._target.elements())

    def _own(self) -> dict[str, object]:
        return {str(index): item for index, item in enumerate(self._target.elements())}

    def _show(self, wire: object) -> Any:
        return int(wire) if isinstance(wire, JSBigInt) else wire

    def _new(self, items: list[object]) -> "JsTypedArray":
        return typed_array(self._target.kind, items)

    def _pair(self, index: int, item: object) -> Any:
        return self._array([index, item])

    def _steps(self, items: Iterator[Any], kind: str) -> Any:
        return self._iterator(items, kind)


class JsDataView(_JsView):
    """A DataView: numbers at any offset, in either byte order; big-endian unless told."""

    _kind = "DataView"

    def __getattr__(self, name: str) -> Any:
        verb, kind = name[:3], f"{name[3:]}Array"
        if kind not in ELEMENT_FORMATS or kind == "Uint8ClampedArray" or verb not in ("get", "set"):
            raise AttributeError(name)
        return self._getter(kind) if verb == "get" else self._setter(kind)

    def _getter(self, kind: str) -> Any:
        def get(offset: Any = 0, little_endian: Any = False) -> Any:
            order, place = self._at(kind, offset, little_endian)
            return as_number(struct.unpack_from(order + ELEMENT_FORMATS[kind], self._target.buffer.data, place)[0])

        return get

    def _setter(self, kind: str) -> Any:
        def set_(offset: Any = 0, value: Any = None, little_endian: Any = False) -> None:
            order, place = self._at(kind, offset, little_endian)
            put(kind, self._target.buffer.data, place, element(kind, value), order)

        return set_

    def _at(self, kind: str, offset: Any, little_endian: Any) -> tuple[str, int]:
        size = struct.calcsize("<" + ELEMENT_FORMATS[kind])
        if not 0 <= offset <= self._target.byte_length - size:
            raise JsException("RangeError", "Offset is outside the bounds of the DataView")
        return ("<" if little_endian else ">"), self._target.offset + int(offset)


for _kind in (JsArrayBuffer, JsDataView):
    name_like_production(_kind)


def buffer_proxy(target: LiveBuffer | LiveView) -> JsBuffer:
    """The proxy of a buffer or view."""
    if isinstance(target, LiveBuffer):
        return JsArrayBuffer(target)
    return JsDataView(target) if target.kind == "DataView" else JsTypedArray(target)


def typed_array(kind: str, values: Any) -> JsTypedArray:
    """A typed array of its own buffer, with these elements."""
    numbers = [element(kind, value) for value in values]
    view = LiveView(kind, LiveBuffer(bytearray()), 0, 0)
    view.byte_length = len(numbers) * view.element_size
    view.buffer.data.extend(bytes(view.byte_length))
    for index, number in enumerate(numbers):
        view.write(index, number)
    return JsTypedArray(view)


def element(kind: str, value: Any) -> int | float:
    """The number that is stored for ``value`` in an array of ``kind``.

    Raises:
        JsException: TypeError; a number where a BigInt is wanted, or the other way round.
    """
    wire = wire_of(value)
    if kind.startswith("Big"):
        # Python has one kind of integer: a small one is meant as a BigInt here, though production refuses it.
        if isinstance(wire, bool | int):
            return int(wire)
        raise JsException("TypeError", f"Cannot convert {value} to a BigInt")
    if isinstance(wire, JSBigInt):
        raise JsException("TypeError", "Cannot convert a BigInt value to a number")
    return number_of(wire)


def _whole(value: Any) -> int | None:
    return None if value is None else int(number_of(wire_of(value)))
