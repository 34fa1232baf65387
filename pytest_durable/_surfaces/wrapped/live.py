"""Buffers that several views share, as long as they are in the hands of user code.

What is sent or stored is a snapshot (``JSTypedArray``, ``JSArrayBuffer``), which nobody can change.
"""

import math
import struct
from collections.abc import Callable
from typing import Any, Final

from pytest_durable._core.storage import Textual
from pytest_durable._core.storage.values import ELEMENT_FORMATS, JSArrayBuffer, JSBigInt, JSTypedArray


class LiveBuffer(Textual):
    """An ArrayBuffer.

    Args:
        data: Its bytes; shared, not copied.
    """

    __slots__ = ("data",)

    def __init__(self, data: bytearray) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __bytes__(self) -> bytes:
        return bytes(self.data)

    def platform_text(self) -> str:
        return "[object ArrayBuffer]"

    def snapshot(self) -> JSArrayBuffer:
        """What is sent or stored."""
        return JSArrayBuffer(bytes(self.data))


class LiveView(Textual):
    """A typed array or DataView: a window on a buffer.

    Args:
        kind: One of ``ELEMENT_FORMATS``.
        buffer: The whole buffer.
        offset: Where the window begins, in bytes.
        byte_length: How long it is.
    """

    __slots__ = ("buffer", "byte_length", "kind", "offset")

    def __init__(self, kind: str, buffer: LiveBuffer, offset: int, byte_length: int) -> None:
        self.kind = kind
        self.buffer = buffer
        self.offset = offset
        self.byte_length = byte_length

    @property
    def element_size(self) -> int:
        """Bytes of one element."""
        return struct.calcsize("<" + ELEMENT_FORMATS[self.kind])

    def __len__(self) -> int:
        return self.byte_length // self.element_size

    def __bytes__(self) -> bytes:
        return bytes(self.buffer.data[self.offset : self.offset + self.byte_length])

    def read(self, index: int) -> int | float:
        """The element at ``index``."""
        size = self.element_size
        number = struct.unpack_from("<" + ELEMENT_FORMATS[self.kind], self.buffer.data, self.offset + index * size)[0]
        if self.kind.startswith("Big"):
            return JSBigInt(number)
        return as_number(number)

    def write(self, index: int, number: int | float) -> None:
        """Store ``number`` at ``index``, fitted into an element as the platform does it."""
        put(self.kind, self.buffer.data, self.offset + index * self.element_size, number)

    def elements(self) -> list[int | float]:
        """All of them."""
        return [self.read(index) for index in range(len(self))]

    def platform_text(self) -> str:
        if self.kind == "DataView":
            return "[object DataView]"
        return ",".join(str(number) for number in self.elements())

    def snapshot(self) -> JSTypedArray:
        """What is sent or stored."""
        return JSTypedArray(self.kind, self.buffer.snapshot(), self.offset, self.byte_length)


def as_number(number: int | float) -> int | float:
    """A number as Python sees it: integral ones are ints."""
    if isinstance(number, float) and number.is_integer() and abs(number) < 2**53:
        return int(number)
    return number


def put(kind: str, data: bytearray, offset: int, number: int | float, order: str = "<") -> None:
    """Write ``number`` as an element of ``kind`` at byte ``offset``."""
    struct.pack_into(order + ELEMENT_FORMATS[kind], data, offset, _FIT[kind](number))


def _wrapping(bits: int, *, signed: bool) -> Callable[[Any], int]:
    def fit(number: Any) -> int:
        if isinstance(number, float) and not math.isfinite(number):
            return 0
        low = int(number) & ((1 << bits) - 1)
        return low - (1 << bits) if signed and low >> (bits - 1) else low

    return fit


def _clamped(number: Any) -> int:
    if isinstance(number, float) and math.isnan(number):
        return 0
    return round(min(max(float(number), 0.0), 255.0))


def _single(number: Any) -> float:
    try:
        struct.pack("<f", number)
    except OverflowError:
        return math.copysign(math.inf, number)
    return float(number)


def _half(number: Any) -> float:
    try:
        struct.pack("<e", number)
    except OverflowError:
        return math.copysign(math.inf, number)
    return float(number)


#: How a number is made to fit an element.
_FIT: Final[dict[str, Callable[[Any], int | float]]] = {
    "Int8Array": _wrapping(8, signed=True),
    "Uint8Array": _wrapping(8, signed=False),
    "Uint8ClampedArray": _clamped,
    "Int16Array": _wrapping(16, signed=True),
    "Uint16Array": _wrapping(16, signed=False),
    "Int32Array": _wrapping(32, signed=True),
    "Uint32Array": _wrapping(32, signed=False),
    "Float16Array": _half,
    "Float32Array": _single,
    "Float64Array": float,
    "BigInt64Array": _wrapping(64, signed=True),
    "BigUint64Array": _wrapping(64, signed=False),
}


def settled(wire: object) -> object:
    """A wire value that nobody changes any more: what is live becomes a snapshot."""
    return wire.snapshot() if isinstance(wire, LiveBuffer | LiveView) else wire


def live(value: bytes | JSTypedArray) -> LiveBuffer | LiveView:
    """A buffer or view of user code's own, with the content of what has arrived."""
    if isinstance(value, JSTypedArray):
        return LiveView(value.kind, LiveBuffer(bytearray(value.buffer)), value.byte_offset, value.byte_length)
    return LiveBuffer(bytearray(value))
