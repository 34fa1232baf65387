"""Which number each facet of an object has, as the file ``<id>.facets`` tells it. Bytes in, tree out; knows no file.

The file only ever grows: a number belongs to its facet for ever, deleted or not. Eight bytes begin it; then comes one
entry for each facet, in the order of their numbers: the parent's number, the length of the name, the name. A process
may die in the middle of an entry, so reading ends where an entry makes no sense; what nobody had read cannot have been
used either.

Source: workerd server/facet-tree-index.c++; spec durable-objects 1.7.
"""

import struct
from collections.abc import Iterable
from typing import Final

#: Begins each index.
MAGIC: Final = bytes.fromhex("57efb0c55bcecdc4")
#: The number of the object itself.
ROOT: Final = 0
NUMBER_MAX: Final = 0xFFFF

_HEADER: Final = struct.Struct("<HH")


class NotAnIndexError(ValueError):
    """The bytes are no index that this version knows."""


class IndexFullError(ValueError):
    """An object has had all facets that it can ever have."""


class FacetIndex:
    """The facets of one object, all that it ever had.

    Args:
        entries: Parent's number and name of each, in the order of their numbers, from 1.
    """

    def __init__(self, entries: Iterable[tuple[int, bytes]] = ()) -> None:
        self._numbers: dict[tuple[int, bytes], int] = {entry: number for number, entry in enumerate(entries, start=1)}

    def __repr__(self) -> str:
        return f"<FacetIndex of {len(self)} facets>"

    def __len__(self) -> int:
        return len(self._numbers)

    def find(self, parent: int, name: bytes) -> int | None:
        """The number of a facet, None if it has none yet."""
        return self._numbers.get((parent, name))

    def children(self, parent: int) -> list[tuple[int, bytes]]:
        """Number and name of each facet right below ``parent``, in the order of their names."""
        found = [(name, number) for (above, name), number in self._numbers.items() if above == parent]
        return [(number, name) for name, number in sorted(found)]

    def entry(self, parent: int, name: bytes) -> bytes:
        """The bytes of the entry that gives a new facet the next number.

        Raises:
            ValueError: The name is empty or too long for an entry, or the parent has no number.
            IndexFullError: There is no next number.
        """
        if not 0 < len(name) <= NUMBER_MAX:
            raise ValueError(f"the name of a facet has 1 to {NUMBER_MAX} bytes, not {len(name)}")
        if not ROOT <= parent <= len(self):
            raise ValueError(f"no facet has the number {parent}")
        if len(self) == NUMBER_MAX:
            raise IndexFullError(f"an object has at most {NUMBER_MAX} facets in its lifetime")
        return _HEADER.pack(parent, len(name)) + name

    def add(self, parent: int, name: bytes) -> int:
        """Give a new facet the next number, once its entry is on the disk."""
        number = self._numbers[parent, name] = len(self) + 1
        return number


def parse(content: bytes) -> tuple[FacetIndex, int]:
    """Read an index.

    Args:
        content: The whole file.

    Returns:
        The index, and how many of the bytes are it: what follows is to be cut off. None are if not even the beginning
        is whole; then the file is to be begun anew.

    Raises:
        NotAnIndexError: It begins otherwise, or holds more facets than there are numbers.
    """
    if len(content) <= len(MAGIC):
        return FacetIndex(), 0
    if not content.startswith(MAGIC):
        raise NotAnIndexError("it does not begin like an index of facets")
    index = FacetIndex()
    end = len(MAGIC)
    while end + _HEADER.size <= len(content):
        if len(index) == NUMBER_MAX:
            raise NotAnIndexError(f"it has more than {NUMBER_MAX} facets")
        parent, length = _HEADER.unpack_from(content, end)
        begin = end + _HEADER.size
        name = content[begin : begin + length]
        if not name or len(name) < length or parent > len(index) or index.find(parent, name) is not None:
            break
        index.add(parent, name)
        end = begin + length
    return index, end
