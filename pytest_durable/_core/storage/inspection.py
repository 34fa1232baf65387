"""Looking into an object's database without waking the object and without changing a byte.

What is shown is the committed truth. How it is read depends on who has the file: if a connection of this Disk has it
open, through a second connection (opening the file any other way would drop SQLite's locks); if nobody has, as an
immutable file, or from a private copy when a log lies beside it, because reading a log writes.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw

from pytest_durable._core.errors import DurableError
from pytest_durable._core.storage import layout
from pytest_durable._core.storage.codec import UndecodableError, decode
from pytest_durable._core.storage.damage import undecodable, unusable
from pytest_durable._core.storage.files import Files
from pytest_durable._core.storage.key_range import key_text
from pytest_durable._core.storage.metadata import whole_number
from pytest_durable._core.storage.pool import NOT_UTF8, Pool, check_database, damaged
from pytest_durable._core.storage.sql_errors import describe
from pytest_durable._core.storage.sql_lossy import read_lossily

SqlValue = int | float | str | bytes | None
Reader = Callable[[], AbstractContextManager[apsw.Connection]]

_ALL_PAIRS = "SELECT CAST(key AS BLOB), CAST(value AS BLOB) FROM _cf_KV ORDER BY key"
_UNKNOWN_FORMAT = "unsupported file format"
_URI = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI


class StoredView:
    """What is stored for one object. Each access looks anew; nothing stays open between two.

    Attributes:
        actor_hex: The object's id.
        path: Where its database is, for messages.
    """

    def __init__(self, actor_hex: str, path: str, read: Reader) -> None:
        self.actor_hex = actor_hex
        self.path = path
        self._read = read

    def __repr__(self) -> str:
        return f"<StoredView {self.path}>"

    @property
    def kv(self) -> "StoredValues":
        """The key-value pairs as they are now: a mapping that decodes a value when it is asked for."""
        rows = self._own_rows(layout.KV_TABLE, _ALL_PAIRS)
        return StoredValues(self, {key_text(raw): blob for raw, blob in rows})

    @property
    def alarm_ns(self) -> int | None:
        """The object's own record of its alarm, in nanoseconds since the epoch."""
        rows = self._own_rows(layout.METADATA_TABLE, "SELECT value FROM _cf_METADATA WHERE key = 1")
        return whole_number(rows[0][0] if rows else None)

    @property
    def tables(self) -> list[str]:
        """Names of all tables, sorted; the platform's own begin with ``_cf_``."""
        return [name for (name,) in self._rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]

    @property
    def size(self) -> int:
        """Bytes in use, as ``sql.databaseSize`` counts them."""
        ((size,),) = self._rows(
            "SELECT (page_count - freelist_count) * page_size "
            "FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()"
        )
        return int(size) or layout.PAGE_BYTES

    def sql(self, query: str, *bindings: SqlValue) -> list[dict[str, SqlValue]]:
        """Run a query that only reads.

        Returns:
            One dict per row, column name to int, float, str, bytes or None, in statement order.

        Raises:
            DurableError: The query failed, or tried to write.
        """
        with self._reading() as connection:
            cursor = connection.cursor()
            cursor.execute(query, bindings)
            names: list[str] = []
            try:
                names = [column[0] for column in cursor.get_description()]
                rows = list(cursor)
            except apsw.ExecutionCompleteError:  # there are no rows
                return []
            except UnicodeDecodeError:
                rows = list(read_lossily(connection, query, bindings, names, 0))
            return [dict(zip(names, row, strict=True)) for row in rows]

    def _own_rows(self, table: str, query: str) -> list[tuple[bytes, bytes | None]]:
        return self._rows(query) if table in self.tables else []

    def _rows(self, query: str) -> list[Any]:
        with self._reading() as connection:
            return connection.execute(query).fetchall()

    @contextmanager
    def _reading(self) -> Iterator[apsw.Connection]:
        try:
            with self._read() as connection:
                yield connection
        except (apsw.CorruptError, apsw.NotADBError) as failure:
            raise damaged(self.path, f"SQLite says {failure}") from failure
        except UnicodeDecodeError as failure:
            raise damaged(self.path, NOT_UTF8) from failure
        except OSError as failure:  # of the copy
            raise unusable(self.path, failure) from failure
        except apsw.Error as failure:
            if str(failure) == _UNKNOWN_FORMAT:  # a plain SQLError, like a mistake in the query
                raise damaged(self.path, f"SQLite says {failure}") from failure
            raise DurableError(f"Looking into {self.path} failed: {describe(failure)}") from failure


