"""Read a stored value: bytes to Python, by recursive descent over tags.

Strict as the platform's reader is: what it refuses with an internal error is an ``UndecodableError`` here, and nothing
else ever leaves this module. Two liberties are taken. Patterns of regular expressions are not compiled, so a wrong one
is read. And V8's own form of errors is read with the cause before the stack (V8 up to 2023, Node 20) or after it.

Objects are numbered in the order in which their tags appear, and later tags refer to these numbers. A number must
therefore be taken before anything inside is read, even where the object itself can be made only afterwards.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import copysign, isfinite, nan
from struct import Struct
from struct import error as struct_error
from typing import Final, NoReturn

from pytest_durable._core.storage import codec_wire as wire
from pytest_durable._core.storage.numerals import index_of, number_as_key
from pytest_durable._core.storage.values import ELEMENT_FORMATS, PLAIN, DecodedTypes

_read_double: Final = Struct("<d").unpack_from
_PENDING: Final = object()
_END_OF_OBJECT: Final = ord("{")
_END_OF_DENSE: Final = ord("$")
_END_OF_SPARSE: Final = ord("@")
_END_OF_MAP: Final = ord(":")
_END_OF_SET: Final = ord(",")
_HOLE: Final = ord("-")
_VIEW: Final = ord("V")
_ONE_BYTE_STRING: Final = ord('"')
_PYTHON_FRAMES_PER_LEVEL: Final = 3


class UndecodableError(Exception):
    """The bytes are not a stored value that the platform could read.

    Attributes:
        reason: What is wrong, without the place.
        offset: Where in the blob reading stopped.
    """

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"The value cannot be decoded: {reason} at byte {offset}.")
        self.reason = reason
        self.offset = offset


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
    version, start = _version(blob)
    try:
        return _value(blob, start, types, version >= 14)
    except UndecodableError:
        if version != 13:
            raise
        # V8 once wrote views with flags under version 13 (crbug.com/1284506) and reads such data at a second attempt.
        try:
            return _value(blob, start, types, True)
        except UndecodableError:
            pass
        raise


def _version(blob: bytes) -> tuple[int, int]:
    """Return the format version and the offset behind the header."""
    if blob[:1] != b"\xff":
        return 13, 0
    reader = Reader(blob, 1, PLAIN, has_view_flags=True)
    try:
        version = reader.varint()
    except IndexError:
        raise UndecodableError("the header ends early", 1) from None
    if version not in wire.VERSIONS_READ:
        raise UndecodableError(f"format version {version} is unknown (13 to 16 are read)", 1)
    return version, reader.at


def _value(blob: bytes, start: int, types: DecodedTypes, has_view_flags: bool) -> object:
    reader = Reader(blob, start, types, has_view_flags=has_view_flags)
    value = reader.top()
    if not reader.with_properties:
        return value
    # Properties follow the elements, when the array has long been made and perhaps been referred to. They are rare:
    # read once more, now knowing which arrays have them.
    again = Reader(blob, start, types, has_view_flags=has_view_flags)
    again.with_properties = reader.with_properties
    return again.top()


class Reader:
    """One pass over one blob. ``at`` is the offset of the next byte; running off the end raises IndexError inside."""

    __slots__ = ("at", "blob", "buffers", "has_view_flags", "holes_left", "objects", "types", "with_properties")

    def __init__(self, blob: bytes, at: int, types: DecodedTypes, *, has_view_flags: bool) -> None:
        self.blob = blob
        self.at = at
        self.types = types
        self.has_view_flags = has_view_flags
        self.objects: list[object] = []
        self.buffers: dict[int, tuple[int, bool]] = {}
        self.with_properties: set[int] = set()
        self.holes_left = wire.HOLES_MAX

    def top(self) -> object:
        """Read the value; whatever goes wrong is an UndecodableError."""
        start = self.at
        try:
            try:
                return self.read()
            except RecursionError:
                self.at = start
                self.objects.clear()
                self.buffers.clear()
                self.holes_left = wire.HOLES_MAX
                with deeper_stack(_PYTHON_FRAMES_PER_LEVEL):
                    return self.read()
        except (IndexError, struct_error):
            raise UndecodableError("the blob ends before the value does", len(self.blob)) from None
        except RecursionError:
            raise UndecodableError(f"nested deeper than {wire.DEPTH_MAX} levels", self.at) from None

    def fail(self, reason: str) -> NoReturn:
        """Give up at the current offset."""
        raise UndecodableError(reason, self.at)

    def read(self) -> object:
        """Read one value of any type."""
        tag = self.blob[self.at]
        self.at += 1
        return _READERS[tag](self)

    def peek(self) -> int:
        """Return the next tag without consuming it; padding before it is consumed."""
        while self.blob[self.at] == 0:
            self.at += 1
        return self.blob[self.at]

    def varint(self) -> int:
        """Read an unsigned 32-bit integer. Excess bits are dropped; five bytes are read at most, as in V8."""
        byte = self.blob[self.at]
        self.at += 1
        if byte < 0x80:
            return byte
        number = byte & 0x7F
        for shift in (7, 14, 21, 28):
            byte = self.blob[self.at]
            self.at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        return number & 0xFFFFFFFF

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

    def reserve(self) -> int:
        """Take the next object number for an object that can be made only after its content is read."""
        self.objects.append(_PENDING)
        return len(self.objects) - 1


# Scalars.


def _padding(reader: Reader) -> object:
    reader.peek()
    return reader.read()


def _object_count(reader: Reader) -> object:
    reader.varint()
    return reader.read()


def _undefined(reader: Reader) -> object:
    return reader.types.undefined


def _null(reader: Reader) -> None:
    return None


def _true(reader: Reader) -> bool:
    return True


def _false(reader: Reader) -> bool:
    return False


def _signed(reader: Reader) -> int:
    number = reader.varint()
    return (number >> 1) ^ -(number & 1)


def _unsigned(reader: Reader) -> int:
    return reader.varint()


def _number(reader: Reader) -> int | float:
    number = reader.double()
    if number.is_integer() and -wire.SAFE_MAX <= number <= wire.SAFE_MAX and (number or copysign(1, number) > 0):
        return int(number)
    return number


def _digits(reader: Reader) -> int:
    bits = reader.varint()
    size = bits >> 1
    if bits == 1:
        reader.fail("a BigInt is minus zero")
    number = int.from_bytes(reader.take(size), "little")
    return -number if bits & 1 else number


def _bigint(reader: Reader) -> object:
    return reader.types.make_bigint(_digits(reader))


def _one_byte_string(reader: Reader) -> str:
    return reader.take(reader.varint()).decode("latin-1")


def _two_byte_string(reader: Reader) -> str:
    size = reader.varint()
    if size % 2:
        reader.fail("a two-byte string has an odd number of bytes")
    return reader.take(size).decode("utf-16-le", "surrogatepass")


def _utf8_string(reader: Reader) -> str:
    return reader.take(reader.varint()).decode("utf-8", "replace")


def _text(reader: Reader, what: str) -> str:
    value = reader.read()
    if not isinstance(value, str):
        reader.fail(f"{what} is not a string")
    return value


# Objects, arrays, maps and sets.


def _object(reader: Reader) -> object:
    made = reader.types.object_type()
    reader.objects.append(made)
    count = 0
    blob = reader.blob
    while True:
        # Nearly every key is a short one-byte string; reading it here saves three calls per property.
        at = reader.at
        tag = blob[at]
        if tag == _ONE_BYTE_STRING and (size := blob[at + 1]) < 0x80:
            reader.at = end = at + 2 + size
            key = blob[at + 2 : end].decode("latin-1")
        elif reader.peek() == _END_OF_OBJECT:
            reader.at += 1
            break
        else:
            key = _key(reader)
        made[key] = reader.read()
        count += 1
    if reader.varint() != count or len(made) != count:
        reader.fail("an object's properties are not as many as it says")
    return made


def _key(reader: Reader) -> str:
    key = reader.read()
    if isinstance(key, str):
        return key
    # Exact types: a BigInt is an int too, and so is a bool.
    if type(key) is not int and type(key) is not float:
        reader.fail("a property key is neither a string nor a number")
    return number_as_key(key)


def _dense_array(reader: Reader) -> object:
    length = reader.varint()
    if length > len(reader.blob) - reader.at:
        reader.fail(f"an array of {length} elements has no room in the blob")
    array = _new_array(reader)
    number = len(reader.objects) - 1
    append, read, blob, hole = array.append, reader.read, reader.blob, reader.types.hole
    for _ in range(length):
        tag = blob[reader.at]
        if tag == 0:
            tag = reader.peek()
        if tag == _HOLE:
            reader.at += 1
            append(hole)
        else:
            append(read())
    count = _array_properties(reader, array, number, _END_OF_DENSE)
    return _array_end(reader, array, count, length)


def _sparse_array(reader: Reader) -> object:
    length = reader.varint()
    array = _new_array(reader)
    number = len(reader.objects) - 1
    _grow(reader, array, length)
    count = _array_properties(reader, array, number, _END_OF_SPARSE)
    return _array_end(reader, array, count, length)


def _new_array(reader: Reader) -> list[object]:
    known = len(reader.objects) in reader.with_properties
    array = reader.types.array_with_properties_type() if known else reader.types.array_type()
    reader.objects.append(array)
    return array


def _grow(reader: Reader, array: list[object], length: int) -> None:
    missing = length - len(array)
    reader.holes_left -= missing
    if reader.holes_left < 0:
        reader.fail(f"sparse arrays with more than {wire.HOLES_MAX} elements are not read")
    array.extend([reader.types.hole] * missing)


def _array_properties(reader: Reader, array: list[object], number: int, end_tag: int) -> int:
    """Read what follows the elements of a dense array, or all of a sparse one; return how many entries that were."""
    count = 0
    properties: dict[str, object] = {}
    if number in reader.with_properties:
        assert hasattr(array, "properties")
        properties = array.properties
    while reader.peek() != end_tag:
        key = _key(reader)
        index = index_of(key)
        item = reader.read()
        if index is not None:
            _set_element(reader, array, index, item)
        elif key in properties or key == "length":
            reader.fail(f"the array property {key!r} occurs twice")
        else:
            properties[key] = item
            reader.with_properties.add(number)
        count += 1
    reader.at += 1
    return count


def _set_element(reader: Reader, array: list[object], index: int, item: object) -> None:
    if index >= len(array):
        _grow(reader, array, index + 1)
    elif array[index] is not reader.types.hole:
        reader.fail(f"the array element {index} occurs twice")
    array[index] = item


def _array_end(reader: Reader, array: list[object], count: int, length: int) -> object:
    if reader.varint() != count or reader.varint() != length:
        reader.fail("an array's end does not agree with its beginning")
    return array


def _map(reader: Reader) -> object:
    made = reader.types.map_type()
    reader.objects.append(made)
    count = 0
    while reader.peek() != _END_OF_MAP:
        key = reader.read()
        made[key] = reader.read()
        count += 2
    reader.at += 1
    if reader.varint() != count:
        reader.fail("a Map's entries are not as many as it says")
    return made


def _set(reader: Reader) -> object:
    made = reader.types.set_type()
    reader.objects.append(made)
    count = 0
    while reader.peek() != _END_OF_SET:
        made.add(reader.read())
        count += 1
    reader.at += 1
    if reader.varint() != count:
        reader.fail("a Set's elements are not as many as it says")
    return made


def _reference(reader: Reader) -> object:
    number = reader.varint()
    if number >= len(reader.objects) or reader.objects[number] is _PENDING:
        reader.fail(f"object number {number} is referred to but not known yet")
    if number in reader.buffers:
        return _view_or_buffer(reader, number)
    return reader.objects[number]


# Objects without content that could refer to them.


def _date(reader: Reader) -> object:
    milliseconds = reader.double()
    if not isfinite(milliseconds) or abs(milliseconds) > 8.64e15:
        milliseconds = nan
    date = reader.types.make_date(milliseconds if milliseconds != milliseconds else float(int(milliseconds)))
    reader.objects.append(date)
    return date


def _boxed(reader: Reader, read: Callable[[Reader], bool | int | float | str]) -> object:
    number = reader.reserve()
    made = reader.objects[number] = reader.types.make_boxed(read(reader))
    return made


def _boxed_true(reader: Reader) -> object:
    return _boxed(reader, _true)


def _boxed_false(reader: Reader) -> object:
    return _boxed(reader, _false)


def _boxed_number(reader: Reader) -> object:
    return _boxed(reader, _number)


def _boxed_bigint(reader: Reader) -> object:
    number = reader.reserve()
    bigint = reader.types.make_bigint(_digits(reader))
    made = reader.objects[number] = reader.types.make_boxed(bigint)  # type: ignore[arg-type]
    return made


def _boxed_string(reader: Reader) -> object:
    return _boxed(reader, lambda reader: _text(reader, "the content of a String object"))


def _regexp(reader: Reader) -> object:
    number = reader.reserve()
    source = _text(reader, "the source of a regular expression")
    bits = reader.varint()
    flags = "".join(letter for letter, bit in wire.REGEXP_FLAGS.items() if bits & bit)
    if bits >> 9 or bits & 1 << 6 or {"u", "v"} <= set(flags):
        reader.fail(f"{bits:#x} are not flags of a regular expression")
    made = reader.objects[number] = reader.types.make_regexp(source, flags)
    return made


# Buffers and views.


def _buffer(reader: Reader) -> object:
    return _make_buffer(reader, reader.varint(), None)


def _resizable_buffer(reader: Reader) -> object:
    size = reader.varint()
    size_max = reader.varint()
    if size > size_max:
        reader.fail("a resizable buffer is longer than its maximum")
    return _make_buffer(reader, size, size_max)


def _make_buffer(reader: Reader, size: int, size_max: int | None) -> object:
    made = reader.types.make_buffer(reader.take(size), size_max)
    number = len(reader.objects)
    reader.objects.append(made)
    reader.buffers[number] = size, size_max is not None
    return _view_or_buffer(reader, number)


def _view_or_buffer(reader: Reader, number: int) -> object:
    """Return the view if a view's tag follows its buffer or a reference to it, else the buffer."""
    at = reader.at
    blob = reader.blob
    while at < len(blob) and blob[at] == 0:
        at += 1
    if at < len(blob) and blob[at] == _VIEW:
        reader.at = at + 1
        return _view(reader, number)
    return reader.objects[number]


