"""``run_alarm``: the test runs an alarm before its time, on the path it would take at its time."""

import asyncio

import pytest

from pytest_durable import events
from pytest_durable._core.errors import HostDownError
from support.alarms import Run, failing, recorder, records_of, seconds

pytestmark = pytest.mark.durable(storage="memory")


async def test_run_alarm_runs_the_handler_now_with_the_time_it_was_set_for(durable):
    cls = recorder()
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(3600)
    assert await durable.run_alarm(stub) is True
    assert cls.runs == [Run(at=0, scheduled=3600)]


async def test_run_alarm_clears_both_records_and_nothing_runs_at_the_original_time(durable):
    cls = recorder()
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(3600)
    await durable.run_alarm(stub)
    assert records_of(durable, namespace, stub) == (None, None)
    await durable.clock.advance(hours=2)
    assert len(cls.runs) == 1


async def test_run_alarm_without_an_alarm_says_so(durable):
    cls = recorder()
    stub = durable.namespace(cls).get_by_name("a")
    assert await durable.run_alarm(stub) is False
    assert (cls.runs, durable.journal.of(events.AlarmStarted)) == ([], ())


async def test_run_alarm_wakes_an_object_that_is_not_in_memory(durable):
    cls = recorder()
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(3600)
    await durable.evict(stub)
    assert await durable.run_alarm(stub)
    assert len(cls.runs) == 1


async def test_run_alarm_waits_for_the_end_of_the_handler(durable):
    cls = recorder(lambda _instance, _info: asyncio.sleep(30))
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(3600)
    await durable.run_alarm(stub)
    assert seconds(durable.clock.time_ms()) == 30


async def test_failing_alarm_that_was_run_by_the_test_is_retried_like_any_other(durable):
    cls = failing(1)
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(3600)
    assert await durable.run_alarm(stub) is True
    assert [alarm.state for alarm in durable.alarms()] == ["retrying"]
    await durable.clock.advance(minutes=1)
    assert [run.retry_count for run in cls.runs] == [0, 1]


async def test_retry_that_the_test_runs_keeps_its_count(durable):
    cls = failing(2)
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(3600)
    for _ in range(3):
        await durable.run_alarm(stub)
    assert [run.retry_count for run in cls.runs] == [0, 1, 2]
    assert durable.alarms() == []


async def test_assertion_in_the_handler_is_raised_by_run_alarm(durable):
    def claim(_instance, _info):
        raise AssertionError("wrong")

    stub = durable.namespace(recorder(claim)).get_by_name("a")
    await stub.arm(3600)
    with pytest.raises(AssertionError, match="wrong"):
        await durable.run_alarm(stub)


async def test_alarm_set_by_the_handler_stays_after_run_alarm(durable):
    async def arm_once(instance, _info):
        if len(instance.runs) == 1:
            await instance.arm(7200)

    cls = recorder(arm_once)
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(3600)
    await durable.run_alarm(stub)
    assert records_of(durable, namespace, stub) == (7200, 7200)


@pytest.mark.durable(storage="disk")
async def test_run_alarm_returns_when_a_crash_point_cuts_the_handler_off(durable):
    cls = recorder()
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(3600)
    durable.crash_at(events.AlarmFinished)
    assert await durable.run_alarm(stub) is True
    assert not durable.is_running


async def test_run_alarm_is_refused_while_the_host_is_down(durable):
    stub = durable.namespace(recorder()).get_by_name("a")
    await stub.arm(3600)
    await durable.stop()
    with pytest.raises(HostDownError):
        await durable.run_alarm(stub)
