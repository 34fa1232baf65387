"""The kinds of step that objects interpret: ``interpreter.py`` fills the table, ``arguments.py`` draws from it."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from hypothesis import strategies as st

Function = Callable[..., Any]
#: [kind, *arguments]
InnerStep = list[Any]
#: Where a step may stand: in any call; in a synchronous transaction too; in an asynchronous transaction only; as the
#: last of all that a call does only.
Place = Literal["call", "sync", "transaction", "last"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of step: what does it, what draws its arguments, where it may stand."""

    function: Function
    arguments: st.SearchStrategy[tuple[Any, ...]]
    place: Place


KINDS: Final[dict[str, Kind]] = {}
#: How often objects of this process have run a step of each kind, since somebody cleared it. Objects cannot be handed
#: anything that they could tell it to: what they get is what the platform gives them.
RAN: Final = Counter[str]()


def step(*arguments: st.SearchStrategy[Any], place: Place = "call") -> Callable[[Function], Function]:
    """Make a function a kind of step whose arguments are drawn so."""

    def register(function: Function) -> Function:
        KINDS[function.__name__.rstrip("_")] = Kind(function, st.tuples(*arguments), place)
        return function

    return register


def inner_step(kind: str) -> st.SearchStrategy[InnerStep]:
    """Draw a step of this kind."""
    return KINDS[kind].arguments.map(lambda given: [kind, *given])


def inner_steps(*places: Place, max_size: int = 3) -> st.SearchStrategy[list[InnerStep]]:
    """Draw steps that may stand in one of these places."""
    names = sorted(name for name, kind in KINDS.items() if kind.place in places and name != "throw")
    orderly = st.lists(st.sampled_from(names).flatmap(inner_step), max_size=max_size)
    failing = st.tuples(orderly, inner_step("throw")).map(lambda drawn: [*drawn[0], drawn[1]])
    return st.one_of(orderly, orderly, failing)


def steps_in(given: object, seen: frozenset[int] = frozenset()) -> Iterator[InnerStep]:
    """All inner steps in the arguments of a step, those inside others too."""
    if isinstance(given, list | tuple) and id(given) not in seen:  # a value may lead back to itself
        if given and isinstance(given[0], str) and given[0] in KINDS:
            yield list(given)
        for each in given:
            yield from steps_in(each, seen | {id(given)})


def kinds_in(given: object) -> Iterator[str]:
    """Their kinds."""
    return (kind for kind, *_ in steps_in(given))
