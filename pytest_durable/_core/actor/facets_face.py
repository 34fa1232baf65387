"""``ctx.facets`` in wire values, and the inside of a facet's stub.

Source: workerd api/actor-state.c++ (DurableObjectFacets); spec durable-objects 1.7.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pytest_durable._core.actor.facet_tree import as_user_code_meets_it
from pytest_durable._core.actor.reply import never_sent
from pytest_durable._core.actor.scope import current_scope, is_in_turn, require_own
from pytest_durable._core.messages import Delivery, FacetKey
from pytest_durable._core.platform_errors import connection_lost, error, type_error

if TYPE_CHECKING:
    from pytest_durable._core.actor.channel import Channel
    from pytest_durable._core.actor.facets import Facets, Startup
    from pytest_durable._core.actor.gates import Section
    from pytest_durable._core.actor.incarnation import Incarnation

#: Of a name, in bytes of UTF-8 whatever the platform's words say (tried).
NAME_BYTES_MAX: Final = 256
#: Of the tree, the object itself included.
DEPTH_MAX: Final = 4


class FacetClient:
    """The inside of a facet's stub: bound to the facet's container at the first call, which starts the facet.

    Args:
        incarnation: The instance that asked for it.
        name: Which facet.
        startup: Says what it is to be, if it is not running.
        section: The critical section in which it was asked for.
    """

    __slots__ = ("_channel", "_incarnation", "_name", "_section", "_startup")

    def __init__(self, incarnation: "Incarnation", name: str, startup: "Startup", section: "Section | None") -> None:
        self._incarnation = incarnation
        self._name = name
        self._startup = startup
        self._section = section
        self._channel: Channel | None = None

    def __repr__(self) -> str:
        return f"<FacetClient of {self._incarnation.key}: {self._name!r}>"

    def send(self, delivery: Delivery) -> "asyncio.Future[object]":
        """Send a call or request; it leaves when the parent's output gate lets it.

        Returns:
            A future of the wire value; fails with ``RemoteFailure``.

        Raises:
            PlatformError: Another object uses it.
        """
        incarnation, scope = self._incarnation, current_scope()
        if scope is not None and scope.incarnation is not incarnation:
            require_own(incarnation, "OutgoingFactory")
        if incarnation.services.life.is_over and not is_in_turn():  # as in ``ObjectClient.send``
            return self._failed(connection_lost())
        if self._channel is None:
            if incarnation.is_over:
                return self._failed(incarnation.container.closed_error())
            facets = incarnation.container.facets
            container = facets.container(self._name, self._startup, incarnation, self._section)
            self._channel = container.channel()
        return self._channel.send_from_here(delivery, scope)

    def _failed(self, failure: Exception) -> "asyncio.Future[object]":
        return never_sent(failure, self._incarnation.key.hex, self._incarnation.services.life.loop)


class ObjectFacets:
    """The objects below one object, as its code reaches them.

    Args:
        incarnation: The object's stay in memory.
    """

    def __init__(self, incarnation: "Incarnation") -> None:
        self._incarnation = incarnation

    def __repr__(self) -> str:
        return f"<ObjectFacets of {self._incarnation.key}>"

    def client(self, name: str, startup: "Startup") -> FacetClient:
        """The inside of a new stub. Starts nothing, and makes nothing on the disk.

        Args:
            name: Which facet.
            startup: User code that gives a ``FacetStart``, or an awaitable of one; asked at the first call, if the
                facet is not there by then.

        Raises:
            PlatformError: The name is too long, the facet would be too far down, or the object is over.
        """
        incarnation = self._incarnation
        require_name(name)
        require_own(incarnation, "FacetManager")
        incarnation.storage.store  # noqa: B018 - raises if the object is over
        if _depth(incarnation) + 1 >= DEPTH_MAX:
            raise error(
                "Facet nesting depth limit exceeded. "
                f"The maximum depth including the root Durable Object is {DEPTH_MAX}."
            )
        scope = current_scope()
        section = scope.section if scope is not None and scope.incarnation is incarnation else None
        return FacetClient(incarnation, name, startup, section)

    def abort(self, name: str, reason: BaseException) -> None:
        """End a facet; its callers get ``reason``, its data stay. See ``Facets.abort``.

        Raises:
            PlatformError: The name is too long, or the object is over.
        """
        require_name(name)
        self._do(lambda facets: facets.abort(name, reason))

    def delete(self, name: str) -> None:
        """End a facet and delete what it has stored. See ``Facets.delete``.

        Raises:
            PlatformError: The name is too long or empty, or the object is over; the files cannot be used.
        """
        require_name(name)
        self._do(lambda facets: facets.delete(name))

    def clone(self, source: str, target: str) -> None:
        """Give ``target`` a copy of what ``source`` has stored. See ``Facets.clone``.

        Raises:
            PlatformError: A name is too long or empty, or the object is over; the files cannot be used.
        """
        require_name(source)
        require_name(target)
        self._do(lambda facets: facets.clone(source, target))

    def _do(self, verb: "Callable[[Facets], None]") -> None:
        incarnation = self._incarnation
        require_own(incarnation, "FacetManager")
        store = incarnation.storage.store
        if incarnation.abort_request is not None:
            return  # what the code still does while it is unwound has no effect
        as_user_code_meets_it(store, lambda: verb(incarnation.container.facets))


def require_name(name: str) -> None:
    """Refuse a name that is too long.

    Raises:
        PlatformError: It is.
    """
    if len(name.encode("utf-8", "surrogatepass")) > NAME_BYTES_MAX:
        raise type_error(f"Facet name is too long (max {NAME_BYTES_MAX} characters).")


def _depth(incarnation: "Incarnation") -> int:
    key = incarnation.key
    return len(key.path) if isinstance(key, FacetKey) else 0
