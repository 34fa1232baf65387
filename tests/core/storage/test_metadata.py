"""An object's own record of its alarm, its bookmarks, and deleteAll."""

import pytest

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage import ListOptions, NoTransaction
from support.storage import ALICE, put, restart


def rows(namespace):
    return namespace.inspect(ALICE).sql("SELECT key, value, typeof(value) AS type FROM _cf_METADATA")


def test_object_without_record_has_no_alarm(store):
    # DO-3.4.T1.1
    assert store.get_alarm_ns() is None


def test_alarm_is_stored_as_nanoseconds(namespace, store):
    # DO-3.4.T1.1, DO-3.4.1, DO-7.2.T1.1
    store.set_alarm_ns(4_102_444_800_999_000_000)
    store.commit()
    assert rows(namespace) == [{"key": 1, "value": 4_102_444_800_999_000_000, "type": "integer"}]


def test_alarm_is_seen_before_it_is_committed(store):
    # DO-7.1.T1.2
    store.set_alarm_ns(5)
    assert (store.get_alarm_ns(), store.committed_alarm_ns) == (5, None)


def test_committed_alarm_follows_the_commit(store):
    store.set_alarm_ns(5)
    store.commit()
    store.set_alarm_ns(6)
    before = store.committed_alarm_ns
    store.commit()
    assert (before, store.committed_alarm_ns) == (5, 6)


def test_clearing_writes_null_and_keeps_the_row(namespace, store):
    # DO-3.4.2
    store.set_alarm_ns(5)
    store.set_alarm_ns(None)
    store.commit()
    assert rows(namespace) == [{"key": 1, "value": None, "type": "null"}]


@pytest.mark.parametrize("due_ns", [0, 1, 1_734_099_316_987_654_321, 1_734_099_316_987_654_322])
def test_alarm_is_kept_to_the_nanosecond_and_zero_is_one(store, due_ns):
    # DO-3.4.1: instants that user code cannot set, but a file can hold.
    store.set_alarm_ns(due_ns)
    store.commit()
    assert (store.get_alarm_ns(), store.committed_alarm_ns) == (due_ns, due_ns)


def test_alarm_can_be_set_again_after_delete_all(namespace, store):
    # DO-3.2.P
    store.set_alarm_ns(5)
    store.commit()
    store.delete_all(keep_alarm=False)
    store.set_alarm_ns(6)
    store.commit()
    assert (store.get_alarm_ns(), rows(namespace)) == (6, [{"key": 1, "value": 6, "type": "integer"}])


def test_setting_the_same_alarm_writes_nothing(store):
    # DO-7.1.T1.1, DO-7.2.T2.3
    store.set_alarm_ns(5)
    store.commit()
    assert (store.set_alarm_ns(5), store.state) == (False, NoTransaction())


def test_clearing_no_alarm_creates_no_table(namespace, store):
    # DO-3.2.T1.2
    assert store.set_alarm_ns(None) is False
    assert namespace.inspect(ALICE).tables == []


def test_alarm_survives_reopening(namespace, store):
    store.set_alarm_ns(5)
    store.commit()
    store.close(graceful=True)
    assert namespace.open_store(ALICE).get_alarm_ns() == 5


def test_committed_alarm_is_known_after_an_inner_rollback(store):
    # DO-6.2.8
    store.set_alarm_ns(5)
    store.commit()
    outer = store.begin_transaction()
    store.set_alarm_ns(6)
    inner = store.begin_transaction()
    store.set_alarm_ns(7)
    store.rollback_transaction(inner)
    assert (store.get_alarm_ns(), store.committed_alarm_ns) == (6, 5)
    store.commit_transaction(outer)
    assert store.committed_alarm_ns == 6


