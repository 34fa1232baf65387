"""``put`` of many entries is one step, in whatever transaction it happens (DO-4.2.T1.4, DO-6.1, DO-6.2)."""

import pytest

from pytest_durable import PlatformError
from pytest_durable.events import Committed

pytestmark = pytest.mark.durable(storage="memory")

#: Longer than any key or value may be.
TOO_LONG = "a" * 8_388_700
TOO_BIG = "string or blob too big: SQLITE_TOOBIG"
MANY = {"a": 1, "b": 2, "c": 3}


async def alone(storage, entries):
    await storage.put(entries)


async def in_a_transaction(storage, entries):
    await storage.transaction(lambda txn: txn.put(entries))


async def after_a_write(storage, entries):
    await storage.put("before", 1)
    await storage.put(entries)


async def within_transaction_sync(storage, entries):
    promises = []
    storage.transactionSync(lambda: promises.append(storage.put(entries)))
    await promises[0]


CONTEXTS = [alone, in_a_transaction, after_a_write, within_transaction_sync]


def stored(durable, box):
    return dict(durable.stored(box).kv)


@pytest.mark.parametrize("put", CONTEXTS)
async def test_put_of_many_is_committed_once_with_the_transaction_that_is_open(durable, box, inside, put):
    """DO-6.1.1, DO-6.2.2"""
    await inside(lambda ctx: put(ctx.storage, MANY))
    (committed,) = durable.journal.of(Committed)
    assert set(committed.keys) == set(stored(durable, box)) >= set(MANY)


@pytest.mark.parametrize("put", CONTEXTS)
async def test_put_of_many_of_which_one_key_is_too_long_leaves_what_was_written_before(durable, box, inside, put):
    """DO-4.2.T1.4, DO-4.5.P"""
    await box.put("old", 1)

    async def act(ctx):
        with pytest.raises(PlatformError) as caught:
            await put(ctx.storage, {**MANY, TOO_LONG: 4})
        return str(caught.value)

    assert await inside(act) == TOO_BIG
    assert stored(durable, box) == ({"old": 1, "before": 1} if put is after_a_write else {"old": 1})


async def test_transaction_goes_on_after_a_put_of_many_that_was_refused(durable, box, inside):
    """DO-4.2.T1.4, DO-6.2.2"""

    async def act(ctx):
        async def callback(txn):
            await txn.put("first", 1)
            with pytest.raises(PlatformError, match="SQLITE_TOOBIG"):
                await txn.put({**MANY, TOO_LONG: 4})
            await txn.put("last", 1)

        await ctx.storage.transaction(callback)

    await inside(act)
    assert stored(durable, box) == {"first": 1, "last": 1}


async def test_put_of_many_replaces_the_values_of_its_own_keys_only(durable, box, inside):
    """DO-4.2.T1.4"""
    await inside(lambda ctx: ctx.storage.put(MANY))
    await inside(lambda ctx: ctx.storage.put({"a": "x", "b": "y"}))
    assert stored(durable, box) == {"a": "x", "b": "y", "c": 3}


async def test_put_of_no_entries_changes_nothing(durable, box, inside):
    """DO-4.2.T1.4"""
    await inside(lambda ctx: ctx.storage.put(MANY))
    await inside(lambda ctx: ctx.storage.put({}))
    assert stored(durable, box) == MANY


async def test_key_of_four_million_bytes_is_accepted(inside):
    """DO-4.5.T1.1"""
    key = "k" * 4_000_000

    async def act(ctx):
        await ctx.storage.put(key, "hello")
        return await ctx.storage.get(key)

    assert await inside(act) == "hello"


async def test_key_that_is_longer_than_a_value_may_be_is_refused(durable, box, inside):
    """DO-4.5.T1.1, DO-4.5.P"""

    async def act(ctx):
        with pytest.raises(PlatformError) as caught:
            await ctx.storage.put(TOO_LONG, "hello")
        return str(caught.value)

    assert await inside(act) == TOO_BIG
    assert stored(durable, box) == {}
