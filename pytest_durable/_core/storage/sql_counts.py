"""How many rows a statement has read, as far as a SQLite without the platform's patch can tell.

The platform's SQLite counts each movement of each cursor: over tables and indexes, over its own sorted and temporary
tables, over table functions. Ours counts the steps of scans that go over a whole table, and sorts, but tells so only
at the end of a statement to whoever has asked before. So a statement that reads is run once more when user code asks
how much it has read, which is rare; and only if nothing has been written since, for it must read the same rows.

Source: workerd patches/sqlite, row counts; SQLite, SQLITE_STMTSTATUS_FULLSCAN_STEP.
"""

from collections.abc import Sequence
from typing import Any, Final

import apsw

from pytest_durable._core.storage.sql_values import SqlValue

_SCANNED: Final = "SQLITE_STMTSTATUS_FULLSCAN_STEP"
_SORTS: Final = "SQLITE_STMTSTATUS_SORT"


def count_read(connection: apsw.Connection, statement: str, bound: Sequence[SqlValue], delivered: int) -> int:
    """About how many rows a statement has read that gave ``delivered`` rows and is at its end."""
    status = _status(connection, statement, bound)
    steps = status.get(_SCANNED, 0)
    scanned = steps + 1 if steps else 0  # the first row of a scan is no step
    # What comes out of a sort is read a second time.
    return max(delivered, scanned) + (delivered if status.get(_SORTS) else 0)


def _status(connection: apsw.Connection, statement: str, bound: Sequence[SqlValue]) -> dict[str, int]:
    """What SQLite tells of a statement that only reads, after another run; nothing if it cannot be run any more."""
    ended: list[dict[str, Any]] = []
    ours = object()
    try:
        connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, ended.append, id=ours)
        try:
            for _ in connection.cursor().execute(statement, bound, can_cache=False):
                pass
        finally:
            connection.trace_v2(0, None, id=ours)
    except (apsw.Error, UnicodeDecodeError):
        return {}
    # Some table functions run statements of their own, which end before.
    return ended[-1]["stmt_status"] if ended else {}
