"""``sync``: what it waits for, and what it says when it waits in vain (DO-4.2.T1.9)."""

import asyncio

import pytest

from pytest_durable import PlatformError
from pytest_durable.events import Committed
from support.objects import Armed

pytestmark = pytest.mark.durable(storage="memory")

UNCONFIRMED = {"allowUnconfirmed": True}


def stored(durable, box):
    return dict(durable.stored(box).kv)


@pytest.mark.parametrize("options", [[UNCONFIRMED] * 3, [UNCONFIRMED, {}, UNCONFIRMED]], ids=["unconfirmed", "mixed"])
async def test_sync_waits_for_one_commit_of_all_writes_before_it(durable, box, inside, options):
    """DO-4.2.T1.9"""

    async def act(ctx):
        for key, option in zip("abc", options, strict=True):
            await ctx.storage.put(key, 1, option)
        unseen = stored(durable, box)
        await ctx.storage.sync()
        return [unseen, stored(durable, box)]

    assert await inside(act) == [{}, {"a": 1, "b": 1, "c": 1}]
    assert [record.keys for record in durable.journal.of(Committed)] == [("a", "b", "c")]


async def test_sync_does_not_wait_for_later_writes(durable, box, inside):
    """DO-4.2.T1.9"""

    async def act(ctx):
        await ctx.storage.put("a", 1, UNCONFIRMED)
        await ctx.storage.sync()
        await ctx.storage.put("b", 1, UNCONFIRMED)
        seen = stored(durable, box)
        await ctx.storage.sync()
        return [seen, stored(durable, box)]

    assert await inside(act) == [{"a": 1}, {"a": 1, "b": 1}]


async def test_several_syncs_wait_for_the_same_commit(durable, inside):
    """DO-4.2.T1.9"""

    async def act(ctx):
        await ctx.storage.put("a", 1, UNCONFIRMED)
        await asyncio.gather(*(ctx.storage.sync() for _ in range(3)))

    await inside(act)
    assert len(durable.journal.of(Committed)) == 1


@pytest.mark.parametrize("options", [{}, UNCONFIRMED], ids=["confirmed", "unconfirmed"])
async def test_call_that_syncs_fails_with_the_commit(durable, box, inside, options):
    """DO-4.2.T1.9, DO-6.4.3"""
    seen = []

    async def act(ctx):
        await ctx.storage.put("a", 1, options)
        await ctx.storage.sync()
        seen.append("went on")

    durable.namespace(Armed).storage_files.fail_next("commit", "full")
    with pytest.raises(PlatformError):
        await inside(act)
    with pytest.raises(PlatformError):
        await box.get("a")
    await durable.settle()
    assert (seen, stored(durable, box)) == ([], {})