class StoredValues(Mapping[str, object]):
    """Stored values by key, in order of the keys' bytes, decoded when asked for."""

    def __init__(self, view: StoredView, blobs: dict[str, bytes | None]) -> None:
        self._view = view
        self._blobs = blobs

    def __getitem__(self, key: str) -> object:
        blob = self._blobs[key]
        try:
            return decode(blob or b"")
        except UndecodableError as failure:
            raise undecodable(self._view.path, self._view.actor_hex, key, failure) from failure

    def __iter__(self) -> Iterator[str]:
        return iter(self._blobs)

    def __len__(self) -> int:
        return len(self._blobs)

    def __repr__(self) -> str:
        return f"<StoredValues of {self._view.actor_hex[:8]}…: {', '.join(map(repr, self._blobs))}>"


def committed_bytes(pool: Pool, files: Files, name: str) -> bytes:
    """The bytes of a database of this namespace as it is committed, its log merged.

    Raises:
        DamagedFileError: It is damaged.
    """
    if pool.engine.memory is not None:
        return files.read(name)
    with _reader(pool, files, name) as connection:
        return connection.serialize("main") or b""  # None of a file without a byte


def inspect(pool: Pool, files: Files, actor_hex: str, facet: int = 0) -> StoredView | None:
    """A view of what is stored for the object, or for its facet of that number; None if it has no file.

    Raises:
        DamagedFileError: At once or at an access; nothing was changed.
    """
    name = layout.object_file(actor_hex, facet)
    if not files.exists(name):
        return None
    return StoredView(actor_hex, files.path(name), lambda: _reader(pool, files, name))


@contextmanager
def _reader(pool: Pool, files: Files, name: str) -> Iterator[apsw.Connection]:
    path = files.path(name)
    vfs = pool.engine.vfs.name
    if pool.engine.memory is not None:
        with _closing(apsw.Connection(":memory:", vfs=vfs)) as connection:
            connection.deserialize("main", files.read(name))
            connection.execute("PRAGMA query_only = 1").fetchall()
            yield connection
    elif pool.holds(path):
        with _closing(apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY, vfs=vfs)) as connection:
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            yield connection
    else:
        # To open and close a file that a host of this process has open would drop SQLite's locks on it.
        with files.held():
            check_database(files, name)
            with _untouched(files, name) as uri, _closing(apsw.Connection(uri, flags=_URI, vfs=vfs)) as connection:
                connection.config(
                    apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1
                )  # a copy is thrown away, so it may stay behind
                connection.execute("PRAGMA query_only = 1").fetchall()
                yield connection


@contextmanager
def _untouched(files: Files, name: str) -> Iterator[str]:
    """A URI under which a file that nobody has open can be read without a trace."""
    path = files.path(name)
    if not files.size(name + "-wal"):
        yield f"file:{quote(path)}?mode=ro&immutable=1"
        return
    with tempfile.TemporaryDirectory(prefix="durable-look-") as directory:
        copy = str(Path(directory, "copy.sqlite"))
        shutil.copyfile(path, copy)
        # Without the -shm: its content is no data, SQLite rebuilds it from the log.
        shutil.copyfile(f"{path}-wal", f"{copy}-wal")
        yield f"file:{quote(copy)}"


@contextmanager
def _closing(connection: apsw.Connection) -> Iterator[apsw.Connection]:
    try:
        yield connection
    finally:
        connection.close(True)
