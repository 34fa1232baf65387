"""Random programs leave what a small pure model says, whatever is evicted, aborted, restarted or crashed on the way.

The programs are the same in every run. ``DURABLE_PROGRAMS=50000`` runs more of them; the first are those of the short
run. See docs/how-to/property-tests.md.
"""

import os
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, settings

from properties.chance import seeded_backend
from properties.programs import KINDS, Program, count_kinds, is_idle, programs, written
from properties.trial import Divergence, run_program

PROGRAMS = int(os.environ.get("DURABLE_PROGRAMS", "2000"))
PROGRAMS_PER_TEST = min(PROGRAMS, 250)
#: The share of programs that each kind of step must be in.
SHARE_MIN = 0.1


def draw(number: int, use: Callable[[Program], object], *, shrink: bool) -> Program:
    """Give the program of that number to ``use``; if that fails, smaller ones too. Returns the last.

    Each program is a run of hypothesis of its own, because of the programs of one run most are variations of others.
    """
    last: list[Program] = []
    with seeded_backend(number) as backend:

        @settings(
            max_examples=2,
            backend=backend,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,  # the failing program is told below, in a form that can be pasted
        )
        @given(programs())
        def check(program: Program) -> None:
            if not is_idle(program):
                last[:] = [program]
                use(program)

        check()
    return last[0]


def test_x() -> None:
    pass
