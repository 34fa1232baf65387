"""The scheduler's rows in ``metadata.sqlite``."""

import sqlite3

import pytest

from pytest_durable._core.errors import DamagedFileError
from support.storage import ALICE, BOB, end, new_disk, open_namespace, opened, restart

SCHEMA = (
    "CREATE TABLE _cf_ALARM (\n      actor_id TEXT PRIMARY KEY,\n      scheduled_time INTEGER,\n"
    "      actor_name TEXT\n    ) WITHOUT ROWID"
)


def in_metadata(directory, *statements):
    """Run statements on a closed metadata.sqlite; the rows of the last."""
    connection = sqlite3.connect(directory / "key" / "metadata.sqlite")
    rows = [connection.execute(*statement).fetchall() for statement in statements][-1]
    connection.commit()
    connection.close()
    return rows


def test_table_has_the_platforms_schema(tmp_path):
    # DO-8.1, DO-8.1.T1.1-3
    with opened(tmp_path):
        pass
    rows = in_metadata(tmp_path, ("SELECT sql FROM sqlite_master",))
    assert rows == [(SCHEMA,)]


def test_set_inserts_and_replaces(namespace):
    # DO-8.2.1
    namespace.alarms.set(ALICE, 5, "alice")
    namespace.alarms.set(ALICE, 6, "alice")
    assert namespace.alarms.load() == [(ALICE, 6, "alice")]


def test_name_is_overwritten_only_by_a_name(namespace):
    # DO-8.2.1
    namespace.alarms.set(ALICE, 5, "alice")
    namespace.alarms.set(ALICE, 6, None)
    kept = namespace.alarms.load()
    namespace.alarms.set(ALICE, 6, "other")
    assert (kept, namespace.alarms.load()) == ([(ALICE, 6, "alice")], [(ALICE, 6, "other")])


def test_delete_removes_the_row(namespace):
    # DO-8.2.1
    namespace.alarms.set(ALICE, 5, None)
    namespace.alarms.set(BOB, 5, None)
    namespace.alarms.delete(ALICE)
    namespace.alarms.delete(ALICE)
    assert namespace.alarms.load() == [(BOB, 5, None)]


def test_clear_removes_all_rows(namespace):
    # DO-8.2.4
    namespace.alarms.set(ALICE, 5, None)
    namespace.alarms.set(BOB, 5, None)
    namespace.alarms.clear()
    assert namespace.alarms.load() == []


def test_namespaces_have_tables_of_their_own(disk):
    # DO-8.2.2
    one, other = open_namespace(disk, "one"), open_namespace(disk, "other")
    one.alarms.set(ALICE, 5, None)
    assert other.alarms.load() == []


def test_row_is_durable_when_set_returns(tmp_path):
    disk = new_disk(tmp_path)
    open_namespace(disk).alarms.set(ALICE, 5, "alice")
    namespace = restart(disk, graceful=False)
    assert namespace.alarms.load() == [(ALICE, 5, "alice")]
    end(disk)


def test_table_without_names_is_migrated_and_keeps_its_rows(tmp_path):
    # Bad input: an old metadata.sqlite without actor_name. DO-8.1.P
    (tmp_path / "key").mkdir()
    in_metadata(
        tmp_path,
        ("CREATE TABLE _cf_ALARM (actor_id TEXT PRIMARY KEY, scheduled_time INTEGER) WITHOUT ROWID",),
        ("INSERT INTO _cf_ALARM VALUES (?, ?)", (ALICE, 7)),
    )
    with opened(tmp_path) as namespace:
        rows = namespace.alarms.load()
        namespace.alarms.set(BOB, 8, "bob")
        assert rows == [(ALICE, 7, None)]
    assert in_metadata(tmp_path, ("SELECT * FROM _cf_ALARM ORDER BY scheduled_time",)) == [
        (ALICE, 7, None),
        (BOB, 8, "bob"),
    ]


def test_id_of_another_namespace_is_kept_as_it_is(tmp_path):
    # Bad input: the platform keeps such a row and tries it for ever. DO-8.3.T1.8
    with opened(tmp_path):
        pass
    in_metadata(tmp_path, ("INSERT INTO _cf_ALARM VALUES ('not an id', 5, NULL)",))
    with opened(tmp_path) as namespace:
        assert namespace.alarms.load() == [("not an id", 5, None)]


@pytest.mark.parametrize("time", ["'soon'", "NULL", "1.5", "x'00'"])
def test_row_whose_time_is_no_integer_is_damage(tmp_path, time):
    with opened(tmp_path):
        pass
    in_metadata(tmp_path, (f"INSERT INTO _cf_ALARM VALUES ('{ALICE}', {time}, NULL)",))
    with pytest.raises(DamagedFileError, match=ALICE), opened(tmp_path):
        pass


def test_unknown_tables_are_left_alone(tmp_path):
    with opened(tmp_path):
        pass
    in_metadata(tmp_path, ("CREATE TABLE mine(a)",), ("INSERT INTO mine VALUES (1)",))
    with opened(tmp_path) as namespace:
        namespace.alarms.set(ALICE, 5, None)
    assert in_metadata(tmp_path, ("SELECT * FROM mine",)) == [(1,)]