def test_committed_alarm_does_not_follow_an_inner_commit(store):
    store.set_alarm_ns(5)
    store.commit()
    outer = store.begin_transaction()
    inner = store.begin_transaction()
    store.set_alarm_ns(6)
    store.commit_transaction(inner)
    assert (store.get_alarm_ns(), store.committed_alarm_ns) == (6, 5)
    store.rollback_transaction(outer)
    assert (store.get_alarm_ns(), store.committed_alarm_ns) == (5, 5)
    # DO-6.2.8


def test_bookmarks_count_from_zero(namespace, store):
    # DO-3.5, DO-3.4.T1.2, DO-3.2.T1.2
    marks = [store.next_bookmark() for _ in range(3)]
    store.commit()
    assert [mark[:17] for mark in marks] == ["00000000-00000000", "00000000-00000001", "00000000-00000002"]
    assert rows(namespace) == [{"key": 2, "value": 2, "type": "integer"}]


def test_delete_all_removes_everything_at_once(namespace, store):
    # DO-4.4.1, DO-4.4.2
    store.sql_exec("CREATE TABLE t(a)")
    store.set_alarm_ns(5)
    put(store, a=1)
    store.put_many([("b", 1)])
    store.delete_all(keep_alarm=False)
    view = namespace.inspect(ALICE)
    assert (view.tables, view.alarm_ns, store.database_size) == ([], None, 4096)
    assert (store.list(ListOptions()), store.get_alarm_ns(), store.state) == ([], None, NoTransaction())


def test_writes_after_delete_all_go_to_the_new_database(namespace, store):
    # DO-4.4.3
    put(store, a=1)
    store.delete_all(keep_alarm=False)
    put(store, b=2)
    assert dict(namespace.inspect(ALICE).kv) == {"b": 2}


@pytest.mark.parametrize("disk", ["disk"], indirect=True)
def test_delete_all_is_durable_without_commit(disk, namespace, store):
    # Even an abort of the same turn does not bring the data back. DO-4.4.1
    put(store, a=1)
    store.delete_all(keep_alarm=False)
    assert dict(restart(disk, graceful=False).inspect(ALICE).kv) == {}


def test_delete_all_can_keep_the_alarm(namespace, store):
    # DO-4.4.4
    store.set_alarm_ns(5)
    put(store, a=1)
    store.delete_all(keep_alarm=True)
    view = namespace.inspect(ALICE)
    assert (view.tables, view.alarm_ns, store.committed_alarm_ns) == (["_cf_METADATA"], 5, 5)


def test_bookmarks_start_again_after_delete_all(store):
    # DO-3.5
    store.next_bookmark()
    store.next_bookmark()
    store.delete_all(keep_alarm=False)
    assert store.next_bookmark().startswith("00000000-00000000-")


@pytest.mark.parametrize("begin", ["begin_transaction", "sync_savepoint"])
def test_delete_all_is_refused_inside_a_transaction(store, begin):
    # DO-4.4.5
    put(store, a=1)
    getattr(store, begin)()
    with pytest.raises(PlatformError, match=r"^Cannot call deleteAll\(\) within a transaction$"):
        store.delete_all(keep_alarm=False)
    assert store.get("a") == 1


def test_cursor_open_at_delete_all_is_cancelled(store):
    # DO-4.4.7
    store.sql_exec("CREATE TABLE t(a)")
    store.sql_exec("INSERT INTO t VALUES (1), (2), (3)")
    store.commit()
    cursor = store.sql_exec("SELECT a FROM t")
    next(cursor)
    store.delete_all(keep_alarm=False)
    with pytest.raises(PlatformError, match=r"^SQLite query was canceled because the database was deleted\.$"):
        next(cursor)
    assert cursor.column_names == ["a"]


def test_lazy_list_open_at_delete_all_is_an_internal_error(store):
    # DO-4.4.7
    put(store, a=1, b=2)
    pairs = store.sync_list(ListOptions())
    next(pairs)
    store.delete_all(keep_alarm=False)
    with pytest.raises(PlatformError, match=r"^internal error; reference = "):
        next(pairs)
