"""What user SQL may do. The expected texts were asked of the real platform."""

import pytest

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage import Implicit

DENIED = "not authorized: SQLITE_AUTH"
USE_TRANSACTION = (
    "To execute a transaction, please use the state.storage.transaction() or state.storage.transactionSync() APIs "
    "instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements. The JavaScript API is safer because it will "
    "automatically roll back on exceptions, and because it interacts correctly with Durable Objects' automatic atomic "
    "write coalescing."
)


@pytest.fixture
def table(store):
    store.put_many([("k", 1)])
    store.sql_exec("CREATE TABLE t(a, b)")
    store.commit()
    return store


def message(store, query):
    with pytest.raises(PlatformError) as failure:
        store.sql_exec(query).to_list()
    return failure.value.message


@pytest.mark.parametrize(
    "query",
    [
        "CREATE TABLE _cf_x(a)",
        "CREATE TABLE _CF_x(a)",
        'CREATE TABLE "_cf_"(a)',
        "INSERT INTO _cf_KV VALUES (1, 2)",
        "DELETE FROM _cf_KV",
        "UPDATE _cf_KV SET value = 1",
        "DROP TABLE _cf_KV",
        "SELECT count(*) FROM _cf_KV",
        "CREATE INDEX i ON _cf_KV(key)",
        "CREATE INDEX _cf_i ON t(a)",
        "CREATE VIEW _cf_v AS SELECT 1",
        "CREATE TRIGGER _cf_tr AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE VIRTUAL TABLE _cf_v USING fts5(x)",
        "ALTER TABLE t RENAME TO _cf_t",
        'ALTER TABLE t RENAME TO "_cf_t"',
        "ALTER TABLE _cf_KV RENAME TO mine",
        "PRAGMA table_info(_cf_KV)",
        "SELECT * FROM pragma_table_info('_cf_KV')",
    ],
)
def test_names_of_the_platform_cannot_be_used(table, query):
    # DO-5.5.1
    assert message(table, query) == DENIED


@pytest.mark.parametrize("query", ["SELECT * FROM _cf_KV", "SELECT key FROM _cf_kv"])
def test_reading_a_platforms_column_is_prohibited(table, query):
    # DO-5.5.1
    assert message(table, query) == "access to _cf_KV.key is prohibited: SQLITE_AUTH"


def test_view_on_a_platforms_table_cannot_be_read(table):
    # DO-5.5.1
    table.sql_exec("CREATE VIEW v AS SELECT * FROM _cf_KV")
    assert message(table, "SELECT * FROM v") == "access to _cf_KV.key is prohibited: SQLITE_AUTH"


def test_our_own_cached_statement_is_no_way_in(table):
    # The text is that of our own statement; only a tag that users cannot know makes them different. Decision 3.3
    table.get("k")
    assert message(table, "SELECT value FROM _cf_KV WHERE key = CAST('k' AS TEXT)").endswith("SQLITE_AUTH")
    assert message(table, "BEGIN") == USE_TRANSACTION


def test_platforms_table_that_does_not_exist_is_unknown(store):
    # DO-5.5.1
    assert message(store, "SELECT * FROM _cf_nope") == "no such table: _cf_nope: SQLITE_ERROR"


def test_platforms_tables_are_visible_in_the_schema(table):
    # DO-5.5.1
    names = table.sql_exec("SELECT name FROM sqlite_master").to_list()
    listed = [name for _, name, *_ in table.sql_exec("PRAGMA table_list")]
    assert (("_cf_KV",) in names, "_cf_KV" in listed) == (True, True)


def test_columns_may_have_the_platforms_prefix(table):
    # DO-5.5.1
    table.sql_exec("ALTER TABLE t RENAME COLUMN a TO _cf_a")
    assert table.sql_exec("SELECT _cf_a FROM t").column_names == ["_cf_a"]


@pytest.mark.parametrize(
    "query", ["BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT x", "RELEASE x", "ROLLBACK TO x", "BEGIN IMMEDIATE"]
)
def test_transaction_statements_point_to_the_api(table, query):
    # DO-5.5.2
    assert message(table, query) == USE_TRANSACTION


