"""``storage.transaction()``: a savepoint within a critical section (DO-6.2)."""

import asyncio

import pytest

from pytest_durable import PlatformError
from pytest_durable.events import CallStarted, Committed
from support.objects import Armed, Box
from support.tracing import traced_statements

pytestmark = pytest.mark.durable(storage="memory")

ALARM_MS = 4102444800000

#: What the error messages call each method, and a use of it.
OPERATIONS = {
    "get()": lambda txn: txn.get("k"),
    "put()": lambda txn: txn.put("k", 1),
    "list()": lambda txn: txn.list(),
    "delete()": lambda txn: txn.delete("k"),
    "getAlarm()": lambda txn: txn.getAlarm(),
    "setAlarm()": lambda txn: txn.setAlarm(ALARM_MS),
    "deleteAlarm()": lambda txn: txn.deleteAlarm(),
}


@pytest.fixture
def box(durable):
    return durable.namespace(Armed).get_by_name("a")


@pytest.fixture
def inside(durable, box):
    """Runs a function of ``ctx`` in the object."""
    return lambda function: durable.run_in_object(box, lambda _instance, ctx: function(ctx))


def stored(durable, stub):
    return dict(durable.stored(stub).kv)


async def fails_with(awaitable):
    """The text of the error that an await raises; None if it raises none."""
    try:
        await awaitable
    except PlatformError as failure:
        return str(failure)


async def test_no_other_event_is_delivered_during_a_transaction(durable, box, inside):
    """DO-6.2.1"""

    async def act(ctx):
        async def wait(txn):
            await txn.put("k", "inside")
            await asyncio.sleep(1)

        await ctx.storage.transaction(wait)

    running = asyncio.create_task(inside(act))
    await durable.settle()
    before = durable.clock.time()
    assert await box.get("k") == "inside"
    assert durable.clock.time() == before + 1
    await running


async def test_open_implicit_transaction_is_committed_first(durable, inside):
    """DO-6.2.1"""

    async def act(ctx):
        ctx.storage.kv.put("before", 1)

        def fail(_txn):
            ctx.storage.kv.put("inside", 1)
            raise ValueError("no")

        await ctx.storage.transaction(fail)

    with pytest.raises(PlatformError, match="no"):
        await inside(act)
    assert [record.keys for record in durable.journal.of(Committed)] == [("before",)]


async def test_writes_after_a_rollback_are_committed_before_a_nested_transaction(durable, box, inside):
    """DO-6.2.1"""

    async def act(ctx):
        async def outer(txn):
            txn.rollback()
            ctx.storage.kv.put("after rollback", 1)
            await fails_with(ctx.storage.transaction(fail))

        def fail(_txn):
            raise PlatformError("no")

        await ctx.storage.transaction(outer)

    await inside(act)
    assert stored(durable, box) == {"after rollback": 1}


async def test_transactions_are_savepoints_named_by_their_depth(durable, box, inside):
    """DO-6.2.2"""
    statements = traced_statements(durable)

    async def act(ctx):
        await ctx.storage.transaction(lambda _txn: ctx.storage.transaction(lambda _txn: None))

    await inside(act)
    assert [sql for _, sql in statements if "_cf_savepoint_" in sql] == [
        "SAVEPOINT _cf_savepoint_0",
        "SAVEPOINT _cf_savepoint_1",
        "RELEASE _cf_savepoint_1",
        "RELEASE _cf_savepoint_0",
    ]


async def test_every_interface_used_inside_belongs_to_the_transaction(durable, box, inside):
    """DO-6.2.2"""

    async def act(ctx):
        storage = ctx.storage
        storage.sql.exec("CREATE TABLE t (x)")

        async def write(txn):
            await txn.put("txn", 1)
            await storage.put("storage", 1)
            storage.kv.put("kv", 1)
            storage.sql.exec("INSERT INTO t VALUES (1)")
            await asyncio.sleep(0)
            raise PlatformError("no")

        await fails_with(storage.transaction(write))

    await inside(act)
    assert stored(durable, box) == {}
    assert durable.stored(box).sql("SELECT * FROM t") == []


async def test_everything_in_a_transaction_is_committed_at_its_end(durable, box, inside):
    """DO-6.2.2"""

    async def act(ctx):
        async def write(txn):
            await txn.put("a", 1)
            await asyncio.sleep(1)
            await ctx.storage.put("b", 1)

        await ctx.storage.transaction(write)

    await inside(act)
    assert [record.keys for record in durable.journal.of(Committed)] == [("a", "b")]
    assert stored(durable, box) == {"a": 1, "b": 1}


