"""The members of ``ctx`` that are about hibernatable WebSockets.

Source: workerd api/actor-state.h; spec python-workers 6.1, 6.2, 6.6.
"""

from collections.abc import Callable
from typing import Any, Final

from pytest_durable._core.actor import ABSENT
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.seams import Context
from pytest_durable._surfaces.wrapped.data_proxies import JsArray, proxy_of
from pytest_durable._surfaces.wrapped.exceptions import shown
from pytest_durable._surfaces.wrapped.habits import Habits
from pytest_durable._surfaces.wrapped.proxies import JsProxy, jsnull, wire_of
from pytest_durable._surfaces.wrapped.web.sockets import RawAutoResponse, SocketReference, socket_in

TAGS_NEED_TO_JS: Final = "a Python list given to acceptWebSocket() as tags needs to_js() in production"


class SocketState(JsProxy):
    """The part of ``ctx`` that has WebSockets.

    Args:
        context: The inside of the object.
        habits: What is done about code that production refuses.
    """

    _context: Context

    def __init__(self, context: Context, habits: Habits) -> None:
        super().__init__(context)
        self._context = context
        self._habits = habits

    def acceptWebSocket(self, ws: Any = ABSENT, tags: Any = None, /) -> None:
        """Take over one end of a pair; it stays connected when the object leaves memory."""
        wire = self._tags(tags)
        _thrown(lambda: self._context.sockets.accept(socket_in(ws), wire))

    def _tags(self, tags: Any) -> object:
        if not (self._habits.is_lenient and isinstance(tags, list | tuple)):
            return wire_of(tags)
        self._habits.report("PD-W02", TAGS_NEED_TO_JS)
        return [wire_of(tag) for tag in tags]

    def getWebSockets(self, tag: Any = None, /) -> JsArray:
        """All of them, newest first; with a tag those that have it, oldest first."""
        found = _thrown(lambda: self._context.sockets.all(wire_of(tag)))
        return JsArray([SocketReference(socket) for socket in found])

    def getTags(self, ws: Any = ABSENT, /) -> JsArray:
        """The tags it was accepted with."""
        return JsArray(_thrown(lambda: self._context.sockets.tags(socket_in(ws))))

    def setWebSocketAutoResponse(self, pair: Any = None, /) -> None:
        """Answer ``pair.request`` with ``pair.response`` without waking the object; without a pair, do so no longer."""
        wire = pair._target if isinstance(pair, RawAutoResponse) else wire_of(pair)
        _thrown(lambda: self._context.sockets.set_auto_response(wire))

    def getWebSocketAutoResponse(self) -> Any:
        """What was set, or null."""
        pair = _thrown(lambda: self._context.sockets.auto_response)
        return jsnull if pair is None else RawAutoResponse(pair)

    def getWebSocketAutoResponseTimestamp(self, ws: Any = ABSENT, /) -> Any:
        """When the socket was last answered so, or null."""
        return proxy_of(_thrown(lambda: self._context.sockets.answered_at(socket_in(ws))))

    def setHibernatableWebSocketEventTimeout(self, milliseconds: Any = None, /) -> None:
        """How long an event may take."""
        _thrown(lambda: self._context.sockets.set_event_timeout(wire_of(milliseconds)))

    def getHibernatableWebSocketEventTimeout(self) -> Any:
        """What was set, or null."""
        return proxy_of(_thrown(lambda: self._context.sockets.event_timeout_ms))


def _thrown(operation: Callable[[], Any]) -> Any:
    try:
        return operation()
    except PlatformError as failure:
        raise shown(failure) from None
