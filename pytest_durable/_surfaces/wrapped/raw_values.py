"""Raw ``kv`` and ``sql``, and how arguments reach raw storage and results leave it.

Source: spec python-workers 2.10, 2.11; workerd api/sql.h.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, Final

from pytest_durable._core.actor import ObjectKv, ObjectSql
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage import Cursor
from pytest_durable._core.storage.values import UNDEFINED
from pytest_durable._surfaces.wrapped.clone import clone
from pytest_durable._surfaces.wrapped.data_proxies import IteratorStep, JsArray, JsIterator, JsObject, proxy_of
from pytest_durable._surfaces.wrapped.exceptions import shown, shown_failure
from pytest_durable._surfaces.wrapped.promises import JsPromise
from pytest_durable._surfaces.wrapped.proxies import JsProxy, wire_of
from pytest_durable._surfaces.wrapped.references import LiteralMap, PythonReference
from pytest_durable._surfaces.wrapped.to_wire import to_wire

NEEDS_TO_JS: Final = "a Python dict, list, set or bytes given to raw storage needs to_js() in production"
NO_ALARM_HANDLER: Final = "setAlarm() on an object without an alarm() method: the alarm will fail when it is due"


class RawArguments:
    """How arguments reach the platform without the SDK: as they are.

    Args:
        report: Takes the code and text of a warning; None refuses what production refuses.
    """

    def __init__(self, report: Callable[[str, str], None] | None) -> None:
        self.report = report

    def wire(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[object]:
        """The arguments of a call, in wire values of their own; keyword arguments are one object after the others.

        Raises:
            JsException: DataCloneError.
        """
        wire = [self._one(value) for value in args]
        if kwargs:
            wire.append({name: self._one(value) for name, value in kwargs.items()})
        return wire

    def _one(self, value: object) -> object:
        wire = wire_of(value)
        if self.report is not None:
            if isinstance(wire, LiteralMap):
                return to_wire(value)
            native = isinstance(value, dict | list | set | bytes | memoryview)
            if native and isinstance(wire, PythonReference):
                self.report("PD-W03", NEEDS_TO_JS)
                return to_wire(value)
        # A Python object may be a key, of which the platform takes the text; as a value it is refused in storage.
        return wire if isinstance(wire, PythonReference) else clone(wire)


class RawKv(JsProxy):
    """``storage.kv``."""

    _kind = "SyncKvStorage"

    def __init__(self, face: ObjectKv, arguments: RawArguments) -> None:
        super().__init__(face)
        self._face = face
        self._arguments = arguments

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._thrown(self._face.get, 1, args, kwargs)

    def put(self, *args: Any, **kwargs: Any) -> None:
        self._thrown(self._face.put, 2, args, kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._thrown(self._face.delete, 1, args, kwargs))

    def list(self, *args: Any, **kwargs: Any) -> JsIterator:
        found = self._arguments.wire(args, kwargs)[:1]
        entries = throwing(lambda: self._face.list(*found))
        return JsIterator(JsArray([key, value]) for key, value in _thrown_in(entries))

    def _thrown(self, method: Callable[..., Any], count: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        wire = self._arguments.wire(args, kwargs)[:count]
        return proxy_of(throwing(lambda: method(*wire)))


class RawSql(JsProxy):
    """``storage.sql``."""

    _kind = "SqlStorage"

    def __init__(self, face: ObjectSql, arguments: RawArguments) -> None:
        super().__init__(face)
        self._face = face
        self._arguments = arguments

    @property
    def databaseSize(self) -> int:
        """Bytes of the database."""
        return throwing(lambda: self._face.database_size)  # type: ignore[no-any-return]

    def exec(self, *args: Any, **kwargs: Any) -> "RawCursor":
        """Run a query now."""
        wire = self._arguments.wire(args, kwargs)
        return RawCursor(throwing(lambda: self._face.exec(*((wire[0], wire[1:]) if wire else ()))))


class _RawRows(JsProxy):
    _target: Cursor

    def _shape(self, row: tuple[object, ...]) -> Any:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        return map(self._shape, _thrown_in(self._target))

    def next(self) -> IteratorStep:
        """The next step."""
        for row in self:
            return IteratorStep(False, row)
        return IteratorStep(True, None)

    def toArray(self) -> JsArray:
        """The rows that are left."""
        return JsArray([row._target for row in self])


class RawCursor(_RawRows):
    """What ``sql.exec`` answers: rows as objects."""

    _kind = "Cursor"

    def one(self) -> JsObject:
        """The only row that is left; an error if there are none or several."""
        return self._shape(throwing(self._target.one))

    def raw(self) -> "RawRows":
        """The same rows as arrays of all columns."""
        return RawRows(self._target)

    @property
    def columnNames(self) -> JsArray:
        return JsArray(list(throwing(lambda: self._target.column_names)))

    @property
    def rowsRead(self) -> int:
        return throwing(lambda: self._target.rows_read)  # type: ignore[no-any-return]

    @property
    def rowsWritten(self) -> int:
        return throwing(lambda: self._target.rows_written)  # type: ignore[no-any-return]

    def _shape(self, row: tuple[object, ...]) -> JsObject:
        return JsObject(dict(zip(self._target.column_names, row, strict=True)))


class RawRows(_RawRows):
    """What ``cursor.raw()`` answers."""

    _kind = "RawIterator"

    def _shape(self, row: tuple[object, ...]) -> JsArray:
        return JsArray(list(row))


def _thrown_in(items: Iterator[Any]) -> Iterator[Any]:
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except PlatformError as failure:
            raise shown(failure) from None
        yield item


def throwing(operation: Callable[[], Any]) -> Any:
    """What an operation returns that throws where others reject."""
    try:
        return operation()
    except PlatformError as failure:
        raise shown(failure) from None


def promised(start: Callable[[], "asyncio.Future[Any]"]) -> JsPromise:
    """The promise of an operation that takes its time."""
    try:
        return JsPromise(_Shown(start()))
    except PlatformError as failure:
        return JsPromise(failure=shown(failure))


class _Shown:
    """A future whose failure is shown in user code's terms."""

    def __init__(self, future: "asyncio.Future[Any]") -> None:
        self._future = future

    def __await__(self) -> Any:
        try:
            return (yield from self._future)
        except PlatformError as failure:
            seen = shown_failure(failure)
        raise seen


def undefined(_nothing: None) -> object:
    """What operations without a result answer."""
    return UNDEFINED