@pytest.mark.parametrize("failing", [set(), {"inner"}, {"outer"}])
async def test_transactions_nest(durable, box, inside, failing):
    """DO-6.2.2"""

    async def act(ctx):
        async def inner(txn):
            await txn.put("inner", 1)
            if "inner" in failing:
                raise PlatformError("no")

        async def outer(txn):
            await txn.put("outer", 1)
            await fails_with(ctx.storage.transaction(inner))
            if "outer" in failing:
                raise PlatformError("no")

        await fails_with(ctx.storage.transaction(outer))

    await inside(act)
    expected = set() if "outer" in failing else {"outer", "inner"} - failing
    assert set(stored(durable, box)) == expected


async def test_transactions_started_together_run_one_after_the_other(durable, box, inside):
    """DO-6.2.1"""
    log = []

    async def act(ctx):
        async def step(name):
            log.append(f"{name} begins")
            await asyncio.sleep(1)
            log.append(f"{name} ends")

        await asyncio.gather(*(ctx.storage.transaction(lambda _txn, name=name: step(name)) for name in "ab"))

    await inside(act)
    assert log == ["a begins", "a ends", "b begins", "b ends"]


@pytest.mark.parametrize("is_async", [False, True])
async def test_result_of_a_transaction_is_that_of_its_callback(inside, is_async):
    """DO-6.2.3"""

    async def later(txn):
        return "result"

    callback = later if is_async else lambda txn: "result"
    assert await inside(lambda ctx: ctx.storage.transaction(callback)) == "result"


@pytest.mark.parametrize("is_async", [False, True])
async def test_failure_of_the_callback_rolls_back_and_reaches_the_caller(durable, box, inside, is_async):
    """DO-6.2.3"""

    async def act(ctx):
        async def fail_later(txn):
            await txn.put("k", 1)
            await asyncio.sleep(1)
            raise PlatformError("mine")

        def fail_now(_txn):
            ctx.storage.kv.put("k", 1)
            raise PlatformError("mine")

        return await fails_with(ctx.storage.transaction(fail_later if is_async else fail_now))

    assert await inside(act) == "mine"
    assert stored(durable, box) == {}


async def test_failed_transaction_does_not_reset_the_object(durable, box, inside):
    """DO-6.2.3"""

    def fail(_txn):
        raise PlatformError("mine")

    with pytest.raises(PlatformError, match="mine") as caught:
        await inside(lambda ctx: ctx.storage.transaction(fail))
    assert not caught.value.durable_object_reset
    assert await box.get("k") is not None


@pytest.mark.parametrize("argument", [[], [None], [5]])
async def test_transaction_wants_a_function(inside, argument):
    """DO-6.2.3"""
    expected = (
        "TypeError: Failed to execute 'transaction' on 'DurableObjectStorage': parameter 1 is not of type 'function'."
    )
    assert await inside(lambda ctx: fails_with(ctx.storage.transaction(*argument))) == expected


async def test_rollback_undoes_at_once_and_the_result_is_still_the_callbacks(durable, box, inside):
    """DO-6.2.4"""

    async def act(ctx):
        async def undo(txn):
            await txn.put("k", 1)
            txn.rollback()
            return await ctx.storage.list()

        return await ctx.storage.transaction(undo)

    assert dict(await inside(act)) == {}
    assert stored(durable, box) == {}


async def test_rollback_twice_is_rollback_once(durable, box, inside):
    """DO-6.2.4"""

    async def act(ctx):
        async def undo(txn):
            await txn.put("k", 1)
            txn.rollback()
            await ctx.storage.put("kept", 1)
            txn.rollback()

        await ctx.storage.transaction(undo)

    await inside(act)
    assert stored(durable, box) == {"kept": 1}


@pytest.mark.parametrize(("name", "use"), OPERATIONS.items(), ids=OPERATIONS)
async def test_rolled_back_transaction_cannot_be_used(inside, name, use):
    """DO-6.2.4"""

    async def act(ctx):
        async def undo(txn):
            txn.rollback()
            return await fails_with(use(txn))

        return await ctx.storage.transaction(undo)

    assert await inside(act) == f"Cannot {name} on rolled back transaction"


async def test_storage_can_be_written_after_a_rollback(durable, box, inside):
    """DO-6.2.4"""

    async def act(ctx):
        async def undo(txn):
            await txn.put("undone", 1)
            txn.rollback()
            await ctx.storage.put("kept", 1)

        await ctx.storage.transaction(undo)

    await inside(act)
    assert stored(durable, box) == {"kept": 1}
    assert [record.keys for record in durable.journal.of(Committed)] == [("kept",)]


async def test_outer_transaction_cannot_be_rolled_back_while_an_inner_one_runs(durable, box, inside):
    """DO-6.2.5"""

    async def act(ctx):
        async def outer(txn):
            async def inner(_txn):
                try:
                    txn.rollback()
                except PlatformError as failure:
                    return str(failure)

            await txn.put("k", 1)
            return await ctx.storage.transaction(inner)

        return await ctx.storage.transaction(outer)

    expected = "Cannot roll back an outer transaction while a nested transaction is still running."
    assert await inside(act) == expected
    assert stored(durable, box) == {"k": 1}


def roll_back(txn):
    async def call():
        txn.rollback()

    return call()


