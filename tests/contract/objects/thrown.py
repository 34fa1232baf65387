"""Everything that can be thrown, and what a caller catches. ``thrown.js`` holds the same."""

import traceback
from collections.abc import Callable
from typing import Any

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage.values import UNDEFINED, JSError, JSMap
from pytest_durable._surfaces.neutral import NeutralObject, Thrown


def _error(message: str, name: str = "Error", **own: object) -> PlatformError:
    failure = PlatformError(message, name=name)
    vars(failure).update(own)
    return failure


def _flagged(*, reset: bool = False, overloaded: bool = False, **own: object) -> PlatformError:
    failure = PlatformError("busy", retryable=True, overloaded=overloaded, durable_object_reset=reset)
    vars(failure).update(own)
    return failure


THINGS: dict[str, Callable[[], BaseException]] = {
    "aggregate": lambda: _error("all failed", "AggregateError", errors=[_error("first", "TypeError"), 5]),
    "cause": lambda: _error("outer", cause=_error("inner", "RangeError", cause=5)),
    "cause that is no error": lambda: _error("outer", cause={"a": 1}),
    "DOMException": lambda: _error("stopped", "AbortError"),
    "evaluation": lambda: _error("bad", "EvalError"),
    "own class": lambda: _error("mine", "MyErr"),
    "one": lambda: Thrown(1),
    "half": lambda: Thrown(1.5),
    "text": lambda: Thrown("s"),
    "nothing": lambda: Thrown(None),
    "undefined": lambda: Thrown(UNDEFINED),
    "true": lambda: Thrown(True),
    "object": lambda: Thrown({"a": 1}),
    "list": lambda: Thrown([1, 2]),
    "map": lambda: Thrown(JSMap({1: 2})),
    "function as a property": lambda: _error("bad", "TypeError", code=7, f=lambda: 1),
    "property of an object": lambda: _error("bad", "TypeError", code={"a": [1]}),
    "retryable": lambda: _flagged(),
    "all flags": lambda: _flagged(reset=True, overloaded=True),
    "flags and a function": lambda: _flagged(reset=True, f=lambda: 1),
}


class Thrower(NeutralObject):
    async def fail(self, name: str) -> None:
        raise THINGS[name]()


class Catcher(NeutralObject):
    async def run(self, name: str) -> object:
        try:
            await self.env.THROWER.getByName("thrower").fail(name)
        except (PlatformError, Thrown) as caught:
            return told(caught)
        return None

    async def frames(self) -> object:
        """Whether anything of the other side is in the stack, and something of this side."""
        try:
            await self.env.THROWER.getByName("thrower").fail("cause")
        except PlatformError as caught:
            stack = "".join(traceback.format_exception(caught))
            return ["in fail\n" in stack or "Thrower" in stack, "in frames\n" in stack]
        return None


def told(caught: PlatformError | Thrown) -> object:
    named = {"remote": "remote", "durableObjectReset": "durable_object_reset", "retryable": "retryable"}
    named |= {"overloaded": "overloaded", "durableObjectId": "durable_object_id"}
    flags = [name for name, attribute in named.items() if getattr(caught, attribute, None)]
    if isinstance(caught, Thrown):
        return {"thrown": caught.value, "flags": flags}
    known = vars(PlatformError(""))
    own = {name: shown(value) for name, value in vars(caught).items() if name not in known}
    return {"name": caught.name, "message": caught.message, "flags": flags, "own": own}


def shown(value: Any) -> object:
    if isinstance(value, JSError):
        return {"name": value.name, "message": value.message, "own": {k: shown(v) for k, v in value.properties.items()}}
    return [shown(item) for item in value] if isinstance(value, list) else value
