"""What a test may hand a host: the arguments that every host takes, classes, and paths of classes."""

import re
from typing import Final

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.isolate import ClassObject, ClassPath, Surface, Target
from pytest_durable._hosts.defaults import STORAGE_MODES, SYNCHRONOUS_MODES

#: ``module:Class`` or ``file:Class``. Class names begin with a capital, so that ``user:password`` stays a value.
_CLASS_PATH: Final = re.compile(r"[A-Za-z_./][\w./-]*:[A-Z]\w*\Z")
_WORD_BEGINS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def check_arguments(*, storage: str, synchronous: str, seed: object) -> None:
    """Make sure that a host can be made so.

    Raises:
        ConfigurationError: One of them is none of the values that exist.
    """
    check_storage(storage)
    if synchronous not in SYNCHRONOUS_MODES:
        raise ConfigurationError(f"There is no synchronous={synchronous!r}.\n\n  known  {_listed(SYNCHRONOUS_MODES)}")
    if not isinstance(seed, int):
        raise ConfigurationError(f"A seed is a whole number, not {seed!r}.")


def check_storage(storage: str) -> None:
    """Make sure that a storage mode exists.

    Raises:
        ConfigurationError: It does not.
    """
    if storage not in STORAGE_MODES:
        raise ConfigurationError(f"There is no storage {storage!r}.\n\n  known  {_listed(STORAGE_MODES)}")


def _listed(modes: tuple[str, ...]) -> str:
    return ", ".join(map(repr, modes))


def resolve_target(target: object) -> Target:
    """The class that a test names.

    Raises:
        ConfigurationError: It is neither a class nor the path of one.
    """
    if isinstance(target, type):
        return ClassObject(target)
    if not isinstance(target, str):
        raise ConfigurationError(
            f"A namespace is made of a class, not of {target!r}.\n\n"
            "  expected  a class, or its path 'module:Class'\n"
            f"  actual    a value of type {type(target).__name__}\n\n"
            'Hand over the class, or its path:  durable.namespace("module:Class")'
        )
    module, _, name = target.partition(":")
    if not module or not name.isidentifier():
        raise ConfigurationError(
            f"{target!r} is no path of a class.\n\n  expected  'module:Class', for example 'src.entry:Counter'"
        )
    return ClassPath(module, name)


def is_class_binding(value: object) -> bool:
    """Whether a binding of an application is a class of objects rather than a value."""
    return isinstance(value, type) or (isinstance(value, str) and _CLASS_PATH.match(value) is not None)


def check_object_class(target: Target, surface: Surface) -> None:
    """Make sure that objects can be made of a class that was handed over.

    A path is followed when its class is first needed: until then the application is not executed.

    Raises:
        ConfigurationError: Code of this surface has no objects of such a class.
    """
    if isinstance(target, ClassObject):
        surface.check_class(target.cls)


def is_same_class(one: Target, other: Target) -> bool:
    """Whether two targets name one class; one of them may be the class itself and the other its path."""
    return one == other or (type(one) is not type(other) and _path(one) == _path(other))


def _path(target: Target) -> tuple[str, str]:
    if isinstance(target, ClassPath):
        return target.module, target.class_name
    return target.cls.__module__, target.cls.__qualname__


def upper_snake(name: str) -> str:
    """How a class name becomes that of its binding: ``ChatRoom`` is ``CHAT_ROOM``, ``HTTPProxy`` is ``HTTP_PROXY``."""
    return _WORD_BEGINS.sub("_", name).upper()
