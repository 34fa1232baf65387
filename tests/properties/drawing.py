"""Draws the program of a number, and makes it smaller when something is wrong with it."""

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, Verbosity, given, settings

from properties.chance import seeded_backend
from properties.programs import Program, is_idle, programs


def draw(number: int, use: Callable[[Program], object]) -> Program:
    """Give the program of that number to ``use``; if that fails, smaller ones too, the smallest last.

    Each program is a run of hypothesis of its own, because of the programs of one run most are variations of others.

    Returns:
        The program.

    Raises:
        Exception: What ``use`` raised for the smallest program.
    """
    drawn: list[Program] = []
    with seeded_backend(number) as backend:

        @settings(
            max_examples=2,  # the first one does nothing
            backend=backend,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
        )
        @given(programs())
        def check(program: Program) -> None:
            if not is_idle(program):
                drawn.append(program)
                use(program)

        check()
    return drawn[0]
