"""The types of stored values that Python has no type of its own for: what ``stored(stub).kv`` can hold."""

from pytest_durable._core.storage.values import (
    HOLE,
    UNDEFINED,
    JSArray,
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

__all__ = [
    "HOLE",
    "UNDEFINED",
    "JSArray",
    "JSArrayBuffer",
    "JSBigInt",
    "JSBoxed",
    "JSDate",
    "JSError",
    "JSMap",
    "JSRegExp",
    "JSSet",
    "JSTypedArray",
]
