"""What arrays and typed arrays of the platform can do, in the platform's names.

Callbacks are called with value, index and array, as the platform does: a lambda that wants the value only takes the
others too (``lambda value, *_: …``).

Source: ECMA-262, Array.prototype and %TypedArray%.prototype.
"""

from collections.abc import Callable, Iterator
from functools import cmp_to_key
from typing import Any

from pytest_durable._core.actor import number_of, text_of, truth
from pytest_durable._core.storage.values import HOLE, UNDEFINED
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.proxies import wire_of


class ArrayMethods:
    """Methods that read."""

    def _items(self) -> list[object]:
        """The elements, in wire values."""
        raise NotImplementedError

    def _show(self, wire: object) -> Any:
        """A wire value as user code sees it."""
        raise NotImplementedError

    def _new(self, items: list[object]) -> Any:
        """Another array of this kind."""
        raise NotImplementedError

    def _steps(self, items: Iterator[Any], kind: str) -> Any:
        """An iterator of the platform."""
        raise NotImplementedError

    @property
    def length(self) -> int:
        """How many elements."""
        return len(self._items())

    def at(self, index: Any = 0) -> Any:
        """The element at ``index``; a negative one counts from the end; None if there is none."""
        items, place = self._items(), int(number_of(wire_of(index)))
        return self._show(items[place]) if -len(items) <= place < len(items) else None

    def entries(self) -> Any:
        """An iterator of ``[index, value]``."""
        return self._steps((self._pair(index, item) for index, item in enumerate(self._items())), "Array")

    def values(self) -> Any:
        """An iterator of the elements."""
        return self._steps(map(self._show, self._items()), "Array")

    def _pair(self, index: int, item: object) -> Any:
        raise NotImplementedError

    def every(self, callback: Callable[..., Any]) -> bool:
        """Whether ``callback`` is true of all."""
        return all(_true(result) for result, _ in self._called(callback))

    def some(self, callback: Callable[..., Any]) -> bool:
        """Whether ``callback`` is true of one."""
        return any(_true(result) for result, _ in self._called(callback))

    def filter(self, callback: Callable[..., Any]) -> Any:
        """Those of which ``callback`` is true."""
        return self._new([item for result, item in self._called(callback) if _true(result)])

    def find(self, callback: Callable[..., Any]) -> Any:
        """The first of which ``callback`` is true; None if there is none."""
        return next((self._show(item) for result, item in self._called(callback) if _true(result)), None)

    def findIndex(self, callback: Callable[..., Any]) -> int:
        """Where the first is of which ``callback`` is true; -1 if there is none."""
        return next((index for index, (result, _) in enumerate(self._called(callback)) if _true(result)), -1)

    def forEach(self, callback: Callable[..., Any]) -> None:
        """Call ``callback`` for each."""
        for _ in self._called(callback):
            pass

    def map(self, callback: Callable[..., Any]) -> Any:
        """What ``callback`` makes of each."""
        return self._new([wire_of(result) for result, _ in self._called(callback)])

    def reduce(self, callback: Callable[..., Any], *initial: Any) -> Any:
        """What remains when ``callback`` combines what there is with each, from the first on."""
        items = list(enumerate(self._items()))
        if initial:
            result = initial[0]
        elif items:
            result = self._show(items.pop(0)[1])
        else:
            raise JsException("TypeError", "Reduce of empty array with no initial value")
        for index, item in items:
            result = callback(result, self._show(item), index, self)
        return result

    def includes(self, value: Any = None) -> bool:
        """Whether it is one of them."""
        return self.indexOf(value) >= 0

    def indexOf(self, value: Any = None) -> int:
        """Where it is first; -1 if it is not there."""
        return next((index for index, item in enumerate(self._items()) if self._same(item, value)), -1)

    def lastIndexOf(self, value: Any = None) -> int:
        """Where it is last; -1 if it is not there."""
        items = self._items()
        return next((index for index in range(len(items) - 1, -1, -1) if self._same(items[index], value)), -1)

    def _same(self, item: object, value: Any) -> bool:
        shown = self._show(item)
        # 1 and true are two values there.
        return isinstance(shown, bool) == isinstance(value, bool) and bool(shown == value)

    def join(self, separator: Any = ",") -> str:
        """The texts of all, with ``separator`` between."""
        return str(separator).join(
            "" if item is None or item is UNDEFINED or item is HOLE else self._text(item) for item in self._items()
        )

    def _text(self, item: object) -> str:
        return str(self._show(item)) if not isinstance(item, bool | int | float | str) else text_of(item)

    def slice(self, begin: Any = None, end: Any = None) -> Any:
        """A copy of a part."""
        return self._new(self._items()[_index(begin) : _index(end)])

    def toString(self) -> str:
        """The texts of all, with commas between."""
        return self.join()

    def _called(self, callback: Callable[..., Any]) -> Iterator[tuple[Any, object]]:
        if not callable(callback):
            raise JsException("TypeError", f"{callback} is not a function")
        for index, item in enumerate(self._items()):
            yield callback(self._show(item), index, self), item


