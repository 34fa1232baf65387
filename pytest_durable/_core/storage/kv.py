"""The table ``_cf_KV``: stored values by key, as bytes.

Knows neither value types nor transactions; the caller encodes, decodes and has a transaction open for writes.

Source: spec durable-objects 3.2, 3.3, 4.2, 4.3.
"""

from collections.abc import Iterable, Iterator

import apsw

from pytest_durable._core.storage import layout
from pytest_durable._core.storage.database import Database
from pytest_durable._core.storage.key_range import KeyRange, key_bytes, key_text

Row = tuple[str, bytes | None]
Rows = list[Row]

_NO_LIMIT = -1


class KvTable:
    """``_cf_KV`` of one open database. Reads never create it, writes do."""

    __slots__ = ("_database", "_execute", "_statements")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._execute = database.execute
        self._statements = database.statements

    @property
    def exists(self) -> bool:
        """Whether the table is there."""
        return layout.KV_TABLE in self._database.own_tables

    def create(self) -> None:
        """Create the table if it is absent, in the current transaction."""
        if layout.KV_TABLE not in self._database.own_tables:
            self._execute(self._statements.kv_create)
            self._database.own_tables.add(layout.KV_TABLE)

    def get(self, key: str) -> tuple[bytes | None] | None:
        """The stored bytes in a tuple of one, None if the key is absent."""
        if layout.KV_TABLE not in self._database.own_tables:
            return None
        rows: list[tuple[bytes | None]] = self._execute(self._statements.kv_get, (key_bytes(key),)).fetchall()
        return rows[0] if rows else None

    def get_many(self, keys: Iterable[str]) -> Rows:
        """The rows that exist, each once, in ascending order of the keys' bytes."""
        found: Rows = []
        for raw in sorted({key_bytes(key) for key in keys}):
            row = self.get(raw.decode("utf-8", "surrogatepass"))
            if row is not None:
                found.append((key_text(raw), row[0]))
        return found

    def put(self, key: str, blob: bytes) -> None:
        """Insert or replace one row."""
        raw = key_bytes(key)
        self._execute(self._statements.kv_put, (raw, blob))
        self._delete_externals(raw)

    def delete(self, key: str) -> bool:
        """Delete one row; whether it was there."""
        raw = key_bytes(key)
        self._execute(self._statements.kv_delete, (raw,))
        existed = self._database.connection.changes() > 0
        self._delete_externals(raw)
        return existed

    def _delete_externals(self, raw: bytes) -> None:
        # Tokens of stored stubs belong to their key's value. We never write any; a file from elsewhere may have them.
        if layout.EXTERNALS_TABLE in self._database.own_tables:
            self._execute(self._statements.externals_delete, (raw,))

    def may_hold_any(self, span: KeyRange) -> bool:
        """Whether there is anything to look at for `list` and `iterate`, which need a table."""
        return self.exists and not span.is_empty

    def list(self, span: KeyRange, *, reverse: bool, limit: int | None) -> Rows:
        """The rows of a range, in key order or reversed."""
        bounds = _parameters(span, limit)
        bounded = span.upper is not None
        try:
            text = self._statements.kv_list(bounded=bounded, reverse=reverse)
            rows: Rows = self._execute(text, bounds).fetchall()
        except UnicodeDecodeError:
            # Some key holds a lone surrogate. Rare, so the common case does not pay for it.
            text = self._statements.kv_list(bounded=bounded, reverse=reverse, raw=True)
            rows = [(key_text(raw), blob) for raw, blob in self._execute(text, bounds).fetchall()]
        return rows

    def iterate(self, span: KeyRange, *, reverse: bool, limit: int | None) -> tuple[apsw.Cursor, Iterator[Row]]:
        """Like `list`, row by row while the table may change; the cursor is to be closed by the caller."""
        cursor = self._database.connection.cursor()
        text = self._statements.kv_list(bounded=span.upper is not None, reverse=reverse, raw=True)
        cursor.execute(text, _parameters(span, limit))
        return cursor, ((key_text(raw), blob) for raw, blob in cursor)


def _parameters(span: KeyRange, limit: int | None) -> tuple[bytes | int, ...]:
    count = _NO_LIMIT if limit is None else limit
    return (span.lower, count) if span.upper is None else (span.lower, span.upper, count)
