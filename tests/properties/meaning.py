"""What the steps mean that objects are given, for the model: one function for each kind of step."""

import re
from collections.abc import Callable, Generator
from typing import Any, Final

from properties.model import Alarm, Model, Reset, Thing, Thrown

Meaning = Callable[..., Any]
STEPS: Final[dict[str, Meaning]] = {}
#: Keys of the interpreter's own; they are listed without their values, which would grow with each look.
OWN: Final = "~"


def means(function: Meaning) -> Meaning:
    """Give a kind of step its meaning: a function of model, object and arguments, or a generator that waits."""
    STEPS[function.__name__.rstrip("_")] = function
    return function


def brief(message: object) -> str:
    """A message without what follows a colon or a semicolon: codes and numbers."""
    return re.split("[:;]", str(message))[0]


def interpret(model: Model, thing: Thing, steps: list[Any]) -> Generator[int, None, list[Any]]:
    """Do steps one by one. What they throw is part of the answer, but for the step that throws on purpose."""
    results: list[Any] = []
    for kind, *given in steps:
        if kind == "throw":
            raise Thrown("planned")
        try:
            result = STEPS[kind](model, thing, *given)
            results.append((yield from result) if isinstance(result, Generator) else result)
        except Thrown as failure:
            results.append(["threw", brief(failure)])
    return results


def handle(model: Model, thing: Thing, alarm: Alarm) -> Generator[int, None, None]:
    """Run the alarm: do what is planned next, and store what was told and seen."""
    due_ms, failures = alarm.due_ms, alarm.failures
    steps, *rest = thing.content.pairs.get("~plan") or [[]]
    runs = thing.content.pairs.get("~runs", [0])[0]
    put_many(model, thing, {"~plan": rest, "~runs": [runs + 1, failures, due_ms]})
    results = yield from interpret(model, thing, steps)
    put(model, thing, "~seen", results)


# -- pairs


@means
def get(_model: Model, thing: Thing, key: str) -> Any:
    return [thing.content.pairs[key]] if key in thing.content.pairs else []


@means
def get_many(_model: Model, thing: Thing, keys: list[str]) -> Any:
    return [[key, thing.content.pairs[key]] for key in in_order(keys) if key in thing.content.pairs]


@means
def put(_model: Model, thing: Thing, key: str, value: object) -> None:
    thing.change(pairs={**thing.content.pairs, key: value})


@means
def put_many(_model: Model, thing: Thing, entries: dict[str, object]) -> None:
    thing.change(pairs={**thing.content.pairs, **entries})


@means
def delete(model: Model, thing: Thing, key: str) -> bool:
    return delete_many(model, thing, [key]) == 1


@means
def delete_many(_model: Model, thing: Thing, keys: list[str]) -> int:
    left = {key: value for key, value in thing.content.pairs.items() if key not in keys}
    count = len(thing.content.pairs) - len(left)
    thing.change(pairs=left)
    return count


@means
def list_(_model: Model, thing: Thing, options: dict[str, Any]) -> Any:
    keys = [key for key in in_order(thing.content.pairs) if key.startswith(options.get("prefix", ""))]
    keys = [key for key in keys if key.encode() >= options.get("start", "").encode()]
    if "startAfter" in options:
        keys = [key for key in keys if key.encode() > options["startAfter"].encode()]
    if "end" in options:
        keys = [key for key in keys if key.encode() < options["end"].encode()]
    if options.get("reverse"):
        keys.reverse()
    return [[key, None if key.startswith(OWN) else thing.content.pairs[key]] for key in keys[: options.get("limit")]]


STEPS.update(kv_get=get, kv_put=put, kv_delete=delete, kv_list=list_)


def in_order(keys: Any) -> list[str]:
    """Keys in the order of their bytes, each once."""
    return sorted(set(keys), key=str.encode)


@means
def delete_all(model: Model, thing: Thing) -> None:
    if thing.depth or thing.sync_depth:
        raise Thrown("Cannot call deleteAll() within a transaction")
    model.delete_all(thing)


# -- rows


