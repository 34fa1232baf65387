"""What is compared does not depend on who compares: a program is the same in every process."""

import os
import subprocess
import sys
from pathlib import Path

from differential.drawing import digests

PROGRAMS = range(40)
_TESTS = Path(__file__).parents[1]
_TELL = f"from differential.drawing import digests; print(*digests({PROGRAMS!r}))"
#: A module of somebody's own, whose constants hypothesis would draw now and then.
_OWN = "NUMBERS = [123_456, -4_242, 2**40, 7.25, -3.75]\nTEXTS = ['zz', 'é', 'a+b', b'xyz']\n"


def _digests_elsewhere(before: str, path: Path, hash_seed: str) -> list[str]:
    environment = dict(
        os.environ, PYTHONPATH=os.pathsep.join([*map(str, (path, _TESTS)), *sys.path]), PYTHONHASHSEED=hash_seed
    )
    ran = subprocess.run(
        [sys.executable, "-c", f"{before}; {_TELL}"], env=environment, capture_output=True, text=True, timeout=100
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


def test_programs_are_the_same_whatever_their_process_has_imported(tmp_path: Path) -> None:
    (tmp_path / "somebodys_own.py").write_text(_OWN, "utf-8")
    bare = _digests_elsewhere("pass", tmp_path, "1")
    laden = _digests_elsewhere(
        "import somebodys_own, pytest_durable.plugin, pytest_durable._surfaces.js", tmp_path, "2"
    )
    assert len(set(bare)) == len(PROGRAMS)
    assert bare == laden == digests(PROGRAMS)


def test_a_program_does_not_depend_on_those_before_it() -> None:
    assert digests(range(7, 9)) == digests(range(9))[7:]
