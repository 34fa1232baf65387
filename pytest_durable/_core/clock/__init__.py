"""The clock room: one test's time, and the asyncio loop that lives on it."""

from pytest_durable._core.clock.adopt import adopt
from pytest_durable._core.clock.agenda import Timer
from pytest_durable._core.clock.clock import Clock, WallClock
from pytest_durable._core.clock.loop import VirtualLoop, new_loop
from pytest_durable._core.clock.pump import JUMPS_MAX, Pump

__all__ = ["JUMPS_MAX", "Clock", "Pump", "Timer", "VirtualLoop", "WallClock", "adopt", "new_loop"]
