"""The platform's globals."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NoReturn, TypeVar

from pyodide._proxies import JsArray, JsDate, JsMap, JsObject, JsProxy

# For annotations, under `if TYPE_CHECKING`: the platform has these types, but no such names at run time.
from workers._platform import (
    AlarmInvocationInfo as AlarmInvocationInfo,
    DurableObjectId as DurableObjectId,
    DurableObjectNamespace as DurableObjectNamespace,
    DurableObjectState as DurableObjectState,
    DurableObjectStorage as DurableObjectStorage,
    DurableObjectStub as DurableObjectStub,
    DurableObjectTransaction as DurableObjectTransaction,
    SqlStorage as SqlStorage,
    SqlStorageCursor as SqlStorageCursor,
    SyncKvStorage as SyncKvStorage,
)

_Target = TypeVar("_Target", bound=JsProxy)

class Date:
    """``Date``: made by ``new``, never by calling."""

    @staticmethod
    def now() -> int:
        """Milliseconds since the epoch."""

    @staticmethod
    def new(*args: float | str | datetime | JsDate) -> JsDate:
        """Now; or the instant of a number of ms, a text, a Date; or local year, month (from 0), day, hour …"""

    @staticmethod
    def parse(text: str) -> float:
        """Milliseconds of an ISO text; NaN if it is none."""

    @staticmethod
    def UTC(*args: float) -> float:
        """Milliseconds of year, month (from 0), day, hour … in UTC."""

class Object:
    """``Object``."""

    @staticmethod
    def fromEntries(entries: Any) -> JsObject:
        """The plain object with these pairs of key and value."""

    @staticmethod
    def new(**members: Any) -> JsObject:
        """A plain object with these members."""

    @staticmethod
    def keys(target: JsProxy) -> JsArray:
        """The names of the members."""

    @staticmethod
    def values(target: JsProxy) -> JsArray:
        """The values of the members."""

    @staticmethod
    def entries(target: JsProxy) -> JsArray:
        """Name and value of each member."""

    @staticmethod
    def assign(target: _Target, *sources: JsProxy) -> _Target:
        """``target`` with the members of the sources added."""

class Array:
    """``Array``."""

    @staticmethod
    def new(*items: Any) -> JsArray:
        """An array of these items."""

    @staticmethod
    def of(*items: Any) -> JsArray:
        """An array of these items."""

    @staticmethod
    def from_(source: Iterable[Any]) -> JsArray:
        """An array of what the source yields."""

    @staticmethod
    def isArray(value: object) -> bool:
        """Whether it is an array of the platform; a Python list is not."""

class JSON:
    """``JSON``."""

    @staticmethod
    def parse(text: str) -> Any:
        """The value of a JSON text, as a proxy where it is a container."""

    @staticmethod
    def stringify(value: Any) -> str | None:
        """The JSON text of a proxy or primitive; None for ``undefined``."""

class Map:
    """``Map``."""

    @staticmethod
    def new(entries: Iterable[Any] = ()) -> JsMap:
        """A Map of these pairs of key and value."""

class _Console:
    def debug(self, *values: Any) -> None: ...
    def error(self, *values: Any) -> None: ...
    def info(self, *values: Any) -> None: ...
    def log(self, *values: Any) -> None: ...
    def trace(self, *values: Any) -> None: ...
    def warn(self, *values: Any) -> None: ...

# Classes of the web platform: made by ``new``, with options as an object, a dict or keywords.

class _Interface(JsProxy):
    name: str
    def new(self, *args: Any, **members: Any) -> Any:
        """An instance."""

    def __call__(self, *_args: Any, **_members: Any) -> NoReturn: ...
    def __getattr__(self, name: str) -> Any: ...

AbortController: Final[_Interface]
AbortSignal: Final[_Interface]
Blob: Final[_Interface]
File: Final[_Interface]
FormData: Final[_Interface]
Headers: Final[_Interface]
IdentityTransformStream: Final[_Interface]
ReadableStream: Final[_Interface]
Request: Final[_Interface]
Response: Final[_Interface]
TextDecoder: Final[_Interface]
TextEncoder: Final[_Interface]
TransformStream: Final[_Interface]
URL: Final[_Interface]
URLSearchParams: Final[_Interface]
WritableStream: Final[_Interface]

def fetch(given: Any = ..., init: Any = None, **members: Any) -> Any:
    """Promise of the response that the outside gives."""

console: Final[_Console]
undefined: Final[None]
