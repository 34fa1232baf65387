"""What draws the arguments of steps."""

import re
from collections.abc import Set
from typing import Any, Final

from hypothesis import strategies as st

from differential.kinds import InnerStep, inner_steps, kinds_in, steps_in
from pytest_durable._core.storage import text_of
from pytest_durable.values import UNDEFINED, JSError, JSMap, JSSet
from support import stored_values

REASONS = st.lists(st.sampled_from(["why", "", None, 5]), max_size=1)
#: Objects: those of the second namespace are behind a mark, and one of them has the name of one in the first.
EVERYBODY: Final = ("a", "b", "c", "second:a", "second:é 😀")
NAMES = st.sampled_from(EVERYBODY)

# Few keys, so that steps meet: one a prefix of another, and in the order of UTF-8, which is not that of UTF-16.
ALL_KEYS = ["a", "", "aa", "ab", "b", "b\0", "é", "\uffee", "😀", "\ud800"]
KEYS = st.sampled_from(ALL_KEYS)
KEY_LISTS = st.lists(KEYS, max_size=4)
VALUES = st.integers(0, 9) | stored_values.PRIMITIVES | stored_values.leaves() | stored_values.graphs()
#: Objects that are taken for entries and options, though nobody means them so.
ODD_OBJECTS = (
    stored_values.leaves() | stored_values.errors() | st.sampled_from([[], ["a"], JSMap({"a": 1}), JSSet(["a"])])
)
_ENTRIES = st.dictionaries(KEYS, VALUES, max_size=3)
ENTRIES = st.one_of(_ENTRIES, _ENTRIES, ODD_OBJECTS)


def _present(options: dict[str, object]) -> object:
    return options or UNDEFINED


_LIST_OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "prefix": KEYS,
        "start": KEYS,
        "startAfter": KEYS,
        "end": KEYS,
        "reverse": st.booleans() | st.sampled_from([0, 1, "", None]),
        "limit": st.integers(1, 3) | st.sampled_from([0, -1, 1.5, "2", None, 2.0**40, float("nan")]),
        "noCache": st.booleans(),
    },
).map(_present)
LIST_OPTIONS = st.one_of(_LIST_OPTIONS, _LIST_OPTIONS, _LIST_OPTIONS, ODD_OBJECTS)

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
#: Statements that read.
QUERIES = st.sampled_from(
    [
        "SELECT * FROM plants ORDER BY id",
        "SELECT name, count(*) AS count, sum(height) FROM plants GROUP BY name ORDER BY name",
        "SELECT 1 AS one, 2.5 AS half, 'x' AS text, x'00ff' AS blob, NULL AS nothing",
        "SELECT id FROM plants WHERE height > 2 ORDER BY id LIMIT 1",
        "SELECT p.id, s.note FROM plants p LEFT JOIN seeds s ON s.plant = p.id ORDER BY p.id, s.note",
        "SELECT name, type FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\' ORDER BY name",
        "SELECT unixepoch() > 0, date('2024-02-29', '+1 year')",
        "SELECT typeof(height), height FROM plants ORDER BY id",
        "SELECT * FROM missing",
        "SELEC 1",
    ]
)
_NUMBERS = st.integers(0, 4)
_SQL_OBJECTS = stored_values.TEXT | stored_values.leaves()
_SQL_VALUES = st.one_of(
    _NUMBERS,
    st.sampled_from(
        [None, UNDEFINED, True, False, 0.5, -0.0, float("inf"), float("nan"), 2.0**60, "x", "é\0", b"\xff"]
    ),
    # A lone surrogate is stored in other bytes on the platform (docs/fidelity.md).
    _SQL_OBJECTS.filter(lambda value: not _LONE_SURROGATE.search(text_of(value))),
)


