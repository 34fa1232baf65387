"""User SQL: statements, parameters, results, cursors. The expected texts were asked of the real platform."""

import gc
import math

import pytest

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable.values import UNDEFINED, JSBigInt, JSDate, JSMap, JSRegExp, JSTypedArray
from support.storage import WALL_NS


def rows(store, query, *bindings):
    return store.sql_exec(query, bindings).to_list()


def message(store, query, *bindings):
    with pytest.raises(PlatformError) as failure:
        rows(store, query, *bindings)
    assert failure.value.name == "Error"
    return failure.value.message


@pytest.fixture
def table(store):
    store.sql_exec("CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t(b) VALUES ('x'), ('y'), ('z')")
    return store


def test_statement_runs_though_its_cursor_is_never_read(store):
    # DO-5.3.1
    store.sql_exec("CREATE TABLE t(a)")
    store.sql_exec("INSERT INTO t VALUES (1)")
    assert rows(store, "SELECT a FROM t") == [(1,)]


def test_cursor_belongs_to_the_last_statement(table):
    # DO-5.3.2
    assert rows(table, "INSERT INTO t(b) VALUES ('w'); SELECT 7; SELECT max(a) + ? FROM t", 1) == [(5,)]


def test_only_the_last_statement_may_have_parameters(store):
    # DO-5.3.2
    expected = "When executing multiple SQL statements in a single call, only the last statement can have parameters."
    assert [message(store, "SELECT ?; SELECT 1", 1), message(store, "SELECT ?; SELECT 1")] == [expected, expected]


@pytest.mark.parametrize(
    "query", ["", " ", ";", "-- only a comment", "/* also */", "SELECT 1; -- comment", "SELECT 1;;"]
)
def test_statement_must_be_there(store, query):
    # A comment after the last semicolon counts as an empty statement. DO-5.3.2
    assert message(store, query) == "SQL code did not contain a statement."


@pytest.mark.parametrize(
    "query", ["SELECT 1; \n", ";SELECT 1", "-- before\nSELECT 1", "SELECT 1 -- after", "SELECT 1 /* x"]
)
def test_white_space_and_comments_around_the_statement_are_fine(store, query):
    # DO-5.3.2
    assert rows(store, query) == [(1,)]


@pytest.mark.parametrize(("query", "bindings"), [("SELECT ?", ()), ("SELECT 1", (1,)), ("SELECT ?, ?", (1,))])
def test_number_of_bindings_must_match(store, query, bindings):
    # DO-5.3.3
    assert message(store, query, *bindings) == "Wrong number of parameter bindings for SQL query."


@pytest.mark.parametrize(
    ("query", "bindings", "row"),
    [
        ("SELECT ?, ?", (1, 2), (1, 2)),
        ("SELECT ?2, ?1", (1, 2), (2, 1)),
        ("SELECT ?2", (1, 2), (2,)),
        ("SELECT :a, :b, :a", (1, 2), (1, 2, 1)),
        ("SELECT @a, $b", (1, 2), (1, 2)),
    ],
)
def test_every_kind_of_parameter_is_positional(store, query, bindings, row):
    # DO-5.3.3
    assert rows(store, query, *bindings) == [row]


@pytest.mark.parametrize(
    ("value", "kind", "read"),
    [
        (1, "real", 1),
        (1.5, "real", 1.5),
        (2**60, "real", float(2**60)),
        (10**400, "real", math.inf),
        (math.inf, "real", math.inf),
        (math.nan, "null", None),
        (True, "text", "true"),
        (False, "text", "false"),
        ("a\0b", "text", "a\0b"),
        ("\ud800", "text", "\ufffd" * 3),
        (b"\1\2", "blob", b"\1\2"),
        (bytearray(b"\1"), "blob", b"\1"),
        (memoryview(b"\1"), "blob", b"\1"),
        (JSTypedArray("Uint16Array", b"\1\2\3\4", 2, 2), "blob", b"\3\4"),
        (None, "null", None),
        (UNDEFINED, "null", None),
        ([1, [2, None], "a", 1.5, True], "text", "1,2,,a,1.5,true"),
        ({"a": 1}, "text", "[object Object]"),
        (JSMap(), "text", "[object Map]"),
        ({1, 2}, "text", "[object Set]"),
        (JSRegExp("a", "g"), "text", "/a/g"),
        (JSDate(math.nan), "text", "Invalid Date"),
    ],
    ids=lambda value: "memoryview" if isinstance(value, memoryview) else repr(value),
)
def test_values_are_bound_as_the_platform_binds_them(store, value, kind, read):
    # DO-5.3.4, DO-5.3.T1.1-5
    assert rows(store, "SELECT typeof(?1), ?1", value) == [(kind, read)]


