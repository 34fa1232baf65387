"""The critical sections of one instance: what they run, how long they may last, and what becomes of their outcome.

Who else may run meanwhile is the business of the input gate (``gates``).

Source: workerd io/io-context.h (blockConcurrencyWhile), io/io-gate.h; spec durable-objects 6.5.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pytest_durable._core.actor.callbacks import resolve
from pytest_durable._core.actor.gates import Section
from pytest_durable._core.life import Timer
from pytest_durable._core.platform_errors import PlatformError

if TYPE_CHECKING:
    import asyncio

    from pytest_durable._core.actor.incarnation import Incarnation

#: How long a critical section may last (spec 6.5.6).
SECTION_TIMEOUT_NS: Final = 30_000_000_000


class CriticalSections:
    """The critical sections of one instance.

    Args:
        incarnation: The instance's stay in memory.
    """

    __slots__ = ("_incarnation", "_timers")

    def __init__(self, incarnation: "Incarnation") -> None:
        self._incarnation = incarnation
        self._timers: tuple[Timer, ...] = ()  # not a set: there is hardly ever more than one

    def __repr__(self) -> str:
        return f"<CriticalSections of {self._incarnation.key}: {len(self._timers)} not over>"

    def __len__(self) -> int:
        """How many are open or ready."""
        return len(self._timers)

    def run(
        self, callback: Callable[[], object], parent: Section | None, *, failure_resets: bool
    ) -> "asyncio.Future[object]":
        """Run ``callback`` (which may return an awaitable) as a critical section.

        Args:
            callback: The work.
            parent: The section from which it is called.
            failure_resets: A failure of the callback resets the object (``blockConcurrencyWhile``); the returned future
                then never completes. Otherwise the future fails with it.

        Raises:
            PlatformError: Nested too deeply.
        """
        incarnation = self._incarnation
        life, gate = incarnation.services.life, incarnation.input_gate
        section = Section(parent)
        future: asyncio.Future[object] = life.loop.create_future()
        timer = life.after(SECTION_TIMEOUT_NS, self._timed_out, key=incarnation.key.hex)
        self._timers += (timer,)
        gate.enter(section)

        def ended(result: object, failure: BaseException | None) -> None:
            timer.cancel()
            self._timers = tuple(other for other in self._timers if other is not timer)
            gate.hand_over(section, future)
            if future.done():
                pass  # its caller has been cancelled
            elif failure is None:
                future.set_result(result)
            else:
                future.set_exception(_raisable(failure))
            life.soon(lambda: gate.leave(future))

        incarnation.start(resolve(callback), ended, section, incarnation.container.reset if failure_resets else None)
        return future

    def _timed_out(self) -> None:
        self._incarnation.container.break_with_error(
            PlatformError(
                "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was canceled and"
                " the Durable Object was reset.",
                overloaded=True,
                durable_object_reset=True,
            )
        )

    def stop(self) -> None:
        """The instance is over: none of them takes too long any more."""
        for timer in self._timers:
            timer.cancel()


def _raisable(failure: BaseException) -> BaseException:
    """Futures refuse StopIteration; nobody raises it on purpose across an await."""
    return RuntimeError("StopIteration was raised in a callback") if isinstance(failure, StopIteration) else failure
