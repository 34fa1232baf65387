"""An asyncio loop on the clock of a test.

It is a plain selector loop: real sockets, threads and child processes work. What differs is the idle wait. Where the
stock loop sleeps until the next timer, this one polls I/O once and asks its pump what to do: start what is due, jump,
or fail. ``time.monotonic`` is never touched; nothing outside the loop notices it.

Written against CPython 3.11 to 3.13, whose private parts ``_ready``, ``_scheduled`` and ``_run_once`` it replaces or
uses; ``tests/core/clock`` fails loudly if a version moves them.

The class works both as the class of a new loop and as one that a running plain loop is turned into (``adopt``). For
the second case everything it needs is set up by ``_begin_virtual_time``, not by ``__init__``.
"""

import asyncio
import functools
import heapq
import math
from collections.abc import Awaitable, Callable, Generator
from contextvars import Context, ContextVar
from typing import Any, TypeVar

from pytest_durable._core.clock.clock import Clock
from pytest_durable._core.clock.floats import nanoseconds, seconds
from pytest_durable._core.clock.owning_loop import Callback, OwningLoop
from pytest_durable._core.clock.pump import Pump
from pytest_durable._core.clock.real_work import REAL_WAIT_SECONDS_MAX, real_wait_error
from pytest_durable._core.clock.stuck import busy_error, interrupt, is_task, stuck_error, task_of_the_test
from pytest_durable._core.errors import DurableError

T = TypeVar("T")

#: Timers less than this far away count as due, so that rounding a float never costs a turn of the loop.
_RESOLUTION_SECONDS = 1e-6
#: A loop that is never idle still polls I/O and starts what is due once in so many rounds. A power of two.
_BUSY_ROUNDS = 64
#: Rounds without rest during one await of the test: time stands still meanwhile, so whoever polls would poll for ever.
BUSY_ROUNDS_MAX = 5_000_000


