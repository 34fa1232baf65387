"""Python stand-ins for stored values that Python has no type of its own for.

Everything else that can be stored decodes to a plain Python value: None, bool, int, float, str, list, dict, and an
aware ``datetime``. These classes carry what those cannot: two kinds of nothing, arrays with gaps, maps whose keys are
objects, views into a shared buffer. They are values for looking at and comparing, not an emulation of the language they
come from.

This module is the one place of the core that may use that language's prefix: the names are public
(``pytest_durable.values``) and shall say to users where such a value comes from.
"""

import math
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, MutableSet, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from reprlib import recursive_repr
from typing import Any, Final, Generic, TypeVar, final, overload

from pytest_durable._core.storage.regexp_source import literal_source

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_MS: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
_DATE_MS_MAX: Final = 8.64e15
_LATEST_MS: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)


class _Nothing:
    """A named singleton that is false and that copying and pickling keep single."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return self._name

    def __reduce__(self) -> str:
        return self._name


@final
class Undefined(_Nothing):
    """The type of ``UNDEFINED``."""

    __slots__ = ()


@final
class Hole(_Nothing):
    """The type of ``HOLE``."""

    __slots__ = ()


UNDEFINED: Final = Undefined("UNDEFINED")
"""The value ``undefined``; ``null`` is None."""

HOLE: Final = Hole("HOLE")
"""The element that a sparse array does not have at this index."""


@final
class JSBigInt(int):
    """An integer stored as a BigInt, whatever its size. A plain int is stored as a BigInt only from 2**53 on."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"JSBigInt({int(self)})"


@final
@dataclass(frozen=True, slots=True)
class JSDate:
    """A Date outside the range of ``datetime``: before year 1, after year 9999, or invalid (not a number).

    As in any Date, parts of a millisecond are cut off, and what is further than 8.64e15 from the epoch is invalid.
    """

    milliseconds: float

    def __post_init__(self) -> None:
        if not abs(self.milliseconds) <= _DATE_MS_MAX:
            object.__setattr__(self, "milliseconds", math.nan)
        elif self.milliseconds != math.trunc(self.milliseconds):
            object.__setattr__(self, "milliseconds", math.trunc(self.milliseconds))

    @property
    def is_valid(self) -> bool:
        """Whether the Date denotes an instant."""
        return self.milliseconds == self.milliseconds

    def __eq__(self, other: object) -> bool:
        # Two invalid Dates are equal here, though NaN is not: a test wants to say "an invalid Date is stored".
        if not isinstance(other, JSDate):
            return NotImplemented
        return self.milliseconds == other.milliseconds or not (self.is_valid or other.is_valid)

    def __hash__(self) -> int:
        return hash(self.milliseconds) if self.is_valid else 0


def date_from_milliseconds(milliseconds: float) -> datetime | JSDate:
    """Return the instant as an aware UTC datetime where Python has it, else as ``JSDate``.

    Args:
        milliseconds: Whole milliseconds since the Unix epoch, or NaN for an invalid Date.
    """
    if _EARLIEST_MS <= milliseconds <= _LATEST_MS:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    return JSDate(milliseconds)


class JSArray(list[object]):
    """An array that also has properties of its own besides its elements. Otherwise a list, and equal to one."""

    __slots__ = ("properties",)
    __hash__ = None

    def __init__(self, elements: Iterable[object] = (), properties: Mapping[str, object] | None = None) -> None:
        super().__init__(elements)
        self.properties: dict[str, object] = dict(properties or {})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, list):
            return NotImplemented
        others = other.properties if isinstance(other, JSArray) else {}
        return list.__eq__(self, other) and self.properties == others

    def __ne__(self, other: object) -> bool:
        return not self == other

    @recursive_repr(fillvalue="JSArray(...)")
    def __repr__(self) -> str:
        return f"JSArray({list.__repr__(self)}, {self.properties!r})"


class JSArrayBuffer(bytes):
    """An ArrayBuffer: bytes that keep their identity, so that views and references can share them.

    ``max_byte_length`` is None unless the buffer is resizable.
    """

    max_byte_length: int | None

    def __new__(cls, data: bytes = b"", max_byte_length: int | None = None) -> "JSArrayBuffer":
        self = super().__new__(cls, data)
        self.max_byte_length = max_byte_length
        return self


