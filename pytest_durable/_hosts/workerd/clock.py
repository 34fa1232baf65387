"""What the test and the clock in the process say to each other: an order and its report. ``shim.c`` is the other side.

One packet each, of 64-bit integers in the machine's own order: both sides live on one machine.
"""

import struct
from dataclasses import dataclass

VARIABLE = "PYTEST_DURABLE_CLOCK"
#: What the process is told to do first. A script in front of it has another first argument, and gets no clock.
COMMAND = "serve"
#: How the process ends if the test is not its parent.
EXIT_TEST_IS_GONE = 86
_ORDER = struct.Struct("=5q")
_REPORT = struct.Struct("=4q")
REPORT_SIZE = _REPORT.size
_NO_LIMIT = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the process shall do with its time before it reports."""

    #: To set the wall clock to, once ``move_ns`` is over; it need not agree with the time that has elapsed. None: no.
    wall_ns: int | None = None
    #: To move at once. Timers passed over fire late.
    move_ns: int = 0
    #: How far to go from timer to timer after that; None is without limit.
    travel_ns: int | None = 0
    #: How many timers at most.
    steps_max: int = 0

    def pack(self, number: int, wall_ns: int) -> bytes:
        """Return the packet.

        Args:
            number: Of this order, for its report.
            wall_ns: What the wall clock is to show once ``move_ns`` is over.
        """
        travel_ns = _NO_LIMIT if self.travel_ns is None else self.travel_ns
        return _ORDER.pack(number, wall_ns, self.move_ns, travel_ns, self.steps_max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The process has nothing to do; or, under the negative number of its order, it has begun to speak on its way.

    The very first, with the number 0, says that the clock is in the process.
    """

    number: int
    travelled_ns: int
    steps: int
    #: Whether the process has written anything since its last report.
    has_spoken: bool

    @classmethod
    def unpack(cls, packet: bytes) -> "Report":
        """Read the packet."""
        number, travelled_ns, steps, has_spoken = _REPORT.unpack(packet)
        return cls(
            number=number,
            travelled_ns=travelled_ns,
            steps=steps,
            has_spoken=bool(has_spoken),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a journey ended, in one order or in several."""

    #: How far time moved.
    travelled_ns: int
    #: How many timers of the process were passed.
    steps: int
    #: Whether it said anything: a reply, a record, a line of output. If so, the journey ended with that.
    has_spoken: bool

    def after(self, earlier: "Progress") -> "Progress":
        """Return the journey made of an earlier one and this one."""
        return Progress(
            travelled_ns=earlier.travelled_ns + self.travelled_ns,
            steps=earlier.steps + self.steps,
            has_spoken=earlier.has_spoken or self.has_spoken,
        )


def environment_value(descriptor: int, wall_ns: int, parent: int, *, synchronous: bool) -> str:
    """Return what the variable says to a process that is about to start."""
    return f"{descriptor}:{wall_ns}:{parent}:{int(synchronous)}"
