"""Programs: how they are drawn, counted and printed."""

from typing import Any

from hypothesis import strategies as st

from differential import interpreter  # noqa: F401  fills the table of kinds
from differential.arguments import INNER, NAMES, aborts_after_rollback
from differential.kinds import KINDS, inner_step
from differential.pair import MOVES, Step
from pytest_durable._core.storage import decode, encode
from pytest_durable.values import UNDEFINED

STEPS_PER_PROGRAM = 40

_ALL = [*MOVES, *KINDS]


def _step(kind: str) -> st.SearchStrategy[Step]:
    if kind in MOVES:
        return MOVES[kind].arguments.map(lambda given: (kind, *given))
    steps = inner_step(kind).map(lambda step: [step])
    if KINDS[kind].place == "transaction":
        around = st.tuples(INNER, steps, INNER)
        inside = around.map(lambda drawn: [*drawn[0], *drawn[1], *drawn[2]])
        steps = inside.filter(lambda drawn: not aborts_after_rollback(drawn)).map(
            lambda drawn: [["transaction", drawn]]
        )
    if KINDS[kind].place == "last":
        steps = st.tuples(INNER, steps).map(lambda drawn: [*drawn[0], *drawn[1]])
    return st.tuples(NAMES, steps).map(lambda drawn: ("call", *drawn))


def programs(length: int = STEPS_PER_PROGRAM) -> st.SearchStrategy[list[Step]]:
    """Programs of that many steps; what a failure does not need shrinks to steps that do nothing."""
    return st.lists(st.sampled_from(_ALL).flatmap(_step), min_size=length, max_size=length)


def is_idle(program: list[Step]) -> bool:
    """Whether it does nothing: the first program that hypothesis tries."""
    return all(step == ("settle",) for step in program)


def written(program: list[Step]) -> str:
    """A program as Python that can be pasted into ``test_regressions.py``; steps that do nothing are left out."""
    lines = [f"        {_written(step)}," for step in program if step[0] != "settle"]
    return "\n".join(["    program = [", *lines, "    ]"])


def _written(item: Any) -> str:
    if isinstance(item, tuple):
        return "(" + ", ".join(map(_written, item)) + ("," if len(item) == 1 else "") + ")"
    if type(item) in (int, bool, str, bytes) or item is None or item is UNDEFINED:
        return ascii(item)  # which letters repr() shows depends on the version of Python
    if type(item) is list and _is_tree(item):
        return "[" + ", ".join(map(_written, item)) + "]"
    if type(item) is dict and _is_tree(item):
        return "{" + ", ".join(f"{key!a}: {_written(held)}" for key, held in item.items()) + "}"
    return f"stored({encode(item).hex()!r})"


def _is_tree(item: object) -> bool:
    """Whether no list or dict is in there twice, so that it can be written as a literal."""
    seen: set[int] = set()

    def visit(each: object) -> bool:
        if type(each) not in (list, dict):
            return True
        if id(each) in seen:
            return False
        seen.add(id(each))
        return all(map(visit, each.values() if isinstance(each, dict) else each))

    return visit(item)


def stored(text: str) -> object:
    """The value that ``written`` wrote so."""
    return decode(bytes.fromhex(text))
