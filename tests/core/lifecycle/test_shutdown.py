"""The end of a life: what is finished, what is cut off, what stays (DO-9.9)."""

import asyncio

import pytest

from pytest_durable import PlatformError
from pytest_durable._core.messages import Response
from pytest_durable.errors import HostDownError
from pytest_durable.events import AlarmStarted, RuntimeStopped
from support.objects import Box


class Slow(Box):
    """Takes its time; what it still does goes to a log that outlives it."""

    log: list[str] = []

    async def work(self, seconds):
        try:
            await self.ctx.storage.put("begun", 1)
            await asyncio.sleep(seconds)
            await self.ctx.storage.put("done", 1)
            return "answer"
        finally:
            self.log.append("left")

    async def relay(self, seconds):
        await asyncio.sleep(1)
        return await self.env.SLOW.getByName("other").work(seconds)

    async def work_in_background(self, seconds):
        self.ctx.waitUntil(self.work(seconds))

    async def work_by_timer(self, seconds):
        asyncio.get_running_loop().call_later(seconds, self.ctx.storage.kv.put, "done", 1)

    async def arm(self, time):
        await self.ctx.storage.setAlarm(time)

    async def alarm(self, info):
        self.log.append(f"alarm, retry {info.retryCount}")
        await self.ctx.storage.put("alarm began", 1)
        if len(self.log) == 1:
            await asyncio.sleep(5)
        self.log.append("alarm ends")

    async def fetch(self, _request):
        await self.work(0.6)
        return Response(status=204)


@pytest.fixture
def log():
    Slow.log = []
    return Slow.log


@pytest.fixture
def objects(durable, log):
    return durable.namespace(Slow)


@pytest.fixture
def slow(objects):
    return objects.get_by_name("a")


def stored(durable, stub):
    return dict(durable.stored(stub).kv)


async def test_running_call_is_finished_and_its_last_write_stored(durable, slow):
    """DO-9.9.1"""
    running = asyncio.create_task(slow.work(0.6))
    await durable.settle()
    before = durable.clock.time()
    await durable.stop()
    assert round(durable.clock.time() - before, 3) == 0.6
    assert await running == "answer"
    assert stored(durable, slow) == {"begun": 1, "done": 1}


async def test_running_request_is_finished(durable, slow):
    """DO-9.9.1"""
    running = asyncio.create_task(slow.fetch("http://slow/"))
    await durable.settle()
    await durable.stop()
    assert (await running).status == 204


async def test_calls_that_a_running_call_makes_are_finished_too(durable, objects, slow):
    """DO-9.9.1"""
    running = asyncio.create_task(slow.relay(2))
    await durable.settle()
    await durable.stop()
    assert await running == "answer"
    assert stored(durable, objects.get_by_name("other")) == {"begun": 1, "done": 1}


@pytest.mark.parametrize("method", ["work_in_background", "work_by_timer"])
async def test_background_work_and_timers_are_dropped(durable, slow, log, method):
    """DO-9.9.1"""
    before = durable.clock.time()
    await getattr(slow, method)(5)
    await durable.stop()
    assert durable.clock.time() == before
    await durable.clock.advance(seconds=10)
    assert "done" not in stored(durable, slow)
    assert log == []


async def test_idle_objects_do_not_delay_the_stop(durable, slow):
    """DO-9.9.1"""
    await slow.work(0)
    before = durable.clock.time()
    await durable.stop()
    assert durable.clock.time() == before
    assert len(durable.journal.of(RuntimeStopped)) == 1


async def test_databases_are_closed_with_their_logs_merged(durable, objects, slow):
    """DO-9.9.1"""
    running = asyncio.create_task(slow.work(1))
    await durable.settle()
    await durable.stop()
    await running
    assert objects.files() == sorted([f"{slow.id.hex}.sqlite", "metadata.sqlite"])


async def test_new_calls_are_refused_while_the_host_stops(durable, objects, slow):
    """DO-9.9.2"""
    running = asyncio.create_task(slow.work(1))
    await durable.settle()
    stopping = asyncio.create_task(durable.stop())
    await asyncio.sleep(0.5)
    with pytest.raises(HostDownError, match="being stopped"):
        objects.get_by_name("b").work(0)
    await asyncio.gather(running, stopping)
    with pytest.raises(HostDownError, match="is down since"):
        objects.get_by_name("b").work(0)


async def test_crash_is_immediate_death_that_leaves_the_log(durable, objects, slow, log):
    """DO-9.9.2"""
    running = asyncio.create_task(slow.work(1))
    await durable.settle()
    before = durable.clock.time()
    await durable.crash()
    assert durable.clock.time() == before
    with pytest.raises(PlatformError, match=r"^Network connection lost\.$"):
        await running
    assert f"{slow.id.hex}.sqlite-wal" in objects.files()
    assert stored(durable, slow) == {"begun": 1}
    assert log == []


async def test_call_that_outlasts_the_stop_loses_its_connection(durable, slow, log):
    """DO-9.9.3: at most 30 virtual seconds are waited (decision 4.5)."""
    running = asyncio.create_task(slow.work(60))
    await durable.settle()
    before = durable.clock.time()
    await durable.stop()
    assert durable.clock.time() == before + 30
    with pytest.raises(PlatformError, match=r"^Network connection lost\.$") as caught:
        await running
    assert caught.value.retryable
    assert stored(durable, slow) == {"begun": 1}
    assert log == []


async def test_running_alarm_is_cut_off_and_runs_again_after_the_next_start(durable, objects, slow, log):
    """DO-9.9.4"""
    due = durable.clock.time_ms() + 1000
    await slow.arm(due)
    await durable.clock.advance(seconds=1)
    assert log == ["alarm, retry 0"]
    before = durable.clock.time()
    await durable.stop()
    assert durable.clock.time() == before
    assert durable.stored(slow).alarm.timestamp() * 1000 == due
    assert [alarm.due.timestamp() * 1000 for alarm in durable.alarms()] == [due]
    await durable.start()
    assert log == ["alarm, retry 0", "alarm, retry 0", "alarm ends"]
    assert [record.retry_count for record in durable.journal.of(AlarmStarted)] == [0, 0]
    assert durable.alarms() == []


async def test_pending_alarms_are_not_affected(durable, slow, log):
    """DO-9.9.4"""
    await slow.arm(durable.clock.time_ms() + 60_000)
    await durable.restart()
    assert len(durable.alarms()) == 1
    await durable.clock.advance(minutes=1)
    assert log[0] == "alarm, retry 0"