ELEMENT_FORMATS: Final[Mapping[str, str]] = {
    "Int8Array": "b",
    "Uint8Array": "B",
    "Uint8ClampedArray": "B",
    "Int16Array": "h",
    "Uint16Array": "H",
    "Int32Array": "i",
    "Uint32Array": "I",
    "Float16Array": "e",
    "Float32Array": "f",
    "Float64Array": "d",
    "BigInt64Array": "q",
    "BigUint64Array": "Q",
    "DataView": "B",
}
"""Kind of view to the ``struct`` format of one element (little-endian). A DataView counts as bytes."""


@final
class JSTypedArray:
    """A typed array or DataView: a window on a buffer that others may share.

    ``len``, indexing and iteration count elements; ``bytes(view)`` is the window's raw content. Equal to another view
    of the same kind and content, and a Uint8Array is equal to bytes of the same content.

    Args:
        kind: One of ``ELEMENT_FORMATS``, such as ``"Float32Array"`` or ``"DataView"``.
        buffer: The whole buffer. Plain bytes become a ``JSArrayBuffer`` of their own.
        byte_offset: Where the window begins.
        byte_length: How long it is; None means to the end, as far as whole elements reach.
        tracks_length: The window follows the end of its resizable buffer; ``byte_length`` is not asked then.
    """

    __slots__ = ("buffer", "byte_length", "byte_offset", "kind", "tracks_length")
    __hash__ = None  # type: ignore[assignment]  # equal to bytes or not depending on kind, so no hash could agree

    def __init__(
        self,
        kind: str,
        buffer: bytes,
        byte_offset: int = 0,
        byte_length: int | None = None,
        *,
        tracks_length: bool = False,
    ) -> None:
        if kind not in ELEMENT_FORMATS:
            raise ValueError(f"{kind!r} is not a kind of view. Known: {', '.join(ELEMENT_FORMATS)}.")
        self.kind = kind
        self.buffer = buffer if isinstance(buffer, JSArrayBuffer) else JSArrayBuffer(buffer)
        self.byte_offset = byte_offset
        size = self.element_size
        to_the_end = (len(buffer) - byte_offset) // size * size
        self.byte_length = to_the_end if byte_length is None or tracks_length else byte_length
        self.tracks_length = tracks_length
        self._check(size)

    def _check(self, size: int) -> None:
        if not 0 <= self.byte_offset <= self.byte_offset + self.byte_length <= len(self.buffer):
            raise ValueError(
                f"{self.kind} at offset {self.byte_offset} with {self.byte_length} bytes does not fit "
                f"its buffer of {len(self.buffer)} bytes."
            )
        if self.byte_offset % size or self.byte_length % size:
            raise ValueError(f"Offset and length of a {self.kind} must be multiples of {size}.")

    @property
    def element_size(self) -> int:
        """Bytes of one element."""
        return struct.calcsize("<" + ELEMENT_FORMATS[self.kind])

    def tolist(self) -> list[int | float]:
        """Return all elements; those of the two BigInt kinds as ``JSBigInt``."""
        numbers = struct.unpack(f"<{len(self)}{ELEMENT_FORMATS[self.kind]}", bytes(self))
        return [JSBigInt(number) for number in numbers] if self.kind.startswith("Big") else list(numbers)

    def __len__(self) -> int:
        return self.byte_length // self.element_size

    @overload
    def __getitem__(self, index: int) -> int | float: ...
    @overload
    def __getitem__(self, index: slice) -> list[int | float]: ...
    def __getitem__(self, index: int | slice) -> int | float | list[int | float]:
        return self.tolist()[index]

    def __iter__(self) -> Iterator[int | float]:
        return iter(self.tolist())

    def __bytes__(self) -> bytes:
        return self.buffer[self.byte_offset : self.byte_offset + self.byte_length]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, JSTypedArray):
            return self.kind == other.kind and bytes(self) == bytes(other)
        if isinstance(other, bytes | bytearray | memoryview):
            return self.kind == "Uint8Array" and bytes(self) == other
        return NotImplemented

    def __repr__(self) -> str:
        return f"JSTypedArray({self.kind!r}, {bytes(self)!r})"


