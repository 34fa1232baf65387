"""What user code gets to await: operations that are done already, and calls that are on their way.

Both begin at the call, before any ``await``, as on the platform; user code that never awaits them loses nothing but the
answer. ``asyncio`` takes only coroutines in ``create_task`` and ``gather``, and a real coroutine could
neither start early nor be forgotten without a warning; hence these classes.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Final

from pytest_durable._core.platform_errors import PlatformError, RemoteFailure

_REUSED: Final = "cannot reuse already awaited coroutine"


class Settled(Coroutine[Any, Any, Any]):
    """A coroutine whose outcome was there before anybody awaited it; awaiting it never suspends.

    Args:
        value: The result.
        failure: Raised by ``await`` instead, if not None.
    """

    __slots__ = ("_failure", "_is_used", "_value")

    def __init__(self, value: object = None, failure: BaseException | None = None) -> None:
        self._value = value
        self._failure = failure
        self._is_used = False

    def __await__(self) -> Generator[Any, Any, Any]:
        yield from ()  # makes this a generator, the cheapest iterator that can return a value
        return self._finish()

    def send(self, value: object, /) -> Any:
        """Finish at the first step."""
        raise StopIteration(self._finish())

    def throw(self, typ: Any, val: Any = None, tb: Any = None, /) -> Any:
        """Fail with the exception: there is no code here that could catch it."""
        self._is_used = True
        raise typ if val is None else val

    def close(self) -> None:
        """Nothing is held."""
        self._is_used = True

    def _finish(self) -> object:
        if self._is_used:
            raise RuntimeError(_REUSED)
        self._is_used = True
        if self._failure is not None:
            raise self._failure
        return self._value

    def __repr__(self) -> str:
        return f"<settled {'failed' if self._failure is not None else 'done'}>"


def settle(operation: Callable[..., object], *args: object) -> Settled:
    """Run ``operation`` now; what it returns or raises is what ``await`` will show."""
    try:
        return Settled(operation(*args))
    except PlatformError as failure:
        return Settled(failure=failure)


class Driven(Coroutine[Any, Any, Any]):
    """A coroutine whose steps are those of one generator, made when they are first asked for."""

    __slots__ = ()

    _steps: "Generator[Any, Any, Any] | None"

    @abstractmethod
    def _run(self) -> Generator[Any, Any, Any]:
        """The steps."""

    def send(self, value: object, /) -> Any:
        """Take the next step."""
        return self._driver().send(value)

    def throw(self, typ: Any, val: Any = None, tb: Any = None, /) -> Any:
        """Interrupt the wait. The call itself goes on at the other side."""
        return self._driver().throw(typ if val is None else val)

    def close(self) -> None:
        """Stop waiting."""
        self._driver().close()

    def _driver(self) -> Generator[Any, Any, Any]:
        if self._steps is None:
            self._steps = self._run()
        return self._steps


def outcome(
    future: "asyncio.Future[Any]", convert: Callable[[Any], object], explain: Callable[[Exception], BaseException]
) -> Generator[Any, Any, Any]:
    """Wait for ``future`` and show its outcome in the caller's terms; arguments as of ``Pending``."""
    try:
        result = yield from future
    except (RemoteFailure, PlatformError) as failure:
        seen = explain(failure)
    else:
        return convert(result)
    # Outside of the handler: what is raised keeps the causes it has, and how it got here is not one of them.
    raise seen


def as_is(value: Any) -> Any:
    """A result that needs no conversion."""
    return value


class Pending(Driven):
    """A coroutine that waits for ``future`` and shows its outcome in the caller's terms.

    Args:
        future: What is on its way.
        convert: Turns the result into what the caller sees.
        explain: Turns a ``RemoteFailure`` or ``PlatformError`` into what the caller catches.
    """

    __slots__ = ("_convert", "_explain", "_future", "_steps")

    def __init__(
        self,
        future: "asyncio.Future[Any]",
        convert: Callable[[Any], object],
        explain: Callable[[Exception], BaseException],
    ) -> None:
        self._future = future
        self._convert = convert
        self._explain = explain
        self._steps = None

    def __await__(self) -> Generator[Any, Any, Any]:
        if self._steps is not None:
            raise RuntimeError(_REUSED)
        self._steps = steps = outcome(self._future, self._convert, self._explain)
        return steps

    def _run(self) -> Generator[Any, Any, Any]:
        return outcome(self._future, self._convert, self._explain)

    def __del__(self) -> None:
        # A forgotten call may fail without anybody being told; asyncio would log "exception was never retrieved".
        # A call that outlives its loop (a traceback holds it) cannot fail any more.
        if self._steps is None and not self._future.get_loop().is_closed():
            self._future.add_done_callback(_retrieve)

    def __repr__(self) -> str:
        return f"<call {'done' if self._future.done() else 'pending'}>"


def _retrieve(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled():
        future.exception()