def test_date_is_bound_as_its_text(store):
    # DO-5.3.T1.3
    from datetime import UTC, datetime

    moment = datetime(1970, 1, 1, tzinfo=UTC)
    assert rows(store, "SELECT ?", moment) == [("Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)",)]


def test_big_integer_cannot_be_bound(store):
    # DO-5.3.T1.4
    with pytest.raises(PlatformError) as failure:
        rows(store, "SELECT ?", JSBigInt(5))
    assert str(failure.value) == "TypeError: Cannot convert a BigInt value to a number"


def test_number_takes_the_form_that_its_column_wants(store):
    # DO-5.3.P
    store.sql_exec("CREATE TABLE k(a TEXT, b, c INTEGER)")
    store.sql_exec("INSERT INTO k VALUES (?, ?, ?)", (1, 1, 1))
    assert rows(store, "SELECT a, typeof(b), typeof(c) FROM k") == [("1.0", "real", "integer")]


def test_columns_are_read_as_the_platforms_values(store):
    # Beyond 2^53 a number loses its last digits. DO-5.3.5
    query = "SELECT 9007199254740991, 9007199254740993, 1.0, 1.5, 'a', x'0102', NULL, CAST(x'ff41' AS TEXT)"
    assert rows(store, query) == [(2**53 - 1, float(2**53), 1, 1.5, "a", b"\1\2", None, "\ufffdA")]


def test_invalid_utf8_is_replaced_in_any_row(store):
    # DO-5.3.5
    store.sql_exec("CREATE TABLE t(a); INSERT INTO t VALUES ('ok'), (CAST(x'ff' AS TEXT)), (x'ff'), (2)")
    assert rows(store, "SELECT a, ? FROM t ORDER BY rowid; ", 5) == [("ok", 5), ("\ufffd", 5), (b"\xff", 5), (2, 5)]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELEC", 'near "SELEC": syntax error at offset 0: SQLITE_ERROR'),
        ("SELECT", "incomplete input: SQLITE_ERROR"),
        ("SELECT 'a", 'unrecognized token: "\'a" at offset 7: SQLITE_ERROR'),
        ("SELECT * FROM nope", "no such table: nope: SQLITE_ERROR"),
        ("SELECT nofn(1)", "no such function: nofn at offset 7: SQLITE_ERROR"),
        (
            "CREATE TABLE u(a UNIQUE); INSERT INTO u VALUES (1), (1)",
            "UNIQUE constraint failed: u.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)",
        ),
        (
            "CREATE TABLE u2(a NOT NULL); INSERT INTO u2 VALUES (NULL)",
            "NOT NULL constraint failed: u2.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_NOTNULL)",
        ),
        (
            "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p(id)); INSERT INTO c VALUES (1)",
            "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)",
        ),
    ],
)
def test_errors_speak_sqlites_words_and_the_codes(store, query, text):
    # The last one also shows that foreign keys are on. DO-5.3.6, DO-3.1.T1.4
    assert message(store, query) == text


def test_failed_statement_undoes_only_itself(table):
    # DO-5.3.6
    table.put_many([("a", 1)])
    message(table, "INSERT INTO t VALUES (9, 'new'), (1, 'taken')")
    assert (table.get("a"), rows(table, "SELECT count(*) FROM t"), table.is_critically_failed) == (1, [(3,)], None)


def test_cursor_gives_tuples_in_the_order_of_its_columns(table):
    # DO-5.4.T1.1, DO-5.4.T1.4, DO-5.4.T1.5
    cursor = table.sql_exec("SELECT a, b, a AS b FROM t LIMIT 1")
    assert (cursor.column_names, cursor.to_list(), cursor.column_names) == (
        ["a", "b", "b"],
        [(1, "x", 1)],
        ["a", "b", "b"],
    )


