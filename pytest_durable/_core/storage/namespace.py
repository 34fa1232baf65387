"""The files of one namespace: its alarm table, its objects' databases, and who may have them open.

Source: spec durable-objects 1.3-1.6, 8.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.storage import layout
from pytest_durable._core.storage.alarm_table import AlarmRow, AlarmTable, check_rows
from pytest_durable._core.storage.doors import Doors
from pytest_durable._core.storage.facet_files import FacetFiles, find_number
from pytest_durable._core.storage.faults import Fault, Faults, Step, Trouble
from pytest_durable._core.storage.files import Files
from pytest_durable._core.storage.inspection import StoredView, inspect
from pytest_durable._core.storage.pool import Pool, PooledDatabase, check_database
from pytest_durable._core.storage.store import ObjectStore


class NamespaceFiles:
    """A directory of objects. Looking works always; using the alarms and the objects needs `open`.

    Attributes:
        unique_key: What keys the ids and names the directory.
        directory: Where the files are, None in memory.
    """

    def __init__(self, pool: Pool, files: Files, unique_key: str, life: Callable[[], Doors]) -> None:
        problem = layout.unique_key_problem(unique_key)
        if problem is not None:
            raise ConfigurationError(f"The unique key {unique_key!r} cannot name a directory: {problem}.")
        self.unique_key = unique_key
        self.directory: Path | None = files.directory
        self._pool = pool
        self._files = files
        self._life = life
        self._doors: Doors | None = None
        self._metadata: PooledDatabase | None = None
        self._alarms: AlarmTable | None = None
        self._stores: dict[str, ObjectStore] = {}
        self._faults = Faults()

    def __repr__(self) -> str:
        return f"<NamespaceFiles {self.unique_key!r} {'open' if self.is_open else 'closed'}>"

    @property
    def is_open(self) -> bool:
        """Whether a life uses it now."""
        return self._metadata is not None

    @property
    def alarms(self) -> AlarmTable:
        """The alarm table; only while open."""
        assert self._alarms is not None, f"namespace {self.unique_key!r} is not open"
        return self._alarms

    def check(self) -> None:
        """Find out whether `open` would work, as far as that can be told without changing anything.

        Raises:
            DirectoryError: The directory cannot be used.
            DamagedFileError: ``metadata.sqlite`` is damaged.
        """
        self._files.check()
        if self._files.exists(layout.METADATA_FILE):
            check_database(self._files, layout.METADATA_FILE)

    def open(self) -> None:
        """Take the directory for the life that has the disk: lock it, then create or migrate what belongs in it.

        Raises:
            DirectoryInUseError: Another host holds the directory.
            DirectoryError: The directory cannot be used.
            DamagedFileError: ``metadata.sqlite`` is damaged. In each case nothing was changed.
        """
        assert not self.is_open, f"namespace {self.unique_key!r} is open already"
        doors = self._life()
        self._files.check()
        self._files.create_directory()
        self._files.lock()
        try:
            metadata = PooledDatabase(self._pool, doors, self._files, layout.METADATA_FILE)
            alarms = AlarmTable(metadata, self._faults)
            metadata.open()  # looks at the file before it changes anything
        except BaseException:
            self._files.unlock()
            raise
        self._doors, self._metadata, self._alarms = doors, metadata, alarms

    def hold(self) -> None:
        """Take the directory for another process, which opens the files itself; raises what ``open`` raises."""
        self.check()
        self._files.create_directory()
        self._files.lock()

    def let_go(self) -> None:
        """The other process has ended."""
        self._files.unlock()

    def discard(self) -> None:
        """Delete all files; nobody may have one open."""
        for name in self._files.names():
            self._files.delete(name)

    def close(self, *, graceful: bool) -> None:
        """Close every database and let go of the directory. Idempotent."""
        failures: list[Exception] = []
        closables: list[ObjectStore | PooledDatabase] = [*self._stores.values()]
        if self._metadata is not None:
            closables.append(self._metadata)
        for closable in closables:
            try:
                closable.close(graceful=graceful)
            except Exception as failure:
                failures.append(failure)
        self._stores = {}
        self._doors = self._metadata = self._alarms = None
        self._files.unlock()
        if failures:
            raise failures[0]

    def object_ids(self) -> list[str]:
        """The ids of the objects that have a file, sorted: those that were constructed at least once."""
        return layout.object_ids(self._files.names())

    def object_files(self) -> list[str]:
        """Names of the database files of objects and facets, sorted."""
        return layout.object_files(self._files.names())

    def all_files(self) -> list[str]:
        """Names of all files, sorted."""
        return self._files.names()

    def has_object(self, actor_hex: str) -> bool:
        """Whether the object has a file."""
        return self._files.exists(layout.object_file(actor_hex))

    def files_of_objects(self) -> dict[str, list[str]]:
        """The files of each object, by id, for ``remove_object``."""
        return layout.files_of_objects(self._files.names())

    def remove_object(self, actor_hex: str, files: list[str]) -> None:
        """Remove an object that nobody has open, with its facets.

        Args:
            actor_hex: Its id.
            files: As ``files_of_objects`` gives them.
        """
        assert actor_hex not in self._stores, f"object {actor_hex} is open"
        for name in files:
            self._files.delete(name)

    def open_store(self, actor_hex: str, facet: int = 0) -> ObjectStore:
        """Open the storage of an object or of a facet of it, and create its file if there is none; once at a time.

        Raises:
            DamagedFileError: The file is damaged. Nothing was changed.
        """
        # A facet goes by its file, so that what is meant for the object alone (a fault) does not meet it.
        owner = f"{actor_hex}.{facet}" if facet else actor_hex
        assert self._doors is not None, f"namespace {self.unique_key!r} is not open"
        assert owner not in self._stores, f"object {owner} is open already"
        file = PooledDatabase(self._pool, self._doors, self._files, layout.object_file(actor_hex, facet))
        store = ObjectStore(file, owner, self._faults)
        file.open()
        self._stores[owner] = store
        store.on_close = self._forget
        return store

    def _forget(self, owner: str) -> None:
        self._stores.pop(owner, None)

    def facet_files(self, actor_hex: str) -> FacetFiles:
        """The files of an object's facets. Reads and makes nothing yet."""
        assert self._doors is not None, f"namespace {self.unique_key!r} is not open"
        return FacetFiles(self._pool, self._doors, self._files, actor_hex, partial(self.open_store, actor_hex))

    def fail_next(self, step: Step, trouble: Trouble, *, actor_hex: str | None = None, label: str = "") -> None:
        """Let the next commit, read or alarm row of an object fail; of any object if none is named.

        Lives may end meanwhile: it is the disk that will fail.
        """
        self._faults.add(Fault(step=step, trouble=trouble, actor_hex=actor_hex, label=label))

    def forget_faults(self, *, actor_hex: str | None = None) -> list[Fault]:
        """Take back what was to fail, of one object or of all; what had not come yet."""
        return self._faults.forget(actor_hex)

    def inspect(self, actor_hex: str, facet: tuple[str, ...] = ()) -> StoredView | None:
        """What is stored for the object, or for a facet of it, read without waking it; None if it has no file.

        Args:
            actor_hex: The object.
            facet: The facet's name, after those of the facets that it is below; empty for the object itself.
        """
        if not facet:
            return inspect(self._pool, self._files, actor_hex)
        number = find_number(self._files, actor_hex, facet)
        return None if number is None else inspect(self._pool, self._files, actor_hex, number)

    def alarms_changed_at(self) -> object:
        """Something that differs when another process has changed the table of alarms."""
        names = (layout.METADATA_FILE, f"{layout.METADATA_FILE}-wal")
        return [self._files.change(name) for name in names]

    def stored_alarms(self) -> list[AlarmRow]:
        """The rows of the alarm table as they are on the disk, (hex id, due ns, name), while no life has it open.

        Raises:
            DamagedFileError: They are not what the platform writes; nothing was changed.
        """
        view = inspect(self._pool, self._files, layout.METADATA_FILE.removesuffix(".sqlite"))
        if view is None or layout.ALARM_TABLE not in view.tables:
            return []
        rows = view.sql("SELECT * FROM _cf_ALARM ORDER BY scheduled_time, actor_id")
        found: list[Any] = [(row.get("actor_id"), row.get("scheduled_time"), row.get("actor_name")) for row in rows]
        check_rows(view.path, found)
        return found
