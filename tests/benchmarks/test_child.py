"""The benchmarks show why a process that they need has failed."""

import os
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.child import ChildFailedError, run_child

SPEAK = "import sys; print('on one'); print('on the other', file=sys.stderr); sys.exit({status})"


def run(status: int, directory: Path) -> str:
    return run_child([sys.executable, "-c", SPEAK.format(status=status)], cwd=directory, environment=os.environ).stderr


def test_child_that_succeeds_gives_what_it_said(tmp_path: Path) -> None:
    assert run(0, tmp_path) == "on the other\n"


def test_child_that_fails_shows_all_that_it_said(tmp_path: Path) -> None:
    with pytest.raises(ChildFailedError) as caught:
        run(3, tmp_path)
    first, *said = str(caught.value).splitlines()
    assert first.endswith(f" ended with status 3 in {tmp_path}:")
    assert said == ["", "on one", "on the other"]


def test_row_whose_child_fails_ends_the_benchmarks_with_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def row() -> None:
        run(3, tmp_path)

    monkeypatch.setattr(command, "ALL", {"1": row})
    assert command.main([]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("row 1 cannot be measured: ")
    assert shown.endswith("\n\non one\non the other\n")
