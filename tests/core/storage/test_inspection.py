"""Looking into an object without waking it: committed truth, and not a byte changed."""

import subprocess
import sys

import pytest

from pytest_durable._core.errors import DurableError
from support.storage import ALICE, end, fingerprints, new_disk, open_namespace, opened, put, restart


def test_object_without_file_has_nothing_to_show(namespace):
    assert namespace.inspect(ALICE) is None


def test_view_shows_values_alarm_tables_and_size(namespace, store):
    store.set_alarm_ns(5)
    store.sql_exec("CREATE TABLE t(a)")
    put(store, a=1, b={"x": [1]})
    view = namespace.inspect(ALICE)
    assert (dict(view.kv), view.alarm_ns, view.tables, view.size) == (
        {"a": 1, "b": {"x": [1]}},
        5,
        ["_cf_KV", "_cf_METADATA", "t"],
        16384,
    )


def test_view_of_a_fresh_object_is_empty(namespace, store):
    view = namespace.inspect(ALICE)
    assert (dict(view.kv), view.alarm_ns, view.tables, view.size) == ({}, None, [], 4096)


@pytest.mark.parametrize("begin", ["implicit", "explicit", "synchronous"])
def test_view_shows_only_what_is_committed(namespace, store, begin):
    put(store, a=1)
    if begin == "explicit":
        store.begin_transaction()
    elif begin == "synchronous":
        store.sync_savepoint()
    store.put_many([("a", 2), ("b", 2)])
    store.set_alarm_ns(5)
    view = namespace.inspect(ALICE)
    assert (dict(view.kv), view.alarm_ns, view.tables) == ({"a": 1}, None, ["_cf_KV"])


def test_view_follows_later_commits(namespace, store):
    view = namespace.inspect(ALICE)
    put(store, a=1)
    before = dict(view.kv)
    put(store, a=2)
    assert (before, dict(view.kv)) == ({"a": 1}, {"a": 2})


def test_view_outlives_the_store(disk, namespace, store):
    put(store, a=1)
    view = namespace.inspect(ALICE)
    store.close(graceful=True)
    assert dict(view.kv) == {"a": 1}


def test_keys_are_in_byte_order(namespace, store):
    store.put_many([(key, 1) for key in ("\U0001f600", "\uffff", "z", "")])
    store.commit()
    assert list(namespace.inspect(ALICE).kv) == ["", "z", "\uffff", "\U0001f600"]


def test_values_are_a_mapping(namespace, store):
    put(store, a=1)
    values = namespace.inspect(ALICE).kv
    assert ("a" in values, "b" in values, len(values), values.get("b", 7)) == (True, False, 1, 7)
    assert repr(values) == "<StoredValues of a1a1a1a1…: 'a'>"


def test_sql_gives_a_dict_for_each_row(namespace, store):
    store.sql_exec("CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 'x'), (2, NULL)")
    store.commit()
    assert namespace.inspect(ALICE).sql("SELECT a, b FROM t WHERE a >= ? ORDER BY a", 1) == [
        {"a": 1, "b": "x"},
        {"a": 2, "b": None},
    ]


@pytest.mark.parametrize(
    ("query", "text"),
    [("DELETE FROM _cf_KV", "readonly"), ("SELECT * FROM nope", "no such table: nope"), ("SELECT ?", "bindings")],
)
def test_sql_that_fails_or_writes_is_an_error_of_the_tool(namespace, store, query, text):
    put(store, a=1)
    view = namespace.inspect(ALICE)
    with pytest.raises(DurableError, match=text):
        view.sql(query)
    assert dict(view.kv) == {"a": 1}


def test_sql_time_is_the_clocks(namespace, store):
    assert namespace.inspect(ALICE).sql("SELECT CURRENT_TIMESTAMP AS now") == [{"now": "2030-01-01 00:00:00"}]


def test_looking_does_not_disturb_an_open_store(namespace, store):
    put(store, a=1)
    store.put_many([("a", 2)])
    dict(namespace.inspect(ALICE).kv)
    store.commit()
    assert (store.get("a"), dict(namespace.inspect(ALICE).kv)) == (2, {"a": 2})


def look(disk):
    view = disk.namespace("key").inspect(ALICE)
    return dict(view.kv), view.alarm_ns, view.tables, view.size, view.sql("SELECT 1 AS a")


def test_looking_into_a_closed_file_changes_nothing(tmp_path):
    with opened(tmp_path) as namespace:
        put(namespace.open_store(ALICE), a=1)
    disk = new_disk(tmp_path)
    before = fingerprints(tmp_path)
    seen = look(disk)
    assert (seen[0], fingerprints(tmp_path)) == ({"a": 1}, before)
    end(disk)


def test_looking_into_what_a_crash_left_reads_the_log_and_changes_nothing(tmp_path):
    disk = new_disk(tmp_path)
    store = open_namespace(disk).open_store(ALICE)
    put(store, a=1)
    store.put_many([("b", 1)])
    disk.close(graceful=False)
    before = fingerprints(tmp_path)
    seen = look(disk)
    assert (seen[0], fingerprints(tmp_path)) == ({"a": 1}, before)
    disk.detach()
    disk.end()


def test_looking_while_another_life_has_not_opened_the_object(tmp_path):
    # The namespace is open, the object is not, and its log is that of the crash.
    disk = new_disk(tmp_path)
    put(open_namespace(disk).open_store(ALICE), a=1)
    namespace = restart(disk, graceful=False)
    log = tmp_path / "key" / f"{ALICE}.sqlite-wal"
    before = log.read_bytes()
    assert (dict(namespace.inspect(ALICE).kv), log.read_bytes() == before) == ({"a": 1}, True)
    end(disk)


def test_looking_keeps_the_locks_of_an_open_store(tmp_path):
    # A second descriptor, once closed, would drop them; then another process could remove the log. Decision 3.1
    disk = new_disk(tmp_path)
    namespace = open_namespace(disk)
    put(namespace.open_store(ALICE), a=1)
    dict(namespace.inspect(ALICE).kv)
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=0); "
        "print(c.execute('SELECT count(*) FROM _cf_KV').fetchall()); c.close()"
    )
    path = tmp_path / "key" / f"{ALICE}.sqlite"
    shown = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True).stdout
    assert (shown.strip(), (tmp_path / "key" / f"{ALICE}.sqlite-wal").exists()) == ("[(1,)]", True)
    end(disk, graceful=False)
