"""The neutral surface: objects see values, names and errors as the platform's own language would.

It adds nothing and softens nothing, so that each statement about the platform can be tested even where Python objects
are shown something else: names are the platform's, values are wire values, errors are ``PlatformError`` as raised, what
is settled does not suspend. Not for users; their surface is ``wrapped``.

Source: spec durable-objects (all sections seen from inside an object).
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pytest_durable._core.actor.arguments import ABSENT, is_nothing, is_object, member, not_of_type, text_of, truth
from pytest_durable._core.actor.storage_face import (
    ObjectKv,
    ObjectSql,
    ObjectStorage,
    ObjectTransaction,
    StorageOperations,
)
from pytest_durable._core.ids import ObjectId
from pytest_durable._core.isolate import Rules
from pytest_durable._core.messages import Alarm, AlarmInfo, Call, Delivery, Request, Response
from pytest_durable._core.platform_errors import (
    PlatformError,
    RemoteFailure,
    data_clone_error,
    error,
    range_error,
    type_error,
)
from pytest_durable._core.storage import NotCloneable, decode, encode
from pytest_durable._core.storage.values import UNDEFINED, JSMap

from .awaitables import Pending, Settled, settle
from .seams import Client, Context, Namespace

#: Methods that events have; never callable as methods (spec 10.1.3).
RESERVED: Final = frozenset(
    ("alarm", "webSocketMessage", "webSocketClose", "webSocketError", "dup", "constructor", "fetch", "connect")
)


class Aborted(BaseException):
    """Leaves the turn in which an object aborted itself; everything it would still do is discarded."""


class NeutralObject:
    """Base class of objects that the neutral surface runs: ``(ctx, env)``, as the platform's own base class."""

    def __init__(self, ctx: "NeutralContext", env: "NeutralEnv") -> None:
        self.ctx = ctx
        self.env = env


class NeutralSurface:
    """How objects written against the platform's own interface are built and called.

    Args:
        enhanced_errors: Errors keep their class and own properties across calls (compatibility date from 2026-04-21).
    """

    name: Final = "neutral"
    rules: Final = Rules(constructor_failure="break", alarm_without_handler="refuse")

    def __init__(self, *, enhanced_errors: bool = True) -> None:
        self._enhanced_errors = enhanced_errors

    def build(self, cls: type, context: Context, bindings: Mapping[str, object]) -> object:
        """Call the user's class."""
        return cls(NeutralContext(context), NeutralEnv(bindings, enhanced_errors=self._enhanced_errors))

    def has_handler(self, cls: type, name: str) -> bool:
        """Whether objects of the class answer the event ``name``."""
        return callable(getattr(cls, name, None))

    def deliver(self, instance: object, delivery: Delivery) -> object:
        """Start the handler or method.

        Raises:
            PlatformError: There is none, or it cannot be called.
        """
        if isinstance(delivery, Call):
            return _method(instance, delivery.method)(*delivery.args)
        if isinstance(delivery, Request):
            if not self.has_handler(type(instance), "fetch"):
                raise error("Handler does not export a fetch() function.")
            return instance.fetch(delivery)  # type: ignore[attr-defined]
        return _call_fitting(instance.alarm, NeutralAlarmInfo(delivery.info))  # type: ignore[attr-defined]

    def answer(self, delivery: Delivery, result: object) -> object:
        """The copy of a result that travels.

        Raises:
            PlatformError: DataCloneError for what cannot be sent; TypeError for a fetch without Response.
        """
        if isinstance(delivery, Alarm):
            return UNDEFINED
        if isinstance(delivery, Call):
            return copied(result)
        if not isinstance(result, Response):
            raise type_error("Incorrect type for Promise: the Promise did not resolve to 'Response'.")
        return result


def copied(value: object) -> object:
    """A deep copy by the rules of sending.

    Raises:
        PlatformError: DataCloneError.
    """
    if value is None or type(value) in (str, int, float, bool):
        return value
    try:
        return decode(encode(value))
    except NotCloneable as failure:
        raise data_clone_error(failure.message) from failure


def _method(instance: object, name: str) -> Callable[..., object]:
    """What a call to ``name`` reaches: methods and accessors of the class, no fields (spec 10.1)."""
    cls = type(instance)
    if not issubclass(cls, NeutralObject):
        raise type_error(
            "The receiving Durable Object does not support RPC, because its class was not declared with `extends "
            "DurableObject`. In order to enable RPC, make sure your class extends the special class `DurableObject`, "
            'which can be imported from the module "cloudflare:workers".'
        )
    if name in RESERVED:
        raise type_error(f"'{name}' is a reserved method and cannot be called over RPC.")
    owners = cls.__mro__[: cls.__mro__.index(NeutralObject)]
    if not any(name in vars(owner) for owner in owners) or (name.startswith("__") and name.endswith("__")):
        raise type_error(f'The RPC receiver does not implement the method "{name}".')
    # Through the class, because a field of the same name does not hide a method from callers.
    found = next(vars(owner)[name] for owner in owners if name in vars(owner))
    method = found.__get__(instance, cls) if hasattr(found, "__get__") else found
    if not callable(method):
        raise type_error(f'"{name}" is not a function.')
    return method  # type: ignore[no-any-return]


