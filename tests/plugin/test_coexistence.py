"""The same project under each async plugin, and beside plugins that change how tests are run."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from support.inner import InnerRun, run_inner

PROJECT = """
import asyncio
import time
from datetime import datetime, timezone

import pytest
{imports}
from freezegun import freeze_time
from workers import DurableObject


class Reminder(DurableObject):
    async def remind_in(self, seconds):
        await self.ctx.storage.setAlarm(int(time.time() * 1000) + seconds * 1000)
        return datetime.now().isoformat()

    async def alarm(self, info):
        await self.ctx.storage.put("sent", datetime.now().isoformat())


{fixture}
async def early():
    await asyncio.sleep(5)
    return asyncio.get_running_loop()


{fixture}
async def reminder(durable):
    stub = durable.namespace(Reminder).get_by_name("a")
    await stub.remind_in(60)
    yield stub
    await asyncio.sleep(3600)
    durable.assert_alarm_ran(stub, times=1)


{mark}
async def test_async_fixture(early, reminder, durable):
    assert early is asyncio.get_running_loop()
    durable.assert_alarm(reminder, after=60)
    await durable.restart()
    await asyncio.sleep(30)
    durable.assert_alarm(reminder, after=30)


def test_plain(durable):
    stub = durable.namespace(Reminder).get_by_name("a")
    assert durable.run(stub.remind_in(60)) == "2030-01-01T00:00:00"
    durable.run(durable.clock.advance(minutes=1))
    assert durable.stored(stub).kv["sent"] == "2030-01-01T00:01:00"


{mark}
async def test_failing(durable):
    stub = durable.namespace(Reminder).get_by_name("a")
    assert await stub.remind_in(60) == "yesterday"


{mark}
async def test_freezer(durable, freezer):
    freezer.move_to("2031-05-01")
    stub = durable.namespace(Reminder).get_by_name("a")
    assert await stub.remind_in(60) == "2031-05-01T00:00:00"
    freezer.tick(3600)
    await durable.settle()
    assert durable.stored(stub).kv["sent"] == "2031-05-01T01:00:00"


@pytest.mark.freeze_time("2020-02-29")
{mark}
async def test_freeze_time_marker(reminder, durable):
    await asyncio.sleep(60)
    assert durable.stored(reminder).kv["sent"] == "2020-02-29T00:01:00"


{mark}
async def test_freeze_time_in_the_body(durable):
    stub = durable.namespace(Reminder).get_by_name("a")
    with freeze_time("2032-01-01"):
        assert await stub.remind_in(60) == "2032-01-01T00:00:00"
        await durable.clock.advance(seconds=60)
        assert datetime.now().isoformat() == "2032-01-01T00:01:00"


{mark}
async def test_time_machine(durable, time_machine):
    time_machine.move_to(datetime(2033, 1, 1, tzinfo=timezone.utc), tick=False)
    stub = durable.namespace(Reminder).get_by_name("a")
    assert await stub.remind_in(60) == "2033-01-01T00:00:00"
    time_machine.shift(3600)
    await durable.settle()
    assert durable.stored(stub).kv["sent"] == "2033-01-01T01:00:00"


{mark}
async def test_loop_of_its_own(durable):
    assert asyncio.get_running_loop() is durable.world.loop


def test_time_is_real_afterwards():
    assert datetime.now().year < 2029
"""

OUTCOMES = {
    "test_async_fixture": "PASSED",
    "test_plain": "PASSED",
    "test_failing": "FAILED",
    "test_freezer": "PASSED",
    "test_freeze_time_marker": "PASSED",
    "test_freeze_time_in_the_body": "PASSED",
    "test_time_machine": "PASSED",
    "test_loop_of_its_own": "PASSED",
    "test_time_is_real_afterwards": "PASSED",
}


#: What is installed here beside this plugin and changes how tests are run.
PLUGINS = ("anyio", "asyncio", "randomly", "timeout", "xdist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Which plugins are on, and how a project is written for them."""

    plugins: frozenset[str] = frozenset()
    arguments: tuple[str, ...] = ()
    imports: str = ""
    fixture: str = "@pytest.fixture"
    mark: str = ""
    ini: str = ""

    def run(self, directory: Path) -> InnerRun:
        source = PROJECT.format(imports=self.imports, fixture=self.fixture, mark=self.mark)
        off = [
            f"-pno:{name}" for name in ("anyio", "asyncio", "randomly", "timeout", "xdist") if name not in self.plugins
        ]
        ini = f"[pytest]\naddopts = -p no:cacheprovider -rA --strict-markers\nfilterwarnings = error\n{self.ini}\n"
        return run_inner(directory, {"test_project.py": source, "pytest.ini": ini}, *off, *self.arguments)


SETTINGS = {
    "no async plugin": Setting(),
    "pytest-asyncio strict": Setting(
        plugins=frozenset({"asyncio"}),
        imports="import pytest_asyncio",
        fixture="@pytest_asyncio.fixture",
        mark="@pytest.mark.asyncio",
        ini="asyncio_mode = strict\nasyncio_default_fixture_loop_scope = function",
    ),
    "pytest-asyncio auto": Setting(
        plugins=frozenset({"asyncio"}),
        ini="asyncio_mode = auto\nasyncio_default_fixture_loop_scope = function",
    ),
    "anyio": Setting(plugins=frozenset({"anyio"}), mark="@pytest.mark.anyio"),
    "xdist with two workers": Setting(plugins=frozenset({"xdist"}), arguments=("-n2",)),
    "timeout": Setting(plugins=frozenset({"timeout"}), arguments=("--timeout=60",)),
    "randomly": Setting(plugins=frozenset({"randomly"}), arguments=("-prandomly",)),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_project_runs_beside_other_plugins(name: str, tmp_path: Path) -> None:
    done = SETTINGS[name].run(tmp_path)

    outcomes = {test.partition("[")[0]: outcome for test, outcome in done.outcomes.items()}
    assert outcomes == OUTCOMES, done.out + done.err
    assert 'REMINDER["a"]  due 00:01:00.000, in 60.000 s, waiting' in done.out
