"""The members of values in the platform's language: what it finds where it takes a value for options or for entries.

Wire values know only some of the differences between objects there: a typed array has its elements as members, a Map
has none, each array has methods.

Source: ECMAScript, OwnPropertyKeys; workerd jsg/ser.c++ for errors; each form was compared with the real binary.
"""

from collections.abc import Iterable
from typing import Final

from pytest_durable._core.storage.codec.wire import ERROR_KINDS
from pytest_durable._core.storage.values import UNDEFINED, JSArray, JSBoxed, JSError, JSTypedArray

#: Of all methods of all objects, the one that bears the name of an option: arrays can be reversed.
_METHOD_OF_ARRAYS: Final = "reverse"
_NAMES_OF_CLASSES: Final = ERROR_KINDS[1:]


def member(options: object, name: str) -> object:
    """A member of an options object; ``UNDEFINED`` when it is not there. Unknown members are never looked at."""
    if isinstance(options, dict):
        return options.get(name, UNDEFINED)
    if isinstance(options, JSArray | JSError) and name in options.properties:
        return options.properties[name]
    # The method itself has no wire value. It is true, and nobody asks more of it.
    return True if name == _METHOD_OF_ARRAYS and _is_array(options) else UNDEFINED


def own_members(value: object) -> Iterable[tuple[str, object]]:
    """The members of an object that are its own and enumerable, as ``put`` stores them when it is taken for entries."""
    if isinstance(value, dict):
        return value.items()
    if isinstance(value, JSError):
        return _members_of_error(value)
    if isinstance(value, JSBoxed) and isinstance(value.value, str):
        return _numbered(_units(value.value))
    if isinstance(value, JSTypedArray) and _is_array(value):
        return _numbered(value.tolist())
    return ()


def _is_array(value: object) -> bool:
    return isinstance(value, list) or (isinstance(value, JSTypedArray) and value.kind != "DataView")


def _numbered(elements: Iterable[object]) -> Iterable[tuple[str, object]]:
    return ((str(index), element) for index, element in enumerate(elements))


def _units(text: str) -> Iterable[str]:
    """The units of UTF-16: a text has no other elements."""
    content = text.encode("utf-16-le", "surrogatepass")
    return (content[at : at + 2].decode("utf-16-le", "surrogatepass") for at in range(0, len(content), 2))


def _members_of_error(error: JSError) -> Iterable[tuple[str, object]]:
    """All but the stack; the name too, unless a class of errors brings it along.

    So it is with errors that have been sent or stored, and all errors of user code that are wire values have.
    """
    members: dict[str, object] = {} if error.name in _NAMES_OF_CLASSES else {"name": error.name}
    members.update(error.properties)
    members.pop("stack", None)
    return members.items()
