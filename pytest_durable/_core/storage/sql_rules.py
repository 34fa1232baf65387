"""What user SQL may do: SQLite's authorizer, the platform's rules.

SQLite asks while it prepares a statement, and when a virtual table prepares one of its own while a user's statement
runs. The rules are installed once and switched on only around user SQL: our own statements go unasked. What a user's
statement reads and changes is noted on the way, for the row counters.

Source: spec durable-objects 5.5; the list of functions was asked of the real platform one by one.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import apsw

from pytest_durable._core.platform_errors import error

#: `load_extension` passes, to fail where the platform's fails: extensions cannot be loaded.
FUNCTIONS: Final = frozenset(
    """
    -> ->> abs acos acosh asin asinh atan atan2 atanh avg bm25 ceil changes char coalesce concat concat_ws cos cosh
    count cume_dist current_date current_time current_timestamp date datetime degrees dense_rank exp first_value floor
    format glob group_concat hex highlight ifnull iif instr json json_array json_array_length json_extract
    json_group_array json_group_object json_insert json_object json_patch json_quote json_remove json_replace json_set
    json_type json_valid jsonb jsonb_array jsonb_extract jsonb_group_array jsonb_group_object jsonb_insert jsonb_object
    jsonb_patch jsonb_remove jsonb_replace jsonb_set julianday lag last_insert_rowid last_value lead length like
    likelihood likely ln load_extension log log2 lower ltrim match max min mod nth_value ntile nullif octet_length
    percent_rank pi pow printf quote radians random randomblob rank replace round row_number rtreecheck rtrim sign sin
    sinh snippet sqrt strftime string_agg substr substring sum tan tanh time timediff total total_changes trim trunc
    typeof unhex unicode unixepoch unlikely upper zeroblob
    """.split()  # noqa: SIM905 - a list of literals would fill a page
)

#: Functions that our SQLite has and the platform's has not; there they are unknown, not forbidden.
ABSENT_FUNCTIONS: Final = frozenset(
    """
    carray fts3_tokenizer matchinfo median offsets optimize percentile percentile_cont percentile_disc sqlite_offset
    soundex
    """.split()  # noqa: SIM905 - as above
)
#: Tables likewise.
_ABSENT_TABLES: Final = frozenset({"dbstat", "carray", "sqlite_dbpage", "sqlite_stmt", "bytecode", "tables_used"})

_SCHEMA_TABLES: Final = frozenset({"sqlite_master", "sqlite_schema"})

_MODULES: Final = frozenset({"fts5", "fts5vocab", "rtree", "rtree_i32"})

_USE_TRANSACTION: Final = (
    "To execute a transaction, please use the state.storage.transaction() or state.storage.transactionSync() APIs "
    "instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements. The JavaScript API is safer because it will "
    "automatically roll back on exceptions, and because it interacts correctly with Durable Objects' automatic atomic "
    "write coalescing."
)

_RENAMES_TO_RESERVED: Final = re.compile(r"""\bRENAME\s+TO\s+["'`\[]?_cf_""", re.IGNORECASE)

#: How a truth value begins. What follows does not matter to the platform.
_TRUTH_VALUES: Final = ("true", "false", "yes", "no", "on", "off", "1", "0")
_INTEGER: Final = re.compile(r"\s*([+-]?(?:0x[0-9a-f]+|[0-9]+))", re.IGNORECASE | re.ASCII)
_INT32: Final = range(-(2**31), 2**31)
_READ_ONLY_PRAGMAS: Final = frozenset({"data_version", "page_size"})
_SETTINGS: Final = frozenset(
    {
        "case_sensitive_like",
        "foreign_keys",
        "defer_foreign_keys",
        "ignore_check_constraints",
        "legacy_alter_table",
        "recursive_triggers",
        "reverse_unordered_selects",
    }
)
_PRAGMAS_ABOUT_A_NAME: Final = frozenset(
    {"table_info", "table_xinfo", "index_info", "index_list", "index_xinfo", "foreign_key_list"}
)


def is_reserved(name: str | None) -> bool:
    """Whether a name belongs to the platform."""
    return name is not None and name[:4].lower() == "_cf_"


def may_use_pragma(name: str, argument: str | None) -> bool:
    """Whether user SQL may run the pragma in this form."""
    name = name.lower()
    if name in _READ_ONLY_PRAGMAS:
        return argument is None
    if name in _SETTINGS:
        return argument is None or argument.lower().startswith(_TRUTH_VALUES)
    if name in _PRAGMAS_ABOUT_A_NAME:
        return argument is not None and not is_reserved(argument)
    if name in ("foreign_key_check", "quick_check"):
        return argument is None or not is_reserved(argument)
    if name == "optimize":
        return argument is None or _is_integer(argument)
    return name == "table_list"


def _is_integer(text: str) -> bool:
    number = _INTEGER.fullmatch(text)
    return number is not None and int(number[1], 16 if "x" in text.lower() else 10) in _INT32


@dataclass(slots=True)
class StatementFacts:
    """What the authorizer learned about one statement while it was prepared."""

    #: It reads a table.
    reads: bool = False
    #: The table it inserts into, updates or deletes from; the first one named, triggers come later.
    changed_table: str | None = None
    #: What it does to that table.
    change: int | None = None
    #: The columns it updates.
    updated_columns: set[str] = field(default_factory=set)
    #: It gathers statistics for the query planner.
    analyzes: bool = False
    #: It changes a setting of the connection.
    sets_pragma: bool = False


