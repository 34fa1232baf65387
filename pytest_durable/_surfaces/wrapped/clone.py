"""The structured clone of what user code holds without conversion: for raw storage and ``structuredClone``.

Source: HTML, structured data; spec python-workers 2.10.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from pytest_durable._core.storage.values import (
    HOLE,
    UNDEFINED,
    JSArrayBuffer,
    JSBigInt,
    JSBoxed,
    JSDate,
    JSError,
    JSMap,
    JSRegExp,
    JSSet,
    JSTypedArray,
)
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.live import LiveBuffer, LiveView
from pytest_durable._surfaces.wrapped.references import LiteralMap

_ATOMS: Final = (
    bool,
    int,
    float,
    str,
    JSBigInt,
    JSDate,
    datetime,
    JSRegExp,
    JSBoxed,
    JSArrayBuffer,
    bytes,
    type(UNDEFINED),
    type(HOLE),
    type(None),
)


def clone(wire: object) -> Any:
    """A deep copy of a wire value; references shared in it stay shared.

    Raises:
        JsException: DataCloneError; something in it has no clone.
    """
    return _Clone().run(wire)


class _Clone:
    def __init__(self) -> None:
        self._done: dict[int, tuple[object, Any]] = {}

    def run(self, wire: object) -> Any:
        if type(wire) in _ATOMS:
            return wire
        if id(wire) in self._done:
            return self._done[id(wire)][1]
        copy = _COPIES.get(type(wire))
        if copy is None:
            text = repr(wire) if repr(wire).startswith(("function", "[object")) else "[object Object]"
            raise JsException("DataCloneError", f"{text} could not be cloned.")
        return copy(self, wire)

    def keep(self, wire: object, made: Any) -> Any:
        """Remember what ``wire`` becomes before it is complete."""
        self._done[id(wire)] = (wire, made)
        return made


def _dict(state: _Clone, wire: dict[str, object]) -> Any:
    made = state.keep(wire, {})
    made.update((name, state.run(item)) for name, item in wire.items())
    return made


def _list(state: _Clone, wire: list[object]) -> Any:
    made = state.keep(wire, [])
    made.extend(state.run(item) for item in wire)
    return made


def _map(state: _Clone, wire: JSMap) -> Any:
    made = state.keep(wire, JSMap())
    for key, item in wire.pairs():
        made[state.run(key)] = state.run(item)
    return made


def _literal(_state: _Clone, _wire: LiteralMap) -> Any:
    raise JsException("DataCloneError", "[object Map] could not be cloned.")


def _set(state: _Clone, wire: JSSet) -> Any:
    made = state.keep(wire, JSSet())
    for item in wire:
        made.add(state.run(item))
    return made


def _error(state: _Clone, wire: JSError) -> Any:
    return JSError(wire.name, wire.message, {name: state.run(item) for name, item in wire.properties.items()})


def _view(state: _Clone, wire: LiveView) -> Any:
    return state.keep(wire, JSTypedArray(wire.kind, state.run(wire.buffer), wire.offset, wire.byte_length))


def _buffer(state: _Clone, wire: LiveBuffer) -> Any:
    return state.keep(wire, wire.snapshot())


_COPIES: Final[dict[type, Callable[[_Clone, Any], Any]]] = {
    dict: _dict,
    list: _list,
    JSMap: _map,
    LiteralMap: _literal,
    JSSet: _set,
    JSError: _error,
    JSTypedArray: lambda state, wire: wire,
    LiveView: _view,
    LiveBuffer: _buffer,
}
