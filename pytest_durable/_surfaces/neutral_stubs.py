"""Other objects as neutral objects reach them: ``env``, ids, namespaces, stubs, and how a failed call looks.

Source: spec durable-objects 2.2, 2.3, 9.5, 10.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from pytest_durable._core.actor import ABSENT, hex_told_of, is_nothing, is_object, member, not_of_type, text_of
from pytest_durable._core.ids import ObjectId
from pytest_durable._core.messages import Call, Delivery, Request
from pytest_durable._core.platform_errors import (
    PlatformError,
    RemoteFailure,
    data_clone_error,
    error,
    range_error,
    type_error,
)
from pytest_durable._core.storage import NotCloneable, decode, encode
from pytest_durable._core.storage.values import UNDEFINED
from pytest_durable._surfaces.awaitables import Pending, Settled
from pytest_durable._surfaces.seams import Client, Namespace, Sender


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
        raise data_clone_error(_when_sent(failure.message)) from failure


def _when_sent(message: str) -> str:
    """The words about an object of a class of one's own, which could have been stored (spec 10.2.1)."""
    instance = _INSTANCE.fullmatch(message)
    if instance is None:
        return message
    return f'Could not serialize object of type "{instance[1]}". This type does not support serialization.'


_INSTANCE: Final = re.compile(r"#<(.+)> could not be cloned\.")


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

    def json_members(self) -> dict[str, object]:
        """What the platform's ``JSON.stringify`` shows: the members that are not undefined (spec 2.3.3)."""
        return {} if self.name is UNDEFINED else {"name": self.name}


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
    if mode is not UNDEFINED and mode != "primary-only":
        raise range_error(f"unknown routingMode: {text_of(mode)}")


class NeutralFetcher:
    """Another object or facet, as its callers see it: every name is a method; a call is sent at once."""

    #: Why it cannot be stored or sent (spec 10.2.5).
    clone_refusal = "Stubs pointing to Durable Object facets are not serializable."

    def __init__(self, client: Sender, *, enhanced_errors: bool) -> None:
        self._client = client
        self._enhanced_errors = enhanced_errors

    def __getattr__(self, name: str) -> Callable[..., Pending | Settled]:
        # A stub is not awaitable, and Python's own protocols must not be answered by the other side.
        if name == "then" or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(name)
        return lambda *arguments: self._send(lambda: Call(name, _copied_together(arguments)))

    def fetch(self, resource: str | Request, **init: Any) -> Pending | Settled:
        """Send a request. ``init`` are fields of ``messages.Request``."""
        return self._send(lambda: resource if isinstance(resource, Request) else _request(resource, init))

    def _send(self, make: Callable[[], Delivery]) -> Pending | Settled:
        try:
            future = self._client.send(make())
        except PlatformError as failure:
            return Settled(failure=failure)
        return Pending(future, _as_is, self._explain)

    def _explain(self, failure: Exception) -> BaseException:
        return explained(failure, enhanced=self._enhanced_errors) if isinstance(failure, RemoteFailure) else failure


class NeutralStub(NeutralFetcher):
    """Another object, which has an id."""

    #: Why a stub cannot be stored (spec 3.6.3).
    clone_refusal = "ServiceStub cannot be serialized in this context."

    def __init__(self, client: Client, *, enhanced_errors: bool) -> None:
        super().__init__(client, enhanced_errors=enhanced_errors)
        self.id = NeutralId(client.id)
        self.name = self.id.name


def explained(failure: RemoteFailure, *, enhanced: bool = True) -> PlatformError:
    """What a caller written against the platform's interface catches (spec 9.5, 10.4)."""
    original = failure.original
    if isinstance(original, PlatformError):
        seen = original.copy(with_own=False)
        properties = {name: _own_copy(value) for name, value in vars(original).items() if name not in vars(seen)}
    else:
        seen = PlatformError(str(original), name=type(original).__name__)
        properties = dict(vars(original))
    if not enhanced and seen.name not in _CLASSES_OF_OLD:
        seen = PlatformError(f"{seen.name}: {seen.message}")
    if enhanced:
        vars(seen).update(properties)
    if failure.is_remote:
        seen.remote = True
    if failure.reset:
        seen.durable_object_reset = True
    elif failure.names_object and enhanced:
        seen.durable_object_id = hex_told_of(failure)
    return seen


def _request(url: str, init: dict[str, Any]) -> Request:
    if not urlsplit(url).scheme:
        raise type_error(f"Invalid URL: {url}")
    return Request(url=url, **init)


def _copied_together(arguments: tuple[object, ...]) -> tuple[object, ...]:
    """All arguments travel in one message, so what two of them share stays shared."""
    copy = copied(list(arguments))
    assert isinstance(copy, list)
    return tuple(copy)


def _own_copy(value: object) -> object:
    """What one of several callers gets: nobody shares an object with another."""
    try:
        return copied(value)
    except PlatformError:
        return value


#: Classes that a call keeps before compatibility date 2026-04-21; any other becomes part of the message.
_CLASSES_OF_OLD: Final = frozenset(
    ("Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "DataCloneError")
)


def _as_is(value: object) -> object:
    return value
