"""The requests of a test that the process has not answered yet."""

import asyncio
from collections.abc import Callable

from pytest_durable._hosts.down import DRAIN_SECONDS_MAX, host_stopping
from pytest_durable._hosts.workerd.exchange import Reply
from pytest_durable._hosts.world import World

OnReply = Callable[[Reply | None], None]


class InFlight:
    """Requests without a reply, each with a label for messages.

    Args:
        world: The loop and the time of the test.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        #: By what takes their replies.
        self._labels: dict[OnReply, str] = {}
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
            raise host_stopping()

        def replied(reply: Reply | None) -> None:
            self.forget(replied)
            if self._drained is not None and not self._labels and not self._drained.done():
                self._drained.set_result(None)
            on_reply(reply)

        self._labels[replied] = label
        return replied

    def forget(self, replied: OnReply) -> None:
        """There will be no reply: the request was never sent."""
        self._labels.pop(replied, None)

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
