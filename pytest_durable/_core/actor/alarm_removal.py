"""The alarm of an object, removed from outside: by the scheduler, which gives it up, or by the test.

Neither runs user code, and an object that is not in memory gets no instance for it.

Source: workerd server/alarm-scheduler.c++; spec durable-objects 7.7.1, 9.6.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_durable._core.actor.incarnation import Incarnation
from pytest_durable._core.actor.reply import Reply
from pytest_durable._core.errors import DurableError

if TYPE_CHECKING:
    from pytest_durable._core.actor.commit import ActorStorage
    from pytest_durable._core.actor.container import Container


def abandon_alarm(container: "Container", due_ns: int) -> bool:
    """Clear the alarm ``due_ns`` without running user code (spec 7.7.1). False: it could not be done."""
    if container.breakage is not None:
        return False
    if container.incarnation is not None:
        return container.incarnation.storage.abandon_alarm(due_ns)
    try:
        with _opened(container) as storage:
            return storage.abandon_alarm(due_ns)
    except DurableError as failure:  # the file is damaged, or cannot be read
        container.services.claim_failed(failure)
        return False


def delete_alarm(incarnation: Incarnation) -> "asyncio.Future[object]":
    """Delete the alarm of an object in memory, as an event of its own that needs no instance.

    Returns:
        A future that completes when both records are gone; fails with ``RemoteFailure``.

    Records: Committed, AlarmRowDeleted, ReplySent, CallEnded.
    """
    services = incarnation.services
    future: asyncio.Future[object] = services.life.loop.create_future()
    answer = incarnation.owes(Reply(future, services.journal, incarnation.key, "delete_all_alarms"))

    async def delete() -> None:
        incarnation.storage.forget_alarm()

    def ended(result: object, failure: BaseException | None) -> None:
        if failure is None:
            # At once: in a later round of the loop the object may have set another.
            incarnation.container.alarms.drop()
        answer(result, failure)

    incarnation.start(delete(), ended)
    return future


def delete_alarm_unseen(container: "Container") -> None:
    """Delete the alarm of an object that is not in memory, from both records.

    Records: Committed, AlarmRowDeleted.

    Raises:
        PlatformError, DamagedFileError: It cannot be done; nothing has changed.
    """
    with _opened(container) as storage:
        storage.forget_alarm()
        storage.end_turn()
        if container.breakage is not None:
            raise container.closed_error()
    container.alarms.drop()


@contextmanager
def _opened(container: "Container") -> "Iterator[ActorStorage]":
    """The storage of an object that is not in memory, for a moment in which no user code runs."""
    services = container.services
    incarnation = Incarnation(container, services, services.open_store(container.key.hex))
    try:
        yield incarnation.storage
    finally:
        incarnation.is_over = True
        incarnation.storage.end(graceful=True)