class Rules:
    """The authorizer of one connection."""

    def __init__(self) -> None:
        #: Whether user SQL runs now.
        self.is_active = False
        #: What was learned about the statement of `begin`.
        self.facts = StatementFacts()
        self._statement = ""
        self._is_altering = False
        self._answers: dict[int, Callable[[str | None, str | None], bool]] = {
            apsw.SQLITE_READ: self._read,
            apsw.SQLITE_INSERT: self._change(apsw.SQLITE_INSERT),
            apsw.SQLITE_UPDATE: self._change(apsw.SQLITE_UPDATE),
            apsw.SQLITE_DELETE: self._change(apsw.SQLITE_DELETE),
            apsw.SQLITE_PRAGMA: self._pragma,
            apsw.SQLITE_FUNCTION: self._function,
            apsw.SQLITE_TRANSACTION: _refuse_transaction,
            apsw.SQLITE_SAVEPOINT: _refuse_transaction,
            apsw.SQLITE_CREATE_VTABLE: lambda name, module: not is_reserved(name) and str(module).lower() in _MODULES,
            apsw.SQLITE_DROP_VTABLE: lambda name, module: not is_reserved(name) and str(module).lower() in _MODULES,
            apsw.SQLITE_ALTER_TABLE: self._alter_table,
            apsw.SQLITE_SELECT: _allow,
            apsw.SQLITE_RECURSIVE: _allow,
            apsw.SQLITE_ANALYZE: self._analyze,
        }
        for operation in _NAMING_OPERATIONS:
            self._answers[operation] = _names_are_free

    def authorize(
        self, operation: int, first: str | None, second: str | None, schema: str | None, _by: str | None
    ) -> int:
        """SQLite's question; its arguments mean what the operation says. What is not listed is forbidden."""
        if not self.is_active:
            return apsw.SQLITE_OK
        if operation == apsw.SQLITE_ALTER_TABLE:
            if is_reserved(schema):
                return apsw.SQLITE_DENY
            schema = first  # what stands in its place is the column to be dropped, if any
        answer = self._answers.get(operation)
        if answer is None or (schema == "temp" and operation not in _HARMLESS_IN_TEMP):
            return apsw.SQLITE_DENY
        return apsw.SQLITE_OK if answer(first, second) else apsw.SQLITE_DENY

    def begin(self, statement: str) -> None:
        """A user's statement is about to be prepared: switch the rules on and learn about it."""
        self.is_active = True
        self.facts = StatementFacts()
        self._statement = statement
        self._is_altering = False

    def _alter_table(self, _db: str | None, table: str | None) -> bool:
        self._is_altering = True
        # SQLite does not ask about the new name.
        return not is_reserved(table) and _RENAMES_TO_RESERVED.search(self._statement) is None

    def _function(self, _: str | None, name: str | None) -> bool:
        assert name is not None
        # ALTER TABLE works through functions of SQLite's own, which nobody else can call.
        return name.lower() in FUNCTIONS or (self._is_altering and name.startswith(("sqlite_rename_", "sqlite_drop_")))

    def _read(self, table: str | None, _column: str | None) -> bool:
        if table is not None and table.lower() in _ABSENT_TABLES:
            raise error(f"no such table: {table}: SQLITE_ERROR")
        self.facts.reads = True
        return not is_reserved(table)

    def _change(self, change: int) -> Callable[[str | None, str | None], bool]:
        def answer(table: str | None, column: str | None) -> bool:
            facts = self.facts
            if facts.change is None and table not in _SCHEMA_TABLES:
                facts.changed_table, facts.change = table, change
            if change == facts.change == apsw.SQLITE_UPDATE and table == facts.changed_table and column is not None:
                facts.updated_columns.add(column.lower())
            return not is_reserved(table)

        return answer

    def _analyze(self, _table: str | None, _: str | None) -> bool:
        # Of any table: plain ANALYZE covers the platform's own too.
        self.facts.analyzes = True
        return True

    def _pragma(self, name: str | None, argument: str | None) -> bool:
        assert name is not None
        self.facts.analyzes |= name.lower() == "optimize"
        self.facts.sets_pragma |= argument is not None and name.lower() in _SETTINGS
        return may_use_pragma(name, argument)


#: The schema of temporary tables may be looked at, and ALTER TABLE looks for references there.
_HARMLESS_IN_TEMP: Final = frozenset({apsw.SQLITE_READ, apsw.SQLITE_SELECT, apsw.SQLITE_FUNCTION, apsw.SQLITE_UPDATE})

#: Operations whose arguments are names that must not be the platform's. The temporary kinds are missing on purpose.
_NAMING_OPERATIONS: Final = (
    apsw.SQLITE_CREATE_TABLE,
    apsw.SQLITE_CREATE_INDEX,
    apsw.SQLITE_CREATE_VIEW,
    apsw.SQLITE_CREATE_TRIGGER,
    apsw.SQLITE_DROP_TABLE,
    apsw.SQLITE_DROP_INDEX,
    apsw.SQLITE_DROP_VIEW,
    apsw.SQLITE_DROP_TRIGGER,
    apsw.SQLITE_REINDEX,
)


def _names_are_free(first: str | None, second: str | None) -> bool:
    return not is_reserved(first) and not is_reserved(second)


def _allow(_first: str | None, _second: str | None) -> bool:
    return True


def _refuse_transaction(_first: str | None, _second: str | None) -> bool:
    raise error(_USE_TRANSACTION)
