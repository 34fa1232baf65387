"""What the platform's own tests show of SQL, asked of both hosts: spec durable-objects 5.3 to 5.6, 6.3."""

import re
from typing import Any

import pytest

from contract.objects.sql_tour import Tour
from pytest_durable import PlatformError

CLASSES = (Tour,)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")

VIOLATED = re.compile(r"constraints were violated: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT")


async def refused(call: Any) -> str:
    with pytest.raises(PlatformError) as caught:
        await call
    return str(caught.value)


async def test_tables_and_columns_can_be_renamed_added_and_dropped(thing: Any) -> None:
    # DO-5.5.5
    await thing.run("CREATE TABLE before (id INTEGER); ALTER TABLE before RENAME TO after")
    await thing.run("CREATE TABLE t (meta TEXT); ALTER TABLE t ADD COLUMN gone TEXT")
    await thing.run("ALTER TABLE t RENAME COLUMN meta TO metadata; ALTER TABLE t DROP COLUMN gone")
    assert await thing.run("SELECT name FROM pragma_table_info('t')") == [["metadata"]]
    assert await thing.run("SELECT * FROM after") == []


VIOLATES_A = "CHECK constraint failed: a IN ('A', 'B'): SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_CHECK)"
VIOLATES = "CHECK constraint failed: SQLITE_ERROR"
ADD_B = "ALTER TABLE t ADD COLUMN b TEXT CHECK (b IS NOT NULL)"
ADD_C = "ALTER TABLE t ADD COLUMN c TEXT DEFAULT 'E' CHECK (c IN ('E', 'F'))"
WITH_CHECKS = {
    "CREATE TABLE t (meta TEXT, a TEXT CHECK (a IN ('A', 'B')))": [],
    "INSERT INTO t (a) VALUES ('A')": [],
    "INSERT INTO t (a) VALUES ('C')": VIOLATES_A,
    ADD_B: VIOLATES,
    "PRAGMA ignore_check_constraints = ON": [],
    " INSERT INTO t (a) VALUES ('C')": [],
    " " + ADD_B: [],
    "PRAGMA ignore_check_constraints = OFF": [],
    ADD_C: VIOLATES,
    "SELECT * FROM t": [[None, "A", None], [None, "C", None]],
    "PRAGMA quick_check": [["CHECK constraint failed in t"]] * 2,
}


async def test_checks_can_be_switched_off_and_their_violations_are_listed(thing: Any) -> None:
    # DO-5.5.T1.4 DO-5.5.T1.6
    assert dict(zip(WITH_CHECKS, await thing.outcomes(*WITH_CHECKS), strict=True)) == WITH_CHECKS


async def test_foreign_keys_can_be_switched_off_between_turns(thing: Any) -> None:
    # DO-5.5.T1.4 DO-5.5.P
    await thing.run_in_a_section("PRAGMA foreign_keys = OFF")
    await thing.run_in_one_transaction(
        "CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, b INTEGER REFERENCES b (id) ON DELETE RESTRICT)",
        "INSERT INTO a VALUES (1, 1)",
        "CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT)",
    )
    assert await thing.run("PRAGMA foreign_key_check") == [["a", 1, "b", 0]]
    await thing.run("INSERT INTO b VALUES (1)")
    assert await thing.run("PRAGMA foreign_key_check") == []
    await thing.run_in_a_section("PRAGMA foreign_keys = ON")
    assert (await refused(thing.run("INSERT INTO a VALUES (2, 2)"))).startswith("FOREIGN KEY constraint failed")


WORDS = {"true": 1, "false": 0, "on": 1, "off": 0, "yes": 1, "no": 0, "1": 1, "0": 0, "tRuE": 1, "NO": 0}
QUOTED = {"'true'": 1, '"yes"': 1, '"0"': 0, "  true    ": 1}