def _call_fitting(handler: Callable[..., object], argument: object) -> object:
    """Call a handler with as much as it declares: the platform's language drops surplus arguments."""
    code = getattr(handler, "__func__", handler).__code__
    takes_none = code.co_argcount == 1 and not code.co_flags & 0x04
    return handler() if takes_none else handler(argument)


class NeutralEnv:
    """``env``: bindings as attributes, undefined when there is none."""

    def __init__(self, bindings: Mapping[str, object], *, enhanced_errors: bool) -> None:
        self._bindings = bindings
        self._enhanced_errors = enhanced_errors

    def __getattr__(self, name: str) -> Any:
        binding = self._bindings.get(name, UNDEFINED)
        if isinstance(binding, Namespace):
            return NeutralNamespace(binding, enhanced_errors=self._enhanced_errors)
        return binding


class NeutralId:
    """The id of an object."""

    def __init__(self, object_id: ObjectId) -> None:
        self.object_id = object_id
        self.name: object = UNDEFINED if object_id.name is None else object_id.name
        self.jurisdiction = UNDEFINED

    def equals(self, other: object = ABSENT) -> bool:
        """Whether both name the same object; names do not count."""
        if not isinstance(other, NeutralId):
            raise not_of_type("DurableObjectId", "equals", 1, "DurableObjectId")
        return self.object_id == other.object_id

    def toString(self) -> str:
        """64 hex digits."""
        return self.object_id.hex

    __str__ = toString


class NeutralAlarmInfo:
    """What an alarm handler is told."""

    def __init__(self, info: AlarmInfo) -> None:
        self.isRetry = info.is_retry
        self.retryCount = info.retry_count
        self.scheduledTime = info.scheduled_ms