@pytest.mark.parametrize(
    "query",
    [
        "ATTACH 'x' AS y",
        "DETACH main",
        "CREATE TEMP TABLE z(a)",
        "CREATE TABLE temp.z(a)",
        "CREATE TEMP VIEW z AS SELECT 1",
        "CREATE TEMP TRIGGER z AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE VIRTUAL TABLE f USING fts3(x)",
        "CREATE VIRTUAL TABLE d USING dbstat",
    ],
)
def test_attaching_temporary_objects_and_other_modules_are_refused(table, query):
    # DO-5.5.3
    assert message(table, query) == DENIED


@pytest.mark.parametrize("query", ["VACUUM", "VACUUM INTO 'x'"])
def test_vacuum_fails_in_the_transaction_that_it_opens(table, query):
    # DO-5.5.3
    assert message(table, query) == "cannot VACUUM from within a transaction: SQLITE_ERROR"


def test_names_of_sqlite_are_its_own_business(table):
    # DO-5.5.3
    assert message(table, "CREATE TABLE sqlite_x(a)") == (
        "object name reserved for internal use: sqlite_x: SQLITE_ERROR"
    )
    assert message(table, "INSERT INTO sqlite_master VALUES (1, 1, 1, 1, 1)") == (
        "table sqlite_master may not be modified: SQLITE_ERROR"
    )


def test_full_text_search_works(table):
    # DO-5.5.3, DO-5.5.5
    table.sql_exec("CREATE VIRTUAL TABLE f USING fts5(x); INSERT INTO f VALUES ('hello world'), ('good bye')")
    table.sql_exec("CREATE VIRTUAL TABLE words USING fts5vocab(f, 'row')")
    found = table.sql_exec("SELECT highlight(f, 0, '[', ']') FROM f WHERE f MATCH 'hello'").one()
    assert (found, len(table.sql_exec("SELECT term FROM words").to_list())) == (("[hello] world",), 4)


def test_full_text_index_survives_a_rollback_and_a_commit(table):
    table.sql_exec("CREATE VIRTUAL TABLE f USING fts5(x)")
    table.commit()
    table.sql_exec("INSERT INTO f VALUES ('gone')")
    table.rollback()
    table.sql_exec("INSERT INTO f VALUES ('here')")
    table.commit()
    assert table.sql_exec("SELECT x FROM f WHERE f MATCH 'here OR gone'").to_list() == [("here",)]


def test_rtree_works(table):
    # DO-5.5.3
    table.sql_exec("CREATE VIRTUAL TABLE r USING rtree(id, low, high); INSERT INTO r VALUES (1, 2, 3)")
    table.sql_exec("CREATE VIRTUAL TABLE r2 USING rtree_i32(id, low, high)")
    assert table.sql_exec("SELECT id FROM r WHERE low > 1").one() == (1,)


ALLOWED = [
    *[
        (name, None)
        for name in ("data_version", "page_size", "table_list", "foreign_key_check", "quick_check", "optimize")
    ],
    *[(name, None) for name in ("case_sensitive_like", "foreign_keys", "defer_foreign_keys", "recursive_triggers")],
    *[(name, None) for name in ("ignore_check_constraints", "legacy_alter_table", "reverse_unordered_selects")],
    *[("foreign_keys", word) for word in ("true", "FALSE", "Yes", "no", "on", "off", "1", "0", "'on'", '"off"')],
    *[(name, "t") for name in ("table_info", "table_xinfo", "index_info", "index_list", "index_xinfo")],
    *[("foreign_key_list", "t"), ("foreign_key_check", "t"), ("table_list", "_cf_KV")],
    *[("quick_check", "5"), ("quick_check", "t"), ("optimize", "5"), ("optimize", "0xfffe"), ("OPTIMIZE", "-1")],
]

REFUSED = [
    *[(name, None) for name in ("user_version", "journal_mode", "integrity_check", "compile_options", "nonsense")],
    *[(name, None) for name in ("table_info", "index_list", "foreign_key_list", "function_list", "module_list")],
    *[("page_size", "4096"), ("data_version", "1"), ("foreign_keys", "7"), ("foreign_keys", "maybe")],
    *[("table_info", "_cf_KV"), ("quick_check", "_cf_KV"), ("foreign_key_check", "_CF_KV"), ("optimize", "x")],
]


