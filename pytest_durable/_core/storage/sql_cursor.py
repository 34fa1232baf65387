"""One running statement of user SQL, and the cursor over its rows.

The platform counts rows with a patched SQLite. Ours has no such counters, so ``rows_read`` and ``rows_written`` are
approximations: rows delivered (and the one read ahead; at the end what was scanned and sorted), rows changed, and one
more written row for each index of the table that had to be maintained.

Source: spec durable-objects 5.3.5, 5.4.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Protocol
from weakref import WeakSet

import apsw

from pytest_durable._core.platform_errors import PlatformError, error
from pytest_durable._core.storage.sql_counts import count_read
from pytest_durable._core.storage.sql_lossy import read_lossily
from pytest_durable._core.storage.sql_rules import Rules, StatementFacts
from pytest_durable._core.storage.sql_values import SqlValue, read
from pytest_durable._core.storage.values import DecodedTypes

RawRow = tuple[SqlValue, ...]
Row = tuple[object, ...]
Rows = list[Row]

_NO_RESULTS: Final = "Expected exactly one result from SQL query, but got no results."
_MULTIPLE_RESULTS: Final = "Expected exactly one result from SQL query, but got multiple results."

_INDEXES: Final = "SELECT name FROM sqlite_schema WHERE type = 'index' AND lower(tbl_name) = lower(?)"
_INDEX_COLUMNS: Final = "SELECT name FROM pragma_index_info(?)"


class Runner(Protocol):
    """What a statement needs of whoever runs it."""

    connection: apsw.Connection
    rules: Rules
    #: Cursors with rows left.
    live: "WeakSet[Cursor]"

    def check(self) -> object:
        """Raise if storage may no longer be used."""

    def before_write(self) -> None:
        """The statement is about to write."""

    def translate(self, failure: apsw.Error) -> PlatformError:
        """The error for user code."""


class Execution:
    """One statement that runs, and the rows it gives."""

    def __init__(self, runner: Runner, statement: str) -> None:
        self.statement = statement
        self.columns: tuple[str, ...] = ()
        self.facts = StatementFacts()
        #: Rows changed by this statement, without triggers.
        self.changed = 0
        #: Rows wait in SQLite, not in memory.
        self.is_live = False
        self._runner = runner
        self._is_readonly = True
        #: The owner knows that it writes.
        self._is_announced = False
        self._rows: Iterator[RawRow] = iter(())
        self._bound: Sequence[SqlValue] = ()
        self._count = 0
        self._changes_before = 0

    def start(self, bound: Sequence[SqlValue]) -> None:
        """Run the statement up to its first row; all of it if it writes.

        A writing statement that has rows left would make the commit of its transaction fail.
        """
        self._bound = bound
        connection = self._runner.connection
        try:
            cursor = self._execute(bound)
        except apsw.ExecTraceAbort:
            # It writes. The owner, who is told now, may end the life and with it the connection; so it must not be
            # told while SQLite has the statement in hand.
            self._runner.before_write()
            self._is_announced = True
            cursor = self._execute(bound)
        if self._is_readonly:
            self._rows = cursor
            self.is_live = True
        else:
            rows: list[Any] = cursor.fetchall()  # apsw's type of a row is another for newer Pythons
            self._rows = iter(rows)
            # What is told stays from the last statement that changed rows, and DROP changes none.
            is_changed = connection.total_changes() != self._changes_before
            self.changed = connection.changes() if is_changed else 0

    def _execute(self, bound: Sequence[SqlValue]) -> apsw.Cursor:
        cursor = self._runner.connection.cursor()
        cursor.exec_trace = self._prepared
        # Not from the cache: a statement kept from before a change of the schema tells the columns it had then.
        return cursor.execute(self.statement, bound, can_cache=False)

    def _prepared(self, cursor: apsw.Cursor, _statement: str, _bound: object) -> bool:
        self.columns = tuple([column[0] for column in cursor.get_description()])
        # PRAGMA optimize passes for reading, and runs ANALYZE.
        if not cursor.is_readonly or self._runner.rules.facts.analyzes:
            self._is_readonly = False
            self._changes_before = self._runner.connection.total_changes()
        return self._is_readonly or self._is_announced

    def next(self) -> RawRow | None:
        """The next row, None after the last."""
        if not self.is_live:
            return next(self._rows, None)
        rules = self._runner.rules
        rules.is_active = True
        try:
            try:
                row = next(self._rows, None)
            except UnicodeDecodeError:
                self._rows = read_lossily(
                    self._runner.connection, self.statement, self._bound, self.columns, self._count
                )
                row = next(self._rows, None)
            self._count += 1
            return row
        except apsw.Error as failure:
            raise self._runner.translate(failure) from failure
        finally:
            rules.is_active = False

    def count_read(self, delivered: int) -> int:
        """About how many rows a statement that reads has read; it is at its end."""
        return count_read(self._runner.connection, self.statement, self._bound, delivered)

    def drain(self) -> None:
        """Run to the end; the rows are not wanted."""
        while self.next() is not None:
            pass


class Cursor:
    """The rows of one statement, each a tuple in the order of ``column_names``. One row is always read ahead."""

    __slots__ = (
        "__weakref__",
        "_ahead",
        "_changes_at_end",
        "_delivered",
        "_execution",
        "_problem",
        "_read_in_all",
        "_runner",
        "_types",
        "column_names",
    )

    def __init__(self, runner: Runner, execution: Execution, types: DecodedTypes) -> None:
        #: Names of the columns, duplicates included; empty for a statement without columns.
        self.column_names: list[str] = list(execution.columns)
        self._runner = runner
        self._execution = execution
        self._types = types
        self._problem: PlatformError | None = None
        self._delivered = 0
        #: Of a cursor at its end, once somebody has asked.
        self._read_in_all: int | None = None
        self._ahead = execution.next()
        #: How many rows the connection had changed when the cursor came to its end.
        self._changes_at_end = -1
        if self._ahead is None:
            self._changes_at_end = runner.connection.total_changes()
        elif execution.is_live:
            runner.live.add(self)

    def __repr__(self) -> str:
        return f"<Cursor {'open' if self.is_open else 'at its end'}: {self._execution.statement!r}>"

    @property
    def is_open(self) -> bool:
        """Rows are left."""
        return self._ahead is not None

    def __iter__(self) -> "Cursor":
        return self

    def __next__(self) -> Row:
        self._check()
        row = self._ahead
        if row is None:
            raise StopIteration
        self._ahead = None  # so that a failure ends the cursor
        self._ahead = self._execution.next()
        self._delivered += 1
        if self._ahead is None:
            self._runner.live.discard(self)
            self._changes_at_end = self._runner.connection.total_changes()
        make_buffer = self._types.make_buffer
        return tuple([read(value, make_buffer) for value in row])

    def _check(self) -> None:
        if self._problem is not None:
            raise self._problem.copy()
        if self._execution.is_live:
            self._runner.check()

    def to_list(self) -> Rows:
        """The rows that are left."""
        return list(self)

    def one(self) -> Row:
        """The only row that is left.

        Raises:
            PlatformError: There is none, or more than one; then the cursor is at its end.
        """
        row = next(self, None)
        if row is None:
            raise error(_NO_RESULTS)
        if self._ahead is not None:
            self._end()
            raise error(_MULTIPLE_RESULTS)
        return row

    @property
    def rows_read(self) -> int:
        """Rows read so far: approximately, see the module."""
        self._check()
        facts = self._execution.facts
        if facts.change in (apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE):
            return self._execution.changed
        if not facts.reads or facts.change is not None:
            return 0
        if self.is_open:
            return self._delivered + 1
        if self._read_in_all is None:
            is_as_it_was = self._runner.connection.total_changes() == self._changes_at_end
            self._read_in_all = self._execution.count_read(self._delivered) if is_as_it_was else self._delivered
        return self._read_in_all

    @property
    def rows_written(self) -> int:
        """Rows written, those of indexes included: approximately, see the module."""
        self._check()
        facts = self._execution.facts
        if facts.change is None:
            return 0
        if facts.change == apsw.SQLITE_DELETE:
            return self._execution.changed
        return self._execution.changed * (1 + _maintained_indexes(self._runner.connection, facts))

    def cancel(self, problem: PlatformError) -> None:
        """End the cursor; each use of it raises ``problem``."""
        self._problem = problem
        self._end()

    def _end(self) -> None:
        self._read_in_all = self._delivered + self.is_open
        self._ahead = None
        self._runner.live.discard(self)
        self._execution = _ended(self._runner, self._execution)


def _ended(runner: Runner, execution: Execution) -> Execution:
    """The same execution without its rows: dropping SQLite's cursor resets the statement."""
    ended = Execution(runner, execution.statement)
    ended.columns, ended.facts, ended.changed = execution.columns, execution.facts, execution.changed
    return ended


def _maintained_indexes(connection: apsw.Connection, facts: StatementFacts) -> int:
    """How many indexes a change of the table's rows has to maintain."""
    try:
        names = connection.execute(_INDEXES, (facts.changed_table,), can_cache=False).fetchall()
        if facts.change != apsw.SQLITE_UPDATE:
            return len(names)
        columns = [
            {str(column).lower() for (column,) in connection.execute(_INDEX_COLUMNS, name, can_cache=False)}
            for name in names
        ]
    except apsw.Error:
        return 0
    return sum(not indexed.isdisjoint(facts.updated_columns) for indexed in columns)