@pytest.mark.parametrize(("name", "use"), [*OPERATIONS.items(), ("rollback()", roll_back)])
async def test_transaction_cannot_be_used_after_its_end(inside, name, use):
    """DO-6.2.6"""

    async def act(ctx):
        kept = []
        await ctx.storage.transaction(kept.append)
        return await fails_with(use(kept[0]))

    expected = (
        f"Cannot call {name} on transaction that has already committed: did you move `txn` outside of the closure?"
    )
    assert await inside(act) == expected


async def test_transaction_has_these_methods_and_no_others(inside):
    """DO-6.2.7"""
    seen = []
    await inside(lambda ctx: ctx.storage.transaction(lambda txn: seen.extend(dir(txn))))
    expected = ["delete", "deleteAlarm", "deleteAll", "get", "getAlarm", "list", "put", "rollback", "setAlarm"]
    assert [name for name in seen if not name.startswith("_")] == expected


async def test_delete_all_is_refused_in_a_transaction(durable, box, inside):
    """DO-6.2.7"""

    async def act(ctx):
        async def empty(txn):
            txn.deleteAll()

        return await fails_with(ctx.storage.transaction(empty))

    await box.put("k", 1)
    assert await inside(act) == "Cannot call deleteAll() within a transaction"
    assert stored(durable, box) == {"k": 1}


@pytest.mark.parametrize("before", [None, ALARM_MS])
@pytest.mark.parametrize("after", [None, ALARM_MS - 1000, ALARM_MS + 1000])
async def test_rollback_restores_the_alarm(durable, box, inside, before, after):
    """DO-6.2.8"""

    async def act(ctx):
        async def change(txn):
            await (txn.deleteAlarm() if after is None else txn.setAlarm(after))
            txn.rollback()

        await ctx.storage.transaction(change)
        return await ctx.storage.getAlarm()

    if before is not None:
        await box.arm(before)
    assert await inside(act) == before
    assert [alarm.due.timestamp() * 1000 for alarm in durable.alarms()] == ([] if before is None else [before])


async def test_alarm_set_in_a_transaction_is_scheduled_when_it_is_committed(durable, box, inside):
    """DO-6.2.8"""

    async def act(ctx):
        async def change(txn):
            await txn.setAlarm(ALARM_MS)
            await asyncio.sleep(1)

        await ctx.storage.transaction(change)

    running = asyncio.create_task(inside(act))
    await durable.settle()
    assert durable.alarms() == []
    await running
    assert [alarm.due.timestamp() * 1000 for alarm in durable.alarms()] == [ALARM_MS]


@pytest.mark.parametrize("is_rolled_back", [False, True])
async def test_rollback_restores_that_no_alarm_was_set_in_the_handler(durable, is_rolled_back):
    """DO-6.2.8: the handler's alarm is deleted after it, unless it set one anew."""

    class Again(Box):
        async def alarm(self):
            async def change(txn):
                await txn.setAlarm(ALARM_MS)
                if is_rolled_back:
                    txn.rollback()

            await self.ctx.storage.transaction(change)

        async def arm(self, time):
            await self.ctx.storage.setAlarm(time)

    stub = durable.namespace(Again).get_by_name("a")
    await stub.arm(durable.clock.time_ms() + 1000)
    await durable.clock.advance(seconds=1)
    assert len(durable.alarms()) == (0 if is_rolled_back else 1)
    assert (durable.stored(stub).alarm is None) == is_rolled_back


async def test_messages_sent_during_a_transaction_do_not_wait_for_its_commit(durable, inside):
    """DO-6.2.9"""
    durable.namespace(Box)
    sink = durable.namespace(Box).get_by_name("sink")

    async def act(ctx):
        async def send(txn):
            await txn.put("k", 1)
            await durable.env.BOX.getByName("sink").put("from the transaction", 1)
            raise PlatformError("no")

        await fails_with(ctx.storage.transaction(send))

    await inside(act)
    assert stored(durable, sink) == {"from the transaction": 1}


async def test_messages_sent_in_the_turn_of_the_commit_wait_for_it(durable, box, inside):
    """DO-6.2.9"""
    durable.namespace(Box)

    async def act(ctx):
        async def send(txn):
            await txn.put("k", 1)
            durable.env.BOX.getByName("sink").put("k", 1)

        await ctx.storage.transaction(send)

    await inside(act)
    await durable.settle()
    records = durable.journal.of(Committed, CallStarted)
    names = [(type(record).__name__, record.actor.name) for record in records]
    assert names.index(("Committed", "a")) < names.index(("CallStarted", "sink"))


async def test_list_of_nothing_does_not_notice_that_the_transaction_is_over(inside):
    """DO-6.2.6 DO-4.3"""

    async def act(ctx):
        kept = []
        await ctx.storage.transaction(kept.append)
        return len(await kept[0].list({"prefix": "a", "end": "a"}))

    assert await inside(act) == 0
