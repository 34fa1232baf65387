"""SQL, asked of both hosts: spec durable-objects 5.3 to 5.6."""

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from contract.objects.sql import Ledger
from pytest_durable import PlatformError
from pytest_durable.values import HOLE, UNDEFINED, JSBigInt, JSMap, JSRegExp, JSSet, JSTypedArray

CLASSES = (Ledger,)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")

FIVE = "SELECT value FROM json_each('[1,2,3,4,5]')"


async def refused(call: Any) -> str:
    with pytest.raises(PlatformError) as failure:
        await call
    return str(failure.value)


async def test_statement_takes_effect_at_once(thing: Any) -> None:
    # DO-5.3.1
    assert await thing.run("CREATE TABLE t (a); INSERT INTO t VALUES (1)") == []
    assert await thing.run("SELECT a FROM t") == [{"a": 1}]


async def test_cursor_belongs_to_the_last_of_several_statements(thing: Any) -> None:
    # DO-5.3.2
    assert await thing.run("SELECT 1 AS a; SELECT 2 AS b;  ") == [{"b": 2}]
    assert await thing.run("CREATE TABLE t (a); INSERT INTO t VALUES (?)", 7) == []
    assert await thing.raw("SELECT a FROM t") == [[7]]


@pytest.mark.parametrize("nothing", ["", " ; ", "-- nothing"])
async def test_text_without_a_statement_is_refused(thing: Any, nothing: str) -> None:
    # DO-5.3.2
    assert await refused(thing.run(nothing)) == "SQL code did not contain a statement."


async def test_text_ends_at_a_nul_and_what_follows_is_no_statement(thing: Any) -> None:
    # DO-5.3.2
    assert await refused(thing.run("CREATE TABLE t (a)\0")) == "SQL code did not contain a statement."
    assert await thing.run("SELECT a FROM t") == []
    assert (await refused(thing.run("SELECT 'a\0b'"))).startswith('unrecognized token: "\'a" at offset 7')


async def test_only_the_last_statement_takes_parameters(thing: Any) -> None:
    # DO-5.3.2
    assert await refused(thing.run("SELECT ?; SELECT 1", 1)) == (
        "When executing multiple SQL statements in a single call, only the last statement can have parameters."
    )


async def test_bindings_are_counted(thing: Any) -> None:
    # DO-5.3.3
    for bindings in ([], [1, 2]):
        message = await refused(thing.run("SELECT ?", *bindings))
        assert message == "Wrong number of parameter bindings for SQL query."
    assert await thing.raw("SELECT :b, ?1, @a", 1, 2) == [[1, 1, 2]]


BOUND: list[tuple[Any, str, Any]] = [
    (1, "real", 1),
    (1.5, "real", 1.5),
    (math.nan, "null", None),
    (math.inf, "real", math.inf),
    ("a\0b", "text", "a\0b"),
    (b"\1\2", "blob", b"\1\2"),
    (JSTypedArray("Uint8Array", b"\3"), "blob", b"\3"),
    (True, "text", "true"),
    (False, "text", "false"),
    (None, "null", None),
    (UNDEFINED, "null", None),
    ([1, [2, None]], "text", "1,2,"),
    ({}, "text", "[object Object]"),
    ([1e-7, 1e21, -0.0, math.inf, HOLE, True], "text", "1e-7,1e+21,0,Infinity,,true"),
    (JSMap({"a": 1}), "text", "[object Map]"),
    (JSSet([1]), "text", "[object Set]"),
    (JSRegExp("a+", "g"), "text", "/a+/g"),
    ([JSTypedArray("BigInt64Array", bytes(16))], "text", "0,0"),
    (datetime(2030, 1, 1, tzinfo=UTC), "text", "Tue Jan 01 2030 00:00:00 GMT+0000 (Coordinated Universal Time)"),
]


async def test_bindings_are_converted(thing: Any) -> None:
    # DO-5.3.4 DO-5.3.5
    found = [await thing.raw("SELECT typeof(?1), ?1", value) for value, _, _ in BOUND]
    assert found == [[[kind, result]] for _, kind, result in BOUND]


async def test_bigint_cannot_be_bound(thing: Any) -> None:
    # DO-5.3.4
    assert await refused(thing.run("SELECT ?", JSBigInt(1))) == "TypeError: Cannot convert a BigInt value to a number"


