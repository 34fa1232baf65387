"""The database of one object and the tables that the platform keeps in it (DO-3.1 to DO-3.4)."""

import sqlite3
from contextlib import closing

import pytest

from support.objects import Armed

pytestmark = pytest.mark.durable(storage="memory")

ON_DISK = pytest.mark.durable(storage="disk")

ALARM_MS = 4102444800000


def path_of(durable, stub):
    return durable.namespace(Armed).directory / f"{stub.id.hex}.sqlite"


def in_file(durable, stub, *statements):
    """Run statements on the file of an object while the host is down; the rows of the last one."""
    with closing(sqlite3.connect(path_of(durable, stub))) as connection:
        rows = [connection.execute(*statement).fetchall() for statement in statements][-1]
        connection.commit()
    return rows


# DO-3.1: the file


@ON_DISK
async def test_database_of_an_object_is_in_wal_mode(durable, box):
    """DO-3.1.T1.1"""
    await box.put("k", 1)
    await durable.stop()
    assert path_of(durable, box).read_bytes()[18:20] == b"\x02\x02"


@ON_DISK
async def test_database_is_in_wal_mode_after_a_reset_too(durable, box, inside):
    """DO-3.1.T1.1"""
    await box.put("k", 1)
    await inside(lambda ctx: ctx.storage.deleteAll())
    await durable.stop()
    assert path_of(durable, box).read_bytes()[18:20] == b"\x02\x02"


@ON_DISK
@pytest.mark.parametrize(
    ("pragma", "value"),
    [("page_size", 4096), ("encoding", "UTF-8"), ("auto_vacuum", 0), ("user_version", 0), ("application_id", 0)],
)
async def test_database_has_the_properties_of_the_platforms(durable, box, pragma, value):
    """DO-3.1.T1.2"""
    await box.put("k", 1)
    await durable.stop()
    assert in_file(durable, box, (f"PRAGMA {pragma}",)) == [(value,)]


async def test_foreign_keys_are_on_for_every_connection(durable, box, inside):
    """DO-3.1.T1.4"""
    seen = []

    def look(ctx):
        seen.append(ctx.storage.sql.exec("PRAGMA foreign_keys").one())

    await inside(look)
    await durable.evict(box)
    await inside(look)
    await inside(lambda ctx: ctx.storage.deleteAll())
    await inside(look)
    assert seen == [{"foreign_keys": 1}] * 3


# DO-3.2: when tables appear

WRITES_PAIRS = {
    "put": lambda storage: storage.put("k", 1),
    "put of no entries": lambda storage: storage.put({}),
    "delete of a missing key": lambda storage: storage.delete("k"),
    "delete of several missing keys": lambda storage: storage.delete(["k", "l"]),
    "kv.put": lambda storage: storage.kv.put("k", 1),
    "kv.delete": lambda storage: storage.kv.delete("k"),
}
CREATES_NOTHING = {
    "get": lambda storage: storage.get("k"),
    "get of several": lambda storage: storage.get(["k"]),
    "list": lambda storage: storage.list(),
    "delete of no keys": lambda storage: storage.delete([]),
    "deleteAll": lambda storage: storage.deleteAll(),
    "kv.get": lambda storage: storage.kv.get("k"),
    "kv.list": lambda storage: list(storage.kv.list()),
    "getAlarm": lambda storage: storage.getAlarm(),
    "deleteAlarm without alarm": lambda storage: storage.deleteAlarm(),
    "databaseSize": lambda storage: storage.sql.databaseSize,
}


@pytest.mark.parametrize("write", WRITES_PAIRS.values(), ids=WRITES_PAIRS)
async def test_writing_a_pair_creates_the_table_of_pairs(durable, box, inside, write):
    """DO-3.2.T1.1"""
    await inside(lambda ctx: write(ctx.storage) and None)
    assert durable.stored(box).tables == ["_cf_KV"]


async def test_setting_an_alarm_creates_the_table_of_metadata(durable, box):
    """DO-3.2.T1.2"""
    await box.arm(ALARM_MS)
    assert durable.stored(box).tables == ["_cf_METADATA"]


@pytest.mark.parametrize("use", CREATES_NOTHING.values(), ids=CREATES_NOTHING)
async def test_reading_and_deleting_nothing_creates_no_table(durable, box, inside, use):
    """DO-3.2.T1.1, DO-3.2.T1.2"""
    await inside(lambda ctx: use(ctx.storage) and None)
    assert durable.stored(box).tables == []


async def test_setting_the_alarm_that_is_set_already_writes_nothing(durable, box, inside):
    """DO-3.2.T1.2: only a change of the value is a write."""
    await box.arm(ALARM_MS)
    sizes = []

    def act(ctx):
        storage = ctx.storage
        storage.setAlarm(ALARM_MS)
        sizes.append(storage.sql.exec("SELECT total_changes() AS n").one()["n"])

    await durable.evict(box)
    await inside(act)
    assert sizes == [0]


async def test_storing_plain_values_creates_no_table_of_externals(durable, box):
    """DO-3.2.T1.3"""
    await box.put("k", {"nested": [1]})
    assert "_cf_EXTERNALS" not in durable.stored(box).tables


