"""The timers and callbacks that user code of objects has in the loop."""

from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from contextvars import Context

from pytest_durable._core.actor import Incarnation, scope_of
from pytest_durable._core.clock import VirtualLoop
from pytest_durable._core.life import Life


class UserTimers:
    """What user code of one life has in the loop.

    Args:
        life: That life.
        get_loop: The test's event loop.
    """

    def __init__(self, life: Life, get_loop: Callable[[], VirtualLoop]) -> None:
        self._life = life
        self._get_loop = get_loop
        #: Objects that have ended together, while they do.
        self._dropped: set[Incarnation] | None = None

    def __repr__(self) -> str:
        return f"<UserTimers of {self._life!r}>"

    def has_some(self, incarnation: Incarnation) -> bool:
        """Whether there is a timer of this instance."""
        return self._get_loop().has_timers(lambda context: _belongs(context, incarnation))

    def drop(self, incarnation: Incarnation) -> None:
        """Take out what there is of this instance; it is never run."""
        if self._dropped is not None:
            self._dropped.add(incarnation)
        else:
            self._life.drop(lambda context: _belongs(context, incarnation))

    @contextmanager
    def dropping_together(self) -> Iterator[None]:
        """What the objects that end in the block have in the loop is dropped at its end: each look goes through all."""
        dropped = self._dropped = set[Incarnation]()
        try:
            yield
        finally:
            self._dropped = None
            self._life.drop(lambda context: _belongs_to_one(context, dropped))


def _belongs(context: Context, incarnation: Incarnation) -> bool:
    scope = scope_of(context)
    return scope is not None and scope.incarnation is incarnation


def _belongs_to_one(context: Context, incarnations: Set[Incarnation]) -> bool:
    scope = scope_of(context)
    return scope is not None and scope.incarnation in incarnations
