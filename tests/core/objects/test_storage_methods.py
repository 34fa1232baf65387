"""``ctx.storage``: what is true of all its methods, and of each (DO-4.1, DO-4.2)."""

import asyncio

import pytest

from pytest_durable import PlatformError
from pytest_durable.events import CallStarted, Committed
from pytest_durable.values import UNDEFINED, JSMap
from support.objects import Armed

pytestmark = pytest.mark.durable(storage="memory")

ALARM_MS = 4102444800000

METHODS = (
    *("get", "list", "put", "delete", "deleteAll", "transaction", "transactionSync"),
    *("getAlarm", "setAlarm", "deleteAlarm", "sync", "getBookmarkForTime", "onNextSessionRestoreBookmark"),
    "getCurrentBookmark",
)


def stored(durable, stub):
    return dict(durable.stored(stub).kv)


async def refusal(awaitable):
    with pytest.raises(PlatformError) as caught:
        await awaitable
    return str(caught.value)


@pytest.mark.parametrize("name", METHODS)
async def test_storage_has_the_method(inside, name):
    """DO-4.1.1"""
    assert await inside(lambda ctx: callable(getattr(ctx.storage, name)))


async def test_storage_has_the_synchronous_interfaces_as_properties(inside):
    """DO-4.1.1"""
    assert await inside(lambda ctx: [ctx.storage.sql.exec("SELECT 1 AS a").one(), ctx.storage.kv.get("k")]) == [
        {"a": 1},
        UNDEFINED,
    ]


@pytest.mark.parametrize("name", ["waitForBookmark", "primary", "snapshot", "onNextSessionRestore"])
async def test_storage_has_no_experimental_methods_without_the_flag(inside, name):
    """DO-4.1.1"""
    assert not await inside(lambda ctx: hasattr(ctx.storage, name))


@pytest.mark.parametrize("name", ["prepare", "ingest", "setMaxPageCountForTest"])
async def test_sql_has_no_experimental_methods_without_the_flag(inside, name):
    """DO-5.6.3"""
    assert not await inside(lambda ctx: hasattr(ctx.storage.sql, name))