@ON_DISK
async def test_tables_are_created_by_the_text_of_the_platform(durable, box):
    """DO-3.2.P"""
    await box.put("k", 1)
    await box.arm(ALARM_MS)
    await durable.stop()
    texts = dict(in_file(durable, box, ("SELECT name, sql FROM sqlite_master",)))
    assert texts["_cf_KV"] == (
        "CREATE TABLE _cf_KV (\n        key TEXT PRIMARY KEY,\n        value BLOB\n      ) WITHOUT ROWID"
    )
    assert texts["_cf_METADATA"] == (
        "CREATE TABLE _cf_METADATA (\n        key INTEGER PRIMARY KEY,\n        value BLOB\n      )"
    )


@ON_DISK
async def test_tables_with_another_text_are_read_and_written(durable, box):
    """DO-3.2.P"""
    await box.whoami()
    await durable.stop()
    in_file(
        durable,
        box,
        ("create table _cf_KV(key text primary key, value blob) without rowid",),
        ("insert into _cf_KV values ('old', x'FF0F2203616263')",),
    )
    await durable.start()
    await box.put("new", 1)
    assert [await box.get("old"), await box.get("new")] == ["abc", 1]


@pytest.mark.parametrize(
    ("write", "table"),
    [
        (lambda storage: storage.kv.put("k", 1), "_cf_KV"),
        (lambda storage: storage.setAlarm(ALARM_MS), "_cf_METADATA"),
    ],
    ids=["pair", "alarm"],
)
async def test_table_whose_creation_was_rolled_back_is_created_again(durable, box, inside, write, table):
    """DO-3.2.P"""
    tables = "SELECT name FROM sqlite_master WHERE type = 'table'"

    async def act(ctx):
        def undo(txn):
            write(ctx.storage)
            txn.rollback()

        await ctx.storage.transaction(undo)
        undone = ctx.storage.sql.exec(tables).toArray()
        write(ctx.storage)
        return undone

    assert await inside(act) == []
    assert durable.stored(box).tables == [table]


async def test_tables_of_the_application_live_in_the_same_database(durable, box, inside):
    """DO-3.2.P"""
    await box.put("k", 1)
    await inside(lambda ctx: ctx.storage.sql.exec("CREATE TABLE mine (x)") and None)
    assert durable.stored(box).tables == ["_cf_KV", "mine"]


# DO-3.3: keys


async def test_keys_are_stored_as_text_and_ordered_by_their_bytes(durable, box, inside):
    """DO-3.3.1"""

    async def act(ctx):
        for key in ("\U0001f600", "\uffff", "é", "z", "a\0b", "a", ""):
            await ctx.storage.put(key, 1)
        return list(await ctx.storage.list())

    ordered = ["", "a", "a\0b", "z", "é", "\uffff", "\U0001f600"]
    assert await inside(act) == ordered
    rows = durable.stored(box).sql("SELECT typeof(key) AS kind, hex(key) AS bytes FROM _cf_KV ORDER BY key")
    assert rows == [{"kind": "text", "bytes": key.encode().hex().upper()} for key in ordered]


async def test_lone_surrogate_in_a_key_is_stored_in_three_bytes_and_read_as_three_replacements(durable, box, inside):
    """DO-3.3.2"""

    async def act(ctx):
        await ctx.storage.put("\ud800", 1)
        return [await ctx.storage.get("\ud800"), list(await ctx.storage.list())]

    assert await inside(act) == [1, ["\ufffd" * 3]]
    assert durable.stored(box).sql("SELECT hex(key) AS bytes FROM _cf_KV") == [{"bytes": "EDA080"}]


# DO-3.4: the alarm in the database

METADATA = "SELECT key, value FROM _cf_METADATA"


async def test_alarm_is_row_1_in_nanoseconds(durable, box):
    """DO-3.4.T1.1, DO-3.4.1"""
    await box.arm(ALARM_MS)
    assert durable.stored(box).sql(METADATA) == [{"key": 1, "value": ALARM_MS * 1_000_000}]


async def test_fractions_of_a_millisecond_are_cut_off_before_storing(durable, box):
    """DO-3.4.1"""
    await box.arm(4102444800999.7)
    assert durable.stored(box).sql(METADATA) == [{"key": 1, "value": 4102444800999000000}]


@ON_DISK
async def test_stored_nanoseconds_are_read_as_whole_milliseconds(durable, box):
    """DO-3.4.1"""
    await box.arm(ALARM_MS)
    await durable.stop()
    in_file(durable, box, ("UPDATE _cf_METADATA SET value = value + 999999",))
    await durable.start()
    assert await box.armed() == ALARM_MS


async def test_cleared_alarm_is_a_null_in_its_row(durable, box, inside):
    """DO-3.4.2, DO-3.4.T1.1"""
    await box.arm(ALARM_MS)
    await inside(lambda ctx: ctx.storage.deleteAlarm())
    assert durable.stored(box).sql(METADATA) == [{"key": 1, "value": None}]
    await durable.evict(box)
    assert await box.armed() is None


@ON_DISK
async def test_missing_row_means_no_alarm(durable, box):
    """DO-3.4.T1.1"""
    await box.arm(ALARM_MS)
    await durable.stop()
    in_file(durable, box, ("DELETE FROM _cf_METADATA",))
    await durable.start()
    assert await box.armed() is None
