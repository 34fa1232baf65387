"""Write a Python value as the bytes that the platform would store for it.

Objects are numbered in the order in which their tags are written; a second meeting with the same object writes its
number. What counts as the same object is Python's identity, except for bytes, memoryview and other immutable values:
the interpreter shares equal constants among them as it likes, and the platform copies them each time.
"""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any, Final

from pytest_durable._core.storage import codec_wire as wire
from pytest_durable._core.storage.codec_read import deeper_stack
from pytest_durable._core.storage.numerals import index_of
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

_pack_double: Final = Struct("<d").pack
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_INT_ONLY: Final = frozenset({int})
_NUMBERS: Final = frozenset({int, float})
_NAN: Final = b"\x00\x00\x00\x00\x00\x00\xf8\x7f"
_KIND_OF_ERROR: Final = {name: kind for kind, name in enumerate(wire.ERROR_KINDS) if name is not None}
_TAG_OF_VIEW: Final = {kind: tag for tag, kind in wire.VIEW_KINDS.items()}
_PYTHON_FRAMES_PER_LEVEL: Final = 3


class NotCloneable(Exception):
    """The value, or something inside it, cannot be stored.

    Attributes:
        message: The platform's wording, ``⟨source⟩ could not be cloned.``
        path: Where the offending element is, such as ``["a"][0]``; empty if it is the value itself.
        culprit: The offending element.
    """

    def __init__(self, message: str, culprit: object, path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.culprit = culprit
        self.path = path


def encode(value: object) -> bytes:
    """Return the bytes that the platform would store for the value.

    Besides the types that ``decode`` returns, ``set``, ``frozenset``, ``bytearray``, ``memoryview`` (as a Uint8Array),
    naive datetimes (as UTC) and dicts with int keys are accepted, and subclasses of all these. An int is a number up to
    2**53 - 1 and a BigInt beyond.

    Raises:
        NotCloneable: For any other type, and for values nested deeper than the platform's stack allows.

    Source: spec 3.6 and appendix C; V8 ValueSerializer; workerd jsg/ser.c++, Serializer.
    """
    try:
        return _encode(value)
    except RecursionError:
        pass
    try:
        with deeper_stack(_PYTHON_FRAMES_PER_LEVEL):
            return _encode(value)
    except RecursionError:
        raise NotCloneable("Maximum call stack size exceeded", value) from None


def _encode(value: object) -> bytes:
    writer = Writer()
    try:
        writer.write(value)
    except NotCloneable as error:
        error.path = _path_to(error.culprit, value)
        raise
    return bytes(writer.out)


class Writer:
    """The bytes so far and the numbers of the objects in them."""

    __slots__ = ("numbers", "numbers_taken", "out")

    def __init__(self) -> None:
        self.out = bytearray(wire.HEADER)
        self.numbers: dict[int, int] = {}
        self.numbers_taken = 0

    def write(self, value: Any) -> None:
        """Write one value of any type."""
        write = _WRITERS.get(value.__class__)
        if write is None:
            write = _writer_of_base(value)
        write(self, value)

    def varint(self, number: int) -> None:
        """Write an unsigned integer."""
        out = self.out
        while number > 0x7F:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        out.append(number)

    def is_known(self, value: object) -> bool:
        """Write a reference if the object was written before; otherwise take its number."""
        key = id(value)
        number = self.numbers.get(key)
        if number is None:
            self.numbers[key] = self.numbers_taken
            self.numbers_taken += 1
            return False
        self.out.append(0x5E)
        self.varint(number)
        return True


def _writer_of_base(value: object) -> Callable[[Writer, Any], None]:
    for base in type(value).__mro__:
        if base in _WRITERS and base is not object:
            return _WRITERS[base]
    raise NotCloneable(f"{_source_of(value)} could not be cloned.", value)


def _source_of(value: object) -> str:
    """Name a value the way the platform does: functions and classes by their text, other objects by their class."""
    return getattr(value, "__qualname__", None) or f"#<{type(value).__name__}>"


# Scalars.


def _undefined(writer: Writer, value: object) -> None:
    writer.out.append(0x5F)


def _null(writer: Writer, value: object) -> None:
    writer.out.append(0x30)


def _bool(writer: Writer, value: bool) -> None:
    writer.out.append(0x54 if value else 0x46)


def _int(writer: Writer, value: int) -> None:
    if wire.SMALL_MIN <= value <= wire.SMALL_MAX:
        writer.out.append(0x49)
        writer.varint(value << 1 if value >= 0 else ~(value << 1))
    elif -wire.SAFE_MAX <= value <= wire.SAFE_MAX:
        _double(writer, value)
    else:
        _bigint(writer, value)


def _float(writer: Writer, value: float) -> None:
    if _is_small(value):
        _int(writer, int(value))
    else:
        _double(writer, value)


def _is_small(value: int | float) -> bool:
    """Whether a number is written as a varint; minus zero is not."""
    if not wire.SMALL_MIN <= value <= wire.SMALL_MAX:
        return False
    return value == int(value) and (value != 0 or str(value)[0] != "-")


def _double(writer: Writer, value: int | float) -> None:
    writer.out.append(0x4E)
    # One NaN for all: its sign depends on the processor.
    writer.out += _pack_double(value) if value == value else _NAN


def _bigint(writer: Writer, value: int) -> None:
    writer.out.append(0x5A)
    _digits(writer, value)


def _digits(writer: Writer, value: int) -> None:
    size = (value.bit_length() + 63) // 64 * 8
    writer.varint(size << 1 | (value < 0))
    writer.out += abs(value).to_bytes(size, "little")


def _str(writer: Writer, value: str) -> None:
    out = writer.out
    try:
        data = value.encode("latin-1")
    except UnicodeEncodeError:
        data = value.encode("utf-16-le", "surrogatepass")
        # The characters shall begin at an even offset: one byte of padding if tag and length would end at an odd one.
        if (len(out) + 1 + (max(len(data).bit_length(), 1) + 6) // 7) % 2:
            out.append(0)
        out.append(0x63)
    else:
        out.append(0x22)
    writer.varint(len(data))
    out += data


# Objects and arrays.


def _dict(writer: Writer, value: Mapping[Any, object]) -> None:
    if writer.is_known(value):
        return
    writer.out.append(0x6F)
    writer.varint(_properties(writer, value))


def _properties(writer: Writer, value: Mapping[Any, object], end_tag: int = 0x7B) -> int:
    """Write keys and values and the tag that ends them; return how many there were."""
    for key in value:
        if key.__class__ is not str or "0" <= key[:1] <= "9":
            value = _in_order_of_keys(value)
            break
    write = writer.write
    for key, item in value.items():
        write(key)
        write(item)
    writer.out.append(end_tag)
    return len(value)


def _in_order_of_keys(value: Mapping[Any, object]) -> dict[str | int | float, object]:
    """Return the properties as an object has them: keys that are array indices first, ascending and as integers."""
    indices: dict[int, object] = {}
    names: dict[str | int | float, object] = {}
    for key, item in value.items():
        if isinstance(key, bool) or not isinstance(key, str | int):
            raise NotCloneable(f"{_source_of(key)} could not be cloned.", key)
        name = str(int(key)) if isinstance(key, int) else str(key)
        index = index_of(name)
        if index is None:
            names[name] = item
        else:
            indices[index] = item
    return {**{index: indices[index] for index in sorted(indices)}, **names}


def _list(writer: Writer, value: list[object]) -> None:
    _array(writer, value, {})


def _array_with_properties(writer: Writer, value: ArrayWithProperties) -> None:
    _array(writer, value, value.properties)


def _array(writer: Writer, value: list[object], properties: dict[str, object]) -> None:
    if writer.is_known(value):
        return
    types = set(map(type, value))
    if Hole in types:
        _sparse_array(writer, value, properties)
        return
    writer.out.append(0x41)
    writer.varint(len(value))
    if types <= _NUMBERS and not _all_small(value, types) and _all_numbers(value):
        for item in value:
            _double(writer, item)  # type: ignore[arg-type]  # seen to be numbers only
    else:
        write = writer.write
        for item in value:
            write(item)
    count = _properties(writer, properties, 0x24)
    writer.varint(count)
    writer.varint(len(value))


def _all_small(value: list[Any], types: AbstractSet[type]) -> bool:
    """Whether V8 keeps an array of numbers as small integers. A single one that is not makes all of them doubles."""
    if types == _INT_ONLY:
        return bool(min(value) >= wire.SMALL_MIN and max(value) <= wire.SMALL_MAX)
    return all(map(_is_small, value))


def _all_numbers(value: Iterable[Any]) -> bool:
    return all(isinstance(item, float) or -wire.SAFE_MAX <= item <= wire.SAFE_MAX for item in value)


def _sparse_array(writer: Writer, value: list[object], properties: dict[str, object]) -> None:
    writer.out.append(0x61)
    writer.varint(len(value))
    count = 0
    for index, item in enumerate(value):
        if item.__class__ is not Hole:
            _int(writer, index)
            writer.write(item)
            count += 1
    count += _properties(writer, properties, 0x40)
    writer.varint(count)
    writer.varint(len(value))


def _hole(writer: Writer, value: Hole) -> None:
    raise NotCloneable("HOLE outside of a list could not be cloned.", value)


def _map(writer: Writer, value: OrderedMap) -> None:
    if writer.is_known(value):
        return
    writer.out.append(0x3B)
    pairs = value.pairs()
    for key, item in pairs:
        writer.write(key)
        writer.write(item)
    writer.out.append(0x3A)
    writer.varint(2 * len(pairs))


def _set(writer: Writer, value: AbstractSet[object]) -> None:
    if writer.is_known(value):
        return
    writer.out.append(0x27)
    for item in value:
        writer.write(item)
    writer.out.append(0x2C)
    writer.varint(len(value))


# Dates, expressions, boxes.


def _datetime(writer: Writer, value: datetime) -> None:
    if writer.is_known(value):
        return
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    microseconds = (aware - _EPOCH) // _MICROSECOND
    # Parts of a millisecond are cut off towards the epoch, as the Date constructor does.
    milliseconds = microseconds // 1000 if microseconds >= 0 else -(-microseconds // 1000)
    writer.out.append(0x44)
    writer.out += _pack_double(milliseconds)


def _far_date(writer: Writer, value: FarDate) -> None:
    if writer.is_known(value):
        return
    writer.out.append(0x44)
    writer.out += _pack_double(value.milliseconds) if value.is_valid else _NAN


def _regexp(writer: Writer, value: RegExp) -> None:
    if writer.is_known(value):
        return
    writer.out.append(0x52)
    _str(writer, value.source)
    writer.varint(sum(wire.REGEXP_FLAGS[flag] for flag in value.flags))


def _boxed(writer: Writer, value: Boxed) -> None:
    if writer.is_known(value):
        return
    content = value.value
    if isinstance(content, bool):
        writer.out.append(0x79 if content else 0x78)
    elif isinstance(content, str):
        writer.out.append(0x73)
        _str(writer, content)
    elif isinstance(content, BigInt):
        writer.out.append(0x7A)
        _digits(writer, content)
    else:
        writer.out.append(0x6E)
        writer.out += _pack_double(content) if content == content else _NAN


# Buffers and views.


def _bytes(writer: Writer, value: bytes) -> None:
    writer.numbers_taken += 1
    _content_of_buffer(writer, value)


def _bytearray(writer: Writer, value: bytearray) -> None:
    if not writer.is_known(value):
        _content_of_buffer(writer, value)


def _buffer(writer: Writer, value: Buffer) -> None:
    if writer.is_known(value):
        return
    if value.max_byte_length is None:
        _content_of_buffer(writer, value)
        return
    writer.out.append(0x7E)
    writer.varint(len(value))
    writer.varint(value.max_byte_length)
    writer.out += value


def _content_of_buffer(writer: Writer, value: bytes | bytearray) -> None:
    writer.out.append(0x42)
    writer.varint(len(value))
    writer.out += value


def _memoryview(writer: Writer, value: memoryview) -> None:
    data = value.tobytes()
    _bytes(writer, data)
    writer.numbers_taken += 1
    _window(writer, "Uint8Array", 0, len(data), 0)


def _view(writer: Writer, value: View) -> None:
    # The buffer comes first and takes the lower number; only a view not seen before has its buffer in front.
    if id(value) not in writer.numbers:
        _buffer(writer, value.buffer)
    if writer.is_known(value):
        return
    flags = wire.VIEW_TRACKS_LENGTH if value.tracks_length else 0
    if value.buffer.max_byte_length is not None:
        flags |= wire.VIEW_OF_RESIZABLE
    _window(writer, value.kind, value.byte_offset, value.byte_length, flags)


def _window(writer: Writer, kind: str, offset: int, length: int, flags: int) -> None:
    writer.out.append(0x56)
    for number in (_TAG_OF_VIEW[kind], offset, length, flags):
        writer.varint(number)


# Errors.


def _error(writer: Writer, value: StoredError) -> None:
    if writer.is_known(value):
        return
    writer.out.append(0x5C)
    writer.varint(wire.HOST_ERROR)
    kind = _KIND_OF_ERROR.get(value.name, 0) if isinstance(value.name, str) else 0
    writer.varint(kind)
    if kind == 0:
        writer.write(value.name)
    writer.write(value.message)
    # The properties are written as an object made for this purpose: it has a number, but nothing can refer to it.
    writer.numbers_taken += 1
    writer.out.append(0x6F)
    writer.varint(_properties(writer, value.properties))


_WRITERS: Final[dict[type, Callable[[Writer, Any], None]]] = {
    Undefined: _undefined,
    type(None): _null,
    bool: _bool,
    int: _int,
    float: _float,
    BigInt: _bigint,
    str: _str,
    dict: _dict,
    list: _list,
    ArrayWithProperties: _array_with_properties,
    Hole: _hole,
    OrderedMap: _map,
    set: _set,
    frozenset: _set,
    OrderedSet: _set,
    datetime: _datetime,
    FarDate: _far_date,
    RegExp: _regexp,
    Boxed: _boxed,
    bytes: _bytes,
    bytearray: _bytearray,
    Buffer: _buffer,
    memoryview: _memoryview,
    View: _view,
    StoredError: _error,
}


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


def _inside(value: object) -> list[tuple[str, object]]:
    """Return the parts of a container, each with the text of the subscript that leads to it."""
    parts: list[tuple[str, object]] = []
    if isinstance(value, dict):
        parts += [(repr(key), item) for key, item in value.items()] + [(f"key {key!r}", key) for key in value]
    if isinstance(value, list):
        parts += [(str(index), item) for index, item in enumerate(value)]
    if isinstance(value, OrderedMap):
        parts += [(repr(key), item) for key, item in value.pairs()] + [
            (f"key {key!r}", key) for key, _ in value.pairs()
        ]
    if isinstance(value, set | frozenset | OrderedSet):
        parts += [(f"element {item!r}", item) for item in value]
    if isinstance(value, ArrayWithProperties | StoredError):
        parts += [(repr(key), item) for key, item in value.properties.items()]
    return parts
