"""Which files there are when, and who may use them."""

import sqlite3

import apsw
import pytest

from pytest_durable._core.errors import ConfigurationError, DirectoryError, LifeEnded, StorageClosedError
from pytest_durable._core.storage import Disk, ListOptions
from pytest_durable.values import UNDEFINED
from support.storage import ALICE, BOB, end, new_disk, open_namespace, opened, put, restart

DISK_ONLY = pytest.mark.parametrize("disk", ["disk"], indirect=True)

EVERY_USE = {
    "get": lambda store: store.get("a"),
    "get_many": lambda store: store.get_many(["a"]),
    "put_many": lambda store: store.put_many([("a", 1)]),
    "delete_many": lambda store: store.delete_many(["a"]),
    "delete_many of none": lambda store: store.delete_many([]),
    "list": lambda store: store.list(ListOptions()),
    "sync_list": lambda store: store.sync_list(ListOptions()),
    "sql_exec": lambda store: store.sql_exec("SELECT 1"),
    "database_size": lambda store: store.database_size,
    "get_alarm_ns": lambda store: store.get_alarm_ns(),
    "set_alarm_ns": lambda store: store.set_alarm_ns(5),
    "next_bookmark": lambda store: store.next_bookmark(),
    "begin_transaction": lambda store: store.begin_transaction(),
    "sync_savepoint": lambda store: store.sync_savepoint(),
    "delete_all": lambda store: store.delete_all(keep_alarm=False),
    "commit": lambda store: store.commit(),
    "rollback": lambda store: store.rollback(),
}


def files(*stems, sides=True):
    """Names of databases, with or without their side files."""
    return sorted(f"{stem}.sqlite{side}" for stem in stems for side in (("", "-shm", "-wal") if sides else ("",)))


