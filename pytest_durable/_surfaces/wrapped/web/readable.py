"""What is behind a ``ReadableStream``: pieces that wait to be read, and readers that wait for pieces.

Source: the WHATWG's Streams standard; workerd api/streams/standard.c++, whose texts were asked of the binary.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, Final, cast

from pytest_durable._core.http import BodyStream
from pytest_durable._core.storage.values import UNDEFINED, JSTypedArray
from pytest_durable._surfaces.wrapped.live import LiveBuffer, LiveView
from pytest_durable._surfaces.wrapped.web.interfaces import type_error

LOCKED: Final = "This ReadableStream is currently locked to a reader."
RELEASED: Final = "This ReadableStream reader has been released."
NO_BYTES: Final = "This ReadableStream did not return bytes."


class StreamStatus(Enum):
    """Where a stream is in its life."""

    READABLE = "readable"
    CLOSED = "closed"
    FAILED = "errored"


#: Whether the stream is at its end, and the piece (a wire value).
Step = tuple[bool, object]


class Readable:
    """A stream of pieces.

    Args:
        pull: Asked for pieces when there is room; may return an awaitable.
        cancelled: Told that nobody wants the rest, and why; may return an awaitable.
        high_water_mark: How many pieces may wait.
        rest: Pieces that are there from the beginning.
    """

    def __init__(
        self,
        pull: Callable[[], Any] | None = None,
        cancelled: Callable[[Any], Any] | None = None,
        *,
        high_water_mark: float = 1,
        rest: tuple[object, ...] = (),
    ) -> None:
        self.status = StreamStatus.READABLE
        self.failure: BaseException | None = None
        self.is_disturbed = False
        self.is_locked = False
        #: Pulls begin when it is true.
        self.is_started = True
        self._pull = pull
        self._cancelled = cancelled
        self._high_water_mark = high_water_mark
        self._pieces: deque[object] = deque(rest)
        self._readers: deque[asyncio.Future[Step]] = deque()
        self._is_closing = False
        self._pulling: asyncio.Future[None] | None = None
        self._pulls_again = False
        #: Completed when the stream is closed, if somebody asked.
        self._end: asyncio.Future[None] | None = None

    def __repr__(self) -> str:
        return f"<Readable {self.status.value}: {len(self._pieces)} pieces, {len(self._readers)} readers>"

    # -- the side of whoever makes the pieces

    @property
    def is_writable(self) -> bool:
        """Whether pieces can be added."""
        return self.status is StreamStatus.READABLE and not self._is_closing

    @property
    def desired(self) -> float | None:
        """How many more pieces may wait; None after a failure."""
        if self.status is StreamStatus.FAILED:
            return None
        return 0 if self.status is StreamStatus.CLOSED else self._high_water_mark - len(self._pieces)

    @property
    def wants_pieces(self) -> bool:
        """Whether somebody waits for a piece, or there is room for one."""
        return bool(self._readers) or (self.desired or 0) > 0

    def enqueue(self, piece: object) -> None:
        """Add a piece.

        Raises:
            JsException: TypeError; the stream has an end already.
        """
        if not self.is_writable:
            raise type_error("Unable to enqueue")
        reader = self._next_reader()
        if reader is None:
            self._pieces.append(piece)
        else:
            reader.set_result((False, piece))
        self.pull_if_wanted()

    def close(self) -> None:
        """Let the stream end behind the pieces that wait.

        Raises:
            JsException: TypeError; it has an end already.
        """
        if not self.is_writable:
            raise type_error("This ReadableStream is closed.")
        self._is_closing = True
        if not self._pieces:
            self._finish()

    def fail(self, failure: BaseException) -> None:
        """End the stream at once: whoever reads gets ``failure``."""
        if self.status is not StreamStatus.READABLE:
            return
        self.status, self.failure = StreamStatus.FAILED, failure
        self._pieces.clear()
        while (reader := self._next_reader()) is not None:
            _fail(reader, failure)
        if self._end is not None and not self._end.done():
            _fail(self._end, failure)

    def pull_if_wanted(self) -> None:
        """Ask for pieces, unless that is being done."""
        if self._pull is None or not (self.is_started and self.is_writable and self.wants_pieces):
            return
        if self._pulling is not None:
            self._pulls_again = True
        elif asyncio._get_running_loop() is not None:  # a stream of a module is asked when somebody reads it
            self._pulling = asyncio.ensure_future(self._pull_once(self._pull))

    async def _pull_once(self, pull: Callable[[], Any]) -> None:
        try:
            await settled(pull())
        except Exception as failure:
            self.fail(failure)
        self._pulling = None
        if self._pulls_again:
            self._pulls_again = False
            self.pull_if_wanted()

    # -- the side of whoever reads them

    def next(self) -> "asyncio.Future[Step]":
        """The next piece, or the end."""
        self.is_disturbed = True
        future: asyncio.Future[Step] = asyncio.get_running_loop().create_future()
        if self._pieces:
            future.set_result((False, self._pieces.popleft()))
            if self._is_closing and not self._pieces:
                self._finish()
            else:
                self.pull_if_wanted()
        elif self.status is StreamStatus.FAILED:
            assert self.failure is not None
            _fail(future, self.failure)
        elif self.status is StreamStatus.CLOSED:
            future.set_result((True, UNDEFINED))
        else:
            self._readers.append(future)
            self.pull_if_wanted()
        return future

    def release(self, reads: "list[asyncio.Future[Step]]") -> None:
        """A reader goes; what it still waits for fails."""
        self.is_locked = False
        for read in reads:
            if not read.done():
                _fail(read, type_error(RELEASED))

    async def cancel(self, reason: Any = None) -> None:
        """Nobody wants the rest."""
        self.is_disturbed = True
        if self.status is StreamStatus.FAILED:
            assert self.failure is not None
            raise self.failure
        if self.status is StreamStatus.CLOSED:
            return
        self._pieces.clear()
        self._finish()
        if self._cancelled is not None:
            await settled(self._cancelled(reason))

    def drain(self) -> None:
        """Somebody has read all of it at once."""
        self.is_disturbed = True
        self._pieces.clear()
        if self.status is StreamStatus.READABLE:
            self._finish()

    def end(self) -> "asyncio.Future[None]":
        """Completes when the stream has been read to its end."""
        if self._end is None:
            self._end = asyncio.get_running_loop().create_future()
            if self.status is StreamStatus.CLOSED:
                self._end.set_result(None)
            elif self.failure is not None:
                _fail(self._end, self.failure)
        return self._end

    def _finish(self) -> None:
        self.status = StreamStatus.CLOSED
        while (reader := self._next_reader()) is not None:
            reader.set_result((True, UNDEFINED))
        if self._end is not None and not self._end.done():
            self._end.set_result(None)

    def _next_reader(self) -> "asyncio.Future[Step] | None":
        while self._readers:
            reader = self._readers.popleft()
            if not reader.done():  # else whoever read has been cancelled
                return reader
        return None


class ReadableBody(BodyStream):
    """A stream as the body of what is sent.

    Args:
        readable: The stream, which nobody else reads.
        takes_text: Texts are pieces too, as they are in a body on its way out.
    """

    __slots__ = ("_cancelling", "_readable", "_takes_text")

    def __init__(self, readable: Readable, *, takes_text: bool = True) -> None:
        readable.is_locked = readable.is_disturbed = True
        self._readable = readable
        self._takes_text = takes_text

    async def read(self) -> bytes | None:
        is_done, piece = await self._readable.next()
        if is_done:
            return None
        if isinstance(piece, JSTypedArray | LiveBuffer | LiveView | bytes):
            return bytes(piece)
        if isinstance(piece, str) and self._takes_text:
            return piece.encode("utf-8", "replace")
        failure = type_error(NO_BYTES)
        self._readable.fail(failure)
        raise failure

    def cancel(self) -> None:
        self._cancelling = asyncio.ensure_future(self._readable.cancel())


async def settled(result: Any) -> Any:
    """A result, awaited if it can be."""
    return await cast("Awaitable[Any]", result) if hasattr(result, "__await__") else result


def _fail(future: "asyncio.Future[Any]", failure: BaseException) -> None:
    future.set_exception(failure)
    future.exception()  # whoever does not look has chosen so
