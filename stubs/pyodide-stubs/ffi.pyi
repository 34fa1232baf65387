"""The border between Python and the platform's language."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

from pyodide._proxies import (
    ConversionError as ConversionError,
    JsArray as JsArray,
    JsBuffer as JsBuffer,
    JsException as JsException,
    JsMap as JsMap,
    JsNull as JsNull,
    JsProxy as JsProxy,
    PyProxy,
    jsnull as jsnull,
)

_Primitive = TypeVar("_Primitive", bool, int, float, str, None)

@overload
def to_js(
    obj: _Primitive,
    /,
    *,
    depth: int = -1,
    pyproxies: Any = None,
    create_pyproxies: bool = True,
    dict_converter: Callable[[Any], Any] | None = None,
    default_converter: Callable[[Any, Callable[[Any], Any], Callable[[Any, Any], None]], Any] | None = None,
    eager_converter: Callable[[Any, Callable[[Any], Any], Callable[[Any, Any], None]], Any] | None = None,
) -> _Primitive: ...
@overload
def to_js(
    obj: list[Any] | tuple[Any, ...],
    /,
    *,
    depth: int = -1,
    pyproxies: Any = None,
    create_pyproxies: bool = True,
    dict_converter: Callable[[Any], Any] | None = None,
    default_converter: Callable[[Any, Callable[[Any], Any], Callable[[Any, Any], None]], Any] | None = None,
    eager_converter: None = None,
) -> JsArray: ...
@overload
def to_js(
    obj: Any,
    /,
    *,
    depth: int = -1,
    pyproxies: Any = None,
    create_pyproxies: bool = True,
    dict_converter: Callable[[Any], Any] | None = None,
    default_converter: Callable[[Any, Callable[[Any], Any], Callable[[Any, Any], None]], Any] | None = None,
    eager_converter: Callable[[Any, Callable[[Any], Any], Callable[[Any, Any], None]], Any] | None = None,
) -> Any:
    """The platform's counterpart of a Python value: a proxy for containers and bytes, primitives as they are."""

def create_proxy(obj: Any, /, *, capture_this: bool = False, roundtrip: bool = True) -> Any:
    """A proxy that lives until it is destroyed; a proxy of the platform is returned as it is."""

def create_once_callable(obj: Callable[..., Any], /) -> PyProxy:
    """A callable that works once."""

def destroy_proxies(pyproxies: Iterable[Any], /) -> None:
    """Destroy each of them."""
