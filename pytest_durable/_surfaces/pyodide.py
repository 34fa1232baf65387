"""The ``pyodide`` modules, as far as they are built. They behave as version 0.28.2.

Source: pyodide docs (pyodide.ffi, pyodide.http); spec python-workers 3.
"""

from collections.abc import Mapping
from typing import Final

from pytest_durable._surfaces.modules import ModuleContent
from pytest_durable._surfaces.wrapped import data_proxies, exceptions, http, proxies, to_js

VERSION: Final = "0.28.2"

#: What ``pyodide.ffi`` has besides (spec 3.12).
_LATER: Final = frozenset(
    {
        *("InternalError", "JsAsyncGenerator", "JsAsyncIterable", "JsAsyncIterator", "JsCallable", "JsDomElement"),
        *("JsDoubleProxy", "JsFetchResponse", "JsGenerator", "JsIterable", "JsIterator", "JsMutableMap"),
        *("JsOnceCallable", "JsPromise", "JsTypedArray", "JsWeakRef", "can_run_sync", "register_js_module"),
        *("run_sync", "unregister_js_module", "wrappers"),
    }
)


def contents() -> Mapping[str, ModuleContent]:
    """The modules of this family, by name."""
    return {
        "pyodide": ModuleContent(
            doc="Pyodide.", members={"__version__": VERSION}, is_package=True, later=frozenset({"code"})
        ),
        "pyodide.ffi": ModuleContent(
            doc="The border between Python and the platform's language.",
            members={
                "ConversionError": exceptions.ConversionError,
                "JsArray": data_proxies.JsArray,
                "JsBuffer": data_proxies.JsBuffer,
                "JsException": exceptions.JsException,
                "JsMap": data_proxies.JsMap,
                "JsNull": proxies.JsNull,
                "JsProxy": proxies.JsProxy,
                "create_once_callable": to_js.create_once_callable,
                "create_proxy": to_js.create_proxy,
                "destroy_proxies": to_js.destroy_proxies,
                "jsnull": proxies.jsnull,
                "to_js": to_js.to_js,
            },
            later=_LATER,
        ),
        "pyodide.http": ModuleContent(
            doc="Requests to the outside.",
            members={
                "AbortError": http.AbortError,
                "BodyUsedError": http.BodyUsedError,
                "FetchResponse": http.PyFetchResponse,
                "HttpStatusError": http.HttpStatusError,
                "pyfetch": http.pyfetch,
            },
        ),
    }
