"""Tests that use no host are what they were without the plugin."""

import re
from pathlib import Path

import pytest

from support.inner import INI, run_inner

PROJECT = '''
import pytest


@pytest.fixture
def broken():
    raise ValueError("in a fixture")


@pytest.fixture
async def asynchronous():
    pass


@pytest.fixture
def durable():
    """Happens to be called so."""
    return "a fixture of the project"


def test_passes():
    pass


def test_fails():
    assert 1 == 2


def test_fails_by_name():
    pytest.fail("by name", pytrace=False)


def test_has_a_broken_fixture(broken):
    pass


def test_has_an_async_fixture(asynchronous):
    pass


async def test_is_async():
    pass


async def test_is_async_and_has_a_fixture_of_that_name(durable):
    pass


def test_has_a_fixture_of_that_name(durable):
    assert durable == "a fixture of the project"
'''


@pytest.mark.parametrize("others", [("anyio", "asyncio"), ()], ids=["alone", "beside async plugins"])
def test_report_of_other_tests_is_the_same_with_and_without_the_plugin(others: tuple[str, ...], tmp_path: Path) -> None:
    ini = INI if not others else "[pytest]\naddopts = -p no:cacheprovider -p no:randomly -rA\n"
    off = [f"-pno:{name}" for name in others]
    files = {"test_project.py": PROJECT, "pytest.ini": ini}

    with_plugin = run_inner(tmp_path, files, "--no-header", *off)
    without_plugin = run_inner(tmp_path, files, "--no-header", "-pno:durable", *off)

    assert _without_times(with_plugin.out) == _without_times(without_plugin.out)
    assert with_plugin.outcomes["test_is_async"] == "FAILED"


def _without_times(text: str) -> str:
    return re.sub(r"=+ (.*) in [\d.]+s =+", r"\1", text)
