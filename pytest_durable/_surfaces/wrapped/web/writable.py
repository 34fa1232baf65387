"""``WritableStream`` and ``TransformStream``.

Source: the WHATWG's Streams standard; workerd api/streams/writable.c++, transform.c++.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from pytest_durable._core.storage.values import JSTypedArray
from pytest_durable._surfaces.awaitables import Settled
from pytest_durable._surfaces.wrapped.data_proxies import proxy_of
from pytest_durable._surfaces.wrapped.live import LiveBuffer, LiveView
from pytest_durable._surfaces.wrapped.proxies import JsProxy, wire_of
from pytest_durable._surfaces.wrapped.web.interfaces import Interface, Members, type_error
from pytest_durable._surfaces.wrapped.web.readable import Readable, _fail, settled
from pytest_durable._surfaces.wrapped.web.streams import JsController, JsReadableStream, failure_of, promise

_CLOSED: Final = "This WritableStream has been closed."
_LOCKED: Final = "This WritableStream is currently locked to a writer."
_NO_BYTES: Final = "This TransformStream is being used as a byte stream, but received an object of non-byte type."
_RELEASED: Final = "This WritableStream writer has been released."

#: What is to be done in turn, and who waits for it.
_Work = tuple[Callable[[], Any], "asyncio.Future[None]"]


class Writable:
    """A place where pieces are written to, one after the other.

    Args:
        write: Takes a wire value; may return an awaitable.
        close: Told that it was the last.
        abort: Told that the rest will not come, and why.
    """

    def __init__(
        self,
        write: Callable[[object], Any] = lambda _piece: None,
        close: Callable[[], Any] = lambda: None,
        abort: Callable[[Any], Any] = lambda _reason: None,
    ) -> None:
        self.is_locked = False
        self.is_closing = False
        self.failure: BaseException | None = None
        self._write, self._close, self._abort = write, close, abort
        self._work: deque[_Work] = deque()
        self._worker: asyncio.Future[None] | None = None
        self._end: asyncio.Future[None] | None = None

    def __repr__(self) -> str:
        return f"<Writable{' closing' if self.is_closing else ''}: {len(self._work)} waiting>"

    def write(self, piece: object) -> "asyncio.Future[None]":
        """Write a piece behind the others."""
        return self._do(lambda: self._write(piece))

    def close(self) -> "asyncio.Future[None]":
        """Close behind everything that was written."""
        done = self._do(self._close)
        self.is_closing = True
        done.add_done_callback(self._closed)
        return done

    async def abort(self, reason: Any) -> None:
        """Let everything that waits fail."""
        if self.failure is None:
            self.fail(failure_of(reason))
            await settled(self._abort(reason))

    def fail(self, failure: BaseException) -> None:
        """Nothing can be written any more."""
        self.failure = failure
        while self._work:
            _fail(self._work.popleft()[1], failure)
        if self._end is not None and not self._end.done():
            _fail(self._end, failure)

    def end(self) -> "asyncio.Future[None]":
        """Completes when it is closed."""
        if self._end is None:
            self._end = asyncio.get_running_loop().create_future()
        return self._end

    @property
    def desired(self) -> float | None:
        """How many more pieces may wait; None after a failure."""
        return None if self.failure is not None else 0 if self.is_closing else 1 - len(self._work)

    def _closed(self, done: "asyncio.Future[None]") -> None:
        end = self.end()
        if not end.done() and not done.cancelled() and done.exception() is None:
            end.set_result(None)

    def _do(self, work: Callable[[], Any]) -> "asyncio.Future[None]":
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.failure is not None:
            _fail(done, self.failure)
        elif self.is_closing:
            _fail(done, type_error(_CLOSED))
        else:
            self._work.append((work, done))
            if self._worker is None:
                self._worker = asyncio.ensure_future(self._work_off())
        return done

    async def _work_off(self) -> None:
        while self._work:
            work, done = self._work[0]
            try:
                await settled(work())
            except Exception as failure:
                self.fail(failure)
                break
            if self._work and self._work[0][1] is done:  # else it has failed meanwhile
                self._work.popleft()
                if not done.done():
                    done.set_result(None)
        self._worker = None


class JsWritableStream(JsProxy):
    """A place where pieces are written to."""

    _kind = "WritableStream"
    _target: Writable

    @property
    def locked(self) -> bool:
        """Whether somebody writes."""
        return self._target.is_locked

    def getWriter(self) -> "JsWriter":
        """A writer, which alone may write until it is released.

        Raises:
            JsException: TypeError; somebody writes already.
        """
        if self.locked:
            raise type_error(_LOCKED)
        self._target.is_locked = True
        return JsWriter(Writer(self._target))

    def close(self) -> Any:
        """Promise of the end."""
        return Settled(failure=type_error(_LOCKED)) if self.locked else promise(self._target.close())

    def abort(self, reason: Any = None) -> Any:
        """Promise: the rest will not come."""
        if self.locked:
            return Settled(failure=type_error(_LOCKED))
        return promise(asyncio.ensure_future(self._target.abort(reason)))


class Writer:
    """One writer of a stream."""

    __slots__ = ("stream",)

    def __init__(self, stream: Writable) -> None:
        self.stream: Writable | None = stream


class JsWriter(JsProxy):
    """A writer: writes one piece after the other."""

    _kind = "WritableStreamDefaultWriter"
    _target: Writer

    def write(self, piece: Any = None) -> Any:
        """Promise: the piece has been taken."""
        return self._asked(lambda stream: stream.write(wire_of(piece)))

    def close(self) -> Any:
        """Promise of the end."""
        return self._asked(lambda stream: stream.close())

    def abort(self, reason: Any = None) -> Any:
        """Promise: the rest will not come."""
        return self._asked(lambda stream: asyncio.ensure_future(stream.abort(reason)))

    def releaseLock(self) -> None:
        """Let others write."""
        if self._target.stream is not None:
            self._target.stream.is_locked = False
            self._target.stream = None

    @property
    def ready(self) -> Any:
        """Promise of room: here it is there at once, and ``write`` waits."""
        return Settled()

    @property
    def closed(self) -> Any:
        """Promise of the end."""
        return self._asked(lambda stream: stream.end())

    @property
    def desiredSize(self) -> Any:
        """How many more pieces may wait."""
        return proxy_of(None if self._target.stream is None else self._target.stream.desired)

    def _asked(self, ask: "Callable[[Writable], asyncio.Future[Any]]") -> Any:
        stream = self._target.stream
        return Settled(failure=type_error(_RELEASED)) if stream is None else promise(ask(stream))


class Transform:
    """Two ends of one stream: what is written to one is read, transformed, from the other."""

    __slots__ = ("_room", "readable", "writable")

    def __init__(
        self,
        transform: Callable[[object, Readable], Any],
        flush: Callable[[Readable], Any] = lambda _readable: None,
    ) -> None:
        self._room: asyncio.Future[None] | None = None
        self.readable = Readable(self._wanted, self._cancelled, high_water_mark=0)

        async def write(piece: object) -> None:
            await self._wait_for_room()
            await settled(transform(piece, self.readable))

        async def close() -> None:
            await settled(flush(self.readable))
            if self.readable.is_writable:
                self.readable.close()

        self.writable = Writable(write, close, lambda reason: self.readable.fail(failure_of(reason)))

    def _wanted(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    async def _wait_for_room(self) -> None:
        while self.readable.is_writable and not self.readable.wants_pieces:
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    def _cancelled(self, reason: Any) -> None:
        self.writable.fail(failure_of(reason))
        self._wanted()


class JsTransformStream(JsProxy):
    """What is written to ``writable`` is read, transformed, from ``readable``."""

    _kind = "TransformStream"
    _target: Transform

    @property
    def readable(self) -> JsReadableStream:
        """Where it comes out."""
        return JsReadableStream(self._target.readable)

    @property
    def writable(self) -> JsWritableStream:
        """Where it goes in."""
        return JsWritableStream(self._target.writable)


class JsTransformController(JsController):
    """What a transformer adds pieces with."""

    _kind = "TransformStreamDefaultController"

    def terminate(self) -> None:
        """End the stream."""
        self._target.close()


def _new_writable(sink: Any = None, _strategy: Any = None, **members: Any) -> JsWritableStream:
    told = Members(sink, members)
    write, close, abort = told.function("write"), told.function("close"), told.function("abort")
    start = told.function("start")
    writable = Writable(
        (lambda _piece: None)
        if write is None
        else lambda piece: write(proxy_of(piece), JsWritableController(writable)),
        close or (lambda: None),
        abort or (lambda _reason: None),
    )
    if start is not None:
        start(JsWritableController(writable))
    return JsWritableStream(writable)


class JsWritableController(JsProxy):
    """What the sink of a stream refuses the rest with."""

    _kind = "WritableStreamDefaultController"
    _target: Writable

    def error(self, reason: Any = None) -> None:
        """Nothing can be written any more."""
        self._target.fail(failure_of(reason))


def _new_transform(transformer: Any = None, _writable: Any = None, _readable: Any = None, **members: Any) -> Any:
    told = Members(transformer, members)
    transform, flush, start = told.function("transform"), told.function("flush"), told.function("start")

    def run(piece: object, readable: Readable) -> Any:
        if transform is None:
            readable.enqueue(piece)
            return None
        return transform(proxy_of(piece), JsTransformController(readable))

    def last(readable: Readable) -> Any:
        return None if flush is None else flush(JsTransformController(readable))

    made = Transform(run, last)
    if start is not None:
        start(JsTransformController(made.readable))
    return JsTransformStream(made)


def _new_identity() -> JsTransformStream:
    def run(piece: object, readable: Readable) -> None:
        if not isinstance(piece, JSTypedArray | LiveBuffer | LiveView | bytes | str):
            raise type_error(
                "This TransformStream is being used as a byte stream, but received an object of non-byte type."
            )
        readable.enqueue(piece)

    return JsTransformStream(Transform(run))


WRITABLE_STREAM: Final = Interface("WritableStream", _new_writable)
TRANSFORM_STREAM: Final = Interface("TransformStream", _new_transform)
IDENTITY_TRANSFORM_STREAM: Final = Interface("IdentityTransformStream", _new_identity)
