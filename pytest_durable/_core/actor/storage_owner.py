"""What the storage that user code sees needs from its owner (``actor.commit``)."""

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from pytest_durable._core.storage import ObjectStore

T = TypeVar("T")


class TransactionHandle(Protocol):
    """One running ``transaction()``, owned by the owner of the storage."""

    @property
    def is_over(self) -> bool:
        """The transaction has been committed or has failed."""
        ...

    @property
    def is_rolled_back(self) -> bool:
        """``rollback`` was called."""
        ...

    def rollback(self) -> None:
        """Undo the writes of this transaction now.

        Raises:
            PlatformError: A nested transaction is still running.
        """
        ...


class StorageOwner(Protocol):
    """What the storage of an object needs from its owner: the store, its gates and its alarm (``actor.commit``)."""

    @property
    def store(self) -> ObjectStore:
        """The database. Raises the right error when the object is broken or its life has ended."""
        ...

    @property
    def refuses_alarm(self) -> bool:
        """Whether setting an alarm is an error because nothing would handle it (spec 7.1)."""
        ...

    def transaction(self, callback: Callable[[TransactionHandle], object]) -> "asyncio.Future[object]":
        """Run ``callback`` (its result may be awaitable) in a transaction and a critical section."""
        ...

    def transaction_sync(self, callback: Callable[[], object]) -> object:
        """Run ``callback`` in a savepoint."""
        ...

    def get_alarm_ns(self) -> int | None:
        """The alarm, uncommitted changes included."""
        ...

    def set_alarm_ns(self, due_ns: int) -> None:
        """Set the alarm; a time in the past means now."""
        ...

    def delete_alarm(self) -> None:
        """Clear the alarm."""
        ...

    def delete_all(self) -> None:
        """Reset the database."""
        ...

    def sync(self) -> "asyncio.Future[None]":
        """Done when all writes so far are committed."""
        ...

    def later(self, result: T) -> "asyncio.Future[T]":
        """Done with ``result`` in a turn to come: awaiting it ends the running one."""
        ...
