"""Many objects, few open files: idle databases are put away and come back unseen."""

import pytest

from pytest_durable._core.storage import Disk, ListOptions
from support.storage import end, new_disk, open_namespace, put


def names(count: int) -> list[str]:
    return [f"{number:064x}" for number in range(count)]


@pytest.fixture(params=["disk", "memory"])
def disk(request, tmp_path):
    disk = new_disk(tmp_path if request.param == "disk" else None, open_files_max=4)
    yield disk
    end(disk)


def open_stores(disk: Disk, count: int):
    namespace = open_namespace(disk)
    return namespace, [namespace.open_store(name) for name in names(count)]


def test_at_most_so_many_databases_are_open(disk):
    # Decision 3.5
    _, stores = open_stores(disk, 10)
    for number, store in enumerate(stores):
        put(store, a=number)
    values = [store.get("a") for store in stores]
    statistics = disk.statistics()
    assert (values, statistics.open_databases, statistics.open_databases_max) == (list(range(10)), 4, 4)


def test_default_is_a_hundred(tmp_path):
    # Decision 3.5
    disk = new_disk(tmp_path)
    open_stores(disk, 150)
    assert disk.statistics().open_databases == 100
    end(disk)


def test_least_recently_used_goes_first(disk):
    namespace, stores = open_stores(disk, 3)
    stores[0].get("a")
    namespace.alarms.load()
    namespace.open_store("f" * 64)
    assert [store._file._database is None for store in stores] == [False, True, False]


def test_alarm_table_is_put_away_too(disk):
    namespace, _ = open_stores(disk, 8)
    namespace.alarms.set("f" * 64, 5, None)
    assert (namespace.alarms.load(), disk.statistics().open_databases) == ([("f" * 64, 5, None)], 4)


def test_transactions_are_never_put_away(disk):
    _, stores = open_stores(disk, 8)
    for store in stores:
        store.put_many([("a", 1)])
    assert disk.statistics().open_databases >= 8
    for store in stores:
        store.commit()
    assert [store.get("a") for store in stores] == [1] * 8


def test_open_cursors_are_never_put_away(disk):
    _, stores = open_stores(disk, 1)
    stores[0].sql_exec("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3)")
    stores[0].commit()
    cursor = stores[0].sql_exec("SELECT a FROM t")
    other = open_namespace(disk, "other")
    for name in names(8):
        other.open_store(name)
    assert cursor.to_list() == [(1,), (2,), (3,)]


def test_live_list_is_never_put_away(disk):
    namespace, stores = open_stores(disk, 1)
    put(stores[0], a=1, b=2)
    pairs = stores[0].sync_list(ListOptions())
    next(pairs)
    for name in names(9)[1:]:
        namespace.open_store(name)
    assert list(pairs) == [("b", 2)]


def test_alarm_is_remembered_while_put_away(disk):
    namespace, stores = open_stores(disk, 1)
    stores[0].set_alarm_ns(5)
    stores[0].commit()
    for name in names(9)[1:]:
        namespace.open_store(name)
    assert (stores[0].get_alarm_ns(), stores[0].committed_alarm_ns, stores[0].set_alarm_ns(5)) == (5, 5, False)


def test_last_insert_rowid_is_remembered_while_put_away(disk):
    namespace, stores = open_stores(disk, 1)
    stores[0].sql_exec("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3)")
    stores[0].commit()
    for name in names(9)[1:]:
        namespace.open_store(name)
    assert stores[0]._file._database is None
    assert stores[0].sql_exec("SELECT last_insert_rowid()").one() == (3,)


def test_settings_of_a_connection_keep_it_open(disk):
    namespace, stores = open_stores(disk, 1)
    stores[0].sql_exec("PRAGMA case_sensitive_like = ON")
    for name in names(9)[1:]:
        namespace.open_store(name)
    assert stores[0].sql_exec("SELECT 'a' LIKE 'A'").one() == (0,)


def test_rules_hold_after_coming_back(disk):
    namespace, stores = open_stores(disk, 1)
    stores[0].sql_exec("SELECT 1")
    put(stores[0], a=1)
    for name in names(9)[1:]:
        namespace.open_store(name)
    with pytest.raises(Exception, match="prohibited"):
        stores[0].sql_exec("SELECT * FROM _cf_KV")


def test_statistics_count_what_happened(disk):
    namespace, stores = open_stores(disk, 5)
    stores[0].close(graceful=True)
    statistics = disk.statistics()
    assert (statistics.opened_count - statistics.closed_count, statistics.open_databases) == (4, 4)
    assert (statistics.parked_count, namespace.is_open) == (2, True)
