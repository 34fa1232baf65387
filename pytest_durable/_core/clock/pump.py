"""What the loop does when nothing is ready: run what is due, jump, or say that nothing can ever happen.

The rule is ``decide``, a function of values. ``Pump`` gathers the values, obeys the answer, and counts, so that an
endless run becomes an error which names its limit.

Items go one by one: the clock is set to the item's own instant, the item starts, and the loop comes back here only
when everything it caused has come to rest. So an object sees the instant it was promised, not the end of the journey.
"""

import asyncio
from enum import Enum
from typing import Protocol

from pytest_durable._core.clock.clock import Clock
from pytest_durable._core.clock.decision import Turn, Wants, decide
from pytest_durable._core.errors import DurableError, LimitError, TimeBackwardsError

#: Moves of time in one wait of the test, or in one ``run_until_idle``.
JUMPS_MAX = 100_000
#: Items started at one and the same instant. A hundred thousand alarms of one midnight are legitimate.
STARTS_AT_ONE_INSTANT_MAX = 1_000_000


class Goal(Enum):
    """What a wait on the pump is waiting for."""

    SETTLED = "everything that can run now has run"
    REACHED = "the clock shows the target"
    IDLE = "nothing is scheduled any more"


class Wait:
    """One ``await`` on the pump."""

    __slots__ = ("future", "goal", "jumps", "target_at")

    def __init__(self, future: "asyncio.Future[None]", goal: Goal, target_at: int | None = None) -> None:
        self.future = future
        self.goal = goal
        self.target_at = target_at
        self.jumps = 0


class PumpedLoop(Protocol):
    """What the pump needs of the loop."""

    def create_future(self) -> "asyncio.Future[None]":
        """Make a future of this loop."""
        ...

    def release_due(self) -> None:
        """Make the next due item ready."""
        ...

    def wait_for_real_work(self) -> bool:
        """Wait, in real time, for whatever lives outside virtual time. False when there is no such thing."""
        ...

    def is_at_rest(self) -> bool:
        """Whether nothing but the caller can run now."""
        ...

    def test_wait(self) -> object | None:
        """What the test is waiting for, or None when the loop runs for nobody in particular."""
        ...

    def block(self) -> None:
        """Wait for I/O without limit: the loop runs for nobody in particular."""
        ...

    def explain_stuck(self) -> DurableError:
        """Make the error that says who waits for what."""
        ...

    def interrupt_test(self, error: DurableError) -> None:
        """Raise ``error`` inside the test's await."""
        ...


