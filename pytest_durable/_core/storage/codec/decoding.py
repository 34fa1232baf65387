"""From bytes to a value: header, the table of tags, and the rare second attempts.

Strict as the platform's reader is: what it refuses with an internal error is an ``UndecodableError`` here, and nothing
else ever leaves ``decode``.
"""

from collections.abc import Callable, Mapping
from struct import error as struct_error
from typing import Final, NoReturn

from pytest_durable._core.storage.codec import tags, wire
from pytest_durable._core.storage.codec.deep import deeper_stack
from pytest_durable._core.storage.codec.read_buffers import read_buffer, read_resizable_buffer
from pytest_durable._core.storage.codec.read_containers import (
    read_dense_array,
    read_map,
    read_object,
    read_reference,
    read_set,
    read_sparse_array,
)
from pytest_durable._core.storage.codec.read_objects import (
    read_boxed_bigint,
    read_boxed_false,
    read_boxed_number,
    read_boxed_string,
    read_boxed_true,
    read_date,
    read_error,
    read_host_object,
    read_regexp,
)
from pytest_durable._core.storage.codec.read_scalars import (
    read_bigint,
    read_false,
    read_null,
    read_number,
    read_object_count,
    read_one_byte_string,
    read_padding,
    read_signed,
    read_true,
    read_two_byte_string,
    read_undefined,
    read_unsigned,
    read_utf8_string,
)
from pytest_durable._core.storage.codec.reader import Reader, ReadFunction, UndecodableError
from pytest_durable._core.storage.values import PLAIN, DecodedTypes


def decode(blob: bytes, types: DecodedTypes = PLAIN) -> object:
    """Return the value that a blob holds; bytes after the value are ignored.

    Args:
        blob: What the ``value`` column of ``_cf_KV`` holds.
        types: What to build dates, maps, typed arrays and the like from.

    Raises:
        UndecodableError: For whatever the platform answers with an internal error, None and empty bytes included.

    Source: spec 3.6 and appendix C; V8 ValueDeserializer; workerd jsg/ser.c++, Deserializer.
    """
    if not isinstance(blob, bytes):
        raise UndecodableError(f"expected bytes, found {type(blob).__name__}", 0)
    try:
        if blob[:2] == wire.HEADER:
            return _read(blob, 2, types, has_view_flags=True)
        return _read_other_version(blob, types)
    except (IndexError, struct_error):
        raise UndecodableError("the blob ends before the value does", len(blob)) from None


def _read_other_version(blob: bytes, types: DecodedTypes) -> object:
    version, start = _read_header(blob)
    if version != wire.VERSION_WITHOUT_HEADER:
        return _read(blob, start, types, has_view_flags=True)
    try:
        return _read(blob, start, types, has_view_flags=False)
    except (UndecodableError, IndexError, struct_error):
        # For a while V8 wrote version 13 with flags behind views (crbug.com/1284506), and so it tries once more.
        return _read(blob, start, types, has_view_flags=True)


def _read_header(blob: bytes) -> tuple[int, int]:
    """Return the version and the offset of the value."""
    if blob[0] != tags.VERSION:
        return wire.VERSION_WITHOUT_HEADER, 0
    header = Reader(blob, 1, PLAIN, BY_TAG, has_view_flags=True)
    version = header.varint()
    if version not in wire.VERSIONS_READ:
        raise UndecodableError(f"format version {version} is unknown (13 to 16 are read)", 1)
    return version, header.at


def _read(blob: bytes, start: int, types: DecodedTypes, *, has_view_flags: bool) -> object:
    try:
        return _read_knowing_arrays(blob, start, types, has_view_flags)
    except RecursionError:
        pass
    try:
        with deeper_stack():
            return _read_knowing_arrays(blob, start, types, has_view_flags)
    except RecursionError:
        raise UndecodableError(f"nested deeper than {wire.DEPTH_MAX} levels", start) from None


def _read_knowing_arrays(blob: bytes, start: int, types: DecodedTypes, has_view_flags: bool) -> object:
    reader = Reader(blob, start, types, BY_TAG, has_view_flags)
    value = reader.read()
    if not reader.arrays_with_properties:
        return value
    # The properties follow the elements, when the array has long been made and perhaps been referred to. They are rare:
    # read once more, now knowing which arrays have them.
    again = Reader(blob, start, types, BY_TAG, has_view_flags)
    again.arrays_with_properties = reader.arrays_with_properties
    return again.read()


def _read_unknown(reader: Reader) -> NoReturn:
    reader.at -= 1
    tag = reader.blob[reader.at]
    reader.fail(f"{chr(tag)!r} ({tag:#04x}) is no tag of a value")


def _unstorable(what: str) -> ReadFunction:
    def read(reader: Reader) -> NoReturn:
        reader.at -= 1
        reader.fail(f"{what} exist only inside one process and are not read")

    return read


_KNOWN: Final[Mapping[int, Callable[[Reader], object]]] = {
    tags.PADDING: read_padding,
    tags.OBJECT_COUNT: read_object_count,
    tags.UNDEFINED: read_undefined,
    tags.NULL: read_null,
    tags.TRUE: read_true,
    tags.FALSE: read_false,
    tags.SIGNED: read_signed,
    tags.UNSIGNED: read_unsigned,
    tags.DOUBLE: read_number,
    tags.BIGINT: read_bigint,
    tags.ONE_BYTE_STRING: read_one_byte_string,
    tags.TWO_BYTE_STRING: read_two_byte_string,
    tags.UTF8_STRING: read_utf8_string,
    tags.REFERENCE: read_reference,
    tags.OBJECT: read_object,
    tags.DENSE_ARRAY: read_dense_array,
    tags.SPARSE_ARRAY: read_sparse_array,
    tags.MAP: read_map,
    tags.SET: read_set,
    tags.DATE: read_date,
    tags.REGEXP: read_regexp,
    tags.BOXED_TRUE: read_boxed_true,
    tags.BOXED_FALSE: read_boxed_false,
    tags.BOXED_NUMBER: read_boxed_number,
    tags.BOXED_BIGINT: read_boxed_bigint,
    tags.BOXED_STRING: read_boxed_string,
    tags.BUFFER: read_buffer,
    tags.RESIZABLE_BUFFER: read_resizable_buffer,
    tags.ERROR: read_error,
    tags.HOST_OBJECT: read_host_object,
    tags.TRANSFERRED_BUFFER: _unstorable("transferred buffers"),
    tags.SHARED_BUFFER: _unstorable("shared buffers"),
    tags.SHARED_OBJECT: _unstorable("shared objects"),
    tags.MODULE: _unstorable("modules"),
    tags.SHARED_MEMORY: _unstorable("shared memories"),
}

BY_TAG: Final[tuple[ReadFunction, ...]] = tuple(_KNOWN.get(tag, _read_unknown) for tag in range(256))
