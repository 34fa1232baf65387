"""The fidelity table keeps its promises: what it names exists, and what it says has the right form."""

import ast
import functools
import re
from collections import Counter
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


def each_of(statement: str) -> list[str]:
    """The statements that a row is about: those of its range, or the one."""
    if not RANGE.search(statement):
        return [statement]
    first, last = statement.rsplit("-", 1)
    stem, begin = re.fullmatch(r"(.*?)(\d+)", first).groups()
    return [f"{stem}{number}" for number in range(int(begin), int(last) + 1)]


def test_each_statement_stands_in_one_row() -> None:
    counts = Counter(each for statement, _, _ in rows() for each in each_of(statement))
    assert len(counts) > 500
    assert [statement for statement, count in counts.items() if count > 1] == []


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


#: How many cases of the platform's own tests stand under each of its files; by these no line gets lost.
CASES = {
    "src/workerd/io/actor-sqlite-test.c++": 97,
    "src/workerd/io/io-gate-test.c++": 16,
    "src/workerd/server/alarm-scheduler-test.c++": 5,
    "src/workerd/server/actor-id-impl-test.c++": 2,
    "src/workerd/server/facet-tree-index-test.c++": 5,
    "src/workerd/util/sqlite-kv-test.c++": 5,
    "src/workerd/util/sqlite-metadata-test.c++": 1,
    "src/workerd/server/server-test.c++": 22,
    "src/workerd/api/tests/actor-alarms-test.js": 1,
    "src/workerd/api/tests/actor-alarms-delete-test.js": 1,
    "src/workerd/api/tests/actor-alarms-name-test.js": 1,
    "src/workerd/api/tests/delete-all-deletes-alarm-test.js": 1,
    "src/workerd/api/tests/actor-kv-test.js": 1,
    "src/workerd/api/tests/actor-stub-test.js": 1,
    "src/workerd/api/tests/actor-block-concurrency-depth-test.js": 1,
    "src/workerd/api/tests/sync-kv-test.js": 1,
    "src/workerd/api/tests/sql-test.js": 14,
    "src/workerd/api/tests/sql-restrict-names-test.js": 1,
    "src/workerd/api/tests/sql-resizable-arraybuffer-test.js": 3,
    "src/workerd/api/tests/stub-storage-test.js": 2,
    "src/workerd/api/tests/persistent-stubs-test.js": 20,
    "src/workerd/server/tests/unsafe-module/unsafe-module-test.js": 16,
    "src/workerd/api/tests/abortIsolate.js": 2,
    "src/workerd/api/tests/worker-loader-test.js": 31,
    "src/workerd/api/tests/js-rpc-test.js": 33,
    "src/workerd/api/tests/js-rpc-flag.js": 1,
    "src/workerd/api/tests/importable-exports-test.js": 1,
    "src/workerd/api/tests/new-module-registry-do-test.js": 1,
    "src/workerd/api/tests/queue-do-uaf-test.js": 1,
    "src/workerd/api/tests/request-signal-enabled.js": 6,
    "src/workerd/api/tests/websocket-hibernation.js": 1,
    "src/workerd/api/tests/tail-worker-test.js": 1,
    "src/workerd/api/node/tests/process-exit-test.js": 1,
    "src/workerd/server/tests/python/durable-object/worker.py": 1,
    "src/workerd/server/tests/python/durable-object-websocket/tester.js": 1,
    "src/workerd/server/tests/container-client/test.js": 1,
}


def section(title: str) -> str:
    """The text between a heading of the second level and the next."""
    return TABLE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def cases() -> dict[str, list[tuple[str, str, str]]]:
    """(case, status, tests or reason) of each line about a case, by the platform's file that has it."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for part in section("Tests of the platform itself").split("\n### ")[1:]:
        file, _, lines = part.partition("\n")
        cells = [line.strip("|").split("|") for line in lines.splitlines() if line.startswith("|")]
        found[file.strip("`")] = [
            (case.strip(), status.strip(), "|".join(rest).strip()) for case, status, *rest in cells[2:]
        ]
    return found


def test_each_case_of_the_platform_stands_in_one_row() -> None:
    found = cases()
    assert {file: len(rows) for file, rows in found.items()} == CASES
    for file, rows in found.items():
        names = [case for case, _, _ in rows]
        assert sorted(names) == sorted(set(names)), file


def test_each_case_has_a_known_status_and_what_supports_it() -> None:
    for file, rows in cases().items():
        for case, status, support in rows:
            where = f"{file}: {case}: {status}"
            kind = next((known for known in STATUSES if re.match(rf"{known}\b", status)), None)
            assert kind is not None, where
            if kind in ("same", "differs"):
                assert "::test_" in support, where
            if kind == "differs":
                assert DECISION.search(status), where
            assert kind != "later", where  # what belongs to another part names the statement that asks for it
            if kind == "out of scope":
                assert re.match(rf"{kind}: \w", status.replace("`", "")), where


@pytest.mark.parametrize("counter", ["rowsRead", "rowsWritten"])
def test_page_of_limits_says_what_a_counter_of_rows_counts(counter: str) -> None:
    # DO-5.4.2
    lines = (TABLE.parent / "limits.md").read_text().splitlines()
    (row,) = [line for line in lines if line.startswith(f"| `{counter}` |")]
    assert len([cell for cell in row.strip("|").split("|") if cell.strip()]) == 3
