"""Namespaces in memory: everything the ones on disk can do, for one life."""

import pytest

from pytest_durable._core.storage import UNDEFINED, Disk, ListOptions
from pytest_durable._core.storage.vfs import ClockVfs
from support.storage import ALICE, BOB, CAROL, WALL_NS, end, new_disk, open_namespace, put, restart


@pytest.fixture
def disk():
    disk = new_disk(None)
    yield disk
    end(disk)


def test_data_and_alarm_survive_eviction(disk: Disk):
    # Decision 1.5. DO-1.2.T1.2, DO-1.2.P
    namespace = open_namespace(disk)
    store = namespace.open_store(ALICE)
    store.set_alarm_ns(5)
    put(store, a=1)
    store.close(graceful=True)
    reopened = namespace.open_store(ALICE)
    assert (reopened.get("a"), reopened.get_alarm_ns()) == (1, 5)


@pytest.mark.parametrize("graceful", [True, False])
def test_nothing_survives_the_end_of_the_life(disk: Disk, graceful: bool):
    # DO-1.2.T1.2
    namespace = open_namespace(disk)
    put(namespace.open_store(ALICE), a=1)
    namespace.alarms.set(ALICE, 5, None)
    namespace = restart(disk, graceful=graceful)
    assert (namespace.object_ids(), namespace.inspect(ALICE), namespace.alarms.load()) == ([], None, [])


def test_uncommitted_writes_do_not_survive_eviction(disk: Disk):
    namespace = open_namespace(disk)
    store = namespace.open_store(ALICE)
    put(store, a=1)
    store.put_many([("a", 2)])
    store.close(graceful=True)
    assert namespace.open_store(ALICE).get("a") == 1


def test_a_table_that_was_made_in_an_uncommitted_transaction_is_made_again(disk: Disk):
    # Found by tests/properties: after an abort, every setAlarm() of the object failed.
    namespace = open_namespace(disk)
    store = namespace.open_store(ALICE)
    put(store, a=1)
    store.set_alarm_ns(5)
    store.close(graceful=True)
    store = namespace.open_store(ALICE)
    assert store.get_alarm_ns() is None
    store.set_alarm_ns(6)
    store.commit()
    assert (store.get("a"), store.get_alarm_ns()) == (1, 6)


def test_large_uncommitted_transaction_is_not_seen(disk: Disk):
    # Far more than SQLite's page cache holds; it must not spill into the file.
    namespace = open_namespace(disk)
    store = namespace.open_store(ALICE)
    put(store, a=1)
    store.put_many([(f"k{number}", "x" * 100_000) for number in range(100)])
    unseen = namespace.inspect(ALICE)
    assert (list(unseen.kv), unseen.size) == (["a"], 8192)
    store.commit()
    assert len(namespace.inspect(ALICE).kv) == 101


def test_large_uncommitted_change_of_what_is_there_is_not_seen(disk: Disk):
    # As above, but the pages that would spill are those that hold what is committed.
    namespace = open_namespace(disk)
    store = namespace.open_store(ALICE)
    keys = [f"k{number}" for number in range(100)]
    put(store, **dict.fromkeys(keys, "a" * 100_000))
    store.put_many([(key, "b" * 100_000) for key in keys])
    assert {value[0] for value in namespace.inspect(ALICE).kv.values()} == {"a"}


def test_rolled_back_growth_leaves_the_committed_bytes(disk: Disk):
    namespace = open_namespace(disk)
    store = namespace.open_store(ALICE)
    put(store, **{f"k{number}": "x" * 1000 for number in range(100)})
    store.delete_many([f"k{n}" for n in range(99)])
    store.rollback()
    assert len(store.list(ListOptions())) == len(namespace.inspect(ALICE).kv) == 100


def test_names_look_like_those_on_disk(disk: Disk):
    namespace = open_namespace(disk)
    namespace.open_store(BOB)
    namespace.open_store(ALICE)
    assert namespace.all_files() == sorted([f"{ALICE}.sqlite", f"{BOB}.sqlite", "metadata.sqlite"])
    assert namespace.object_ids() == [ALICE, BOB]


