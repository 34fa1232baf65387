"""From a value to bytes: the table of types, deep values, and where in a value the culprit of a failure is."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from pytest_durable._core.storage.codec.deep import deeper_stack
from pytest_durable._core.storage.codec.write_containers import (
    write_array_with_properties,
    write_dict,
    write_list,
    write_map,
    write_set,
)
from pytest_durable._core.storage.codec.write_objects import (
    write_boxed,
    write_buffer,
    write_bytearray,
    write_bytes,
    write_datetime,
    write_error,
    write_far_date,
    write_legacy_error,
    write_memoryview,
    write_regexp,
    write_view,
)
from pytest_durable._core.storage.codec.write_scalars import (
    write_bigint,
    write_bool,
    write_float,
    write_hole,
    write_int,
    write_null,
    write_str,
    write_undefined,
)
from pytest_durable._core.storage.codec.writer import NotCloneable, WriteFunction, Writer
from pytest_durable._core.storage.values import Hole, Undefined
from pytest_durable._core.storage.values import JSArray as ArrayWithProperties
from pytest_durable._core.storage.values import JSArrayBuffer as Buffer
from pytest_durable._core.storage.values import JSBigInt as BigInt
from pytest_durable._core.storage.values import JSBoxed as Boxed
from pytest_durable._core.storage.values import JSDate as FarDate
from pytest_durable._core.storage.values import JSError as StoredError
from pytest_durable._core.storage.values import JSMap as OrderedMap
from pytest_durable._core.storage.values import JSRegExp as RegExp
from pytest_durable._core.storage.values import JSSet as OrderedSet
from pytest_durable._core.storage.values import JSTypedArray as View


def encode(value: object, *, enhanced_errors: bool = True) -> bytes:
    """Return the bytes that the platform would store for the value.

    Besides the types that ``decode`` returns, ``set``, ``frozenset``, ``bytearray``, ``memoryview`` (as a Uint8Array),
    naive datetimes (as UTC) and dicts with int keys are accepted, and subclasses of all these. An int is a number up to
    2**53 - 1 and a BigInt beyond.

    Args:
        value: What is to be stored.
        enhanced_errors: Errors keep their own properties (compatibility date from 2026-04-21).

    Raises:
        NotCloneable: For any other type, and for values nested deeper than the platform's stack allows.

    Source: spec 3.6 and appendix C; V8 ValueSerializer; workerd jsg/ser.c++, Serializer.
    """
    by_type = BY_TYPE if enhanced_errors else _BY_TYPE_LEGACY
    try:
        return _encode(value, by_type)
    except NotCloneable as error:
        error.path = _path_to(error.culprit, value)
        raise
    except RecursionError:
        return _encode_deep(value, by_type)


def _encode(value: object, by_type: Mapping[type, WriteFunction]) -> bytes:
    writer = Writer(by_type)
    writer.write(value)
    return bytes(writer.out)


def _encode_deep(value: object, by_type: Mapping[type, WriteFunction]) -> bytes:
    try:
        with deeper_stack():
            return _encode(value, by_type)
    except RecursionError:
        raise NotCloneable("Maximum call stack size exceeded", value) from None


BY_TYPE: Final[Mapping[type, WriteFunction]] = {
    Undefined: write_undefined,
    type(None): write_null,
    bool: write_bool,
    int: write_int,
    float: write_float,
    BigInt: write_bigint,
    str: write_str,
    dict: write_dict,
    list: write_list,
    ArrayWithProperties: write_array_with_properties,
    Hole: write_hole,
    OrderedMap: write_map,
    set: write_set,
    frozenset: write_set,
    OrderedSet: write_set,
    datetime: write_datetime,
    FarDate: write_far_date,
    RegExp: write_regexp,
    Boxed: write_boxed,
    bytes: write_bytes,
    bytearray: write_bytearray,
    Buffer: write_buffer,
    memoryview: write_memoryview,
    View: write_view,
    StoredError: write_error,
}
_BY_TYPE_LEGACY: Final[Mapping[type, WriteFunction]] = {**BY_TYPE, StoredError: write_legacy_error}


def _path_to(culprit: object, value: object) -> str:
    """Return the subscripts that lead from a value to something inside it; empty if it is the value itself."""
    seen: set[int] = set()
    waiting: list[tuple[object, str]] = [(value, "")]
    while waiting:
        at, path = waiting.pop()
        if at is culprit:
            return path
        if id(at) not in seen:
            seen.add(id(at))
            waiting.extend((item, f"{path}[{where}]") for where, item in _inside(at))
    return ""


def _inside(value: object) -> Iterator[tuple[str, object]]:
    """Yield the parts of a container, each with the text of the subscript that leads to it."""
    pairs: list[tuple[object, object]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, OrderedMap):
        pairs = value.pairs()
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    elif isinstance(value, set | frozenset | OrderedSet):
        pairs = [(element, None) for element in value]
    if isinstance(value, ArrayWithProperties | StoredError):
        pairs += value.properties.items()
    for key, item in pairs:
        yield f"{key!r}", item
        yield f"key {key!r}", key