def pragma(name, argument):
    return f"PRAGMA {name}" if argument is None else f"PRAGMA {name} = {argument}"


@pytest.mark.parametrize(("name", "argument"), ALLOWED)
def test_pragma_is_allowed_in_this_form(table, name, argument):
    # DO-5.5.4, DO-5.5.T1.1-7
    table.sql_exec(pragma(name, argument)).to_list()


@pytest.mark.parametrize(("name", "argument"), REFUSED)
def test_pragma_is_refused_in_this_form(table, name, argument):
    # DO-5.5.4, DO-5.5.T1.1-7
    assert message(table, pragma(name, argument)) == DENIED


@pytest.mark.parametrize(
    "query", ["PRAGMA user_version = 3", "PRAGMA journal_mode = DELETE", "PRAGMA synchronous = OFF"]
)
def test_other_pragmas_are_not_authorized(table, query):
    # The last one is text of our own, which must not come from the statement cache. DO-5.5.4
    assert message(table, query) == DENIED


def test_allowed_pragmas_answer(table):
    # DO-5.5.T1.1, DO-5.5.T1.4, DO-5.5.T1.6
    answers = [table.sql_exec(f"PRAGMA {text}").to_list() for text in ("page_size", "foreign_keys", "quick_check(t)")]
    assert answers == [[(4096,)], [(1,)], [("ok",)]]


def test_foreign_keys_cannot_be_switched_inside_a_transaction(table):
    # DO-5.5.P
    table.put_many([("a", 1)])
    table.sql_exec("PRAGMA foreign_keys = OFF")
    table.commit()
    assert table.sql_exec("PRAGMA foreign_keys").one() == (1,)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("sqlite_version()", "not authorized to use function"),
        ("fts5(1)", "not authorized to use function"),
        ("power(1, 2)", "not authorized to use function"),
        ("json_pretty(1)", "not authorized to use function"),
        ("rtreenode(1, 2)", "not authorized to use function"),
        # Ours has these, the platform's SQLite has not.
        ("matchinfo(1)", "no such function"),
        ("median(1)", "no such function"),
        ("geopoly_area(1)", "no such function"),
        ("nofn(1)", "no such function"),
    ],
)
def test_functions_outside_the_list_are_refused(store, call, why):
    # DO-5.5.5
    assert message(store, f"SELECT {call}") == f"{why}: {call.partition('(')[0]} at offset 7: SQLITE_ERROR"


def test_extensions_cannot_be_loaded(store):
    # DO-5.5.5
    assert message(store, "SELECT load_extension('x')") == "not authorized: SQLITE_ERROR"


