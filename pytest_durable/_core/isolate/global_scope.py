"""The time in which a module of the application is executed: the Worker runs, but no event of it does.

Code at the top level of a module may look at its bindings, and must do nothing that an event would have to answer for:
no calls, no requests, no timers, no random numbers.

Source: workerd io/io-context.c++ (IoContext::current); spec python-workers 8.1.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Final

from pytest_durable._core.platform_errors import error

#: What ``env`` shows at the top level of a module; a variable, not state: each context has its own value.
GLOBAL_SCOPE: Final[ContextVar[Callable[[], Mapping[str, object]] | None]] = ContextVar(
    "pytest_durable_global_scope", default=None
)
_REFUSAL: Final = (
    "Disallowed operation called within global scope. Asynchronous I/O (ex: fetch() or connect()), setting a timeout, "
    "and generating random values are not allowed within global scope. To fix this error, perform this operation "
    "within a handler. https://developers.cloudflare.com/workers/runtime-apis/handlers/"
)


def global_bindings() -> Mapping[str, object] | None:
    """The bindings, if the running code is at the top level of a module of an application."""
    read = GLOBAL_SCOPE.get()
    return None if read is None else read()


def require_event() -> None:
    """Make sure that the running code is not at the top level of a module.

    Raises:
        PlatformError: It is.
    """
    if GLOBAL_SCOPE.get() is not None:
        raise error(_REFUSAL)
