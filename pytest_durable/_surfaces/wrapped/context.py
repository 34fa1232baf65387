"""``ctx``: the object's own state, as the platform shows it and as the SDK wraps it.

Source: workers-runtime-sdk workers/entrypoints.py; spec python-workers 1.3.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pytest_durable._core.actor import ABSENT, not_of_type, text_of
from pytest_durable._core.ids import ObjectId
from pytest_durable._core.messages import AlarmInfo
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.awaitables import Settled
from pytest_durable._surfaces.seams import Context
from pytest_durable._surfaces.wrapped.data_proxies import JsObject
from pytest_durable._surfaces.wrapped.exceptions import shown
from pytest_durable._surfaces.wrapped.experimental import wrapped_storage
from pytest_durable._surfaces.wrapped.habits import Habits
from pytest_durable._surfaces.wrapped.proxies import JsProxy, wire_of
from pytest_durable._surfaces.wrapped.raw_storage import RawStorage
from pytest_durable._surfaces.wrapped.socket_state import SocketState

if TYPE_CHECKING:
    from pytest_durable._surfaces.wrapped.facets import RawFacets

ABORT_TEXT: Final = "Durable Object abort requested"
#: Members of production's object that are not built yet (spec 1.18). Their absence is told from a typing error.
NOT_YET: Final = frozenset(("exports",))


class DurableObjectAbort(BaseException):
    """Leaves the code of an object that aborted itself. Not an ``Exception``, lest it be caught by chance."""


class RawId(JsProxy):
    """The id of an object."""

    _kind = "DurableObjectId"

    def __init__(self, object_id: ObjectId) -> None:
        super().__init__(object_id)
        self.object_id = object_id

    @property
    def name(self) -> str | None:
        """The name the id was made from, if it is known."""
        return self.object_id.name

    @property
    def jurisdiction(self) -> None:
        """None: jurisdictions exist in production only."""
        return None

    def equals(self, other: object = ABSENT, /) -> bool:
        """Whether both name the same object; names do not count."""
        if not isinstance(other, RawId):
            raise shown(not_of_type("DurableObjectId", "equals", 1, "DurableObjectId"))
        return self.object_id == other.object_id

    def toString(self) -> str:
        """64 hex digits."""
        return self.object_id.hex

    __str__ = toString


class RawAlarmInfo(JsProxy):
    """What an alarm handler is told."""

    def __init__(self, info: AlarmInfo) -> None:
        super().__init__(info)
        self.isRetry = info.is_retry
        self.retryCount = info.retry_count
        self.scheduledTime = info.scheduled_ms


class RawState(SocketState):
    """``ctx._ctx``: the platform's own object.

    Args:
        context: The inside of the object.
        make_storage: Makes its storage without conversions; asked when somebody wants it.
        make_facets: Makes what reaches the objects below it, likewise.
        habits: What is done about code that production refuses.
    """

    _kind = "DurableObjectState"

    def __init__(
        self,
        context: Context,
        make_storage: Callable[[Context], RawStorage],
        make_facets: "Callable[[Context], RawFacets]",
        habits: Habits,
    ) -> None:
        super().__init__(context, habits)
        self._make_storage = make_storage
        self._make_facets = make_facets
        self._storage: RawStorage | None = None

    @property
    def storage(self) -> RawStorage:
        """The object's storage."""
        if self._storage is None:
            self._storage = self._make_storage(self._context)
        return self._storage

    def __getattr__(self, name: str) -> Any:
        if name in NOT_YET:
            raise AttributeError(f"ctx.{name} exists in production, but not in this version of pytest-durable")
        raise AttributeError(name)

    @property
    def id(self) -> RawId | str:
        """The object's id; of a facet it may be a text."""
        object_id = self._context.id
        return object_id if isinstance(object_id, str) else RawId(object_id)

    @property
    def facets(self) -> "RawFacets":
        """The objects below it."""
        return self._make_facets(self._context)

    @property
    def props(self) -> JsObject:
        """Empty: only exports that are called with properties have some."""
        return JsObject({})

    @property
    def container(self) -> None:
        """None: the class has no container."""
        return None

    def blockConcurrencyWhile(self, callback: Any = ABSENT, /) -> Any:
        """Run ``callback`` while nothing else of the object runs; its result comes back unconverted."""
        try:
            if not callable(callback):
                raise not_of_type(self._kind, "blockConcurrencyWhile", 1, "function")
            return self._context.block_concurrency_while(callback)
        except PlatformError as failure:
            return Settled(failure=shown(failure))

    def waitUntil(self, awaitable: Any = ABSENT, /) -> None:
        """Keep the object busy until ``awaitable`` is done."""
        if awaitable is ABSENT:
            raise shown(not_of_type(self._kind, "waitUntil", 1, "Promise"))
        try:
            self._context.wait_until(awaitable)
        except PlatformError as failure:
            raise shown(failure) from None

    def abort(self, reason: Any = None, options: Any = None, /) -> None:
        """Have the object ended when the running turn is over. The SDK's ``abort`` also leaves the turn."""
        retry = options.get("retryAlarm", True) if isinstance(options, dict) else getattr(options, "retryAlarm", True)
        self._context.abort(None if reason is None else text_of(wire_of(reason)), retry_alarm=bool(retry))


class UnwrappedState(RawState):
    """``ctx`` of the raw profile, in which the SDK wraps nothing."""


class DurableObjectContext:
    """``ctx``: everything of ``RawState``, with wrapped storage and an ``abort`` that leaves the turn.

    Wrapping is idempotent, and what was read once is kept, as in production (spec 1.10, 1.17).
    """

    _ctx: RawState

    def __new__(cls, ctx: Any) -> Any:
        # In the raw profile nothing is wrapped.
        return ctx if isinstance(ctx, cls | UnwrappedState) else object.__new__(cls)

    def __init__(self, ctx: Any) -> None:
        if ctx is not self:
            self._ctx = ctx

    def __getattr__(self, name: str) -> Any:
        if name == "_ctx":
            # Not set yet: a copy in the making.
            raise AttributeError(name)
        result = getattr(self._ctx, name)
        if isinstance(result, RawStorage):
            result = wrapped_storage(result)
        setattr(self, name, result)
        return result

    def abort(self, reason: str | None = None) -> None:
        """End the object. Never returns; ``finally`` blocks run, their writes are lost."""
        self._ctx.abort(reason)
        raise DurableObjectAbort(reason or ABORT_TEXT)
