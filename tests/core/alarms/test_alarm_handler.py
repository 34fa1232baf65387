"""What holds while a handler runs and after it (spec 7.4)."""

import asyncio

import pytest

from pytest_durable import events
from pytest_durable._core.platform_errors import PlatformError
from support.alarms import Run, ms, now_ms, recorder, records_of, seconds, value_of
from support.trace import Trace

pytestmark = pytest.mark.durable(storage="memory")


def reading(seen, then=None):
    """A handler that notes what ``getAlarm`` shows, at its beginning and at its end."""

    async def look(instance, info):
        seen.append(await instance.armed())
        if then is not None:
            await then(instance, info)
            seen.append(await instance.armed())

    return recorder(look)


async def test_get_alarm_is_none_while_the_handler_runs(durable):
    # DO-7.4.1
    seen = []
    await durable.namespace(reading(seen)).get_by_name("a").arm(60)
    await durable.clock.advance(minutes=5)
    assert seen == [None]


async def test_get_alarm_is_none_for_concurrent_requests_too(durable):
    # DO-7.4.1
    stub = durable.namespace(recorder(lambda _instance, _info: asyncio.sleep(30))).get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=70)
    assert await stub.armed() is None


async def test_get_alarm_is_none_during_a_retry(durable):
    # DO-7.4.1
    seen = []

    async def fail_once(instance, info):
        if info.retryCount == 0:
            raise ValueError("once")

    await durable.namespace(reading(seen, fail_once)).get_by_name("a").arm(60)
    await durable.clock.advance(minutes=5)
    assert seen == [None, None, None]


async def test_get_alarm_shows_what_was_set_after_the_start_of_the_handler(durable):
    # DO-7.4.1
    seen = []

    async def arm_once(instance, _info):
        if len(instance.runs) == 1:
            await instance.arm(90)

    await durable.namespace(reading(seen, arm_once)).get_by_name("a").arm(60)
    await durable.clock.advance(minutes=5)
    assert seen == [None, 90, None, None]


async def test_get_alarm_shows_to_all_what_a_concurrent_request_set(durable):
    # DO-7.4.1
    seen = []

    async def wait(instance, _info):
        await asyncio.sleep(30)

    stub = durable.namespace(reading(seen, wait)).get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=70)
    await stub.arm(200)
    await durable.clock.advance(seconds=30)
    assert (seen, await stub.armed()) == ([None, 200], 200)


async def test_both_records_stay_until_the_handler_has_succeeded(durable):
    # DO-7.4.2
    namespace = durable.namespace(recorder(lambda _instance, _info: asyncio.sleep(30)))
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=70)
    assert records_of(durable, namespace, stub) == (60, 60)
    await durable.clock.advance(seconds=20)
    assert records_of(durable, namespace, stub) == (None, None)


async def test_value_is_cleared_before_the_row_goes(durable):
    # DO-7.4.2
    trace = Trace(durable)

    async def write(instance, _info):
        await instance.write("key", 1)

    namespace = durable.namespace(recorder(write))
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    trace.clear()
    await durable.clock.advance(seconds=60)
    assert trace.durable_steps == ["object: commit", "object: commit", "row: delete"]
    assert durable.stored(stub).sql("SELECT * FROM _cf_METADATA") == [{"key": 1, "value": None}]


async def test_alarm_is_deleted_only_after_the_writes_of_its_handler_are_committed(durable):
    # DO-7.4.2
    async def write(instance, _info):
        await instance.write("key", 1)

    stub = durable.namespace(recorder(write)).get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=60)
    told = [record for record in durable.journal if record.time_ns == ms(60) * 10**6]
    words = [
        type(record).__name__ + str(getattr(record, "keys", ""))
        for record in told
        if isinstance(record, events.Committed | events.AlarmRowDeleted | events.AlarmFinished)
    ]
    assert words == ["Committed('key',)", "Committed()", "AlarmRowDeleted", "AlarmFinished"]


