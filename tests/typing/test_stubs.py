"""The typing stubs of the platform's modules say what these modules have, neither more nor less."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from pytest_durable._surfaces.finder import all_contents
from support.stub_check import PRIVATE, STUBS

ROOT: Final = STUBS.parent

#: Where stubs are narrower than the runtime, and should be: pattern of stubtest's message, and the reason.
NARROWER: Final = {
    r".* is inconsistent, metaclass differs": "that some classes are abstract is an inside matter",
    r".*\.__to_wire__ is not present in stub": "an inside matter",
    r"(workers\._platform|workers\.rpc|pyodide\._proxies)\..*\.__init__ .*": "user code is handed these, and makes none",
    r".* has a default value but stub parameter does not": "the platform refuses a missing argument by itself",
    r".* stub does not have \*args parameter .*": "the platform ignores surplus arguments",
    r"workers\.rpc\._DurableObjectNamespaceWrapper\.\w+ is not present at runtime": "it hands on to the raw namespace",
    r"pyodide\._proxies\.JsException\.__getattr__ is not present at runtime": "an error has attributes of its own",
}

#: Names for annotations only. Production has no such names at run time either; its generated types have them.
ANNOTATIONS: Final = {
    "js": {
        *("AlarmInvocationInfo", "DurableObjectId", "DurableObjectNamespace", "DurableObjectState"),
        *("DurableObjectStorage", "DurableObjectStub", "DurableObjectTransaction", "SqlStorage", "SqlStorageCursor"),
        "SyncKvStorage",
    }
}


def stub_of(module: str) -> Path:
    package, _, name = module.partition(".")
    return STUBS / f"{package}-stubs" / f"{name or '__init__'}.pyi"


def names_in(path: Path) -> set[str]:
    """The names that a stub file gives out, by the rules for stubs: imports only if they are renamed to themselves."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom | ast.Import):
            found |= {alias.asname for alias in node.names if alias.asname == alias.name}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            found.add(ast.unparse(node.target))
        elif isinstance(node, ast.Assign):
            found |= {ast.unparse(target) for target in node.targets}
    return found


def test_each_module_that_is_served_has_a_stub() -> None:
    files = {path for path in STUBS.rglob("*.pyi") if not path.stem.startswith("_") or path.stem == "__init__"}
    assert {stub_of(module) for module in all_contents()} == files


@pytest.mark.parametrize("module", sorted(all_contents()))
def test_stub_has_the_names_that_are_served(module: str) -> None:
    content = all_contents()[module]
    served = {*content.members, *content.lookups} | ({"__all__"} if content.exports is not None else set())
    private = {name for name in names_in(stub_of(module)) if name.startswith("_") and name not in served}
    assert names_in(stub_of(module)) - private - ANNOTATIONS.get(module, set()) == served


@pytest.mark.parametrize("module", sorted(PRIVATE))
def test_each_class_without_a_public_name_is_checked(module: str) -> None:
    public = names_in(stub_of("pyodide.ffi"))
    in_stub = {name for name in names_in(stub_of(module)) if not name.startswith("_")}
    assert in_stub - public == set(PRIVATE[module])


def test_members_and_parameters_of_the_stubs_are_those_of_the_runtime(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "support.stub_check", "--concise"],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = run.stdout.splitlines()
    assert run.stderr == ""
    assert [line for line in lines if not any(re.fullmatch(pattern, line) for pattern in NARROWER)] == []
    assert [pattern for pattern in NARROWER if not any(re.fullmatch(pattern, line) for line in lines)] == []