async def test_switch_of_deferred_foreign_keys_takes_every_word_for_yes_and_no(thing: Any) -> None:
    # DO-5.5.T1.4
    found = {}
    for word in WORDS | QUOTED:
        _, [[found[word]]] = await thing.run_each(f"PRAGMA defer_foreign_keys = {word}", "PRAGMA defer_foreign_keys")
    assert found == WORDS | QUOTED


@pytest.mark.parametrize(
    ("word", "text"),
    [("abcd", "not authorized"), ('"foo"', "not authorized"), ("'foo'", "not authorized"), ("'yes", "unrecognized")],
)
async def test_switch_of_deferred_foreign_keys_refuses_other_words(thing: Any, word: str, text: str) -> None:
    # DO-5.5.T1.4
    assert (await refused(thing.run(f"PRAGMA defer_foreign_keys = {word}"))).startswith(text)


USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY)"
POSTS = "CREATE TABLE posts (of INTEGER REFERENCES users (id))"
POST, USER = "INSERT INTO posts VALUES (1)", "INSERT INTO users VALUES (1)"
DEFER = "PRAGMA defer_foreign_keys = ON"


async def test_foreign_keys_are_checked_within_a_transaction_too(thing: Any) -> None:
    # DO-3.1.T1.4
    await thing.run_each(USERS, POSTS)
    assert (await refused(thing.run_in_one_transaction(POST, USER))).startswith("FOREIGN KEY constraint failed")
    assert await thing.run_each("SELECT * FROM posts", "SELECT * FROM users") == [[], []]


async def test_deferred_foreign_keys_are_checked_at_the_end(thing: Any) -> None:
    # DO-5.5.T1.4
    await thing.run_each(USERS, POSTS)
    await thing.run_in_one_transaction(DEFER, POST, USER)
    assert await thing.run("SELECT * FROM posts") == [[1]]


async def test_deferred_foreign_keys_that_are_violated_at_the_end_reset_the_object(thing: Any, fresh: Any) -> None:
    # DO-6.4.3
    await thing.run_each(USERS, POSTS)
    assert VIOLATED.search(await refused(thing.run_in_one_transaction(DEFER, POST)))
    assert await fresh().run("SELECT * FROM posts") == []


NOTES = (
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL, content TEXT NOT NULL)",
    "CREATE VIRTUAL TABLE found USING FtS5(id, title, content, tokenize = porter)",
    "CREATE VIRTUAL TABLE words USING fTs5VoCaB(found, row)",
    "CREATE TRIGGER added AFTER INSERT ON notes BEGIN INSERT INTO found VALUES (new.id, new.title, new.content); END",
    "CREATE TRIGGER gone AFTER DELETE ON notes BEGIN DELETE FROM found WHERE id = old.id; END",
    "INSERT INTO notes (title, content) VALUES ('one', 'The contents of note 1 (of 2), the first of them.')",
    "INSERT INTO notes (title, content) VALUES ('two', 'The content of note 2 (of 2), and the last.')",
)


async def test_full_text_search_ranks_highlights_and_follows_triggers(thing: Any) -> None:
    # DO-5.5.3 DO-5.6.2
    await thing.run_each(*NOTES)
    search = "SELECT id FROM found WHERE found MATCH '{}' ORDER BY rank"
    assert sorted(await thing.run(search.format("content"))) == [[1], [2]]
    assert await thing.run(search.format("2")) == [[2], [1]]
    [[better], [worse]] = await thing.run("SELECT bm25(found) FROM found WHERE found MATCH '2' ORDER BY rank")
    assert better < worse < 0
    marked = "SELECT highlight(found, 2, '<', '>') FROM found WHERE found MATCH 'last'"
    assert await thing.run(marked) == [["The content of note 2 (of 2), and the <last>."]]
    short = "SELECT snippet(found, 2, '<', '>', '…', 3) FROM found WHERE found MATCH 'last'"
    assert await thing.run(short) == [["…and the <last>."]]
    await thing.run("DELETE FROM notes WHERE id = 2")
    assert await thing.run(search.format("content")) == [[1]]


