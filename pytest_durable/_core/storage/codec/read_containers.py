"""Reading objects, arrays, maps, sets, and references to what was read before.

Properties and elements are nearly always short strings and small integers. The two loops that read most of all data
handle these in place, because a call costs Python more than the work.
"""

from typing import Any, Final, cast

from pytest_durable._core.storage.codec import tags
from pytest_durable._core.storage.codec.numerals import index_of, number_as_key
from pytest_durable._core.storage.codec.read_buffers import read_view_or_buffer
from pytest_durable._core.storage.codec.read_scalars import SHORT_SIGNED
from pytest_durable._core.storage.codec.reader import Reader
from pytest_durable._core.storage.codec.wire import HOLES_MAX
from pytest_durable._core.storage.values import JSArray as ArrayWithProperties

_KEY_TAGS: Final = frozenset(
    (tags.ONE_BYTE_STRING, tags.TWO_BYTE_STRING, tags.UTF8_STRING, tags.SIGNED, tags.UNSIGNED, tags.DOUBLE)
)


def read_object(reader: Reader) -> object:
    """Read an object's properties in their order."""
    made = reader.types.object_type()
    reader.objects.append(made)
    blob = reader.blob
    by_tag = reader.by_tag
    at = reader.at
    count = 0
    while (tag := blob[at]) != tags.OBJECT_END:
        if tag == 0x22 and (size := blob[at + 1]) < 0x80:
            at += 2
            key = blob[at : at + size].decode("latin-1")
            at += size
        else:
            reader.at = at
            if reader.peek() == tags.OBJECT_END:
                at = reader.at
                break
            key = _read_key(reader)
            at = reader.at
        tag = blob[at]
        if tag == 0x49 and (short := blob[at + 1]) < 0x80:
            made[key] = SHORT_SIGNED[short]
            at += 2
        else:
            reader.at = at + 1
            made[key] = by_tag[tag](reader)
            at = reader.at
        count += 1
    reader.at = at + 1
    if reader.varint() != count or len(made) != count:
        reader.fail("an object's properties are not as many as it says")
    return made


def _read_key(reader: Reader) -> str:
    # Told by the tag: to a surface, a BigInt or a Number object may be an int like any other.
    while reader.peek() == tags.OBJECT_COUNT:
        reader.at += 1
        reader.varint()
    if reader.peek() not in _KEY_TAGS:
        reader.fail("a property key is neither a string nor a number")
    key = cast("str | int | float", reader.read())
    return key if isinstance(key, str) else number_as_key(key)


def read_dense_array(reader: Reader) -> object:
    """Read all elements in order, then the properties."""
    length = reader.varint()
    if length > len(reader.blob) - reader.at:
        reader.fail(f"an array of {length} elements has no room in the blob")
    number = len(reader.objects)
    array = _new_array(reader)
    append = array.append
    blob = reader.blob
    by_tag = reader.by_tag
    at = reader.at
    for _ in range(length):
        tag = blob[at]
        if tag == 0x49 and (short := blob[at + 1]) < 0x80:
            append(SHORT_SIGNED[short])
            at += 2
            continue
        if tag == 0:
            reader.at = at
            tag = reader.peek()
            at = reader.at
        if tag == tags.HOLE:
            append(reader.types.hole)
            at += 1
            continue
        reader.at = at + 1
        append(by_tag[tag](reader))
        at = reader.at
    reader.at = at
    _read_array_properties(reader, array, number, tags.DENSE_ARRAY_END, length)
    return array


def read_sparse_array(reader: Reader) -> object:
    """Read the elements that exist, each with its index, and the properties."""
    length = reader.varint()
    number = len(reader.objects)
    array = _new_array(reader)
    _grow(reader, array, length)
    _read_array_properties(reader, array, number, tags.SPARSE_ARRAY_END, length)
    return array


def _new_array(reader: Reader) -> list[Any]:
    if len(reader.objects) in reader.arrays_with_properties:
        array: list[Any] = reader.types.array_with_properties_type()
    else:
        array = reader.types.array_type()
    reader.objects.append(array)
    return array


def _grow(reader: Reader, array: list[Any], length: int) -> None:
    missing = length - len(array)
    reader.holes += missing
    if reader.holes > HOLES_MAX:
        reader.fail(f"sparse arrays with more than {HOLES_MAX} elements are not read")
    array.extend([reader.types.hole] * missing)


def _read_array_properties(reader: Reader, array: list[Any], number: int, end_tag: int, length: int) -> None:
    """Read keys with elements or properties up to the end of the array, and check that the end fits the beginning.

    Properties of an array that was not known to have any are dropped here, because a list cannot take them: its number
    is noted, and the whole blob is read again.
    """
    is_known = number in reader.arrays_with_properties
    properties = cast("ArrayWithProperties", array).properties if is_known else {}
    count = 0
    while reader.peek() != end_tag:
        key = _read_key(reader)
        index = index_of(key)
        item = reader.read()
        if index is not None:
            _set_element(reader, array, index, item)
        elif key in properties or key == "length":
            reader.fail(f"the array property {key!r} occurs twice")
        else:
            properties[key] = item
        count += 1
    reader.at += 1
    if properties:
        reader.arrays_with_properties.add(number)
    if reader.varint() != count or reader.varint() != length:
        reader.fail("an array's end does not agree with its beginning")


def _set_element(reader: Reader, array: list[Any], index: int, item: object) -> None:
    if index >= len(array):
        _grow(reader, array, index + 1)
    elif array[index] is not reader.types.hole:
        reader.fail(f"the array element {index} occurs twice")
    array[index] = item


def read_map(reader: Reader) -> object:
    """Read keys and values in order; a key that occurs twice has its last value."""
    made = reader.types.map_type()
    reader.objects.append(made)
    count = 0
    while reader.peek() != tags.MAP_END:
        key, item = reader.read(), reader.read()
        try:
            made[key] = item
        except (TypeError, ValueError) as failure:  # it cannot be hashed, as these types show it
            raise reader.types.unfit_member(made, key) from failure
        count += 2
    reader.at += 1
    if reader.varint() != count:
        reader.fail("a Map's entries are not as many as it says")
    return made


def read_set(reader: Reader) -> object:
    """Read elements in order."""
    made = reader.types.set_type()
    reader.objects.append(made)
    count = 0
    while reader.peek() != tags.SET_END:
        item = reader.read()
        try:
            made.add(item)
        except (TypeError, ValueError) as failure:
            raise reader.types.unfit_member(made, item) from failure
        count += 1
    reader.at += 1
    if reader.varint() != count:
        reader.fail("a Set's elements are not as many as it says")
    return made


def read_reference(reader: Reader) -> object:
    """Read the number of an object that was met before."""
    number = reader.varint()
    if number >= len(reader.objects) or reader.is_pending(number):
        reader.fail(f"object number {number} is referred to but not known yet")
    if number in reader.buffers:
        return read_view_or_buffer(reader, number)
    return reader.objects[number]
