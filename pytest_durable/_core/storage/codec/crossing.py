"""Copies of values with parts that are not copied: what is sent by reference stands in the bytes as a mark.

The marks are of two bytes, as they are on the platform, and in the order of what they stand for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from pytest_durable._core.storage.codec import tags, wire
from pytest_durable._core.storage.codec.decoding import BY_TAG
from pytest_durable._core.storage.codec.deep import deeper_stack
from pytest_durable._core.storage.codec.encoding import BY_TYPE
from pytest_durable._core.storage.codec.read_objects import read_host_object
from pytest_durable._core.storage.codec.reader import Reader, ReadFunction
from pytest_durable._core.storage.codec.writer import NotCloneable, WriteFunction, Writer
from pytest_durable._core.storage.values import PLAIN

Refer = Callable[[object], object]


def cross(value: object, refer: Refer) -> object:
    """Return a deep copy of the value; what occurs twice in it, occurs twice in the copy.

    Args:
        value: What is to be sent.
        refer: Is asked once for each object of a type that has no copy, and answers what stands for it in the copy.
            Raises ``NotCloneable`` if nothing can.

    Raises:
        NotCloneable: There is something that can neither be copied nor referred to.
    """
    with deeper_stack():
        writer = _CrossingWriter(BY_TYPE, refer)
        try:
            writer.write(value)
        except RecursionError:
            raise NotCloneable("Maximum call stack size exceeded", value) from None
        return _read(bytes(writer.out), writer.stand_ins)


def _read(blob: bytes, stand_ins: Sequence[object]) -> object:
    reader = _CrossingReader(blob, stand_ins)
    value = reader.read()
    if not reader.arrays_with_properties:
        return value
    again = _CrossingReader(blob, stand_ins)  # now knowing which arrays have properties
    again.arrays_with_properties = reader.arrays_with_properties
    return again.read()


class _CrossingWriter(Writer):
    """A writer that marks what is sent by reference."""

    __slots__ = ("refer", "stand_ins")

    def __init__(self, by_type: Mapping[type, WriteFunction], refer: Refer) -> None:
        super().__init__(by_type)
        self.refer = refer
        self.stand_ins: list[object] = []

    def of_base(self, value: object) -> WriteFunction:
        try:
            return super().of_base(value)
        except NotCloneable:
            return _write_mark


def _write_mark(writer: Writer, value: object) -> None:
    assert isinstance(writer, _CrossingWriter)
    if not writer.is_known(value):
        writer.stand_ins.append(writer.refer(value))
        writer.out += bytes((tags.HOST_OBJECT, wire.HOST_REFERENCE))


class _CrossingReader(Reader):
    """A reader that puts in place of each mark what it stands for."""

    __slots__ = ("stand_ins",)

    def __init__(self, blob: bytes, stand_ins: Sequence[object]) -> None:
        super().__init__(blob, len(wire.HEADER), PLAIN, _BY_TAG, has_view_flags=True)
        self.stand_ins: Iterator[object] = iter(stand_ins)


def _read_mark(reader: Reader) -> object:
    assert isinstance(reader, _CrossingReader)
    if reader.blob[reader.at] != wire.HOST_REFERENCE:
        return read_host_object(reader)
    reader.at += 1
    made = next(reader.stand_ins)
    reader.objects.append(made)
    return made


_BY_TAG: Final[tuple[ReadFunction, ...]] = tuple(
    _read_mark if tag == tags.HOST_OBJECT else read for tag, read in enumerate(BY_TAG)
)