def test_deleted_object_database_shrinks_to_nothing(disk: Disk):
    namespace = open_namespace(disk)
    store = namespace.open_store(ALICE)
    put(store, a="x" * 100_000)
    store.delete_all(keep_alarm=False)
    assert (store.database_size, namespace.inspect(ALICE).size) == (4096, 4096)


def test_file_shrinks_in_place(disk: Disk):
    # Truncation of a file happens when SQLite vacuums or restores a smaller size.
    namespace = open_namespace(disk)
    store = namespace.open_store(ALICE)
    put(store, a=1)
    store.put_many([("b", "x" * 200_000)])
    store.rollback()
    put(store, c=1)
    store.close(graceful=True)
    assert [key for key, _ in namespace.open_store(ALICE).list(ListOptions())] == ["a", "c"]


def test_sorting_more_than_memory_holds_uses_a_temporary_file(disk: Disk):
    # Temporary files have no name; they are the operating system's.
    store = open_namespace(disk).open_store(ALICE)
    store.sql_exec("CREATE TABLE t(a); PRAGMA table_info(t)")
    store._use().execute("PRAGMA temp_store = FILE", can_cache=False).fetchall()
    query = (
        "WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n WHERE a < 20000) "
        "SELECT count(*) FROM (SELECT DISTINCT a || hex(zeroblob(100)) FROM n ORDER BY 1 DESC)"
    )
    assert store.sql_exec(query).one() == (20000,)


def test_both_clocks_of_the_file_system_agree():
    vfs = ClockVfs("durable-test-clock", lambda: WALL_NS)
    assert (vfs.xCurrentTime(), vfs.xCurrentTimeInt64()) == (2462502.5, 212760216000000)
    vfs.unregister()


COUNTS = "SELECT changes(), total_changes(), last_insert_rowid()"


def _counts_of(namespace, actor_hex: str, *, after_put: bool) -> list[object]:
    store = namespace.open_store(actor_hex)
    if after_put:
        store.put_many([("a", 1), ("b", 2)])
    counts = list(store.sql_exec(COUNTS))
    if after_put:
        store.commit()
    store.sql_exec("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3)")
    store.commit()
    return [*counts, *store.sql_exec(COUNTS)]


@pytest.mark.parametrize("after_put", [False, True])
def test_what_sqlite_counts_begins_anew_in_a_connection_that_is_used_again(disk: Disk, after_put: bool):
    namespace = open_namespace(disk)
    fresh = _counts_of(namespace, ALICE, after_put=after_put)
    other = namespace.open_store(CAROL)
    put(other, a=1, b=2, c=3)
    other.close(graceful=True)
    opened_before = disk.statistics().opened_count
    assert _counts_of(namespace, BOB, after_put=after_put) == fresh
    assert disk.statistics().opened_count == opened_before + 1


def test_connection_that_ran_sql_of_a_user_is_not_used_again(disk: Disk):
    namespace = open_namespace(disk)
    store = namespace.open_store(ALICE)
    store.sql_exec("PRAGMA foreign_keys = OFF")
    connection = store._use().connection
    store.close(graceful=True)
    assert namespace.open_store(BOB)._use().connection is not connection


def test_connection_that_ran_only_ours_is_used_again(disk: Disk):
    namespace = open_namespace(disk)
    store = namespace.open_store(ALICE)
    put(store, a=1)
    connection = store._use().connection
    store.close(graceful=True)
    again = namespace.open_store(BOB)
    assert again._use().connection is connection
    assert (again.get("a"), again._use().own_tables) == (UNDEFINED, set())


def test_connection_left_within_a_transaction_is_not_used_again(disk: Disk):
    namespace = open_namespace(disk)
    store = namespace.open_store(ALICE)
    store.put_many([("a", 1)])
    connection = store._use().connection
    store.close(graceful=False)
    assert namespace.open_store(BOB)._use().connection is not connection
    assert namespace.open_store(ALICE).get("a") is UNDEFINED
