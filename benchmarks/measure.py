"""Medians of rounds in which floor and ours alternate, so that a busy machine slows both alike."""

import gc
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

Timed = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        number: The row of the budget.
        what: In words.
        floor_us: Median of the floor, microseconds; None if the budget is absolute.
        ours_us: Median of ours, microseconds.
        budget: What is allowed, in words.
        is_kept: Whether it is kept.
        figure: Ratio or difference, in words.
    """

    number: str
    what: str
    floor_us: float | None
    ours_us: float
    budget: str
    is_kept: bool
    figure: str


def alternate(floor: Timed, ours: Timed, rounds: int) -> tuple[float, float]:
    """Medians in microseconds of two functions that each run once and answer how many seconds it took."""
    floors, ourses = [], []
    floor()
    ours()
    for _ in range(rounds):
        gc.collect()
        floors.append(floor())
        gc.collect()
        ourses.append(ours())
    return statistics.median(floors) * 1e6, statistics.median(ourses) * 1e6


def ratio(number: str, what: str, floor: Timed, ours: Timed, times: float, *, rounds: int = 9) -> Row:
    """A row whose budget is a multiple of its floor."""
    floor_us, ours_us = alternate(floor, ours, rounds)
    found = ours_us / floor_us
    return Row(
        number=number,
        what=what,
        floor_us=floor_us,
        ours_us=ours_us,
        budget=f"{times:g} x",
        is_kept=found <= times,
        figure=f"{found:.2f} x",
    )


def mean(timed: Timed, times: int) -> Timed:
    """The mean of several runs in a row, as the tests of a suite follow each other, instead of single cold ones."""
    return lambda: statistics.fmean(timed() for _ in range(times))


def seconds(run: Callable[[], object], times: int = 1) -> float:
    """Seconds per call of ``run``, called ``times`` times."""
    start = perf_counter()
    for _ in range(times):
        run()
    return (perf_counter() - start) / times


def show(rows: list[Row]) -> str:
    """The table as text."""
    lines = [f"{'#':>3}  {'what':<58} {'floor us':>12} {'ours us':>12} {'found':>9} {'budget':>10}"]
    for row in rows:
        floor = "" if row.floor_us is None else f"{row.floor_us:,.1f}"
        mark = "" if row.is_kept else "  OVER"
        lines.append(
            f"{row.number:>3}  {row.what:<58} {floor:>12} {row.ours_us:>12,.1f} {row.figure:>9} {row.budget:>10}{mark}"
        )
    return "\n".join(lines)
