"""The input gate decides who may run inside an object; the output gate decides what may leave it.

Python runs one turn at a time and storage is synchronous, so the input lock is free between turns by nature. What is
left of the platform's input gate are *critical sections*: while one is open, only work that it started may run.

What an object sends leaves at the end of the turn, when the turn's transaction is committed. If the commit fails or the
object is aborted, it is never sent. The platform's gate closes only with the first confirmed write of a turn, but what
was sent before that in the same turn is lost with the object there as well (tried), so the difference cannot be seen.

Source: workerd io/io-gate.h; spec durable-objects 6.4, 6.5.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from pytest_durable._core.platform_errors import error

#: Depth at which one more critical section is refused (spec 6.5.4).
NESTING_MAX: Final = 64


class Section:
    """Work that no other event may interrupt (``blockConcurrencyWhile``, ``transaction``)."""

    __slots__ = ("depth", "is_over", "parent")

    def __init__(self, parent: "Section | None") -> None:
        self.parent = parent
        self.depth: int = 1 if parent is None else parent.depth + 1
        self.is_over = False
        if self.depth > NESTING_MAX:
            raise error("blockConcurrencyWhile() calls are nested too deeply.")


def innermost_open(section: Section | None) -> Section | None:
    """The section, or the nearest one around it that is not over."""
    while section is not None and section.is_over:
        section = section.parent
    return section


class InputGate:
    """Who may run. ``section`` is the open critical section that others wait for, or None."""

    def __init__(self) -> None:
        self.section: Section | None = None
        # Most objects never have a critical section, so the containers are made when something goes into them.
        self._ready: tuple[Section, ...] = ()
        self._waiting: list[tuple[Section | None, asyncio.Future[None]]] | None = None
        #: Turns that were let in and have not begun yet. They came first: nobody may overtake them.
        self.called: set[asyncio.Future[None]] | None = None
        #: The outcome of the section that has just ended; only a turn that awaits it may begin.
        self.handed_to: asyncio.Future[object] | None = None

    def __repr__(self) -> str:
        state = "open" if self.section is None else f"section of depth {self.section.depth}"
        return f"<InputGate {state}, {self.waiting} waiting>"

    @property
    def waiting(self) -> int:
        """How many turns are held back."""
        return len(self._waiting or ())

    def enter(self, section: Section) -> None:
        """Begin ``section`` now, or as soon as its siblings before it are over.

        Sections that wait for one around it do not concern it: they wait for it as well.
        """
        parent = innermost_open(section.parent)
        if self.section is parent and not any(innermost_open(other.parent) is parent for other in self._ready):
            self.section = section
        else:
            self._ready += (section,)

    def hand_over(self, section: Section, outcome: "asyncio.Future[object]") -> None:
        """End ``section``: whoever awaits its outcome goes next, before sections that are ready and all that wait."""
        section.is_over = True
        self.handed_to = outcome

    def leave(self, outcome: "asyncio.Future[object]") -> None:
        """The turn that got the gate has begun; sections that are ready go before everything else that waits."""
        if self.handed_to is not outcome:
            return  # that turn has ended a section around it, and handed the gate on
        self.handed_to = None
        self.section = innermost_open(self.section)
        for other in self._ready:
            if innermost_open(other.parent) is self.section:
                self._ready = _without(self._ready, other)
                self.section = other
                break
        self._wake()

    def hold(self, section: Section | None, waiter: "asyncio.Future[None]") -> None:
        """Complete ``waiter`` when a turn of ``section`` may run; first come, first served."""
        if self._waiting is None:
            self._waiting = []
        self._waiting.append((section, waiter))
        if self.section is section:  # it may run, but others were let in before it
            self._wake()

    def answered(self, waiter: "asyncio.Future[None]") -> None:
        """The turn behind ``waiter`` begins, or goes back to waiting."""
        if self.called is not None:
            self.called.discard(waiter)

    def _wake(self) -> None:
        if not self._waiting:
            return
        if self.called is None:
            self.called = set()
        still_waiting = []
        for section, waiter in self._waiting:
            if innermost_open(section) is not self.section:
                still_waiting.append((section, waiter))
            elif not waiter.done():
                self.called.add(waiter)
                waiter.set_result(None)
        self._waiting = still_waiting


def _without(sections: tuple[Section, ...], one: Section) -> tuple[Section, ...]:
    return tuple(other for other in sections if other is not one)


class OutputGate:
    """What may leave. Closed during each turn; opened when its writes are durable."""

    def __init__(self) -> None:
        self._held: list[Callable[[], object]] | None = None  # made when something is held; idle objects hold nothing

    def __repr__(self) -> str:
        return f"<OutputGate, {len(self._held or ())} held>"

    def hold(self, action: Callable[[], object]) -> None:
        """Do ``action`` when the writes made so far are durable."""
        if self._held is None:
            self._held = []
        self._held.append(action)

    def open(self) -> None:
        """The writes are durable: let go what waited, in order."""
        if self._held:
            held, self._held = self._held, None
            for action in held:
                action()

    def discard(self) -> None:
        """The writes are lost: what waited is never sent."""
        self._held = None
