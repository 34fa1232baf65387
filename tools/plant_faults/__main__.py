"""``python -m tools.plant_faults [name …]`` plants faults one by one; exit status 1 if the tests miss one."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tools.plant_faults.catalogue import FAULTS
from tools.plant_faults.fault import Fault, PlantingError
from tools.plant_faults.page import table
from tools.plant_faults.trial import Laboratory, Outcome, Verdict

REPOSITORY: Final = Path(__file__).resolve().parents[2]
#: All tests of what the package does. Those of its architecture read the sources, with the files around them.
ALL_TESTS: Final = ("tests", "--ignore=tests/architecture")
#: Exit statuses.
MISSED: Final = 1
NOT_TRIED: Final = 2
_OUTPUT_LINES_SHOWN: Final = 30


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; the exit status."""
    options = _parser().parse_args(arguments)
    if options.list:
        print(table(), end="")
        return 0
    by_name = {fault.name: fault for fault in FAULTS}
    unknown = [name for name in options.names if name not in by_name]
    if unknown:
        print(f"no such fault: {', '.join(unknown)}; known: {', '.join(by_name)}", file=sys.stderr)
        return NOT_TRIED
    faults = [by_name[name] for name in options.names] or list(FAULTS)
    with tempfile.TemporaryDirectory(prefix="faults-") as directory:
        try:
            return _try_all(Laboratory(REPOSITORY, Path(directory)), faults, options)
        except PlantingError as failure:
            print(failure, file=sys.stderr)
            return NOT_TRIED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.plant_faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help="the faults to plant; by default all")
    parser.add_argument("--list", action="store_true", help="print the list of faults in Markdown and do nothing else")
    parser.add_argument("--all-tests", action="store_true", help="run the whole suite against each fault")
    parser.add_argument("--jobs", type=int, default=2, help="how many faults to try at once; by default 2")
    parser.add_argument("--verbose", action="store_true", help="show why the test failed that caught the fault")
    return parser


def _try_all(laboratory: Laboratory, faults: Sequence[Fault], options: argparse.Namespace) -> int:
    laboratory.require_fit(faults)
    laboratory.require_precedence()
    everything = ALL_TESTS if options.all_tests else None
    if not _is_sound(laboratory, set(everything or (test for fault in faults for test in fault.tests))):
        return NOT_TRIED
    caught = 0
    for fault, outcome in _outcomes(laboratory, faults, everything, options.jobs):
        _tell(fault, outcome, is_verbose=options.verbose)
        caught += outcome.verdict is Verdict.CAUGHT
    print(f"\n{len(faults)} faults, {caught} caught")
    return 0 if caught == len(faults) else MISSED


def _is_sound(laboratory: Laboratory, tests: set[str]) -> bool:
    """Whether the tests pass without any fault; if not, their failures would be taken for catches."""
    outcome = laboratory.try_sound(tests)
    is_sound = outcome.verdict is Verdict.SURVIVED
    result = "the tests pass" if is_sound else "THE TESTS FAIL"
    print(f"without a fault: {result} ({outcome.seconds:.0f} s)", flush=True)
    if not is_sound:
        print("\n".join(outcome.output.splitlines()[-_OUTPUT_LINES_SHOWN:]) or outcome.reason, file=sys.stderr)
    return is_sound


def _outcomes(
    laboratory: Laboratory, faults: Sequence[Fault], tests: Sequence[str] | None, jobs: int
) -> Iterator[tuple[Fault, Outcome]]:
    with ThreadPoolExecutor(jobs) as pool:
        yield from zip(
            faults, pool.map(lambda fault: laboratory.try_fault(fault, tests or fault.tests), faults), strict=True
        )


def _tell(fault: Fault, outcome: Outcome, *, is_verbose: bool) -> None:
    what = outcome.test or outcome.reason or f"{fault.breaks} Nothing of {', '.join(fault.tests)} fails."
    print(f"{outcome.verdict.value:<8}  {fault.name:<44}  {what}  ({outcome.seconds:.0f} s)", flush=True)
    if is_verbose and outcome.reason:
        print(f"{'':<10}{outcome.reason}", flush=True)
    if outcome.verdict is Verdict.BROKEN:
        print("\n".join(outcome.output.splitlines()[-_OUTPUT_LINES_SHOWN:]), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
