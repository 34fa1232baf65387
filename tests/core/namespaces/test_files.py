"""Which files a namespace on disk has, and when (DO-1.3 to DO-1.6, DO-1.8)."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from support.objects import Armed, Box, Counter

METADATA = ["metadata.sqlite", "metadata.sqlite-shm", "metadata.sqlite-wal"]


def open_files(stub) -> list[str]:
    return [f"{stub.id.hex}.sqlite", f"{stub.id.hex}.sqlite-shm", f"{stub.id.hex}.sqlite-wal"]


class Reader(Armed):
    async def read(self):
        storage = self.ctx.storage
        await storage.get("k")
        await storage.list()
        await storage.getAlarm()
        list(storage.kv.list())
        return storage.sql.databaseSize


@pytest.fixture
def boxes(durable):
    return durable.namespace(Box)


# DO-1.3: names


def test_directory_of_a_namespace_exists_from_the_start(durable, boxes):
    """DO-1.3.T1.1"""
    assert boxes.directory == durable.directory / "Box"
    assert boxes.directory.is_dir()


async def test_alarms_are_kept_in_metadata_sqlite(durable):
    """DO-1.3.T1.2"""
    namespace = durable.namespace(Armed)
    await namespace.get_by_name("a").arm(durable.clock.time_ms() + 60_000)
    await durable.stop()
    with closing(sqlite3.connect(namespace.directory / "metadata.sqlite")) as metadata:
        assert metadata.execute("SELECT actor_name FROM _cf_ALARM").fetchall() == [("a",)]


async def test_database_of_an_object_is_named_by_its_id(durable, boxes):
    """DO-1.3.T1.3"""
    stub = boxes.get_by_name("a")
    await stub.put("k", 1)
    assert boxes.object_files() == [f"{stub.id.hex}.sqlite"]
    assert stub.id.hex == stub.id.hex.lower()


async def test_log_and_index_lie_beside_each_open_database(boxes):
    """DO-1.3.T1.6"""
    stub = boxes.get_by_name("a")
    await stub.put("k", 1)
    assert boxes.files() == sorted(METADATA + open_files(stub))


async def test_no_rollback_journal_stays(durable, boxes):
    """DO-1.3.T1.7: it exists only while a fresh file is switched to WAL."""
    await boxes.get_by_name("a").put("k", 1)
    assert not [name for name in boxes.files() if name.endswith("-journal")]
    await durable.stop()
    assert not [name for name in boxes.files() if name.endswith("-journal")]


def test_root_directory_is_made_if_it_is_absent(durable_factory, tmp_path):
    """DO-1.3.P: differs, decision 3.2."""
    host = durable_factory(tmp_path / "new" / "root")
    assert host.namespace(Box).files() == METADATA


# DO-1.4: what is created when


async def test_start_creates_the_alarm_database_of_each_namespace_and_nothing_else(durable, boxes):
    """DO-1.4.T1.1"""
    await durable.stop()
    await durable.start()
    assert boxes.files() == METADATA


def test_ids_and_stubs_create_nothing(boxes):
    """DO-1.4.T1.2"""
    boxes.id_from_name("a")
    boxes.get_by_name("a")
    boxes.get(boxes.new_unique_id())
    assert boxes.files() == METADATA


async def test_construction_creates_a_file_without_tables(durable, boxes):
    """DO-1.4.T1.3"""
    stub = boxes.get_by_name("a")
    await stub.whoami()
    sizes = [(boxes.directory / name).stat().st_size for name in open_files(stub)]
    assert (sizes[0], sizes[2]) == (4096, 0)
    assert durable.stored(stub).tables == []
    await durable.stop()
    header = (boxes.directory / f"{stub.id.hex}.sqlite").read_bytes()[:100]
    assert (header[18], header[19]) == (2, 2)


async def test_reads_create_no_table(durable):
    """DO-1.4.T1.4"""
    namespace = durable.namespace(Reader)
    stub = namespace.get_by_name("a")
    assert await stub.read() == 4096
    assert durable.stored(stub).tables == []
    assert (namespace.directory / f"{stub.id.hex}.sqlite-wal").stat().st_size == 0


async def test_first_write_creates_its_table(durable, boxes):
    """DO-1.4.T1.5"""
    stub = boxes.get_by_name("a")
    await stub.put("k", 1)
    assert durable.stored(stub).tables == ["_cf_KV"]


async def test_table_of_a_first_write_that_is_undone_is_undone_with_it(durable, boxes):
    """DO-1.4.T1.5"""

    def put_and_abort(_instance, ctx):
        ctx.storage.kv.put("k", 1)
        ctx.abort()

    stub = boxes.get_by_name("a")
    with pytest.raises(Exception, match="Application called abort"):
        await durable.run_in_object(stub, put_and_abort)
    assert durable.stored(stub).tables == []
    again = boxes.get_by_name("a")
    await again.put("k", 2)
    assert dict(durable.stored(again).kv) == {"k": 2}


async def test_due_alarm_of_an_object_without_file_creates_the_file(durable):
    """DO-1.4.T1.6"""
    namespace = durable.namespace(Armed)
    stub = namespace.get_by_name("a")
    await stub.arm(durable.clock.time_ms() + 60_000)
    await durable.stop()
    (namespace.directory / f"{stub.id.hex}.sqlite").unlink()
    await durable.start()
    assert namespace.list_ids() == []
    await durable.clock.advance(minutes=1)
    assert namespace.list_ids() == [stub.id.hex]
    assert dict(durable.stored(stub).kv) == {}
    assert durable.alarms() == []


async def test_file_means_constructed_and_not_that_there_is_data(durable, boxes):
    """DO-1.4.P"""
    stub = boxes.get_by_name("a")
    assert boxes.list_ids() == []
    await stub.get("k")
    assert boxes.list_ids() == [stub.id.hex]
    assert dict(durable.stored(stub).kv) == {}


# DO-1.5: what remains


async def test_graceful_stop_leaves_databases_only(durable, boxes):
    """DO-1.5.T1.1"""
    stub = boxes.get_by_name("a")
    await stub.put("k", 1)
    await durable.stop()
    assert boxes.files() == sorted([f"{stub.id.hex}.sqlite", "metadata.sqlite"])
    with closing(sqlite3.connect(boxes.directory / f"{stub.id.hex}.sqlite")) as database:
        assert database.execute("SELECT key FROM _cf_KV").fetchall() == [("k",)]


async def test_idle_eviction_leaves_the_database_of_the_object_only(durable, boxes):
    """DO-1.5.T1.1"""
    stub = boxes.get_by_name("a")
    await stub.put("k", 1)
    await durable.clock.advance(seconds=10)
    assert boxes.files() == sorted([*METADATA, f"{stub.id.hex}.sqlite"])


async def test_eviction_by_the_test_leaves_the_database_of_the_object_only(durable, boxes):
    """DO-1.5.T1.1"""
    stub = boxes.get_by_name("a")
    await stub.put("k", 1)
    await durable.evict(stub)
    assert boxes.files() == sorted([*METADATA, f"{stub.id.hex}.sqlite"])


async def test_crash_leaves_the_logs_with_what_was_committed(durable, boxes):
    """DO-1.5.T1.2"""
    stub = boxes.get_by_name("a")
    await stub.put("k", 1)
    await durable.crash()
    assert boxes.files() == sorted(METADATA + open_files(stub))
    assert (boxes.directory / f"{stub.id.hex}.sqlite-wal").stat().st_size > 0
    assert dict(durable.stored(stub).kv) == {"k": 1}


async def test_leftovers_of_a_crash_stay_until_their_object_is_opened_and_closed(durable, boxes):
    """DO-1.5.T1.3"""
    first, second = boxes.get_by_name("a"), boxes.get_by_name("b")
    await first.put("k", 1)
    await second.put("k", 2)
    await durable.restart(crash=True)
    assert await first.get("k") == 1
    await durable.stop()
    assert boxes.files() == sorted([f"{first.id.hex}.sqlite", "metadata.sqlite", *open_files(second)])
    await durable.start()
    assert await second.get("k") == 2


async def test_object_that_never_wrote_leaves_one_page_without_tables(durable, boxes):
    """DO-1.5.P"""
    stub = boxes.get_by_name("a")
    await stub.get("k")
    await durable.stop()
    assert (boxes.directory / f"{stub.id.hex}.sqlite").stat().st_size == 4096
    assert durable.stored(stub).tables == []


async def test_directory_with_leftovers_can_be_opened(durable_factory):
    """DO-1.5.P"""
    before = durable_factory()
    stub = before.namespace(Box).get_by_name("a")
    await stub.put("k", 1)
    await before.crash()
    after = durable_factory(before.directory)
    assert await after.namespace(Box).get_by_name("a").get("k") == 1


# DO-1.6: listing


async def test_list_of_ids_ignores_everything_that_is_not_the_database_of_an_object(durable, boxes):
    """DO-1.6"""
    stubs = [boxes.get_by_name(name) for name in "abc"]
    for stub in stubs:
        await stub.put("k", 1)
    await durable.stop()
    hex_digits = stubs[0].id.hex
    strangers = [
        f"{hex_digits}.1.sqlite",
        f"{hex_digits}.facets",
        f"{'0' * 64}.sqlite-wal",
        f"{'0' * 64}.sqlite-shm",
        f"{'0' * 63}.sqlite",
        f"{'0' * 65}.sqlite",
        f"{'g' * 64}.sqlite",
        f"{'0' * 64}",
        "notes.txt",
    ]
    for name in strangers:
        (boxes.directory / name).touch()
    assert boxes.list_ids() == sorted(stub.id.hex for stub in stubs)


async def test_list_of_ids_ignores_directories(durable, boxes):
    """DO-1.6"""
    await durable.stop()
    (boxes.directory / f"{'0' * 64}.sqlite").mkdir()
    assert boxes.list_ids() == []


async def test_list_of_ids_of_a_missing_directory_is_empty(durable, boxes):
    """DO-1.6"""
    await durable.stop()
    shutil.rmtree(boxes.directory)
    assert boxes.list_ids() == []


# DO-1.8: what the platform's own tests count


async def test_two_written_objects_make_nine_files_and_leave_three(durable):
    """DO-1.8.T1.1, DO-1.8.T1.2, DO-1.8.T1.3, DO-1.8.P: on a real disk each open database has an index, too."""
    counters = durable.namespace(Counter, unique_key="mykey")
    foo, bar = counters.get_by_name("http://foo/"), counters.get_by_name("http://foo/bar")
    assert [await foo.increment(), await foo.increment(), await bar.increment(), await bar.increment()] == [1, 2, 1, 2]
    assert await foo.increment() == 3
    assert counters.files() == sorted(METADATA + open_files(foo) + open_files(bar))
    await durable.stop()
    assert counters.files() == sorted([f"{foo.id.hex}.sqlite", f"{bar.id.hex}.sqlite", "metadata.sqlite"])
    await durable.start()
    assert [await foo.increment(), await foo.increment(), await bar.increment()] == [4, 5, 3]


@pytest.mark.durable(start="2099-01-01T00:00:00Z")
async def test_alarm_persists_in_metadata_sqlite(durable):
    """DO-1.8.T1.4, DO-1.8.T1.5"""
    objects = durable.namespace(Armed, unique_key="alarmkey")
    stub = objects.get_by_name("a")
    await stub.arm(4102444800000)
    await durable.stop()
    assert (objects.directory / "metadata.sqlite").is_file()
    await durable.start()
    assert await stub.armed() == 4102444800000


async def test_directory_without_metadata_sqlite_is_tolerated(durable, boxes):
    """DO-1.8.P: directories of older releases have none."""
    stub = boxes.get_by_name("a")
    await stub.put("k", 1)
    await durable.stop()
    (boxes.directory / "metadata.sqlite").unlink()
    await durable.start()
    assert await stub.get("k") == 1