class NeutralContext:
    """``ctx``."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.id = NeutralId(context.id)
        self.storage = NeutralStorage(context.storage)

    def blockConcurrencyWhile(self, callback: object = ABSENT) -> "asyncio.Future[object] | Settled":
        """Run ``callback`` while nothing else of the object runs."""
        if not callable(callback):
            refusal = not_of_type("DurableObjectState", "blockConcurrencyWhile", 1, "function")
            return Settled(failure=refusal)
        return self._context.block_concurrency_while(callback)

    def waitUntil(self, awaitable: object = ABSENT) -> None:
        """Keep the object busy until ``awaitable`` is done."""
        if awaitable is ABSENT:
            raise not_of_type("DurableObjectState", "waitUntil", 1, "Promise")
        self._context.wait_until(awaitable)

    def abort(self, reason: object = UNDEFINED, options: object = UNDEFINED) -> None:
        """End the object at once. Never returns."""
        retry = member(options, "retryAlarm")
        text = None if reason is UNDEFINED else _reason_text(reason)
        self._context.abort(text, retry_alarm=retry is UNDEFINED or truth(retry))
        raise Aborted


def _reason_text(reason: object) -> str:
    if isinstance(reason, PlatformError):
        return f"{reason.name}: {reason.message}"
    return f"{type(reason).__name__}: {reason}" if isinstance(reason, BaseException) else text_of(reason)


class _Operations:
    """What ``storage`` and ``txn`` have in common. Errors are rejections, never thrown (spec 4.1.2)."""

    def __init__(self, face: StorageOperations) -> None:
        self._face = face

    def get(self, *arguments: object) -> Settled:
        return settle(lambda: _as_map(self._face.get(*arguments), is_many=bool(arguments) and _is_list(arguments[0])))

    def list(self, *arguments: object) -> Settled:
        return settle(lambda: JSMap(self._face.list(*arguments)))

    def put(self, *arguments: object) -> Settled:
        return settle(lambda: _undefined(self._face.put(*arguments)))

    def delete(self, *arguments: object) -> Settled:
        return settle(self._face.delete, *arguments)

    def getAlarm(self, *arguments: object) -> Settled:
        return settle(self._face.get_alarm, *arguments)

    def setAlarm(self, *arguments: object) -> Settled:
        return settle(lambda: _undefined(self._face.set_alarm(*arguments)))

    def deleteAlarm(self, *arguments: object) -> Settled:
        return settle(lambda: _undefined(self._face.delete_alarm(*arguments)))


class NeutralTransaction(_Operations):
    """``txn``."""

    def __init__(self, face: ObjectTransaction) -> None:
        super().__init__(face)
        self._transaction = face

    def rollback(self) -> object:
        return _undefined(self._transaction.rollback())

    def deleteAll(self, *_arguments: object) -> object:
        return _undefined(self._transaction.delete_all())


class NeutralStorage(_Operations):
    """``ctx.storage``."""

    def __init__(self, face: ObjectStorage) -> None:
        super().__init__(face)
        self._storage = face
        self.kv = NeutralKv(face.kv)
        self.sql = NeutralSql(face.sql)

    def deleteAll(self, *arguments: object) -> Settled:
        return settle(lambda: _undefined(self._storage.delete_all(*arguments)))

    def sync(self) -> "asyncio.Future[None] | Settled":
        return _rejecting(self._storage.sync)

    def transaction(self, callback: object = ABSENT) -> "asyncio.Future[object] | Settled":
        if not callable(callback):
            return _rejecting(lambda: self._storage.transaction(callback))  # type: ignore[arg-type]
        return _rejecting(lambda: self._storage.transaction(lambda txn: callback(NeutralTransaction(txn))))

    def transactionSync(self, callback: object = ABSENT) -> object:
        return self._storage.transaction_sync(callback)  # type: ignore[arg-type]

    def getBookmarkForTime(self, *arguments: object) -> Settled:
        return settle(self._storage.get_bookmark_for_time, *arguments)

    def onNextSessionRestoreBookmark(self, *arguments: object) -> Settled:
        return settle(self._storage.on_next_session_restore_bookmark, *arguments)


class NeutralKv:
    """``ctx.storage.kv``: thrown errors, no promises."""

    def __init__(self, face: ObjectKv) -> None:
        self._face = face

    def get(self, *arguments: object) -> object:
        return self._face.get(*arguments)

    def put(self, *arguments: object) -> object:
        return _undefined(self._face.put(*arguments[:2]))

    def delete(self, *arguments: object) -> bool:
        return self._face.delete(*arguments[:1])

    def list(self, *arguments: object) -> Iterator[list[object]]:
        return map(list, self._face.list(*arguments[:1]))


class NeutralSql:
    """``ctx.storage.sql``."""

    def __init__(self, face: ObjectSql) -> None:
        self._face = face

    @property
    def databaseSize(self) -> int:
        return self._face.database_size

    def exec(self, query: object = ABSENT, *bindings: object) -> "NeutralCursor":
        return NeutralCursor(self._face.exec(query, bindings))


class NeutralCursor:
    """A cursor: objects by iteration and ``next``, arrays by ``raw``, all from one position."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def __iter__(self) -> Iterator[dict[str, object]]:
        return (self._row(row) for row in self._cursor)

    def next(self) -> dict[str, object]:
        return _step(iter(self))

    def toArray(self) -> list[dict[str, object]]:
        return [self._row(row) for row in self._cursor]

    def one(self) -> dict[str, object]:
        return self._row(self._cursor.one())

    def raw(self) -> "NeutralRows":
        return NeutralRows(map(list, self._cursor))

    @property
    def columnNames(self) -> list[str]:
        return list(self._cursor.column_names)

    @property
    def rowsRead(self) -> int:
        return int(self._cursor.rows_read)

    @property
    def rowsWritten(self) -> int:
        return int(self._cursor.rows_written)

    def _row(self, row: tuple[object, ...]) -> dict[str, object]:
        return dict(zip(self._cursor.column_names, row, strict=True))


