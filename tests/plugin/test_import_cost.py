"""What a run of pytest pays for the plugin when no test uses it."""

import re
import subprocess
import sys

import pytest

from support.inner import run_inner

#: Modules that only a test may bring in (budget 1).
HEAVY = frozenset(
    {
        "apsw",
        "asyncio",
        "croniter",
        "freezegun",
        "json5",
        "time_machine",
        "pytest_durable._core",
        "pytest_durable._surfaces",
    }
)

#: Python, pytest, and after that the plugin; then what the plugin brought.
PROGRAM = """
import sys, pytest
before = set(sys.modules)
import pytest_durable.plugin
print(*sorted(set(sys.modules) - before))
"""


def test_importing_the_plugin_imports_nothing_of_the_platform() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    assert HEAVY.isdisjoint(done.stdout.split())


def test_run_without_durable_tests_imports_nothing_of_the_platform(tmp_path_factory: pytest.TempPathFactory) -> None:
    source = """
import sys

def test_it():
    assert not [name for name in sys.modules if name.startswith(("pytest_durable._core", "pytest_durable._surfaces"))]
    assert not {"apsw", "croniter", "freezegun"} & set(sys.modules)
"""
    arguments = [f"-pno:{name}" for name in ("asyncio", "anyio", "freezer", "pytest_freezer", "time_machine")]

    run = run_inner(
        tmp_path_factory.mktemp("project"), {"test_it.py": source, "pytest.ini": "[pytest]\n"}, "-rA", *arguments
    )

    assert run.outcomes == {"test_it": "PASSED"}, run.out


def test_own_modules_of_the_plugin_are_few_and_small() -> None:
    """The time itself is measured in benchmarks/; what it depends on can be counted."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import pytest, pytest_durable.plugin"],
        capture_output=True,
        text=True,
        check=True,
    )

    own = re.findall(r"\| +(pytest_durable[\w.]*)$", done.stderr, re.MULTILINE)
    assert sorted(own) == [
        "pytest_durable",
        "pytest_durable._hosts",
        "pytest_durable._hosts.defaults",
        "pytest_durable.plugin",
        "pytest_durable.plugin.directories",
        "pytest_durable.plugin.fixtures",
        "pytest_durable.plugin.hookspecs",
        "pytest_durable.plugin.keys",
        "pytest_durable.plugin.lending",
        "pytest_durable.plugin.options",
        "pytest_durable.plugin.running",
        "pytest_durable.plugin.skipping",
        "pytest_durable.plugin.surface",
        "pytest_durable.plugin.zone",
    ]
