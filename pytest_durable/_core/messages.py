"""Neutral values that cross between objects, and between the test and an object.

Surfaces turn them into what user code sees; the core only carries them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_durable._core.platform_errors import type_error
from pytest_durable._core.sockets import Message, Upgrade


@dataclass(frozen=True, slots=True)
class Call:
    """One method call on an object. ``args`` are in the sender's wire form: already copied, never shared."""

    method: str
    args: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. ``headers`` have lower-case names; ``body`` is None or bytes.

    Raises:
        PlatformError: There can be no such request: a GET or HEAD has no body, not even an empty one.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def __post_init__(self) -> None:
        if self.body is not None and self.method in ("GET", "HEAD"):
            raise type_error("Request with a GET or HEAD method cannot have a body.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP response. ``headers`` have lower-case names; ``web_socket`` is what the answer to an upgrade gives."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    web_socket: Upgrade | None = None


@dataclass(frozen=True, slots=True)
class AlarmInfo:
    """What an alarm handler is told.

    Attributes:
        scheduled_ms: The instant the alarm was set for, in ms since the epoch; not the instant it runs.
        retry_count: Counted failures so far, 0 on the first run.
    """

    scheduled_ms: int
    retry_count: int

    @property
    def is_retry(self) -> bool:
        """Whether this run repeats a failed one."""
        return self.retry_count > 0


@dataclass(frozen=True, slots=True)
class Alarm:
    """The alarm of an object has come due."""

    info: AlarmInfo


@dataclass(frozen=True, slots=True)
class SocketMessage:
    """A message has arrived on a hibernatable WebSocket. ``socket`` is an ``actor.Socket``, as in those that follow."""

    socket: object
    message: Message


@dataclass(frozen=True, slots=True)
class SocketClosed:
    """The other side of a hibernatable WebSocket has closed it, or is gone.

    Attributes:
        code, reason: As it said; 1005 if it gave no code, 1006 if it is gone without a close frame.
        was_clean: There was a close frame.
    """

    socket: object
    code: int
    reason: str
    was_clean: bool


@dataclass(frozen=True, slots=True)
class SocketFailed:
    """A hibernatable WebSocket has failed; ``error`` says how."""

    socket: object
    error: str


SocketDelivery = SocketMessage | SocketClosed | SocketFailed

#: What can be delivered to an object.
Delivery = Call | Request | Alarm | SocketDelivery


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """Names one object within a host: the namespace's unique key and the id in hex."""

    namespace: str
    hex: str
    name: str | None = field(default=None, compare=False)

    def label(self, binding: str) -> str:
        """How messages call the object: ``COUNTER["a"]``, or ``COUNTER(26ab3f01…)`` where its name is not known."""
        return f'{binding}["{_on_one_line(self.name)}"]' if self.name is not None else f"{binding}({self.hex[:8]}…)"

    def __str__(self) -> str:
        return self.label(self.namespace)


@dataclass(frozen=True, slots=True)
class FacetKey(ObjectKey):
    """Names one facet of an object: the object's key, and the names that lead to the facet. Equal to no object's key.

    Attributes:
        path: The facet's name, after those of the facets that it is below.
    """

    path: tuple[str, ...] = ()

    def label(self, binding: str) -> str:
        """How messages call the facet: ``COUNTER["a"].facets["b"]``."""
        root = ObjectKey.label(self, binding)
        return root + "".join(f'.facets["{_on_one_line(name)}"]' for name in self.path)

    def __str__(self) -> str:
        return self.label(self.namespace)


def _on_one_line(name: str) -> str:
    """The name as it is if it can be printed within a line; a line break or half a character is escaped."""
    if name.isprintable():
        return name
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in name)
