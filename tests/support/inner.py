"""Runs pytest in a process of its own, as a user of the plugin does, and reads what it printed."""

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: What every project of this suite says about pytest; warnings are errors there too.
INI = """\
[pytest]
addopts = -p no:cacheprovider -p no:randomly -rA --strict-markers --strict-config
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""

#: Variables that speak to this run and not to the inner one.
_OWN_VARIABLES = ("PYTEST", "HYPOTHESIS", "PYTHONDONTWRITEBYTECODE")

_OUTCOME = re.compile(r"^(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS) \S+?::(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerRun:
    """What a run of pytest left behind."""

    status: int
    out: str
    err: str

    @property
    def outcomes(self) -> dict[str, str]:
        """The worst outcome of each test by its name."""
        worst: dict[str, str] = {}
        for outcome, name in _OUTCOME.findall(self.out):
            if worst.get(name, "PASSED") == "PASSED":
                worst[name] = outcome
        return worst

    @property
    def raised(self) -> list[str]:
        """The lines of the errors that failed the tests, without pytest's mark and its indentation."""
        return _raised(self.out)

    def raised_by(self, test: str) -> list[str]:
        """The lines of the errors that failed one test."""
        return _raised(self.failure(test))

    def failure(self, test: str) -> str:
        """All that was printed about one test that failed."""
        pattern = rf"^_+ (?:ERROR at \w+ of )?{re.escape(test)} _+\n(.*?)(?=^_{{4,}} |^={{4,}} )"
        found = re.search(pattern, self.out, re.MULTILINE | re.DOTALL)
        assert found is not None, self.out
        return found[1]

    def section(self, test: str) -> str:
        """The section ``durable`` of the report of one test."""
        return self.failure(test).partition(" durable ")[2].partition("\n")[2].rstrip("\n")


def _raised(text: str) -> list[str]:
    lines = [line[1:] for line in text.splitlines() if re.match(r"E( |$)", line)]
    return textwrap.dedent("\n".join(lines)).splitlines()


def run_inner(directory: Path, files: Mapping[str, str], *arguments: str, **environment: str) -> InnerRun:
    """Write ``files`` and run pytest on them.

    Args:
        directory: Empty; becomes the root of the project.
        files: Relative path to text. ``pytest.ini`` is ``INI`` unless given.
        arguments: Of the command line.
        environment: Added to that of this process.
    """
    for name, text in {"pytest.ini": INI, **files}.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_VARIABLES)}
    # Compiling the package anew is most of what a run costs: the runs of one session share what they compiled.
    cache = {"PYTHONPYCACHEPREFIX": str(directory.parent / ".pycache")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", f"--basetemp={directory}/.base", *arguments],
        cwd=directory,
        env={**inherited, **cache, "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return InnerRun(status=done.returncode, out=done.stdout, err=done.stderr)
