"""How a run of a handler ends, and what is left of its alarm (spec 7.4, 7.6, 7.7)."""

import asyncio

import pytest

from pytest_durable import events
from pytest_durable._core.platform_errors import PlatformError
from support.alarms import Run, ms, recorder, records_of
from support.trace import Trace

pytestmark = pytest.mark.durable(storage="memory")


async def look_in_transactions(instance, seen, *ends):
    """Set the alarm in a transaction for each of ``ends``, one inside the other; note what ``getAlarm`` shows.

    The ends are "commit" and "roll back", the outermost first. A time is set in the innermost only.
    """

    async def enter(txn, depth):
        seen.append(await instance.armed())
        if depth + 1 < len(ends):
            await instance.ctx.storage.transaction(lambda inner: enter(inner, depth + 1))
        else:
            await txn.setAlarm(ms(200))
        seen.append(await instance.armed())
        if ends[depth] == "roll back":
            txn.rollback()
            seen.append(await instance.armed())

    await instance.ctx.storage.transaction(lambda txn: enter(txn, 0))
    seen.append(await instance.armed())


COMMITTED, UNDONE = (200, 200), (None, None)


@pytest.mark.parametrize(
    ("ends", "expected", "records"),
    [
        (("commit",), [None, 200, 200], COMMITTED),
        (("roll back",), [None, 200, None, None], UNDONE),
        (("commit", "commit"), [None, None, 200, 200, 200], COMMITTED),
        (("commit", "roll back"), [None, None, 200, None, None, None], UNDONE),
        (("roll back", "commit"), [None, None, 200, 200, None, None], UNDONE),
    ],
    ids=lambda value: " > ".join(value) if value and isinstance(value[0], str) else "",
)
async def test_transactions_in_the_handler_decide_whether_its_alarm_was_replaced(durable, ends, expected, records):
    # DO-6.2.8, DO-7.4.3
    seen = []
    namespace = durable.namespace(recorder(lambda instance, _info: look_in_transactions(instance, seen, *ends)))
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=60)
    assert (seen, records_of(durable, namespace, stub)) == (expected, records)


async def test_inner_rollback_in_the_handler_keeps_the_alarm_that_the_outer_transaction_set(durable):
    # DO-6.2.8, DO-7.4.3
    seen = []

    async def act(instance, _info):
        async def outer(txn):
            await txn.setAlarm(ms(200))
            await instance.ctx.storage.transaction(lambda inner: inner.rollback())
            seen.append(await instance.armed())

        await instance.ctx.storage.transaction(outer)

    namespace = durable.namespace(recorder(act))
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=60)
    assert (seen, records_of(durable, namespace, stub)) == ([200], (200, 200))


@pytest.mark.parametrize("pause_s", [0, 1], ids=["in the next turn", "a second later"])
async def test_failure_after_the_end_of_the_handler_does_not_bring_its_alarm_back(durable, pause_s):
    # DO-7.4.2
    async def break_down(instance):
        await asyncio.sleep(pause_s)
        instance.ctx.abort("too late")

    def leave_behind(instance, _info):
        instance.straggler = asyncio.create_task(break_down(instance))

    cls = recorder(leave_behind)
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(minutes=10)
    with pytest.raises(PlatformError, match="too late"):
        await stub.armed()
    assert (cls.runs, records_of(durable, namespace, stub)) == ([Run(60, 60)], (None, None))


async def test_run_that_fails_twice_over_has_failed_once(durable):
    # DO-7.6.2
    async def wait_and_fail(_instance, info):
        if info.retryCount == 0:
            try:
                await asyncio.sleep(30)
            finally:
                raise ValueError("while it is unwound")

    cls = recorder(wait_and_fail)
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=70)
    with pytest.raises(PlatformError, match="enough"):
        await durable.run_in_object(stub, lambda _instance, ctx: ctx.abort("enough"))
    assert records_of(durable, namespace, stub) == (60, 60)
    await durable.clock.advance(minutes=5)
    assert [run.retry_count for run in cls.runs] == [0, 1]
    assert records_of(durable, namespace, stub) == (None, None)


@pytest.mark.parametrize("succeeds", [True, False], ids=["would succeed", "would fail"])
async def test_alarm_is_kept_when_another_call_breaks_the_object_during_its_handler(durable, succeeds):
    # DO-7.4.2, DO-6.4.3
    async def wait(_instance, info):
        await asyncio.sleep(0 if info.retryCount else 30)
        if not (succeeds or info.retryCount):
            raise ValueError("no")

    cls = recorder(wait)
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=70)
    namespace.storage_files.fail_next("commit", "io")
    with pytest.raises(PlatformError):
        await stub.write("key", 1)
    assert records_of(durable, namespace, stub) == (60, 60)
    await durable.clock.advance(minutes=5)
    assert len(cls.runs) >= 2
    assert (durable.stored(stub).kv, records_of(durable, namespace, stub)) == ({}, (None, None))


async def test_alarm_whose_deletion_cannot_be_committed_is_kept_and_runs_again(durable):
    # DO-7.4.2
    cls = recorder()
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    namespace.storage_files.fail_next("commit", "io")
    await durable.clock.advance(seconds=60)
    assert (len(cls.runs), records_of(durable, namespace, stub)) == (1, (60, 60))
    await durable.clock.advance(minutes=5)
    assert (len(cls.runs), records_of(durable, namespace, stub)) == (2, (None, None))


async def test_alarm_whose_object_cannot_be_built_is_kept_through_a_hundred_tries(durable):
    # DO-7.6.P, DO-7.6.T1.4
    class Unbuildable(recorder()):
        def __init__(self, ctx, env):
            super().__init__(ctx, env)
            if durable.journal.of(events.AlarmStarted):
                raise ValueError("never")

    namespace = durable.namespace(Unbuildable)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(days=2)
    assert len(durable.journal.of(events.AlarmStarted)) > 100
    assert (Unbuildable.runs, records_of(durable, namespace, stub)) == ([], (60, 60))
    assert durable.journal.of(events.AlarmAbandoned) == ()


@pytest.mark.durable(storage="disk")
async def test_alarm_set_by_a_run_that_gives_up_its_own_survives(durable):
    # DO-7.7.1, DO-7.7.2
    async def arm_and_give_up(instance, _info):
        if len(instance.runs) == 1:
            await instance.arm(500)
            await asyncio.sleep(1)
            instance.ctx.abort("enough", {"retryAlarm": False})

    cls = recorder(arm_and_give_up)
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=100)
    assert records_of(durable, namespace, stub) == (500, 500)
    await durable.restart()
    assert records_of(durable, namespace, stub) == (500, 500)
    await durable.clock.advance(minutes=10)
    assert cls.runs == [Run(60, 60), Run(500, 500)]


async def test_giving_up_an_alarm_that_its_handler_has_deleted_writes_nothing(durable):
    # DO-7.7.1
    async def disarm_and_give_up(instance, _info):
        await instance.disarm()
        await asyncio.sleep(1)
        instance.ctx.abort("enough", {"retryAlarm": False})

    trace = Trace(durable)
    cls = recorder(disarm_and_give_up)
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    trace.clear()
    await durable.clock.advance(minutes=10)
    assert trace.durable_steps == ["object: commit", "row: delete"]
    assert (len(cls.runs), records_of(durable, namespace, stub)) == (1, (None, None))
