"""Programs: how they are drawn, counted and printed."""

from typing import Any, Final

from hypothesis import strategies as st

#: (kind, *arguments)
Step = tuple[Any, ...]
Program = list[Step]

STEPS_PER_PROGRAM: Final = 16
#: The third is kept in memory only.
NAMES: Final = ("a", "b", "m")
RECORDS: Final = (
    "Committed", "TransactionBegan", "AlarmRowWritten", "AlarmRowDeleted", "AlarmScheduled", "AlarmStarted",
    "AlarmFinished", "AlarmRetried", "ReplySent", "CallStarted", "CallEnded", "InstanceBuilt", "StorageReset",
    "Evicted",
)  # fmt: skip

_name = st.sampled_from(NAMES)
_key = st.sampled_from(["a", "", "aa", "ab", "b", "é", "\uffee", "😀"])
_keys = st.lists(_key, max_size=3)
_value = st.sampled_from([0, 1, 2, 3, "x", "é", [1, [2]], {"a": 1}])
_number = st.integers(0, 3)
_text = st.sampled_from(["oak", "elm", "ivy"])
_options = st.fixed_dictionaries(
    {},
    optional={"prefix": _key, "start": _key, "end": _key, "reverse": st.booleans(), "limit": st.integers(1, 3)},
)
#: In ms, from now.
_delay = st.sampled_from([1000, 0, 1, 2000, 2300, 30_000, 600_000, -5000])
#: In microseconds; all different, so that nothing else is due at the same instant.
_wait = st.tuples(st.sampled_from([20_000, 300_000, 3_000_000, 12_000_000]), st.integers(1, 999)).map(sum)
_ending = st.sampled_from(["commit", "throw", "rollback"])
_ending_sync = st.sampled_from(["commit", "throw"])

#: Steps that may stand anywhere, also in a synchronous transaction.
_NOW: Final[dict[str, tuple[st.SearchStrategy[Any], ...]]] = {
    "kv_get": (_key,),
    "kv_put": (_key, _value),
    "kv_delete": (_key,),
    "kv_list": (_options,),
    "sql_insert": (_number, _text),
    "sql_replace": (_number, _text),
    "sql_update": (_number, _text),
    "sql_delete": (_number,),
    "sql_select": (),
    "sql_orphan": (),
    "memory": (),
    "throw": (),
    "transaction_sync": (st.deferred(lambda: _steps(_NOW, 3, size_min=1)), _ending_sync),
}
#: Steps that may stand in an asynchronous transaction too.
_INSIDE: Final[dict[str, tuple[st.SearchStrategy[Any], ...]]] = {
    **_NOW,
    "put": (_key, _value),
    "put_many": (st.dictionaries(_key, _value, min_size=1, max_size=5),),
    "get": (_key,),
    "get_many": (_keys,),
    "delete": (_key,),
    "delete_many": (_keys,),
    "list": (_options,),
    "set_alarm": (_delay,),
    "get_alarm": (),
    "delete_alarm": (),
    "sync": (),
    "abort": (),
    "plan": (st.deferred(lambda: _plan),),
    "transaction": (st.deferred(lambda: _steps(_INSIDE, 3, size_min=1)), _ending),
}
#: Steps of a call of one object to another: they do not wait, and go no further.
_CALLED: Final = {**_INSIDE, "delete_all": ()}
#: Steps of a call of the test, or of an alarm.
_ANY: Final = {**_CALLED, "wait": (_wait,), "call_other": (_name, st.deferred(lambda: _steps(_CALLED, 3, size_min=1)))}
#: Steps with more in them than others, which are drawn more often.
_RICH: Final = ("transaction", "transaction_sync", "call_other", "set_alarm", "put_many", "list", "kv_list")


def _steps(kinds: dict[str, Any], size_max: int, *, size_min: int = 0) -> st.SearchStrategy[list[Any]]:
    return st.lists(_one_of(kinds), min_size=size_min, max_size=size_max)


def _one_of(kinds: dict[str, tuple[st.SearchStrategy[Any], ...]]) -> st.SearchStrategy[list[Any]]:
    drawn = {kind: st.tuples(st.just(kind), *arguments).map(list) for kind, arguments in kinds.items()}
    rich = [kind for kind in _RICH if kind in kinds]
    return st.sampled_from([*sorted(drawn), *rich, *rich]).flatmap(drawn.__getitem__)


_runs = st.deferred(lambda: _steps(_ANY, 3))
_plan = st.one_of(
    st.lists(_runs, min_size=1, max_size=3),
    st.sampled_from([1, 2, 8]).map(lambda count: [[["throw"]]] * count),
)
_CALL: Final = st.tuples(st.just("call"), _name, _steps(_ANY, 4, size_min=1))
_SECONDS: Final = st.sampled_from([1, 9, 11, 70, 4000])
_MOVES: Final = {
    "nothing": st.just(("nothing",)),
    "call": _CALL,
    # The usual way to an alarm; chance alone would not take it often enough.
    "arm": st.tuples(_name, _plan, _delay, _steps(_ANY, 2)).map(
        lambda drawn: ("call", drawn[0], [["plan", drawn[1]], ["set_alarm", drawn[2]], *drawn[3]])
    ),
    "advance": st.tuples(st.just("advance"), _SECONDS),
    "to_next": st.just(("to_next",)),
    "run_alarm": st.tuples(st.just("run_alarm"), _name),
    "evict": st.tuples(st.just("evict"), _name),
    "abort_object": st.tuples(st.just("abort_object"), _name),
    "restart": st.tuples(st.just("restart"), st.sampled_from([0, 5, 4000])),
    "crash": st.tuples(st.just("crash"), st.sampled_from([0, 5, 4000])),
    "crash_at": st.tuples(
        st.just("crash_at"),
        st.sampled_from(RECORDS),
        st.sampled_from([None, None, *NAMES]),
        st.sampled_from([1, 1, 2, 3]),
    ),
}  # fmt: skip
_WEIGHED: Final = ["nothing", "call", "call", "call", "call", "arm", "arm", "crash_at", "crash_at", *list(_MOVES)[3:-1]]

#: Every kind of step that is counted.
KINDS: Final = tuple(sorted({*_ANY, *_MOVES} - {"nothing", "arm"}))


def programs(length: int = STEPS_PER_PROGRAM) -> st.SearchStrategy[Program]:
    """Programs of that many steps; what a failure does not need shrinks to steps that do nothing."""
    return st.lists(st.sampled_from(_WEIGHED).flatmap(_MOVES.__getitem__), min_size=length, max_size=length)


def is_idle(program: Program) -> bool:
    """Whether it does nothing: the first program that hypothesis tries."""
    return all(step == ("nothing",) for step in program)


def written(program: Program) -> str:
    """A program as Python that can be pasted into ``test_regressions.py``."""
    lines = [f"        {step!r}," for step in program if step != ("nothing",)]
    return "\n".join(["    program = [", *lines, "    ]"])
