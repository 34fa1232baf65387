"""What pytest shows of an error about the tool ends at the line of the user, and nothing else is printed beside it."""

from pathlib import Path

import pytest

from support.inner import InnerRun, run_inner

PROJECT = """
import asyncio
import sqlite3
from datetime import datetime

import pytest
from pytest_durable import App
from workers import DurableObject

pytestmark = pytest.mark.durable(storage="disk")


class Counter(DurableObject):
    async def put(self):
        await self.ctx.storage.put("k", 1)

    async def get(self):
        return await self.ctx.storage.get("k")

    async def wait(self):
        await asyncio.get_running_loop().create_future()


async def helper(stub):
    await stub.wait()


async def test_stuck(durable):
    await helper(durable.namespace(Counter).get_by_name("a"))


async def test_stuck_future(durable):
    await asyncio.get_running_loop().create_future()


async def test_stuck_gather(durable):
    stub = durable.namespace(Counter).get_by_name("a")
    await asyncio.gather(stub.wait(), helper(stub), asyncio.Event().wait())


async def test_stuck_group(durable):
    stub = durable.namespace(Counter).get_by_name("a")
    async with asyncio.TaskGroup() as group:
        group.create_task(helper(stub))
        group.create_task(asyncio.Event().wait())


async def test_stuck_event(durable):
    await asyncio.Event().wait()


async def test_stuck_queue(durable):
    await asyncio.Queue().get()


async def test_configuration(durable):
    durable.namespace("ABSENT")


async def test_configuration_of_a_call(durable):
    stub = durable.namespace("lacking:Absent").get_by_name("a")
    await stub.wait()


def test_configuration_of_a_plain_test(durable):
    durable.run(helper(durable.namespace("lacking:Absent").get_by_name("a")))


async def test_several_in_a_group(durable):
    stub = durable.namespace("lacking:Absent").get_by_name("a")
    async with asyncio.TaskGroup() as group:
        group.create_task(helper(stub))


async def test_undecodable(durable):
    stub = durable.namespace(Counter).get_by_name("a")
    await stub.put()
    await durable.stop()
    connection = sqlite3.connect(durable.directory / "Counter" / f"{stub.id.hex}.sqlite")
    connection.execute("UPDATE _cf_KV SET value = x'FF0F99'")
    connection.commit()
    connection.close()
    await durable.start()
    await stub.get()


async def test_down(durable):
    stub = durable.namespace(Counter).get_by_name("a")
    await durable.stop()
    await stub.wait()


async def test_backwards(durable):
    await durable.clock.advance(seconds=-1)


async def test_naive(durable):
    await durable.clock.move_to(datetime(2031, 1, 1))


async def test_duration(durable):
    await durable.restart(down_for=5)


async def test_foreign(durable):
    durable.namespace(Counter).get(App)


async def test_wrong_argument_of_a_claim(durable):
    durable.assert_alarm(durable.namespace(Counter).get_by_name("a"), at=datetime(2031, 1, 1))


async def test_wrong_host(durable_factory):
    durable_factory(seed="x")
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> InnerRun:
    files = {"test_project.py": PROJECT, "lacking.py": "class Present: pass\n"}
    return run_inner(tmp_path_factory.mktemp("inner"), files)


GROUP = "test_several_in_a_group"
TESTS = [line.split("(")[0].split()[-1] for line in PROJECT.splitlines() if "def test_" in line]
TESTS.remove(GROUP)


@pytest.mark.parametrize("test", TESTS)
def test_traceback_of_an_error_about_the_tool_ends_at_the_users_line(run: InnerRun, test: str) -> None:
    failure = run.failure(test).partition("--- durable ---")[0]
    places = [line for line in failure.splitlines() if ".py:" in line and not line.startswith("E")]
    assert places, failure
    strange = [line for line in places if not line.lstrip(" |+").startswith("test_project.py:")]
    assert strange == [], failure


def test_an_error_about_the_tool_within_a_group_ends_at_the_users_line_too(run: InnerRun) -> None:
    # The frames before it, of the group itself, are those of the user's own code.
    _, _, part = run.failure(GROUP).partition("---------------- 1 ----------------")
    files = [line.split('"')[1].rpartition("/")[2] for line in part.splitlines() if " File " in line]
    assert files == ["test_project.py"], part


def test_an_error_about_the_tool_leaves_no_other_noise(run: InnerRun, tmp_path: Path) -> None:
    assert set(run.outcomes.values()) == {"FAILED"}
    for noise in ("never retrieved", "never awaited", "Unraisable", "was destroyed", "warnings summary"):
        assert noise not in run.out + run.err