async def test_tables_of_other_modules_cannot_be_made(thing: Any) -> None:
    # DO-5.5.3
    assert (await refused(thing.run("CREATE VIRTUAL TABLE t USING fts5abcd(id)"))).startswith("not authorized")


NAMES = ["_CF_test", "_Cf_test", "_cF_test"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("make", ["CREATE TABLE {} (name)", "CREATE VIRTUAL TABLE {} USING fts5(content)"])
async def test_names_of_the_platform_are_reserved_in_any_case(thing: Any, make: str, name: str) -> None:
    # DO-5.5.1
    assert (await refused(thing.run(make.format(name)))).startswith("not authorized")


async def test_virtual_tables_of_other_names_can_be_made_and_dropped(thing: Any) -> None:
    # DO-5.5.1
    await thing.run("CREATE VIRTUAL TABLE mine USING fts5(content); DROP TABLE mine")
    assert await thing.run("SELECT name FROM sqlite_master") == []


async def test_optimizing_tells_what_it_would_do(thing: Any) -> None:
    # DO-5.5.T1.7
    await thing.run("CREATE TABLE mine (foo TEXT, bar INTEGER)")
    await thing.put("blah", 123)
    expected = [['ANALYZE "main"."_cf_KV"'], ['ANALYZE "main"."mine"']]
    assert sorted(await thing.run("PRAGMA optimize(-1)")) == expected
    assert sorted(await thing.run("PRAGMA optimize(0x7fffffff)")) == expected
    assert await thing.run_each("PRAGMA optimize = 0x10002", "ANALYZE", "PRAGMA optimize") == [[], [], []]


CHECKS = {
    "PRAGMA quick_check": [["ok"]],
    "PRAGMA quick_check(1)": [["ok"]],
    "PRAGMA quick_check(100)": [["ok"]],
    "PRAGMA quick_check(mine)": [["ok"]],
    "SELECT name FROM pragma_table_xinfo('mine')": [["foo"], ["bar"]],
    "SELECT cos(0), abs(-123)": [[1, 123]],
    'SELECT \'{"a":2,"c":[4,5,{"f":7}]}\' -> \'$.c\'': [['[4,5,{"f":7}]']],
}


async def test_ordinary_questions_have_ordinary_answers(thing: Any) -> None:
    # DO-5.5.5 DO-5.5.T1.6
    await thing.run("CREATE TABLE mine (foo TEXT, bar INTEGER)")
    assert dict(zip(CHECKS, await thing.run_each(*CHECKS), strict=True)) == CHECKS


async def test_dates_of_sql_have_their_forms(thing: Any) -> None:
    # DO-5.5.5
    [row] = await thing.run("SELECT current_date, current_time, current_timestamp")
    forms = [r"\d{4}-\d\d-\d\d", r"\d\d:\d\d:\d\d", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"]
    assert [bool(re.fullmatch(form, text)) for form, text in zip(forms, row, strict=True)] == [True] * 3


async def test_schema_can_be_told_as_json(thing: Any) -> None:
    # DO-5.5.5
    await thing.run("CREATE TABLE mine (foo TEXT, bar INTEGER)")
    await thing.put("blah", 123)
    query = (
        "SELECT json_group_array(json_object('name', name, 'columns', json((SELECT json_group_object(name, type)"
        " FROM pragma_table_info(tbl_name))))) FROM sqlite_master WHERE type = 'table' AND tbl_name != '_cf_KV'"
    )
    assert await thing.run(query) == [['[{"name":"mine","columns":{"foo":"TEXT","bar":"INTEGER"}}]']]
    listed = "SELECT name, ncol FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    assert await thing.run(f"{listed} AND name NOT LIKE '_cf_%'") == [["mine", 2]]


async def test_size_grows_and_shrinks_by_whole_pages(thing: Any) -> None:
    # DO-5.6.1
    before, more, after = await thing.sizes("CREATE TABLE one_more (a)", "DROP TABLE one_more")
    assert (more - before, after) == (4096, before)


async def test_cached_statement_sees_a_changed_table(thing: Any) -> None:
    # DO-5.4.1
    await thing.run("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)")
    assert await thing.objects("SELECT * FROM t") == [{"a": 1}]
    await thing.run("ALTER TABLE t ADD COLUMN b INTEGER")
    assert await thing.objects("SELECT * FROM t") == [{"a": 1, "b": None}]
    for value in (2, 3):
        await thing.run("INSERT INTO t VALUES (?, ?)", value, value)
    assert await thing.run("SELECT * FROM t") == [[1, None], [2, 2], [3, 3]]


async def test_several_statements_run_after_a_switch_that_recompiles_all(thing: Any) -> None:
    # DO-5.3.2 DO-6.1.1
    await thing.run("PRAGMA case_sensitive_like = TRUE")
    query = (
        "CREATE TABLE items (i INTEGER, s TEXT); CREATE INDEX by_text ON items (s);"
        " INSERT INTO items VALUES (123, 'abc'); INSERT INTO items VALUES (456, 'def');"
        " SELECT i FROM items WHERE s = 'abc'"
    )
    assert await thing.run(query) == [[123]]
    assert await thing.run("SELECT i FROM items") == [[123], [456]]


async def test_two_cursors_can_be_read_by_turns(thing: Any) -> None:
    # DO-5.4.T1.6
    await thing.run("CREATE TABLE abc (a, b); INSERT INTO abc VALUES (1, 2), (4, 5)")
    await thing.run("CREATE TABLE cde (c, d); INSERT INTO cde VALUES (7, 8), (1, 2)")
    first, second = {"a": 1, "b": 2}, {"a": 4, "b": 5}
    others = [{"c": 7, "d": 8}, {"c": 1, "d": 2}]
    pairs = [[row, other] for row in (first, second) for other in others]
    assert await thing.join_by_hand("SELECT * FROM abc", "SELECT * FROM cde") == [pairs, 2, [2, 2]]


async def test_counters_are_those_of_each_cursor_and_leave_out_temporary_tables(thing: Any) -> None:
    # DO-5.4.T1.6 DO-5.4.2
    await thing.run("CREATE TABLE abc (a, b); INSERT INTO abc VALUES (1, 2), (4, 5)")
    found = await thing.counters_of(
        "INSERT INTO abc VALUES (6, 7)",
        "SELECT * FROM abc WHERE a IN (1, 2, 3, 4, 5, 6)",
        "INSERT INTO abc VALUES (8, 9)",
    )
    assert found == [[0, 1], [3, 0], [0, 1]]


async def test_blobs_and_nulls_come_back_as_such(thing: Any) -> None:
    # DO-5.3.5
    await thing.run("CREATE TABLE t (id INTEGER PRIMARY KEY, data BLOB)")
    await thing.run("INSERT INTO t (data) VALUES (?), (zeroblob(10)), (NULL), (?)", b"x" * 12, None)
    found = [value for _, value in await thing.run("SELECT id, data FROM t")]
    assert [None if value is None else bytes(value) for value in found] == [b"x" * 12, bytes(10), None, None]


async def test_cursor_outlives_whatever_else_is_known_of_its_storage(thing: Any) -> None:
    # DO-5.4.1
    assert await thing.cursor_alone() == [{"value": 1}, {"value": 2}, {"value": 3}]


@pytest.mark.parametrize(("name", "there"), [("pair", [False, 1]), ("alarm", [True, 0])])
async def test_table_of_the_platform_that_was_undone_is_made_again(thing: Any, name: str, there: list[object]) -> None:
    # DO-3.2.P
    assert await thing.table_that_is_undone(name) == ["bar", [None, 0], there]


async def test_inner_synchronous_transaction_is_undone_alone(thing: Any) -> None:
    # DO-6.3.1
    await thing.run("CREATE TABLE n (i INTEGER); INSERT INTO n VALUES (1)")
    assert await thing.nested(2, 3) == [1, 2, 3, "foo", 2, 2]