async def test_affinity_of_the_column_decides_what_a_number_becomes(thing: Any) -> None:
    # DO-5.3.4
    await thing.run("CREATE TABLE t (t TEXT, n, i INTEGER)")
    await thing.run("INSERT INTO t VALUES (?1, ?1, ?1)", 1)
    assert await thing.raw("SELECT t, typeof(n), typeof(i) FROM t") == [["1.0", "real", "integer"]]


async def test_large_integers_lose_precision(thing: Any) -> None:
    # DO-5.3.5
    assert await thing.raw("SELECT 9007199254740993") == [[2**53]]


ERRORS = {
    # DO-5.3.6
    "SELEC 1": 'near "SELEC": syntax error at offset 0: SQLITE_ERROR',
    "SELECT * FROM nope": "no such table: nope: SQLITE_ERROR",
    "INSERT INTO t VALUES (1, 1)": (
        "UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)"
    ),
    "INSERT INTO t VALUES (2, NULL)": (
        "NOT NULL constraint failed: t.b: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_NOTNULL)"
    ),
    # DO-5.5.1
    "CREATE TABLE _cf_mine (a)": "not authorized: SQLITE_AUTH",
    "CREATE TABLE _CF_mine (a)": "not authorized: SQLITE_AUTH",
    "ALTER TABLE t RENAME TO _cf_t": "not authorized: SQLITE_AUTH",
    "DROP TABLE _cf_KV": "not authorized: SQLITE_AUTH",
    "DELETE FROM _cf_KV": "not authorized: SQLITE_AUTH",
    "SELECT key FROM _cf_KV": "access to _cf_KV.key is prohibited: SQLITE_AUTH",
    "SELECT * FROM _cf_nope": "no such table: _cf_nope: SQLITE_ERROR",
    # DO-5.5.3
    "ATTACH ':memory:' AS x": "not authorized: SQLITE_AUTH",
    "CREATE TEMP TABLE x (a)": "not authorized: SQLITE_AUTH",
    "VACUUM": "cannot VACUUM from within a transaction: SQLITE_ERROR",
    # DO-5.5.4
    "PRAGMA journal_mode": "not authorized: SQLITE_AUTH",
    "PRAGMA user_version = 1": "not authorized: SQLITE_AUTH",
    "PRAGMA table_info(_cf_KV)": "not authorized: SQLITE_AUTH",
    # DO-5.5.5
    "SELECT sqlite_version()": "not authorized to use function: sqlite_version at offset 7: SQLITE_ERROR",
    "SELECT nope()": "no such function: nope at offset 7: SQLITE_ERROR",
    # DO-5.5.6
    f"SELECT 'x' LIKE '{'x' * 51}'": "LIKE or GLOB pattern too complex: SQLITE_ERROR",
}


async def test_errors_of_sql_have_the_platforms_words(thing: Any) -> None:
    # DO-5.3.6 DO-5.5.1 DO-5.5.3 DO-5.5.4 DO-5.5.5 DO-5.5.6
    await thing.storage("put", "k", 1)
    await thing.run("CREATE TABLE t (a UNIQUE, b NOT NULL); INSERT INTO t VALUES (1, 1)")
    found = {query: await refused(thing.run(query)) for query in ERRORS}
    assert found == ERRORS


async def test_column_of_a_reserved_name_can_be_made_and_used_and_not_dropped(thing: Any) -> None:
    # DO-5.5.1
    await thing.run("CREATE TABLE t (a, temp); ALTER TABLE t ADD COLUMN _cf_c")
    await thing.run("INSERT INTO t VALUES (1, 2, 3); UPDATE t SET _cf_c = 4")
    assert await refused(thing.run("ALTER TABLE t DROP COLUMN _cf_c")) == "not authorized: SQLITE_AUTH"
    await thing.run("ALTER TABLE t DROP COLUMN temp")
    assert await thing.run("SELECT * FROM t") == [{"a": 1, "_cf_c": 4}]


