"""The two records of one alarm, and the order in which they are written (spec 7.2)."""

from contextlib import suppress
from itertools import pairwise

import pytest

from pytest_durable import events
from pytest_durable._core.alarms import AlarmState
from pytest_durable._core.errors import HostDownError
from pytest_durable._core.platform_errors import PlatformError
from support.alarms import MS, Armed, ms, records_of, scheduler_of, seconds, set_row
from support.trace import Trace

SET, DELETE, COMMIT = "row: set", "row: delete", "object: commit"


class Turns(Armed):
    """Changes its alarm several times in one turn."""

    async def arm_all(self, *times):
        for time in times:
            await (self.ctx.storage.deleteAlarm() if time is None else self.ctx.storage.setAlarm(ms(time)))

    async def arm_in_transaction(self, time):
        await self.ctx.storage.transaction(lambda txn: txn.setAlarm(ms(time)))

    async def arm_and_abort(self, time):
        await self.ctx.storage.setAlarm(ms(time))
        self.ctx.abort("enough")

    async def delete_all(self):
        await self.ctx.storage.deleteAll()

    async def alarm(self, info):
        pass


@pytest.fixture
def trace(durable):
    return Trace(durable)


@pytest.fixture
def namespace(durable, trace):
    return durable.namespace(Turns)


@pytest.fixture
def stub(namespace):
    return namespace.get_by_name("a")


async def test_object_keeps_its_alarm_under_key_1_of_its_metadata(durable, stub):
    # DO-7.2.T1.1
    await stub.arm(60)
    assert durable.stored(stub).sql("SELECT * FROM _cf_METADATA") == [{"key": 1, "value": ms(60) * MS}]


async def test_alarm_of_the_object_follows_its_transaction(durable, namespace, stub):
    # DO-7.2.T1.1
    async def try_and_give_up(_instance, ctx):
        async def arm(txn):
            await txn.setAlarm(ms(60))
            txn.rollback()

        await ctx.storage.transaction(arm)
        return await ctx.storage.getAlarm()

    assert await durable.run_in_object(stub, try_and_give_up) is None
    assert records_of(durable, namespace, stub) == (None, None)


async def test_scheduler_keeps_a_row_and_a_timer(durable, namespace, stub):
    # DO-7.2.T1.2
    await stub.arm(60)
    assert namespace.storage_files.stored_alarms() == [(stub.id.hex, ms(60) * MS, "a")]
    assert [alarm.state for alarm in scheduler_of(namespace).pending()] == [AlarmState.WAITING]
    assert durable.clock.next_due().timestamp() * 1000 == ms(60)


@pytest.mark.parametrize("method", ["arm", "arm_in_transaction"])
@pytest.mark.parametrize(
    ("before", "after", "order"),
    [
        pytest.param(None, 60, [SET, COMMIT], id="DO-7.2.T2.1 appears"),
        pytest.param(60, 30, [SET, COMMIT], id="DO-7.2.T2.1 earlier"),
        pytest.param(60, 90, [COMMIT, SET], id="DO-7.2.T2.2 later"),
    ],
)
async def test_earlier_alarm_is_scheduled_before_the_commit_and_a_later_one_after_it(
    stub, trace, method, before, after, order
):
    # DO-7.2.T2.1, DO-7.2.T2.2
    await stub.arm_all(before)
    trace.clear()
    await getattr(stub, method)(after)
    assert trace.durable_steps == order


async def test_row_of_a_deleted_alarm_goes_after_the_commit(stub, trace):
    # DO-7.2.T2.2
    await stub.arm(60)
    trace.clear()
    await stub.disarm()
    assert trace.durable_steps == [COMMIT, DELETE]


async def test_unchanged_alarm_leaves_the_row_alone(stub, trace):
    # DO-7.2.T2.3
    await stub.arm(60)
    trace.clear()
    await stub.arm(60)
    await stub.write("key", 1)
    assert trace.durable_steps == [COMMIT]


async def test_delete_all_resets_the_object_before_the_row_goes(durable, stub, trace):
    # DO-7.2.T2.4
    await stub.arm(60)
    trace.clear()
    await stub.delete_all()
    assert [entry for entry in trace.log if entry in ("StorageReset", DELETE)] == ["StorageReset", DELETE]


