"""What a test sees of its clock: ``durable.clock``. Speaks datetimes, timedeltas and seconds; the core speaks ns."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from pytest_durable._core.alarms import RUNS_MAX
from pytest_durable._core.clock import Clock, Pump
from pytest_durable._core.errors import ConfigurationError, DurationError, TimeBackwardsError
from pytest_durable._hosts.arguments import is_whole
from pytest_durable._hosts.durations import duration_ns, instant, instant_ns, units_ns

#: Guards one ``run_until_idle``: given the most runs of one object's alarm, a context in which that is enforced.
AlarmLimit = Callable[[int], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingItem:
    """One thing that is scheduled."""

    #: When it is due; an aware UTC datetime.
    due: datetime
    #: What it is about, such as the object of an alarm. Empty for what has no name.
    key: str


def _nothing_failed() -> None:
    """There is no host whose objects could have failed."""


class ClockFace:
    """The clock of a test, shared by everything the test runs.

    Args:
        clock: The clock to show.
        pump: Finds the pump of the loop on which the test runs now.
        limit_alarms: Enforces ``max_alarms``; None when there are no alarms to count.
        raise_failures: Raises what failed meanwhile and no caller has seen, such as an assertion in an alarm.
    """

    def __init__(
        self,
        clock: Clock,
        pump: Callable[[], Pump],
        limit_alarms: AlarmLimit | None = None,
        raise_failures: Callable[[], None] | None = None,
    ) -> None:
        self._clock = clock
        self._pump = pump
        self._limit_alarms: AlarmLimit = limit_alarms if limit_alarms is not None else nullcontext
        self._raise_failures: Callable[[], None] = raise_failures if raise_failures is not None else _nothing_failed

    def now(self) -> datetime:
        """The present instant, an aware UTC datetime."""
        return instant(self._clock.wall_ns)

    def time(self) -> float:
        """The present instant in seconds since the epoch, like ``time.time()``."""
        return self._clock.wall_ns / 1e9

    def time_ms(self) -> int:
        """The present instant in whole milliseconds since the epoch, like ``Date.now()``."""
        return self._clock.time_ms()

    def next_due(self) -> datetime | None:
        """When the next thing is due that is not housekeeping, or None if nothing is scheduled."""
        due_ns = self._clock.next_due_ns()
        return None if due_ns is None else instant(due_ns)

    def pending(self) -> tuple[PendingItem, ...]:
        """What is scheduled, in the order in which it will happen; without housekeeping and without plain timers."""
        return tuple(PendingItem(due=instant(timer.due_ns), key=timer.key) for timer in self._clock.pending())

    async def advance(
        self,
        duration: str | timedelta | None = None,
        /,
        *,
        seconds: float | None = None,
        minutes: float | None = None,
        hours: float | None = None,
        days: float | None = None,
    ) -> None:
        """Let time pass, running what becomes due on the way, each item at its own instant, the target included.

        An assertion that fails in an alarm on the way is raised at the end.

        Args:
            duration: ``"90s"``, ``"1h30m"``, ``"250ms"``, ``"2d"``, or a timedelta; or else
            seconds: amounts of units, which add up.
            minutes: See ``seconds``.
            hours: See ``seconds``.
            days: See ``seconds``.

        Raises:
            DurationError: The length cannot be understood, or is given twice or not at all.
            TimeBackwardsError: It is negative.
        """
        amounts = {"seconds": seconds, "minutes": minutes, "hours": hours, "days": days}
        given = {unit: amount for unit, amount in amounts.items() if amount is not None}
        if duration is not None and given:
            raise DurationError("advance() takes a duration or amounts of units, not both.")
        if duration is None and not given:
            raise DurationError(
                "advance() needs a length of time, and was given none.\n\n"
                'Say how far:  advance(seconds=60)  or  advance("60s")\n'
                "To run what can run now, without moving the clock:  await durable.settle()"
            )
        await self._move(self._clock.wall_ns + (units_ns(**given) if duration is None else duration_ns(duration)))

    async def move_to(self, target: datetime) -> None:
        """Let time pass until ``target``; see ``advance``.

        Args:
            target: An aware datetime, not before ``now()``.

        Raises:
            NaiveDatetimeError: ``target`` has no time zone.
            TimeBackwardsError: ``target`` is over.
        """
        await self._move(instant_ns(target))

    async def run_until_idle(self, max_alarms: int = RUNS_MAX) -> None:
        """Jump from one due thing to the next until nothing is scheduled any more, housekeeping aside.

        Args:
            max_alarms: How often the alarm of one object may run.

        Raises:
            AlarmLoopError: An alarm ran more often than that.
            LimitError: Time jumped 100,000 times.
        """
        given: object = max_alarms
        if not is_whole(given, 1):
            raise ConfigurationError(f"max_alarms is a number of runs from 1 on, not {max_alarms!r}.")
        with self._limit_alarms(max_alarms):
            await self._pump().run_until_idle()
        self._raise_failures()

    async def _move(self, target_ns: int) -> None:
        target, now = instant(target_ns), self.now()
        if target_ns < self._clock.wall_ns:
            raise TimeBackwardsError(
                f"The clock cannot go back by {now - target}.\n\n"
                f"  clock   {now.isoformat()}\n"
                f"  target  {target.isoformat()}\n\n"
                'Start the test earlier instead:  @pytest.mark.durable(start="2029-12-31T00:00:00Z")'
            )
        await self._pump().move_to(target_ns)
        self._raise_failures()

    def __repr__(self) -> str:
        return f"<clock {self.now().isoformat()}, {self._clock.pending_count} pending>"
