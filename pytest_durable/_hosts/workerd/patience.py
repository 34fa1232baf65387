"""How long the test is kept waiting, in virtual time, for calls that the real platform may never answer."""

from collections.abc import Callable
from typing import Final

from pytest_durable._core.clock import JUMPS_MAX
from pytest_durable._core.errors import DurableError, LimitError, StuckError
from pytest_durable._hosts.workerd.clock import Progress
from pytest_durable._hosts.world import World

_DAY_NS: Final = 24 * 3_600_000_000_000
#: After so much time without a word of the process, what is in flight will never be answered.
_SILENT_DAYS_MAX: Final = 31
#: The runtime itself wakes up so often for nothing, rarely more. Only timers beyond that are the user's.
_IDLE_TIMER_NS: Final = 10_000_000_000
#: A stop on the way costs as much real time as so many timers without one.
_TIMERS_OF_A_STOP: Final = 10


class Patience:
    """Counts what passes in the process while the test awaits one thing, as the clock counts its own jumps.

    Args:
        world: Whose loop knows what the test awaits, and tells it.
        describe: The calls in flight, one line each.
    """

    def __init__(self, world: World, describe: Callable[[], list[str]]) -> None:
        self._world = world
        self._describe = describe
        self._silent_ns = 0
        self._awaited: object | None = None
        self._timers = 0

    def __repr__(self) -> str:
        return f"<Patience: {self._timers} timers, silent for {self._silent_ns / 1e9:g} s>"

    @property
    def is_over(self) -> bool:
        """Whether the process has said nothing for so long that nothing is expected of it any more."""
        return self._silent_ns >= _SILENT_DAYS_MAX * _DAY_NS

    def renew(self) -> None:
        """Something was asked of the process."""
        self._silent_ns = 0

    def spend(self, progress: Progress) -> None:
        """Time has passed in the process. If that was too much, the test is told.

        The test bounds a journey by its target; then nothing is counted.
        """
        self._silent_ns = 0 if progress.has_spoken else self._silent_ns + progress.travelled_ns
        pump = self._world.loop.pump
        awaited, calls = pump.unbounded_wait, self._describe()
        if awaited is not self._awaited:
            self._awaited, self._timers = awaited, 0
        if awaited is None or not calls:
            return
        self._timers += _timers(progress)
        if self._timers > JUMPS_MAX:
            self._fail(_too_many_timers(calls))
        elif self.is_over and not pump.is_awaited:
            self._fail(_too_silent(calls))

    def _fail(self, error: DurableError) -> None:
        self._silent_ns = self._timers = 0
        self._world.loop.pump.fail(error)


def _timers(progress: Progress) -> int:
    stops = _TIMERS_OF_A_STOP if progress.has_spoken else 0
    return stops + max(0, progress.steps - progress.travelled_ns // _IDLE_TIMER_NS)


def _too_many_timers(calls: list[str]) -> LimitError:
    return LimitError(
        f"The real platform went through {JUMPS_MAX:,} timers in one await of the test, and has not answered.\n\n"
        f"{_lines(calls)}\n\n"
        "Something waits again and again, such as a loop around `scheduler.wait`, or a body that never ends.\n"
        "Bound the journey:  await durable.clock.advance(minutes=1)"
    )


def _too_silent(calls: list[str]) -> StuckError:
    return StuckError(
        f"The test waits for the real platform, which has said nothing for {_SILENT_DAYS_MAX} days of virtual time.\n\n"
        f"{_lines(calls)}\n\n"
        "Await it only after the step that completes it. If it does take so long, move time first:  "
        f"await durable.clock.advance(days={_SILENT_DAYS_MAX + 1})"
    )


def _lines(calls: list[str]) -> str:
    return "\n".join(f"  {line}" for line in calls)
