"""What code written in Python catches: errors of the platform and of other objects, and refusals to convert.

Source: spec python-workers 1.8, 3.3.
"""

import traceback
from typing import Any, Final

from pytest_durable._core.actor import hex_told_of
from pytest_durable._core.platform_errors import PlatformError, RemoteFailure, tell, told
from pytest_durable._core.storage.values import JSError
from pytest_durable._surfaces.wrapped.proxies import Constructor, JsProxy, wire_of

#: Flags of the platform's errors: attribute of ``PlatformError`` to the name user code sees. Present only when true.
_FLAGS: Final = {
    "remote": "remote",
    "retryable": "retryable",
    "overloaded": "overloaded",
    "durable_object_reset": "durableObjectReset",
}


class JsException(Exception):
    """An error of the platform, or of another object, as Python code sees it.

    Attributes are those of the error: ``name``, ``message``, ``stack`` always, others (``remote``, ``retryable``,
    ``durableObjectReset`` …) only if it has them. ``str()`` is ``name: message``.

    Source: spec python-workers 1.57.
    """

    # Not among the attributes that user code can list.
    __slots__ = ("_durable_told",)

    name: str
    message: str
    stack: str

    def __init__(self, name: str = "Error", message: str = "", **attributes: object) -> None:
        super().__init__(name, message)
        self.name = name
        self.message = message
        self.stack = f"{name}: {message}"
        vars(self).update(attributes)

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.message else self.name

    def __repr__(self) -> str:
        return str(self)

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), dict(vars(self)))

    def __getattr__(self, name: str) -> Any:
        # The text is production's: the bare name.
        raise AttributeError(name)

    # It is a proxy too: of the error.

    @property
    def js_id(self) -> int:
        """The same number for the same error."""
        return id(self)

    @property
    def typeof(self) -> str:
        """What the platform's ``typeof`` says."""
        return "object"

    @property
    def constructor(self) -> Constructor:
        """Only its ``name``."""
        return Constructor(self.name)

    def toString(self) -> str:
        """The text of ``str()``."""
        return str(self)

    def to_py(self, *, depth: int = -1, default_converter: Any = None) -> Any:
        """The error itself; a ``default_converter`` may make something else of it."""
        if default_converter is None:
            return self
        return default_converter(self, lambda value: value, lambda value, made: None)

    def __to_wire__(self) -> object:
        own = {name: wire_of(value) for name, value in vars(self).items() if name not in ("name", "message")}
        return JSError(self.name, self.message, own)


def _restore(cls: type[JsException], attributes: dict[str, object]) -> JsException:
    restored = cls(str(attributes["name"]), str(attributes["message"]))
    vars(restored).update(attributes)
    return restored


JsProxy.register(JsException)


class InternalError(Exception):
    """Something is wrong in the bridge itself. Here nothing raises it; user code may name it."""


class ConversionError(Exception):
    """A Python value has no counterpart on the platform."""


# Tracebacks name the module that user code imports them from.
JsException.__module__ = ConversionError.__module__ = InternalError.__module__ = "pyodide.ffi"


def shown(failure: PlatformError) -> JsException:
    """The platform's error as user code catches it."""
    flags = {seen: True for flag, seen in _FLAGS.items() if getattr(failure, flag)}
    origin = {} if failure.durable_object_id is None else {"durableObjectId": failure.durable_object_id}
    seen = JsException(failure.name, failure.message, **origin, **flags)
    return _telling(seen, failure)


def _telling(seen: JsException, original: BaseException) -> JsException:
    """``seen``, which tells the test what ``original`` would have told it."""
    instead = told(original)
    if instead is not None:
        tell(seen, instead)
    return seen


def shown_failure(failure: Exception) -> BaseException:
    """What user code catches of a failure inside its own object: only the platform's errors change their form."""
    return shown(failure) if isinstance(failure, PlatformError) else failure


def explained(failure: RemoteFailure, *, enhanced: bool) -> JsException:
    """What a caller in user code catches when a call on another object failed (spec python-workers 1.55).

    Args:
        failure: How the call ended.
        enhanced: Compatibility date 2026-04-21 or later.
    """
    original = failure.original
    reset = {"durableObjectReset": True} if failure.reset else {}
    origin: dict[str, object] = {"remote": True} if failure.is_remote else {}
    if failure.names_object and enhanced and (actor_hex := hex_told_of(failure)):
        origin["durableObjectId"] = actor_hex  # an entrypoint of a Worker has none
    if isinstance(original, PlatformError):
        seen = shown(original)
        vars(seen).update(origin | reset)
        return seen
    if isinstance(original, JsException):
        # It passed through the object unchanged: what left it is the platform's error, not one of Python.
        extra = {key: value for key, value in vars(original).items() if key not in ("name", "message", "stack")}
        return _telling(JsException(original.name, original.message, **(extra | origin | reset)), original)
    text = "".join(traceback.format_exception(original))
    if enhanced:
        return JsException("PythonError", text, type=type(original).__qualname__, **origin, **reset)
    return JsException("Error", f"PythonError: {text}", **origin, **reset)
