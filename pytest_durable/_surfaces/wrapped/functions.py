"""Functions that came from another object: as an argument raw, as a result wrapped (spec python-workers 1.53).

A call runs as an event of the object that the function came from, behind its gates, and only as long as that instance
lives. A function that came as an argument is lent for that one call; what is to outlive it has to be duplicated.

Source: workers-runtime-sdk workers/rpc.py (_RpcStubWrapper); workerd api/worker-rpc.c++ (RpcStubDisposalGroup).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pytest_durable._core.actor import RELEASED, Hold, current_scope
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.awaitables import Pending, Settled, as_is
from pytest_durable._surfaces.wrapped.exceptions import JsException, shown
from pytest_durable._surfaces.wrapped.proxies import jsnull
from pytest_durable._surfaces.wrapped.references import FunctionReference, Sendable
from pytest_durable._surfaces.wrapped.to_wire import arguments_to_wire, to_wire

_PRIMITIVE: Final = (str, int, float, bool, type(None), type(jsnull))

Explain = Callable[[Exception], BaseException]
Convert = Callable[[object], object]


@dataclass(frozen=True, slots=True)
class Reception:
    """How calls of received functions show their outcome.

    Attributes:
        from_wire: How values are received.
        explain: What a caller catches when a call failed.
    """

    from_wire: Convert
    explain: Explain


class _Received(Sendable):
    """A function that came from another object.

    Args:
        hold: The stub of it.
        reception: How its calls show their outcome.
    """

    def __init__(self, hold: Hold, reception: Reception) -> None:
        self._hold = hold
        self._reception = reception

    def dup(self) -> Any:
        """Another stub of the same function, which stays when this one, being an argument, goes with its call."""
        if self._hold.is_released:
            raise JsException("Error", RELEASED)
        return type(self)(self._hold.dup(), self._reception)

    def _release(self) -> None:
        """The call that it was lent for is over."""
        self._hold.release()

    def __to_wire__(self) -> object:
        return self._hold.capability

    def _called(self, sent: Sequence[object], args: Sequence[object], convert: Convert) -> Any:
        """Call it with ``args``; ``sent`` are their wire values."""
        hold, reference = self._hold, self._hold.capability
        assert isinstance(reference, FunctionReference)
        if hold.is_released:
            return Settled(failure=JsException("Error", RELEASED))
        if reference.home is None:  # it is the test's
            return _result(reference, args, convert)
        try:
            future = hold.call(tuple(sent), lambda: _result(reference, args, as_is))
        except PlatformError as refusal:  # another object's
            return Settled(failure=shown(refusal))
        return Pending(future, convert, self._reception.explain)


class RawFunction(_Received):
    """A function received as an argument: takes and returns primitives, without conversion."""

    def __call__(self, *args: Any) -> Any:
        """Call it where it came from. Await the result."""
        if not all(isinstance(value, _PRIMITIVE) for value in args):
            return Settled(failure=JsException("DataCloneError", "[object Object] could not be cloned."))
        return self._called(args, args, self._reception.from_wire)


class _RpcStubWrapper(_Received):
    """A function that a call returned: converts arguments and results."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it where it came from. Await the result."""
        convert = self._reception.from_wire
        sent = arguments_to_wire(args, kwargs)
        return self._called(sent, [convert(value) for value in sent], convert)

    def __bool__(self) -> bool:
        return True


def received(reference: FunctionReference) -> Hold:
    """The stub of a function that has reached the running code."""
    hold, scope = Hold(reference), current_scope()
    hold.arrive(None if scope is None else scope.incarnation)
    return hold


async def lending(method: Callable[..., Any], args: list[object], lent: list[RawFunction]) -> object:
    """Call ``method`` with arguments that hold functions, and take these back when it is done."""
    try:
        result = method(*args)
        return await result if hasattr(result, "__await__") else result
    finally:
        for function in lent:
            function._release()


async def _result(reference: FunctionReference, args: Sequence[object], convert: Convert) -> object:
    result: Any = reference.function(*args)
    if hasattr(result, "__await__"):
        result = await result
    return convert(to_wire(result))
