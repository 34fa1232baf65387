"""One timer for all alarms of a namespace. It stands for the earliest of them, and the clock sees the others behind it.

A namespace may have a hundred thousand alarms, of which a test sees a few ring. So an alarm that waits is a pair in a
heap, and only the first of the heap has a timer.

The next one gets its timer when the clock *takes* the first, not when that one runs: a clock that was moved far takes
everything that became due, in order, before any of it runs.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, Protocol

from pytest_durable._core.life import Behind, Timer

#: Pairs of the heap that may be out of date before it is swept, besides as many as there are alarms.
_STALE_KEPT_MAX: Final = 64


class TimedLife(Protocol):
    """The part of a life that a bell needs."""

    def at(self, due_ns: int, callback: Callable[[], None], *, key: str = "", behind: Behind | None = None) -> Timer:
        """Call back at a wall instant."""
        ...


class Bell:
    """Rings for each alarm at its time; several at one time in the order of their ids.

    Args:
        life: Owns the timer.
        ring: Is told the id of the object whose alarm is due.
    """

    def __init__(self, life: TimedLife, ring: Callable[[str], None]) -> None:
        self._life = life
        self._ring = ring
        #: When each alarm is to ring. What the heap says besides is out of date.
        self._wakes_ns: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []
        self._first: tuple[int, str] | None = None
        self._timer: Timer | None = None
        #: Taken by the clock, and about to run.
        self._taken: dict[str, Timer] = {}

    def __repr__(self) -> str:
        return f"<Bell for {len(self._wakes_ns)} alarms>"

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """What waits behind the timer: (instant in ns, id), in no order."""
        first = None if self._first is None else self._first[1]
        return ((wake_ns, actor_hex) for actor_hex, wake_ns in self._wakes_ns.items() if actor_hex != first)

    def load(self, wakes_ns: Iterable[tuple[int, str]]) -> None:
        """Begin with these alarms, each an instant and an id."""
        self._heap = list(wakes_ns)
        self._wakes_ns = {actor_hex: wake_ns for wake_ns, actor_hex in self._heap}
        heapq.heapify(self._heap)
        self._follow()

    def set(self, actor_hex: str, wake_ns: int) -> None:
        """Ring for an alarm at ``wake_ns`` and at no other time."""
        self._drop_taken(actor_hex)
        self._wakes_ns[actor_hex] = wake_ns
        heapq.heappush(self._heap, (wake_ns, actor_hex))
        self._follow()

    def cancel(self, actor_hex: str) -> None:
        """Do not ring for an alarm. Harmless when none is set."""
        self._drop_taken(actor_hex)
        if self._wakes_ns.pop(actor_hex, None) is not None:
            self._follow()

    def took(self) -> None:
        """The clock has taken the timer out and will run it: give the next alarm one."""
        assert self._first is not None
        assert self._timer is not None
        _, actor_hex = self._first
        self._taken[actor_hex] = self._timer
        del self._wakes_ns[actor_hex]
        self._first = self._timer = None
        self._follow()

    def _rang(self, actor_hex: str) -> None:
        del self._taken[actor_hex]
        self._ring(actor_hex)

    def _drop_taken(self, actor_hex: str) -> None:
        if self._taken:
            timer = self._taken.pop(actor_hex, None)
            if timer is not None:
                timer.cancel()

    def _follow(self) -> None:
        """Let the timer stand for the earliest alarm."""
        first = self._find_first()
        if first == self._first:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._first, self._timer = first, None
        if first is not None:
            wake_ns, actor_hex = first
            self._timer = self._life.at(wake_ns, partial(self._rang, actor_hex), key=actor_hex, behind=self)

    def _find_first(self) -> tuple[int, str] | None:
        wakes_ns, heap = self._wakes_ns, self._heap
        if len(heap) > 2 * len(wakes_ns) + _STALE_KEPT_MAX:
            self._heap = heap = [(wake_ns, actor_hex) for actor_hex, wake_ns in wakes_ns.items()]
            heapq.heapify(heap)
        while heap and wakes_ns.get(heap[0][1]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0] if heap else None
