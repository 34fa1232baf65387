"""The rows of ``metadata.sqlite``: which objects of a namespace have an alarm, and when.

The scheduler's record. It only wakes objects; what an object believes stands in its own database.

Source: spec durable-objects 7.2, 8.1, 8.2.
"""

import apsw

from pytest_durable._core.storage import layout
from pytest_durable._core.storage.database import Database
from pytest_durable._core.storage.faults import Faults
from pytest_durable._core.storage.pool import PooledDatabase, damaged
from pytest_durable._core.storage.sql_errors import describe, internal_error

AlarmRow = tuple[str, int, str | None]


class AlarmTable:
    """``_cf_ALARM`` of one namespace. Each change is its own transaction and durable when the method returns."""

    def __init__(self, database: PooledDatabase, faults: Faults) -> None:
        self._file = database
        self._faults = faults
        #: Read when the file was opened for the first time, and not asked for yet.
        self._loaded: list[AlarmRow] | None = None
        self._is_checked = False
        database.occupant = self

    def opened(self, database: Database) -> None:
        """Create the table, or bring an older one up to date. Other tables are left alone.

        The first time, all rows are read: a file that cannot be used is refused while that can still be undone.
        """
        if layout.ALARM_TABLE not in database.own_tables:
            database.execute(database.statements.alarm_create)
            database.own_tables.add(layout.ALARM_TABLE)
            return
        columns = {name for (name,) in database.execute(database.statements.alarm_columns).fetchall()}
        if not {"actor_id", "scheduled_time"} <= columns:
            raise damaged(self._file.path, "its table _cf_ALARM has not the columns of the platform's")
        if "actor_name" not in columns:
            check_rows(self._file.path, database.execute(database.statements.alarm_load_nameless).fetchall())
            database.execute(database.statements.alarm_add_name)
        if not self._is_checked:
            self._loaded = self._read(database)
            self._is_checked = True

    def parked(self, database: Database) -> None:
        """Nothing of it is kept."""

    def is_idle(self) -> bool:
        """Always: each change is its own transaction."""
        return True

    def load(self) -> list[AlarmRow]:
        """All rows: id as 64 hex digits, due time in nanoseconds since the epoch, name or None; in order of the ids.

        An id that does not belong to the namespace is returned as it is: the platform keeps such a row and tries it
        for ever.

        Raises:
            DamagedFileError: A row's time is not an integer.
        """
        database = self._file.use()
        rows, self._loaded = self._loaded, None
        return self._read(database) if rows is None else rows

    def _read(self, database: Database) -> list[AlarmRow]:
        rows: list[AlarmRow] = database.execute(database.statements.alarm_load).fetchall()
        check_rows(self._file.path, rows)
        return rows

    def set(self, actor_hex: str, due_ns: int, name: str | None) -> None:
        """Insert or replace the row; the name is overwritten only by a name.

        Raises:
            PlatformError: It cannot be written; the row is as before.
        """
        self._change(actor_hex, self._file.use().statements.alarm_set, (actor_hex, due_ns, name))

    def delete(self, actor_hex: str) -> None:
        """Remove the row, if there is one.

        Raises:
            PlatformError: It cannot be removed; the row is as before.
        """
        self._change(actor_hex, self._file.use().statements.alarm_delete, (actor_hex,))

    def _change(self, actor_hex: str, statement: str, values: tuple[object, ...]) -> None:
        self._loaded = None
        try:
            self._faults.strike("alarm_row", actor_hex)
            self._file.use().execute(statement, values)
        except apsw.Error as failure:
            raise internal_error(actor_hex, describe(failure)) from failure

    def clear(self) -> None:
        """Remove all rows."""
        self._loaded = None
        database = self._file.use()
        database.execute(database.statements.alarm_clear)


def check_rows(path: str, rows: list[AlarmRow]) -> None:
    """Make sure that rows hold what the platform writes into them.

    Raises:
        DamagedFileError: One does not.
    """
    for actor_id, due_ns, name in rows:
        if type(due_ns) is not int or type(actor_id) is not str:
            raise damaged(path, f"the alarm of {actor_id!r} is due at {due_ns!r}, which is no time")
        if name is not None and type(name) is not str:
            raise damaged(path, f"the alarm of {actor_id} has the name {name!r}, which is no text")
