"""What a test holds of an object: the host and an id, so that it outlives every life of the process.

A stub binds to the object's container at its first use in a life. After an abort or reset of the object it stays
broken, as on the platform, until it is taken anew from the namespace; after a restart or crash it binds again.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_durable._core.actor import Container, Pin
from pytest_durable._core.errors import LifeEnded
from pytest_durable._core.ids import ObjectId
from pytest_durable._core.life import Life
from pytest_durable._core.messages import Call, Delivery, ObjectKey, Request
from pytest_durable._core.platform_errors import RemoteFailure, connection_lost
from pytest_durable._hosts.responses import Answer, make_request
from pytest_durable._surfaces.awaitables import Pending

if TYPE_CHECKING:
    from pytest_durable._hosts.namespace import Namespace

__all__ = ["Stub"]


class Stub:
    """A test's reference to one object. Making one creates nothing.

    Every attribute is a method of the object, called over the same conversions as in production; the exceptions are
    ``id``, ``name`` and ``fetch``. An error raised by the object's code reaches the test as it was raised.
    """

    def __init__(self, namespace: "Namespace", object_id: ObjectId) -> None:
        self._durable_namespace = namespace
        self._durable_key = ObjectKey(namespace.unique_key, object_id.hex, object_id.name)
        self._durable_id = object_id
        self._durable_life: Life | None = None
        self._durable_pin: Pin | None = None

    @property
    def id(self) -> ObjectId:
        """The object's id."""
        return self._durable_id

    @property
    def name(self) -> str | None:
        """The name that the id was derived from, or None."""
        return self._durable_id.name

    def __repr__(self) -> str:
        return f"<stub of {self._durable_key}>"

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)

        def call(*args: object, **options: object) -> Pending:
            edge = self._durable_namespace.host.edge
            sent = (*args, options) if options else args
            call_ = Call(name, tuple([edge.to_wire(value) for value in sent]))
            return self._durable_send(call_, edge.from_wire, bool(options))

        call.__name__ = name
        return call

    def fetch(self, request: str | Request, **init: Any) -> Pending:
        """Send a request to the object's ``fetch`` handler.

        Args:
            request: An absolute URL, or a ``Request``.
            init: ``method``, ``headers``, ``body`` (str or bytes).

        Returns:
            Awaitable of a response with ``.status``, ``.headers``, ``await .text()``, ``await .json()``,
            ``await .bytes()``.
        """
        return self._durable_send(make_request(request, init), Answer, False)

    def _durable_bind(self) -> Container:
        """The container that this stub speaks to, in the life that runs now."""
        life = self._durable_namespace.host.require_running().life
        if self._durable_life is not life or self._durable_pin is None:
            self._durable_pin = self._durable_namespace.current.container(self._durable_id).pin()
            self._durable_life = life
        return self._durable_pin.container

    def _durable_send(self, delivery: Delivery, convert: Callable[[Any], object], has_options: bool) -> Pending:
        host = self._durable_namespace.host
        host.raise_failures()
        host.require_open()
        container = self._durable_bind()
        try:
            future = container.deliver(delivery)
        except LifeEnded:
            future = host.world.loop.create_future()
            future.set_exception(RemoteFailure(connection_lost(), self._durable_key.hex, from_user_code=False))

        def explain(failure: Exception) -> BaseException:
            return host.explain(failure, has_options=has_options) if isinstance(failure, RemoteFailure) else failure

        return Pending(future, convert, explain)