class Pump:
    """Moves the clock of one loop. Reached as ``loop.pump``; users reach it as ``durable.clock``.

    Args:
        clock: The clock to move.
        loop: The loop whose idleness decides when.
    """

    def __init__(self, clock: Clock, loop: PumpedLoop) -> None:
        self._clock = clock
        self._loop = loop
        #: Whether a test that waits for anything else makes the clock jump.
        self.autojump = True
        self._waits: list[Wait] = []
        self._starts_here = 0
        self._has_failed = False
        self._test_wait: object | None = None
        self._test_jumps = 0

    @property
    def is_awaited(self) -> bool:
        """Whether anybody waits for time to move."""
        return any(not wait.future.done() for wait in self._waits)

    @property
    def unbounded_wait(self) -> object | None:
        """The wait that makes time move without a target: an object of its own, or None.

        That is a ``run_until_idle``, or else what the test awaits. While a target bounds the journey, or nobody moves
        time at all, there is none.
        """
        waits = [wait for wait in self._waits if not wait.future.done()]
        if not waits:
            return self._loop.test_wait()
        if any(wait.goal is not Goal.IDLE for wait in waits):
            return None
        return waits[0]

    async def settle(self) -> None:
        """Wait until everything that can run now has run. Time does not move.

        Raises:
            RealTimeWaitError: Real work, such as a thread, did not end.
        """
        if not self._loop.is_at_rest():  # the end of most tests: spare them three rounds of the loop
            await self._wait(Goal.SETTLED)

    async def move_to(self, wall_ns: int) -> None:
        """Run everything due up to and including ``wall_ns``, each item at its own instant, and stop there.

        Args:
            wall_ns: Nanoseconds since the epoch.

        Raises:
            TimeBackwardsError: ``wall_ns`` is over.
        """
        distance_ns = wall_ns - self._clock.wall_ns
        if distance_ns < 0:
            raise TimeBackwardsError(
                f"The clock cannot go back by {-distance_ns / 1e9:g} s.\n\n"
                "Time only moves forward in a test; start the test earlier instead:  "
                '@pytest.mark.durable(start="2029-12-31T00:00:00Z")'
            )
        await self._wait(Goal.REACHED, self._clock.elapsed_ns + distance_ns)

    async def run_until_idle(self) -> None:
        """Jump from item to item until nothing is scheduled any more, housekeeping aside.

        Raises:
            LimitError: Time moved 100,000 times and there was still something scheduled.
        """
        await self._wait(Goal.IDLE)

    def turn(self) -> None:
        """Do the next thing. The loop calls this when nothing is ready and no I/O has arrived."""
        now = self._clock.elapsed_ns
        self._has_failed = False
        any_at, event_at = self._clock.next_instants()  # a companion may begin to run for this, and fail
        if self._has_failed:
            return  # whoever was told runs first
        if any_at is not None and any_at <= now:
            self._start_due()
        elif not self._loop.wait_for_real_work():
            self._obey(*decide(any_at, event_at, self._wants()), now)

    def fail(self, error: DurableError) -> None:
        """Raise ``error`` in whoever waits for time to move, else in the test."""
        self._has_failed = True
        self._waits, failed = [], [wait for wait in self._waits if not wait.future.done()]
        for wait in failed:
            wait.future.set_exception(error)
        if not failed:
            self._loop.interrupt_test(error)

    def end_journeys(self, error: DurableError) -> bool:
        """Raise ``error`` in whoever moves time by hand, where the clock is now; False if nobody does."""
        journeys = [wait for wait in self._waits if wait.goal is not Goal.SETTLED and not wait.future.done()]
        for wait in journeys:
            wait.future.set_exception(error)
        self._has_failed |= bool(journeys)
        return bool(journeys)

    async def _wait(self, goal: Goal, target_at: int | None = None) -> None:
        wait = Wait(self._loop.create_future(), goal, target_at)
        self._waits.append(wait)
        try:
            await wait.future
        finally:
            # The await may have been interrupted. A wait without a waiter must not go on moving time.
            wait.future.cancel()

    def _wants(self) -> Wants:
        if not self._waits:  # the common case: the test awaits something else
            return Wants(settled=False, target_at=None, idle=False, autojump=self.autojump)
        self._waits = waits = [wait for wait in self._waits if not wait.future.done()]
        goals = [wait.goal for wait in waits]
        return Wants(
            settled=Goal.SETTLED in goals,
            target_at=min([wait.target_at for wait in waits if wait.target_at is not None], default=None),
            idle=Goal.IDLE in goals,
            autojump=self.autojump,
        )

    def _obey(self, turn: Turn, at: int | None, now: int) -> None:
        if turn is Turn.STEP or turn is Turn.REACHED:
            assert at is not None
            if at > now:
                self._starts_here = 0
                if not self._go(at - now):
                    return
        if turn is Turn.STEP:
            if self._count_jump():
                self._loop.release_due()
        elif turn is Turn.REACHED:
            self._end(Goal.REACHED, at)
        elif turn is Turn.STUCK:
            self._give_up()
        else:
            self._end(Goal[turn.name], None)

    def _go(self, distance_ns: int) -> bool:
        """Let time pass; False if somebody outside has stopped on the way, because something happened there."""
        clock = self._clock
        moved_ns = clock.companions.travel(distance_ns) if clock.companions else distance_ns
        clock.advance(moved_ns)
        return moved_ns == distance_ns

    def _start_due(self) -> None:
        self._starts_here += 1
        if self._starts_here > STARTS_AT_ONE_INSTANT_MAX:
            self._starts_here = 0
            self.fail(
                LimitError(
                    f"{STARTS_AT_ONE_INSTANT_MAX:,} items started at one instant, and more are due.\n\n"
                    "Something schedules itself again and again for an instant that is over. Schedule it for later."
                )
            )
            return
        self._loop.release_due()

    def _end(self, goal: Goal, target_at: int | None) -> None:
        for wait in self._waits:
            if wait.goal is goal and wait.target_at == target_at and not wait.future.done():
                wait.future.set_result(None)

    def _give_up(self) -> None:
        if self._loop.test_wait() is None:
            self._loop.block()
        else:
            self._loop.interrupt_test(self._loop.explain_stuck())

    def _count_jump(self) -> bool:
        """Count a move of time for whoever made it necessary; False when that was one too many."""
        for wait in self._waits:
            if wait.goal is Goal.REACHED:
                return True  # bounded by its target
            wait.jumps += 1
            if wait.jumps > JUMPS_MAX:
                wait.future.set_exception(_too_many_jumps("run_until_idle()"))
                return False
        if self._waits:
            return True
        return self._count_test_jump()

    def _count_test_jump(self) -> bool:
        waited_for = self._loop.test_wait()
        if waited_for is not self._test_wait:
            self._test_wait, self._test_jumps = waited_for, 0
        self._test_jumps += 1
        if self._test_jumps <= JUMPS_MAX or waited_for is None:
            return True
        self._test_wait = None
        self._loop.interrupt_test(_too_many_jumps("one await of the test"))
        return False


def _too_many_jumps(where: str) -> LimitError:
    return LimitError(
        f"Time jumped {JUMPS_MAX:,} times in {where}, and something is still scheduled.\n\n"
        "Something schedules itself again and again, such as an alarm that sets the next one or a loop around "
        "`asyncio.sleep`.\nBound the journey:  await durable.clock.advance(hours=1)"
    )