def _with(query: str, *bindings: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.tuples(*bindings).map(lambda given: [query, *given])


#: A statement and what is bound to it.
STATEMENTS = st.one_of(
    _with("CREATE TABLE IF NOT EXISTS plants (id INTEGER PRIMARY KEY, name TEXT UNIQUE, height)"),
    _with("INSERT INTO plants VALUES (?, ?, ?)", _NUMBERS, st.sampled_from(["oak", "elm", "ivy"]), _SQL_VALUES),
    _with("INSERT OR REPLACE INTO plants VALUES (?, ?, ?) RETURNING id", _NUMBERS, _SQL_VALUES, _SQL_VALUES),
    _with("UPDATE plants SET height = ? WHERE id <= ?", _SQL_VALUES, _NUMBERS),
    _with("DELETE FROM plants WHERE id = ?", _NUMBERS),
    _with("CREATE TABLE seeds (plant INTEGER REFERENCES plants (id) DEFERRABLE INITIALLY DEFERRED, note TEXT)"),
    _with("INSERT INTO seeds VALUES (?, ?)", _NUMBERS, _SQL_VALUES),
    _with("CREATE INDEX IF NOT EXISTS tall ON plants (height)"),
    _with("DROP TABLE plants"),
    _with("ALTER TABLE plants ADD COLUMN age"),
    _with("SELECT ?, ?", _SQL_VALUES, _SQL_VALUES),
    _with("SELECT ?", _SQL_VALUES, _SQL_VALUES),
    _with("INSERT INTO plants (name) VALUES ('moss'); INSERT INTO plants (name) VALUES ('fern'), ('moss')"),
    _with("DELETE FROM _cf_KV"),
    _with("SELECT key FROM _cf_KV"),
    _with("BEGIN TRANSACTION"),
    _with("PRAGMA foreign_keys"),
    _with("PRAGMA user_version = 5"),
    _with("SELECT * FROM plants; "),
    _with(""),
    _with("-- nothing"),
    QUERIES.map(lambda query: [query]),
)

#: Alarms and waits end on instants of their own, because the order of what happens in one instant is not told.
#: None is now or in the past: an alarm that a handler sets to the very instant that it runs for is lost on the platform
#: (docs/fidelity.md).
ALARM_DELAYS = st.sampled_from([1003, 3, 4003, 30_003, 100_003, 3_600_003])
WAITS = st.sampled_from([10, 200])

INNER: st.SearchStrategy[list[InnerStep]] = st.deferred(lambda: inner_steps("call", "sync"))
#: What is written past a transaction that was rolled back is committed at once on the platform, and at the end of the
#: turn here (docs/fidelity.md); an abort would show it.
INNER_OF_TRANSACTION: st.SearchStrategy[list[InnerStep]] = st.deferred(
    lambda: inner_steps("call", "sync", "transaction").filter(lambda steps: not aborts_after_rollback(steps))
)
#: In a call to another object: two sections, each waiting for the other, would end in one instant.
INNER_OF_CALL = INNER.filter(lambda steps: not _waits_in_section(steps))
INNER_NOW: st.SearchStrategy[list[InnerStep]] = st.deferred(lambda: inner_steps("sync"))
#: How long ago the instant of an alarm is that runs at once. It is set by the last step, because whether a request goes
#: on before the alarm runs, or later, is not told. A handler waits first, because
#: such an alarm is set to the present, and that must not be the instant that the handler runs for (see above).
AGES = st.sampled_from([1, 0, 1003, 3_600_003])


def _ending(steps: list[InnerStep], age: int) -> list[InnerStep]:
    return [*steps, ["set_past_alarm", age]]


def _ending_run(steps: list[InnerStep], age: int) -> list[InnerStep]:
    return [*steps, ["wait", 10], ["set_past_alarm", age]]


#: All that a call of the test does, and all that a run of an alarm does.
CALLS = INNER | INNER | st.builds(_ending, INNER, AGES)
RUNS = (INNER | INNER | st.builds(_ending_run, INNER, AGES)).filter(lambda steps: not aborts_late_in_section(steps))
#: What the next runs of the alarm do; a run that throws is tried again.
PLANS = st.lists(RUNS, min_size=1, max_size=4).map(lambda runs: _without_errors_as_entries(runs))
#: Calls that are under way together, and whom they ask.
TOGETHER = st.lists(st.tuples(NAMES, CALLS), min_size=2, max_size=3).filter(
    lambda asked: _REQUESTS.isdisjoint(kinds_in(asked)) or not aborts_late_in_section(asked)
)
#: What an object is called for by a stub that is used once more afterwards.
BREAKING = INNER_OF_CALL | REASONS.map(lambda reason: [["abort", reason]])


def _without_errors_as_entries(steps: list[Any], seen: frozenset[int] = frozenset()) -> list[Any]:
    """The steps, with nothing in place of errors that are taken for entries.

    Plans are stored, and an error that was stored without a stack comes back with one on the platform, as a member that
    ``put`` would store (docs/decisions/0014-…).
    """
    if steps[:1] == ["put_many"] and isinstance(steps[1], JSError):
        steps[1] = {}
    for each in steps:
        if isinstance(each, list) and id(each) not in seen:  # a value may lead back to itself
            _without_errors_as_entries(each, seen | {id(each)})
    return steps


def aborts_after_rollback(steps: list[InnerStep]) -> bool:
    """Whether the steps of a transaction undo it and abort the object later."""
    return _then({"rollback"}, "abort", steps)


def _then(first: Set[str], later: str, steps: list[InnerStep]) -> bool:
    """Whether one of the first kinds, and in that step or a later one the other kind, is in the steps."""
    kinds = [set(kinds_in([step])) for step in steps]
    return any(first & before and later in after for at, before in enumerate(kinds) for after in kinds[at:])


def aborts_late_in_section(given: object) -> bool:
    """Whether a critical section aborts its object after others have had time to come and wait for its end.

    A request among those is told something else on the platform (docs/fidelity.md), and one can come at any time while
    an alarm runs or several calls are under way.
    """
    sections = (steps[0] for kind, *steps in steps_in(given) if kind in ("block", "transaction"))
    return any(_then(_CALLS | {"wait", "block"}, "abort", steps) for steps in sections)


def takes_time(given: object) -> bool:
    """Whether time may pass while the steps run: they wait, have planned steps run, or may get stuck in a section."""
    return any(
        kind in ("wait", "block", *_REQUESTS) or (kind == "transaction" and not _CALLS.isdisjoint(kinds_in(inside)))
        for kind, *inside in steps_in(given)
    )


def _waits_in_section(steps: list[InnerStep]) -> bool:
    for kind, *given in steps:
        inside = set(kinds_in(given))
        if kind in ("block", "transaction") and not inside.isdisjoint(_CALLS):
            return True
        if kind in _RUNNING and _waits_in_section(given[-1]):
            return True
    return False


#: The kinds of step that ask another object: to run steps, and all.
_RUNNING: Final = frozenset(("call_other", "call_twice", "call_again", "call_by_id"))
_REQUESTS: Final = {"fetch_other", "fetch_address"}
_CALLS: Final = _RUNNING | _REQUESTS | {"call_nothing", "echo"}

#: How the constructor of an object fails.
WAYS_TO_FAIL: Final = ("throw", "write and throw", "set an alarm and throw", "throw in a section", "abort")

METHODS = st.sampled_from(["nothing", "alarm", "events"])
ERROR_NAMES = st.sampled_from(["Error", "TypeError", "RangeError", "OwnError"])
MESSAGES = st.sampled_from(["no", "", "é"])
PROPERTIES: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {}, optional={"code": st.integers(0, 2), "detail": st.just([1]), "retryable": st.just(True)}
)

