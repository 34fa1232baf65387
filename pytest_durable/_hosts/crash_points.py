"""Where a life is cut: at a record of the journal, by its number or by what it says."""

import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from pytest_durable._core import events
from pytest_durable._core.errors import ConfigurationError, LifeEnded
from pytest_durable._core.journal import CrashPoint, Journal
from pytest_durable._core.messages import ObjectKey
from pytest_durable._hosts.arguments import is_whole, require

P = ParamSpec("P")
T = TypeVar("T")


def at_number(number: int, journal: Journal) -> CrashPoint:
    """The record of that number, from 0."""
    return lambda _kind, _actor: len(journal) > number


def at_record(record_type: type[events.Record], key: ObjectKey | None, nth: int) -> CrashPoint:
    """The ``nth`` record of a class from now on, of one object or of all."""
    remaining = nth

    def is_reached(kind: type[events.Record], actor: ObjectKey | None) -> bool:
        nonlocal remaining
        if issubclass(kind, record_type) and (key is None or actor == key):
            remaining -= 1
        return remaining == 0

    return is_reached


def check_crash_point(record_type: object, nth: int) -> None:
    """Refuse what would pass silently, or fail in the middle of some later call.

    Raises:
        ConfigurationError: ``record_type`` is neither None nor a class of records, or ``nth`` is not from 1 on.
    """
    if not (record_type is None or (isinstance(record_type, type) and issubclass(record_type, events.Record))):
        raise ConfigurationError(
            f"crash_at() takes a class of records, not {record_type!r}.\n\n"
            "Import one:  from pytest_durable.events import Committed"
        )
    require(
        is_whole(nth, 1),
        f"crash_at() counts from 1, not {nth!r}.",
        expected="a whole number from 1 on",
        actual=nth,
        advice="Leave it out for the next record of the class.",
    )


def ends_with_the_life(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T | None]]:
    """Let a method of the host return normally when a crash point cuts the life in the middle of it."""

    @functools.wraps(method)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return await method(*args, **kwargs)
        except LifeEnded:
            return None

    return guarded
