"""The time in which a module of the application is executed: the Worker runs, but no event of it does.

Code at the top level of a module may look at its bindings, and must do nothing that an event would have to answer for:
no calls, no requests, no timers, no random numbers.

Source: workerd io/io-context.c++ (IoContext::current); spec python-workers 8.1.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from pytest_durable._core.isolate.surface import Surface
from pytest_durable._core.platform_errors import error


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalScope:
    """What code at the top level of a module may look at.

    Attributes:
        bindings: What ``env`` shows.
        surface: How it shows that.
        abort_isolate: Gives up the isolate in which the module is executed.
    """

    bindings: Callable[[], Mapping[str, object]]
    surface: Callable[[], Surface]
    abort_isolate: Callable[[str | None], None]


#: Set while a module of an application is executed. A variable, not state: each context has its own value.
GLOBAL_SCOPE: Final[ContextVar[GlobalScope | None]] = ContextVar("pytest_durable_global_scope", default=None)
_REFUSAL: Final = (
    "Disallowed operation called within global scope. Asynchronous I/O (ex: fetch() or connect()), setting a timeout, "
    "and generating random values are not allowed within global scope. To fix this error, perform this operation "
    "within a handler. https://developers.cloudflare.com/workers/runtime-apis/handlers/"
)


def global_scope() -> GlobalScope | None:
    """What there is to look at, if the running code is at the top level of a module of an application."""
    return GLOBAL_SCOPE.get()


def require_event() -> None:
    """Make sure that the running code is not at the top level of a module.

    Raises:
        PlatformError: It is.
    """
    if GLOBAL_SCOPE.get() is not None:
        raise error(_REFUSAL)
