"""What a namespace looks like on disk: file names, tables, units. Shared with the real platform, byte for byte.

Pure: knows neither SQLite nor the file system. A directory written by the real platform must be readable by us and the
reverse, so nothing here may change without an experiment.

Source: spec durable-objects 1.3, 1.6, 3.1-3.5, 8.1.
"""

import re
import struct
from collections.abc import Iterable
from typing import Final

METADATA_FILE: Final = "metadata.sqlite"
DATABASE_SUFFIX: Final = ".sqlite"
SIDE_SUFFIXES: Final = ("-wal", "-shm", "-journal")
#: SQLite's index of the log; no data, it is made anew from the log.
INDEX_SUFFIX: Final = "-shm"
PAGE_BYTES: Final = 4096
HEADER_BYTES: Final = 100

# The indentation is the platform's own; readers do not depend on it, but `sqlite_master.sql` shows it.
CREATE_KV: Final = (
    "CREATE TABLE IF NOT EXISTS _cf_KV (\n        key TEXT PRIMARY KEY,\n        value BLOB\n      ) WITHOUT ROWID"
)
CREATE_METADATA: Final = (
    "CREATE TABLE IF NOT EXISTS _cf_METADATA (\n        key INTEGER PRIMARY KEY,\n        value BLOB\n      )"
)
CREATE_ALARM: Final = (
    "CREATE TABLE IF NOT EXISTS _cf_ALARM (\n      actor_id TEXT PRIMARY KEY,\n      scheduled_time INTEGER,\n"
    "      actor_name TEXT\n    ) WITHOUT ROWID"
)

#: Begins the names of the platform's own tables.
OWN_PREFIX: Final = "_cf_"
KV_TABLE: Final = "_cf_KV"
METADATA_TABLE: Final = "_cf_METADATA"
EXTERNALS_TABLE: Final = "_cf_EXTERNALS"
ALARM_TABLE: Final = "_cf_ALARM"

#: Keys of ``_cf_METADATA``.
ALARM_KEY: Final = 1
BOOKMARK_KEY: Final = 2

#: The largest row the platform's SQLite accepts, in bytes of its record.
ROW_BYTES_MAX: Final = 8_388_642

_OBJECT_ID: Final = re.compile(r"[0-9a-fA-F]{64}")
_OBJECT_FILE: Final = re.compile(r"[0-9a-fA-F]{64}(\.[1-9][0-9]*)?\.sqlite")
_MAGIC: Final = b"SQLite format 3\0"


def object_file(actor_hex: str, facet: int = 0) -> str:
    """The name of the database file of an object, or of its facet number ``facet``."""
    return f"{actor_hex}.{facet}{DATABASE_SUFFIX}" if facet else f"{actor_hex}{DATABASE_SUFFIX}"


def facet_index_file(actor_hex: str) -> str:
    """The name of the file that gives the facets of an object their numbers."""
    return f"{actor_hex}.facets"


def object_ids(names: Iterable[str]) -> list[str]:
    """The ids of the objects whose files are among ``names``, sorted; everything else is ignored.

    Source: spec durable-objects 1.6.
    """
    stems = (name.removesuffix(DATABASE_SUFFIX) for name in names if name.endswith(DATABASE_SUFFIX))
    return sorted(stem for stem in stems if _OBJECT_ID.fullmatch(stem))


def object_files(names: Iterable[str]) -> list[str]:
    """The database files of objects and facets among ``names``, sorted; no metadata, no ``-wal``, no ``-shm``."""
    return sorted(name for name in names if _OBJECT_FILE.fullmatch(name))


def files_of_objects(names: Iterable[str]) -> dict[str, list[str]]:
    """The files of each object among ``names``, by id: all that begin with the id and a point.

    In the order in which they can be removed: whatever is left at any moment is an object that can be opened. Its
    facets go before the index that tells whose they are, its own database goes last, and logs go before databases.
    """
    found: dict[str, list[str]] = {}
    for name in names:
        stem, dot, _ = name.partition(".")
        if dot and _OBJECT_ID.fullmatch(stem):
            found.setdefault(stem, []).append(name)
    for stem, files in found.items():
        files.sort(key=lambda name: _removal_rank(name, stem))
    return found


def _removal_rank(name: str, stem: str) -> tuple[int, bool, str]:
    if not name.startswith(f"{stem}{DATABASE_SUFFIX}"):
        is_index = name == f"{stem}.facets"
        return (1 if is_index else 0), name.endswith(DATABASE_SUFFIX), name
    return 2, name.endswith(DATABASE_SUFFIX), name


