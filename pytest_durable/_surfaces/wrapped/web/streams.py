"""``ReadableStream`` and its readers.

Source: the WHATWG's Streams standard; spec python-workers 4, 5.22.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final

from pytest_durable._core.http import BodyStream
from pytest_durable._core.storage.values import JSTypedArray
from pytest_durable._surfaces.awaitables import Pending, Settled
from pytest_durable._surfaces.wrapped.data_proxies import JsArray, JsObject, proxy_of
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.proxies import JsProxy, wire_of
from pytest_durable._surfaces.wrapped.web.interfaces import Interface, Members, array, is_nothing, text, type_error
from pytest_durable._surfaces.wrapped.web.readable import LOCKED, RELEASED, Readable, Step, settled

#: Turns what ended a foreign body into what user code catches.
Explain = Callable[[Exception], BaseException]


def failure_of(reason: Any) -> BaseException:
    """The exception for whatever a stream or signal was ended with."""
    if isinstance(reason, BaseException):
        return reason
    return JsException("Error", text(reason))


def promise(future: "asyncio.Future[Any]", convert: Callable[[Any], object] = lambda value: value) -> Pending:
    """A future as user code awaits it."""
    return Pending(future, convert, lambda failure: failure)


def started(coroutine: Any) -> Pending:
    """A coroutine that begins at once, as user code awaits it."""
    return promise(asyncio.ensure_future(coroutine))


def step_of(step: Step) -> JsObject:
    """``{done, value}``."""
    is_done, piece = step
    return JsObject({"value": piece, "done": is_done})


class JsReadableStream(JsProxy):
    """A stream of pieces."""

    _kind = "ReadableStream"
    _target: Readable

    @property
    def locked(self) -> bool:
        """Whether somebody reads it."""
        return self._target.is_locked

    def getReader(self, options: Any = None, **members: Any) -> "JsReader":
        """A reader, which alone may read until it is released.

        Raises:
            JsException: TypeError; somebody reads already.
        """
        if not is_nothing(Members(options, members).get("mode")):
            raise NotImplementedError("pytest-durable has no readers with buffers of their own (mode='byob').")
        self._lock()
        return JsReader(Reader(self._target))

    def cancel(self, reason: Any = None) -> Any:
        """Promise: nobody wants the rest."""
        return Settled(failure=type_error(LOCKED)) if self.locked else started(self._target.cancel(reason))

    def tee(self) -> JsArray:
        """Two streams of the same pieces.

        Raises:
            JsException: TypeError; somebody reads it.
        """
        self._lock()
        return array(map(JsReadableStream, teed(self._target)))

    def pipeTo(self, destination: Any, options: Any = None, **members: Any) -> Any:
        """Promise of the end: every piece is written to ``destination``."""
        if self.locked:
            return Settled(failure=type_error(LOCKED))
        writer = destination.getWriter()
        self._lock()
        told = Members(options, members)
        return started(_pipe(self._target, writer, closes=not told.get("preventClose")))

    def pipeThrough(self, transform: Any, options: Any = None, **members: Any) -> Any:
        """What ``transform`` makes of the pieces."""
        self.pipeTo(transform.writable, options, **members)
        return transform.readable

    async def values(self) -> AsyncIterator[Any]:
        """The pieces; who stops early does not want the rest."""
        self._lock()
        try:
            while not (step := await self._target.next())[0]:
                yield proxy_of(step[1])
        finally:
            self._target.release([])
            if self._target.is_writable:
                await self._target.cancel()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self.values()

    def _lock(self) -> None:
        if self.locked:
            raise type_error(LOCKED)
        self._target.is_locked = True


class Reader:
    """One reader of a stream."""

    __slots__ = ("reads", "stream")

    def __init__(self, stream: Readable) -> None:
        self.stream: Readable | None = stream
        self.reads: list[asyncio.Future[Step]] = []


class JsReader(JsProxy):
    """A reader: gives one piece after the other."""

    _kind = "ReadableStreamDefaultReader"
    _target: Reader

    def read(self, *_view: Any) -> Any:
        """Promise of ``{done, value}``."""
        reader = self._target
        if reader.stream is None:
            return Settled(failure=type_error(RELEASED))
        future = reader.stream.next()
        if not future.done():
            reader.reads = [read for read in reader.reads if not read.done()] + [future]
        return promise(future, step_of)

    def releaseLock(self) -> None:
        """Let others read; what is awaited fails."""
        reader = self._target
        if reader.stream is not None:
            reader.stream.release(reader.reads)
            reader.stream = None

    def cancel(self, reason: Any = None) -> Any:
        """Promise: nobody wants the rest."""
        stream = self._target.stream
        return Settled(failure=type_error(RELEASED)) if stream is None else started(stream.cancel(reason))

    @property
    def closed(self) -> Any:
        """Promise of the end."""
        stream = self._target.stream
        return Settled(failure=type_error(RELEASED)) if stream is None else promise(stream.end())


class JsController(JsProxy):
    """What the source of a stream adds pieces with."""

    _kind = "ReadableStreamDefaultController"
    _target: Readable

    @property
    def desiredSize(self) -> Any:
        """How many more pieces may wait."""
        return proxy_of(self._target.desired)

    def enqueue(self, piece: Any = None) -> None:
        """Add a piece."""
        self._target.enqueue(wire_of(piece))

    def close(self) -> None:
        """End the stream behind what was added."""
        self._target.close()

    def error(self, reason: Any = None) -> None:
        """End the stream with a failure."""
        self._target.fail(failure_of(reason))


def teed(stream: Readable) -> tuple[Readable, Readable]:
    """Two streams of the pieces of one, which is locked."""
    cancelled: list[int] = []

    async def pull() -> None:
        is_done, piece = await stream.next()
        for branch in branches:
            if branch.is_writable:
                branch.close() if is_done else branch.enqueue(piece)

    async def pull_or_fail() -> None:
        try:
            await pull()
        except Exception as failure:
            for branch in branches:
                branch.fail(failure)

    async def cancel(reason: Any) -> None:
        cancelled.append(1)
        if len(cancelled) == len(branches):
            await stream.cancel(reason)

    branches = tuple(Readable(pull_or_fail, cancel, high_water_mark=0) for _ in range(2))
    return branches[0], branches[1]


async def _pipe(source: Readable, writer: Any, *, closes: bool) -> None:
    try:
        while not (step := await source.next())[0]:
            await writer.write(proxy_of(step[1]))
    except Exception as failure:
        source.fail(failure)
        await writer.abort(failure)
        raise
    finally:
        source.release([])
    if closes:
        await writer.close()
    writer.releaseLock()


def stream_of_bytes(content: bytes) -> Readable:
    """A stream of one piece; of none if it would be empty."""
    readable = Readable(rest=(JSTypedArray("Uint8Array", content),) if content else ())
    readable.close()
    return readable


def stream_of_body(body: BodyStream, explain: Explain) -> Readable:
    """A body that comes from afar as a stream. Nothing is asked for before somebody reads."""

    async def pull() -> None:
        try:
            piece = await body.read()
        except Exception as failure:
            raise explain(failure) from None
        if piece is None:
            readable.close()
        else:
            readable.enqueue(JSTypedArray("Uint8Array", piece))

    readable = Readable(pull, lambda _reason: body.cancel(), high_water_mark=0)
    return readable


def _new(source: Any = None, strategy: Any = None, **members: Any) -> JsReadableStream:
    told = Members(source, members)
    pull, cancel, start = told.function("pull"), told.function("cancel"), told.function("start")
    mark = Members(strategy, {}).get("highWaterMark")
    readable = Readable(
        None if pull is None else lambda: pull(JsController(readable)),
        cancel,
        high_water_mark=1 if is_nothing(mark) else mark,
    )
    if start is not None:
        _start(readable, start(JsController(readable)))
    readable.pull_if_wanted()
    return JsReadableStream(readable)


def _start(readable: Readable, result: Any) -> None:
    if not hasattr(result, "__await__"):
        return

    async def wait() -> None:
        try:
            await settled(result)
        except Exception as failure:
            readable.fail(failure)
        readable.is_started = True
        readable.pull_if_wanted()

    readable.is_started = False
    started(wait())


def _from(source: Any) -> JsReadableStream:
    """A stream of what an iterable or asynchronous iterable yields."""
    if hasattr(source, "__aiter__"):
        pieces = source.__aiter__()
    elif isinstance(source, Iterable):
        pieces = _in_turn(source)
    else:
        raise type_error("The provided value is not iterable.")

    async def pull() -> None:
        try:
            piece = await pieces.__anext__()
        except StopAsyncIteration:
            readable.close()
        else:
            readable.enqueue(wire_of(piece))

    readable = Readable(pull, high_water_mark=0)
    return JsReadableStream(readable)


async def _in_turn(source: Iterable[Any]) -> AsyncIterator[Any]:
    for piece in source:
        yield piece


READABLE_STREAM: Final = Interface("ReadableStream", _new, {"from_": _from, "from": _from})
