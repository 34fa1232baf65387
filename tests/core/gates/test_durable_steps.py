"""The journal and the disk tell one story: a record before and after each durable step (decision 6.9).

A life can be cut at each record, so what lies between two records happens together or not at all. Two durable steps
with no record between them could never be told apart.
"""

import asyncio

import pytest

from pytest_durable.events import Record
from support.objects import Armed
from support.trace import Trace

pytestmark = pytest.mark.durable(storage="memory")

LATER_MS = 4102444800000


async def put(ctx):
    ctx.storage.kv.put("k", 1)


async def two_turns(ctx):
    ctx.storage.kv.put("k", 1)
    await asyncio.sleep(1)
    ctx.storage.kv.put("k", 2)


async def transactions(ctx):
    ctx.storage.kv.put("k", 1)
    await ctx.storage.transaction(lambda txn: ctx.storage.kv.put("k", 2))
    await ctx.storage.transaction(lambda txn: ctx.storage.transaction(lambda txn: ctx.storage.kv.put("k", 3)))


async def alarm_appears(ctx):
    await ctx.storage.setAlarm(LATER_MS)


async def alarm_moves_and_goes(ctx):
    for time in (LATER_MS, LATER_MS - 1000, LATER_MS + 1000):
        await ctx.storage.setAlarm(time)
        await asyncio.sleep(1)
    await ctx.storage.deleteAlarm()


async def delete_all(ctx):
    await ctx.storage.setAlarm(LATER_MS)
    await ctx.storage.sync()
    await ctx.storage.deleteAll()
    ctx.storage.kv.put("k", 1)


async def alarm_runs(ctx):
    await ctx.storage.setAlarm(1)


ACTS = [put, two_turns, transactions, alarm_appears, alarm_moves_and_goes, delete_all, alarm_runs]


@pytest.mark.parametrize("act", ACTS)
async def test_each_durable_step_has_a_record_before_it_and_one_after_it(durable, act):
    trace = Trace(durable)
    stub = durable.namespace(Armed).get_by_name("a")
    await stub.get("k")
    trace.clear()
    await durable.run_in_object(stub, lambda _instance, ctx: act(ctx))
    await durable.settle()
    records = {kind.__name__ for kind in Record.__subclasses__()}
    steps = [at for at, entry in enumerate(trace.log) if entry in trace.durable_steps]
    assert steps
    beside = [(trace.log[at - 1], trace.log[at + 1]) for at in steps]
    assert [pair for pair in beside if not set(pair) <= records] == []


async def test_commit_lies_between_the_records_of_its_beginning_and_its_end(durable):
    trace = Trace(durable)
    stub = durable.namespace(Armed).get_by_name("a")
    await stub.get("k")
    trace.clear()
    await stub.put("k", 1)
    assert trace.log == [
        "CallStarted",
        "object: begin",
        "TransactionBegan",
        "object: commit",
        "Committed",
        "ReplySent",
        "CallEnded",
    ]


async def test_explicit_transaction_lies_between_the_records_of_its_beginning_and_its_end(durable):
    trace = Trace(durable)
    stub = durable.namespace(Armed).get_by_name("a")
    await stub.get("k")
    trace.clear()
    await durable.run_in_object(stub, lambda _instance, ctx: ctx.storage.transaction(lambda txn: txn.put("k", 1)))
    assert trace.log[:5] == ["CallStarted", "object: begin", "TransactionBegan", "object: commit", "Committed"]


async def test_transaction_that_is_undone_commits_nothing_and_records_no_commit(durable):
    trace = Trace(durable)
    stub = durable.namespace(Armed).get_by_name("a")
    await stub.get("k")
    trace.clear()

    def act(_instance, ctx):
        ctx.storage.kv.put("k", 1)
        ctx.abort()

    with pytest.raises(Exception, match="Application called abort"):
        await durable.run_in_object(stub, act)
    assert trace.durable_steps == []
    assert "Committed" not in trace.log
