"""The process of one life, which lives at the time of the test's clock."""

from collections.abc import Callable

from pytest_durable._core.clock import Clock
from pytest_durable._hosts.workerd.clock import Progress
from pytest_durable._hosts.workerd.conversation import Conversation
from pytest_durable._hosts.workerd.process import WorkerdProcess

#: How many of its timers a process passes before it is asked again whether to go on.
_TIMERS_MAX = 100_000


class TimedProcess:
    """A process that is started when somebody first talks to it, and from then on follows the clock.

    Args:
        clock: Of the test.
        start: Starts the process, at the time of the clock.
    """

    def __init__(self, clock: Clock, start: Callable[[], WorkerdProcess]) -> None:
        self._clock = clock
        self._start = start
        self._process: WorkerdProcess | None = None
        #: Elapsed time that the process has lived through.
        self._lived_ns = 0

    def __repr__(self) -> str:
        return f"<TimedProcess {self._process!r}>"

    @property
    def has_started(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    @property
    def wall_ns(self) -> int:
        """What the process takes for the time; if it has ended by itself, the instant of its last words."""
        return self._clock.wall_ns if self._process is None else self._process.conversation.wall_ns

    def talk(self) -> Conversation:
        """The conversation, with a process that lives at the time of the clock."""
        if self._process is None:
            self._lived_ns = self._clock.elapsed_ns
            self._process = self._start()
        conversation = self._process.conversation
        behind_ns = self._clock.elapsed_ns - self._lived_ns
        if behind_ns > 0:  # somebody else has moved the clock: what was due meanwhile is late
            self._lived_ns += behind_ns
            conversation.jump(behind_ns)
        if conversation.wall_ns != self._clock.wall_ns:
            conversation.set_wall(self._clock.wall_ns)
        return conversation

    def travel(self, distance_ns: int) -> Progress:
        """Let time pass in the process before it does on the clock, until the process says something or so far."""
        progress = self.talk().travel(distance_ns, _TIMERS_MAX)
        self._lived_ns += progress.travelled_ns
        return progress

    def end(self, *, graceful: bool) -> None:
        """End it in order, or at once.

        Raises:
            WorkerdDiedError, WorkerdBusyError: It could not be ended in order. It has ended all the same.
        """
        process, self._process = self._process, None
        if process is None:
            return
        if graceful:
            process.stop()
        else:
            process.crash()
