"""Writing dates, regular expressions, boxed primitives, buffers with their views, and errors.

Python's own bytes and memoryviews have no identity here: the interpreter shares equal constants as it likes, and the
platform copies them each time they occur.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from pytest_durable._core.storage.codec import tags, wire
from pytest_durable._core.storage.codec.write_containers import write_properties
from pytest_durable._core.storage.codec.write_scalars import write_bits_of_double, write_digits, write_str
from pytest_durable._core.storage.codec.writer import Writer
from pytest_durable._core.storage.values import JSArrayBuffer as Buffer
from pytest_durable._core.storage.values import JSBigInt as BigInt
from pytest_durable._core.storage.values import JSBoxed as Boxed
from pytest_durable._core.storage.values import JSDate as FarDate
from pytest_durable._core.storage.values import JSError as StoredError
from pytest_durable._core.storage.values import JSRegExp as RegExp
from pytest_durable._core.storage.values import JSTypedArray as View

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_PROTOTYPE_OF_ERROR: Final = {name: part for part, name in wire.ERROR_PROTOTYPES.items()}
_KIND_OF_ERROR: Final = {name: kind for kind, name in enumerate(wire.ERROR_KINDS) if name is not None}
_TAG_OF_KIND: Final = {kind: tag for tag, kind in wire.VIEW_KINDS.items()}


def write_datetime(writer: Writer, value: datetime) -> None:
    """Write a Date. A naive datetime means UTC; parts of a millisecond are cut off towards the epoch."""
    if writer.is_known(value):
        return
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    microseconds = (aware - _EPOCH) // _MICROSECOND
    writer.out.append(tags.DATE)
    write_bits_of_double(writer, microseconds // 1000 if microseconds >= 0 else -(-microseconds // 1000))


def write_far_date(writer: Writer, value: FarDate) -> None:
    """Write a Date that no datetime can express."""
    if not writer.is_known(value):
        writer.out.append(tags.DATE)
        write_bits_of_double(writer, value.milliseconds)


def write_regexp(writer: Writer, value: RegExp) -> None:
    """Write source and flags."""
    if not writer.is_known(value):
        writer.out.append(tags.REGEXP)
        write_str(writer, value.source)
        writer.varint(sum(wire.REGEXP_FLAGS[flag] for flag in value.flags))


def write_boxed(writer: Writer, value: Boxed) -> None:
    """Write a primitive wrapped in an object."""
    if writer.is_known(value):
        return
    content = value.value
    if isinstance(content, bool):
        writer.out.append(tags.BOXED_TRUE if content else tags.BOXED_FALSE)
    elif isinstance(content, str):
        writer.out.append(tags.BOXED_STRING)
        write_str(writer, content)
    elif isinstance(content, BigInt):
        writer.out.append(tags.BOXED_BIGINT)
        write_digits(writer, content)
    else:
        writer.out.append(tags.BOXED_NUMBER)
        write_bits_of_double(writer, content)


def write_bytes(writer: Writer, value: bytes) -> None:
    """Write a buffer of its own."""
    writer.take_number()
    _write_content(writer, value)


def write_bytearray(writer: Writer, value: bytearray) -> None:
    """Write a buffer."""
    if not writer.is_known(value):
        _write_content(writer, value)


def write_buffer(writer: Writer, value: Buffer) -> None:
    """Write a buffer, resizable or not."""
    if writer.is_known(value):
        return
    if value.max_byte_length is None:
        _write_content(writer, value)
        return
    writer.out.append(tags.RESIZABLE_BUFFER)
    writer.varint(len(value))
    writer.varint(value.max_byte_length)
    writer.out += value


def _write_content(writer: Writer, value: bytes | bytearray) -> None:
    writer.out.append(tags.BUFFER)
    writer.varint(len(value))
    writer.out += value


def write_memoryview(writer: Writer, value: memoryview) -> None:
    """Write a Uint8Array over a buffer of its own."""
    data = value.tobytes()
    write_bytes(writer, data)
    writer.take_number()
    _write_window(writer, "Uint8Array", 0, len(data), 0)


def write_view(writer: Writer, value: View) -> None:
    """Write a view: its buffer or a reference to that, then the window."""
    # The buffer comes first and takes the lower number; only a view that is met for the first time has one in front.
    if id(value) not in writer.numbers:
        write_buffer(writer, value.buffer)
    if writer.is_known(value):
        return
    flags = wire.VIEW_OF_RESIZABLE if value.buffer.max_byte_length is not None else 0
    if value.tracks_length:
        _write_window(writer, value.kind, value.byte_offset, 0, flags | wire.VIEW_TRACKS_LENGTH)
    else:
        _write_window(writer, value.kind, value.byte_offset, value.byte_length, flags)


def _write_window(writer: Writer, kind: str, offset: int, length: int, flags: int) -> None:
    writer.out.append(tags.VIEW)
    for number in (_TAG_OF_KIND[kind], offset, length, flags):
        writer.varint(number)


def write_error(writer: Writer, value: StoredError) -> None:
    """Write an error in the platform's form. A name that has no kind of its own is written out.

    Source: workerd jsg/ser.c++, WriteHostObject; tried with the binary.
    """
    if writer.is_known(value):
        return
    writer.out.append(tags.HOST_OBJECT)
    writer.varint(wire.HOST_ERROR)
    kind = _KIND_OF_ERROR.get(value.name, 0) if isinstance(value.name, str) else 0
    writer.varint(kind)
    if kind == 0:
        writer.write(value.name)
    writer.write(value.message)
    # The properties are written as an object made for the purpose: it has a number, but nothing refers to it.
    writer.take_number()
    writer.out.append(tags.OBJECT)
    writer.varint(write_properties(writer, value.properties, tags.OBJECT_END))


def write_legacy_error(writer: Writer, value: StoredError) -> None:
    """Write an error in V8's own form, which knows no properties but stack and cause. An empty message is left out.

    Source: V8 ValueSerializer, WriteJSError; tried with the binary.
    """
    if writer.is_known(value):
        return
    writer.out.append(tags.ERROR)
    prototype = _PROTOTYPE_OF_ERROR.get(value.name) if isinstance(value.name, str) else None
    if prototype is not None:
        writer.out.append(prototype)
    for part, text in ((wire.ERROR_MESSAGE, value.message), (wire.ERROR_STACK, value.stack)):
        if text and isinstance(text, str):
            writer.out.append(part)
            write_str(writer, text)
    if "cause" in value.properties:
        writer.out.append(wire.ERROR_CAUSE)
        writer.write(value.properties["cause"])
    writer.out.append(wire.ERROR_END)
