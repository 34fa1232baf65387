"""Functions that came from another object: as an argument raw, as a result wrapped (spec python-workers 1.53).

A call runs as an event of the object that the function came from, behind its gates, and only as long as that instance
lives.

Source: workers-runtime-sdk workers/rpc.py (_RpcStubWrapper).
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from pytest_durable._surfaces.awaitables import Pending, Settled
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.proxies import jsnull
from pytest_durable._surfaces.wrapped.references import FunctionReference, Sendable
from pytest_durable._surfaces.wrapped.to_wire import arguments_to_wire, to_wire

_PRIMITIVE: Final = (str, int, float, bool, type(None), type(jsnull))
_GONE: Final = "The execution context which hosts this callback is no longer running."

Explain = Callable[[Exception], BaseException]
Convert = Callable[[object], object]


class RawFunction(Sendable):
    """A function received as an argument: takes and returns primitives, without conversion.

    Args:
        reference: The function.
        from_wire: How values are received.
        explain: What a caller catches when a call failed.
    """

    def __init__(self, reference: FunctionReference, from_wire: Convert, explain: Explain) -> None:
        self._reference = reference
        self._from_wire = from_wire
        self._explain = explain

    def __call__(self, *args: Any) -> Any:
        """Call it where it came from. Await the result."""
        if not all(isinstance(value, _PRIMITIVE) for value in args):
            return Settled(failure=JsException("DataCloneError", "[object Object] could not be cloned."))
        return _called(self._reference, args, self._from_wire, self._explain)

    def __to_wire__(self) -> object:
        return self._reference


class _RpcStubWrapper(Sendable):
    """A function that a call returned: converts arguments and results. Arguments as for ``RawFunction``."""

    def __init__(self, reference: FunctionReference, from_wire: Convert, explain: Explain) -> None:
        self._reference = reference
        self._from_wire = from_wire
        self._explain = explain

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it where it came from. Await the result."""
        received = [self._from_wire(value) for value in arguments_to_wire(args, kwargs)]
        return _called(self._reference, received, self._from_wire, self._explain)

    def __bool__(self) -> bool:
        return True

    def __to_wire__(self) -> object:
        return self._reference


def _called(reference: FunctionReference, args: Sequence[object], convert: Convert, explain: Explain) -> Any:
    owner = reference.owner
    if owner is None:
        return _result(reference, args, convert)
    if not owner.is_alive:
        return Settled(failure=JsException("Error", _GONE))
    return Pending(owner.run_inside(lambda: _result(reference, args, _as_is), reference.scope), convert, explain)


async def _result(reference: FunctionReference, args: Sequence[object], convert: Convert) -> object:
    result: Any = reference.function(*args)
    if hasattr(result, "__await__"):
        result = await result
    return convert(to_wire(result))


def _as_is(value: object) -> object:
    return value