def in_file(path, query):
    """Ask a closed database through the standard library."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    rows = connection.execute(query).fetchall()
    connection.close()
    return rows


@DISK_ONLY
def test_open_namespace_has_only_its_metadata(namespace):
    # DO-1.3.T1.1, DO-1.3.T1.2, DO-1.4.T1.1
    assert (namespace.all_files(), namespace.object_ids()) == (files("metadata"), [])


def test_naming_a_namespace_or_asking_for_an_object_creates_nothing(disk, tmp_path):
    # DO-1.4.T1.2
    namespace = disk.namespace("key")
    answers = (namespace.has_object(ALICE), namespace.inspect(ALICE), namespace.object_ids(), namespace.all_files())
    assert (answers, list(tmp_path.iterdir())) == ((False, None, [], []), [])


@DISK_ONLY
def test_opened_store_is_an_empty_database_with_a_log(namespace, store):
    # DO-1.4.T1.3, DO-1.3.T1.6
    path = namespace.directory / f"{ALICE}.sqlite"
    sizes = [path.stat().st_size, path.with_name(path.name + "-wal").stat().st_size]
    assert (namespace.all_files(), sizes) == (files(ALICE, "metadata"), [4096, 0])
    assert namespace.inspect(ALICE).tables == []


def test_object_exists_once_it_was_opened(namespace, store):
    # DO-1.4.P
    assert (namespace.has_object(ALICE), namespace.has_object(BOB), namespace.object_ids()) == (True, False, [ALICE])
    assert namespace.object_files() == [f"{ALICE}.sqlite"]


@DISK_ONLY
def test_closing_a_store_merges_its_log(namespace, store):
    # An evicted object leaves one file. DO-1.5.T1.1
    put(store, a=1)
    store.close(graceful=True)
    assert namespace.all_files() == sorted(files(ALICE, sides=False) + files("metadata"))
    assert in_file(namespace.directory / f"{ALICE}.sqlite", "SELECT key FROM _cf_KV") == [("a",)]


@DISK_ONLY
def test_graceful_end_leaves_only_databases(disk, namespace, store):
    # DO-1.5.T1.1
    put(store, a=1)
    disk.close(graceful=True)
    assert namespace.all_files() == files(ALICE, "metadata", sides=False)


@DISK_ONLY
def test_never_written_object_leaves_4096_bytes_without_tables(disk, namespace, store):
    # DO-1.5.P
    disk.close(graceful=True)
    path = namespace.directory / f"{ALICE}.sqlite"
    assert (path.stat().st_size, in_file(path, "SELECT name FROM sqlite_master")) == (4096, [])


@DISK_ONLY
def test_uncommitted_writes_are_lost_at_a_graceful_end_too(disk, namespace, store):
    # DO-6.1.5
    put(store, a=1)
    store.put_many([("b", 1)])
    restart(disk)
    assert dict(namespace.inspect(ALICE).kv) == {"a": 1}


@DISK_ONLY
def test_crash_leaves_logs_as_they_are(disk, namespace, store):
    # DO-1.5.T1.2
    put(store, a=1)
    path = namespace.directory / f"{ALICE}.sqlite-wal"
    size = path.stat().st_size
    disk.close(graceful=False)
    assert (namespace.all_files(), path.stat().st_size, size > 0) == (files(ALICE, "metadata"), size, True)


@DISK_ONLY
def test_crash_keeps_what_was_committed_and_nothing_else(disk, namespace, store):
    # DO-1.5.T1.2, DO-1.5.T1.3, DO-6.1.5
    put(store, a=1)
    store.put_many([("b", 1)])
    namespace = restart(disk, graceful=False)
    reopened = namespace.open_store(ALICE)
    assert (reopened.get("a"), reopened.get("b")) == (1, UNDEFINED)


@DISK_ONLY
def test_leftovers_of_an_object_stay_until_it_is_opened_and_closed(disk, namespace, store):
    # DO-1.5.T1.3
    put(store, a=1)
    namespace = restart(disk, graceful=False)
    disk.close(graceful=True)
    left = namespace.all_files()
    disk.detach()
    disk.attach()
    namespace.open()
    namespace.open_store(ALICE)
    disk.close(graceful=True)
    assert left == sorted(files(ALICE) + files("metadata", sides=False))
    assert namespace.all_files() == files(ALICE, "metadata", sides=False)


@DISK_ONLY
def test_files_have_the_platforms_properties(disk, namespace, store):
    # DO-3.1.T1.1, DO-3.1.T1.2
    put(store, a=1)
    disk.close(graceful=True)
    path = namespace.directory / f"{ALICE}.sqlite"
    pragmas = ("page_size", "encoding", "auto_vacuum", "user_version", "application_id")
    assert path.read_bytes()[18:20] == b"\x02\x02"
    assert [in_file(path, f"PRAGMA {name}")[0][0] for name in pragmas] == [4096, "UTF-8", 0, 0, 0]


@DISK_ONLY
def test_schema_text_is_the_platforms(disk, namespace, store):
    # DO-3.2.P
    put(store, a=1)
    store.set_alarm_ns(5)
    store.commit()
    disk.close(graceful=True)
    assert in_file(
        namespace.directory / f"{ALICE}.sqlite", "SELECT name, sql FROM sqlite_master WHERE sql NOTNULL"
    ) == [
        (
            "_cf_KV",
            "CREATE TABLE _cf_KV (\n        key TEXT PRIMARY KEY,\n        value BLOB\n      ) WITHOUT ROWID",
        ),
        (
            "_cf_METADATA",
            "CREATE TABLE _cf_METADATA (\n        key INTEGER PRIMARY KEY,\n        value BLOB\n      )",
        ),
    ]


@DISK_ONLY
def test_reset_database_is_in_wal_mode_again(disk, namespace, store):
    # DO-3.1.T1.1, DO-4.4.1
    put(store, a=1)
    store.delete_all(keep_alarm=False)
    put(store, b=1)
    disk.close(graceful=True)
    assert (namespace.directory / f"{ALICE}.sqlite").read_bytes()[18:20] == b"\x02\x02"


def test_database_in_another_journal_mode_is_switched(tmp_path):
    # DO-3.1.T1.1
    path = tmp_path / "key" / f"{ALICE}.sqlite"
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine(a)")
    connection.close()
    with opened(tmp_path) as namespace:
        put(namespace.open_store(ALICE), a=1)
    assert (path.read_bytes()[18:20], in_file(path, "SELECT name FROM sqlite_master WHERE type = 'table'")) == (
        b"\x02\x02",
        [("mine",), ("_cf_KV",)],
    )


def test_empty_file_becomes_a_database(tmp_path):
    # What a process killed at the wrong instant leaves.
    (tmp_path / "key").mkdir()
    (tmp_path / "key" / f"{ALICE}.sqlite").touch()
    (tmp_path / "key" / "metadata.sqlite").touch()
    with opened(tmp_path) as namespace:
        put(namespace.open_store(ALICE), a=1)
    with opened(tmp_path) as namespace:
        assert namespace.open_store(ALICE).get("a") == 1


def test_directory_without_metadata_is_tolerated(tmp_path):
    # Bad input. DO-1.8.P
    with opened(tmp_path) as namespace:
        put(namespace.open_store(ALICE), a=1)
    (tmp_path / "key" / "metadata.sqlite").unlink()
    with opened(tmp_path) as namespace:
        assert (namespace.alarms.load(), namespace.open_store(ALICE).get("a")) == ([], 1)


def test_unknown_files_are_left_alone_and_not_listed(tmp_path):
    # Bad input, decision 3.5. DO-1.6
    with opened(tmp_path):
        pass
    (tmp_path / "key" / "notes.txt").write_text("mine")
    (tmp_path / "key" / f"{BOB}.sqlite").mkdir()
    (tmp_path / "key" / f"{ALICE}.facets").write_bytes(b"index")
    with opened(tmp_path) as namespace:
        assert (namespace.object_ids(), namespace.object_files()) == ([], [])
    assert (tmp_path / "key" / "notes.txt").read_text() == "mine"
    assert (tmp_path / "key" / f"{ALICE}.facets").read_bytes() == b"index"


def test_namespaces_nobody_named_are_left_alone(tmp_path):
    # Decision 3.5
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "metadata.sqlite").write_bytes(b"not even a database")
    with opened(tmp_path):
        pass
    assert (tmp_path / "other" / "metadata.sqlite").read_bytes() == b"not even a database"


@pytest.mark.parametrize("key", ["", ".", "..", "a/b"])
def test_unique_key_that_is_no_path_component_is_refused(disk, key):
    # DO-1.1.3
    with pytest.raises(ConfigurationError, match="cannot name a directory"):
        disk.namespace(key)


def test_odd_unique_keys_work(tmp_path):
    # DO-1.1.3
    with opened(tmp_path, " .a b# %20?") as namespace:
        put(namespace.open_store(ALICE), a=1)
    with opened(tmp_path, " .a b# %20?") as namespace:
        assert dict(namespace.inspect(ALICE).kv) == {"a": 1}


def test_same_key_is_the_same_namespace(disk):
    assert disk.namespace("key") is disk.namespace("key")


def test_root_must_exist(tmp_path):
    # DO-1.3.P
    disk = new_disk(tmp_path / "missing")
    with pytest.raises(DirectoryError, match="does not exist"):
        open_namespace(disk)
    assert not (tmp_path / "missing").exists()
    end(disk)


def test_file_in_place_of_the_directory_is_refused(tmp_path):
    (tmp_path / "key").write_text("a file")
    disk = new_disk(tmp_path)
    with pytest.raises(DirectoryError, match="is not a directory"):
        open_namespace(disk)
    assert (tmp_path / "key").read_text() == "a file"
    end(disk)


def test_object_has_one_store_at_a_time(namespace, store):
    with pytest.raises(AssertionError, match="open already"):
        namespace.open_store(ALICE)


def test_store_can_be_opened_again_after_it_was_closed(namespace, store):
    put(store, a=1)
    store.close(graceful=True)
    assert namespace.open_store(ALICE).get("a") == 1


@pytest.mark.parametrize("use", EVERY_USE.values(), ids=EVERY_USE)
def test_after_the_end_of_the_life_every_door_is_shut(disk, store, use):
    # Decision 4.2
    store.put_many([("a", 1)])
    disk.end_life()
    with pytest.raises(LifeEnded):
        use(store)


def test_iterators_and_cursors_are_doors_too(disk, store):
    # Decision 4.2
    store.put_many([("a", 1), ("b", 1)])
    store.sql_exec("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)")
    pairs, cursor = store.sync_list(ListOptions()), store.sql_exec("SELECT a FROM t")
    disk.end_life()
    for iterator in (pairs, cursor):
        with pytest.raises(LifeEnded):
            next(iterator)


def test_alarm_table_is_a_door_too(disk, namespace):
    # Decision 4.2
    alarms = namespace.alarms
    disk.end_life()
    for use in (alarms.load, alarms.clear, lambda: alarms.set(ALICE, 5, None), lambda: alarms.delete(ALICE)):
        with pytest.raises(LifeEnded):
            use()


@DISK_ONLY
def test_shut_doors_write_nothing(disk, namespace, store):
    # Decision 4.2
    put(store, a=1)
    disk.end_life()
    with pytest.raises(LifeEnded):
        store.put_many([("a", 2)])
    with pytest.raises(LifeEnded):
        namespace.alarms.set(ALICE, 5, None)
    namespace = restart(disk, graceful=False)
    assert (dict(namespace.inspect(ALICE).kv), namespace.alarms.load()) == ({"a": 1}, [])


def test_dead_life_stays_dead_while_the_next_one_runs(disk, store):
    disk.end_life()
    disk.close(graceful=False)
    disk.detach()
    disk.attach()
    with pytest.raises(LifeEnded):
        store.get("a")


@pytest.mark.parametrize("use", EVERY_USE.values(), ids=EVERY_USE)
def test_closed_store_cannot_be_used(store, use):
    store.close(graceful=True)
    with pytest.raises(StorageClosedError):
        use(store)


def test_disk_belongs_to_one_life(disk):
    with pytest.raises(AssertionError, match="another life"):
        disk.attach()


def test_life_cannot_end_while_something_is_open(disk, namespace):
    with pytest.raises(AssertionError, match="still open"):
        disk.detach()


def test_namespace_is_opened_by_a_life(disk):
    disk.detach()
    with pytest.raises(AssertionError, match="attach"):
        disk.namespace("key").open()


def test_log_removed_by_somebody_else_is_noticed_at_the_crash(tmp_path):
    # Decision 3.1
    disk = new_disk(tmp_path)
    put(open_namespace(disk).open_store(ALICE), a=1)
    (tmp_path / "key" / f"{ALICE}.sqlite-wal").unlink()
    with pytest.raises(DirectoryError, match=f"{ALICE}.sqlite-wal was removed"):
        disk.close(graceful=False)
    assert disk.statistics().open_databases == 0
    disk.detach()
    disk.end()


def test_log_replaced_by_somebody_else_is_noticed_at_the_crash(tmp_path):
    # Another file of the same name and content: what SQLite writes goes into the one that nobody can reach any more.
    # Decision 3.1
    disk = new_disk(tmp_path)
    put(open_namespace(disk).open_store(ALICE), a=1)
    log = tmp_path / "key" / f"{ALICE}.sqlite-wal"
    copy = log.read_bytes()
    log.unlink()
    log.write_bytes(copy)
    with pytest.raises(DirectoryError, match=f"{ALICE}.sqlite-wal was removed or replaced"):
        disk.close(graceful=False)
    assert disk.statistics().open_databases == 0
    disk.detach()
    disk.end()


@pytest.mark.parametrize("written", [False, True])
def test_log_of_our_own_is_never_mistaken_for_another(tmp_path, written):
    # Whether the database is fresh, was put away and opened again, was reset, or looked into meanwhile. Decision 3.1
    disk = new_disk(tmp_path, open_files_max=2)
    namespace = open_namespace(disk)
    first = namespace.open_store(ALICE)
    second = namespace.open_store(BOB)
    if written:
        put(first, a=1)
        put(second, a=1)
        assert namespace.inspect(ALICE).kv["a"] == 1
        first.delete_all(keep_alarm=False)
        put(first, a=2)
    assert disk.statistics().parked_count > 0
    disk.close(graceful=False)
    disk.detach()
    disk.end()


@DISK_ONLY
def test_opening_an_object_takes_two_statements(disk, tmp_path):
    # Budgets 3 and 4
    started: list[str] = []
    disk.trace_statements(lambda path, sql: started.append(sql))
    namespace = open_namespace(disk)
    metadata = len(started)
    store = namespace.open_store(ALICE)
    opened_with = started[metadata:]
    store.get("a")
    assert (metadata, [text.split()[0] for text in opened_with], len(started)) == (
        3,
        ["PRAGMA", "SELECT"],
        metadata + 2,
    )


@DISK_ONLY
def test_put_takes_one_statement_between_begin_and_commit(disk, namespace):
    # Budget 6
    started: list[str] = []
    disk.trace_statements(lambda path, sql: started.append(sql.split()[0]))
    store = namespace.open_store(ALICE)
    put(store, a=1)
    started.clear()
    put(store, a=2)
    assert started == ["BEGIN", "INSERT", "COMMIT"]


def test_alarm_row_takes_one_statement(disk):
    # Budget 7
    started: list[str] = []
    disk.trace_statements(lambda path, sql: started.append(sql.split()[0]))
    namespace = open_namespace(disk)
    started.clear()
    namespace.alarms.set(ALICE, 5, None)
    assert started == ["INSERT"]


@pytest.mark.parametrize(("synchronous", "level"), [("off", 0), ("full", 2)])
def test_commits_are_synced_on_demand(tmp_path, synchronous, level):
    # Decision 3.2, DO-3.1.T1.3
    with opened(tmp_path, synchronous=synchronous) as namespace:
        database = namespace.open_store(ALICE)._use()
        assert database.execute("PRAGMA synchronous", can_cache=False).fetchall() == [(level,)]


def test_ended_disk_leaves_no_trace_in_the_process(tmp_path):
    before = apsw.vfs_names()
    with opened(tmp_path), opened(None):
        assert len(apsw.vfs_names()) == len(before) + 2
    assert apsw.vfs_names() == before


def test_disks_do_not_see_each_other(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with opened(tmp_path / "one") as one, opened(tmp_path / "two") as two, opened(None) as three:
        for number, namespace in enumerate([one, two, three]):
            put(namespace.open_store(ALICE), a=number)
        assert [dict(namespace.inspect(ALICE).kv) for namespace in (one, two, three)] == [{"a": 0}, {"a": 1}, {"a": 2}]


def test_reprs_tell_the_state(disk, namespace, store, tmp_path):
    where = "in memory" if disk.is_memory else str(tmp_path)
    assert [repr(disk), repr(namespace), repr(store)] == [
        f"<Disk {where}, 1 namespaces>",
        "<NamespaceFiles 'key' open>",
        "<ObjectStore a1a1a1a1… NoTransaction()>",
    ]


def test_memory_disk_has_no_directory():
    disk = Disk(None, wall_ns=lambda: 0)
    assert (disk.is_memory, disk.directory, disk.namespace("key").directory) == (True, None, None)
    disk.end()


class EndsTheWorld:
    """A hook at which the life ends, as a crash point in the journal does: everything is closed before it returns."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def transaction_began(self) -> None:
        self._disk.end_life()
        self._disk.close(graceful=False)
        raise LifeEnded


WRITES = {
    "put": lambda store: store.put_many([("a", 2)]),
    "put of several": lambda store: store.put_many([("a", 2), ("b", 2)]),
    "delete": lambda store: store.delete_many(["a"]),
    "alarm": lambda store: store.set_alarm_ns(5),
    "sql": lambda store: store.sql_exec("INSERT INTO t VALUES (1) RETURNING a"),
    "two statements": lambda store: store.sql_exec("INSERT INTO t VALUES (1); INSERT INTO t VALUES (?)", [2]),
    "bookmark": lambda store: store.next_bookmark(),
    "transactionSync": lambda store: store.sync_savepoint(),
}


@DISK_ONLY
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_life_can_end_when_any_write_begins(disk, namespace, store, write):
    # Decision 4.2; SQLite must not have a statement in hand while its connection is closed.
    store.sql_exec("CREATE TABLE t(a)")
    put(store, a=1)
    store.hooks = EndsTheWorld(disk)
    with pytest.raises(LifeEnded):
        write(store)
    disk.detach()
    view = namespace.inspect(ALICE)
    assert (dict(view.kv), view.alarm_ns, view.sql("SELECT * FROM t")) == ({"a": 1}, None, [])
    disk.attach()
