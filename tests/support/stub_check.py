"""Runs mypy's stubtest on the typing stubs, with the modules that the plugin serves as the runtime.

    python -m support.stub_check [options of stubtest]

Stubs also describe what user code is handed without importing it: ``ctx.storage``, cursors, proxies. Their classes are
in private modules of the stubs, which do not exist at run time; for this check they are made, from the classes that
stand behind those names.
"""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Final

from mypy import stubtest

from pytest_durable._surfaces.finder import serve_imports
from pytest_durable._surfaces.wrapped import (
    binding,
    context,
    cursor,
    data_proxies,
    functions,
    http,
    proxies,
    raw_storage,
    storage,
    stubs,
    to_js,
    types,
)

PACKAGES: Final = ("workers", "js", "pyodide")


class State(context.RawState):
    """``ctx`` is two objects at run time: what the wrapper has not, it takes from the raw one."""

    abort = context.DurableObjectContext.abort  # type: ignore[assignment]


class DurableObjectNamespace(stubs.RawNamespace):
    """The same for ``env.NAME``."""

    get = stubs._DurableObjectNamespaceWrapper.get
    getByName = stubs._DurableObjectNamespaceWrapper.getByName
    jurisdiction = stubs._DurableObjectNamespaceWrapper.jurisdiction


#: Classes of the stubs without a public name, and what they are at run time.
PRIVATE: Final[dict[str, dict[str, type]]] = {
    "workers._platform": {
        "AlarmInvocationInfo": context.RawAlarmInfo,
        "Body": http._Body,
        "DurableObjectId": context.RawId,
        "DurableObjectNamespace": DurableObjectNamespace,
        "DurableObjectState": State,
        "DurableObjectStorage": storage.WrappedStorage,
        "DurableObjectStub": stubs._FetcherWrapper,
        "DurableObjectTransaction": raw_storage.RawTransaction,
        "Headers": http.Headers,
        "JsDict": types.JsDict,
        "Rows": cursor._Rows,
        "RpcFunction": functions._RpcStubWrapper,
        "SqlStorage": storage.WrappedSql,
        "SqlStorageCursor": cursor.WrappedCursor,
        "SqlStorageRawCursor": cursor.WrappedRows,
        "SyncKvEntries": storage.WrappedEntries,
        "SyncKvStorage": storage.WrappedKv,
        "Wrapper": binding._BindingWrapper,
    },
    "pyodide._proxies": {
        "Constructor": proxies.Constructor,
        "IteratorStep": data_proxies.IteratorStep,
        "JsDate": data_proxies.JsDate,
        "JsIterator": data_proxies.JsIterator,
        "JsObject": data_proxies.JsObject,
        "JsSet": data_proxies.JsSet,
        "PyProxy": to_js.PyProxy,
    },
}


STUBS: Final = Path(__file__).resolve().parents[2] / "stubs"


def main() -> int:
    """Run stubtest; its exit code."""
    serve_imports()
    for name, members in PRIVATE.items():
        module = sys.modules[name] = ModuleType(name)
        vars(module).update(members)
    vars(sys.modules["pyodide._proxies"]).update(vars(__import__("pyodide.ffi", fromlist=["*"])))
    with TemporaryDirectory() as path:
        # stubtest finds a stub package only under the name of its module.
        for package in STUBS.iterdir():
            Path(path, package.name.removesuffix("-stubs")).symlink_to(package)
        os.environ["MYPYPATH"] = path
        return stubtest.test_stubs(stubtest.parse_options([*sys.argv[1:], *PACKAGES]))


if __name__ == "__main__":
    sys.exit(main())
