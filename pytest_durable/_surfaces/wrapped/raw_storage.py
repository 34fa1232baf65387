"""Storage without the SDK's conversions: what ``txn`` is, and ``ctx._ctx.storage``.

Arguments reach the platform as they are: text, numbers and proxies pass, None is ``undefined``, other Python objects
have no clone. Results are proxies.

Source: spec python-workers 2.2 (transaction), 2.10, 2.11.
"""

import builtins
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pytest_durable._core.actor import ObjectStorage, ObjectTransaction, StorageOperations
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage.values import UNDEFINED, DecodedTypes, JSMap
from pytest_durable._surfaces.awaitables import Settled
from pytest_durable._surfaces.wrapped.data_proxies import proxy_of
from pytest_durable._surfaces.wrapped.exceptions import shown
from pytest_durable._surfaces.wrapped.proxies import JsProxy, wire_of
from pytest_durable._surfaces.wrapped.references import LiteralMap, PythonReference
from pytest_durable._surfaces.wrapped.to_wire import to_wire
from pytest_durable._surfaces.wrapped.types import JsDict

#: Members of production's object that belong to the raw profile. Their absence is told from a typing error.
NOT_YET: Final = frozenset(
    (
        "getBookmarkForTime",
        "getCurrentBookmark",
        "kv",
        "onNextSessionRestoreBookmark",
        "sql",
        "sync",
        "transaction",
        "transactionSync",
    )
)
NEEDS_TO_JS: Final = "a Python dict, list, set or bytes given to raw storage needs to_js() in production"


class RawOperations(JsProxy):
    """What raw storage and ``txn`` have in common.

    Args:
        face: The platform's storage, in wire values.
        report: Takes the code and text of a warning; None refuses what production refuses.
    """

    def __init__(self, face: StorageOperations, report: Callable[[str, str], None] | None) -> None:
        super().__init__(face)
        self.face: Any = face
        self._report = report

    def get(self, *args: Any, **kwargs: Any) -> Settled:
        wire = self._wire(args, kwargs)
        is_many = bool(wire) and isinstance(wire[0], list)
        return _settled(self.face.get, wire[:2], JSMap if is_many else None)

    def list(self, *args: Any, **kwargs: Any) -> Settled:
        return _settled(self.face.list, self._wire(args, kwargs)[:1], JSMap)

    def put(self, *args: Any, **kwargs: Any) -> Settled:
        return _settled(self.face.put, self._wire(args, kwargs)[:3], _undefined)

    def delete(self, *args: Any, **kwargs: Any) -> Settled:
        return _settled(self.face.delete, self._wire(args, kwargs)[:2])

    def getAlarm(self, *args: Any, **kwargs: Any) -> Settled:
        return _settled(self.face.get_alarm, self._wire(args, kwargs)[:1])

    def setAlarm(self, *args: Any, **kwargs: Any) -> Settled:
        return _settled(self.face.set_alarm, self._wire(args, kwargs)[:2], _undefined)

    def deleteAlarm(self, *args: Any, **kwargs: Any) -> Settled:
        return _settled(self.face.delete_alarm, self._wire(args, kwargs)[:1], _undefined)

    def _wire(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> builtins.list[object]:
        wire = [self._argument(value) for value in args]
        if kwargs:
            wire.append({name: self._argument(value) for name, value in kwargs.items()})
        return wire

    def _argument(self, value: object) -> object:
        wire = wire_of(value)
        if isinstance(wire, LiteralMap):
            return to_wire(value) if self._report is not None else PythonReference(value)
        if self._report is None or not isinstance(wire, PythonReference):
            return wire
        if not isinstance(value, dict | list | set | bytes | memoryview):
            return wire
        self._report("PD-W03", NEEDS_TO_JS)
        return to_wire(value)


class RawTransaction(RawOperations):
    """``txn``."""

    _kind = "DurableObjectTransaction"
    face: ObjectTransaction

    def rollback(self) -> None:
        """Undo the writes of the transaction now."""
        _throwing(self.face.rollback)

    def deleteAll(self, *_args: Any) -> None:
        """Refused inside a transaction."""
        _throwing(self.face.delete_all)


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageTypes:
    """How the wrapped profile shows storage.

    Attributes:
        decoded: What stored values are built from.
        object_type: What a set of named values becomes.
        is_lenient: Properties are read afresh each time, where production keeps the first answer (spec 2.5); raw
            methods take native containers (spec 2.18).
        report: Takes the code and text of a warning.
    """

    decoded: DecodedTypes
    object_type: type[JsDict]
    is_lenient: bool
    report: Callable[[str, str], None]


class RawStorage(RawOperations):
    """``ctx._ctx.storage``. Its SQL and ``kv`` belong to the raw profile, which is not built yet.

    Args:
        face: The platform's storage, in wire values.
        types: How the same storage looks when it is wrapped.
        has_alarm_handler: Objects of this class can run alarms.
    """

    _kind = "DurableObjectStorage"
    face: ObjectStorage

    def __init__(self, face: ObjectStorage, types: StorageTypes, *, has_alarm_handler: bool = True) -> None:
        super().__init__(face, types.report if types.is_lenient else None)
        self.types = types
        self.has_alarm_handler = has_alarm_handler

    def __getattr__(self, name: str) -> Any:
        if name in NOT_YET:
            raise AttributeError(
                f"ctx._ctx.storage.{name} exists in production, but not in this version of pytest-durable"
            )
        raise AttributeError(name)

    def deleteAll(self, *args: Any, **kwargs: Any) -> Settled:
        return _settled(self.face.delete_all, self._wire(args, kwargs)[:1], _undefined)


def _settled(method: Callable[..., Any], wire: Any, shape: Callable[[Any], object] | None = None) -> Settled:
    try:
        result = method(*wire)
        return Settled(proxy_of(result if shape is None else shape(result)))
    except PlatformError as failure:
        return Settled(failure=shown(failure))


def _throwing(operation: Callable[[], None]) -> None:
    try:
        operation()
    except PlatformError as failure:
        raise shown(failure) from None


def _undefined(_nothing: None) -> object:
    return UNDEFINED
