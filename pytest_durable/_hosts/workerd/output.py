"""What the process prints: records behind a mark, and everything else, for the log and for error messages."""

import logging
import os
from collections import deque
from collections.abc import Callable
from typing import Final

from pytest_durable._hosts.workerd.records import PlatformRecord, read_record

_CHUNK = 1 << 16
_PIECES_MAX = 16
_LINES_KEPT = 200

#: Where ``console`` of objects in this process goes, too.
_LOGGER: Final = logging.getLogger("pytest_durable.console")
_LOGGER.setLevel(logging.DEBUG)


class Output:
    """The lines of the standard output and of the standard error, in order of arrival.

    Args:
        mark: What a record begins with.
        on_record: Called for each record.
    """

    def __init__(self, mark: str, on_record: Callable[[PlatformRecord], None]) -> None:
        self._mark = mark
        self._on_record = on_record
        self._lines: deque[str] = deque(maxlen=_LINES_KEPT)

    def take(self, line: str) -> None:
        """Take one line without its end."""
        if line.startswith(self._mark):
            self._on_record(read_record(line[len(self._mark) :]))
        else:
            self._lines.append(line)
            _LOGGER.info("%s", line)

    def text(self) -> str:
        """The last 200 lines that are not records."""
        return "\n".join(self._lines)

    def told(self) -> str:
        """The same as the end of a message."""
        return f"It printed:\n\n{self.text()}" if self._lines else "It printed nothing."


class Pipe:
    """The reading end of one of the two streams.

    Args:
        descriptor: Owned by this object from now on.
        output: Receives the lines.
    """

    def __init__(self, descriptor: int, output: Output) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._output = output
        self._rest = bytearray()
        self.is_open = True

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._descriptor

    def receive(self) -> bool:
        """Take a piece of what has arrived; False if nothing has. The process may never stop to print."""
        if not self.is_open:
            return False
        try:
            piece = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return False
        if piece:
            self._split(piece)
        else:
            self.close()
        return True

    def drain(self) -> None:
        """Take what has arrived: what the process managed to say. At most what a pipe can hold."""
        for _ in range(_PIECES_MAX):
            if not self.receive():
                return

    def close(self) -> None:
        """Close the descriptor; an unfinished line counts as one."""
        if self.is_open:
            self.is_open = False
            os.close(self._descriptor)
            if self._rest:
                self._output.take(self._rest.decode(errors="replace"))

    def _split(self, piece: bytes) -> None:
        first, *others = piece.split(b"\n")
        self._rest += first
        for begun in others:  # each ends the line before it
            self._output.take(self._rest.decode(errors="replace"))
            self._rest = bytearray(begun)