def _view(reader: Reader, number: int) -> object:
    size, is_resizable = reader.buffers[number]
    tag, offset, length = reader.varint(), reader.varint(), reader.varint()
    flags = reader.varint() if reader.has_view_flags else 0
    kind = wire.VIEW_KINDS.get(tag)
    if kind is None:
        reader.fail(f"{tag:#x} is no kind of view")
    if offset + length > size:
        reader.fail(f"a {kind} reaches beyond its buffer")
    element = _ELEMENT_SIZES[kind]
    if offset % element or length % element:
        reader.fail(f"a {kind} is not aligned")
    if bool(flags & wire.VIEW_OF_RESIZABLE) != is_resizable or (flags & wire.VIEW_TRACKS_LENGTH and not is_resizable):
        reader.fail(f"a {kind} and its buffer do not agree on being resizable")
    tracks_length = bool(flags & wire.VIEW_TRACKS_LENGTH)
    made = reader.types.make_view(kind, reader.objects[number], offset, length, tracks_length)
    reader.objects.append(made)
    return made


_ELEMENT_SIZES: Final = {kind: Struct("<" + code).size for kind, code in ELEMENT_FORMATS.items()}


# Errors.


def _error(reader: Reader) -> object:
    """Read V8's own form: marked parts in any order, up to a full stop."""
    number = reader.reserve()
    name, message = "Error", ""
    properties: dict[str, object] = {}
    while (part := reader.varint()) != ord("."):
        if part in wire.ERROR_PROTOTYPES:
            name = wire.ERROR_PROTOTYPES[part]
        elif part == ord("m"):
            message = _text(reader, "the message of an error")
        elif part == ord("s"):
            properties["stack"] = _text(reader, "the stack of an error")
        elif part == ord("c"):
            if reader.objects[number] is _PENDING:
                # Made here already, because a cause that is written last may refer to the error.
                reader.objects[number] = reader.types.make_error(name, message, properties)
            properties["cause"] = reader.read()
        else:
            reader.fail(f"{part:#x} is no part of an error")
    if reader.objects[number] is _PENDING:
        reader.objects[number] = reader.types.make_error(name, message, properties)
    return reader.objects[number]


