"""How program 347 is made: the same in every process, whatever that has imported or run before.

Hypothesis draws now and then a constant that it has read in the source of some module that happens to be imported and
looks like the user's own. A test that ran earlier in the same process, or did not, would so change one program in ten.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.internal.cache import LRUCache
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from differential.pair import Step
from differential.programs import is_idle, programs, written
from support.digests import digest

#: Enough for each set of constraints that occurs; what is in it changes no program.
_CACHE_SIZE: Final = 1024


@contextmanager
def _no_constants_of_modules() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(providers, "_get_local_constants", Constants)
        patch.setattr(providers, "CONSTANTS_CACHE", LRUCache(_CACHE_SIZE))  # the other one holds those of modules
        yield


def draw(number: int, use: Callable[[list[Step]], None]) -> None:
    """Draw the program of that number and use it; if that fails, use ever smaller ones that fail too.

    Each program is a run of hypothesis of its own, because of the programs of one run most are variations of others.
    """

    @seed(number)
    @settings(
        max_examples=2,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,  # who asked tells the failing program in a form that can be pasted
        backend="hypothesis",
    )
    @given(programs())
    def check(program: list[Step]) -> None:
        if not is_idle(program):
            use(program)

    with _no_constants_of_modules():
        check()


def digests(numbers: range) -> list[str]:
    """The digests of those programs, none of which is run."""
    found: list[str] = []
    for number in numbers:
        draw(number, lambda program: found.append(digest(written(program))))
    return found
