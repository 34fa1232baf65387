"""When alarms are tried again: both hosts add a chance of their own to each delay, so instants are only known within
bounds.

A failed alarm is tried again after 2, 4, 8, … seconds and up to a quarter more. The tries of the two hosts are at
different instants, and what is compared between the first and the second differs for no fault of either. So time never
stops there: each move of the clock is drawn out to the next instant at which both hosts have made the same tries. The
bounds never overlap: the k-th try is between 2^(k+1) - 2 and 1.25 (2^(k+1) - 2) seconds after the first failure, and
the next not before 2^(k+2) - 2.
"""

from collections.abc import Iterable, Iterator

from pytest_durable._core import events

SECOND = 1_000_000_000
#: How long a planned run may take, waits included.
_RUN_NS = SECOND // 2
_TRIES = 6
#: An object is evicted so long after the last that it did.
_IDLE_NS = 10 * SECOND

Window = tuple[int, int]


def windows(journal: Iterable[events.Record], now_ns: int) -> list[Window]:
    """The stretches of time, not over yet, during which somebody's alarm may be tried again."""
    failed: dict[str, int] = {}
    for record in journal:
        if isinstance(record, events.RuntimeStarted):
            failed.clear()  # a new life counts anew
        elif isinstance(record, events.AlarmFinished) and record.actor is not None:
            if not record.ok and record.retry_count == 0:
                failed[record.actor.hex] = record.time_ns
            elif record.ok:
                failed.pop(record.actor.hex, None)
    found = [_window(first_ns, number) for first_ns in failed.values() for number in range(1, _TRIES + 1)]
    return sorted(window for window in found if window[1] > now_ns)


def evictions(journal: Iterable[events.Record], now_ns: int) -> list[Window]:
    """The stretches of time, not over yet, in which an object may be evicted that an alarm was tried again for."""
    found = [(start + _IDLE_NS, end + _IDLE_NS) for start, end in _tries(journal)]
    return [window for window in found if window[1] > now_ns]


def is_of_chance(journal: Iterable[events.Record]) -> bool:
    """Whether it was left to chance what came first, so that nothing can be compared from here on.

    While an alarm might be tried again, another one ran, and there were calls: what one of the two did to an object may
    have come before what the other did, or after. With one run alone all calls are its own, for the test makes none.
    """
    records = list(journal)
    runs = [record.time_ns for record in records if isinstance(record, events.AlarmStarted)]
    calls = [record.time_ns for record in records if isinstance(record, events.CallStarted)]
    return any(
        sum(start - _RUN_NS <= run < end for run in runs) > 1 and any(start <= call < end for call in calls)
        for start, end in _tries(records)
    )


def start_is_of_chance(journal: Iterable[events.Record]) -> bool:
    """Whether it was left to chance what came first in the life that has just begun.

    Several alarms had become due meanwhile, and run at once; one of them has called an object, maybe that of another.
    """
    since: list[events.Record] = []
    for record in journal:
        if isinstance(record, events.RuntimeStarted):
            since.clear()
        since.append(record)
    runs = {record.actor for record in since if isinstance(record, events.AlarmStarted)}
    return len(runs) > 1 and any(isinstance(record, events.CallStarted) for record in since)


def _tries(journal: Iterable[events.Record]) -> Iterator[Window]:
    """The stretches of time in each of which an alarm was tried again."""
    first: dict[str, int] = {}
    for record in journal:
        if isinstance(record, events.RuntimeStarted):
            first.clear()
        elif isinstance(record, events.AlarmFinished) and record.actor is not None:
            if not record.ok and record.retry_count == 0:
                first[record.actor.hex] = record.time_ns
        elif isinstance(record, events.AlarmStarted) and record.actor is not None:
            since_ns = first.get(record.actor.hex)
            if since_ns is not None and record.retry_count > 0:
                yield _window(since_ns, record.retry_count)


def _window(first_ns: int, number: int) -> Window:
    nominal = (2 ** (number + 1) - 2) * SECOND
    return first_ns + nominal, first_ns + nominal + nominal // 4 + number * _RUN_NS


def safe(target_ns: int, unsafe: Iterable[Window]) -> int:
    """The first instant from ``target_ns`` on that is in no window."""
    for start, end in unsafe:
        if start <= target_ns < end:
            target_ns = end
    return target_ns