class VirtualLoop(OwningLoop):
    """An event loop whose time is ``clock``'s.

    Args:
        clock: The clock to read and to move.
        owner_var: The context variable that names the object a callback belongs to; see ``wrap_callback``.
    """

    def __init__(self, clock: Clock, owner_var: "ContextVar[Any] | None" = None) -> None:
        super().__init__()
        self._begin_virtual_time(clock, owner_var, frozenset())

    def _begin_virtual_time(
        self, clock: Clock, owner_var: "ContextVar[Any] | None", ignored_fds: frozenset[int]
    ) -> None:
        self._begin_owning(owner_var, ignored_fds)
        self.clock = clock
        clock.next_timer_at = self.next_timer_at
        #: Adds what the host knows to the message of a ``StuckError``.
        self.explain_wait: Callable[[], str] | None = None
        #: How long real work may take, in real time, without anything happening.
        self.real_wait_seconds_max = REAL_WAIT_SECONDS_MAX
        #: The task that an error about waiting is raised in; None means what ``run_until_complete`` runs.
        self.test_task: asyncio.Task[Any] | None = None
        #: How many timers of the world outside stand still while the loop is adopted.
        self.outside_timers = 0
        self.pump = Pump(clock, self)
        self._main: asyncio.Future[Any] | None = None
        self._is_followed = clock.is_followed
        self._busy_rounds = 0
        self._busy_during: object | None = None
        self._clock_resolution = _RESOLUTION_SECONDS
        # On the instance, because freezegun's `real_asyncio` overwrites `time` on the class that the policy returns.
        self.time = functools.partial(seconds, clock)  # type: ignore[method-assign]
        #: Timers before this instant are released in every round, as the stock loop does. After a jump to an item
        #: of the clock it lags behind while a timer of the same instant waits for that item to come to rest.
        self._horizon = self.time() + _RESOLUTION_SECONDS

    # Running.

    def run_until_complete(self, future: Generator[Any, None, T] | Awaitable[T]) -> T:
        """Run until ``future`` is done; it is the test, in which errors about waiting are raised."""
        self._check_closed()  # type: ignore[attr-defined]
        self._check_running()  # type: ignore[attr-defined]
        is_ours = not asyncio.isfuture(future)
        main: asyncio.Future[T] = asyncio.ensure_future(future, loop=self)  # type: ignore[arg-type]
        if is_ours:
            main._log_destroy_pending = False  # type: ignore[attr-defined]  # as the base class does
        outer, self._main = self._main, main
        try:
            return super().run_until_complete(main)
        except BaseException:
            if is_ours and main.done() and not main.cancelled():
                main.exception()  # the caller has no access to the task: count its exception as seen
            raise
        finally:
            self._main = outer

    def _run_once(self) -> None:
        """One round. This is the hot path: a busy loop makes no system call and reads no clock."""
        ready = self._ready
        if not ready:
            self._idle()
        else:
            self._busy_rounds += 1
            if not self._busy_rounds & (_BUSY_ROUNDS - 1):
                self._attend_while_busy()
        if self._is_followed and self.clock.pull():
            self._catch_up()
        if self._scheduled and self._scheduled[0].when() < self._horizon:
            self._release_timers()
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()

    def _idle(self) -> None:
        self._busy_rounds = 0
        self._forget_cancelled_timers()
        self._poll(0)
        if self._ready or self._stopping:
            return
        if self.clock.pull():
            self._catch_up()
        else:
            self.pump.turn()

    def _attend_while_busy(self) -> None:
        """Keep a loop that is never idle, such as one that polls with ``sleep(0)``, from starving everything else."""
        self._poll(0)
        self._forget_cancelled_timers()
        if timer := self.clock.take_due():
            self.call_soon(timer.run)
        self._horizon = self.time() + _RESOLUTION_SECONDS
        self._limit_busy_rounds()

    def _limit_busy_rounds(self) -> None:
        test_wait = self.test_wait()
        if test_wait is not self._busy_during:
            self._busy_during, self._busy_rounds = test_wait, 0
        elif test_wait is not None and self._busy_rounds >= BUSY_ROUNDS_MAX:
            self._busy_rounds = 0
            self.pump.fail(busy_error(BUSY_ROUNDS_MAX))

    def _poll(self, timeout: float | None) -> bool:
        arrived = self._selector.select(timeout)
        if arrived:
            self._process_events(arrived)  # type: ignore[attr-defined]
        return bool(arrived)

    # What the clock and the pump ask of the loop.

    def next_timer_at(self) -> int | None:
        """Elapsed nanoseconds at which the loop's own next timer is due."""
        scheduled = self._scheduled
        while scheduled:
            if not scheduled[0].cancelled():
                when = scheduled[0].when()
                return None if when == math.inf else nanoseconds(when)
            heapq.heappop(scheduled)._scheduled = False  # type: ignore[attr-defined]
            self._timer_cancelled_count -= 1
        return None

    def release_due(self) -> None:
        """Make what is due ready: one item of the clock, or, when there is none, the loop's timers.

        Items go first, so that a test sleeping until the instant of an alarm wakes after that alarm has run.
        """
        horizon = self.time() + _RESOLUTION_SECONDS
        if timer := self.clock.take_due():
            self.call_soon(timer.run)
            if self._scheduled and self._scheduled[0].when() < horizon:
                return  # a tie: the timers wait for the next turn of the pump
        self._horizon = horizon

    def wait_for_real_work(self) -> bool:
        """Wait for file descriptors, threads and child processes, in real time.

        Returns:
            False if there is nothing to wait for, or nobody who would learn that it did not end.
        """
        names = self._real_work_names()
        if not names:
            return False
        if not self._poll(self.real_wait_seconds_max) and not self._ready:
            if self.test_wait() is None and not self.pump.is_awaited:
                return False
            self.pump.fail(real_wait_error(names, self.real_wait_seconds_max))
        return True

    def is_at_rest(self) -> bool:
        """Whether nothing is ready, nothing is due, and nothing comes from outside."""
        any_at, _ = self.clock.next_instants()
        is_due = any_at is not None and any_at <= self.clock.elapsed_ns
        has_descriptors = len(self._selector.get_map()) > 1  # besides the loop's own; those of others are served too
        return not (self._ready or is_due or self.clock.is_late or has_descriptors or self._real_work_names())

    def test_wait(self) -> object | None:
        """What the test waits for: some object that differs from one await to the next."""
        test = self._test()
        return None if test is None else getattr(test, "_fut_waiter", None) or test

    def block(self) -> None:
        """Wait for I/O without limit, as ``run_forever`` on the stock loop."""
        self._poll(None)

    def explain_stuck(self) -> DurableError:
        """Make the error for a test that waits for what can never happen."""
        due_ns = self.clock.next_due_ns()
        distance_ns = None if due_ns is None else due_ns - self.clock.wall_ns
        evidence = self.explain_wait() if self.explain_wait is not None else ""
        if self.outside_timers:
            evidence += (
                f"\n  timers of before the host was entered, which stand still until it is left: {self.outside_timers}"
            )
        return stuck_error(self._test(), _live(asyncio.all_tasks(self)), distance_ns, evidence)

    def interrupt_test(self, error: DurableError) -> None:
        """Raise ``error`` inside the test's await, or, failing that, out of the run of the loop."""
        test = self._test()
        if is_task(test):
            if interrupt(test, error):
                return
        elif test is not None and not test.done():
            test.set_exception(error)
            return
        raise error

    def _test(self) -> "asyncio.Future[Any] | None":
        if self.test_task is not None and not self.test_task.done():
            return self.test_task
        return task_of_the_test(self._main)

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callback, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """See ``asyncio``. The sum is made of integers, so that no delay is off by the rounding of a float."""
        if delay is None:
            raise TypeError("delay must not be None")
        if not math.isfinite(delay):
            return self.call_at(delay, callback, *args, context=context)
        when = (self.clock.elapsed_ns + round(delay * 1e9)) / 1e9
        return self.call_at(when, callback, *args, context=context)

    def _release_timers(self) -> None:
        scheduled, horizon = self._scheduled, self._horizon
        while scheduled and scheduled[0].when() < horizon:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False  # type: ignore[attr-defined]
            if handle.cancelled():
                self._timer_cancelled_count -= 1
            else:
                self._ready.append(handle)

    def _catch_up(self) -> None:
        """Somebody else moved the clock forward: start everything that became due, late, in the order of its time."""
        self.clock.is_late = False
        while timer := self.clock.take_due():
            self._horizon = timer.at_ns / 1e9
            self._release_timers()
            self.call_soon(timer.run)
        self._horizon = self.time() + _RESOLUTION_SECONDS

    def _forget_cancelled_timers(self) -> None:
        """Drop cancelled timers once they are the majority, as the stock loop does in each round."""
        if self._timer_cancelled_count * 2 > len(self._scheduled) > _BUSY_ROUNDS:
            for handle in self._scheduled:
                handle._scheduled = not handle.cancelled()  # type: ignore[attr-defined]
            self._scheduled = [handle for handle in self._scheduled if not handle.cancelled()]
            heapq.heapify(self._scheduled)
            self._timer_cancelled_count = 0


def new_loop(clock: Clock, owner_var: "ContextVar[Any] | None" = None) -> VirtualLoop:
    """Make a loop on ``clock``. The caller closes it."""
    return VirtualLoop(clock, owner_var)


def _live(tasks: "set[asyncio.Task[Any]]") -> "list[asyncio.Task[Any]]":
    """Leave out tasks of objects that are gone: nobody waits for them any more."""
    return [task for task in tasks if not getattr(task.get_coro(), "is_abandoned", False)]
