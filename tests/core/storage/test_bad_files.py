"""Bad input: damage, missing rights, a full disk, two hosts. A clear error, and nothing on disk has changed."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from pytest_durable._core.errors import (
    DamagedFileError,
    DirectoryError,
    DirectoryInUseError,
    UndecodableValueError,
)
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage import ListOptions, NoTransaction
from pytest_durable.values import UNDEFINED
from support.storage import ALICE, BOB, HookLog, end, fingerprints, new_disk, open_namespace, opened, put

TESTS = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory with one object of several pages and one alarm, closed in order."""
    with opened(tmp_path) as namespace:
        put(namespace.open_store(ALICE), **{f"k{number}": "x" * 1000 for number in range(20)})
        namespace.alarms.set(ALICE, 5, "alice")
    return tmp_path


def rewrite(change):
    def damage(path: Path) -> None:
        path.write_bytes(change(bytearray(path.read_bytes())))

    return damage


def _with(content: bytearray, offset: int, data: bytes) -> bytearray:
    content[offset : offset + len(data)] = data
    return content


DAMAGE = {
    "truncated inside the header": rewrite(lambda content: content[:50]),
    "last page missing": rewrite(lambda content: content[:-4096]),
    "half a page missing": rewrite(lambda content: content[:-2000]),
    "corrupt magic": rewrite(lambda content: _with(content, 3, b"?")),
    "corrupt page size": rewrite(lambda content: _with(content, 16, b"\x12\x34")),
    "more pages than there are": rewrite(lambda content: _with(content, 28, b"\0\0\xff\xff")),
    "random bytes": rewrite(lambda content: bytearray(random.Random(1).randbytes(len(content)))),
    "zeros": rewrite(lambda content: bytearray(len(content))),
    "first page overwritten behind its header": rewrite(
        lambda content: _with(content, 100, random.Random(2).randbytes(3996))
    ),
}


@contextmanager
def unchanged(directory: Path) -> Iterator[None]:
    """What happens inside changes no file, nor which files there are."""
    before = fingerprints(directory)
    yield
    assert fingerprints(directory) == before


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_object_is_refused_and_left_as_it_is(root, damage):
    path = root / "key" / f"{ALICE}.sqlite"
    damage(path)
    before = fingerprints(root)[f"key/{ALICE}.sqlite"]
    with opened(root) as namespace:
        with pytest.raises(DamagedFileError) as failure:
            namespace.open_store(ALICE)
        assert str(failure.value).startswith(f"{path} is damaged: ")
        # The others are not affected, and the damaged one can be tried again.
        put(namespace.open_store(BOB), a=1)
        with pytest.raises(DamagedFileError):
            namespace.open_store(ALICE)
    assert fingerprints(root)[f"key/{ALICE}.sqlite"] == before
    assert sorted(os.listdir(root / "key")) == sorted([f"{ALICE}.sqlite", f"{BOB}.sqlite", "metadata.sqlite"])


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_metadata_is_refused_and_nothing_is_changed(root, damage):
    path = root / "key" / "metadata.sqlite"
    damage(path)
    disk = new_disk(root)
    with unchanged(root), pytest.raises(DamagedFileError) as failure:
        open_namespace(disk)
    assert str(failure.value).startswith(f"{path} is damaged: ")
    end(disk)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_looking_into_a_damaged_object_is_refused_and_changes_nothing(root, damage):
    damage(root / "key" / f"{ALICE}.sqlite")
    disk = new_disk(root)
    with unchanged(root), pytest.raises(DamagedFileError):
        _ = disk.namespace("key").inspect(ALICE).kv
    end(disk)


def test_directory_with_damage_can_be_opened_after_the_file_is_restored(root):
    path = root / "key" / "metadata.sqlite"
    content = path.read_bytes()
    path.write_bytes(b"damage")
    disk = new_disk(root)
    with pytest.raises(DamagedFileError):
        open_namespace(disk)
    path.write_bytes(content)
    assert open_namespace(disk).alarms.load() == [(ALICE, 5, "alice")]
    end(disk)


def test_checking_finds_damage_without_opening(root):
    # So that a host can check all its namespaces before it opens the first. Decision 3.2
    (root / "key" / "metadata.sqlite").write_bytes(b"damage")
    disk = new_disk(root)
    with unchanged(root), pytest.raises(DamagedFileError):
        disk.namespace("key").check()
    end(disk)


