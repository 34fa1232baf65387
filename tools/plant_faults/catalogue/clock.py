"""Faults in time: the clock, the agenda, the loop, and the messages for what can never happen."""

from typing import Final

from tools.plant_faults.fault import Fault

_CLOCK: Final = "_core/clock/clock.py"
_DECISION: Final = "_core/clock/decision.py"
_LOOP_TESTS: Final = ("tests/core/clock/test_loop.py",)

FAULTS: Final = (
    Fault(
        name="clock-jumps-past-items",
        breaks="The clock goes straight to its target, and what is due on the way runs late.",
        file=_DECISION,
        before="        if any_at is not None and any_at <= wants.target_at:\n",
        after="        if any_at is None and event_at is not None:\n",
        tests=_LOOP_TESTS,
    ),
    Fault(
        name="item-at-the-target-left-out",
        breaks="A journey ends before it has run what is due exactly at its target.",
        file=_DECISION,
        before="        if any_at is not None and any_at <= wants.target_at:\n",
        after="        if any_at is not None and any_at < wants.target_at:\n",
        tests=("tests/core/clock/test_decide.py",),
    ),
    Fault(
        name="autojump-cannot-be-turned-off",
        breaks="A waiting test makes the clock jump although autojump is off.",
        file=_DECISION,
        before="    if event_at is not None and (wants.idle or wants.autojump):",
        after="    if event_at is not None:",
        tests=("tests/core/clock/test_stuck.py",),
    ),
    Fault(
        name="items-in-the-order-of-asking",
        breaks="Items due at one instant run in the order in which they were asked for, not by key.",
        file="_core/clock/agenda.py",
        before="        heapq.heappush(self._heap, (timer.at_ns, timer.key, self._asked, timer))",
        after='        heapq.heappush(self._heap, (timer.at_ns, "", self._asked, timer))',
        tests=("tests/core/clock/test_clock.py",),
    ),
    Fault(
        name="cancelled-item-runs",
        breaks="An item that was cancelled runs nevertheless.",
        file="_core/clock/agenda.py",
        before="        if self._callback is not None:\n            self._callback = None\n",
        after="        if self._callback is not None:\n",
        tests=("tests/core/clock/test_clock.py",),
    ),
    Fault(
        name="housekeeping-makes-the-loop-jump",
        breaks="Idle timeouts and sweeps move the clock and count as something that can still happen.",
        file=_CLOCK,
        before="            return house[0], event_at\n",
        after="            return house[0], house[0]\n",
        tests=_LOOP_TESTS,
    ),
    Fault(
        name="housekeeping-passed-over",
        breaks="Idle timeouts do not run when time passes over them.",
        file=_CLOCK,
        before="            return house[0], event_at\n",
        after="            return event_at, event_at\n",
        tests=_LOOP_TESTS,
    ),
    Fault(
        name="foreign-move-takes-no-time",
        breaks="When freezegun or time-machine moves the wall clock, no time elapses and nothing comes due.",
        file=_CLOCK,
        before="                self._elapsed_ns += seen_ns - self._wall_ns\n                self._wall_ns = seen_ns\n",
        after="                self._wall_ns = seen_ns\n",
        tests=("tests/core/clock/test_foreign_clock.py",),
    ),
    Fault(
        name="foreign-freeze-not-adopted",
        breaks="A test that freezes time with freezegun and the objects see two different clocks.",
        file="_surfaces/wallclock.py",
        before="        if freezegun is not None and freezegun.freeze_factories:",
        after="        if freezegun is None and freezegun.freeze_factories:",
        tests=("tests/surfaces/test_wallclock.py",),
    ),
    Fault(
        name="alarm-early-after-the-clock-was-set-back",
        breaks="What was asked for by wall time runs too early when the wall clock is set back.",
        file="_core/clock/agenda.py",
        before="        if self._follows_wall:\n",
        after="        if not self._follows_wall:\n",
        tests=("tests/core/clock/test_foreign_clock.py",),
    ),
    Fault(
        name="deadlines-rounded-to-nanoseconds",
        breaks="Deadlines are off by the rounding of floats, and many sleeps drift.",
        file="_core/clock/floats.py",
        before="    if abs(microseconds / 1e6 - when) <= 2 * math.ulp(when):",
        after="    if abs(microseconds / 1e6 - when) < 0:",
        tests=_LOOP_TESTS,
    ),
    Fault(
        name="loop-never-rests-between-items",
        breaks="Timers of the instant of an item wake before what the item has caused has come to rest.",
        file="_core/clock/loop.py",
        before="        while scheduled and scheduled[0].when() < horizon:",
        after="        while scheduled and scheduled[0].when() < max(horizon, self.time() + _RESOLUTION_SECONDS):",
        tests=_LOOP_TESTS,
    ),
    Fault(
        name="stuck-error-never-raised",
        breaks="A test that waits for what can never happen waits for ever.",
        file="_core/clock/pump.py",
        before="            self._loop.interrupt_test(self._loop.explain_stuck())",
        after="            self._loop.block()",
        tests=("tests/core/clock/test_stuck.py",),
    ),
    Fault(
        name="stuck-error-outside-of-the-await",
        breaks="StuckError ends the run of the loop instead of the await that is stuck, so that no test can expect it.",
        file="_core/clock/loop.py",
        before="            if interrupt(test, error):\n                return\n",
        after="            pass\n",
        tests=("tests/core/clock/test_stuck.py",),
    ),
    Fault(
        name="endless-await-noticed-late",
        breaks="A test may wait for what never comes for twice as many jumps as the limit says.",
        file="_core/clock/pump.py",
        before="        if self._test_jumps <= JUMPS_MAX or waited_for is None:",
        after="        if self._test_jumps <= 2 * JUMPS_MAX or waited_for is None:",
        tests=_LOOP_TESTS,
    ),
    Fault(
        name="threads-not-waited-for",
        breaks="Time jumps although a thread has not finished its work.",
        file="_core/clock/owning_loop.py",
        before="        self._real_work.add_job(future, func)\n",
        after="",
        tests=("tests/core/clock/test_real_work.py",),
    ),
)
