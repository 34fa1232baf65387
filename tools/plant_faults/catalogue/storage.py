"""Faults in storage: pairs, transactions of SQLite, user SQL, files, locks."""

from typing import Final

from tools.plant_faults.fault import Fault

_KV: Final = "_core/storage/kv.py"
_STATEMENTS: Final = "_core/storage/statements.py"
_PAIRS: Final = "_core/storage/store_pairs.py"
_KV_TESTS: Final = ("tests/core/storage/test_kv.py",)
_DISK_TESTS: Final = ("tests/core/storage/test_disk.py",)
_BAD_FILE_TESTS: Final = ("tests/core/storage/test_bad_files.py",)

FAULTS: Final = (
    Fault(
        name="many-keys-in-the-order-asked",
        breaks="get() of many keys gives them in the order in which they were named.",
        file=_KV,
        before="for raw in sorted({key_bytes(key) for key in keys}):",
        after="for raw in dict.fromkeys(key_bytes(key) for key in keys):",
        tests=_KV_TESTS,
    ),
    Fault(
        name="many-keys-in-the-order-of-utf16",
        breaks="get() of many keys orders them by UTF-16, as strings compare in the platform's language.",
        file=_KV,
        before="for raw in sorted({key_bytes(key) for key in keys}):",
        after=(
            'for raw in sorted({key_bytes(key) for key in keys}, key=lambda raw: raw.decode("utf-8", "surrogatepass")'
            '.encode("utf-16-be", "surrogatepass")):'
        ),
        tests=_KV_TESTS,
    ),
    Fault(
        name="reverse-ignored",
        breaks="list() gives ascending keys although reverse was asked for.",
        file=_STATEMENTS,
        before="{' DESC' if reverse else ''}",
        after="{' ASC' if reverse else ''}",
        tests=_KV_TESTS,
    ),
    Fault(
        name="end-inclusive",
        breaks="list() gives the key at which it is to end.",
        file=_STATEMENTS,
        before="AND key < {_KEY}",
        after="AND key <= {_KEY}",
        tests=_KV_TESTS,
    ),
    Fault(
        name="start-after-inclusive",
        breaks="list() gives the key after which it is to start.",
        file="_core/storage/key_range.py",
        before='key_bytes(options.start_after) + b"\\0")',
        after="key_bytes(options.start_after))",
        tests=("tests/core/storage/test_key_range.py",),
    ),
    Fault(
        name="part-of-a-put-kept",
        breaks="put() of many pairs keeps those before the one that does not fit.",
        file=_PAIRS,
        before="                database.execute(database.statements.many_rollback)\n",
        after="",
        tests=_KV_TESTS,
    ),
    Fault(
        name="undecodable-value-swallowed",
        breaks="get() of a value that cannot be decoded says that there is none.",
        file=_PAIRS,
        before="            raise self._undecodable(key, failure) from failure",
        after="            return UNDEFINED if failure else None",
        tests=_KV_TESTS,
    ),
    Fault(
        name="user-sql-unrestricted",
        breaks="SQL of the application may use the tables of the platform.",
        file="_core/storage/sql_rules.py",
        before="        self.is_active = True\n        self.facts = StatementFacts()\n",
        after="        self.is_active = False\n        self.facts = StatementFacts()\n",
        tests=("tests/core/storage/test_sql_rules.py",),
    ),
    Fault(
        name="foreign-keys-unchecked",
        breaks="Foreign keys are not enforced.",
        file="_core/storage/database.py",
        before="SQLITE_DBCONFIG_ENABLE_FKEY, 1)",
        after="SQLITE_DBCONFIG_ENABLE_FKEY, 0)",
        tests=("tests/core/storage/test_sql_rules.py", "tests/core/storage/test_transactions.py"),
    ),
    Fault(
        name="sql-time-is-real",
        breaks="The time functions of SQL show the real time.",
        file="_core/storage/vfs.py",
        before="self._wall_ns()",
        after="__import__('time').time_ns()",
        tests=("tests/core/storage/test_sql.py",),
    ),
    Fault(
        name="open-transaction-put-away",
        breaks="A database is closed to make room although its transaction is open.",
        file="_core/storage/store_access.py",
        before="        return not self._transaction.is_open\n",
        after="        return True\n",
        tests=("tests/core/storage/test_pool.py",),
    ),
    Fault(
        name="metadata-counted-as-an-object",
        breaks="metadata.sqlite is listed among the objects.",
        file="_core/storage/layout.py",
        before="    return sorted(stem for stem in stems if _OBJECT_ID.fullmatch(stem))",
        after="    return sorted(stems)",
        tests=("tests/core/storage/test_layout.py",),
    ),
    Fault(
        name="damaged-file-opened",
        breaks="A file that is no whole database is opened, and may be changed.",
        file="_core/storage/pool.py",
        before="    if problem is not None:\n        raise damaged(",
        after="    if False:\n        raise damaged(",
        tests=_BAD_FILE_TESTS,
    ),
    Fault(
        name="lock-not-taken",
        breaks="Two hosts may use one directory at the same time.",
        file="_core/storage/files.py",
        before="fcntl.LOCK_EX | fcntl.LOCK_NB",
        after="fcntl.LOCK_SH | fcntl.LOCK_NB",
        tests=_BAD_FILE_TESTS,
    ),
    Fault(
        name="commits-never-synced",
        breaks="Commits are not synced to the disk although synchronous='full' was asked for.",
        file="_core/storage/database.py",
        before="        if not self._engine.is_synchronous:\n",
        after="        if True:\n",
        tests=_DISK_TESTS,
    ),
    Fault(
        name="delete-all-keeps-the-file",
        breaks="deleteAll leaves the data where they are.",
        file="_core/storage/pool.py",
        before="        delete_database(self._files, self.name)\n",
        after="",
        tests=("tests/core/storage/test_metadata.py",),
    ),
    Fault(
        name="inner-commit-settles-the-alarm",
        breaks="The commit of a transaction inside another one makes its alarm count as committed.",
        file="_core/storage/store.py",
        before="        if not self._transaction.is_open:\n            self._alarm_committed()\n",
        after="        self._alarm_committed()\n",
        tests=("tests/core/storage/test_metadata.py",),
    ),
    Fault(
        name="first-opened-put-away-first",
        breaks="The database that was opened first is closed to make room, however recently it was used.",
        file="_core/storage/pool.py",
        before="        self._open.move_to_end(member)",
        after="        pass",
        tests=("tests/core/storage/test_pool.py",),
    ),
    Fault(
        name="last-rowid-forgotten",
        breaks="last_insert_rowid() is zero after the database was closed to make room.",
        file="_core/storage/store.py",
        before="database.connection.last_insert_rowid() if self._sql is not None else 0",
        after="0",
        tests=("tests/core/storage/test_pool.py",),
    ),
    Fault(
        name="lock-kept-for-ever",
        breaks="A directory stays locked after its host has ended.",
        file="_core/storage/files.py",
        before="            os.close(self._lock)\n",
        after="",
        tests=_BAD_FILE_TESTS,
    ),
    Fault(
        name="failed-open-leaves-files",
        breaks="A database that could not be opened has side files that were not there before.",
        file="_core/storage/pool.py",
        before="            self._files.delete(side)\n",
        after="            pass\n",
        tests=_BAD_FILE_TESTS,
    ),
    Fault(
        name="rows-without-a-limit",
        breaks="Values are stored that are too big for the platform.",
        file="_core/storage/database.py",
        before="layout.ROW_BYTES_MAX)",
        after="1_000_000_000)",
        tests=_KV_TESTS,
    ),
    Fault(
        name="old-alarm-table-not-migrated",
        breaks="A directory of an older version, whose alarms have no names, cannot be used.",
        file="_core/storage/alarm_table.py",
        before='        if "actor_name" not in columns:\n',
        after="        if not columns:\n",
        tests=("tests/core/storage/test_alarm_table.py",),
    ),
    Fault(
        name="memory-survives-the-process",
        breaks="Objects kept in memory are still there after a restart.",
        file="_core/storage/disk.py",
        before="            self._engine.memory.files.clear()\n",
        after="            pass\n",
        tests=("tests/core/storage/test_memory.py",),
    ),
    Fault(
        name="statements-of-users-cached",
        breaks="A query tells the columns that its table had before the schema was changed.",
        file="_core/storage/sql_cursor.py",
        before="        return cursor.execute(self.statement, bound, can_cache=False)",
        after="        return cursor.execute(self.statement, bound)",
        tests=("tests/core/storage/test_sql.py",),
    ),
)