async def test_handler_whose_writes_cannot_be_committed_has_not_succeeded(durable):
    # DO-7.4.2, DO-7.6.P (a constraint failure at commit counts)
    async def violate(instance, info):
        sql = instance.ctx.storage.sql
        sql.exec("CREATE TABLE IF NOT EXISTS parent (id INTEGER PRIMARY KEY)")
        sql.exec("CREATE TABLE IF NOT EXISTS child (of REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)")
        if info.retryCount == 0:
            sql.exec("INSERT INTO child VALUES (1)")

    cls = recorder(violate)
    namespace = durable.namespace(cls)
    await namespace.get_by_name("a").arm(60)
    await durable.clock.advance(seconds=60)
    assert records_of(durable, namespace, namespace.get_by_name("a")) == (60, 60)
    await durable.clock.advance(minutes=5)
    assert [run.retry_count for run in cls.runs] == [0, 1]


async def test_alarm_set_in_the_handler_stays_after_its_success(durable):
    # DO-7.4.3
    async def arm_once(instance, _info):
        if len(instance.runs) == 1:
            await instance.arm(90)

    cls = recorder(arm_once)
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=60)
    assert records_of(durable, namespace, stub) == (90, 90)
    await durable.clock.advance(minutes=5)
    assert cls.runs == [Run(60, 60), Run(90, 90)]


async def test_alarm_set_by_a_concurrent_request_stays_after_the_success_of_the_handler(durable):
    # DO-7.4.3
    cls = recorder(lambda _instance, _info: asyncio.sleep(30))
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=70)
    await stub.arm(200)
    await durable.clock.advance(seconds=30)
    assert records_of(durable, namespace, stub) == (200, 200)


async def test_handler_that_sets_its_own_time_again_runs_again_at_once(durable):
    # DO-7.4.3
    async def again(instance, info):
        if len(instance.runs) == 1:
            await instance.ctx.storage.setAlarm(info.scheduledTime)

    cls = recorder(again)
    namespace = durable.namespace(cls)
    await namespace.get_by_name("a").arm(60)
    await durable.clock.advance(seconds=60)
    assert cls.runs == [Run(60, 60), Run(60, 60)]
    assert records_of(durable, namespace, namespace.get_by_name("a")) == (None, None)


async def test_handler_that_deletes_its_alarm_and_sets_its_own_time_again_runs_again_at_once(durable):
    # DO-7.4.3, found by tests/properties: the commit of the turn changes nothing, and the row had gone with the run.
    async def again(instance, info):
        if len(instance.runs) == 1:
            await instance.ctx.storage.deleteAlarm()
            await instance.ctx.storage.setAlarm(info.scheduledTime)

    cls = recorder(again)
    namespace = durable.namespace(cls)
    await namespace.get_by_name("a").arm(60)
    await durable.clock.advance(seconds=60)
    assert cls.runs == [Run(60, 60), Run(60, 60)]
    assert records_of(durable, namespace, namespace.get_by_name("a")) == (None, None)


async def test_handler_that_sets_a_past_time_runs_again_at_once(durable):
    # DO-7.4.3
    async def again(instance, _info):
        await asyncio.sleep(5)
        if len(instance.runs) == 1:
            await instance.arm(1)

    cls = recorder(again)
    await durable.namespace(cls).get_by_name("a").arm(60)
    await durable.clock.advance(minutes=5)
    assert cls.runs == [Run(60, 60), Run(65, 65)]


async def test_delete_alarm_in_the_handler_removes_the_alarm_it_has_set(durable):
    # DO-7.4.4
    async def arm_and_disarm(instance, _info):
        await instance.arm(90)
        await instance.disarm()

    cls = recorder(arm_and_disarm)
    namespace = durable.namespace(cls)
    await namespace.get_by_name("a").arm(60)
    await durable.clock.advance(minutes=5)
    assert cls.runs == [Run(60, 60)]
    assert records_of(durable, namespace, namespace.get_by_name("a")) == (None, None)


async def test_delete_alarm_in_the_handler_is_persisted_before_the_handler_ends(durable):
    # DO-7.4.4
    async def disarm_and_wait(instance, _info):
        await instance.disarm()
        await asyncio.sleep(30)

    namespace = durable.namespace(recorder(disarm_and_wait))
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=70)
    assert records_of(durable, namespace, stub) == (None, None)


