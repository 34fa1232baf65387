"""``AbortController``, ``AbortSignal``, and the error they end things with.

Source: the WHATWG's DOM standard; workerd api/basics.c++.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

from pytest_durable._surfaces.wrapped.data_proxies import JsObject
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.proxies import JsProxy
from pytest_durable._surfaces.wrapped.web.interfaces import Interface, is_absent, js_object

_ABORTED: Final = "The operation was aborted"
_TIMED_OUT: Final = "The operation was aborted due to timeout"
_ABORT_CODE: Final = 20
_TIMEOUT_CODE: Final = 23


def abort_error() -> JsException:
    """What is thrown where nobody gave another reason."""
    return JsException("AbortError", _ABORTED, code=_ABORT_CODE)


class Signal:
    """Whether something is to stop, why, and who wants to know.

    Args:
        can_abort: Somebody may tell it; nobody can tell that of a request that was given none.
    """

    def __init__(self, *, can_abort: bool = True) -> None:
        self.can_abort = can_abort
        self.is_aborted = False
        self.reason: Any = None
        self.listeners: list[Callable[[], object]] = []

    def __repr__(self) -> str:
        return f"<Signal {'aborted' if self.is_aborted else 'waiting'}>"

    def abort(self, reason: Any) -> None:
        """Tell everybody, once."""
        if self.is_aborted:
            return
        self.is_aborted, self.reason = True, reason
        listeners, self.listeners = self.listeners, []
        for listener in listeners:
            listener()

    def failure(self) -> BaseException:
        """What is raised where the signal stops something."""
        return self.reason if isinstance(self.reason, BaseException) else JsException("Error", str(self.reason))

    async def stop(self, work: "asyncio.Future[Any]") -> Any:
        """The outcome of ``work``, unless the signal comes before it.

        Raises:
            BaseException: The reason of the signal.
        """
        if self.is_aborted:
            work.add_done_callback(_seen)
            raise self.failure()
        stopped = asyncio.get_running_loop().create_future()

        def stop() -> None:
            if not stopped.done():
                stopped.set_result(None)

        self.listeners.append(stop)
        try:
            await asyncio.wait((work, stopped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            if stop in self.listeners:
                self.listeners.remove(stop)
        if stopped.done() and not work.done():
            work.add_done_callback(_seen)
            raise self.failure()
        return work.result()


def _seen(work: "asyncio.Future[Any]") -> None:
    if not work.cancelled():
        work.exception()


class JsAbortSignal(JsProxy):
    """Tells that something is to stop."""

    _kind = "AbortSignal"
    _target: Signal
    #: Called with the event when it is told.
    onabort: Callable[[JsObject], object] | None = None

    @property
    def aborted(self) -> bool:
        """Whether it has told."""
        return self._target.is_aborted

    @property
    def reason(self) -> Any:
        """Why."""
        return self._target.reason

    def throwIfAborted(self) -> None:
        """Throw the reason if it has told."""
        if self.aborted:
            raise self._target.failure()

    def addEventListener(self, kind: str, listener: Callable[..., object], _options: Any = None) -> None:
        """Call ``listener`` when it tells."""
        if kind == "abort":
            self._target.listeners.append(_Listener(listener))

    def removeEventListener(self, _kind: str, listener: Callable[..., object], _options: Any = None) -> None:
        """Do not call ``listener`` any more."""
        self._target.listeners = [other for other in self._target.listeners if other != _Listener(listener)]

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "onabort" and callable(value):
            self.addEventListener("abort", value)


class _Listener:
    """A function of user code that wants to know."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Listener) and other._function == self._function

    __hash__ = None  # type: ignore[assignment]

    def __call__(self) -> object:
        return self._function(js_object(type="abort"))


class JsAbortController(JsProxy):
    """Tells its signal."""

    _kind = "AbortController"
    _target: Signal

    @property
    def signal(self) -> JsAbortSignal:
        """The signal."""
        return JsAbortSignal(self._target)

    def abort(self, reason: Any = None) -> None:
        """Tell everybody, once."""
        self._target.abort(abort_error() if is_absent(reason) else reason)


def _aborted(reason: Any = None) -> JsAbortSignal:
    signal = Signal()
    signal.abort(abort_error() if is_absent(reason) else reason)
    return JsAbortSignal(signal)


def _any(signals: Iterable[JsAbortSignal]) -> JsAbortSignal:
    joined = Signal()
    for each in signals:
        other = each._target
        if other.is_aborted:
            joined.abort(other.reason)
        else:
            other.listeners.append(lambda other=other: joined.abort(other.reason))  # type: ignore[misc]
    return JsAbortSignal(joined)


def _timeout(milliseconds: float) -> JsAbortSignal:
    signal = Signal()
    reason = JsException("TimeoutError", _TIMED_OUT, code=_TIMEOUT_CODE)
    asyncio.get_running_loop().call_later(milliseconds / 1000, signal.abort, reason)
    return JsAbortSignal(signal)


ABORT_CONTROLLER: Final = Interface("AbortController", lambda: JsAbortController(Signal()))
ABORT_SIGNAL: Final = Interface("AbortSignal", None, {"abort": _aborted, "any": _any, "timeout": _timeout})
