"""An object's own record of its alarm: what it sees, and what a crash would leave.

Source: spec durable-objects 3.4, 3.5, 7.2.
"""

from typing import Final, Literal

import apsw

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage import layout
from pytest_durable._core.storage.database import Database
from pytest_durable._core.storage.faults import Faults
from pytest_durable._core.storage.metadata import MetadataTable
from pytest_durable._core.storage.pool import PooledDatabase
from pytest_durable._core.storage.store_access import StoreAccess

#: The alarm has not been read from the database since it was last in doubt.
_Unread = Literal["unread"]
_UNREAD: Final = "unread"


class AlarmStore(StoreAccess):
    """The alarm and the bookmarks of one object."""

    def __init__(self, file: PooledDatabase, actor_hex: str, faults: Faults) -> None:
        super().__init__(file, actor_hex, faults)
        self._alarm_ns: int | _Unread | None = _UNREAD
        self._committed_alarm_ns: int | _Unread | None = _UNREAD
        self._metadata: MetadataTable

    def opened(self, database: Database) -> None:
        super().opened(database)
        self._metadata = MetadataTable(database)

    def parked(self, database: Database) -> None:
        super().parked(database)
        del self._metadata

    def _break(self, problem: PlatformError) -> None:
        super()._break(problem)
        self._alarm_ns = _UNREAD

    def get_alarm_ns(self) -> int | None:
        """The alarm as the object sees it, uncommitted changes included."""
        self._read()
        return self._load_alarm()

    @property
    def committed_alarm_ns(self) -> int | None:
        """The alarm as a crash would leave it."""
        self._load_alarm()
        assert self._committed_alarm_ns != _UNREAD
        return self._committed_alarm_ns

    def set_alarm_ns(self, due_ns: int | None, *, even_if_equal: bool = False) -> bool:
        """Set or clear the alarm; False if it is so already, then nothing is written unless that is asked for."""
        self._use()
        if self._load_alarm() == due_ns and not even_if_equal:
            return False
        self._write()
        try:
            self._metadata.set_alarm_ns(due_ns)
        except apsw.Error as failure:
            raise self._failed(failure) from failure
        self._alarm_ns = due_ns
        return True

    def _load_alarm(self) -> int | None:
        if self._alarm_ns == _UNREAD:
            self._file.use()
            try:
                self._alarm_ns = self._metadata.alarm_ns()
            except apsw.Error as failure:
                raise self._failed(failure) from failure
        if self._committed_alarm_ns == _UNREAD:
            # Changing the alarm reads it first. So if the committed value is in doubt, this transaction has not
            # changed it, and what is seen is what is committed.
            self._committed_alarm_ns = self._alarm_ns
        return self._alarm_ns

    def _alarm_rolled_back(self) -> None:
        self._alarm_ns = _UNREAD

    def _alarm_committed(self) -> None:
        self._committed_alarm_ns = self._alarm_ns

    def next_bookmark(self) -> str:
        """A bookmark string greater than the one before; writes."""
        self._write()
        try:
            return layout.bookmark(self._metadata.next_bookmark())
        except apsw.Error as failure:
            raise self._failed(failure) from failure
