"""What the test and the clock in the process say to each other: an order and its report. ``shim.c`` is the other side.

One packet each, of 64-bit integers in the machine's own order: both sides live on one machine.
"""

import struct
from dataclasses import dataclass

VARIABLE = "PYTEST_DURABLE_CLOCK"
_ORDER = struct.Struct("=5q")
_REPORT = struct.Struct("=5q")
REPORT_SIZE = _REPORT.size
_NOTHING = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the process shall do with its time before it reports."""

    number: int
    #: Wall time once ``move_ns`` is over; it need not agree with the time that has elapsed.
    wall_ns: int
    #: To move at once. Timers passed over fire late.
    move_ns: int = 0
    #: How far to go from timer to timer after that; None is without limit.
    travel_ns: int | None = 0
    #: How many timers at most.
    steps_max: int = 0

    def pack(self) -> bytes:
        """Return the packet."""
        travel_ns = _NOTHING if self.travel_ns is None else self.travel_ns
        return _ORDER.pack(self.number, self.wall_ns, self.move_ns, travel_ns, self.steps_max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The process has nothing to do; or, under the negative number of its order, it has begun to speak on its way.

    The very first, with the number 0, says that the clock is in the process.
    """

    number: int
    travelled_ns: int
    #: Distance to the next wake-up, or None. Nothing happens earlier; the wake-up may turn out to be for nothing.
    due_ns: int | None
    steps: int
    #: Whether the process has written anything since its last report.
    has_spoken: bool

    @classmethod
    def unpack(cls, packet: bytes) -> "Report":
        """Read the packet."""
        number, travelled_ns, due_ns, steps, has_spoken = _REPORT.unpack(packet)
        return cls(
            number=number,
            travelled_ns=travelled_ns,
            due_ns=None if due_ns == _NOTHING else due_ns,
            steps=steps,
            has_spoken=bool(has_spoken),
        )


def environment_value(descriptor: int, wall_ns: int, parent: int, *, synchronous: bool) -> str:
    """Return what the variable says to a process that is about to start."""
    return f"{descriptor}:{wall_ns}:{parent}:{int(synchronous)}"
