"""One request to the process and its reply: one connection, closed by the process after it has answered.

A connection per request, because a kept one would set a timer in the process, which would look like something that is
going to happen.
"""

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass

_CHUNK = 1 << 16
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    body: bytes


class Exchange:
    """A request in flight. The conversation serves it; ``on_reply`` is called once, with None if there was no reply.

    Args:
        address: Where the process listens: an address of a local socket.
        body: What to say.
        on_reply: Called by the conversation while it runs, so it must not ask it for anything.
    """

    def __init__(self, address: bytes | str, body: bytes, on_reply: Callable[[Reply | None], None]) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(address)
        except OSError:  # nobody listens any more
            self._socket.close()
            raise
        self._socket.setblocking(False)
        head = f"POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        self._unsent = memoryview(head.encode() + body)
        self._received = bytearray()
        self._on_reply: Callable[[Reply | None], None] | None = on_reply
        self.send()

    @property
    def is_over(self) -> bool:
        """Whether ``on_reply`` has been called."""
        return self._on_reply is None

    @property
    def has_unsent(self) -> bool:
        """Whether part of the request waits for room."""
        return bool(self._unsent)

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._socket.fileno()

    def send(self) -> None:
        """Send as much as there is room for."""
        while self._unsent:
            try:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
            except BlockingIOError:
                return
            except OSError:
                self._unsent = self._unsent[:0]  # the process is gone or has let go; receiving will tell

    def receive(self) -> None:
        """Take what has arrived. At the end of it the reply is delivered."""
        while not self.is_over:
            try:
                piece = self._socket.recv(_CHUNK)
            except BlockingIOError:
                return
            except OSError:
                piece = b""
            if piece:
                self._received += piece
            else:
                self._end(_parse(bytes(self._received)))

    def close(self) -> None:
        """Let go of the request; the process cancels what it does for it. There is no reply then."""
        if not self.is_over:
            self._end(None)

    def _end(self, reply: Reply | None) -> None:
        self._socket.close()
        deliver, self._on_reply = self._on_reply, None
        if deliver is not None:
            deliver(reply)


def _parse(received: bytes) -> Reply | None:
    """Return the reply if it is complete."""
    head, separator, body = received.partition(b"\r\n\r\n")
    head += b"\r\n"
    if not separator or not head.startswith(b"HTTP/1.1 "):
        return None
    if _CHUNKED.search(head):
        whole = _join_chunks(body)
    else:
        length = _LENGTH.search(head)
        whole = body if length is None or int(length[1]) == len(body) else None
    return None if whole is None else Reply(int(head[9:12]), whole)


def _join_chunks(body: bytes) -> bytes | None:
    joined = bytearray()
    while True:
        size_text, separator, rest = body.partition(b"\r\n")
        if not separator:
            return None
        size = int(size_text.partition(b";")[0], 16)
        if size == 0:
            return bytes(joined)
        if len(rest) < size + 2:
            return None
        joined += rest[:size]
        body = rest[size + 2 :]
