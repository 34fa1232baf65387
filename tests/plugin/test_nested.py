"""A run of pytest inside a run, as plugins test themselves with ``pytester``."""

from pathlib import Path

import pytest

from support.inner import INI, run_inner

INNER = """
from workers import DurableObject


class Thing(DurableObject):
    async def say(self):
        return "a thing"


async def test_passes(durable):
    await durable.clock.advance(hours=1)
    assert await durable.namespace(Thing).get_by_name("a").say() == "a thing"


def test_fails(durable):
    assert False
"""

OUTER = f"""
INNER = {INNER!r}


def test_platform_is_loaded_by_the_inner_run(pytester):
    pytester.makepyfile(INNER)
    pytester.makeini("[pytest]")
    pytester.runpytest_inprocess("-pno:asyncio").assert_outcomes(passed=1, failed=1)


def test_inner_run_comes_again(pytester):
    pytester.makepyfile(INNER)
    pytester.makeini("[pytest]")
    pytester.runpytest_inprocess("-pno:asyncio").assert_outcomes(passed=1, failed=1)


async def test_platform_of_the_outer_run(durable):
    from workers import DurableObject

    class Thing(DurableObject):
        async def say(self):
            return "outer"

    assert await durable.namespace(Thing).get_by_name("a").say() == "outer"


def test_inner_run_while_the_outer_host_lives(durable, pytester):
    pytester.makepyfile(INNER)
    pytester.makeini("[pytest]")
    pytester.runpytest_inprocess("-pno:asyncio").assert_outcomes(passed=1, failed=1)
    durable.run(durable.settle())
"""


def test_runs_inside_a_run_leave_it_as_it_was(tmp_path: Path) -> None:
    files = {"test_outer.py": OUTER, "conftest.py": 'pytest_plugins = ["pytester"]\n', "pytest.ini": INI}

    run = run_inner(tmp_path, files)

    assert run.status == pytest.ExitCode.OK, run.out
