"""User SQL on one open database: several statements in one call, parameters, limits, errors.

Source: spec durable-objects 5.3, 5.5.6; workerd util/sqlite.c++.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final
from weakref import WeakSet

import apsw

from pytest_durable._core.platform_errors import PlatformError, error
from pytest_durable._core.storage.database import Database
from pytest_durable._core.storage.sql_cursor import Cursor, Execution
from pytest_durable._core.storage.sql_rules import ABSENT_FUNCTIONS, Rules
from pytest_durable._core.storage.sql_text import split_statements
from pytest_durable._core.storage.sql_values import SqlValue, bind, whole_text
from pytest_durable._core.storage.values import DecodedTypes

_NO_STATEMENT: Final = "SQL code did not contain a statement."
_WRONG_BINDINGS: Final = "Wrong number of parameter bindings for SQL query."
_ONLY_LAST_BINDS: Final = (
    "When executing multiple SQL statements in a single call, only the last statement can have parameters."
)

_LIMITS: Final = {
    apsw.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    apsw.SQLITE_LIMIT_COLUMN: 100,
    apsw.SQLITE_LIMIT_EXPR_DEPTH: 100,
    apsw.SQLITE_LIMIT_COMPOUND_SELECT: 5,
    apsw.SQLITE_LIMIT_FUNCTION_ARG: 127,
    apsw.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50,
    apsw.SQLITE_LIMIT_VARIABLE_NUMBER: 100,
    apsw.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
}

_QUERY_BYTES_MAX: Final = 100_000

_NOT_AUTHORIZED_FUNCTION: Final = "not authorized to use function"
_FORBIDDEN_FUNCTION: Final = re.compile(rf"{_NOT_AUTHORIZED_FUNCTION}: (\w+)")


class SqlRunner:
    """Runs user SQL on one connection. Made at the first use: what runs no SQL pays nothing for the rules.

    Args:
        database: The open database.
        begin_write: Called before a statement that writes; opens the implicit transaction and tells the owner.
        check: Called before each step of a cursor; raises if storage may no longer be used.
        failed: Makes the error for user code, and notices critical ones.
    """

    def __init__(
        self,
        database: Database,
        *,
        begin_write: Callable[[], None],
        check: Callable[[], object],
        failed: Callable[[apsw.Error], PlatformError],
    ) -> None:
        self.connection = database.connection
        self.rules = Rules()
        #: Cursors with rows left. Weak: one that the user dropped no longer keeps the database from being put away.
        self.live: WeakSet[Cursor] = WeakSet()
        #: The user changed a setting of the connection, which would be lost if it were closed.
        self.has_settings = False
        self.check = check
        self._failed = failed
        self._begin_write = begin_write
        for limit, value in _LIMITS.items():
            self.connection.limit(limit, value)
        self.connection.authorizer = self.rules.authorize

    def execute(self, query: str, bindings: Sequence[object], types: DecodedTypes) -> "Cursor":
        """Run all statements; the cursor belongs to the last one, which alone may have parameters."""
        query = whole_text(query)
        if len(query) > _QUERY_BYTES_MAX or len(query.encode()) > _QUERY_BYTES_MAX:
            raise error("statement too long: SQLITE_TOOBIG")
        query, nul, _ = query.partition("\0")  # where SQLite's text ends; what follows is no statement
        *before, last = split_statements(query)
        if nul:
            before, last = [statement for statement in (*before, last) if statement], ""
        for statement in before:
            self._run(statement, (), is_last=False).drain()
        if not last:
            raise error(_NO_STATEMENT)
        cursor = self._run(last, [bind(value) for value in bindings], is_last=True)
        return Cursor(self, cursor, types)

    def _run(self, statement: str, bound: Sequence[SqlValue], *, is_last: bool) -> "Execution":
        execution = Execution(self, statement)
        rules = self.rules
        rules.begin(statement)
        try:
            execution.start(bound)
        except apsw.BindingsError:
            raise error(_WRONG_BINDINGS if is_last else _ONLY_LAST_BINDS) from None
        except apsw.Error as failure:
            raise self.translate(failure) from failure
        except UnicodeDecodeError as failure:
            # Only of a writing statement: what merely reads is read again, see `Execution.next`.
            raise error("a text in the result is not UTF-8: SQLITE_ERROR") from failure
        finally:
            rules.is_active = False
        execution.facts = rules.facts
        if rules.facts.analyzes:
            # Our SQLite gathers more than the platform's, whose files have no such table.
            self.connection.execute("DROP TABLE IF EXISTS sqlite_stat4", can_cache=False)
        self.has_settings |= rules.facts.sets_pragma
        return execution

    def before_write(self) -> None:
        """A user's statement is about to write: our own BEGIN comes first, and it goes unasked."""
        self.rules.is_active = False
        self._begin_write()
        self.rules.is_active = True

    def translate(self, failure: apsw.Error) -> PlatformError:
        """The error for user code."""
        problem = self._failed(failure)
        match = _FORBIDDEN_FUNCTION.match(problem.message)
        if match is not None and _is_absent(match[1]):
            return error(problem.message.replace(_NOT_AUTHORIZED_FUNCTION, "no such function", 1))
        return problem

    def cancel(self, problem: PlatformError) -> None:
        """End all cursors that have rows left; each use of them raises ``problem``."""
        for cursor in list(self.live):
            cursor.cancel(problem)


def _is_absent(function: str) -> bool:
    return function.lower() in ABSENT_FUNCTIONS or function.lower().startswith("geopoly_")
