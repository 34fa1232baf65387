"""The fidelity table keeps its promises: what it names exists, and what it says has the right form."""

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "fidelity.md"
STATUSES = ("same", "differs", "later", "out of scope")
STATEMENT = re.compile(r"(DO|PW|PD)-[\w.]+(-\d+)?\Z")
#: "MAY of DO-8.2.2", "PW-1.61 [R]" (a recommendation), "decisions 1.5" of the plan, and a page in docs/decisions.
MAY = re.compile(r"\bMAY of ((?:DO-)?[\d.]+\d)")
RECOMMENDATION = re.compile(r"((?:DO|PW|PD)-[\w.]+) \[R\]")
DECISION = re.compile(r"\bdecisions (\d+\.\d+)|\(decisions/(\d{4})-[\w-]+\.md\)")
RANGE = re.compile(r"\d-\d+\Z")


def rows() -> list[tuple[str, str, str]]:
    """(statement, status, tests or reason) of each line about a statement."""
    found = []
    for line in TABLE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and STATEMENT.match(cells[0]):
            found.append((cells[0], cells[1], "|".join(cells[2:]).strip()))
    return found


def allowances(statement: str, text: str) -> list[str]:
    """What a line cites that allows a departure; what another statement allows does not count."""
    of_statements = [cited for cited in MAY.findall(text) + RECOMMENDATION.findall(text) if cited in statement]
    return of_statements + [of_plan or page for of_plan, page in DECISION.findall(text)]


def named_tests() -> list[str]:
    return sorted(set(re.findall(r"(?:tests|examples)/[\w/]+\.py::\w+", TABLE.read_text())))


@functools.cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("name", named_tests())
def test_a_test_that_the_table_names_exists(name: str) -> None:
    path, _, function = name.partition("::")
    assert (ROOT / path).is_file()
    assert function.startswith("test_")
    assert function in functions_of(ROOT / path)


def test_each_statement_stands_in_one_row() -> None:
    statements = [statement for statement, _, _ in rows()]
    assert len(statements) > 500
    assert sorted(statements) == sorted(set(statements))


def test_each_row_has_a_known_status_and_what_supports_it() -> None:
    for statement, status, support in rows():
        kind = next((known for known in STATUSES if status.startswith(known)), None)
        assert kind is not None, f"{statement}: {status}"
        if kind == "same":
            assert "::test_" in support, f"{statement} names no test"
        if kind == "differs":
            assert allowances(statement, status + support), f"{statement} cites nothing that allows it"


@pytest.mark.parametrize(
    ("text", "allows"),
    [
        ("decisions 3.2", True),
        ("([0011](decisions/0011-small-departures.md))", True),
        ("MAY of 1.2", True),
        ("MAY of DO-1.2", True),
        ("DO-1.2 [R]", True),
        ("DO-1.3 [R] for something else", False),
        ("MAY of DO-1.3", False),
        ("as decided", False),
        ("because DO-1.2.T1.2 says so", False),
    ],
)
def test_departure_is_allowed_by_the_statement_itself_or_by_a_decision(text: str, allows: bool) -> None:
    assert bool(allowances("DO-1.2.T1.2", text)) is allows


def test_a_range_stands_only_for_what_is_not_built() -> None:
    ranges = {statement: status for statement, status, _ in rows() if RANGE.search(statement)}
    assert {status.split(",")[0].split(":")[0] for status in ranges.values()} <= {"later", "out of scope"}
