"""What pytest shows of an error about the tool ends at the line of the user, and nothing else is printed beside it."""

from pathlib import Path

import pytest

from support.inner import InnerRun, run_inner

PROJECT = """
import asyncio
import sqlite3
import time
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

    async def arm(self, seconds):
        await self.ctx.storage.setAlarm(int(time.time() * 1000) + 1000 * seconds)

    async def alarm(self):
        assert False, "claimed in an alarm"

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


@pytest.fixture
async def asks_in_teardown(durable):
    yield
    durable.namespace("ABSENT")


async def test_error_of_the_teardown(asks_in_teardown):
    pass


async def test_unseen_claim(durable):
    await durable.namespace(Counter).get_by_name("a").arm(0)


@pytest.fixture
async def arms_in_teardown(durable):
    yield
    await durable.namespace(Counter).get_by_name("a").arm(5)
    await asyncio.sleep(10)


async def test_unseen_claim_of_the_teardown(arms_in_teardown):
    pass
"""

#: The only object of the project cannot be read when its alarm comes due, which nobody waits for.
DAMAGED = """
import asyncio

import pytest
from test_project import Counter

pytestmark = pytest.mark.durable(storage="disk")


async def damage(durable):
    stub = durable.namespace(Counter).get_by_name("a")
    await stub.arm(60)
    await durable.stop()
    path = durable.directory / "Counter" / f"{stub.id.hex}.sqlite"
    path.write_bytes(path.read_bytes()[:5000])
    await durable.start()


async def test_unseen_error(durable):
    await damage(durable)
    await asyncio.sleep(90)


@pytest.fixture
async def damages_in_teardown(durable):
    yield
    await damage(durable)
    await asyncio.sleep(90)


async def test_unseen_error_of_the_teardown(damages_in_teardown):
    pass
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> InnerRun:
    files = {"test_project.py": PROJECT, "test_damaged.py": DAMAGED, "lacking.py": "class Present: pass\n"}
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


@pytest.mark.parametrize("test", ["test_unseen_error", "test_unseen_error_of_the_teardown"])
def test_error_that_no_line_of_the_user_has_caused_is_shown_without_a_traceback(run: InnerRun, test: str) -> None:
    told = run.failure(test).partition("--- durable ---")[0].splitlines()
    message, *rest = [line for line in told if line.strip(" -")]
    assert message.startswith("E   pytest_durable.errors.DamagedFileError: ")
    assert [line.strip() for line in rest] == [
        "Nothing was changed. Restore the file from a copy, or remove it to begin anew.",
        "All traceback entries are hidden. Pass `--full-trace` to see hidden and internal frames.",
    ]
    assert f"::{test} - pytest_durable.errors.DamagedFileError: " in run.out


def test_full_trace_shows_all_frames(tmp_path: Path) -> None:
    files = {"test_project.py": PROJECT, "test_damaged.py": DAMAGED}
    shown = run_inner(tmp_path, files, "--full-trace", "-k", "test_unseen_error").failure("test_unseen_error")
    assert "raise_first" in shown


def test_an_error_about_the_tool_within_a_group_ends_at_the_users_line_too(run: InnerRun) -> None:
    # The frames before it, of the group itself, are those of the user's own code.
    _, _, part = run.failure(GROUP).partition("---------------- 1 ----------------")
    files = [line.split('"')[1].rpartition("/")[2] for line in part.splitlines() if " File " in line]
    assert files == ["test_project.py"], part


def test_an_error_about_the_tool_leaves_no_other_noise(run: InnerRun, tmp_path: Path) -> None:
    assert set(run.outcomes.values()) == {"FAILED", "ERROR"}
    for noise in ("never retrieved", "never awaited", "Unraisable", "was destroyed", "warnings summary"):
        assert noise not in run.out + run.err
