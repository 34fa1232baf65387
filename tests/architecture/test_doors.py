"""Rooms of the core are entered by their door, and the import contract of pyproject.toml holds."""

import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from support.sources import ROOT

CORE = "pytest_durable._core"
#: Where pyproject.toml is; the package itself may be installed elsewhere.
CHECKOUT = Path(__file__).parents[2]

#: The definitions behind the public window ``pytest_durable.values``. Its names would not fit through a door.
OPEN = frozenset({f"{CORE}.storage.values"})


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("pytest_durable")


def test_rooms_are_entered_by_their_door(graph: grimp.ImportGraph) -> None:
    rooms = [room for room in graph.find_children(CORE) if graph.find_children(room)]
    entries = {
        (importer, inner)
        for room in rooms
        for inner in graph.find_descendants(room) - OPEN
        for importer in graph.find_modules_that_directly_import(inner)
        if importer != room and not importer.startswith(f"{room}.") and not _came_by_the_door(graph, importer, inner)
    }

    assert sorted(entries) == []


@pytest.mark.parametrize("wing", ["_hosts", "_instruments", "_surfaces"])
def test_wings_have_no_doors(wing: str) -> None:
    """An empty ``__init__`` cannot become a second way in."""
    assert ROOT.joinpath(wing, "__init__.py").read_text(encoding="utf-8") == ""


def test_import_contract_holds() -> None:
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def _came_by_the_door(graph: grimp.ImportGraph, importer: str, inner: str) -> bool:
    """A function that is called like its module, such as ``adopt``, looks like the module when a door hands it out."""
    room = inner.rpartition(".")[0]
    details = graph.get_import_details(importer=importer, imported=inner)
    return all(str(detail["line_contents"]).startswith(f"from {room} import ") for detail in details)
