"""The table ``_cf_METADATA``: an object's own record of its alarm, and its bookmark counter.

Source: spec durable-objects 3.2, 3.4, 3.5, 7.2.
"""

from typing import Final

from pytest_durable._core.storage import layout
from pytest_durable._core.storage.database import Database

_INTEGER_MIN: Final = -(2**63)
_INTEGER_MAX: Final = 2**63 - 1


def whole_number(value: object) -> int | None:
    """What a column is read as that is to hold a whole number, or NULL.

    Anything but a number reads as zero in SQLite's integer conversion, which is how the platform reads it; a double
    that is too big reads as the biggest number.
    """
    if value is None or isinstance(value, int):
        return value
    return int(max(_INTEGER_MIN, min(value, _INTEGER_MAX))) if isinstance(value, float) else 0


class MetadataTable:
    """``_cf_METADATA`` of one open database. Reads never create it, writes do."""

    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        self._database = database

    def alarm_ns(self) -> int | None:
        """The due time in nanoseconds since the epoch, None without alarm."""
        return self._get(layout.ALARM_KEY)

    def set_alarm_ns(self, due_ns: int | None) -> None:
        """Write the due time; clearing writes NULL, it does not delete the row."""
        self._put(layout.ALARM_KEY, due_ns)

    def next_bookmark(self) -> int:
        """Count the bookmarks of this object: 0, 1, 2 …; each call writes."""
        last = self._get(layout.BOOKMARK_KEY)
        count = 0 if last is None else last + 1
        self._put(layout.BOOKMARK_KEY, count)
        return count

    def _get(self, key: int) -> int | None:
        if layout.METADATA_TABLE not in self._database.own_tables:
            return None
        rows = self._database.execute(self._database.statements.metadata_get, (key,)).fetchall()
        return whole_number(rows[0][0] if rows else None)

    def _put(self, key: int, value: int | None) -> None:
        database = self._database
        if layout.METADATA_TABLE not in database.own_tables:
            database.execute(database.statements.metadata_create)
            database.own_tables.add(layout.METADATA_TABLE)
        database.execute(database.statements.metadata_put, (key, value))
