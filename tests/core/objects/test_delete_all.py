"""``deleteAll``: at once, and beyond any transaction (DO-4.4)."""

import re

import pytest

from pytest_durable import App, PlatformError
from pytest_durable.events import Committed, StorageReset, TransactionBegan
from pytest_durable.values import UNDEFINED
from support.objects import Armed

pytestmark = pytest.mark.durable(storage="memory")

ON_DISK = pytest.mark.durable(storage="disk")

ALARM_MS = 4102444800000
INSIDE = "Cannot call deleteAll() within a transaction"


def stored(durable, stub):
    return dict(durable.stored(stub).kv)


async def refusal(awaitable):
    with pytest.raises(PlatformError) as caught:
        await awaitable
    return str(caught.value)


async def test_delete_all_takes_effect_at_the_call(durable, box, inside):
    """DO-4.4.1"""
    await box.put("k", 1)

    def act(ctx):
        ctx.storage.deleteAll()
        return [ctx.storage.kv.get("k"), stored(durable, box)]

    assert await inside(act) == [UNDEFINED, {}]


async def test_earlier_writes_of_the_turn_are_lost(durable, box, inside):
    """DO-4.4.1"""

    async def act(ctx):
        await ctx.storage.put("k", 1)
        await ctx.storage.deleteAll()

    await inside(act)
    assert stored(durable, box) == {}
    assert [type(record) for record in durable.journal.of(TransactionBegan, Committed, StorageReset)] == [
        TransactionBegan,
        StorageReset,
    ]


@pytest.mark.parametrize("mode", ["memory", pytest.param("disk", marks=ON_DISK)])
async def test_abort_in_the_same_turn_does_not_bring_the_data_back(durable, box, inside, mode):
    """DO-4.4.1"""
    await box.put("k", 1)

    def act(ctx):
        ctx.storage.deleteAll()
        ctx.abort()

    await refusal(inside(act))
    assert stored(durable, box) == {}


@ON_DISK
async def test_crash_right_after_it_does_not_bring_the_data_back(durable, box, inside):
    """DO-4.4.1"""
    await box.put("k", 1)
    durable.crash_at(StorageReset)
    await refusal(inside(lambda ctx: ctx.storage.deleteAll()))
    await durable.start()
    assert await box.get("k") is UNDEFINED


@ON_DISK
async def test_files_are_those_of_a_new_database(durable, box, inside):
    """DO-4.4.1"""
    await inside(lambda ctx: ctx.storage.put("k", "x" * 100_000))
    directory = durable.namespace(Armed).directory
    await inside(lambda ctx: ctx.storage.deleteAll())
    sizes = {path.name.partition(".sqlite")[2]: path.stat().st_size for path in directory.glob(f"{box.id.hex}*")}
    assert (sizes[""], sizes["-wal"], set(sizes)) == (4096, 0, {"", "-wal", "-shm"})


async def test_delete_all_removes_pairs_tables_and_alarm(durable, box, inside):
    """DO-4.4.2"""
    await box.put("k", 1)
    await box.arm(ALARM_MS)
    await inside(lambda ctx: ctx.storage.sql.exec("CREATE TABLE mine (x)") and None)

    async def act(ctx):
        await ctx.storage.deleteAll()
        return ctx.storage.sql.databaseSize

    assert await inside(act) == 4096
    assert durable.stored(box).tables == []


async def test_later_writes_of_the_turn_survive(durable, box, inside):
    """DO-4.4.3"""
    await box.put("old", 1)

    async def act(ctx):
        await ctx.storage.deleteAll()
        await ctx.storage.put("new", 2)
        ctx.storage.sql.exec("CREATE TABLE mine (x)")

    await inside(act)
    assert stored(durable, box) == {"new": 2}
    assert durable.stored(box).tables == ["_cf_KV", "mine"]


async def test_delete_all_answers_undefined(inside):
    """DO-4.2.T1.8"""
    assert await inside(lambda ctx: ctx.storage.deleteAll()) is UNDEFINED


async def test_delete_all_deletes_the_alarm_and_its_row(durable, box, inside):
    """DO-4.4.4"""
    await box.arm(ALARM_MS)
    await inside(lambda ctx: ctx.storage.deleteAll())
    assert (durable.stored(box).alarm, durable.stored(box).tables, durable.alarms()) == (None, [], [])


@pytest.mark.parametrize(
    "durable_app",
    [
        App(surface="neutral", compatibility_date="2026-02-23"),
        App(surface="neutral", compatibility_flags=("delete_all_preserves_alarm",)),
    ],
    ids=["older date", "flag"],
)
async def test_delete_all_once_left_the_alarm(durable, box, inside):
    """DO-4.4.4"""
    await box.put("k", 1)
    await box.arm(ALARM_MS)
    await inside(lambda ctx: ctx.storage.deleteAll())
    assert (stored(durable, box), durable.stored(box).tables) == ({}, ["_cf_METADATA"])
    assert await box.armed() == ALARM_MS
    assert len(durable.alarms()) == 1


