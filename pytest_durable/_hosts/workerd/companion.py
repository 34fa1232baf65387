"""The process of a host as a companion of the clock: how far it is to its next event, and the way there."""

from collections.abc import Callable
from typing import Final, Protocol

from pytest_durable._core.clock import Clock
from pytest_durable._core.errors import DurableError
from pytest_durable._hosts.workerd.alarm_watch import AlarmWatch
from pytest_durable._hosts.workerd.in_flight import InFlight
from pytest_durable._hosts.workerd.patience import Patience
from pytest_durable._hosts.workerd.timed import TimedProcess

#: A retry or a call that waits does not tell when it goes on: the process is followed so far in one step.
_STRIDE_NS: Final = 3_600_000_000_000


class Bereaved(Protocol):
    """Who is told that the process has ended by itself."""

    def __call__(self, failure: DurableError, *, is_awaited: bool) -> None:
        """End its life, and tell the test."""


class ProcessCompanion:
    """The process of one life.

    Args:
        clock: Of the test.
        process: Lives on it.
        in_flight: What it has not answered yet.
        alarms: What waits in its files.
        patience: How long the test waits for it.
        begin: Lets it do what can be done now, which starts it.
        died: Is told when it dies.
    """

    def __init__(
        self,
        clock: Clock,
        process: TimedProcess,
        in_flight: InFlight,
        alarms: AlarmWatch,
        patience: Patience,
        begin: Callable[[], None],
        died: Bereaved,
    ) -> None:
        self._clock = clock
        self._process = process
        self._in_flight = in_flight
        self._alarms = alarms
        self._patience = patience
        self._begin = begin
        self._died = died

    def __repr__(self) -> str:
        return f"<ProcessCompanion {self._process!r}>"

    def next_at(self) -> int | None:
        """Elapsed time before which nothing that counts can happen in the process.

        An alarm that waits has a row. A retry and a call that waits do not tell when they go on; the process is
        followed for a while then, and stops when it says something.
        """
        if not self._alarms.has_namespaces:
            return None
        if not self._process.has_started:
            try:
                self._begin()  # a new life begins with what is overdue
            except DurableError as failure:
                self._died(failure, is_awaited=False)
        instants = self._alarms.instants_ns()
        now_ns = self._clock.wall_ns
        ahead = [due_ns for due_ns in instants if due_ns > now_ns]
        if (len(self._in_flight) or len(ahead) < len(instants)) and not self._patience.is_over:
            ahead.append(now_ns + _STRIDE_NS)
        return min(ahead) - now_ns + self._clock.elapsed_ns if ahead else None

    def travel(self, distance_ns: int) -> int:
        """Let time pass in the process, until it says something or so far. If it dies, time stops there."""
        if not self._alarms.has_namespaces:
            return distance_ns
        start_ns, is_awaited = self._clock.wall_ns, len(self._in_flight) > 0
        try:
            progress = self._process.travel(distance_ns)
        except DurableError as failure:
            went_ns = max(0, self._process.wall_ns - start_ns)
            self._died(failure, is_awaited=is_awaited)
            return min(went_ns, distance_ns)
        self._patience.spend(progress)
        return progress.travelled_ns