def test_side_files_that_were_there_before_stay(root):
    # The content of an existing -shm is not data, but it is not ours to remove. Decision 3.2
    for suffix in ("-wal", "-shm"):
        (root / "key" / f"{ALICE}.sqlite{suffix}").write_bytes(b"")
    DAMAGE["first page overwritten behind its header"](root / "key" / f"{ALICE}.sqlite")
    with opened(root) as namespace:
        with pytest.raises(DamagedFileError):
            namespace.open_store(ALICE)
        assert {f"{ALICE}.sqlite-wal", f"{ALICE}.sqlite-shm"} < set(namespace.all_files())


def test_undecodable_value_is_named_with_its_file_object_and_key(root):
    with opened(root) as namespace:
        store = namespace.open_store(ALICE)
        put(store, good=1, bad=2)
        store._write().execute("UPDATE _cf_KV SET value = x'ff09' WHERE key = 'bad'", can_cache=False)
        store.commit()
    disk = new_disk(root)
    view = disk.namespace("key").inspect(ALICE)
    with unchanged(root), pytest.raises(UndecodableValueError) as failure:
        _ = view.kv["bad"]
    assert str(failure.value).splitlines()[0].startswith(f"The value of 'bad' of object {ALICE} cannot be decoded: ")
    assert str(root / "key" / f"{ALICE}.sqlite") in str(failure.value)
    assert view.kv["good"] == 1
    end(disk)


