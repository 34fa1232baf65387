"""The requests of a test that the process has not answered yet."""

import asyncio
from collections.abc import Callable
from typing import Final

from pytest_durable._core.errors import HostDownError
from pytest_durable._hosts.workerd.exchange import Reply
from pytest_durable._hosts.world import World

#: How long a graceful stop waits for calls in flight, in virtual seconds (decisions 4.5).
DRAIN_SECONDS_MAX: Final = 30

OnReply = Callable[[Reply | None], None]


class InFlight:
    """Requests without a reply, each with a label for messages.

    Args:
        world: The loop and the time of the test.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._labels: dict[object, str] = {}
        self._drained: asyncio.Future[None] | None = None

    def __repr__(self) -> str:
        return f"<InFlight: {', '.join(self._labels.values()) or 'nothing'}>"

    def __len__(self) -> int:
        return len(self._labels)

    def add(self, label: str, on_reply: OnReply) -> OnReply:
        """Count a request; returns what takes its reply in place of ``on_reply``.

        Raises:
            HostDownError: The host is being stopped.
        """
        if self._drained is not None:
            raise HostDownError(
                "The host is being stopped: it finishes the calls in flight and takes no new ones.\n\n"
                "Start it again when stop() has returned:  await durable.start()"
            )
        token = object()
        self._labels[token] = label

        def replied(reply: Reply | None) -> None:
            self._labels.pop(token, None)
            if self._drained is not None and not self._labels and not self._drained.done():
                self._drained.set_result(None)
            on_reply(reply)

        return replied

    async def drain(self) -> None:
        """Take no new ones, and let the others go on for 30 virtual seconds at most."""
        if not self._labels:
            return
        self._drained = self._world.loop.create_future()
        try:
            with self._world.jumping():
                await asyncio.wait([self._drained], timeout=DRAIN_SECONDS_MAX)
        finally:
            self._drained = None

    def describe(self) -> list[str]:
        """One line for each, for messages."""
        return [f"{label} is in flight, on the real platform" for label in self._labels.values()]
