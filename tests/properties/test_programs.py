"""Random programs leave what a small pure model says, whatever is evicted, aborted, restarted or crashed on the way.

The programs are the same in every run. ``DURABLE_PROGRAMS=50000`` runs more of them; the first are those of the short
run. See docs/how-to/property-tests.md.
"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from properties.drawing import draw
from properties.meaning import STEPS as MEANINGS
from properties.programs import KINDS, STEPS_PER_PROGRAM, Program, written
from properties.subject import RAN
from properties.subject import STEPS as ACTIONS
from properties.trial import HAPPENINGS, MOVES, Divergence, run_program
from support.digests import digest

PROGRAMS = int(os.environ.get("DURABLE_PROGRAMS", "2000"))
PROGRAMS_PER_TEST = min(PROGRAMS, 250)
#: The share of programs that must have run a step of each kind.
SHARE_MIN = 0.1


class Ran(NamedTuple):
    """A program that was run, how often each kind of step was run, and what else happened."""

    program: Program
    kinds: Counter[str]
    happened: Counter[str]


def check_program(number: int) -> Ran:
    """Run the program of that number."""
    last: list[Program] = []
    ran: list[Ran] = []

    def use(program: Program) -> None:
        last[:] = [program]
        RAN.clear()
        happened = run_program(program)
        moves = Counter(kind for kind, *_ in program if kind in KINDS and kind in MOVES)
        ran[:] = [Ran(program, RAN + moves, happened)]

    try:
        draw(number, use)
    except Divergence as divergence:
        raise AssertionError(
            f"program {number}, {divergence}\n\nAs a test of its own, for test_regressions.py:\n{written(last[0])}"
        ) from divergence
    return ran[0]


def _parts() -> list[range]:
    """The numbers of the programs that each test runs; all that are wanted, or the one that is."""
    if "DURABLE_PROGRAM" in os.environ:
        number = int(os.environ["DURABLE_PROGRAM"])
        return [range(number, number + 1)]
    return [range(first, first + PROGRAMS_PER_TEST) for first in range(0, PROGRAMS, PROGRAMS_PER_TEST)]


@pytest.mark.parametrize("numbers", _parts(), ids=lambda numbers: f"{numbers.start}-{numbers.stop - 1}")
def test_random_programs_leave_what_the_model_says(
    numbers: range, record_property: Callable[[str, object], None]
) -> None:
    results = [check_program(number) for number in numbers]
    kinds = sum((each.kinds for each in results), Counter[str]())
    happened = sum((each.happened for each in results), Counter[str]())
    told = {
        "first": numbers.start,
        "digests": [digest(written(each.program)) for each in results],
        "steps": len(results) * STEPS_PER_PROGRAM,
        "kinds": dict(kinds),
        "happened": dict(happened),
    }
    record_property("properties", told)
    if len(results) < 50:
        return
    shares = {kind: sum(kind in each.kinds for each in results) / len(results) for kind in KINDS}
    assert {kind: share for kind, share in shares.items() if share < SHARE_MIN} == {}
    if len(results) >= 250:  # some are rare
        assert {what for what in HAPPENINGS if not happened[what]} == set(), "things that never happened"
    assert happened["left to chance"] <= len(results) / 50


def test_each_kind_of_step_has_an_action_and_a_meaning() -> None:
    inner = set(KINDS) - MOVES.keys() - {"throw"}
    assert ACTIONS.keys() == MEANINGS.keys() == inner


def test_programs_are_the_same_in_every_process() -> None:
    # Constants in modules that happen to be loaded are no part of them, nor is the order of sets.
    one = _digest("", hash_seed="1")
    other = _digest("import differential.programs, support.stored_values, json.tool; ", hash_seed="2")
    assert len(one) == 64
    assert one == other


def _digest(preparation: str, *, hash_seed: str) -> str:
    tests = Path(__file__).parents[1]
    script = (
        f"import sys; sys.path.insert(0, {str(tests)!r}); {preparation}"
        "import hashlib; from properties.drawing import draw; "
        "drawn = [draw(number, lambda program: None) for number in range(40)]; "
        "print(hashlib.sha256(repr(drawn).encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_a_failing_program_is_made_smaller() -> None:
    tried: list[Program] = []

    def refuse_crashes(program: Program) -> None:
        tried.append(program)
        if any(step[0] == "crash" for step in program):
            raise Divergence("a crash")

    number = next(number for number in range(100) if _has_crash(number))
    with pytest.raises(Divergence):
        draw(number, refuse_crashes)
    assert [step for step in tried[-1] if step != ("nothing",)] == [("crash", 0)]


def _has_crash(number: int) -> bool:
    return any(step[0] == "crash" for step in draw(number, lambda _program: None))
