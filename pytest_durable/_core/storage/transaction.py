"""The transaction an object's storage is in: none, the implicit one of a turn, or explicit ones nested in each other.

The first write of a turn opens the implicit transaction; its owner commits it at the end of the turn. Explicit ones are
savepoints. Which of the three it is decides what every operation may do, so it is a type, not a pair of booleans.

Source: workerd io/actor-sqlite.h, ``OneOf<NoTxn, ImplicitTxn*, ExplicitTxn*>``; spec durable-objects 6.1-6.3.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import apsw

from pytest_durable._core.storage.database import Database
from pytest_durable._core.storage.pool import PooledDatabase


@dataclass(frozen=True, slots=True)
class NoTransaction:
    """Nothing is uncommitted."""


@dataclass(frozen=True, slots=True)
class Implicit:
    """Writes of the current turn wait for its end."""


@dataclass(frozen=True, slots=True)
class Explicit:
    """A transaction of the user is open."""

    #: 0 for the outermost.
    depth: int


State = NoTransaction | Implicit | Explicit

NO_TRANSACTION: Final = NoTransaction()
IMPLICIT: Final = Implicit()


class StoreHooks(Protocol):
    """What the owner of a store is told, before it happens. May raise ``LifeEnded``."""

    def transaction_began(self) -> None:
        """A transaction has been opened and holds nothing yet."""


class NoHooks:
    """Nobody listens."""

    def transaction_began(self) -> None:
        """Ignored."""


NO_HOOKS: Final = NoHooks()


class Transaction:
    """The state, and the statements that change it. Illegal moves raise AssertionError: the owner keeps the order."""

    __slots__ = ("_file", "_marks", "_written", "hooks", "state", "sync_depth")

    def __init__(self, file: PooledDatabase) -> None:
        self._file = file
        self.state: State = NO_TRANSACTION
        self.hooks: StoreHooks = NO_HOOKS
        #: Open synchronous savepoints; they end within the turn that opens them.
        self.sync_depth = 0
        # Keys written, in order, and how many there were when each open savepoint began, innermost last: what a
        # savepoint wrote counts only if it is released.
        self._written: list[str] = []
        self._marks: tuple[int, ...] = ()

    @property
    def is_open(self) -> bool:
        """Something may be uncommitted."""
        return self.state is not NO_TRANSACTION

    @property
    def is_explicit(self) -> bool:
        """The user opened it."""
        return isinstance(self.state, Explicit)

    def write(self) -> Database:
        """Get the database for one write operation; opens the implicit transaction if there is none."""
        database = self._file.use()
        if self.state is NO_TRANSACTION:
            database.execute(database.statements.begin)
            self.state = IMPLICIT
            self.hooks.transaction_began()
        return database

    def wrote(self, key: str) -> None:
        """Remember a written key for the record of the commit."""
        self._written.append(key)

    def commit(self) -> frozenset[str]:
        """Commit the implicit transaction; the names of the keys written. On failure nothing of it remains."""
        assert isinstance(self.state, Implicit), f"no implicit transaction to commit, but {self.state}"
        assert self.sync_depth == 0, "a synchronous transaction is still running"
        database = self._file.use()
        try:
            database.execute(database.statements.commit)
        except apsw.Error:
            self.rollback()
            raise
        return self._end()

    def rollback(self) -> None:
        """Undo the whole transaction, whatever is open in it."""
        database = self._file.use()
        if database.in_transaction:
            database.execute(database.statements.rollback)
        self._end()
        self.sync_depth = 0
        database.reload_tables()

    def forget(self) -> None:
        """SQLite or the owner has ended the transaction already; nothing of it remains."""
        self._end()
        self.sync_depth = 0

    def _end(self) -> frozenset[str]:
        written = frozenset(self._written)
        self._written.clear()
        self._marks = ()
        self.state = NO_TRANSACTION
        return written

    def begin_explicit(self) -> int:
        """Open an explicit transaction, nested if one is open; its depth."""
        assert not isinstance(self.state, Implicit), "the implicit transaction is to be committed first"
        database = self._file.use()
        depth = self.state.depth + 1 if isinstance(self.state, Explicit) else 0
        database.execute(database.statements.savepoint(depth))
        self.state = Explicit(depth)
        self._marks += (len(self._written),)
        if depth == 0:
            self.hooks.transaction_began()
        return depth

    def commit_explicit(self, depth: int) -> frozenset[str]:
        """Commit the innermost explicit transaction. The keys written, if it was the outermost; else none yet."""
        self._assert_innermost(depth)
        database = self._file.use()
        try:
            database.execute(database.statements.release(depth))
        except apsw.Error:
            self.rollback()
            raise
        if depth == 0:
            return self._end()
        self._leave_savepoint(keep=True)
        self.state = Explicit(depth - 1)
        return frozenset()

    def rollback_explicit(self, depth: int) -> None:
        """Undo and close the innermost explicit transaction."""
        self._assert_innermost(depth)
        database = self._file.use()
        if database.in_transaction:
            database.execute(database.statements.rollback_to(depth))
            try:
                database.execute(database.statements.release(depth))
            except apsw.CorruptError:  # after a corrupt page SQLite commits nothing, not even nothing
                self.rollback()
                return
        self._leave_savepoint(keep=False)
        self.state = Explicit(depth - 1) if depth else NO_TRANSACTION
        database.reload_tables()

    def _assert_innermost(self, depth: int) -> None:
        assert self.state == Explicit(depth), f"transaction {depth} is not the innermost: {self.state}"

    def begin_sync(self) -> None:
        """Open a synchronous savepoint; counts as a write, because it needs a transaction around it."""
        database = self.write()
        database.execute(database.statements.sync_savepoint)
        self.sync_depth += 1
        self._marks += (len(self._written),)

    def release_sync(self) -> None:
        """Keep what the innermost synchronous savepoint wrote."""
        assert self.sync_depth, "no synchronous transaction is open"
        database = self._file.use()
        database.execute(database.statements.sync_release)
        self.sync_depth -= 1
        self._leave_savepoint(keep=True)

    def rollback_sync(self) -> None:
        """Undo and close the innermost synchronous savepoint."""
        assert self.sync_depth, "no synchronous transaction is open"
        database = self._file.use()
        if database.in_transaction:
            database.execute(database.statements.sync_rollback)
            database.execute(database.statements.sync_release)
        self.sync_depth -= 1
        self._leave_savepoint(keep=False)
        database.reload_tables()

    def _leave_savepoint(self, *, keep: bool) -> None:
        *outer, mark = self._marks
        self._marks = tuple(outer)
        if not keep:
            del self._written[mark:]
