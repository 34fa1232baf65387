"""Writing objects, arrays, maps and sets.

The loops over properties and elements write short keys and find the function for each value in place, because a call
costs Python more than the work.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from pytest_durable._core.storage.codec import tags
from pytest_durable._core.storage.codec.numerals import index_of
from pytest_durable._core.storage.codec.wire import SAFE_MAX, SMALL_MAX, SMALL_MIN
from pytest_durable._core.storage.codec.write_scalars import is_small, write_double, write_int, write_small
from pytest_durable._core.storage.codec.writer import NotCloneable, Writer
from pytest_durable._core.storage.values import Hole
from pytest_durable._core.storage.values import JSArray as ArrayWithProperties
from pytest_durable._core.storage.values import JSMap as OrderedMap

_INT_ONLY: Final = frozenset({int})
_NUMBERS: Final = frozenset({int, float})
_DENSE_ARRAY_END_WITHOUT_PROPERTIES: Final = bytes((tags.DENSE_ARRAY_END, 0))


def write_dict(writer: Writer, value: Mapping[Any, object]) -> None:
    """Write an object."""
    if not writer.is_known(value):
        writer.out.append(tags.OBJECT)
        writer.varint(write_properties(writer, value, tags.OBJECT_END))


def write_properties(writer: Writer, properties: Mapping[Any, object], end_tag: int) -> int:
    """Write keys and values and the tag that ends them; return how many there were."""
    for key in properties:
        # What sorts before ":" may begin with a digit.
        if key.__class__ is not str or key < ":":
            properties = _with_indices_first(properties)
            break
    out = writer.out
    by_type = writer.by_type
    for key, item in properties.items():
        if key.__class__ is str and key.isascii() and len(key) < 0x80:
            out.append(tags.ONE_BYTE_STRING)
            out.append(len(key))
            out += key.encode()
        else:
            writer.write(key)
        (by_type.get(item.__class__) or writer.of_base(item))(writer, item)
    out.append(end_tag)
    return len(properties)


def _with_indices_first(properties: Mapping[Any, object]) -> dict[str | int, object]:
    """Return the properties as an object has them: keys that are array indices first, ascending, as integers."""
    indices: dict[int, object] = {}
    names: dict[str, object] = {}
    for key, item in properties.items():
        if isinstance(key, bool) or not isinstance(key, str | int):
            raise NotCloneable.of(key)
        name = str(int(key)) if isinstance(key, int) else str(key)
        index = index_of(name)
        if index is None:
            names[name] = item
        else:
            indices[index] = item
    return {index: indices[index] for index in sorted(indices)} | names


def write_list(writer: Writer, value: list[object]) -> None:
    """Write an array without properties."""
    if not writer.is_known(value):
        _write_array(writer, value, {})


def write_array_with_properties(writer: Writer, value: ArrayWithProperties) -> None:
    """Write an array and its properties."""
    if not writer.is_known(value):
        _write_array(writer, value, value.properties)


def _write_array(writer: Writer, value: list[Any], properties: dict[str, object]) -> None:
    types = set(map(type, value))
    if Hole in types:
        _write_sparse_array(writer, value, properties)
        return
    writer.out.append(tags.DENSE_ARRAY)
    writer.varint(len(value))
    if types == _INT_ONLY and min(value) >= SMALL_MIN and max(value) <= SMALL_MAX:
        for item in value:
            write_small(writer, item)
    elif types <= _NUMBERS and _is_array_of_doubles(value):
        for item in value:
            write_double(writer, item)
    else:
        by_type = writer.by_type
        for item in value:
            (by_type.get(item.__class__) or writer.of_base(item))(writer, item)
    if properties:
        writer.varint(write_properties(writer, properties, tags.DENSE_ARRAY_END))
    else:
        writer.out += _DENSE_ARRAY_END_WITHOUT_PROPERTIES
    writer.varint(len(value))


def _is_array_of_doubles(value: Iterable[Any]) -> bool:
    """Whether V8 would keep, and so write, all these numbers as doubles: if a single one is not a small integer.

    An int beyond 2**53 is a BigInt, and an array with one of these is an array of anything.
    """
    return not all(map(is_small, value)) and all(type(item) is float or -SAFE_MAX <= item <= SAFE_MAX for item in value)


def _write_sparse_array(writer: Writer, value: list[Any], properties: dict[str, object]) -> None:
    writer.out.append(tags.SPARSE_ARRAY)
    writer.varint(len(value))
    count = 0
    for index, item in enumerate(value):
        if item.__class__ is not Hole:
            write_int(writer, index)
            writer.write(item)
            count += 1
    count += write_properties(writer, properties, tags.SPARSE_ARRAY_END)
    writer.varint(count)
    writer.varint(len(value))


def write_map(writer: Writer, value: OrderedMap) -> None:
    """Write keys and values in order."""
    if writer.is_known(value):
        return
    writer.out.append(tags.MAP)
    pairs = value.pairs()
    for key, item in pairs:
        writer.write(key)
        writer.write(item)
    writer.out.append(tags.MAP_END)
    writer.varint(2 * len(pairs))


def write_set(writer: Writer, value: AbstractSet[object]) -> None:
    """Write elements in the order of iteration, which for Python's own sets of strings changes from run to run."""
    if writer.is_known(value):
        return
    writer.out.append(tags.SET)
    for item in value:
        writer.write(item)
    writer.out.append(tags.SET_END)
    writer.varint(len(value))
