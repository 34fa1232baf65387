"""The state of one pass over a blob, and the few steps that all reading is made of."""

from collections.abc import Callable, Sequence
from math import nan
from struct import Struct
from typing import Final, NoReturn

from pytest_durable._core.storage.values import DecodedTypes

_read_double: Final = Struct("<d").unpack_from
_PENDING: Final = object()
"""Stands for an object that has its number but is not made yet."""


class UndecodableError(Exception):
    """The bytes are not a stored value that the platform could read.

    Attributes:
        reason: What is wrong, without the place.
        offset: Where in the blob reading stopped.
    """

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"The value cannot be decoded: {reason} (byte {offset}).")
        self.reason = reason
        self.offset = offset


class Reader:
    """One pass over one blob.

    Objects are numbered in the order in which their tags appear, and later tags refer to these numbers. A number must
    therefore be taken before anything inside the object is read, even where the object can be made only afterwards.

    Running off the end of the blob raises IndexError or ``struct.error``; whoever starts the pass translates them.

    Attributes:
        blob: All bytes, header included.
        at: Offset of the next byte.
        types: What to build values from.
        by_tag: A function for each of the 256 tags. They are handed in, because those for containers need all others.
        objects: What is known by number.
        buffers: Number of each buffer to its length and whether it is resizable; views check themselves against it.
        arrays_with_properties: Numbers of arrays that have properties, as far as known.
        holes: Elements of sparse arrays so far.
        has_view_flags: Whether views are followed by flags, as they are from version 14 on.
    """

    __slots__ = (
        "arrays_with_properties",
        "at",
        "blob",
        "buffers",
        "by_tag",
        "has_view_flags",
        "holes",
        "objects",
        "types",
    )

    def __init__(
        self, blob: bytes, at: int, types: DecodedTypes, by_tag: "Sequence[ReadFunction]", has_view_flags: bool
    ) -> None:
        self.blob = blob
        self.at = at
        self.types = types
        self.by_tag = by_tag
        self.has_view_flags = has_view_flags
        self.objects: list[object] = []
        self.buffers: dict[int, tuple[int, bool]] = {}
        self.arrays_with_properties: set[int] = set()
        self.holes = 0

    def fail(self, reason: str) -> NoReturn:
        """Give up at the current offset."""
        raise UndecodableError(reason, self.at)

    def read(self) -> object:
        """Read one value of any type."""
        tag = self.blob[self.at]
        self.at += 1
        return self.by_tag[tag](self)

    def peek(self) -> int:
        """Return the next tag and leave it there; padding before it is consumed."""
        while self.blob[self.at] == 0:
            self.at += 1
        return self.blob[self.at]

    def varint(self) -> int:
        """Read an unsigned 32-bit integer; excess bits are dropped."""
        byte = self.blob[self.at]
        if byte < 0x80:
            self.at += 1
            return byte
        second = self.blob[self.at + 1]
        if second < 0x80:
            self.at += 2
            return byte & 0x7F | second << 7
        return self._long_varint(32)

    def varint64(self) -> int:
        """Read an unsigned 64-bit integer, as the sizes of buffers are; excess bits are dropped."""
        return self._long_varint(64)

    def _long_varint(self, bits: int) -> int:
        number = 0
        for shift in range(0, bits, 7):
            byte = self.blob[self.at]
            self.at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number & (1 << bits) - 1
        # An integer that would go on is cut here, as in V8, which looks whether there is a next byte and leaves it.
        self.blob[self.at]
        return number & (1 << bits) - 1

    def take(self, size: int) -> bytes:
        """Read raw bytes."""
        end = self.at + size
        if end > len(self.blob):
            self.fail(f"{size} bytes were promised, {len(self.blob) - self.at} are left")
        data = self.blob[self.at : end]
        self.at = end
        return data

    def double(self) -> float:
        """Read a double; every NaN becomes the same one."""
        number: float = _read_double(self.blob, self.at)[0]
        self.at += 8
        return number if number == number else nan

    def text(self, what: str) -> str:
        """Read a value that must be a string."""
        value = self.read()
        if not isinstance(value, str):
            self.fail(f"{what} is not a string")
        return value

    def reserve(self) -> int:
        """Take the next object number."""
        self.objects.append(_PENDING)
        return len(self.objects) - 1

    def is_pending(self, number: int) -> bool:
        """Whether the object of this number is not made yet."""
        return self.objects[number] is _PENDING


ReadFunction = Callable[[Reader], object]