@pytest.mark.parametrize(
    "durable_app",
    [
        App(surface="neutral", compatibility_date="2026-02-24"),
        App(surface="neutral", compatibility_date="2025-01-01", compatibility_flags=("delete_all_deletes_alarm",)),
    ],
    ids=["first date", "flag"],
)
async def test_delete_all_deletes_the_alarm_from_a_date_or_by_a_flag(durable, box, inside):
    """DO-4.4.4"""
    await box.arm(ALARM_MS)
    await inside(lambda ctx: ctx.storage.deleteAll())
    assert (await box.armed(), durable.alarms()) == (None, [])


UNTIL_READ = {
    "nothing": (lambda ctx: None, ["_cf_METADATA"]),
    "a write": (lambda ctx: ctx.storage.kv.put("k", 1), ["_cf_KV", "_cf_METADATA"]),
    "getAlarm": (lambda ctx: ctx.storage.getAlarm(), []),
    "sync": (lambda ctx: ctx.storage.sync(), []),
}


@pytest.mark.parametrize(("between", "tables"), UNTIL_READ.values(), ids=UNTIL_READ)
async def test_delete_alarm_after_it_writes_a_row_until_the_alarm_was_read(durable, box, inside, between, tables):
    """DO-4.4.4, DO-3.2.T1.2: asked of the real platform, which has forgotten that there is no alarm."""

    async def act(ctx):
        await ctx.storage.deleteAll()
        found = between(ctx)
        if found is not None and hasattr(found, "__await__"):
            await found
        await ctx.storage.deleteAlarm()

    await inside(act)
    assert durable.stored(box).tables == tables


async def test_delete_alarm_in_a_later_event_writes_nothing(durable, box, inside):
    """DO-3.2.T1.2"""
    await inside(lambda ctx: ctx.storage.deleteAll())
    await inside(lambda ctx: ctx.storage.deleteAlarm())
    assert durable.stored(box).tables == []


@pytest.mark.parametrize(
    "call",
    [lambda ctx, txn: ctx.storage.deleteAll(), lambda ctx, txn: txn.deleteAll()],
    ids=["on storage", "on txn"],
)
async def test_delete_all_is_refused_in_a_transaction_and_deletes_nothing(durable, box, inside, call):
    """DO-4.4.5"""
    await box.put("k", 1)

    async def act(ctx):
        async def callback(txn):
            await ctx.storage.put("inside", 2)
            try:
                await call(ctx, txn)
            except PlatformError as failure:
                return str(failure)

        return await ctx.storage.transaction(callback)

    assert await inside(act) == INSIDE
    assert stored(durable, box) == {"k": 1, "inside": 2}


async def test_delete_all_is_refused_in_transaction_sync_and_deletes_nothing(durable, box, inside):
    """DO-4.4.5"""
    await box.put("k", 1)

    async def act(ctx):
        return await refusal(ctx.storage.transactionSync(ctx.storage.deleteAll))

    assert await inside(act) == INSIDE
    assert stored(durable, box) == {"k": 1}


@pytest.mark.durable(storage="disk")
async def test_allow_unconfirmed_changes_nothing(durable, box, inside):
    """DO-4.4.6"""
    await box.put("k", 1)

    async def act(ctx):
        await ctx.storage.deleteAll({"allowUnconfirmed": True})
        return stored(durable, box)

    assert await inside(act) == {}


async def test_open_cursors_are_canceled(inside):
    """DO-4.4.7"""

    def act(ctx):
        ctx.storage.sql.exec("CREATE TABLE mine (x); INSERT INTO mine VALUES (1), (2), (3)")
        cursor = ctx.storage.sql.exec("SELECT x FROM mine")
        cursor.next()
        ctx.storage.deleteAll()
        with pytest.raises(PlatformError) as caught:
            cursor.next()
        return str(caught.value)

    assert await inside(act) == "SQLite query was canceled because the database was deleted."


async def test_open_iterators_of_pairs_fail_with_an_internal_error(inside):
    """DO-4.4.7"""

    def act(ctx):
        for key in "abc":
            ctx.storage.kv.put(key, 1)
        pairs = ctx.storage.kv.list()
        next(pairs)
        ctx.storage.deleteAll()
        with pytest.raises(PlatformError) as caught:
            next(pairs)
        return str(caught.value)

    assert re.fullmatch(r"internal error; reference = [0-9a-z]{24}", await inside(act))
