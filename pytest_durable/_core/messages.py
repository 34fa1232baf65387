"""Neutral values that cross between objects, and between the test and an object.

Surfaces turn them into what user code sees; the core only carries them.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_durable._core.http import Body, Headers, HeadersInit, normal_method, normal_url, sent_url
from pytest_durable._core.platform_errors import type_error
from pytest_durable._core.sockets import Message, Upgrade


@dataclass(frozen=True, slots=True)
class Call:
    """One method call on an object. ``args`` are in the sender's wire form: already copied, never shared."""

    method: str
    args: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, as it travels: what it is made of is brought into its normal form.

    Attributes:
        url: Absolute, without user and fragment.
        method: In capitals.
        headers: Immutable, whatever they were made of. They tell the length of the body.
        body: None, bytes, or a stream of bytes.
        redirect: ``"follow"``: who sends it wants the answer behind all redirects. Of no matter to who receives it.
        cf: What the platform tells about the client, in wire form; None: nothing.

    Raises:
        PlatformError: TypeError; there can be no such request. A GET or HEAD has no body, not even an empty one.

    Source: workerd api/http.c++; spec durable-objects 10.5.
    """

    url: str
    method: str = "GET"
    headers: Headers = field(default_factory=Headers)
    body: Body = None
    redirect: str = "manual"
    cf: object = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            url: str,
            method: str = "GET",
            headers: HeadersInit = (),
            body: Body = None,
            redirect: str = "manual",
            cf: object = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        # In this order: where several things are wrong, the platform names the first of them.
        set_field = object.__setattr__
        url = normal_url(self.url)
        set_field(self, "method", normal_method(self.method))
        headers = Headers(self.headers)
        if self.body is not None and self.method in ("GET", "HEAD"):
            raise type_error("Request with a GET or HEAD method cannot have a body.")
        set_field(self, "url", sent_url(url))
        set_field(self, "headers", _telling_length(headers, self.body).frozen())


def _telling_length(headers: Headers, body: Body) -> Headers:
    if isinstance(body, bytes) and "content-length" not in headers:
        headers.set("content-length", str(len(body)))
    elif body is not None and not isinstance(body, bytes) and "transfer-encoding" not in headers:
        headers.set("transfer-encoding", "chunked")
    return headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP response, as it travels.

    Attributes:
        status: 200 to 599, or 101.
        status_text: The reason phrase; empty unless somebody wrote one.
        headers: Immutable, whatever they were made of.
        body: None, bytes, or a stream of bytes.
        web_socket: What the answer to an upgrade hands over.
    """

    status: int = 200
    status_text: str = ""
    headers: Headers = field(default_factory=Headers)
    body: Body = None
    web_socket: Upgrade | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            status: int = 200,
            status_text: str = "",
            headers: HeadersInit = (),
            body: Body = None,
            web_socket: Upgrade | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "headers", Headers(self.headers).frozen())


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