@pytest.mark.parametrize("pause_s", [0, 30])
async def test_handler_that_deleted_its_alarm_and_then_fails_is_not_retried(durable, pause_s):
    # DO-7.4.4
    async def disarm_and_fail(instance, _info):
        await instance.disarm()
        await asyncio.sleep(pause_s)
        raise ValueError("no")

    cls = recorder(disarm_and_fail)
    namespace = durable.namespace(cls)
    await namespace.get_by_name("a").arm(60)
    await durable.clock.advance(minutes=10)
    assert len(cls.runs) == 1
    assert records_of(durable, namespace, namespace.get_by_name("a")) == (None, None)
    assert durable.alarms() == []


async def test_get_alarm_shows_the_original_time_again_between_tries(durable):
    # DO-7.4.5
    async def fail(_instance, _info):
        raise ValueError("no")

    namespace = durable.namespace(recorder(fail))
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=61)
    assert await stub.armed() == 60
    assert records_of(durable, namespace, stub) == (60, 60)


async def test_writes_that_a_handler_made_before_it_failed_are_kept(durable):
    # DO-7.4.5
    async def write_and_fail(instance, _info):
        await instance.write("tries", len(instance.runs))
        raise ValueError("no")

    stub = durable.namespace(recorder(write_and_fail)).get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=61)
    assert durable.stored(stub).kv == {"tries": 1}


async def test_alarm_set_by_a_run_that_then_fails_replaces_its_retry(durable):
    # DO-7.4.6
    async def arm_and_fail(instance, _info):
        if len(instance.runs) == 1:
            await instance.arm(90)
            raise ValueError("no")

    cls = recorder(arm_and_fail)
    await durable.namespace(cls).get_by_name("a").arm(60)
    await durable.clock.advance(minutes=5)
    assert cls.runs == [Run(60, 60), Run(90, 90, retry_count=0)]


async def test_delete_all_in_the_handler_removes_the_alarm_for_good(durable):
    # DO-7.4.7
    async def delete_all(instance, _info):
        await instance.ctx.storage.deleteAll()

    cls = recorder(delete_all)
    namespace = durable.namespace(cls)
    await namespace.get_by_name("a").arm(60)
    await durable.clock.advance(minutes=5)
    assert (len(cls.runs), records_of(durable, namespace, namespace.get_by_name("a"))) == (1, (None, None))


async def test_delete_all_in_a_handler_that_then_fails_leaves_nothing_to_retry(durable):
    # DO-7.4.7
    async def delete_all_and_fail(instance, _info):
        await instance.ctx.storage.deleteAll()
        raise ValueError("no")

    cls = recorder(delete_all_and_fail)
    namespace = durable.namespace(cls)
    await namespace.get_by_name("a").arm(60)
    await durable.clock.advance(minutes=5)
    assert (len(cls.runs), records_of(durable, namespace, namespace.get_by_name("a"))) == (1, (None, None))


async def test_rollback_in_the_handler_takes_back_that_an_alarm_was_set(durable):
    # DO-7.4.3: so success deletes the alarm.
    async def arm_and_roll_back(instance, _info):
        async def inside(txn):
            await txn.setAlarm(ms(200))
            txn.rollback()

        await instance.ctx.storage.transaction(inside)
        assert seconds(now_ms()) == 60

    cls = recorder(arm_and_roll_back)
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(minutes=5)
    assert (cls.runs, records_of(durable, namespace, stub)) == ([Run(60, 60)], (None, None))


async def test_abort_in_a_handler_that_set_an_alarm_loses_that_alarm(durable):
    # DO-7.4.3, DO-7.4.5
    def arm_and_abort(instance, _info):
        if len(instance.runs) == 1:
            instance.ctx.storage.setAlarm(ms(500))
            instance.ctx.abort("enough")

    cls = recorder(arm_and_abort)
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=61)
    assert value_of(durable, stub) == 60
    with pytest.raises(PlatformError, match="enough"):
        await stub.armed()
    await durable.clock.advance(minutes=5)
    assert [run.retry_count for run in cls.runs] == [0, 1]
