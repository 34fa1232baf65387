"""What every operation on an object's storage goes through: is it still usable, is a transaction open, what failed."""

from collections.abc import Callable

import apsw

from pytest_durable._core.errors import LifeEnded, StorageClosedError
from pytest_durable._core.platform_errors import PlatformError, tell
from pytest_durable._core.storage.damage import corrupt_page
from pytest_durable._core.storage.database import Database
from pytest_durable._core.storage.faults import Faults
from pytest_durable._core.storage.pool import PooledDatabase
from pytest_durable._core.storage.sql_errors import internal_error, is_critical, platform_error
from pytest_durable._core.storage.transaction import State, StoreHooks, Transaction


class StoreAccess:
    """The way to one object's database.

    Attributes:
        actor_hex: The object's id.
        is_critically_failed: The error with which every operation fails after SQLite ended the transaction by itself.
        refusal: Makes what a reader that outlives the store raises; set by the owner, whom it must not keep alive.
    """

    def __init__(self, file: PooledDatabase, actor_hex: str, faults: Faults) -> None:
        self.actor_hex = actor_hex
        self._faults = faults
        self.is_critically_failed: PlatformError | None = None
        self.refusal: Callable[[], BaseException] | None = None
        self._file = file
        self._transaction = Transaction(file)
        file.occupant = self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.actor_hex[:8]}… {self.state}>"

    def opened(self, database: Database) -> None:
        """The database was opened, for the first time or again."""

    def parked(self, database: Database) -> None:
        """The database is about to be put away; whoever keeps something of it would keep its connection alive."""

    def is_idle(self) -> bool:
        """Whether it may be put away."""
        return not self._transaction.is_open

    @property
    def hooks(self) -> StoreHooks:
        """Whom to tell about writes and transactions."""
        return self._transaction.hooks

    @hooks.setter
    def hooks(self, hooks: StoreHooks) -> None:
        self._transaction.hooks = hooks

    @property
    def state(self) -> State:
        """Which transaction is open."""
        return self._transaction.state

    def require_sound(self) -> None:
        """Make sure that no critical error has undone everything.

        Raises:
            PlatformError: One has.
        """
        self._use()

    def _use(self) -> Database:
        """The database, for any operation."""
        if self.is_critically_failed is not None:
            raise self.is_critically_failed.copy()
        return self._file.use()

    def _use_for_reader(self) -> Database:
        """The database, for a cursor or iterator that user code, or the test, may keep for longer than the store.

        Unlike other operations it goes on reading after a critical error (tried).
        """
        try:
            return self._file.use()
        except (LifeEnded, StorageClosedError):
            if self.refusal is None:
                raise
            refusal = self.refusal()
        raise refusal

    def _write(self) -> Database:
        """The database, for a write operation; a transaction is open then."""
        if self.is_critically_failed is not None:
            raise self.is_critically_failed.copy()
        try:
            return self._transaction.write()
        except apsw.Error as failure:
            raise self._failed(failure) from failure

    def _read(self) -> Database:
        """The database, for an operation that reads."""
        database = self._use()
        if self._faults.pending:
            self._strike_read(database, self._failed)
        return database

    def _read_by_sql(self) -> Database:
        """The database, for a query of the user: what only reads is answered even after a critical error (tried)."""
        database = self._file.use()
        if self._faults.pending:
            self._strike_read(database, self._failed_by_sql)
        return database

    def _strike_read(self, database: Database, failed: Callable[[apsw.Error], PlatformError]) -> None:
        try:
            self._faults.strike("read", self.actor_hex)
        except apsw.Error as failure:
            if is_critical(failure) and database.in_transaction:
                database.execute(database.statements.rollback)  # as SQLite does
            raise failed(failure) from failure

    def _failed(self, failure: apsw.Error) -> PlatformError:
        """The error for user code of a statement of ours: an opaque one, but for a value that is too big (tried)."""
        problem = platform_error(failure)
        if not isinstance(failure, apsw.TooBigError):
            problem = self.internal_error(problem.message)
        return self._noticed(problem, failure)

    def _failed_by_sql(self, failure: apsw.Error) -> PlatformError:
        """The error for user code of a statement of the user: SQLite's own words."""
        return self._noticed(platform_error(failure), failure)

    def _noticed(self, problem: PlatformError, failure: apsw.Error) -> PlatformError:
        """``problem``, having noticed whether the transaction is gone with it."""
        if is_critical(failure) and self._transaction.is_open and not self._file.use().in_transaction:
            self._break(platform_error(failure))
        return self._naming_damage(problem, failure)

    def _naming_damage(self, problem: PlatformError, failure: apsw.Error) -> PlatformError:
        """``problem``, which says more to a test if SQLite has come upon a damaged page."""
        if isinstance(failure, apsw.CorruptError | apsw.NotADBError):
            tell(problem, corrupt_page(self._file.path, self.actor_hex, failure))
        return problem

    def _break(self, problem: PlatformError) -> None:
        self.is_critically_failed = PlatformError(problem.message, durable_object_reset=True)
        self._transaction.forget()

    def internal_error(self, about: str) -> PlatformError:
        """The platform's opaque error; its reference depends only on the object and on what went wrong."""
        return internal_error(self.actor_hex, about)
