"""What ``deleteAll`` does to the alarm, with and without the flag that spares it (DO-4.4.4, DO-7.4.7)."""

import pytest

from pytest_durable import App
from support.alarms import Run, ms, recorder, records_of
from support.trace import Trace

pytestmark = pytest.mark.durable(storage="memory")

spares_the_alarm = pytest.mark.parametrize(
    "durable_app", [App(surface="neutral", compatibility_flags=("delete_all_preserves_alarm",))], ids=["preserves"]
)


@pytest.fixture
def cls():
    return recorder()


@pytest.fixture
def namespace(durable, cls):
    return durable.namespace(cls)


@pytest.fixture
def stub(namespace):
    return namespace.get_by_name("a")


@pytest.fixture
def act(durable, stub):
    """Runs a function of ``ctx.storage`` in the object."""
    return lambda function: durable.run_in_object(stub, lambda _instance, ctx: function(ctx.storage))


@spares_the_alarm
@pytest.mark.parametrize("times", [1, 2])
async def test_alarm_that_is_spared_reads_the_same_throughout(durable, namespace, stub, act, times):
    """DO-4.4.4"""
    await stub.write("key", 1)
    await stub.arm(60)

    async def delete_all(storage):
        seen = []
        for _ in range(times):
            promise = storage.deleteAll()
            seen.append(await storage.getAlarm())
            await promise
        return [*seen, await storage.getAlarm()]

    assert await act(delete_all) == [ms(60)] * (times + 1)
    assert (durable.stored(stub).kv, records_of(durable, namespace, stub)) == ({}, (60, 60))


@spares_the_alarm
@pytest.mark.parametrize("times", [1, 2])
async def test_database_without_an_alarm_to_spare_is_left_without_tables(durable, stub, act, times):
    """DO-4.4.4"""
    await stub.arm(60)
    await stub.disarm()

    async def delete_all(storage):
        for _ in range(times):
            await storage.deleteAll()
        return await storage.getAlarm()

    assert await act(delete_all) is None
    assert durable.stored(stub).tables == []


@spares_the_alarm
async def test_alarm_set_in_the_same_turn_is_spared_too(durable, namespace, stub, act):
    """DO-4.4.4"""

    async def arm_and_delete_all(storage):
        await storage.setAlarm(ms(60))
        await storage.deleteAll()
        return await storage.getAlarm()

    assert await act(arm_and_delete_all) == ms(60)
    assert (await stub.armed(), records_of(durable, namespace, stub)) == (60, (60, 60))


def deleting(seen):
    """A handler that deletes all and notes what ``getAlarm`` shows before and after."""

    async def delete_all(instance, _info):
        seen.append(await instance.armed())
        await instance.ctx.storage.deleteAll()
        seen.append(await instance.armed())

    return recorder(delete_all)


@spares_the_alarm
async def test_alarm_that_was_spared_in_its_handler_is_deleted_after_it(durable):
    """DO-7.4.7"""
    seen = []
    cls = deleting(seen)
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(minutes=5)
    assert (seen, cls.runs, records_of(durable, namespace, stub)) == ([None, None], [Run(60, 60)], (None, None))


async def test_alarm_deleted_with_all_in_its_handler_is_not_deleted_again(durable):
    """DO-7.4.7: no table is left that a second deletion would have made."""
    trace = Trace(durable)
    seen = []
    cls = deleting(seen)
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    trace.clear()
    await durable.clock.advance(minutes=5)
    assert (seen, trace.durable_steps, durable.stored(stub).tables) == ([None, None], ["row: delete"], [])


@pytest.mark.parametrize("seconds", [30, 90], ids=["earlier", "later"])
async def test_alarm_set_after_delete_all_in_the_same_turn_runs_and_the_old_one_does_not(
    durable, cls, namespace, stub, act, seconds
):
    """DO-4.4.3, DO-4.4.4"""
    await stub.arm(60)

    async def replace(storage):
        await storage.deleteAll()
        await storage.setAlarm(ms(seconds))

    await act(replace)
    assert (await stub.armed(), records_of(durable, namespace, stub)) == (seconds, (seconds, seconds))
    await durable.clock.advance(minutes=5)
    assert cls.runs == [Run(seconds, seconds)]