METHODS_OF_REQUESTS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "post", "CONNECT", "Foo"]
PATHS = ["", "x/y?q=1&r=%20", "%C3%A9?", "a/../b c?\xe9#d", "a\\b|^`{}"]
#: Addresses that are not in their normal form, or are none.
ADDRESSES = [
    *("https://example.com", "HTTP://EXAMPLE.com:80/a/../b c?\xe9#d", "https://name:word@x/a\\b", "path", ""),
    *("https://a b/", "ftp://x/", "https://\xfc.com", " https://x/%41?%zz \n"),
]
#: Headers likewise.
HEADERS: list[dict[str, str]] = [
    *({"x-a": " v\n"}, {"x a": "v"}, {"X-A": "1", "x-b": "\t2 "}, {"x-a": "a\nb"}, {"x-a": ""}, {"x-a": "a,b"}),
]
#: What the object does with a request.
WISHES = ["answer", "plan", "throw", "return nothing", "abort"]
STATUSES = [200, 201, 204, 302, 304, 404, 500]


#: [method, path, wish, status, body]
REQUESTS = st.tuples(
    st.sampled_from(METHODS_OF_REQUESTS),
    st.sampled_from(PATHS),
    st.sampled_from(WISHES),
    st.sampled_from(STATUSES),
    st.sampled_from([None, "", "text", "é\0"]),
).map(list)