@pytest.mark.parametrize("word", ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s", "RELEASE s"])
async def test_transactions_are_not_begun_by_statements(thing: Any, word: str) -> None:
    # DO-5.5.2
    assert (await refused(thing.run(word))).startswith(
        "To execute a transaction, please use the state.storage.transaction() or state.storage.transactionSync() APIs"
    )


ALLOWED = {
    "PRAGMA page_size": [[4096]],
    "PRAGMA foreign_keys": [[1]],
    "PRAGMA case_sensitive_like = 'on'": [],
    "PRAGMA quick_check": [["ok"]],
    "PRAGMA optimize": [],
    "SELECT name FROM pragma_table_info('t')": [["a"]],
    "SELECT name FROM sqlite_master WHERE name = '_cf_KV'": [["_cf_KV"]],
    'SELECT "text"': [["text"]],
    "WITH n(x) AS (VALUES (1), (2)) SELECT sum(x) FROM n": [[3]],
    "INSERT INTO t VALUES (5) RETURNING a": [[5]],
    "SELECT json_extract('{\"a\": [1, 2]}', '$.a[1]')": [[2]],
    "SELECT rank() OVER (ORDER BY a) FROM t": [[1]],
    "SELECT round(sqrt(2), 3)": [[1.414]],
    "ANALYZE": [],
    "REINDEX": [],
}


async def test_what_is_allowed_works(thing: Any) -> None:
    # DO-5.5.4 DO-5.5.5
    await thing.storage("put", "k", 1)
    await thing.run("CREATE TABLE t (a)")
    assert {query: await thing.raw(query) for query in ALLOWED} == ALLOWED


async def test_full_text_search_works(thing: Any) -> None:
    # DO-5.5.3
    await thing.run("CREATE VIRTUAL TABLE notes USING fts5(text); INSERT INTO notes VALUES ('stand up'), ('sit')")
    assert await thing.raw("SELECT highlight(notes, 0, '<', '>') FROM notes WHERE notes MATCH 'up'") == [["stand <up>"]]


async def test_foreign_keys_are_enforced(thing: Any) -> None:
    # DO-3.1.T1.4
    await thing.run("CREATE TABLE p (id PRIMARY KEY); CREATE TABLE c (p REFERENCES p)")
    assert await refused(thing.run("INSERT INTO c VALUES (1)")) == (
        "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)"
    )


async def test_failed_statement_keeps_the_other_writes_of_the_turn(durable: Any, thing: Any) -> None:
    # DO-5.3.6
    await thing.fail_amid_writes()
    assert durable.stored(thing).kv == {"before": 1, "after": 1}


async def test_limits_of_a_statement(thing: Any) -> None:
    # DO-5.5.6
    assert await refused(thing.run(f"SELECT '{'x' * 100_000}'")) == "statement too long: SQLITE_TOOBIG"
    assert (await refused(thing.run(f"CREATE TABLE t ({', '.join(f'c{n}' for n in range(101))})"))).startswith(
        "too many columns on t"
    )
    assert (await refused(thing.run("SELECT ?101"))).startswith("variable number must be between ?1 and ?100")
    assert (await refused(thing.run(" UNION ".join(["SELECT 1"] * 6)))).startswith("too many terms in compound SELECT")


async def test_triggers_nest_to_a_depth_of_ten(thing: Any) -> None:
    # DO-5.5.6
    await thing.run("CREATE TABLE t (a); PRAGMA recursive_triggers = 1")
    await thing.run("CREATE TRIGGER more AFTER INSERT ON t WHEN NEW.a BEGIN INSERT INTO t VALUES (NEW.a - 1); END")
    await thing.run("INSERT INTO t VALUES (9)")
    assert await thing.raw("SELECT count(*) FROM t") == [[10]]
    assert await refused(thing.run("INSERT INTO t VALUES (10)")) == "triggers nested too deep: SQLITE_ERROR"
    # SQLite does not count on this failure: what the statement has done so far stays.
    assert await thing.raw("SELECT count(*) FROM t") == [[21]]


# Pragmas

NOT_AUTHORIZED = "not authorized: SQLITE_AUTH"
SETTINGS = [
    "case_sensitive_like",
    "foreign_keys",
    "defer_foreign_keys",
    "ignore_check_constraints",
    "legacy_alter_table",
    "recursive_triggers",
    "reverse_unordered_selects",
]


@pytest.mark.parametrize("name", ["data_version", "page_size"])
async def test_pragma_that_only_tells_takes_nothing(thing: Any, name: str) -> None:
    # DO-5.5.T1.1
    assert len(await thing.raw(f"PRAGMA {name}")) == 1
    for form in (f"{name} = 4096", f"{name}(1)"):
        assert await refused(thing.run(f"PRAGMA {form}")) == NOT_AUTHORIZED


@pytest.mark.parametrize("name", SETTINGS)
async def test_setting_takes_what_begins_like_a_truth_value(thing: Any, name: str) -> None:
    # DO-5.5.T1.2
    for value in ("on", "OFF", "yes", "'no'", '"true"', "false", "1", "0", "0x1", "10", "1.5", "+1", "'onwards'"):
        await thing.run(f"PRAGMA {name} = {value}")
    for value in ("2", "-1", "full", "''", "' 1'", "'''1'", "maybe"):
        assert await refused(thing.run(f"PRAGMA {name} = {value}")) == NOT_AUTHORIZED
    await thing.run(f"PRAGMA {name}(on)")
    assert await refused(thing.run(f"PRAGMA {name}(2)")) == NOT_AUTHORIZED


async def test_settings_are_read_and_change_what_statements_do(thing: Any) -> None:
    # DO-5.5.T1.2: that of LIKE cannot be read
    await thing.run("CREATE TABLE t (a CHECK (a < 9)); INSERT INTO t VALUES (1), (2)")
    assert [await thing.raw(f"PRAGMA {name}") for name in SETTINGS] == [[], [[1]], [[0]], [[0]], [[0]], [[0]], [[0]]]
    await thing.run("PRAGMA ignore_check_constraints = on; PRAGMA reverse_unordered_selects = on")
    await thing.run("PRAGMA case_sensitive_like = on; PRAGMA legacy_alter_table = on")
    await thing.run("INSERT INTO t VALUES (9)")
    assert await thing.raw("SELECT a FROM t") == [[9], [2], [1]]
    assert await thing.raw("SELECT 'A' LIKE 'a'") == [[0]]
    assert await thing.raw("PRAGMA legacy_alter_table") == [[1]]


async def test_tables_are_listed_in_any_form(thing: Any) -> None:
    # DO-5.5.T1.3
    await thing.run("CREATE TABLE t (a)")
    row = ["main", "t", "table", 1, 0, 0]
    assert row in await thing.raw("PRAGMA table_list")
    assert await thing.raw("PRAGMA table_list(t)") == await thing.raw("PRAGMA table_list = t") == [row]


async def test_pragmas_about_a_name_answer_and_need_one(thing: Any) -> None:
    # DO-5.5.T1.4
    await thing.run("CREATE TABLE p (id PRIMARY KEY); CREATE TABLE c (p REFERENCES p); CREATE INDEX i ON c (p)")
    answers: dict[str, list[list[object]]] = {
        "table_info(c)": [[0, "p", "", 0, None, 0]],
        "table_xinfo(c)": [[0, "p", "", 0, None, 0, 0]],
        "index_info(i)": [[0, 0, "p"]],
        "index_xinfo(i)": [[0, 0, "p", 0, "BINARY", 1], [1, -1, None, 0, "BINARY", 0]],
        "index_list(c)": [[0, "i", 0, "c", 0]],
        "foreign_key_list(c)": [[0, 0, "p", "p", None, "NO ACTION", "NO ACTION", "NONE"]],
    }
    for pragma, answer in answers.items():
        assert await thing.raw(f"PRAGMA {pragma}") == answer
        name = pragma.partition("(")[0]
        for form in (name, f"{name}(_cf_KV)"):
            assert await refused(thing.run(f"PRAGMA {form}")) == NOT_AUTHORIZED


@pytest.mark.parametrize(("name", "answer"), [("foreign_key_check", []), ("quick_check", [["ok"]])])
async def test_check_is_of_all_or_of_one_table(thing: Any, name: str, answer: list[object]) -> None:
    # DO-5.5.T1.5 DO-5.5.T1.6
    await thing.run("CREATE TABLE p (id PRIMARY KEY); CREATE TABLE c (p REFERENCES p)")
    assert await thing.raw(f"PRAGMA {name}") == await thing.raw(f"PRAGMA {name}(c)") == answer
    assert await refused(thing.run(f"PRAGMA {name}(_cf_KV)")) == NOT_AUTHORIZED


async def test_optimizing_takes_a_whole_number(thing: Any) -> None:
    # DO-5.5.T1.7
    for value in ("", "= 1", "= -1", "= 0xfffe", "= 08", "= ' 1'"):
        await thing.run(f"PRAGMA optimize {value}")
    for value in ("x", "1.5", "''", "'1_0'", "'0b1'", "'1 '", "99999999999"):
        assert await refused(thing.run(f"PRAGMA optimize = {value}")) == NOT_AUTHORIZED


@pytest.mark.parametrize("name", ["user_version", "journal_mode", "integrity_check", "compile_options", "nonsense"])
async def test_other_pragmas_are_not_authorized(thing: Any, name: str) -> None:
    # DO-5.5.4
    for form in (name, f"{name} = 1", f"{name}(1)"):
        assert await refused(thing.run(f"PRAGMA {form}")) == NOT_AUTHORIZED


# Cursors


async def test_cursor_is_exhausted_once(thing: Any) -> None:
    # DO-5.4.T1.1 DO-5.4.T1.2
    assert await thing.steps("SELECT 1 AS a UNION SELECT 2") == [False, [{"a": 2}], True, []]


async def test_one_wants_exactly_one_row(thing: Any) -> None:
    # DO-5.4.T1.3
    assert await thing.one("SELECT 1 AS a") == {"a": 1}
    prefix = "Expected exactly one result from SQL query, but got"
    assert await refused(thing.one("SELECT 1 WHERE 0")) == f"{prefix} no results."
    assert await refused(thing.one(FIVE)) == f"{prefix} multiple results."


async def test_duplicate_columns_are_kept_by_raw_and_names_and_the_last_wins_in_objects(thing: Any) -> None:
    # DO-5.4.T1.1 DO-5.4.T1.4 DO-5.4.T1.5
    query = "SELECT 1 AS a, 2 AS a"
    assert await thing.run(query) == [{"a": 2}]
    assert await thing.raw(query) == [[1, 2]]
    assert await thing.columns(query) == ["a", "a"]
    assert await thing.columns("CREATE TABLE t (a)") == []


async def test_raw_and_next_share_one_position(thing: Any) -> None:
    # DO-5.4.1
    assert await thing.shared_position(FIVE) == [[1], {"value": 2}, [3]]


async def test_same_text_may_run_again_beside_an_open_cursor(thing: Any) -> None:
    # DO-5.4.1
    rows = [{"value": number} for number in range(1, 6)]
    assert await thing.two_cursors(FIVE) == [rows[0], rows[1:], rows]


async def test_cursor_survives_the_end_of_a_turn(thing: Any) -> None:
    # DO-5.4.1
    assert await thing.cursor_after_wait(FIVE) == [{"value": number} for number in range(2, 6)]


async def test_rows_are_counted(thing: Any) -> None:
    # DO-5.4.T1.6
    await thing.run("CREATE TABLE t (a); CREATE INDEX i ON t (a)")
    assert await thing.counters("INSERT INTO t VALUES (1)") == [[0, 2], [0, 2]]
    await thing.run("DROP INDEX i; INSERT INTO t VALUES (2), (3), (4), (5), (6)")
    assert await thing.counters("SELECT a FROM t") == [[1, 0], [6, 0]]
    assert await thing.counters("UPDATE t SET a = 0") == [[6, 6], [6, 6]]


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("SELECT * FROM t WHERE a = 2", 1),
        ("SELECT * FROM t WHERE b = 100", 5),
        ("SELECT * FROM t WHERE b > 3", 5),
        ("SELECT * FROM t LIMIT 1 OFFSET 2", 3),
        ("SELECT sum(b), max(b), count(b) FROM t", 5),
        ("SELECT DISTINCT b > 3 FROM t", 5),
        ("SELECT * FROM t ORDER BY b", 10),
        ("SELECT * FROM t WHERE b > 3 ORDER BY b", 7),
    ],
)
async def test_rows_that_were_scanned_and_sorted_are_counted(thing: Any, query: str, read: int) -> None:
    # DO-5.4.T1.6
    await thing.run("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
    await thing.run("INSERT INTO t VALUES (1, 5), (2, 4), (3, 3), (4, 2), (5, 1)")
    _, (read_in_all, written) = await thing.counters(query)
    assert (read_in_all, written) == (read, 0)


async def test_drop_of_a_table_changes_no_rows(thing: Any) -> None:
    # DO-5.4.T1.6
    await thing.run("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)")
    (_, before), (_, after) = await thing.counters("DROP TABLE t")
    assert (before, after) == (0, 0)


async def test_time_of_sql_is_the_time_of_the_clock(durable: Any, thing: Any) -> None:
    # DO-5.5.5
    await durable.clock.advance(hours=1)
    assert await thing.raw("SELECT unixepoch()") == [[int(durable.clock.time())]]
