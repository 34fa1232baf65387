"""Functions that came from another object: as an argument raw, as a result wrapped (spec python-workers 1.53).

Source: workers-runtime-sdk workers/rpc.py (_RpcStubWrapper).
"""

from collections.abc import Callable
from typing import Any

from pytest_durable._surfaces.awaitables import Settled
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.proxies import jsnull
from pytest_durable._surfaces.wrapped.references import FunctionReference, Sendable
from pytest_durable._surfaces.wrapped.to_wire import arguments_to_wire, to_wire

_PRIMITIVE = (str, int, float, bool, type(None), type(jsnull))


class RawFunction(Sendable):
    """A function received as an argument: takes and returns primitives without conversion."""

    def __init__(self, reference: FunctionReference) -> None:
        self._reference = reference

    def __call__(self, *args: Any) -> Any:
        """Call it where it came from. Await the result."""
        if not all(isinstance(value, _PRIMITIVE) for value in args):
            return Settled(failure=JsException("DataCloneError", "#<Object> could not be cloned."))
        return _called(self._reference, args, to_wire)

    def __to_wire__(self) -> object:
        return self._reference


class _RpcStubWrapper(Sendable):
    """A function that a call returned: converts arguments and results."""

    def __init__(self, reference: FunctionReference, from_wire: Callable[[object], object]) -> None:
        self._reference = reference
        self._from_wire = from_wire

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it where it came from. Await the result."""
        wire = arguments_to_wire(args, kwargs)
        return _called(
            self._reference, [self._from_wire(value) for value in wire], lambda value: self._from_wire(to_wire(value))
        )

    def __bool__(self) -> bool:
        return True

    def __to_wire__(self) -> object:
        return self._reference


async def _called(reference: FunctionReference, args: Any, convert: Callable[[object], object]) -> object:
    result: Any = reference.function(*args)
    if hasattr(result, "__await__"):
        result = await result
    return convert(result)