def test_column_names_are_there_without_rows(store):
    # DO-5.4.T1.5
    assert store.sql_exec("SELECT 1 AS a WHERE 0").column_names == ["a"]


def test_statement_without_columns_has_no_names(store):
    # DO-5.4.T1.5
    assert store.sql_exec("CREATE TABLE t(a)").column_names == []


def test_columns_follow_a_changed_schema(table):
    query = "SELECT * FROM t LIMIT 1"  # the very text, which a cache of statements would know again
    rows(table, query)
    table.sql_exec("ALTER TABLE t ADD COLUMN c DEFAULT 5")
    cursor = table.sql_exec(query)
    assert (cursor.column_names, cursor.to_list()) == (["a", "b", "c"], [(1, "x", 5)])


def test_to_list_gives_the_rows_that_are_left(table):
    # DO-5.4.T1.2
    cursor = table.sql_exec("SELECT a FROM t")
    next(cursor)
    assert (cursor.to_list(), cursor.to_list(), cursor.is_open) == ([(2,), (3,)], [], False)


def test_one_gives_the_only_row(table):
    # DO-5.4.T1.3
    cursor = table.sql_exec("SELECT a FROM t LIMIT 2")
    next(cursor)
    assert cursor.one() == (2,)


def test_one_of_no_rows_is_an_error(table):
    # DO-5.4.T1.3
    with pytest.raises(PlatformError, match=r"^Expected exactly one result from SQL query, but got no results\.$"):
        table.sql_exec("SELECT a FROM t WHERE 0").one()


def test_one_of_several_rows_is_an_error_and_ends_the_cursor(table):
    # DO-5.4.T1.3
    cursor = table.sql_exec("SELECT a FROM t")
    with pytest.raises(
        PlatformError, match=r"^Expected exactly one result from SQL query, but got multiple results\.$"
    ):
        cursor.one()
    assert cursor.to_list() == []


def test_rows_read_counts_one_row_ahead(table):
    # DO-5.4.T1.6
    cursor = table.sql_exec("SELECT * FROM t")
    before = cursor.rows_read
    assert (before, [cursor.rows_read for _ in cursor]) == (1, [2, 3, 3])


@pytest.mark.parametrize(
    ("query", "read", "written"),
    [
        ("SELECT 1", 0, 0),
        ("SELECT * FROM t", 3, 0),
        ("SELECT * FROM t WHERE a = 2", 1, 0),
        ("SELECT * FROM t WHERE b = 'absent'", 3, 0),
        ("SELECT * FROM t LIMIT 1 OFFSET 1", 2, 0),
        ("SELECT count(b) FROM t", 3, 0),
        ("SELECT DISTINCT b IS NULL FROM t", 3, 0),
        ("SELECT * FROM t ORDER BY b", 6, 0),
        ("SELECT * FROM t WHERE a + 0 > 1 ORDER BY b", 5, 0),
        ("PRAGMA table_info(t)", 0, 0),
        ("INSERT INTO t(b) VALUES (1), (2)", 0, 2),
        ("UPDATE t SET b = 1", 3, 3),
        ("DELETE FROM t WHERE a < 3", 2, 2),
        ("INSERT INTO t(b) VALUES (1), (2); DROP TABLE t", 0, 0),
        ("CREATE INDEX i ON t(b); INSERT INTO t(b) VALUES (1)", 0, 2),
        ("CREATE INDEX i ON t(b); UPDATE t SET b = 1", 3, 6),
        ("CREATE INDEX i ON t(b); UPDATE t SET a = a + 10", 3, 3),
        ("CREATE TABLE w(k PRIMARY KEY) WITHOUT ROWID; INSERT INTO w VALUES (1), (2)", 0, 2),
    ],
)
def test_counters_of_whole_statements(table, query, read, written):
    # DO-5.4.T1.6, DO-5.4.2
    cursor = table.sql_exec(query)
    cursor.to_list()
    assert (cursor.rows_read, cursor.rows_written) == (read, written)


def test_rows_read_of_a_cursor_ended_by_an_error_are_those_it_has_read(table):
    # DO-5.4.T1.6
    cursor = table.sql_exec("SELECT a FROM t WHERE a > ?", [0])
    with pytest.raises(PlatformError):
        cursor.one()
    assert cursor.rows_read == 2


