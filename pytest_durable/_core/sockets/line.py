"""A line with two ends. Each end is held by somebody: an instance, a container, a Worker, the test.

What is sent on one end waits at the other until somebody receives there, so nothing that was sent before the line was
accepted is lost. Sending is synchronous and runs no code of users: receivers only take note.

Source: kj::newWebSocketPipe, workerd api/web-socket.c++.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from pytest_durable._core.sockets.frames import Broken, Close, Frame, Lost

Receiver = Callable[[Frame], None]


class Upgrade(Protocol):
    """What a response can hand over: one end of a line, or a WebSocket that has one."""

    def couple(self) -> "End":
        """Give the end away, once.

        Raises:
            PlatformError: It cannot be given away any more.
        """
        ...


class End:
    """One end of a line. ``make_line`` makes both."""

    __slots__ = ("_receiver", "_waiting", "has_closed", "is_cut", "is_taken", "peer")

    def __init__(self) -> None:
        self.peer: End = self
        #: It has sent its close frame.
        self.has_closed = False
        #: The line ended without the close frames of both sides.
        self.is_cut = False
        #: Somebody has accepted it, or given it away.
        self.is_taken = False
        self._receiver: Receiver | None = None
        self._waiting: deque[Frame] = deque()

    def __repr__(self) -> str:
        state = "cut" if self.is_cut else "closed" if self.is_over else "open"
        return f"<End of a line, {state}, {len(self._waiting)} waiting>"

    @property
    def is_over(self) -> bool:
        """Whether nothing travels here any more, in either direction."""
        return self.is_cut or (self.has_closed and self.peer.has_closed)

    def couple(self) -> "End":
        """Itself: whoever has an end may hand it on."""
        return self

    def receive_with(self, receiver: Receiver) -> None:
        """Let ``receiver`` take what arrives here, and first what has arrived already."""
        self._receiver = receiver
        while self._waiting and self._receiver is receiver:
            receiver(self._waiting.popleft())

    def send(self, frame: Frame) -> None:
        """Send a message or the close frame to the other end. What is sent on a line that is over is dropped."""
        if self.is_cut or self.has_closed:
            return
        if isinstance(frame, Close):
            self.has_closed = True
        self.peer._take(frame)

    def lose(self) -> None:
        """Whoever holds this end is gone: the other end is told so. Nothing arrives here any more."""
        self._cut(Lost())

    def fail(self, error: str) -> None:
        """The line fails: the other end gets an error. Nothing arrives here any more."""
        self._cut(Broken(error))

    def _cut(self, last: Frame) -> None:
        self._receiver = _deaf
        self._waiting.clear()
        if self.is_over:
            return
        self.is_cut = self.peer.is_cut = True
        self.peer._take(last)

    def _take(self, frame: Frame) -> None:
        if self._receiver is None or self._waiting:
            self._waiting.append(frame)
        else:
            self._receiver(frame)


def _deaf(_frame: Frame) -> None:
    """Receives for somebody who is gone."""


def make_line() -> tuple[End, End]:
    """The two ends of a new line."""
    one, other = End(), End()
    one.peer, other.peer = other, one
    return one, other