#: Of one name in a directory, on every file system that matters.
_NAME_BYTES_MAX: Final = 255


def unique_key_problem(unique_key: str) -> str | None:
    """Why ``unique_key`` cannot be exactly one path component, or None.

    Source: spec durable-objects 1.1.3.
    """
    if not unique_key:
        return "it is empty"
    if unique_key in (".", ".."):
        return "it names a directory that already means something else"
    if "/" in unique_key or "\0" in unique_key:
        return "it must be exactly one path component, without a slash"
    if len(unique_key.encode("utf-8", "replace")) > _NAME_BYTES_MAX:
        return f"it is longer than the {_NAME_BYTES_MAX} bytes that a name of a directory may have"
    if not unique_key.isprintable():
        return "it has characters that no name of a directory should have"
    return None


def bookmark(count: int) -> str:
    """The bookmark string for the ``count``-th state of an object.

    Source: spec durable-objects 3.5.
    """
    high, low = divmod(count, 0xFFFFFFFF)
    return f"{high:08x}-{low:08x}-00000000-{'0' * 32}"


def empty_database(sqlite_version_number: int, *, is_wal: bool = True) -> bytes:
    """The 4096 bytes of a database that holds nothing yet.

    Writing them at once replaces the switch of a fresh file to WAL, which costs a rollback journal and several
    system calls; the bytes are those that the switch leaves.

    Args:
        sqlite_version_number: Of the library that is said to have written it.
        is_wal: In WAL mode, as every file on disk is; a database in memory cannot be.
    """
    version = 2 if is_wal else 1
    header = bytearray(PAGE_BYTES)
    header[0:16] = _MAGIC
    # page size, file format twice, no reserved bytes, the three payload fractions, change counter 1, one page
    header[16:32] = struct.pack(">HBBBBBBII", PAGE_BYTES, version, version, 0, 64, 32, 32, 1, 1)
    # version-valid-for equals the change counter, so that the page count above counts
    header[92:100] = struct.pack(">II", 1, sqlite_version_number)
    # an empty leaf page of the schema table: no cells, content area starts at the end of the page
    header[100:108] = struct.pack(">BHHHB", 0x0D, 0, 0, PAGE_BYTES, 0)
    return bytes(header)


def is_wal(head: bytes) -> bool:
    """Whether the header says write-ahead log."""
    return head[18:20] == b"\x02\x02"


def database_problem(head: bytes, size: int, *, has_wal: bool) -> str | None:
    """Why the file cannot be a whole SQLite database, or None. An empty file is a fresh database.

    Runs before SQLite opens the file, because SQLite may modify a file (recover a log, create side files) before it
    notices the damage.

    Args:
        head: The first 100 bytes of the file, fewer if it is shorter.
        size: The size of the file in bytes.
        has_wal: A log with content lies beside it; then the page count of the header may run ahead of the file.
    """
    if size == 0:
        return None
    if head[:16] != _MAGIC[: len(head)]:
        return "it does not begin like a SQLite database"
    if size < HEADER_BYTES:
        return f"it is truncated: {size} bytes, the header alone has {HEADER_BYTES}"
    return _header_problem(head) or _size_problem(head, size, has_wal=has_wal)


def _page_bytes(head: bytes) -> int:
    (raw,) = struct.unpack_from(">H", head, 16)
    return 65536 if raw == 1 else int(raw)


def _header_problem(head: bytes) -> str | None:
    page_bytes = _page_bytes(head)
    if page_bytes < 512 or page_bytes & (page_bytes - 1):
        return f"its header is damaged: page size {page_bytes}"
    if head[18] not in (1, 2) or head[19] not in (1, 2):
        return f"its header is damaged: format version {head[18]}/{head[19]}"
    if head[21:24] != b"\x40\x20\x20":
        return "its header is damaged: payload fractions"
    return None


def _size_problem(head: bytes, size: int, *, has_wal: bool) -> str | None:
    page_bytes = _page_bytes(head)
    if size % page_bytes:
        return f"it is truncated: {size} bytes are not whole pages of {page_bytes}"
    changes, pages = struct.unpack_from(">II", head, 24)
    (valid_for,) = struct.unpack_from(">I", head, 92)
    if not has_wal and changes == valid_for and pages * page_bytes > size:
        return f"it is truncated: its header counts {pages} pages, the file holds {size // page_bytes}"
    return None
