"""Whether a value is too large to be sent, for limits that hardly any value comes near.

A value that is far from the limit, which is nearly every value, must cost next to nothing: its parts are counted at the
most that each can take, whole containers of plain parts at once. Only what may be too large is measured.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final

from pytest_durable._core.storage.codec import tags, wire
from pytest_durable._core.storage.codec.deep import deeper_stack
from pytest_durable._core.storage.codec.encoding import BY_TYPE
from pytest_durable._core.storage.codec.writer import NotCloneable, WriteFunction, Writer
from pytest_durable._core.storage.values import JSArray as ArrayWithProperties
from pytest_durable._core.storage.values import JSBoxed as Boxed
from pytest_durable._core.storage.values import JSError as StoredError
from pytest_durable._core.storage.values import JSMap as OrderedMap
from pytest_durable._core.storage.values import JSRegExp as RegExp
from pytest_durable._core.storage.values import JSSet as OrderedSet
from pytest_durable._core.storage.values import JSTypedArray as View
from pytest_durable._core.storage.values import Undefined

#: More than any value takes besides its content: tag, length, padding, end.
_FRAME: Final = 24
#: Types whose values take no more than that. (An int that is not a number but a BigInt has a type of its own.)
_PLAIN: Final = frozenset({type(None), bool, int, float, datetime, Undefined})
_TEXT: Final = frozenset({str})


def may_exceed(values: Collection[object], bytes_max: int) -> bool:
    """Whether the encoded values may together take more than ``bytes_max``; False is certain."""
    left = bytes_max
    waiting = [values]
    seen: set[int] = set()
    while waiting:
        items = waiting.pop()
        left -= _FRAME * (len(items) + 1)
        kinds = set(map(type, items))
        if kinds == _TEXT:
            left -= 2 * sum(map(len, items))  # type: ignore[arg-type]  # they are texts
        elif not kinds <= _PLAIN:
            left -= _look_into(items, waiting, seen)
        if left < 0:
            return True
    return False


def _look_into(items: Collection[Any], waiting: list[Collection[object]], seen: set[int]) -> int:
    """What the items take at most, without their parts, which are added to ``waiting``."""
    total = 0
    for item in items:
        kind = type(item)
        if kind is str:
            total += 2 * len(item)
        elif kind in _PLAIN or id(item) in seen:
            continue
        elif kind is dict:
            seen.add(id(item))
            waiting += (item, item.values())
        else:
            seen.add(id(item))
            total += _content(item)
            waiting += _parts(item)
    return total


def encoded_size(value: object) -> int:
    """The length of the encoded value. What is passed by reference takes two bytes, as it does on the platform."""
    sizer = _Sizer(BY_TYPE)
    try:
        sizer.write(value)
    except RecursionError:
        sizer = _Sizer(BY_TYPE)
        with deeper_stack():
            sizer.write(value)
    return len(sizer.out)


class _Sizer(Writer):
    """A writer that knows how much room references take."""

    __slots__ = ()

    def of_base(self, value: object) -> WriteFunction:
        try:
            return super().of_base(value)
        except NotCloneable:
            return _write_reference


def _write_reference(writer: Writer, _value: object) -> None:
    writer.out += bytes((tags.HOST_OBJECT, wire.HOST_REFERENCE))


def _content(item: object) -> int:
    """What an item takes at most besides its parts."""
    if isinstance(item, View):
        return len(item.buffer)
    if isinstance(item, int):
        return item.bit_length() // 8
    return len(item) if isinstance(item, bytes | bytearray) else 0


def _parts(item: object) -> list[Collection[object]]:
    """What is inside an item."""
    if isinstance(item, ArrayWithProperties):
        return [list(item), item.properties, item.properties.values()]
    if isinstance(item, list | OrderedSet | set | frozenset):
        return [item]
    return _RARE[type(item)](item) if type(item) in _RARE else []


_RARE: Final[dict[type, Callable[[Any], list[Collection[object]]]]] = {
    OrderedMap: lambda item: item.pairs(),
    StoredError: lambda item: [(item.name, item.message), item.properties, item.properties.values()],
    RegExp: lambda item: [(item.source,)],
    Boxed: lambda item: [(item.value,)],
}