REFUSED = {
    "get": lambda storage: storage.get(),
    "list": lambda storage: storage.list({"limit": 0}),
    "put": lambda storage: storage.put("k"),
    "delete": lambda storage: storage.delete(),
    "deleteAll": lambda storage: storage.deleteAll(5),
    "transaction": lambda storage: storage.transaction(),
    "getAlarm": lambda storage: storage.getAlarm(5),
    "setAlarm": lambda storage: storage.setAlarm(),
    "deleteAlarm": lambda storage: storage.deleteAlarm(5),
    "getBookmarkForTime": lambda storage: storage.getBookmarkForTime(1),
    "onNextSessionRestoreBookmark": lambda storage: storage.onNextSessionRestoreBookmark("b"),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
async def test_error_is_reported_by_rejection(inside, call):
    """DO-4.1.2"""

    async def act(ctx):
        promise = call(ctx.storage)  # does not throw
        return await refusal(promise)

    assert await inside(act)


async def test_transaction_sync_throws(inside):
    """DO-4.1.2"""

    def act(ctx):
        with pytest.raises(PlatformError, match=r"^TypeError: Failed to execute 'transactionSync'"):
            ctx.storage.transactionSync()

    await inside(act)


async def test_operation_is_done_at_the_call(inside):
    """DO-4.1.3"""

    def act(ctx):
        ctx.storage.put("deleted", 1)
        ctx.storage.put("kept", 2)
        ctx.storage.delete("deleted")
        return [ctx.storage.kv.get("deleted"), ctx.storage.kv.get("kept")]

    assert await inside(act) == [UNDEFINED, 2]


async def test_awaiting_an_operation_lets_no_other_event_run_and_commits_nothing(durable):
    """DO-4.1.3"""
    seen = []

    class Busy(Armed):
        async def work(self):
            storage = self.ctx.storage
            await storage.put("a", 1)
            await storage.get("a")
            await storage.get(["a"])
            await storage.list()
            await storage.delete("a")
            await storage.setAlarm(ALARM_MS)
            await storage.getAlarm()
            await storage.deleteAlarm()
            seen.extend(durable.journal.of(CallStarted, Committed))

    busy = durable.namespace(Busy).get_by_name("a")
    await busy.whoami()
    await asyncio.gather(busy.work(), busy.put("other", 1))
    assert [record.method for record in seen] == ["whoami", "work"]
    assert stored(durable, busy) == {"other": 1}


async def test_stored_value_is_the_one_of_the_call(inside):
    """DO-4.1.4"""

    async def act(ctx):
        value = {"list": [1]}
        promise = ctx.storage.put("k", value)
        value["list"].append(2)
        await promise
        return await ctx.storage.get("k")

    assert await inside(act) == {"list": [1]}


async def test_each_reading_gives_an_object_of_its_own(inside):
    """DO-4.1.4"""

    async def act(ctx):
        storage = ctx.storage
        await storage.put("k", {"list": [1]})
        (await storage.get("k"))["list"].append(2)
        (await storage.get(["k"]))["k"]["list"].append(3)
        (await storage.list())["k"]["list"].append(4)
        return [await storage.get("k"), await storage.get("k") is not await storage.get("k")]

    assert await inside(act) == [{"list": [1]}, True]


OPTIONS = {
    "allowConcurrency": {"allowConcurrency": True},
    "noCache": {"noCache": True},
    "unknown": {"nope": 1},
    "null": None,
    "undefined": UNDEFINED,
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
async def test_options_without_meaning_change_nothing(durable, box, inside, options):
    """DO-4.1.5, DO-4.2.P"""

    async def act(ctx):
        storage = ctx.storage
        await storage.put("k", 1, options)
        await storage.put({"l": 2}, options)
        deleted = await storage.delete("l", options)
        return [await storage.get("k", options), await storage.get(["k"], options), deleted]

    assert await inside(act) == [1, JSMap({"k": 1}), True]
    assert stored(durable, box) == {"k": 1}


@pytest.mark.parametrize(("key", "text"), [(5, "5"), (None, "null"), (UNDEFINED, "undefined"), (True, "true")])
async def test_key_is_stored_as_its_text(durable, box, inside, key, text):
    """DO-4.1.6"""
    await inside(lambda ctx: ctx.storage.put(key, 1))
    assert stored(durable, box) == {text: 1}


async def test_entries_of_which_one_is_too_big_are_not_stored_at_all(durable, box, inside):
    """DO-4.2.T1.4"""
    await box.put("before", 1)
    text = await inside(lambda ctx: refusal(ctx.storage.put({"a": 1, "b": "x" * 8_388_700, "c": 1})))
    assert text == "string or blob too big: SQLITE_TOOBIG"
    assert stored(durable, box) == {"before": 1}


async def test_entries_of_which_one_cannot_be_cloned_are_not_stored_at_all(durable, box, inside):
    """DO-4.2.T1.4"""
    await box.put("before", 1)
    await inside(lambda ctx: refusal(ctx.storage.put({"a": 1, "b": refusal})))
    assert stored(durable, box) == {"before": 1}


async def test_duplicates_count_once_when_deleted(durable, box, inside):
    """DO-4.2.T1.6"""

    async def act(ctx):
        await ctx.storage.put({"a": 1, "b": 1})
        return await ctx.storage.delete(["a", "a", "b", "missing"])

    assert await inside(act) == 2
    assert stored(durable, box) == {}


async def test_list_is_a_map_in_key_order(inside):
    """DO-4.2.T1.7"""

    async def act(ctx):
        await ctx.storage.put({"b": 2, "\U0001f600": 4, "a": 1, "\uffff": 3})
        return await ctx.storage.list()

    found = await inside(act)
    assert isinstance(found, JSMap)
    assert found.pairs() == [("a", 1), ("b", 2), ("\uffff", 3), ("\U0001f600", 4)]


@pytest.mark.parametrize("options", [{}, {"allowUnconfirmed": True}], ids=["confirmed", "unconfirmed"])
async def test_sync_resolves_when_the_writes_before_it_are_committed(durable, box, inside, options):
    """DO-4.2.T1.9"""

    async def act(ctx):
        await ctx.storage.put("k", 1, options)
        before = stored(durable, box)
        await ctx.storage.sync()
        return [before, stored(durable, box)]

    assert await inside(act) == [{}, {"k": 1}]


async def test_sync_without_writes_resolves(inside):
    """DO-4.2.T1.9"""
    await inside(lambda ctx: ctx.storage.sync())


async def test_sync_of_a_broken_object_fails(durable, box, inside):
    """DO-4.2.T1.9"""
    kept = []
    await inside(lambda ctx: kept.append(ctx.storage))
    await durable.abort(box, "over")
    assert await refusal(kept[0].sync())


@pytest.mark.parametrize(
    "call",
    [lambda storage: storage.getBookmarkForTime(1), lambda storage: storage.onNextSessionRestoreBookmark("b")],
    ids=["getBookmarkForTime", "onNextSessionRestoreBookmark"],
)
async def test_there_is_no_point_in_time_recovery(inside, call):
    """DO-4.2.T1.10"""
    assert await inside(lambda ctx: refusal(call(ctx.storage))) == (
        "This Durable Object's storage back-end does not implement point-in-time recovery."
    )
