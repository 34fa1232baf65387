"""What ``ctx.storage`` has besides, in an application with the flag ``experimental``.

Source: workerd api/actor-state.h; spec durable-objects 4.1.1, 4.2.
"""

from typing import Any

from pytest_durable._surfaces.awaitables import Pending, Settled
from pytest_durable._surfaces.wrapped.raw_storage import RawStorage
from pytest_durable._surfaces.wrapped.storage import WrappedStorage


class ExperimentalStorage(WrappedStorage):
    """``ctx.storage`` of an application with the flag ``experimental``."""

    #: The platform's is undefined wherever there are no replicas.
    primary = None

    def waitForBookmark(self, *args: Any) -> Pending | Settled:
        return self._wait(self._face.wait_for_bookmark, args)

    def snapshot(self, *args: Any, **kwargs: Any) -> Settled:
        return self._run(self._face.snapshot, 1, args, kwargs)

    def onNextSessionRestore(self, *args: Any) -> Settled:
        return self._run(self._face.on_next_session_restore, 1, args, {})


def wrapped_storage(raw: RawStorage) -> WrappedStorage:
    """``ctx.storage``, with as much as the flags of the application let objects see."""
    return ExperimentalStorage(raw) if raw.face.is_experimental else WrappedStorage(raw)
