"""Processes outside that live on this clock: they have timers of their own, which it cannot see.

Before the clock moves it asks them to go along. One of them may stop early, because something happened there that the
test ought to see at its own instant; then everybody stops there, and the loop goes round before time moves on.
"""

from typing import Protocol


class Companion(Protocol):
    """One process that lives on the clock."""

    def next_at(self) -> int | None:
        """Elapsed time before which nothing that counts can happen there; None: nothing will, by what is known."""

    def travel(self, distance_ns: int) -> int:
        """Let time pass there, at most so far; returns how far it went before something happened.

        Once it has ended there is nothing to stop for: it goes all the way.
        """
        ...


class Companions:
    """All processes that live on one clock."""

    def __init__(self) -> None:
        self._all: list[Companion] = []

    def __bool__(self) -> bool:
        return bool(self._all)

    def add(self, companion: Companion) -> None:
        """Let ``companion`` live on the clock."""
        self._all.append(companion)

    def remove(self, companion: Companion) -> None:
        """``companion`` lives no more. Harmless when it did not."""
        if companion in self._all:
            self._all.remove(companion)

    def next_at(self) -> int | None:
        """The earliest of theirs."""
        return min([at for each in self._all if (at := each.next_at()) is not None], default=None)

    def travel(self, distance_ns: int) -> int:
        """Let time pass in all of them, at most so far; returns how far the clock is to move.

        With several, the first decides where everybody stops, and the others follow it there: what happens in one of
        them on the way does so at its own instant, but the test sees it when all have arrived.
        """
        first, *others = self._all
        went_ns = first.travel(distance_ns)
        for each in others:
            at_ns = 0
            while at_ns < went_ns:
                at_ns += each.travel(went_ns - at_ns)
        return went_ns
