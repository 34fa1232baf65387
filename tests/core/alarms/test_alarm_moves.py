"""Alarms that move again and again: each move is one change of both records (spec 7.2, 7.5)."""

import asyncio

import pytest

from pytest_durable._core.platform_errors import PlatformError
from support.alarms import Armed, Run, ms, recorder, records_of, set_row
from support.trace import Trace

pytestmark = pytest.mark.durable(storage="memory")

SET, DELETE, COMMIT = "row: set", "row: delete", "object: commit"


class Moving(Armed):
    """Changes its alarm in several ways."""

    async def arm_each(self, *times):
        for time in times:
            await self.ctx.storage.setAlarm(ms(time))

    async def arm_at_the_bottom(self, time):
        async def outer(_txn):
            await self.ctx.storage.transaction(lambda txn: txn.setAlarm(ms(time)))
            await asyncio.sleep(1)

        await self.ctx.storage.transaction(outer)

    async def alarm(self, info):
        pass


@pytest.fixture
def trace(durable):
    return Trace(durable)


@pytest.fixture
def namespace(durable, trace):
    return durable.namespace(Moving)


@pytest.fixture
def stub(namespace):
    return namespace.get_by_name("a")


async def test_alarm_set_twice_in_one_turn_has_the_second_time(durable, namespace, stub, trace):
    # DO-7.2.1
    await stub.arm_each(60, 90)
    assert trace.durable_steps == [SET, COMMIT]
    assert records_of(durable, namespace, stub) == (90, 90)


async def test_alarm_set_in_an_inner_transaction_is_scheduled_when_the_outer_one_is_committed(
    durable, namespace, stub, trace
):
    # DO-7.2.T2.1, DO-6.2.8
    await stub.arm(90)
    trace.clear()
    moving = asyncio.create_task(stub.arm_at_the_bottom(60))
    await durable.settle()
    assert (trace.durable_steps, records_of(durable, namespace, stub)) == ([], (90, 90))
    await moving
    assert (trace.durable_steps, records_of(durable, namespace, stub)) == ([SET, COMMIT], (60, 60))


async def test_each_move_to_earlier_is_scheduled_before_its_own_commit(durable, namespace, stub, trace):
    # DO-7.2.T2.1
    for time in (100, 80, 60, 40):
        await stub.arm(time)
    assert trace.durable_steps == [SET, COMMIT] * 4
    assert records_of(durable, namespace, stub) == (40, 40)


async def test_each_move_to_later_is_scheduled_after_its_own_commit(durable, namespace, stub, trace):
    # DO-7.2.T2.2
    for time in (40, 60, 80, 100):
        await stub.arm(time)
    assert trace.durable_steps == [SET, COMMIT, *[COMMIT, SET] * 3]
    assert records_of(durable, namespace, stub) == (100, 100)


@pytest.mark.parametrize("times", [(40, 300, 600, 80), (600, 40, 300), (40, 600, 300, 40, 80), (300, 600, 40)], ids=str)
async def test_both_records_have_the_last_time_whatever_came_before(durable, namespace, stub, times):
    # DO-7.2.P
    await asyncio.gather(*(stub.arm(time) for time in times))
    assert records_of(durable, namespace, stub) == (times[-1], times[-1])


@pytest.mark.durable(storage="disk")
async def test_delivery_that_is_cancelled_changes_the_row_once(durable, trace):
    # DO-7.5.T1.3
    cls = recorder()
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(90)
    await durable.stop()
    set_row(namespace, stub.id.hex, 60)
    await durable.start()
    trace.clear()
    await durable.clock.advance(seconds=60)
    assert (trace.durable_steps, records_of(durable, namespace, stub)) == ([SET], (90, 90))
    await stub.arm(200)
    assert trace.durable_steps == [SET, COMMIT, SET]
    await durable.clock.advance(minutes=5)
    assert cls.runs == [Run(200, 200)]


async def test_object_goes_on_after_a_move_to_later_that_could_not_be_scheduled(durable, namespace, stub):
    # DO-7.2.2
    await stub.arm(60)
    namespace.storage_files.fail_next("alarm_row", "io")
    await stub.arm(90)
    await stub.write("key", 1)
    assert (durable.stored(stub).kv, records_of(durable, namespace, stub)) == ({"key": 1}, (90, 60))


async def test_every_caller_is_told_when_a_move_to_earlier_could_not_be_scheduled(durable, namespace):
    # DO-7.2.2
    async def wait(_instance, _ctx):
        await asyncio.sleep(60)

    stub = namespace.get_by_name("a")
    await stub.arm(90)
    waiting = asyncio.create_task(durable.run_in_object(stub, wait))
    await durable.settle()
    namespace.storage_files.fail_next("alarm_row", "io")
    outcomes = await asyncio.gather(waiting, stub.arm(60), stub.arm(30), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [PlatformError] * 3
    assert records_of(durable, namespace, stub) == (90, 90)


OPERATIONS = {
    "getAlarm": lambda storage: storage.getAlarm(),
    "setAlarm": lambda storage: storage.setAlarm(ms(60)),
    "deleteAlarm": lambda storage: storage.deleteAlarm(),
    "put": lambda storage: storage.put("k", 1),
    "get": lambda storage: storage.get("k"),
    "delete": lambda storage: storage.delete("k"),
    "list": lambda storage: storage.list(),
    "deleteAll": lambda storage: storage.deleteAll(),
    "transaction": lambda storage: storage.transaction(lambda txn: txn.put("k", 1)),
}


@pytest.mark.parametrize("use", OPERATIONS.values(), ids=OPERATIONS)
async def test_storage_of_an_object_whose_commit_failed_cannot_be_used(durable, namespace, stub, use):
    # DO-6.4.3
    kept = []
    await stub.arm(90)
    await durable.run_in_object(stub, lambda _instance, ctx: kept.append(ctx.storage))
    namespace.storage_files.fail_next("commit", "io")
    with pytest.raises(PlatformError):
        await stub.write("key", 1)
    with pytest.raises(PlatformError):
        await use(kept[0])
    assert (durable.stored(stub).kv, records_of(durable, namespace, stub)) == ({}, (90, 90))


async def test_sql_of_an_object_whose_commit_failed_cannot_be_used(durable, namespace, stub):
    # DO-6.4.3
    kept = []
    await durable.run_in_object(stub, lambda _instance, ctx: kept.append(ctx.storage.sql))
    namespace.storage_files.fail_next("commit", "io")
    with pytest.raises(PlatformError):
        await stub.write("key", 1)
    with pytest.raises(PlatformError):
        kept[0].exec("CREATE TABLE counter (count INTEGER)")
    assert durable.stored(stub).tables == []
