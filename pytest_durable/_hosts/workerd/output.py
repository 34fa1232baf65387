"""What the process prints: records behind a mark, and everything else, for the log and for error messages."""

import logging
import os
from collections import deque
from collections.abc import Callable
from typing import Final

from pytest_durable._hosts.workerd.records import PlatformRecord, read_record

_CHUNK = 1 << 16
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
        self._rest = b""
        self.is_open = True

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._descriptor

    def receive(self) -> None:
        """Take what has arrived."""
        while self.is_open:
            try:
                piece = os.read(self._descriptor, _CHUNK)
            except BlockingIOError:
                return
            if piece:
                self._split(piece)
            else:
                self.close()

    def close(self) -> None:
        """Close the descriptor; an unfinished line counts as one."""
        if self.is_open:
            self.is_open = False
            os.close(self._descriptor)
            if self._rest:
                self._output.take(self._rest.decode(errors="replace"))

    def _split(self, piece: bytes) -> None:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self._output.take(line.decode(errors="replace"))
