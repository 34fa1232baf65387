"""Timeouts and intervals of an object: they keep it in memory, run as events of it, and go with it.

A timeout is something that can still happen, so a test that waits lets the clock jump to it. An interval never ends by
itself: it runs when time passes over it, and the clock does not jump for its sake.

Source: workerd io/io-context.h (TimeoutManager); spec python-workers 4, durable-objects 9.3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_durable._core.actor.callbacks import resolve
from pytest_durable._core.actor.gates import Section, innermost_open
from pytest_durable._core.life import Timer

if TYPE_CHECKING:
    from pytest_durable._core.actor.incarnation import Incarnation


@dataclass(slots=True, eq=False)
class _Timeout:
    callback: Callable[[], object]
    delay_ns: int
    repeats: bool
    section: Section | None
    timer: Timer | None = None


class Timeouts:
    """The timeouts and intervals of one stay in memory.

    Args:
        incarnation: That stay.
    """

    def __init__(self, incarnation: "Incarnation") -> None:
        self._incarnation = incarnation
        self._next = 1
        self._waiting: dict[int, _Timeout] = {}

    def __repr__(self) -> str:
        return f"<Timeouts of {self._incarnation.key}: {len(self._waiting)} wait>"

    def __len__(self) -> int:
        return len(self._waiting)

    def set(self, callback: Callable[[], object], delay_ns: int, section: Section | None, *, repeats: bool) -> int:
        """Call back later; returns the number by which ``clear`` knows it.

        Args:
            callback: It may return an awaitable.
            delay_ns: After how much elapsed time; of an interval also between two runs, and then at least 1 ms.
            section: The critical section that may be open while it runs.
            repeats: It is an interval.
        """
        number, self._next = self._next, self._next + 1
        self._waiting[number] = timeout = _Timeout(callback, delay_ns, repeats, section)
        self._arm(number, timeout)
        return number

    def clear(self, number: int) -> None:
        """Make it not happen. Harmless when there is no such timeout."""
        timeout = self._waiting.pop(number, None)
        if timeout is None:
            return
        if timeout.timer is not None:
            timeout.timer.cancel()
        self._rest_if_idle()

    def drop(self) -> None:
        """The object is gone: none of them runs."""
        for timeout in self._waiting.values():
            if timeout.timer is not None:
                timeout.timer.cancel()
        self._incarnation.keep(*(timeout.callback for timeout in self._waiting.values()))
        self._waiting.clear()

    def _arm(self, number: int, timeout: _Timeout) -> None:
        incarnation = self._incarnation
        timeout.timer = incarnation.services.life.after(
            timeout.delay_ns, lambda: self._run(number), key=incarnation.key.hex, housekeeping=timeout.repeats
        )

    def _run(self, number: int) -> None:
        timeout = self._waiting.get(number)
        if timeout is None or self._incarnation.is_over:
            return
        if timeout.repeats:
            self._arm(number, timeout)
        else:
            del self._waiting[number]
        run_soon(self._incarnation, timeout.callback, timeout.section)

    def _rest_if_idle(self) -> None:
        incarnation = self._incarnation
        if not (incarnation.strands or incarnation.holds or incarnation.is_over):
            incarnation.idleness.begin()


def run_soon(incarnation: "Incarnation", callback: Callable[[], object], section: Section | None) -> None:
    """Run ``callback`` as an event of the object, after what runs now; what it raises has failed in the background."""

    def ended(_result: object, failure: BaseException | None) -> None:
        if failure is not None:
            incarnation.services.background_failed("callback", incarnation.key, failure)

    incarnation.start(resolve(callback), ended, innermost_open(section))