class MutableArrayMethods(ArrayMethods):
    """Methods of arrays that change them, or that typed arrays have not."""

    def concat(self, *others: Any) -> Any:
        """A new array: the elements, and those of ``others``, which may also be single values."""
        joined = list(self._items())
        for other in others:
            joined += other._items() if isinstance(other, MutableArrayMethods) else [wire_of(other)]
        return self._new(joined)

    def fill(self, value: Any = None, begin: Any = None, end: Any = None) -> Any:
        """Set all, or those from ``begin`` to ``end``, to ``value``."""
        items, wire = self._items(), wire_of(value)
        for index in range(*slice(_index(begin), _index(end)).indices(len(items))):
            items[index] = wire
        return self

    def flat(self, depth: int = 1) -> Any:
        """A new array: the elements of the arrays in it, ``depth`` levels deep."""
        return self._new(_flat(self._items(), depth))

    def flatMap(self, callback: Callable[..., Any]) -> Any:
        """``map``, then ``flat``."""
        return self.map(callback).flat()

    def push(self, *values: Any) -> int:
        """Add at the end; says how many there are."""
        self._items().extend(map(wire_of, values))
        return len(self._items())

    def shift(self) -> Any:
        """Take the first."""
        return self._show(self._items().pop(0)) if self._items() else None

    def unshift(self, *values: Any) -> int:
        """Add at the beginning; says how many there are."""
        self._items()[:0] = map(wire_of, values)
        return len(self._items())

    def sort(self, compare: Callable[[Any, Any], Any] | None = None) -> Any:
        """Sort in place: by text, or as ``compare`` says."""
        items = self._items()
        last = [item for item in items if item is UNDEFINED or item is HOLE]
        rest = [item for item in items if not (item is UNDEFINED or item is HOLE)]
        if compare is None:
            rest.sort(key=lambda item: self._text(item).encode("utf-16-be", "surrogatepass"))
        else:
            rest.sort(key=cmp_to_key(lambda one, other: compare(self._show(one), self._show(other))))
        items[:] = rest + last
        return self

    def splice(self, begin: Any = 0, count: Any = None, *values: Any) -> Any:
        """Replace a part; returns what was there."""
        items = self._items()
        start = range(*slice(_index(begin), None).indices(len(items))).start
        stop = len(items) if count is None else min(len(items), start + max(0, int(count)))
        taken = items[start:stop]
        items[start:stop] = map(wire_of, values)
        return self._new(taken)


def _flat(items: list[object], depth: int) -> list[object]:
    out: list[object] = []
    for item in items:
        if isinstance(item, list) and depth > 0:
            out += _flat(item, depth - 1)
        elif item is not HOLE:
            out.append(item)
    return out


def _index(value: Any) -> int | None:
    return None if value is None else int(number_of(wire_of(value)))


def _true(value: Any) -> bool:
    return truth(wire_of(value))
