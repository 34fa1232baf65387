"""Which object the running code belongs to.

Every event runs in a context of its own in which the scope is set; tasks, timers and callbacks made by user code
inherit that context, and with it their object.
"""

from contextvars import Context, ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_durable._core.actor.gates import Section
from pytest_durable._core.platform_errors import RemoteFailure, foreign_io

if TYPE_CHECKING:
    from pytest_durable._core.actor.incarnation import Incarnation


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """An object's instance, and the critical section (if any) in which code runs."""

    incarnation: "Incarnation"
    section: Section | None = None


#: Set in every context in which user code of an object runs. A variable, not state: each context has its own value.
SCOPE: Final[ContextVar[Scope | None]] = ContextVar("pytest_durable_scope", default=None)


def current_scope() -> Scope | None:
    """The scope of the running code, or None outside of objects (in the test itself)."""
    return SCOPE.get()


def hex_told_of(failure: RemoteFailure) -> str:
    """The id that an error tells to whoever catches it now: an object is told its own, the test that of the thrower.

    So it is on the platform, which marks each error that comes into an object as one of that object, unless it has come
    from something that was handed over.
    """
    scope = SCOPE.get()
    if scope is None or failure.by_reference:
        return failure.actor_hex
    return scope.incarnation.key.hex or failure.actor_hex  # the event of a Worker has no id of its own


def is_in_turn() -> bool:
    """Whether the running code is that of an object, in one of its turns."""
    scope = SCOPE.get()
    return scope is not None and scope.incarnation.in_turn


def require_own(incarnation: "Incarnation", kind: str) -> None:
    """Make sure that no other object's code is using something of this instance; the test may.

    Args:
        incarnation: Whose it is.
        kind: What the platform calls it.

    Raises:
        PlatformError: Another object does, or another instance of the same object.
    """
    scope = SCOPE.get()
    if scope is not None and scope.incarnation is not incarnation and scope.incarnation.in_turn:
        raise foreign_io(kind)


def scope_of(context: Context) -> Scope | None:
    """The scope that is set in ``context``."""
    return context.get(SCOPE)