@pytest.mark.parametrize(
    ("times", "order"),
    [
        ((90, 30, 60), [SET, COMMIT]),
        ((30, None, 20), [SET, COMMIT]),
        ((90, 30, 300), [COMMIT, SET]),
        ((90, None), [COMMIT, DELETE]),
        ((90, 200), []),
        ((None, 90, 200), []),
    ],
    ids=str,
)
async def test_several_changes_in_one_turn_are_one_change_of_the_row(stub, trace, times, order):
    # DO-7.2.1
    await stub.arm(200)
    trace.clear()
    await stub.arm_all(*times)
    assert [step for step in trace.durable_steps if order or step != COMMIT] == order


async def test_comparison_is_with_what_was_scheduled_last(stub, trace):
    # DO-7.2.1
    for time in (100, 50, 70):
        await stub.arm(time)
    assert trace.durable_steps == [SET, COMMIT, SET, COMMIT, COMMIT, SET]


async def test_aborted_turn_leaves_both_records_unchanged(durable, namespace, stub):
    # DO-7.2.3
    await stub.arm(60)
    with pytest.raises(PlatformError, match="enough"):
        await stub.arm_and_abort(30)
    assert records_of(durable, namespace, stub) == (60, 60)


async def test_aborted_first_turn_leaves_no_record(durable, namespace, stub):
    # DO-7.2.3
    with pytest.raises(PlatformError, match="enough"):
        await stub.arm_and_abort(30)
    assert records_of(durable, namespace, stub) == (None, None)


async def test_scheduler_is_not_consulted_when_an_object_is_loaded(durable, namespace, stub, trace):
    # DO-7.2.4: the row is gone, but a later alarm is still taken for a move to later.
    await stub.arm(60)
    await durable.stop()
    set_row(namespace, stub.id.hex, None)
    await durable.start()
    trace.clear()
    await stub.arm(90)
    assert trace.durable_steps == [COMMIT, SET]


async def journey(durable, namespace):
    """Every kind of change of an alarm, a failing run and a retry included."""
    stub = namespace.get_by_name("a")
    start = seconds(durable.clock.time_ms())
    for time in (60, 30, 90, None, 60):
        await stub.arm_all(None if time is None else start + time)
    await durable.clock.advance(seconds=65)
    await stub.arm(start + 100)
    await stub.delete_all()
    await stub.arm_in_transaction(start + 200)


class Journey(Turns):
    """Fails at the first run."""

    async def alarm(self, info):
        if info.retryCount == 0:
            raise ValueError("not yet")


async def test_row_is_never_later_than_the_value_wherever_the_process_dies(durable, durable_factory):
    # DO-7.2.P
    await journey(durable, durable.namespace(Journey))
    records = len(durable.journal)
    seen = set()
    for number in range(records):
        host = durable_factory(crash_at=number)
        start = seconds(host.clock.time_ms())
        if not host.is_running:
            continue
        namespace = host.namespace(Journey)
        with suppress(HostDownError, PlatformError):
            await journey(host, namespace)
        value, row = records_of(host, namespace, namespace.get_by_name("a"))
        assert value is None or (row is not None and row <= value), host.journal.last(3)
        seen.add(tuple(None if record is None else record - start for record in (value, row)))
    assert {(None, 60), (60, 60), (60, 30), (30, 30), (90, 30), (None, 90)} <= seen


async def test_each_durable_step_has_a_record_before_it_and_one_after_it(durable, trace):
    # decisions 6.9
    await journey(durable, durable.namespace(Journey))
    durable_words = {SET, DELETE, COMMIT}
    steps = [entry if entry in durable_words else "record" for entry in trace.log]
    assert {SET, DELETE, COMMIT} <= set(steps)
    assert not [pair for pair in pairwise(steps) if "record" not in pair]
    assert steps[0] == steps[-1] == "record"


async def test_record_follows_the_statement_it_tells_of(durable, trace):
    # decisions 6.9
    await journey(durable, durable.namespace(Journey))
    told = {SET: "AlarmRowWritten", DELETE: "AlarmRowDeleted", COMMIT: "Committed"}
    pairs = [(a, b) for a, b in pairwise(trace.log) if a in told or b in told.values()]
    assert set(pairs) == set(told.items())


async def test_write_of_the_row_is_told_with_its_time(durable, stub):
    await stub.arm(60)
    await stub.disarm()
    key = stub._durable_key
    assert [(type(r), r.actor) for r in durable.journal.of(events.AlarmRowWritten, events.AlarmRowDeleted)] == [
        (events.AlarmRowWritten, key),
        (events.AlarmRowDeleted, key),
    ]
    assert durable.journal.of(events.AlarmRowWritten)[0].due_ns == ms(60) * MS
