"""What an instance is handed: its id, its storage, and the verbs that concern the object as a whole.

In wire values and snake_case; surfaces show it under the names that production uses.
"""

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from pytest_durable._core.actor.incarnation import AbortRequest
from pytest_durable._core.actor.scope import current_scope
from pytest_durable._core.actor.storage_face import ObjectStorage
from pytest_durable._core.ids import ObjectId

if TYPE_CHECKING:
    from pytest_durable._core.actor.incarnation import Incarnation


class ObjectContext:
    """What an instance is handed.

    Args:
        incarnation: The instance's stay in memory.
    """

    def __init__(self, incarnation: "Incarnation") -> None:
        self._incarnation = incarnation
        self._owner = incarnation.storage
        self._storage: ObjectStorage | None = None

    def __repr__(self) -> str:
        return f"<ObjectContext of {self._incarnation.key}>"

    @property
    def id(self) -> ObjectId:
        """The id as the object sees it (spec 2.3.5, 2.3.6)."""
        return self._incarnation.id

    @property
    def storage(self) -> ObjectStorage:
        """The object's storage."""
        if self._storage is None:
            self._storage = ObjectStorage(self._owner, sql=self._incarnation.services.sql_enabled)
        return self._storage

    def block_concurrency_while(self, callback: Callable[[], object]) -> "asyncio.Future[object]":
        """Run ``callback`` while no other event of the object is delivered; a failure resets the object (spec 6.5)."""
        incarnation = self._incarnation
        self._owner.store  # noqa: B018 - raises if the object is over
        scope = current_scope()
        parent = scope.section if scope is not None and scope.incarnation is incarnation else None
        return incarnation.run_section(callback, parent, failure_resets=True)

    def wait_until(self, awaitable: object) -> None:
        """Keep the object in memory until ``awaitable`` is done; its failure is logged and harmless (spec 9.8).

        Raises:
            PlatformError: The object is over.
        """
        incarnation = self._incarnation
        try:
            self._owner.store  # noqa: B018 - raises if the object is over
        except BaseException:
            _discard(awaitable)
            raise

        def ended(_result: object, failure: BaseException | None) -> None:
            if failure is not None:
                incarnation.services.background_failed("waitUntil", incarnation.key, failure)

        incarnation.start(_settle(awaitable), ended).is_background = True

    def abort(self, reason: str | None = None, *, retry_alarm: bool = True) -> None:
        """Have the object ended when the running turn is over; its writes are lost. The caller then leaves the turn."""
        incarnation = self._incarnation
        if incarnation.is_over or incarnation.abort_request is not None:
            return
        incarnation.abort_request = AbortRequest(reason, retry_alarm)
        if not incarnation.in_turn:
            incarnation.end_turn()


def _discard(awaitable: object) -> None:
    """A coroutine that is not taken never begins: without a word of Python's that it was never awaited."""
    if inspect.iscoroutine(awaitable) and inspect.getcoroutinestate(awaitable) == inspect.CORO_CREATED:
        awaitable.close()


async def _settle(awaitable: object) -> None:
    if asyncio.iscoroutine(awaitable) or hasattr(awaitable, "__await__"):
        pending: Coroutine[Any, Any, object] = awaitable  # type: ignore[assignment]
        await pending
