"""The members of values in the platform's language: what it finds where it takes a value for options.

Source: ECMAScript; each form was compared with the real binary.
"""

from typing import Final

from pytest_durable._core.storage.values import UNDEFINED, JSArray, JSError, JSTypedArray

#: Of all methods of all objects, the one that bears the name of an option: arrays can be reversed.
_METHOD_OF_ARRAYS: Final = "reverse"


def member(options: object, name: str) -> object:
    """A member of an options object; ``UNDEFINED`` when it is not there. Unknown members are never looked at."""
    if isinstance(options, dict):
        return options.get(name, UNDEFINED)
    if isinstance(options, JSArray | JSError) and name in options.properties:
        return options.properties[name]
    # The method itself has no wire value. It is true, and nobody asks more of it.
    return True if name == _METHOD_OF_ARRAYS and is_array(options) else UNDEFINED


def is_array(value: object) -> bool:
    """Whether a value has the methods of arrays: arrays and typed arrays have."""
    return isinstance(value, list) or (isinstance(value, JSTypedArray) and value.kind != "DataView")
