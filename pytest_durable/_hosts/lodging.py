"""The world that a host lives in: one of its own, or one that it shares with other hosts of a test."""

import asyncio
from contextlib import ExitStack
from datetime import datetime

from pytest_durable._hosts.world import World


class Lodging:
    """The world of one host, and whether it is the host's to end.

    Args:
        shared: The world that others keep; None: one of the host's own.
        start: Where the clock of its own starts.
        autojump: A test that waits makes the clock jump to the next thing due.
    """

    def __init__(self, shared: World | None, *, start: str | datetime, autojump: bool) -> None:
        self._is_own = shared is None
        # A world of our own changes the time of the process, until it is closed.
        self.world = World(start) if shared is None else shared
        self.world.set_autojump(autojump)
        self._adopted = ExitStack()

    def __repr__(self) -> str:
        return f"<Lodging in {'its own' if self._is_own else 'a shared'} {self.world!r}>"

    def adopt_running_loop(self) -> None:
        """Let the running loop live on a clock of our own; a shared world has a loop already."""
        if self._is_own and getattr(asyncio.get_running_loop(), "clock", None) is not self.world.clock:
            self._adopted.enter_context(self.world.adopt_running_loop())

    def give_loop_back(self) -> None:
        """Let the loop live on real time again, if it was adopted."""
        self._adopted.close()

    def close(self) -> None:
        """End a world of our own."""
        if self._is_own:
            self.world.close()
