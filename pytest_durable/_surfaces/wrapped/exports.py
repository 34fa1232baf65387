"""What the main module of a Worker exports, as the platform looks for it.

All names of ``__all__``, or else all that do not begin with an underscore, whose value is a proper subclass of one of
the platform's base classes; an imported class counts, and a class is known by its own name.

Source: workerd src/pyodide/internal/introspection.py, src/pyodide/python-entrypoint-helper.ts (initPyInstance); spec
python-workers 1.12, 1.13.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Final

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.platform_errors import tell, type_error

OBJECT: Final = "DurableObject"
ENTRYPOINT: Final = "WorkerEntrypoint"
#: The class that is the default entrypoint.
DEFAULT: Final = "Default"


def exported(module: ModuleType, base: str) -> Mapping[str, type]:
    """The classes that a module exports, by their own names.

    Args:
        module: The main module.
        base: The name of the base class; a class of that name is as good as ours (see ``require_object_class``).
    """
    names = getattr(module, "__all__", None)
    keys = [name for name in dir(module) if not name.startswith("_")] if names is None else list(names)
    found = (getattr(module, key, None) for key in keys)
    return {cls.__name__: cls for cls in found if isinstance(cls, type) and _derives(cls, base)}


def find_object_class(module: ModuleType, name: str) -> type:
    """A class of objects of the main module.

    Raises:
        PlatformError: TypeError; there is none. The test is told which there are.
    """
    return _find(module, name, OBJECT)


def find_entrypoint(module: ModuleType, name: str) -> type:
    """A named entrypoint of the main module; raises like ``find_object_class``."""
    return _find(module, name, ENTRYPOINT)


def _find(module: ModuleType, name: str, base: str) -> type:
    classes = exported(module, base)
    if name in classes and isinstance(getattr(module, name, None), type):
        return classes[name]
    failure = type_error(f"There is no '{name}' class defined in the Python Worker's main module")
    tell(failure, ConfigurationError(_explain(module, name, base, classes)))
    raise failure


def _explain(module: ModuleType, name: str, base: str, classes: Mapping[str, type]) -> str:
    there = getattr(module, name, None)
    why = ""
    if name in classes:
        why = f"{name} is imported under another name, and the platform looks for it under its own.\n"
    elif isinstance(there, type) and _derives(there, base):
        why = f"{name} is there, but __all__ leaves it out.\n"
    elif isinstance(there, type):
        why = f"{name} is there, but does not derive from workers.{base}.\n"
    return (
        f"The main module {module.__name__} exports no {base} {name!r}.\n\n"
        f"  exported  {', '.join(sorted(classes)) or 'none'}\n"
        f"  module    {getattr(module, '__file__', None)}\n\n"
        f"{why}Define or import it there, or correct the name in the configuration."
    )


def _derives(cls: type, base: str) -> bool:
    return any(each.__name__ == base for each in cls.__mro__[1:])
