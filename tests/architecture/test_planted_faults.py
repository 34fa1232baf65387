"""The catalogue of planted faults fits the code as it is now, and the command takes the right things for catches.

Whether the tests catch each fault is what the command itself finds out: ``python -m tools.plant_faults``.
"""

import ast
import sys
from typing import Final
from unittest.mock import patch

import pytest

from support.pages import ROOT

# The tools are not installed. Only while they are imported: the package under test is to stay the installed one.
with patch.object(sys, "path", [str(ROOT), *sys.path]):
    from tools.plant_faults import FAULTS, Fault, PlantingError, Verdict, judge, planted, table

PAGE: Final = ROOT / "docs" / "how-to" / "planted-faults.md"
FAULT: Final = Fault(
    name="gate-open",
    breaks="Nothing waits.",
    file="gate.py",
    before="is_open = False",
    after="is_open = True",
    tests=("tests/test_gate.py",),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_finds_its_place_exactly_once(fault: Fault) -> None:
    broken = planted(fault, (ROOT / fault.path).read_text(encoding="utf-8"))

    ast.parse(broken)
    assert fault.after != fault.before
    assert [test for test in fault.tests if not (ROOT / test).exists()] == []


def test_faults_have_names_of_their_own() -> None:
    names = [fault.name for fault in FAULTS]

    assert len(set(names)) == len(names) >= 20


def test_the_page_lists_the_faults() -> None:
    assert PAGE.read_text(encoding="utf-8").endswith(table())


@pytest.mark.parametrize(("text", "count"), [("", 0), ("is_open = False\nis_open = False\n", 2)])
def test_fault_that_does_not_fit_is_named_with_its_file(text: str, count: int) -> None:
    with pytest.raises(PlantingError) as caught:
        planted(FAULT, text)

    assert str(caught.value).splitlines() == [
        f"The fault 'gate-open' does not fit pytest_durable/gate.py: what it replaces is there {count} times.",
        "",
        "  expected  once",
        "  replaces  'is_open = False'",
        "",
        "Let the catalogue follow the code: change the fault's `before` in tools/plant_faults/catalogue.",
    ]


@pytest.mark.parametrize(
    ("status", "output", "verdict", "test"),
    [
        pytest.param(0, "12 passed", Verdict.SURVIVED, "", id="all tests pass"),
        pytest.param(
            1, "FAILED tests/a.py::test_x[a b] - assert 1", Verdict.CAUGHT, "tests/a.py::test_x[a b]", id="one fails"
        ),
        pytest.param(1, "ERROR tests/a.py::test_x - boom", Verdict.CAUGHT, "tests/a.py::test_x", id="its set-up fails"),
        pytest.param(1, "ERROR tests/a.py - ImportError: x", Verdict.BROKEN, "", id="a file cannot be collected"),
        pytest.param(2, "FAILED tests/a.py::test_x - boom", Verdict.BROKEN, "", id="pytest was interrupted"),
        pytest.param(5, "no tests ran", Verdict.BROKEN, "", id="nothing was collected"),
        pytest.param(-11, "", Verdict.BROKEN, "", id="the interpreter crashed"),
    ],
)
def test_only_a_failing_test_is_a_catch(status: int, output: str, verdict: Verdict, test: str) -> None:
    assert judge(status, output)[:2] == (verdict, test)
