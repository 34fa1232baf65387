"""Runs tests against a copy of the package and says what came of it."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from tools.plant_faults.fault import PACKAGE, Fault, PlantingError, broken_text, plant

#: One test may take this long, for a fault may keep it from ending. Real seconds; the tests take one or two.
TEST_SECONDS_MAX: Final = 60
#: And all tests of one run.
RUN_SECONDS_MAX: Final = 1_800

#: pytest's summary names the failing test, or the one whose set-up or tear-down failed. A file that could not even be
#: collected is named without ``::``: there the fault has not been tried.
_FAILED_TEST: Final = re.compile(r"^(?:FAILED|ERROR) (?P<test>\S+?::.+?)(?: - (?P<reason>.*))?$", re.MULTILINE)
_FAILED: Final = 1


class Verdict(Enum):
    """What came of a planted fault."""

    CAUGHT = "caught"
    SURVIVED = "SURVIVED"
    #: Nothing was learned: the copy cannot be imported, the interpreter crashed, or the tests never ended.
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one run.

    Attributes:
        verdict: What came of it.
        test: The first test that failed; empty if none did.
        reason: What pytest says about it in a line, or why nothing was learned.
        seconds: How long the run took.
        output: Everything that pytest printed.
    """

    verdict: Verdict
    test: str = ""
    reason: str = ""
    seconds: float = 0.0
    output: str = ""


def judge(status: int, output: str) -> tuple[Verdict, str, str]:
    """Verdict, first failing test and reason, given how pytest ended and what it printed."""
    if status == 0:
        return Verdict.SURVIVED, "", ""
    failed = _FAILED_TEST.search(output)
    if status == _FAILED and failed is not None:
        return Verdict.CAUGHT, failed["test"], failed["reason"] or ""
    return Verdict.BROKEN, "", f"pytest ended with status {status} before a test failed"


class Laboratory:
    """The place where copies of the package are made and tried.

    The package is copied once, at the beginning, so that all faults are tried on the same code.

    Args:
        repository: The root of the repository, whose tests are run.
        directory: An empty directory for the copies.
    """

    def __init__(self, repository: Path, directory: Path) -> None:
        self._repository = repository
        self._directory = directory
        self._sound = directory / "sound"
        source = repository / PACKAGE
        shutil.copytree(source, self._sound / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))

    def require_fit(self, faults: Iterable[Fault]) -> None:
        """Make sure that each fault fits the code, before the first one is tried.

        Raises:
            PlantingError: One does not.
        """
        for fault in faults:
            broken_text(fault, self._sound)

    def require_precedence(self) -> None:
        """Make sure that a run imports the copy, not the package that is installed or lies in the repository.

        Raises:
            PlantingError: It does not, so that every fault would seem to survive.
        """
        script = f"import {PACKAGE}; print({PACKAGE}.__file__)"
        run = subprocess.run(
            [sys.executable, "-P", "-c", script], cwd=self._repository, env=_environment(self._sound),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        imported = run.stdout.strip()
        if not imported.startswith(str(self._sound)):
            raise PlantingError(
                f"Tests would not run against the copy of {PACKAGE}.\n\n"
                f"  expected  {self._sound / PACKAGE}\n"
                f"  actual    {imported or run.stderr.strip()}\n\n"
                "Run the command with the interpreter of an environment in which the package is installed."
            )

    def try_sound(self, tests: Iterable[str]) -> Outcome:
        """Run tests against the unchanged copy; to survive is right here."""
        return self._run(self._sound, sorted(tests))

    def try_fault(self, fault: Fault, tests: Sequence[str]) -> Outcome:
        """Run tests against a copy with the fault.

        Raises:
            PlantingError: The fault does not fit the code.
        """
        copy = self._directory / fault.name
        shutil.copytree(self._sound, copy)
        plant(fault, copy)
        try:
            return self._run(copy, tests)
        finally:
            shutil.rmtree(copy, ignore_errors=True)

    def _run(self, copy: Path, tests: Sequence[str]) -> Outcome:
        # -P: without it the current directory, with the package in it, would come before the copy.
        command = [sys.executable, "-P", "-m", "pytest", "-x", "-q", "-n", "0", "-rfE", "--color=no", "--tb=short"]
        # -n 0: faults are tried side by side, tests are not; with workers, -x would not end like a failed run.
        plugins = ["-p", "no:cacheprovider", "-p", "no:randomly", "-n", "0", f"--timeout={TEST_SECONDS_MAX}"]
        began = time.perf_counter()
        try:
            run = subprocess.run(
                [*command, *plugins, *tests], cwd=self._repository, env=_environment(copy), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                timeout=RUN_SECONDS_MAX,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Outcome(verdict=Verdict.BROKEN, reason=f"the tests have not ended after {RUN_SECONDS_MAX} s")
        verdict, test, reason = judge(run.returncode, run.stdout)
        seconds = time.perf_counter() - began
        return Outcome(verdict=verdict, test=test, reason=reason, seconds=seconds, output=run.stdout)


def _environment(copy: Path) -> dict[str, str]:
    paths = [str(copy), *filter(None, [os.environ.get("PYTHONPATH")])]
    # pytest cuts the lines of its summary at the width of the terminal.
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "400"}
