"""Neutral values that cross between objects, and between the test and an object.

Surfaces turn them into what user code sees; the core only carries them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_durable._core.platform_errors import type_error


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
    """One HTTP response. ``headers`` have lower-case names."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


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


#: What can be delivered to an object.
Delivery = Call | Request | Alarm


@dataclass(slots=True, eq=False)
class Scheduled:
    """A time of a Worker's schedule has come.

    Attributes:
        cron: The expression that has come due.
        scheduled_ms: The instant, in ms since the epoch.
        no_retry: The handler has asked for it.
    """

    cron: str
    scheduled_ms: int
    no_retry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMessage:
    """One message of a queue. ``body`` is a wire value; ``attempts`` counts deliveries, this one included."""

    id: str
    sent_ms: int
    body: object
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Retry:
    """A message is to be delivered again.

    Attributes:
        delay_seconds: How much later; None: as the queue does it.
    """

    delay_seconds: int | None = None


@dataclass(slots=True, eq=False)
class Batch:
    """Messages of a queue are delivered to a Worker.

    Attributes:
        queue: Its name.
        messages: At least one.
        told: What the handler has said of single messages, by their place: a ``Retry``, or None for an acknowledgement.
        retry_all: It has asked for all others to be delivered again.
        ack_all: It has acknowledged all others, even if it fails now.
    """

    queue: str
    messages: tuple[QueueMessage, ...]
    told: dict[int, Retry | None] = field(default_factory=dict)
    retry_all: Retry | None = None
    ack_all: bool = False


#: What can be delivered to a Worker, which keeps nothing from one event to the next.
WorkerDelivery = Call | Request | Scheduled | Batch


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


@dataclass(frozen=True, slots=True)
class EntrypointKey(ObjectKey):
    """Names one entrypoint of a Worker, in records and messages. It is no object, so it has no id.

    Attributes:
        entrypoint: Its name; empty: the default one.
    """

    entrypoint: str = ""

    def label(self, binding: str) -> str:
        """How messages call it: ``shop`` for the default entrypoint of the Worker, ``shop.Admin`` for another."""
        return f"{self.namespace}.{self.entrypoint}" if self.entrypoint else self.namespace

    def __str__(self) -> str:
        return self.label(self.namespace)


def _on_one_line(name: str) -> str:
    """The name as it is if it can be printed within a line; a line break or half a character is escaped."""
    if name.isprintable():
        return name
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in name)
