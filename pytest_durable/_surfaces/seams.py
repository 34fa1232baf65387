"""What the surfaces need from the core, as they see it: an object's inside, another object's outside, a namespace."""

import asyncio
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from pytest_durable._core.actor import ObjectStorage
from pytest_durable._core.ids import IdFactory, ObjectId
from pytest_durable._core.messages import Delivery


class Context(Protocol):
    """The inside of one object (``actor.ObjectContext``)."""

    @property
    def id(self) -> ObjectId:
        """The id as the object sees it."""
        ...

    @property
    def storage(self) -> ObjectStorage:
        """Its storage, in wire values."""
        ...

    def block_concurrency_while(self, callback: Callable[[], object]) -> "asyncio.Future[object]":
        """Run ``callback`` while nothing else of the object runs."""
        ...

    def wait_until(self, awaitable: object) -> None:
        """Keep the object busy until ``awaitable`` is done."""
        ...

    def abort(self, reason: str | None = None, *, retry_alarm: bool = True) -> None:
        """Mark the object as aborted; the caller has to leave the turn."""
        ...


class Client(Protocol):
    """The inside of a stub: one object as its callers reach it."""

    @property
    def id(self) -> ObjectId:
        """Which object."""
        ...

    def send(self, delivery: Delivery) -> "asyncio.Future[object]":
        """Start a call now. Fails with ``RemoteFailure``."""
        ...

    def again(self) -> "Client":
        """Another way to the same object; it leads to the object as it is when it is first used."""
        ...


@runtime_checkable
class Namespace(Protocol):
    """The inside of a binding to the objects of one class."""

    @property
    def ids(self) -> IdFactory:
        """Makes and checks ids."""
        ...

    def new_unique_id(self) -> ObjectId:
        """An id that was never used."""
        ...

    def client(self, object_id: ObjectId, /) -> Client:
        """A way to reach the object. Creates nothing."""
        ...
