"""Proxies of all kinds. There is no such module at run time: import the public ones from ``pyodide.ffi``."""

from collections.abc import Callable, Iterator, MutableSequence
from typing import Any, Final, SupportsIndex, overload

class ConversionError(Exception):
    """A Python value has no counterpart on the platform."""

class JsException(Exception):
    """An error of the platform or of another object. ``str()`` is ``name: message``.

    Others (``remote``, ``retryable``, ``durableObjectReset``, ``type`` …) are there only if the error has them.
    """

    name: str
    message: str
    stack: str
    def __init__(self, name: str = "Error", message: str = "", **attributes: object) -> None: ...
    def __getattr__(self, name: str) -> Any: ...

class JsNull:
    """The type of ``jsnull``."""

    def __bool__(self) -> bool: ...

jsnull: Final[JsNull]

class Constructor:
    """What ``constructor`` of a proxy tells."""

    name: str
    def __init__(self, name: str) -> None: ...

class JsProxy:
    """A Python handle on an object of the platform. Not hashable; ``==`` compares what it stands for."""

    def __bool__(self) -> bool: ...
    def __eq__(self, other: object) -> bool: ...
    def __ne__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...
    @property
    def js_id(self) -> int:
        """The same number for each proxy of the same object."""

    @property
    def typeof(self) -> str:
        """What the platform's ``typeof`` says."""

    @property
    def constructor(self) -> Constructor:
        """Only its ``name``."""

    def toString(self) -> str:
        """The platform's text for the object."""

    def to_py(self, *, depth: int = -1, default_converter: Callable[..., Any] | None = None) -> Any:
        """A copy in Python's types; the proxy itself if there is no counterpart."""

class JsObject(JsProxy):
    """A plain object: members as attributes; not subscriptable, not iterable."""

    def __getattr__(self, name: str) -> Any: ...
    def __setattr__(self, name: str, value: Any) -> None: ...
    def __delattr__(self, name: str) -> None: ...
    def object_keys(self) -> JsArray:
        """The names of the members."""

    def object_values(self) -> JsArray:
        """The values of the members."""

    def object_entries(self) -> JsArray:
        """Name and value of each member."""

class JsArray(JsProxy, MutableSequence[Any]):
    """An array: a mutable sequence, false when empty."""

    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: SupportsIndex) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> JsArray: ...
    def __setitem__(self, index: SupportsIndex | slice, value: Any) -> None: ...
    def __delitem__(self, index: SupportsIndex | slice) -> None: ...
    def insert(self, index: int, value: Any) -> None:
        """Insert before ``index``."""

class JsMap(JsProxy):
    """A Map: subscript and iteration by key, false when empty."""

    @property
    def size(self) -> int:
        """How many entries."""

    def __len__(self) -> int: ...
    def __contains__(self, key: object) -> bool: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __getitem__(self, key: Any) -> Any: ...
    def __setitem__(self, key: Any, value: Any) -> None: ...
    def __delitem__(self, key: Any) -> None: ...
    def has(self, key: Any) -> bool:
        """Whether the key is there."""

    def get(self, key: Any, default: Any = None) -> Any:
        """The value of the key, ``default`` if there is none."""

    def keys(self) -> JsIterator:
        """The keys in order."""

    def values(self) -> JsIterator:
        """The values in order."""

    def entries(self) -> JsIterator:
        """Arrays of key and value in order."""

    def items(self) -> list[tuple[Any, Any]]:
        """Keys and values, as a dict would show them."""

class JsSet(JsProxy):
    """A Set: membership and iteration, false when empty."""

    def __len__(self) -> int: ...
    def __contains__(self, value: object) -> bool: ...
    def __iter__(self) -> Iterator[Any]: ...

class JsBuffer(JsProxy):
    """An ArrayBuffer, typed array or DataView."""

    @property
    def byteLength(self) -> int:
        """Length in bytes."""

    def to_bytes(self) -> bytes:
        """A copy of the bytes."""

    def to_string(self, encoding: str | None = None) -> str:
        """The bytes as text, UTF-8 unless told."""

class JsDate(JsProxy):
    """A Date."""

    def getTime(self) -> float:
        """Milliseconds since the epoch; NaN if invalid."""

    def valueOf(self) -> float:
        """Milliseconds since the epoch; NaN if invalid."""

    def toISOString(self) -> str:
        """``2030-01-01T00:00:00.000Z``."""

class JsIterator:
    """An iterator of the platform: ``next()`` answers ``done`` and ``value``; Python may iterate it too."""

    def __iter__(self) -> Iterator[Any]: ...
    def __next__(self) -> Any: ...
    def next(self) -> IteratorStep:
        """The next step."""

class IteratorStep:
    """``{done, value}``."""

    done: bool
    value: Any

class PyProxy:
    """A Python object made to live on the platform's side: usable wherever the object itself is."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def __getattr__(self, name: str) -> Any: ...
    def unwrap(self) -> Any:
        """The Python object."""

    def copy(self) -> PyProxy:
        """Another one of the same object, destroyed on its own."""

    def destroy(self, **_options: Any) -> None:
        """It cannot be used any more."""