@final
@dataclass(frozen=True, slots=True)
class JSRegExp:
    """A regular expression: its source text, and its flags in the order of ``dgimsuvy``. Nothing here can match it.

    The source is kept in the form that a literal needs, as the platform keeps it: ``JSRegExp("a/b")`` has the source
    ``a\\/b``, and an empty one is ``(?:)``.
    """

    source: str
    flags: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", literal_source(self.source))


@final
@dataclass(slots=True)
class JSError:
    """A stored error. ``properties`` holds its own properties in order: stack, cause, errors, and the user's.

    Two errors are equal if name, message and properties are; the stack, which changes with any edit of the code that
    made the error, does not count.
    """

    name: object = "Error"
    message: object = ""
    properties: dict[str, object] = field(default_factory=dict)

    @property
    def stack(self) -> object:
        """The stack as text, or None if the error has none."""
        return self.properties.get("stack")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, JSError):
            return NotImplemented
        return self._claims() == other._claims()

    def _claims(self) -> tuple[object, object, dict[str, object]]:
        return self.name, self.message, {key: item for key, item in self.properties.items() if key != "stack"}


@final
@dataclass(frozen=True, slots=True)
class JSBoxed:
    """A primitive wrapped in an object: a bool, an int or float, a ``JSBigInt`` or a str."""

    value: bool | int | float | str


def _token(key: object) -> tuple[str, object]:
    """Return what tells keys of a Map apart: primitives by type and value, everything else by identity.

    Unlike a dict, a Map has room for 1, true and 1n side by side, and every object is a key of its own.
    """
    if key is None or isinstance(key, str):
        return "", key
    if isinstance(key, bool):
        return "bool", key
    if isinstance(key, JSBigInt):
        return "bigint", int(key)
    if isinstance(key, int | float):
        return "number", "NaN" if key != key else key
    return "object", id(key)


def _kept(key: object) -> object:
    """Return the key as a Map keeps it: minus zero as zero."""
    return 0 if isinstance(key, float) and key == 0 else key


class _Entries(Generic[V]):
    """Insertion-ordered storage keyed by ``_token``; an entry keeps its key alive, so that its id stays its own."""

    __slots__ = ("by_token",)

    def __init__(self) -> None:
        self.by_token: dict[tuple[str, object], tuple[object, V]] = {}

    def find(self, key: object) -> tuple[str, object] | None:
        """Return the token of this very key or, for an object, of the first equal one: Python compares by value."""
        token = _token(key)
        if token in self.by_token:
            return token
        if token[0] != "object":
            return None
        return next((near for near, (held, _) in self.by_token.items() if near[0] == "object" and held == key), None)


