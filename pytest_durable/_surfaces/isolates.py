"""How user code gives up the isolate that it runs in; surfaces show it under the names of the platform.

Source: workerd api/workers-module.c++ (abortIsolate); spec durable-objects 9.7.
"""

from pytest_durable._core.actor import current_scope
from pytest_durable._core.errors import IsolateEnded
from pytest_durable._core.isolate import global_scope


def abort_isolate(reason: str | None) -> None:
    """End every object of the isolate and the code that calls; never returns.

    Raises:
        PlatformError: The modules of this application cannot be executed again; nothing has happened.
        RuntimeError: No object calls.
    """
    scope, at_top = current_scope(), global_scope()
    if at_top is not None:  # the object, or the event, for which the module is executed ends with the others
        at_top.abort_isolate(reason)
        raise IsolateEnded
    if scope is None:
        raise RuntimeError(
            "`abortIsolate()` belongs to a running object, and none runs here. "
            "In a test, use `await durable.abort_isolate()`."
        )
    scope.incarnation.abort_isolate(reason)
