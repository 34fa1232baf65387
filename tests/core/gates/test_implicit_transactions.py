"""What is written in one turn is committed together at its end (DO-6.1)."""

import asyncio

import pytest

from pytest_durable import PlatformError
from pytest_durable.events import Committed, ReplySent, TransactionBegan
from support.objects import Armed, Box

pytestmark = pytest.mark.durable(storage="memory")


@pytest.fixture
def box(durable):
    return durable.namespace(Armed).get_by_name("a")


def keys(durable, stub):
    return sorted(durable.stored(stub).kv)


WRITES = {
    "put": lambda ctx: ctx.storage.put("k", 1),
    "delete": lambda ctx: ctx.storage.delete("k"),
    "kv.put": lambda ctx: ctx.storage.kv.put("k", 1),
    "kv.delete": lambda ctx: ctx.storage.kv.delete("k"),
    "sql": lambda ctx: ctx.storage.sql.exec("CREATE TABLE t (x)"),
    "setAlarm": lambda ctx: ctx.storage.setAlarm(4102444800000),
    "transactionSync": lambda ctx: ctx.storage.transactionSync(lambda: None),
}
READS = {
    "get": lambda ctx: ctx.storage.get("k"),
    "list": lambda ctx: ctx.storage.list(),
    "kv.get": lambda ctx: ctx.storage.kv.get("k"),
    "sql": lambda ctx: ctx.storage.sql.exec("SELECT 1").toArray(),
    "getAlarm": lambda ctx: ctx.storage.getAlarm(),
    "delete of nothing": lambda ctx: ctx.storage.delete([]),
    "deleteAll": lambda ctx: ctx.storage.deleteAll(),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_first_write_opens_a_transaction_that_is_committed_when_the_turn_is_over(durable, box, write):
    """DO-6.1.1"""
    seen = []

    def act(_instance, ctx):
        write(ctx)
        seen.append([type(record) for record in durable.journal.of(TransactionBegan, Committed)])

    await durable.run_in_object(box, act)
    assert seen == [[TransactionBegan]]
    assert [type(record) for record in durable.journal.of(TransactionBegan, Committed)] == [TransactionBegan, Committed]


@pytest.mark.parametrize("act", READS.values(), ids=READS)
async def test_reads_and_delete_all_open_no_transaction(durable, box, act):
    """DO-6.1.1"""
    await durable.run_in_object(box, lambda _instance, ctx: act(ctx) and None)
    assert durable.journal.of(TransactionBegan, Committed) == ()


async def test_writes_of_one_turn_through_any_interface_are_committed_together(durable, box):
    """DO-6.1.1"""

    def act(_instance, ctx):
        for write in WRITES.values():
            write(ctx)

    await durable.run_in_object(box, act)
    assert len(durable.journal.of(TransactionBegan)) == len(durable.journal.of(Committed)) == 1


async def ready():
    """An await that has nothing to wait for."""


async def test_awaits_that_are_ready_stay_in_one_turn(durable, box):
    """DO-6.1.2, DO-6.1.3"""

    async def act(_instance, ctx):
        await ctx.storage.put("a", 1)
        for _ in range(50):
            await ready()
        await ctx.storage.get("a")
        await ctx.storage.put("b", 1)

    await durable.run_in_object(box, act)
    assert [record.keys for record in durable.journal.of(Committed)] == [("a", "b")]


async def test_what_a_turn_of_ready_awaits_wrote_is_discarded_by_abort(durable, box):
    """DO-6.1.2"""

    async def act(_instance, ctx):
        await ctx.storage.put("a", 1)
        for _ in range(50):
            await ready()
        ctx.abort()

    with pytest.raises(PlatformError):
        await durable.run_in_object(box, act)
    assert keys(durable, box) == []


async def other_call(instance, _ctx):
    await instance.env.BOX.getByName("other").get("k")


WAITS = {
    "a turn of the loop": lambda instance, ctx: asyncio.sleep(0),
    "a timer": lambda instance, ctx: asyncio.sleep(1),
    "a task": lambda instance, ctx: asyncio.create_task(ready()),
    "a call": other_call,
    "sync": lambda instance, ctx: ctx.storage.sync(),
    "blockConcurrencyWhile": lambda instance, ctx: ctx.blockConcurrencyWhile(lambda: None),
    "transaction": lambda instance, ctx: ctx.storage.transaction(lambda txn: None),
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
async def test_real_wait_commits_what_precedes_it(durable, box, wait):
    """DO-6.1.2, DO-6.1.3"""
    durable.namespace(Box)

    async def act(instance, ctx):
        await ctx.storage.put("before", 1)
        await wait(instance, ctx)
        await ctx.storage.put("after", 1)
        ctx.abort()

    with pytest.raises(PlatformError):
        await durable.run_in_object(box, act)
    assert keys(durable, box) == ["before"]


async def test_what_an_awaited_critical_section_wrote_outlives_a_later_abort(durable, box):
    """DO-6.1.2"""

    async def act(_instance, ctx):
        await ctx.blockConcurrencyWhile(lambda: ctx.storage.kv.put("inside", 1))
        ctx.abort()

    with pytest.raises(PlatformError):
        await durable.run_in_object(box, act)
    assert keys(durable, box) == ["inside"]


async def test_exception_of_the_application_rolls_nothing_back(durable, box):
    """DO-6.1.4"""

    async def act(_instance, ctx):
        await ctx.storage.put("a", 1)
        raise ValueError("no")

    with pytest.raises(PlatformError, match="no"):
        await durable.run_in_object(box, act)
    assert keys(durable, box) == ["a"]


async def test_writes_of_a_constructor_that_throws_are_discarded(durable):
    """DO-6.1.5"""

    class Failing(Box):
        def __init__(self, ctx, env):
            super().__init__(ctx, env)
            ctx.storage.kv.put("a", 1)
            raise ValueError("no")

    stub = durable.namespace(Failing).get_by_name("a")
    with pytest.raises(PlatformError, match="no"):
        await stub.get("a")
    assert keys(durable, stub) == []


async def test_writes_of_the_turn_in_which_block_concurrency_while_fails_are_discarded(durable, box):
    """DO-6.1.5"""

    def fail(ctx):
        ctx.storage.kv.put("inside", 1)
        raise ValueError("no")

    async def act(_instance, ctx):
        await ctx.storage.put("before", 1)
        await ctx.blockConcurrencyWhile(lambda: fail(ctx))

    with pytest.raises(PlatformError, match="no"):
        await durable.run_in_object(box, act)
    assert keys(durable, box) == ["before"]


@pytest.mark.durable(storage="disk")
async def test_writes_of_a_turn_are_discarded_when_the_process_dies_in_it(durable, box):
    """DO-6.1.5"""
    await box.put("a", 1)
    durable.crash_at(TransactionBegan)
    with pytest.raises(PlatformError, match=r"Network connection lost\."):
        await box.put("b", 1)
    assert keys(durable, box) == ["a"]


async def test_commit_takes_no_time(durable, box):
    """DO-6.1.6"""
    before = durable.clock.time()
    await box.put("a", 1)
    assert durable.clock.time() == before
    records = [type(record) for record in durable.journal.of(Committed, ReplySent)]
    assert records == [Committed, ReplySent]