class JSMap(MutableMapping[object, object]):
    """A Map: insertion order, any value as key. Equal to a dict or JSMap of equal content.

    A key that is an object is found by identity first, then by equality. Storing never replaces a merely equal object
    key.
    """

    __slots__ = ("_entries",)
    __hash__ = None  # type: ignore[assignment]  # mutable, like a dict

    def __init__(self, entries: Mapping[K, V] | Iterable[tuple[object, object]] = ()) -> None:
        self._entries = _Entries[object]()
        pairs: Iterable[tuple[object, object]] = entries.items() if isinstance(entries, Mapping) else entries
        for key, item in pairs:
            self[key] = item

    def _at(self, key: object) -> tuple[str, object]:
        token = self._entries.find(key)
        if token is None:
            raise KeyError(key)
        return token

    def __getitem__(self, key: object) -> object:
        return self._entries.by_token[self._at(key)][1]

    def __setitem__(self, key: object, value: object) -> None:
        token = _token(key)
        held = self._entries.by_token.get(token, (_kept(key), None))[0]
        self._entries.by_token[token] = (held, value)

    def __delitem__(self, key: object) -> None:
        del self._entries.by_token[self._at(key)]

    def __iter__(self) -> Iterator[object]:
        return (key for key, _ in self._entries.by_token.values())

    def __len__(self) -> int:
        return len(self._entries.by_token)

    def pairs(self) -> list[tuple[object, object]]:
        """Return keys and values in insertion order; unlike ``items`` it looks nothing up."""
        return list(self._entries.by_token.values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        theirs = other if isinstance(other, JSMap) else JSMap(other)
        return len(self) == len(theirs) and all(key in theirs and theirs[key] == item for key, item in self.pairs())

    @recursive_repr(fillvalue="JSMap(...)")
    def __repr__(self) -> str:
        return f"JSMap({self.pairs()!r})"


class JSSet(MutableSet[object]):
    """A Set: insertion order, any value as element. Equal to a set, frozenset or JSSet of equal content."""

    __slots__ = ("_entries",)
    __hash__ = None  # type: ignore[assignment]  # mutable, like a set

    def __init__(self, elements: Iterable[object] = ()) -> None:
        self._entries = _Entries[None]()
        for element in elements:
            self.add(element)

    def add(self, value: object) -> None:
        """Add the value unless it is there."""
        self._entries.by_token.setdefault(_token(value), (_kept(value), None))

    def discard(self, value: object) -> None:
        """Remove the value if it is there."""
        token = self._entries.find(value)
        if token is not None:
            del self._entries.by_token[token]

    def __contains__(self, value: object) -> bool:
        return self._entries.find(value) is not None

    def __iter__(self) -> Iterator[object]:
        return (element for element, _ in self._entries.by_token.values())

    def __len__(self) -> int:
        return len(self._entries.by_token)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Set):
            return NotImplemented
        theirs = other if isinstance(other, JSSet) else JSSet(other)
        return len(self) == len(theirs) and all(element in theirs for element in self)

    @recursive_repr(fillvalue="JSSet(...)")
    def __repr__(self) -> str:
        return f"JSSet({list(self)!r})"


def _make_view(kind: str, buffer: bytes, byte_offset: int, byte_length: int, tracks_length: bool) -> JSTypedArray:
    return JSTypedArray(kind, buffer, byte_offset, byte_length, tracks_length=tracks_length)


def _unfit_member(_container: object, member: object) -> Exception:
    return TypeError(f"A {type(member).__name__} cannot be a key or a member.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedTypes:
    """A table of types and factories, so that a surface gets its own types without a second pass.

    Containers are made empty, numbered (values inside may refer to them), then filled by ``[key] = item``, ``append``
    or ``add``. Everything else is made whole.
    """

    #: A dict or a subclass of it.
    object_type: Callable[[], dict[str, Any]] = dict
    #: A list or a subclass of it. Holds ``hole`` where the array has no element.
    array_type: Callable[[], list[Any]] = list
    #: Used instead of ``array_type`` for an array that has properties too, which go into its ``properties`` dict.
    array_with_properties_type: Callable[[], JSArray] = JSArray
    map_type: Callable[[], MutableMapping[Any, Any]] = JSMap
    set_type: Callable[[], MutableSet[Any]] = JSSet
    #: Whole milliseconds since the epoch, or NaN.
    make_date: Callable[[float], object] = date_from_milliseconds
    #: The bytes, and the maximal length of a resizable buffer (else None).
    make_buffer: Callable[[bytes, int | None], object] = JSArrayBuffer
    #: Kind ("Uint8Array", "DataView", …), what ``make_buffer`` returned, byte offset, byte length, and whether the view
    #: tracks the length of its resizable buffer. Views of one buffer get the same buffer.
    make_view: Callable[[str, Any, int, int, bool], object] = _make_view
    make_bigint: Callable[[int], Any] = JSBigInt
    #: Name (usually a str), message, own properties in order, "stack" and "cause" among them. An error that is its own
    #: cause is made before "cause" is put into that same dict.
    make_error: Callable[[object, object, dict[str, object]], object] = JSError
    #: Source text, and flags in the order of "dgimsuvy".
    make_regexp: Callable[[str, str], object] = JSRegExp
    #: The primitive inside; a BigInt is what ``make_bigint`` returned.
    make_boxed: Callable[[Any], object] = JSBoxed
    undefined: object = UNDEFINED
    hole: object = HOLE
    #: What to raise for a key of a Map, or a member of a Set, that these types cannot hold: the container, and the key.
    unfit_member: Callable[[object, object], Exception] = _unfit_member


PLAIN: Final = DecodedTypes()
"""The types of this module: what ``stored().kv`` shows."""
