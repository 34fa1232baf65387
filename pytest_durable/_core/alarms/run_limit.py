"""How often one alarm may run before that is an endless loop (decisions 4.4).

An alarm that sets the next one is normal; a test that waits until nothing is scheduled any more, or for something that
never comes, would then wait for ever. So runs are counted within one such wait. Moving the clock to a target ends at
the target, however often an alarm runs on the way; there only runs that let no time pass are counted.

Source: ours (the platform lets an alarm re-arm itself for ever).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from pytest_durable._core.errors import AlarmLoopError
from pytest_durable._core.messages import ObjectKey

#: Runs of one object's alarm within one wait, or at one instant.
RUNS_MAX: Final = 1_000

_SET_LATER: Final = "Let the handler set a time in the future, for example now + 1000 ms."

#: Runs that fit into the journey which the message proposes: enough to see that it repeats, few enough to read.
_RUNS_PROPOSED: Final = 10
_SECOND: Final = 1_000_000_000
_UNIT_SECONDS: Final = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))


class RunLimit:
    """How often an alarm may run in the wait that goes on; one per test, shared by all its schedulers.

    Args:
        get_wait: The wait for which time moves now, some object that differs from one wait to the next; None while
            what moves it has a target.
    """

    def __init__(self, get_wait: Callable[[], object | None]) -> None:
        self._get_wait = get_wait
        self._idle_runs_max: int | None = None
        self._is_bounded = False

    def __repr__(self) -> str:
        return f"<RunLimit {self.runs_max} in {self.where}>"

    @property
    def wait(self) -> object | None:
        """The wait that goes on, or None if it is bounded."""
        return None if self._is_bounded else self._get_wait()

    @property
    def runs_max(self) -> int:
        """How often one alarm may run in the wait."""
        return RUNS_MAX if self._idle_runs_max is None else self._idle_runs_max

    @property
    def where(self) -> str:
        """Names the wait in messages."""
        return "one await of the test" if self._idle_runs_max is None else "run_until_idle()"

    @contextmanager
    def until_idle(self, runs_max: int) -> Iterator[None]:
        """Let an alarm run ``runs_max`` times in the ``run_until_idle`` that is awaited inside the block."""
        outer, self._idle_runs_max = self._idle_runs_max, runs_max
        try:
            yield
        finally:
            self._idle_runs_max = outer

    @contextmanager
    def bounded(self) -> Iterator[None]:
        """What is awaited inside the block ends by itself, for example after 30 virtual seconds."""
        outer, self._is_bounded = self._is_bounded, True
        try:
            yield
        finally:
            self._is_bounded = outer


class RunCounter:
    """Counts the runs of the alarms of one namespace.

    Args:
        limit: What is allowed.
        now_ns: Reads the wall clock.
        label: How messages call an object.
    """

    def __init__(self, limit: RunLimit, now_ns: Callable[[], int], label: Callable[[ObjectKey], str] = str) -> None:
        self._limit = limit
        self._now_ns = now_ns
        self._label = label
        self._wait: object | None = None
        self._in_wait: dict[str, int] = {}
        self._first_ns: dict[str, int] = {}
        self._instant_ns = -1
        self._at_instant: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"<RunCounter of {len(self._in_wait)} alarms in {self._limit.where}>"

    def has_run_now(self, actor_hex: str) -> bool:
        """Whether the alarm has run at this very instant already."""
        return self._now_ns() == self._instant_ns and actor_hex in self._at_instant

    def count(self, key: ObjectKey) -> None:
        """Count a run that is about to begin.

        Raises:
            AlarmLoopError: It is one too many, and must not begin. Counting starts anew.
        """
        self._follow()
        here = _more(self._at_instant, key.hex)
        if here > RUNS_MAX:
            del self._at_instant[key.hex]
            raise _loop_at_one_instant(self._label(key))
        if self._wait is None:
            return
        runs, runs_max = _more(self._in_wait, key.hex), self._limit.runs_max
        first_ns = self._first_ns.setdefault(key.hex, self._instant_ns)
        if runs > runs_max:
            del self._in_wait[key.hex], self._first_ns[key.hex]
            _fewer(self._at_instant, key.hex)
            interval_ns = (self._instant_ns - first_ns) // max(1, runs - 1)
            raise _loop_in_one_wait(self._label(key), runs_max, self._limit.where, interval_ns)

    def _follow(self) -> None:
        """Forget what was counted at another instant or in another wait."""
        now_ns, wait = self._now_ns(), self._limit.wait
        if now_ns != self._instant_ns:
            self._instant_ns = now_ns
            self._at_instant.clear()
        if wait is not self._wait:
            self._wait = wait
            self._in_wait.clear()
            self._first_ns.clear()


def _more(counts: dict[str, int], actor_hex: str) -> int:
    count = counts[actor_hex] = counts.get(actor_hex, 0) + 1
    return count


def _fewer(counts: dict[str, int], actor_hex: str) -> None:
    counts[actor_hex] -= 1
    if not counts[actor_hex]:
        del counts[actor_hex]


def _loop_at_one_instant(label: str) -> AlarmLoopError:
    return AlarmLoopError(
        f"The alarm of {label} re-arms itself for ever: {RUNS_MAX:,} runs at one instant.\n\n"
        "  expected  each run sets its next alarm later than now, or none\n"
        "  actual    the clock has not moved between the runs\n\n" + _SET_LATER
    )


def _loop_in_one_wait(label: str, runs_max: int, where: str, interval_ns: int) -> AlarmLoopError:
    return AlarmLoopError(
        f"The alarm of {label} re-arms itself for ever: due again after {runs_max:,} runs in {where}.\n\n"
        "  expected  a run that sets no further alarm\n"
        "  actual    each run has set the next one, or is being retried\n\n"
        + (_bounded_journey(interval_ns) if interval_ns else _SET_LATER)
    )


def _bounded_journey(interval_ns: int) -> str:
    """The line of a test that lets about ten of the runs happen, in the largest unit that fits."""
    seconds = -(-_RUNS_PROPOSED * interval_ns // _SECOND)
    unit, length = next((unit, length) for unit, length in _UNIT_SECONDS if seconds >= length)
    amount = -(-seconds // length)
    return f"Bound the journey:  await durable.clock.advance({unit}={amount})"