@means
def sql_insert(_model: Model, thing: Thing, number: int, text: str) -> None:
    if number in thing.content.rows:
        raise Thrown("UNIQUE constraint failed")
    thing.change(rows={**thing.content.rows, number: text})


@means
def sql_replace(_model: Model, thing: Thing, number: int, text: str) -> None:
    thing.change(rows={**thing.content.rows, number: text})


@means
def sql_update(_model: Model, thing: Thing, number: int, text: str) -> list[int]:
    """All rows up to a number; which they were."""
    changed = {key: text for key in thing.content.rows if key <= number}
    thing.change(rows={**thing.content.rows, **changed})
    return sorted(changed)


@means
def sql_delete(_model: Model, thing: Thing, number: int) -> list[int]:
    left = {key: text for key, text in thing.content.rows.items() if key != number}
    gone = [number] if number in thing.content.rows else []
    thing.change(rows=left)
    return gone


@means
def sql_select(_model: Model, thing: Thing) -> list[list[object]]:
    return [[number, thing.content.rows[number]] for number in sorted(thing.content.rows)]


@means
def sql_orphan(_model: Model, thing: Thing) -> None:
    """A row that refers to none: the commit of it fails, and resets the object."""
    thing.change(is_broken=True)


# -- transactions


@means
def transaction(model: Model, thing: Thing, steps: list[Any], ending: str) -> Generator[int, None, Any]:
    model.commit(thing)
    marks = thing.marks
    thing.depth += 1
    try:
        results = yield from interpret(model, thing, steps)
        if ending == "throw":
            raise Thrown("undone")
    except Thrown:
        thing.depth -= 1
        thing.restore(marks)
        raise
    thing.depth -= 1
    if ending == "rollback":
        thing.restore(marks)
        return results
    if not thing.depth and thing.content.is_broken:
        _commit_broken(model, thing)
    model.commit(thing)
    return results


def _commit_broken(model: Model, thing: Thing) -> None:
    try:
        model.commit(thing)
    except Reset:
        raise Reset("internal error") from None


@means
def transaction_sync(model: Model, thing: Thing, steps: list[Any], ending: str) -> Generator[int, None, Any]:
    marks = thing.marks
    thing.sync_depth += 1
    try:
        results = yield from interpret(model, thing, steps)
        if ending == "throw":
            raise Thrown("undone")
    except Thrown:
        thing.restore(marks)
        raise
    finally:
        thing.sync_depth -= 1
    return results


@means
def sync(model: Model, thing: Thing) -> None:
    model.commit(thing)


# -- alarms


@means
def set_alarm(model: Model, thing: Thing, delay_ms: int) -> None:
    due_ms = max(model.now_ms + delay_ms, model.now_ms)
    alarm = thing.alarm
    if alarm is not None and alarm.state == "running" and thing.committed.alarm_ms == due_ms:
        thing.must_ring_again = True  # though nothing changes: it runs for this very time
    thing.is_alarm_hidden = False
    thing.change(alarm_ms=due_ms)


@means
def get_alarm(_model: Model, thing: Thing) -> int | None:
    return None if thing.is_alarm_hidden else thing.content.alarm_ms


@means
def delete_alarm(_model: Model, thing: Thing) -> None:
    thing.is_alarm_hidden = thing.must_ring_again = False
    thing.change(alarm_ms=None)


@means
def plan(model: Model, thing: Thing, runs: list[list[Any]]) -> None:
    """What the next runs of the alarm do."""
    put(model, thing, "~plan", runs)


# -- turns, time, other objects


@means
def wait(_model: Model, _thing: Thing, microseconds: int) -> Generator[int, None, None]:
    yield microseconds * 1000


@means
def memory(_model: Model, thing: Thing) -> int | None:
    """How many events this instance has seen."""
    return thing.memory


@means
def call_other(model: Model, thing: Thing, name: str, steps: list[Any]) -> object:
    return "myself" if name == thing.name else model.call_from(thing, name, steps)


@means
def abort(_model: Model, _thing: Thing) -> None:
    raise Reset("enough")
