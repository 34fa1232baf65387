"""The time of one test: wall time, elapsed time, and what is to happen when.

Wall time and elapsed time are two things. Elapsed time starts at zero and never goes back; timeouts and loop timers
live on it. Wall time is elapsed time plus an offset, and only the offset can change when somebody sets the wall clock
back. Both are integers in nanoseconds; floats exist only at asyncio's edge.

The clock moves nothing by itself. The loop moves it, item by item (``pump``), and somebody else may move it: freezegun
or time-machine, when the test uses them. Such a foreign clock is the master of wall time. We push our own moves into
it, read back what it made of them, and pull its moves when we next look.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

from pytest_durable._core.clock.agenda import Agenda, Timer
from pytest_durable._core.clock.companions import Companions
from pytest_durable._core.life import Behind


class WallClock(Protocol):
    """Whoever decides what ``time.time()`` shows to user code. Implemented outside the core."""

    def now_ns(self) -> int:
        """Nanoseconds since the epoch, as user code sees them."""
        ...

    def push(self, delta_ns: int) -> None:
        """Move what user code sees forward by at least ``delta_ns``, as exactly as the implementation can."""
        ...


class Clock:
    """One per test, shared by all its hosts and by the loop.

    Args:
        start_ns: Wall time at elapsed time zero, in nanoseconds since the epoch. Ignored when ``wall`` is given.
        wall: The master of wall time, or None when nobody but the loop moves this clock.
    """

    def __init__(self, start_ns: int, wall: WallClock | None = None) -> None:
        self._wall = wall
        self._wall_ns = start_ns if wall is None else wall.now_ns()
        self._elapsed_ns = 0
        self._events = Agenda()
        self._housekeeping = Agenda()
        self._went_backwards = False
        #: Processes outside that live on this clock.
        self.companions = Companions()
        #: Elapsed time of the loop's own next timer. Set by the loop that lives on this clock.
        self.next_timer_at: Callable[[], int | None] = _no_timer
        #: Called once per test, with (wall time before, wall time after), when the wall clock was set back.
        self.on_backwards: Callable[[int, int], None] | None = None
        #: Set when a foreign clock moved forward. The loop then starts, late, whatever became due, and resets it.
        self.is_late = False

    @property
    def wall_ns(self) -> int:
        """Nanoseconds since the epoch."""
        if self._wall is not None and self._wall.now_ns() != self._wall_ns:
            self.pull()
        return self._wall_ns

    @property
    def elapsed_ns(self) -> int:
        """Nanoseconds since this clock was made. Never goes back."""
        if self._wall is not None and self._wall.now_ns() != self._wall_ns:
            self.pull()
        return self._elapsed_ns

    # The same as functions, for those who are handed one. They repeat the two bodies instead of calling them: the time
    # is read some twenty times for each call of an object.

    def read_wall_ns(self) -> int:
        """``wall_ns`` as a function."""
        if self._wall is not None and self._wall.now_ns() != self._wall_ns:
            self.pull()
        return self._wall_ns

    def read_elapsed_ns(self) -> int:
        """``elapsed_ns`` as a function."""
        if self._wall is not None and self._wall.now_ns() != self._wall_ns:
            self.pull()
        return self._elapsed_ns

    @property
    def is_followed(self) -> bool:
        """Whether somebody else can move this clock, so that looking at it now and then is necessary."""
        return self._wall is not None

    def time_ms(self) -> int:
        """Whole milliseconds since the epoch, the platform's unit."""
        return self.wall_ns // 1_000_000

    def schedule(
        self,
        due_ns: int,
        callback: Callable[[], None],
        *,
        key: str = "",
        housekeeping: bool = False,
        behind: Behind | None = None,
    ) -> Timer:
        """Have ``callback`` run at a wall instant, or as soon as possible if that is over.

        If the wall clock is set back, the callback moves further away.

        Args:
            due_ns: Nanoseconds since the epoch.
            callback: Runs on the loop, once, with no current task.
            key: Decides among items due at the same instant, in ascending order.
            housekeeping: Runs when time passes over it, but never makes the loop jump and never counts as something
                that can still happen.
            behind: What the timer stands for besides: no earlier than it, and without timers of its own.
        """
        now_ns = self.elapsed_ns
        offset_ns = self._wall_ns - now_ns
        agenda = self._housekeeping if housekeeping else self._events
        timer = Timer(agenda, due_ns - offset_ns, offset_ns, key, callback, True, behind)
        agenda.add(timer)
        return timer

    def schedule_after(
        self, delay_ns: int, callback: Callable[[], None], *, key: str = "", housekeeping: bool = False
    ) -> Timer:
        """Like ``schedule``, but by distance: due when ``delay_ns`` have elapsed, whatever the wall clock does."""
        now_ns = self.elapsed_ns
        agenda = self._housekeeping if housekeeping else self._events
        timer = Timer(agenda, now_ns + delay_ns, self._wall_ns - now_ns, key, callback, False)
        agenda.add(timer)
        return timer

    def pending(self) -> Iterator[Timer]:
        """What is scheduled and not housekeeping, in the order in which it will happen; without the loop's timers."""
        return iter(self._events)

    @property
    def pending_count(self) -> int:
        """How many items ``pending`` would yield."""
        return len(self._events)

    def next_due_ns(self) -> int | None:
        """The wall instant of the next thing to happen, a timer of the loop included and housekeeping not; or None."""
        _, event_at = self.next_instants()
        return None if event_at is None else event_at + self._wall_ns - self._elapsed_ns

    # What follows is for the loop.

    def next_instants(self) -> tuple[int | None, int | None]:
        """Elapsed times of the next item of any kind, and of the next that is not housekeeping."""
        event, house, event_at = self._events.first(), self._housekeeping.first(), self.next_timer_at()
        if event is not None and (event_at is None or event[0] < event_at):
            event_at = event[0]
        if self.companions:
            outside_at = self.companions.next_at()
            if outside_at is not None and (event_at is None or outside_at < event_at):
                event_at = outside_at
        if house is not None and (event_at is None or house[0] < event_at):
            return house[0], event_at
        return event_at, event_at

    def forget_loop(self) -> None:
        """The loop that lived on this clock does so no more."""
        self.next_timer_at = _no_timer

    def take_due(self) -> Timer | None:
        """Take out the next item that is due now, of any kind; the caller runs it."""
        event, house = self._events.first(), self._housekeeping.first()
        # Numbers of asking are per agenda: compare without them, and let the event go first.
        if event is None or (house is not None and house[:2] < event[:2]):
            entry, agenda = house, self._housekeeping
        else:
            entry, agenda = event, self._events
        return None if entry is None or entry[0] > self._elapsed_ns else agenda.take_first()

    def advance(self, delta_ns: int) -> None:
        """Let time pass, without running anything. The master of wall time may round the distance up."""
        if self._wall is None:
            self._elapsed_ns += delta_ns
            self._wall_ns += delta_ns
            return
        self.pull()
        self._wall.push(delta_ns)
        seen_ns = self._wall.now_ns()
        # A master that moved less than asked must not stop elapsed time, or the loop would ask again for ever.
        moved_ns = max(delta_ns, seen_ns - self._wall_ns)
        self._elapsed_ns += moved_ns
        self._set_wall(seen_ns, self._wall_ns + moved_ns)

    def pull(self) -> bool:
        """Follow the master of wall time, if there is one and it was moved.

        Forward, time elapses and what became due is late. Backwards, only the wall clock moves, which is reported once.

        Returns:
            Whether something may be late (``is_late``).
        """
        if self._wall is not None:
            seen_ns = self._wall.now_ns()
            if seen_ns > self._wall_ns:
                self._elapsed_ns += seen_ns - self._wall_ns
                self._wall_ns = seen_ns
                self.is_late = True
            elif seen_ns < self._wall_ns:
                before_ns = self._wall_ns
                self._set_wall(seen_ns, before_ns)
                self._report_backwards(before_ns)
        return self.is_late

    def _set_wall(self, seen_ns: int, expected_ns: int) -> None:
        """Show ``seen_ns``; if that is not what elapsed time explains, what follows the wall clock moves with it."""
        self._wall_ns = seen_ns
        if seen_ns != expected_ns:
            offset_ns = seen_ns - self._elapsed_ns
            self._events.rebase(offset_ns)
            self._housekeeping.rebase(offset_ns)

    def _report_backwards(self, before_ns: int) -> None:
        if not self._went_backwards:
            self._went_backwards = True
            if self.on_backwards is not None:
                self.on_backwards(before_ns, self._wall_ns)


def _no_timer() -> None:
    """The answer of a clock that no loop lives on."""
