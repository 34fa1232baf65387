"""Promises of the platform as Python code holds them: awaitable as often as one likes.

Source: pyodide core docs of JsPromise; spec python-workers 3.3, 4.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterable
from typing import Any

from pytest_durable._surfaces.wrapped.data_proxies import JsArray, JsObject
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.proxies import JsProxy, wire_of
from pytest_durable._surfaces.wrapped.references import PythonReference


class JsPromise(JsProxy):
    """A promise.

    Args:
        outcome: What it waits for, or a value that is there already.
        failure: It was rejected with this.
    """

    _kind = "Promise"

    def __init__(self, outcome: object = None, failure: BaseException | None = None) -> None:
        super().__init__(self)
        self._outcome = outcome
        self._failure = failure

    def __hash__(self) -> int:
        # What calls return in production is a future of Python.
        return id(self)

    def __await__(self) -> Generator[Any, Any, Any]:
        if self._failure is not None:
            raise self._failure
        if hasattr(self._outcome, "__await__"):
            return (yield from self._outcome.__await__())
        return self._outcome

    def then(self, fulfilled: Callable[..., Any] | None = None, rejected: Callable[..., Any] | None = None) -> Any:
        """A promise of what ``fulfilled`` makes of the value, or ``rejected`` of the error."""

        async def run() -> Any:
            try:
                value = await self
            except Exception as failure:
                if rejected is None:
                    raise
                return await _settled(rejected(failure))
            return value if fulfilled is None else await _settled(fulfilled(value))

        return started(run())

    def catch(self, rejected: Callable[..., Any]) -> Any:
        """A promise of the value, or of what ``rejected`` makes of the error."""
        return self.then(None, rejected)

    def finally_(self, callback: Callable[[], Any]) -> Any:
        """A promise of the same outcome, after ``callback`` was called."""

        async def run() -> Any:
            try:
                return await self
            finally:
                await _settled(callback())

        return started(run())

    def toString(self) -> str:
        return "[object Promise]"

    def __to_wire__(self) -> object:
        return PythonReference(self)


def started(coroutine: Coroutine[Any, Any, Any]) -> JsPromise:
    """The promise of what comes of ``coroutine``, which runs from now on, whether or not anybody waits."""
    return JsPromise(asyncio.ensure_future(coroutine))


async def _settled(value: Any) -> Any:
    return await value if hasattr(value, "__await__") else value


def resolved(value: Any = None) -> JsPromise:
    """``Promise.resolve``."""
    if isinstance(value, JsPromise):
        return value
    return started(_settled(value)) if hasattr(value, "__await__") else JsPromise(value)


def new_promise(executor: Any = None) -> JsPromise:
    """``Promise.new``: ``executor`` is called at once, with a function to resolve and one to reject.

    Raises:
        JsException: TypeError; it is no function.
    """
    if not callable(executor):
        shown = "undefined" if executor is None else executor
        raise JsException("TypeError", f"Promise resolver {shown} is not a function")
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def resolve(value: Any = None) -> None:
        if future.done():
            return
        if hasattr(value, "__await__"):
            resolved(value).then(resolve, reject)
        else:
            future.set_result(value)

    def reject(reason: Any = None) -> None:
        if not future.done():
            future.set_exception(thrown(reason))
            future.exception()  # a rejection that nobody handles is no error of asyncio's

    try:
        executor(resolve, reject)
    except Exception as failure:
        reject(failure)
    return JsPromise(future)


def thrown(reason: Any) -> BaseException:
    """What ``await`` raises for a promise that was rejected with ``reason``."""
    return reason if isinstance(reason, BaseException) else JsException("Error", str(reason))


def all_of(promises: Iterable[Any]) -> JsPromise:
    """``Promise.all``: an array of all values, or the first error."""
    waiting = [resolved(promise) for promise in promises]

    async def run() -> JsArray:
        return JsArray([wire_of(value) for value in await asyncio.gather(*waiting)])

    return started(run())


def all_settled(promises: Iterable[Any]) -> JsPromise:
    """``Promise.allSettled``: an array of all outcomes."""
    waiting = [resolved(promise) for promise in promises]

    async def run() -> JsArray:
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        return JsArray([_outcome(outcome)._target for outcome in outcomes])

    return started(run())


def _outcome(outcome: Any) -> JsObject:
    if isinstance(outcome, BaseException):
        return JsObject({"status": "rejected", "reason": wire_of(outcome)})
    return JsObject({"status": "fulfilled", "value": wire_of(outcome)})


def race(promises: Iterable[Any]) -> JsPromise:
    """``Promise.race``: the outcome of the first."""
    waiting = [resolved(promise) for promise in promises]

    def begin(resolve: Callable[..., Any], reject: Callable[..., Any]) -> None:
        for promise in waiting:
            promise.then(resolve, reject)

    return new_promise(begin)


def any_of(promises: Iterable[Any]) -> JsPromise:
    """``Promise.any``: the first value, or an AggregateError."""
    waiting = [resolved(promise) for promise in promises]
    failed: list[Any] = []

    def begin(resolve: Callable[..., Any], reject: Callable[..., Any]) -> None:
        def count(failure: Any) -> None:
            failed.append(failure)
            if len(failed) == len(waiting):
                reject(JsException("AggregateError", "All promises were rejected"))

        for promise in waiting:
            promise.then(resolve, count)
        if not waiting:
            reject(JsException("AggregateError", "All promises were rejected"))

    return new_promise(begin)
