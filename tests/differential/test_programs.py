"""Programs of random steps mean the same on both hosts.

The programs are the same in every run. ``DURABLE_PROGRAMS=10000`` runs more of them; the first are those of the short
run. See docs/how-to/differential.md.
"""

import os
from collections import Counter
from collections.abc import Callable

import pytest

from differential.drawing import draw
from differential.kinds import KINDS
from differential.pair import MOVES, Divergence, Pair, Step
from differential.programs import count_kinds, written
from support.digests import digest
from support.workerd import Platform

PROGRAMS = int(os.environ.get("DURABLE_PROGRAMS", "500"))
PROGRAMS_PER_TEST = min(PROGRAMS, 50)
#: The share of programs that each kind of step must be in.
SHARE_MIN = 0.1

Run = Callable[[list[Step]], int]


def run_program(number: int, run_on_both: Run) -> tuple[list[Step], int]:
    """Run the program of that number on both hosts; the program, and after how many of its steps they were compared."""
    used: list[list[Step]] = []
    compared: list[int] = []

    def use(program: list[Step]) -> None:
        used.append(program)
        compared.append(run_on_both(program))

    try:
        draw(number, use)
    except Divergence as divergence:
        raise AssertionError(
            f"program {number}, {divergence}\n\nAs a test of its own, for test_regressions.py:\n{written(used[-1])}"
        ) from divergence
    return used[0], compared[0]


def _parts() -> list[range]:
    """The numbers of the programs that each test runs; all that are wanted, or the one that is."""
    if "DURABLE_PROGRAM" in os.environ:
        number = int(os.environ["DURABLE_PROGRAM"])
        return [range(number, number + 1)]
    return [range(first, first + PROGRAMS_PER_TEST) for first in range(0, PROGRAMS, PROGRAMS_PER_TEST)]


@pytest.mark.parametrize("numbers", _parts(), ids=lambda numbers: f"{numbers.start}-{numbers.stop - 1}")
def test_random_programs_mean_the_same_on_both_hosts(
    numbers: range, run_on_both: Run, record_property: Callable[[str, object], None]
) -> None:
    ran = [run_program(number, run_on_both) for number in numbers]
    counts = [count_kinds(program[:compared]) for program, compared in ran]
    told = {
        "first": numbers.start,
        "digests": [digest(written(program)) for program, _ in ran],
        "steps": sum(compared for _, compared in ran),
        "kinds": dict(sum(counts, Counter[str]())),
    }
    record_property("differential", told)
    shares = {kind: sum(kind in count for count in counts) / len(counts) for kind in (*KINDS, *MOVES)}
    rare = {kind: share for kind, share in shares.items() if share < SHARE_MIN}
    assert not rare or len(counts) < 50, "kinds of step that too few programs have"


def test_both_interpreters_know_the_same_kinds_of_step(platform: Platform) -> None:
    async def kinds(pair: Pair) -> list[object]:
        return [await side.namespace.get_by_name("a").kinds() for side in pair.sides]

    with Pair.running(platform.executable) as pair:
        ours, real = pair.world.run(kinds(pair))
    assert ours == real == sorted(KINDS)
