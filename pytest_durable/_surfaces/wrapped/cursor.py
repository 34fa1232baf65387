"""Cursors of SQL as Python code reads them.

Source: workers-runtime-sdk workers/rpc.py (_BindingWrapper); spec durable-objects 5.4, python-workers 2.2, 2.5.
"""

from collections.abc import Callable, Iterator
from typing import Any

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage import Cursor
from pytest_durable._surfaces.wrapped.binding import _BindingWrapper
from pytest_durable._surfaces.wrapped.exceptions import shown
from pytest_durable._surfaces.wrapped.types import JsDict


class _Rows(_BindingWrapper):
    """Rows in one form, from the position that all views of a cursor share."""

    _cursor: Cursor

    def _shape(self, row: tuple[object, ...]) -> Any:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return self._shape(_throwing(self._cursor.__next__))

    def next(self) -> JsDict:
        """One step, as the platform's iterators answer it."""
        try:
            return JsDict(done=False, value=next(self))
        except StopIteration:
            return JsDict(done=True)

    def toArray(self) -> list[Any]:
        """The rows that are left."""
        return _throwing(lambda: [self._shape(row) for row in self._cursor])  # type: ignore[no-any-return]


class WrappedCursor(_Rows):
    """What ``sql.exec`` answers: rows by column name.

    Args:
        cursor: The rows.
        object_type: What a row becomes.
        is_live: Counters are read afresh each time; production keeps the first answer (spec python-workers 2.5).
    """

    def __init__(self, cursor: Cursor, object_type: type[JsDict], *, is_live: bool) -> None:
        self._cursor = cursor
        self._object_type = object_type
        self._is_live = is_live
        self._kept: dict[str, Any] = {}

    def one(self) -> Any:
        """The only row that is left; an error if there are none or several."""
        return self._shape(_throwing(self._cursor.one))

    def raw(self) -> "WrappedRows":
        """The same rows as lists of all columns."""
        return WrappedRows(self._cursor)

    @property
    def columnNames(self) -> list[str]:
        return self._read("columnNames", lambda: list(self._cursor.column_names))  # type: ignore[no-any-return]

    @property
    def rowsRead(self) -> int:
        return self._read("rowsRead", lambda: self._cursor.rows_read)  # type: ignore[no-any-return]

    @property
    def rowsWritten(self) -> int:
        return self._read("rowsWritten", lambda: self._cursor.rows_written)  # type: ignore[no-any-return]

    def _shape(self, row: tuple[object, ...]) -> Any:
        return self._object_type(zip(self._cursor.column_names, row, strict=True))

    def _read(self, name: str, read: Callable[[], object]) -> Any:
        if self._is_live:
            return read()
        return self._kept.setdefault(name, read())


class WrappedRows(_Rows):
    """What ``cursor.raw()`` answers."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def _shape(self, row: tuple[object, ...]) -> Any:
        return list(row)


def _throwing(operation: Callable[[], Any]) -> Any:
    try:
        return operation()
    except PlatformError as failure:
        raise shown(failure) from None
