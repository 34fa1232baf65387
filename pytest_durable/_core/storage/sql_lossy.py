"""Text that is not UTF-8, read as the platform reads it: with replacement characters.

Such text is rare (a cast of bytes, a stored lone surrogate), and reading it fails. Then the rows that are left are read
once more in a form that cannot fail.
"""

from collections.abc import Iterator, Sequence

import apsw

from pytest_durable._core.storage.sql_values import SqlValue


def read_lossily(
    connection: apsw.Connection, statement: str, bound: Sequence[SqlValue], columns: Sequence[str], skip: int
) -> Iterator[tuple[SqlValue, ...]]:
    """The rows of a statement that only reads, after the first ``skip``.

    Each text travels as bytes beside its type and is decoded here.
    """
    names = [f"c{index}" for index in range(len(columns))]
    pairs = [f"typeof({name}), iif(typeof({name}) = 'text', CAST({name} AS BLOB), {name})" for name in names]
    query = (
        f"WITH lossy({', '.join(names)}) AS (\n{statement.strip().rstrip(';')}\n) "
        f"SELECT {', '.join(pairs)} FROM lossy LIMIT -1 OFFSET {skip}"
    )
    columns_max = connection.limit(apsw.SQLITE_LIMIT_COLUMN, 2 * len(columns) + 1)
    try:
        cursor = connection.cursor().execute(query, bound, can_cache=False)
    finally:
        connection.limit(apsw.SQLITE_LIMIT_COLUMN, columns_max)
    return (tuple([_decoded(kind, value) for kind, value in zip(row[::2], row[1::2], strict=True)]) for row in cursor)


def _decoded(kind: object, value: SqlValue) -> SqlValue:
    return value.decode("utf-8", "replace") if kind == "text" and isinstance(value, bytes) else value