def test_rows_read_of_a_statement_that_cannot_run_again_are_those_it_gave(table):
    # DO-5.4.T1.6
    cursor = table.sql_exec("SELECT a FROM t WHERE b <> 'absent'")
    cursor.to_list()
    table.sql_exec("DROP TABLE t")
    assert cursor.rows_read == 3


def test_same_text_runs_again_while_a_cursor_is_open(table):
    # DO-5.4.1
    one, other = table.sql_exec("SELECT a FROM t"), table.sql_exec("SELECT a FROM t")
    assert (next(one), next(other), next(one), one.to_list(), other.to_list()) == (
        (1,),
        (1,),
        (2,),
        [(3,)],
        [(2,), (3,)],
    )


def test_cursor_survives_a_commit_and_sees_later_rows(table):
    # DO-5.4.1
    table.commit()
    cursor = table.sql_exec("SELECT a FROM t")
    next(cursor)
    table.sql_exec("INSERT INTO t VALUES (9, 'late')")
    table.commit()
    assert cursor.to_list() == [(2,), (3,), (9,)]


def test_writing_cursor_with_rows_left_does_not_block_the_commit(table):
    # The platform fails here with an internal error; nobody can want that.
    cursor = table.sql_exec("INSERT INTO t(b) VALUES (1), (2) RETURNING a")
    next(cursor)
    table.commit()
    assert cursor.to_list() == [(5,)]


def test_cursor_ends_when_a_rollback_changes_the_schema_under_it(table):
    table.commit()
    cursor = table.sql_exec("SELECT a FROM t")
    next(cursor)
    depth = table.begin_transaction()
    table.sql_exec("CREATE TABLE other(a)")
    table.rollback_transaction(depth)
    with pytest.raises(PlatformError) as failure:
        next(cursor)
    assert failure.value.message == "abort due to ROLLBACK: SQLITE_ABORT (extended: SQLITE_ABORT_ROLLBACK)"
    assert cursor.to_list() == []


def test_dropped_cursor_does_not_keep_the_database_busy(table):
    table.commit()
    next(table.sql_exec("SELECT a FROM t"))
    gc.collect()
    assert table.is_idle()


def test_time_of_sql_is_the_clocks(store):
    # Issue 3, Build 4.
    query = "SELECT CURRENT_TIMESTAMP, unixepoch(), date('now', '+1 day'), julianday('now')"
    assert rows(store, query) == [("2030-01-01 00:00:00", WALL_NS // 10**9, "2030-01-02", 2462502.5)]


def test_triggers_fire_on_application_statements(table):
    # DO-5.6.2
    table.sql_exec(
        "CREATE TABLE log(a); CREATE TRIGGER mine AFTER INSERT ON t BEGIN "
        "INSERT INTO log VALUES (CASE WHEN new.a > 0 THEN 'end;' ELSE 0 END); END; INSERT INTO t(b) VALUES (1)"
    )
    assert rows(table, "SELECT a FROM log") == [("end;",)]


def test_database_size_counts_pages_in_use(store):
    # DO-5.6.1
    sizes = [store.database_size]
    store.put_many([("a", 1)])
    sizes.append(store.database_size)
    store.sql_exec("CREATE TABLE t(a); INSERT INTO t VALUES (zeroblob(100000)); DELETE FROM t")
    sizes.append(store.database_size)
    assert sizes == [4096, 8192, 12288]


def test_last_insert_rowid_and_changes_are_the_connections(table):
    assert rows(table, "SELECT last_insert_rowid(), changes()") == [(3, 3)]


def test_result_of_a_write_that_is_not_utf8_is_an_error(store):
    # Rows of a writing statement cannot be read a second time.
    store.sql_exec("CREATE TABLE t(a)")
    assert message(store, "INSERT INTO t VALUES (CAST(x'ff' AS TEXT)) RETURNING a") == (
        "a text in the result is not UTF-8: SQLITE_ERROR"
    )


def test_lone_surrogate_in_the_statement_is_replaced(store):
    assert rows(store, "SELECT '\ud800'") == [("\ufffd" * 3,)]


def test_nul_in_the_statement_is_refused(store):
    # Asked of the real platform.
    assert message(store, "SELECT 1\0") == "SQL code did not contain a statement."
