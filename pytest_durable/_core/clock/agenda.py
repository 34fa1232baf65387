"""What is to happen, in time order. A heap that knows no clock and runs nothing.

An agenda speaks elapsed nanoseconds only, so that moving the wall clock back cannot reorder it. Cancelling marks; the
dead entry leaves when it comes to the top or when the dead outnumber the living: an idle timeout that is set anew by
each of ten thousand calls must not leave ten thousand entries behind.
"""

import heapq
from collections.abc import Callable, Iterator

from pytest_durable._core.life import Behind

#: Below this number of dead entries a sweep costs more than it frees.
_DEAD_KEPT_MAX = 64


class Timer:
    """One thing that will happen once, unless it is cancelled first. Made by ``Clock.schedule``."""

    __slots__ = ("_agenda", "_callback", "_follows_wall", "at_ns", "behind", "key", "offset_ns")

    def __init__(
        self,
        agenda: "Agenda | None",
        at_ns: int,
        offset_ns: int,
        key: str,
        callback: Callable[[], None],
        follows_wall: bool,
        behind: Behind | None = None,
    ) -> None:
        self._agenda: Agenda | None = agenda
        self._callback: Callable[[], None] | None = callback
        self._follows_wall = follows_wall
        #: Elapsed nanoseconds at which it is due.
        self.at_ns = at_ns
        #: What to add to elapsed time to get wall time.
        self.offset_ns = offset_ns
        self.key = key
        #: What it stands for besides, or None.
        self.behind = behind

    @property
    def due_ns(self) -> int:
        """The wall instant at which it is due, in nanoseconds since the epoch."""
        return self.at_ns + self.offset_ns

    @property
    def is_pending(self) -> bool:
        """Whether it can still happen."""
        return self._callback is not None

    def cancel(self) -> None:
        """Make sure it never happens. Cancelling twice, or after it happened, does nothing."""
        if self._callback is not None:
            self._callback = None
            if self._agenda is not None:
                self._agenda.note_cancelled()

    def leave(self) -> "Timer":
        """Be taken out of the agenda, in order to run; a cancel from here on leaves no dead entry behind."""
        self._agenda = None
        return self

    def run(self) -> None:
        """Happen, now. The loop calls this once; a timer cancelled since it was taken does nothing."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()

    def rebase(self, offset_ns: int) -> None:
        """Take part in a move of the wall clock that elapsed time did not share.

        What was asked for by wall time keeps its wall instant; what was asked for by distance keeps its distance.
        """
        if self._follows_wall:
            self.at_ns += self.offset_ns - offset_ns
        self.offset_ns = offset_ns

    def __repr__(self) -> str:
        state = "pending" if self.is_pending else "over"
        return f"<Timer {self.key!r} due_ns={self.due_ns} {state}>"


#: Order of what happens: instant, then key, then the order in which it was asked for.
Entry = tuple[int, str, int, Timer]


class Agenda:
    """Timers in the order (instant, key, order of asking)."""

    def __init__(self) -> None:
        self._heap: list[Entry] = []
        self._asked = 0
        self._dead = 0

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[Timer]:
        """The timers that can still happen, in order; those that stand behind another are made for the occasion."""
        entries = [entry for entry in self._heap if entry[3].is_pending]
        for _, _, number, timer in tuple(entries):
            if timer.behind is not None:
                entries += [_entry_behind(timer, due_ns, key, number) for due_ns, key in timer.behind]
        return (timer for _, _, _, timer in sorted(entries))

    def add(self, timer: Timer) -> None:
        """Put one timer in its place."""
        self._asked += 1
        heapq.heappush(self._heap, (timer.at_ns, timer.key, self._asked, timer))

    def first(self) -> Entry | None:
        """The entry that comes next, or None. It stays."""
        heap = self._heap
        while heap:
            entry = heap[0]
            if entry[3].is_pending:
                return entry
            heapq.heappop(heap)
            self._dead -= 1
        return None

    def take_first(self) -> Timer:
        """Take out the entry that ``first`` has just shown."""
        timer = heapq.heappop(self._heap)[3].leave()
        if timer.behind is not None:
            timer.behind.took()
        return timer

    def note_cancelled(self) -> None:
        """Count one entry dead, and sweep when the dead are the majority."""
        self._dead += 1
        if self._dead > _DEAD_KEPT_MAX and self._dead * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[3].is_pending]
            heapq.heapify(self._heap)
            self._dead = 0

    def rebase(self, offset_ns: int) -> None:
        """Move every timer that follows the wall clock; see ``Timer.rebase``."""
        living = [entry for entry in self._heap if entry[3].is_pending]
        for entry in living:
            entry[3].rebase(offset_ns)
        self._heap = [(entry[3].at_ns, *entry[1:]) for entry in living]
        heapq.heapify(self._heap)
        self._dead = 0


def _entry_behind(timer: Timer, due_ns: int, key: str, number: int) -> Entry:
    waiting = Timer(None, due_ns - timer.offset_ns, timer.offset_ns, key, _nothing, follows_wall=True)
    return waiting.at_ns, key, number, waiting


def _nothing() -> None:
    """What a timer does that is only shown."""