class NeutralRows:
    """What ``cursor.raw()`` answers."""

    def __init__(self, rows: Iterator[list[object]]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[list[object]]:
        return self._rows

    def next(self) -> dict[str, object]:
        return _step(self._rows)

    def toArray(self) -> list[list[object]]:
        return list(self._rows)


class NeutralNamespace:
    """A binding to the objects of one class (spec 2.2)."""

    def __init__(self, namespace: Namespace, *, enhanced_errors: bool) -> None:
        self._namespace = namespace
        self._enhanced_errors = enhanced_errors

    def idFromName(self, name: object = ABSENT) -> NeutralId:
        return NeutralId(self._namespace.ids.from_name(_text_argument("idFromName", name)))

    def idFromString(self, text: object = ABSENT) -> NeutralId:
        return NeutralId(self._namespace.ids.from_string(_text_argument("idFromString", text)))

    def newUniqueId(self, options: object = UNDEFINED) -> NeutralId:
        _object_argument("newUniqueId", 1, options, "NewUniqueIdOptions")
        refuse_jurisdiction(member(options, "jurisdiction"))
        return NeutralId(self._namespace.new_unique_id())

    def jurisdiction(self, jurisdiction: object = UNDEFINED) -> "NeutralNamespace":
        refuse_jurisdiction(jurisdiction)
        return self

    def get(self, object_id: object = ABSENT, options: object = UNDEFINED) -> "NeutralStub":
        if not isinstance(object_id, NeutralId):
            raise not_of_type("DurableObjectNamespace", "get", 1, "DurableObjectId")
        check_get_options(options)
        return NeutralStub(self._namespace.client(object_id.object_id), enhanced_errors=self._enhanced_errors)

    def getByName(self, name: object = ABSENT, options: object = UNDEFINED) -> "NeutralStub":
        return self.get(NeutralId(self._namespace.ids.from_name(_text_argument("getByName", name))), options)


def _text_argument(method: str, value: object) -> str:
    if value is ABSENT:
        raise not_of_type("DurableObjectNamespace", method, 1, "string")
    return text_of(value)


def _object_argument(method: str, position: int, value: object, expected: str) -> None:
    if not (is_nothing(value) or is_object(value)):
        raise not_of_type("DurableObjectNamespace", method, position, expected)


def refuse_jurisdiction(jurisdiction: object) -> None:
    """Jurisdictions exist in production only.

    Raises:
        PlatformError: One was asked for.
    """
    if not is_nothing(jurisdiction):
        raise error("Jurisdiction restrictions are not implemented in workerd.")


def check_get_options(options: object) -> None:
    """Check the options of ``get``; ``locationHint`` is ignored.

    Raises:
        PlatformError: Not an object, or an unknown routing mode.
    """
    _object_argument("get", 2, options, "GetDurableObjectOptions")
    mode = member(options, "routingMode")
    if not is_nothing(mode) and mode != "primary-only":
        raise range_error(f"unknown routingMode: {text_of(mode)}")


class NeutralStub:
    """Another object, as its callers see it: every name is a method; a call is sent at once."""

    def __init__(self, client: Client, *, enhanced_errors: bool) -> None:
        self._client = client
        self._enhanced_errors = enhanced_errors
        self.id = NeutralId(client.id)
        self.name = self.id.name

    def __getattr__(self, name: str) -> Callable[..., Pending | Settled]:
        # A stub is not awaitable, and Python's own protocols must not be answered by the other side.
        if name == "then" or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(name)
        return lambda *arguments: self._send(lambda: Call(name, tuple(copied(value) for value in arguments)))

    def fetch(self, resource: str | Request, **init: Any) -> Pending | Settled:
        """Send a request. ``init`` are fields of ``messages.Request``."""
        return self._send(lambda: resource if isinstance(resource, Request) else Request(url=resource, **init))

    def _send(self, make: Callable[[], Delivery]) -> Pending | Settled:
        try:
            future = self._client.send(make())
        except PlatformError as failure:
            return Settled(failure=failure)
        return Pending(future, _as_is, self._explain)

    def _explain(self, failure: Exception) -> BaseException:
        return explained(failure, enhanced=self._enhanced_errors) if isinstance(failure, RemoteFailure) else failure


def explained(failure: RemoteFailure, *, enhanced: bool = True) -> PlatformError:
    """What a caller written against the platform's interface catches (spec 9.5, 10.4)."""
    original = failure.original
    if isinstance(original, PlatformError):
        seen = original.copy()
        properties = {name: value for name, value in vars(original).items() if name not in vars(seen)}
    else:
        seen = PlatformError(str(original), name=type(original).__name__)
        properties = dict(vars(original))
    if not enhanced and seen.name not in _CLASSES_OF_OLD:
        seen = PlatformError(f"{seen.name}: {seen.message}")
    if enhanced:
        vars(seen).update(properties)
    if failure.from_user_code:
        seen.remote = True
        seen.durable_object_id = failure.actor_hex if enhanced else None
    if failure.reset:
        seen.durable_object_reset = True
    return seen


#: Classes that a call keeps before compatibility date 2026-04-21; any other becomes part of the message.
_CLASSES_OF_OLD: Final = frozenset(
    ("Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "DataCloneError")
)


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _as_map(found: object, *, is_many: bool) -> object:
    return JSMap(found) if is_many else found  # type: ignore[arg-type]


def _as_is(value: object) -> object:
    return value


def _undefined(_nothing: None) -> object:
    return UNDEFINED


def _step(rows: Iterator[Any]) -> dict[str, object]:
    try:
        return {"done": False, "value": next(rows)}
    except StopIteration:
        return {"done": True}


def _rejecting(start: "Callable[[], asyncio.Future[Any]]") -> "asyncio.Future[Any] | Settled":
    try:
        return start()
    except PlatformError as failure:
        return Settled(failure=failure)
