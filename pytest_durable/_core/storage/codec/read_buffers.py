"""Reading buffers and the views of them.

A view has no tag of its own at the place of a value: its buffer, or a reference to the buffer, stands there, and the
view's tag follows. So whoever reads a buffer must look one tag ahead.
"""

from struct import calcsize
from typing import Final

from pytest_durable._core.storage.codec import tags, wire
from pytest_durable._core.storage.codec.reader import Reader
from pytest_durable._core.storage.values import ELEMENT_FORMATS

_ELEMENT_SIZES: Final = {kind: calcsize("<" + code) for kind, code in ELEMENT_FORMATS.items()}


def read_buffer(reader: Reader) -> object:
    """Read a buffer of fixed length, or the view that follows it."""
    return _make_buffer(reader, reader.varint64(), None)


def read_resizable_buffer(reader: Reader) -> object:
    """Read a buffer that may grow, or the view that follows it."""
    size = reader.varint64()
    size_max = reader.varint64()
    if size > size_max:
        reader.fail("a resizable buffer is longer than its maximum")
    return _make_buffer(reader, size, size_max)


def _make_buffer(reader: Reader, size: int, size_max: int | None) -> object:
    number = len(reader.objects)
    reader.objects.append(reader.types.make_buffer(reader.take(size), size_max))
    reader.buffers[number] = size, size_max is not None
    return read_view_or_buffer(reader, number)


def read_view_or_buffer(reader: Reader, number: int) -> object:
    """Return the view if the tag of one follows, else the buffer of this number."""
    at = reader.at
    blob = reader.blob
    while at < len(blob) and blob[at] == tags.PADDING:
        at += 1
    if at < len(blob) and blob[at] == tags.VIEW:
        reader.at = at + 1
        return _read_view(reader, number)
    return reader.objects[number]


def _read_view(reader: Reader, number: int) -> object:
    size, is_resizable = reader.buffers[number]
    # The kind is read as V8 reads it: as a varint of one byte, which may take two.
    kind = wire.VIEW_KINDS.get(_read_kind(reader))
    offset = reader.varint64()
    length = reader.varint64()
    flags = reader.varint() if reader.has_view_flags else 0
    if kind is None:
        reader.fail("a view is of no known kind")
    _check_view(reader, kind, offset, length, size)
    tracks_length = _tracks_length(reader, kind, flags, is_resizable)
    if tracks_length:
        # Written as 0, whatever it is.
        length = (size - offset) // _ELEMENT_SIZES[kind] * _ELEMENT_SIZES[kind]
    made = reader.types.make_view(kind, reader.objects[number], offset, length, tracks_length)
    reader.objects.append(made)
    return made


def _read_kind(reader: Reader) -> int:
    byte = reader.blob[reader.at]
    reader.at += 1
    if byte < 0x80:
        return byte
    reader.at += 1
    return (byte & 0x7F | reader.blob[reader.at - 1] << 7) & 0xFF


def _check_view(reader: Reader, kind: str, offset: int, length: int, size: int) -> None:
    if offset + length > size:
        reader.fail(f"a {kind} reaches beyond its buffer")
    element = _ELEMENT_SIZES[kind]
    if offset % element or length % element:
        reader.fail(f"a {kind} is not aligned to its elements")


def _tracks_length(reader: Reader, kind: str, flags: int, is_resizable: bool) -> bool:
    """Return whether the view tracks the length of its buffer."""
    tracks_length = bool(flags & wire.VIEW_TRACKS_LENGTH)
    if bool(flags & wire.VIEW_OF_RESIZABLE) != is_resizable or (tracks_length and not is_resizable):
        reader.fail(f"a {kind} and its buffer do not agree on being resizable")
    return tracks_length