def child(directory: Path, mode: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    return subprocess.Popen(
        [sys.executable, "-m", "support.unprivileged", str(directory), mode],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def public_root(root: Path) -> Iterator[Path]:
    """The same directory where a user without rights can reach it."""
    directory = Path(tempfile.mkdtemp(prefix="durable-test-"))
    directory.chmod(0o755)
    shutil.copytree(root / "key", directory / "key")
    yield directory
    for path in (directory, directory / "key"):
        path.chmod(0o755)
    shutil.rmtree(directory)


@pytest.mark.parametrize(
    ("directory_mode", "file_mode", "text"),
    [(0o555, 0o644, "is not writable"), (0o777, 0o444, "is not writable"), (0o777, 0o000, "cannot be read")],
    ids=["directory", "files", "unreadable files"],
)
def test_directory_that_may_not_be_written_is_refused(public_root, directory_mode, file_mode, text):
    # Bad input: tried in a child process without root's rights.
    before = fingerprints(public_root)
    (public_root / "key").chmod(directory_mode)
    for path in (public_root / "key").iterdir():
        path.chmod(file_mode)
    process = child(public_root, "open")
    answer, _ = process.communicate(timeout=30)
    assert answer.startswith("DirectoryError: ")
    assert text in answer
    assert fingerprints(public_root) == before


@pytest.mark.parametrize("mode", [0o000, 0o644, 0o600], ids=oct)
@pytest.mark.parametrize("of", [".", "key"])
def test_directory_that_may_not_be_entered_is_refused(public_root, of, mode):
    # Bad input: tried in a child process without root's rights.
    before = fingerprints(public_root)
    (public_root / of).chmod(mode)
    process = child(public_root, "open")
    answer, _ = process.communicate(timeout=30)
    assert answer.startswith(f"DirectoryError: {public_root}")
    (public_root / of).chmod(0o755)
    assert fingerprints(public_root) == before


def explained(failure: pytest.ExceptionInfo[BaseException]) -> list[str]:
    """The parts of the message: fact and next step."""
    return str(failure.value).split("\n\n")


def test_link_that_leads_to_itself_is_named(root):
    path = root / "key" / f"{BOB}.sqlite"
    path.symlink_to(path)
    with opened(root) as namespace:
        for use in (namespace.object_ids, namespace.all_files, lambda: namespace.open_store(BOB)):
            with pytest.raises(DirectoryError) as failure:
                use()
            fact, advice = explained(failure)
            assert fact.startswith(f"{path} cannot be used: ")
            assert advice.startswith("Only databases may have their names there")
        put(namespace.open_store(ALICE), more=1)


def test_directory_that_takes_the_name_of_a_database_is_named(root):
    path = root / "key" / f"{BOB}.sqlite"
    path.mkdir()
    with opened(root) as namespace, pytest.raises(DirectoryError) as failure:
        namespace.open_store(BOB)
    fact, advice = explained(failure)
    assert fact == f"{path} cannot be read: Is a directory."
    assert advice


def test_directory_that_is_removed_under_a_host_is_named(root):
    disk = new_disk(root)
    namespace = open_namespace(disk)
    shutil.rmtree(root / "key")
    with pytest.raises(DirectoryError) as failure:
        namespace.open_store(BOB)
    assert explained(failure) == [
        f"{root / 'key' / BOB}.sqlite cannot be used: its directory is gone.",
        "Something has removed it while a host used it. Stop the host first:  await durable.stop()",
    ]
    assert namespace.object_ids() == []
    end(disk)


def test_second_host_of_the_same_process_is_refused(root):
    first, second = new_disk(root), new_disk(root)
    namespace = open_namespace(first)
    with pytest.raises(DirectoryInUseError, match="in use by another host"):
        open_namespace(second)
    put(namespace.open_store(ALICE), a=1)
    first.close(graceful=True)
    assert open_namespace(second).open_store(ALICE).get("a") == 1
    end(second)
    first.detach()
    first.end()


def test_second_host_in_another_process_is_refused(root):
    process = child(root, "hold")
    assert process.stdout is not None
    assert process.stdout.readline() == "opened UNDEFINED\n"
    disk = new_disk(root)
    with pytest.raises(DirectoryInUseError):
        open_namespace(disk)
    process.communicate(timeout=30)
    assert open_namespace(disk).object_ids() == [ALICE]
    end(disk)


def test_lock_leaves_no_file(root):
    # Decision 3.4
    with opened(root) as namespace:
        assert not any("lock" in name for name in namespace.all_files())
    assert sorted(os.listdir(root / "key")) == [f"{ALICE}.sqlite", "metadata.sqlite"]


def test_crashed_host_lets_go_of_the_directory(root):
    disk = new_disk(root)
    open_namespace(disk)
    disk.close(graceful=False)
    with opened(root) as namespace:
        assert namespace.object_ids() == [ALICE]
    disk.detach()
    disk.end()


def fill(store):
    """Make the disk full; the error of the statement that noticed."""
    store.limit_pages(8)
    with pytest.raises(PlatformError) as failure:
        for number in range(50):
            store.put_many([(f"big{number}", "x" * 3000)])
    return failure.value


def test_full_disk_fails_the_statement_and_breaks_the_object(disk, namespace, store):
    # DO-6.6
    put(store, a=1)
    first = fill(store)
    assert first.message.startswith("internal error; reference = ")
    assert not first.durable_object_reset
    for use in (lambda: store.get("a"), lambda: store.put_many([("b", 1)]), lambda: store.commit()):
        with pytest.raises(PlatformError) as failure:
            use()
        seen = (failure.value.message, failure.value.durable_object_reset)
        assert seen == ("database or disk is full: SQLITE_FULL", True)
    assert store.is_critically_failed is not None


def test_full_disk_keeps_what_was_committed_before(disk, namespace, store):
    # DO-6.6
    put(store, a=1)
    store.put_many([("b", 1)])
    fill(store)
    store.close(graceful=True)
    reopened = namespace.open_store(ALICE)
    assert (reopened.get("a"), reopened.get("b"), reopened.state) == (1, UNDEFINED, NoTransaction())


def test_full_disk_inside_a_synchronous_transaction(store):
    # DO-6.3.3
    put(store, a=1)
    store.sync_savepoint()
    fill(store)
    with pytest.raises(PlatformError, match=r"^Cannot commit transaction due to an earlier SQL critical error$"):
        store.release_sync_savepoint()


def test_full_disk_met_by_sql(store):
    # DO-6.6
    store.sql_exec("CREATE TABLE t(a)")
    store.commit()
    store.limit_pages(6)
    with pytest.raises(PlatformError, match=r"^database or disk is full: SQLITE_FULL$"):
        for _ in range(20):
            store.sql_exec("INSERT INTO t VALUES (zeroblob(3000))")
    assert store.is_critically_failed.message == "database or disk is full: SQLITE_FULL"


def test_writes_are_not_announced_after_a_critical_error(store):
    put(store, a=1)
    fill(store)
    store.hooks = log = HookLog()
    with pytest.raises(PlatformError):
        store.put_many([("b", 1)])
    assert log.calls == []


def test_explicit_transaction_cannot_be_rolled_back_after_a_critical_error(store):
    # DO-6.6
    put(store, a=1)
    depth = store.begin_transaction()
    fill(store)
    for use in (lambda: store.rollback_transaction(depth), lambda: store.get("a")):
        with pytest.raises(PlatformError, match=r"^database or disk is full: SQLITE_FULL$"):
            use()


def test_sql_reads_on_after_a_critical_error(store):
    # What the turn wrote is gone; what was committed can be read, by a cursor that is open too. DO-6.6
    store.sql_exec("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)")
    put(store, a=1)
    cursor = store.sql_exec("SELECT a FROM t")
    fill(store)
    assert cursor.to_list() == [(1,), (2,)]
    assert store.sql_exec("SELECT count(*) FROM t").one() == (2,)
    assert store.database_size == 3 * 4096
    with pytest.raises(PlatformError, match=r"^database or disk is full: SQLITE_FULL$"):
        store.sql_exec("INSERT INTO t VALUES (3)")


DAMAGED_USES = {
    "get": lambda store: store.get("k1"),
    "get_many": lambda store: store.get_many(["k1"]),
    "put_many of one": lambda store: store.put_many([("k1", 1)]),
    "put_many": lambda store: store.put_many([("k1", 1), ("k2", 1)]),
    "delete_many": lambda store: store.delete_many(["k1"]),
    "list": lambda store: store.list(ListOptions()),
    "sync_list": lambda store: list(store.sync_list(ListOptions())),
    "get_alarm_ns": lambda store: store.get_alarm_ns(),
    "set_alarm_ns": lambda store: store.set_alarm_ns(5),
    "next_bookmark": lambda store: store.next_bookmark(),
    "sql_exec": lambda store: store.sql_exec("SELECT * FROM t").to_list(),
}


@pytest.mark.parametrize("name", DAMAGED_USES)
def test_damage_found_while_the_object_runs_is_an_internal_error_and_in_sql_speaks_sqlites_words(root, name):
    # The header and the schema are whole, every other page is not.
    with opened(root) as namespace:
        store = namespace.open_store(BOB)
        store.set_alarm_ns(5)
        store.sql_exec("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
        put(store, k1=1, k2=2)
    path = root / "key" / f"{BOB}.sqlite"
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xee" * (len(content) - 4096))
    with opened(root) as namespace:
        store = namespace.open_store(BOB)
        text = r"^database disk image is malformed: SQLITE_CORRUPT" if name == "sql_exec" else r"^internal error; ref"
        with pytest.raises(PlatformError, match=text):
            DAMAGED_USES[name](store)
        assert store.is_critically_failed is None


def test_database_of_a_newer_format_is_refused(root):
    path = root / "key" / f"{ALICE}.sqlite"
    path.write_bytes(_with(bytearray(path.read_bytes()), 44, b"\0\0\0\x09"))
    with opened(root) as namespace, pytest.raises(DamagedFileError, match="unsupported file format"):
        namespace.open_store(ALICE)


def test_database_that_another_program_has_locked_is_refused(root):
    # In a process of its own: locks do not hold between two libraries in one process. Not a host of ours, whose lock is
    # on the directory.
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA locking_mode = EXCLUSIVE'); "
        "c.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); sys.stdin.read(); c.rollback(); c.close()"
    )
    path = root / "key" / f"{ALICE}.sqlite"
    with (
        opened(root) as namespace,
        subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other,
    ):
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(DirectoryError, match="in use by another program"):
            namespace.open_store(ALICE)
        other.communicate(timeout=30)
        assert namespace.open_store(ALICE).get("k1") == "x" * 1000


def test_alarms_can_be_looked_at_without_a_life(root):
    disk = new_disk(root)
    with unchanged(root):
        assert disk.namespace("key").stored_alarms() == [(ALICE, 5, "alice")]
        assert disk.namespace("other").stored_alarms() == []
    end(disk)


# -- found by tests/fuzz


@pytest.mark.parametrize("is_crashed", [False, True], ids=["stopped", "crashed"])
def test_metadata_whose_rows_cannot_be_read_is_refused_and_nothing_is_changed(tmp_path, is_crashed):
    disk = new_disk(tmp_path)
    open_namespace(disk).alarms.set(ALICE, 5, "alice")
    end(disk, graceful=True)
    if is_crashed:
        disk = new_disk(tmp_path)
        open_namespace(disk).alarms.set(BOB, 6, "bob")
        end(disk, graceful=False)
    log = tmp_path / "key" / "metadata.sqlite-wal"
    path = log if is_crashed else tmp_path / "key" / "metadata.sqlite"
    content = bytearray(path.read_bytes())
    if is_crashed:
        content = _with(content, 0, b"\0" * 32)  # no log of this database: what is in it does not count
        path.with_name("metadata.sqlite").write_bytes(
            _with(bytearray(path.with_name("metadata.sqlite").read_bytes()), 4096, b"\x77")
        )
    else:
        content = _with(content, 4096, b"\x77")
    path.write_bytes(content)
    disk = new_disk(tmp_path)
    with unchanged(tmp_path), pytest.raises(DamagedFileError):
        open_namespace(disk)
    end(disk)


def rows_of(root: Path, file: str, *statements: str) -> None:
    """Change a database past the host."""
    connection = apsw.Connection(str(root / "key" / file))
    for statement in statements:
        connection.execute(statement).fetchall()
    connection.close()


def test_key_that_is_null_reads_as_the_empty_key(root):
    rows_of(
        root,
        f"{ALICE}.sqlite",
        "DROP TABLE _cf_KV",
        "CREATE TABLE _cf_KV (key TEXT, value BLOB)",
        "INSERT INTO _cf_KV VALUES (NULL, x'ff0f4902')",
    )
    disk = new_disk(root)
    assert dict(disk.namespace("key").inspect(ALICE).kv) == {"": 1}
    end(disk)


def test_value_that_is_a_text_is_undecodable_whatever_its_bytes(root):
    rows_of(root, f"{ALICE}.sqlite", "UPDATE _cf_KV SET value = CAST(x'ec' AS TEXT) WHERE key = 'k1'")
    with opened(root) as namespace:
        with pytest.raises(UndecodableValueError):
            _ = namespace.inspect(ALICE).kv["k1"]
        store = namespace.open_store(ALICE)
        for read in (lambda: store.get("k1"), lambda: store.list(ListOptions())):
            with pytest.raises(PlatformError, match="internal error"):
                read()


@pytest.mark.parametrize(
    ("stored", "seen"), [("'soon'", 0), ("x'00'", 0), ("2.5", 2), ("9e999", 2**63 - 1), ("-9e999", -(2**63))]
)
def test_alarm_that_is_no_whole_number_is_looked_at_as_the_platform_reads_it(root, stored, seen):
    rows_of(
        root,
        f"{ALICE}.sqlite",
        "CREATE TABLE _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)",
        f"INSERT INTO _cf_METADATA VALUES (1, {stored})",
    )
    with opened(root) as namespace:
        assert namespace.inspect(ALICE).alarm_ns == seen
        assert namespace.open_store(ALICE).get_alarm_ns() == seen


@pytest.mark.parametrize("row", ["'abc', 'soon', NULL", "x'00', 5, NULL", "'abc', 5, 7.5"])
def test_looking_at_alarms_that_are_none_is_refused(root, row):
    rows_of(
        root,
        "metadata.sqlite",
        "DROP TABLE _cf_ALARM",
        "CREATE TABLE _cf_ALARM (actor_id, scheduled_time, actor_name)",
        f"INSERT INTO _cf_ALARM VALUES ({row})",
    )
    disk = new_disk(root)
    with unchanged(root), pytest.raises(DamagedFileError, match="which is no t"):
        disk.namespace("key").stored_alarms()
    end(disk)


def test_text_that_is_not_utf8_is_looked_at_with_replacement_characters(root):
    disk = new_disk(root)
    view = disk.namespace("key").inspect(ALICE)
    assert view.sql("SELECT CAST(x'61ec' AS TEXT) AS text, 1 AS one") == [{"text": "a\ufffd", "one": 1}]
    end(disk)


def test_table_whose_name_is_not_utf8_is_damage(root):
    path = root / "key" / f"{ALICE}.sqlite"
    path.write_bytes(path.read_bytes().replace(b"_cf_KV", b"_cf_\xecV"))
    with opened(root) as namespace:
        with pytest.raises(DamagedFileError, match="is not UTF-8"):
            _ = namespace.inspect(ALICE).tables
        with pytest.raises(DamagedFileError):
            namespace.open_store(ALICE)