def _host_object(reader: Reader) -> object:
    """Read the platform's form of errors.

    A property that refers to its own error cannot be read on the platform either, though it can be written.
    """
    number = reader.reserve()
    kind_of_object = reader.varint()
    if kind_of_object != wire.HOST_ERROR:
        reader.fail(f"platform objects (kind {kind_of_object}) are not read")
    kind = reader.varint()
    name = reader.read() if kind == 0 else wire.ERROR_NAMES_READ.get(kind, "Error")
    message = _text(reader, "the message of an error")
    body = reader.read()
    properties = {key: item for key, item in body.items() if index_of(key) is None} if isinstance(body, dict) else {}
    name = properties.pop("name", name)
    text = properties.pop("message", message)
    made = reader.objects[number] = reader.types.make_error(name, text, properties)
    return made


def _unknown(reader: Reader) -> NoReturn:
    reader.at -= 1
    tag = reader.blob[reader.at]
    reader.fail(f"{chr(tag)!r} ({tag:#04x}) is no tag of a stored value")


def _unsupported(what: str) -> Callable[[Reader], NoReturn]:
    def read(reader: Reader) -> NoReturn:
        reader.at -= 1
        reader.fail(f"{what} exist only inside one process and are not read")

    return read


_BY_TAG: Final[dict[str, Callable[[Reader], object]]] = {
    "\0": _padding,
    "?": _object_count,
    "_": _undefined,
    "0": _null,
    "T": _true,
    "F": _false,
    "I": _signed,
    "U": _unsigned,
    "N": _number,
    "Z": _bigint,
    '"': _one_byte_string,
    "c": _two_byte_string,
    "S": _utf8_string,
    "^": _reference,
    "o": _object,
    "A": _dense_array,
    "a": _sparse_array,
    ";": _map,
    "'": _set,
    "D": _date,
    "y": _boxed_true,
    "x": _boxed_false,
    "n": _boxed_number,
    "z": _boxed_bigint,
    "s": _boxed_string,
    "R": _regexp,
    "B": _buffer,
    "~": _resizable_buffer,
    "r": _error,
    "\\": _host_object,
    "t": _unsupported("transferred buffers"),
    "u": _unsupported("shared buffers"),
    "p": _unsupported("shared objects"),
    "w": _unsupported("modules"),
    "m": _unsupported("shared memories"),
}

_READERS: Final[tuple[Callable[[Reader], object], ...]] = tuple(_BY_TAG.get(chr(tag), _unknown) for tag in range(256))


@contextmanager
def deeper_stack(frames_per_level: int) -> Iterator[None]:
    """Allow as many more Python frames as the deepest value needs.

    Ordinary values never get here; those few hundred levels deep do. Calls between Python functions take no C stack, so
    that the limit, which is the interpreter's and not the thread's, can be lifted for a moment.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + wire.DEPTH_MAX * frames_per_level)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