@pytest.mark.parametrize("table_name", ["dbstat", "carray", "sqlite_dbpage", "sqlite_stmt"])
def test_tables_that_only_our_sqlite_has_are_unknown(store, table_name):
    call = f"{table_name}(1, 2)" if table_name == "carray" else table_name
    assert message(store, f"SELECT * FROM {call}") == f"no such table: {table_name}: SQLITE_ERROR"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT abs(-1), upper('a'), printf('%d', 1), iif(1, 2, 3), concat('a', 'b'), unhex('00')",
        "SELECT sin(1), ln(2), pow(2, 3), mod(5, 3), pi()",
        "SELECT json('{}'), json_extract('{\"a\":1}', '$.a'), '{\"a\":1}' ->> 'a', '[1]' -> 0, jsonb('[]')",
        "SELECT sum(a) OVER (ORDER BY a), row_number() OVER (), group_concat(b) OVER () FROM t",
        "SELECT date('now'), strftime('%s', 'now'), timediff('2030-01-01', '2029-01-01'), CURRENT_DATE",
        "WITH x(a) AS (VALUES (1)) SELECT a FROM x",
        "WITH RECURSIVE x(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM x WHERE a < 3) SELECT a FROM x",
        "INSERT INTO t VALUES (1, 2) RETURNING a",
        "EXPLAIN SELECT 1",
        "ANALYZE",
        "REINDEX",
        "SELECT value FROM json_each('[1]')",
        'SELECT "a literal in double quotes"',
        "ALTER TABLE t ADD COLUMN c",
        "ALTER TABLE t DROP COLUMN b",
        "ALTER TABLE t RENAME TO t2",
        "SELECT name FROM sqlite_temp_master",
    ],
)
def test_ordinary_sql_works(table, query):
    # DO-5.5.5
    table.sql_exec(query).to_list()


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELECT '" + "x" * 100_000 + "'", "statement too long: SQLITE_TOOBIG"),
        (f"CREATE TABLE c({', '.join(f'c{n}' for n in range(101))})", "too many columns on c: SQLITE_ERROR"),
        (f"SELECT {','.join(['?'] * 101)}", "too many SQL variables at offset 207: SQLITE_ERROR"),
        ("SELECT ?1000", "variable number must be between ?1 and ?100 at offset 7: SQLITE_ERROR"),
        (" UNION ALL ".join(["SELECT 1"] * 6), "too many terms in compound SELECT: SQLITE_ERROR"),
        (f"SELECT 'x' LIKE '{'x' * 51}'", "LIKE or GLOB pattern too complex: SQLITE_ERROR"),
        (f"SELECT 'x' GLOB '{'x' * 51}'", "LIKE or GLOB pattern too complex: SQLITE_ERROR"),
        (f"SELECT {'+'.join(['1'] * 101)}", "Expression tree is too large (maximum depth 100): SQLITE_ERROR"),
        (f"SELECT max({','.join(['1'] * 128)})", "too many arguments on function max at offset 7: SQLITE_ERROR"),
        ("SELECT zeroblob(8388643)", "string or blob too big: SQLITE_TOOBIG"),
    ],
    ids=["text", "columns", "variables", "variable number", "compound", "like", "glob", "depth", "arguments", "blob"],
)
def test_limits_are_the_platforms(store, query, text):
    # DO-5.5.6
    assert message(store, query) == text


@pytest.mark.parametrize(
    "query",
    [
        "SELECT '" + "x" * 99_991 + "'",
        f"CREATE TABLE c({', '.join(f'c{n}' for n in range(100))})",
        " UNION ALL ".join(["SELECT 1"] * 5),
        f"SELECT 'x' LIKE '{'x' * 50}'",
        f"SELECT {'+'.join(['1'] * 99)}",
        f"SELECT max({','.join(['1'] * 127)})",
    ],
    ids=["text", "columns", "compound", "like", "depth", "arguments"],
)
def test_what_reaches_a_limit_still_works(store, query):
    # DO-5.5.6
    store.sql_exec(query).to_list()


@pytest.mark.parametrize("query", ["ANALYZE", "PRAGMA optimize = -1", "ANALYZE t"])
def test_analyzing_leaves_the_tables_that_the_platform_has(table, query):
    table.sql_exec("CREATE INDEX i ON t(a); INSERT INTO t VALUES (1, 2), (3, 4)")
    table.sql_exec(query)
    names = table.sql_exec("SELECT name FROM sqlite_master WHERE name LIKE 'sqlite_stat%'").to_list()
    assert set(names) <= {("sqlite_stat1",)}


def test_optimizing_is_part_of_the_transaction(table):
    table.sql_exec("PRAGMA optimize")
    assert table.state == Implicit()


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM t LIMIT 1",
        "DELETE FROM t ORDER BY a LIMIT 1",
        "UPDATE t SET a = 1 LIMIT 1",
        "UPDATE t SET a = 1 ORDER BY a LIMIT 1",
    ],
)
def test_statement_that_changes_rows_takes_no_limit_other_than_on_the_platform(table, query):
    # DO-5.5.5
    assert "syntax error" in message(table, query)


def test_formatted_text_is_longer_than_on_the_platform(table):
    # DO-5.5.5: 100,000 there
    assert table.sql_exec("SELECT length(printf('%200000d', 1))").one() == (200_000,)
