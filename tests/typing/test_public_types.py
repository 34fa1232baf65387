"""The public API as users type it: mypy in strict mode accepts what is right and refuses what is wrong.

The package is installed from its wheel, so that this is also the test of what the wheel tells type checkers.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from support.installed import environment
from support.pages import ROOT, read_page

SNIPPETS: Final = Path(__file__).parent / "snippets"
EXAMPLES: Final = sorted(path.parent.name for path in ROOT.glob("examples/*/test_*.py"))

_ERROR: Final = re.compile(r"(?P<file>[\w/]+)\.py:(?P<line>\d+): error: .*  \[(?P<code>[\w-]+)\]\Z")
_EXPECTED: Final = re.compile(r"# E: (?P<codes>[\w, -]+)\Z")

#: Most users annotate nothing; the bodies of their functions are checked all the same.
_NO_ANNOTATIONS: Final = ("--allow-untyped-defs", "--allow-incomplete-defs", "--allow-untyped-calls")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a user's environment."""
    return environment(tmp_path_factory.mktemp("user"))


def check(python: Path, directory: Path, *options: str) -> dict[str, dict[int, set[str]]]:
    """Run mypy over a directory: file to line to the codes of its errors."""
    # No configuration of the project: a user has none of it.
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--python-executable={python}"]
    run = subprocess.run(
        [*command, f"--cache-dir={python.parents[1] / 'cache'}", "--no-error-summary", *options, "."],
        cwd=directory,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.stderr == ""
    errors: dict[str, dict[int, set[str]]] = {}
    for line in run.stdout.splitlines():
        if ": note: " not in line:
            error = _ERROR.fullmatch(line)
            assert error is not None, line
            errors.setdefault(error["file"], {}).setdefault(int(error["line"]), set()).add(error["code"])
    return errors


@pytest.fixture(scope="module")
def found(python: Path) -> dict[str, dict[int, set[str]]]:
    """One run of mypy over all snippets."""
    return check(python, SNIPPETS)


@pytest.mark.parametrize("name", ["accepted", "accepted_worker"])
def test_a_type_checker_accepts_what_users_write(found: Mapping[str, object], name: str) -> None:
    assert found.get(name, {}) == {}


@pytest.mark.parametrize("name", ["rejected", "rejected_worker"])
def test_a_type_checker_refuses_what_is_wrong(found: Mapping[str, object], name: str) -> None:
    lines = (SNIPPETS / f"{name}.py").read_text(encoding="utf-8").splitlines()
    expected = {
        number: set(mark["codes"].split(", "))
        for number, line in enumerate(lines, 1)
        if (mark := _EXPECTED.search(line))
    }
    assert found[name] == expected


def test_a_type_checker_accepts_the_first_minute_of_the_readme(python: Path, tmp_path: Path) -> None:
    text = read_page(ROOT / "README.md").files["test_reminder.py"]
    (tmp_path / "test_reminder.py").write_text(text, encoding="utf-8")
    assert check(python, tmp_path, *_NO_ANNOTATIONS) == {}


def test_a_type_checker_accepts_the_annotated_code_of_the_documentation(python: Path, tmp_path: Path) -> None:
    for name, text in read_page(ROOT / "docs/how-to/typing.md").files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert check(python, tmp_path) == {}


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_type_checker_accepts_an_example(python: Path, tmp_path: Path, example: str) -> None:
    shutil.copytree(ROOT / "examples" / example, tmp_path, dirs_exist_ok=True)
    assert check(python, tmp_path, *_NO_ANNOTATIONS) == {}
