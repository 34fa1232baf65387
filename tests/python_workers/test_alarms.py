"""Alarms of Python objects: spec python-workers 2.4, 2.5."""

import itertools
import time

import js
import pytest
from workers import DurableObject

from pytest_durable.events import AlarmAbandoned, AlarmFinished, AlarmStarted

pytestmark = pytest.mark.durable(storage="memory")

START_MS = 1_893_456_000_000


class Alarming(DurableObject):
    async def set(self, when):
        await self.ctx.storage.setAlarm(when)
        return await self.ctx.storage.getAlarm()

    async def soon(self):
        self.ctx.storage.setAlarm(js.Date.now() + 100)

    async def alarm(self, info):
        told = self.ctx.storage.kv.get("told") or []
        told.append([int(time.time() * 1000), info.scheduledTime, info.isRetry, info.retryCount])
        self.ctx.storage.kv.put("told", told)
        self.ctx.storage.kv.put("own alarm", await self.ctx.storage.getAlarm())


class Failing(Alarming):
    async def alarm(self, info):
        await super().alarm(info)
        raise ValueError("no")


class Aborting(Alarming):
    async def alarm(self, info):
        await super().alarm(info)
        await self.ctx.storage.sync()
        self.ctx.abort("no")


def told(durable, stub):
    return durable.stored(stub).kv["told"]


async def test_alarm_in_the_past_is_stored_as_now_and_runs_at_once(durable):
    """PW-2.13"""
    stub = durable.namespace(Alarming).get_by_name("a")
    assert await stub.set(START_MS - 86_400_000) == START_MS
    await durable.settle()

    assert told(durable, stub) == [[START_MS, START_MS, False, 0]]
    assert durable.clock.time_ms() == START_MS


async def test_alarm_fires_though_nobody_calls_the_object(durable):
    """PW-2.15"""
    stub = durable.namespace(Alarming).get_by_name("a")
    await stub.soon()
    await durable.clock.advance("99ms")
    durable.assert_alarm_ran(stub, times=0)
    await durable.clock.advance("1ms")
    durable.assert_alarm_ran(stub, times=1)


async def test_handler_sees_no_alarm_of_its_own(durable):
    """PW-2.14"""
    stub = durable.namespace(Alarming).get_by_name("a")
    await stub.set(START_MS + 1000)
    await durable.clock.advance("1s")
    assert durable.stored(stub).kv["own alarm"] is None


@pytest.mark.parametrize("cls", [Failing, Aborting])
async def test_alarm_that_fails_or_aborts_is_retried_six_times(durable, cls):
    """PW-2.14"""
    stub = durable.namespace(cls).get_by_name("a")
    await stub.set(START_MS + 1000)
    await durable.clock.advance(hours=1)

    assert len(durable.journal.of(AlarmStarted, object=stub)) == 7
    assert {record.error is None for record in durable.journal.of(AlarmFinished, object=stub)} == {False}
    assert len(durable.journal.of(AlarmAbandoned, object=stub)) == 1
    assert durable.alarms() == []


@pytest.mark.parametrize("cls", [Failing, Aborting])
async def test_info_tells_the_set_time_and_which_try_it_is(durable, cls):
    """PW-2.14"""
    stub = durable.namespace(cls).get_by_name("a")
    await stub.set(START_MS + 1000)
    await durable.clock.advance(hours=1)

    runs = told(durable, stub)
    assert [(scheduled, is_retry, count) for _, scheduled, is_retry, count in runs] == [
        (START_MS + 1000, count > 0, count) for count in range(7)
    ]


async def test_gaps_between_the_tries_grow(durable):
    """PW-2.14"""
    stub = durable.namespace(Failing).get_by_name("a")
    await stub.set(START_MS + 1000)
    await durable.clock.advance(hours=1)

    instants = [now for now, *_ in told(durable, stub)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(instants)]
    assert gaps == sorted(gaps)
    assert all(1_900 <= gap / 2**number <= 3_100 for number, gap in enumerate(gaps)), gaps
