"""The public API as users type it: mypy in strict mode accepts what is right and refuses what is wrong."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
SNIPPETS: Final = Path(__file__).parent / "snippets"

_ERROR: Final = re.compile(r"(?P<file>accepted|rejected)\.py:(?P<line>\d+): error: .*  \[(?P<code>[\w-]+)\]\Z")
_EXPECTED: Final = re.compile(r"# E: (?P<codes>[\w, -]+)\Z")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[int, set[str]]]:
    """One run of mypy over all snippets: file to line to the codes of its errors."""
    work = tmp_path_factory.mktemp("mypy")
    # No configuration of the project: a user has none of it.
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={work}", "--no-error-summary"]
    run = subprocess.run(
        [*command, "accepted.py", "rejected.py"],
        cwd=SNIPPETS,
        env={"MYPYPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (run.returncode, run.stderr) == (1, ""), run.stdout
    errors: dict[str, dict[int, set[str]]] = {"accepted": {}, "rejected": {}}
    # Errors inside the package are left out, as they are for users: theirs is installed, ours lies on mypy's path.
    for error in filter(None, map(_ERROR.fullmatch, run.stdout.splitlines())):
        errors[error["file"]].setdefault(int(error["line"]), set()).add(error["code"])
    return errors


def test_a_type_checker_accepts_what_users_write(found: dict[str, dict[int, set[str]]]) -> None:
    assert found["accepted"] == {}


def test_a_type_checker_refuses_what_is_wrong(found: dict[str, dict[int, set[str]]]) -> None:
    lines = (SNIPPETS / "rejected.py").read_text(encoding="utf-8").splitlines()
    expected = {
        number: set(mark["codes"].split(", "))
        for number, line in enumerate(lines, 1)
        if (mark := _EXPECTED.search(line))
    }
    assert found["rejected"] == expected
