"""The object that a claim is about, and what the host knows of it."""

from typing import Final, TypeVar

from pytest_durable._core import events
from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.events import Record
from pytest_durable._core.messages import ObjectKey
from pytest_durable._hosts.durations import instant_ns
from pytest_durable._hosts.face import HostFace, NamespaceFace, StubFace
from pytest_durable._hosts.stored import PendingAlarm
from pytest_durable._instruments.story import INNER_STEPS, line_without_object

R = TypeVar("R", bound=Record)

#: Lines of a story in a message: enough for a call and an alarm with one retry.
STORY_LINES: Final = 8

_ENDS: Final = (events.RuntimeStopped, events.RuntimeCrashed)
_LIVES: Final = (events.RuntimeStarted, *_ENDS)
_TURN_IS_OVER: Final = (events.Committed, events.Aborted, events.Evicted, events.StorageReset, *_ENDS)


class Subject:
    """One object of one host. Every question is answered anew.

    Args:
        host: The host that the claim is made about.
        stub: The test's reference to the object.
        claim: The name of the claim, for messages about misuse.

    Raises:
        ConfigurationError: ``stub`` is no stub, or a stub of another host.
    """

    def __init__(self, host: HostFace, stub: StubFace, claim: str) -> None:
        if not isinstance(getattr(stub, "_durable_key", None), ObjectKey):
            raise ConfigurationError(
                f"{claim}() takes a stub, not {stub!r}.\n\n"
                f'Take one from the namespace:  durable.{claim}(namespace.get_by_name("…"), …)'
            )
        self.host = host
        self.stub = stub
        self.key = stub._durable_key
        self.namespace = stub._durable_namespace
        check_host(host, self.namespace, f"{claim}(): {stub!r}")
        # An assertion that failed inside an object comes before what the test has to claim (decisions 4.6).
        host.raise_failures()

    @property
    def label(self) -> str:
        """How messages call it: ``COUNTER["a"]``."""
        return label(self.namespace, self.key)

    @property
    def now_ns(self) -> int:
        """The clock."""
        return instant_ns(self.host.clock.now())

    @property
    def start_ns(self) -> int:
        """When the host began; what times in messages count from."""
        return start_ns(self.host)

    @property
    def alarm(self) -> PendingAlarm | None:
        """What the scheduler has for it."""
        pending = self.host.alarms(self.namespace)
        return next((alarm for alarm in pending if alarm.id == self.key.hex), None)

    @property
    def stored_due_ns(self) -> int | None:
        """The object's own record of its alarm."""
        due = self.host.stored(self.stub).alarm
        return None if due is None else instant_ns(due)

    def records(self, *kinds: type[R]) -> tuple[R, ...]:
        """Its records of the given kinds, oldest first."""
        return self.host.journal.of(*kinds, object=self.key)

    @property
    def all_records(self) -> tuple[Record, ...]:
        """Its records of every kind, oldest first."""
        return self.records(Record)

    @property
    def course(self) -> list[Record]:
        """Its own records and those of the lives of the process, in order."""
        found: list[Record] = [*self.all_records, *self.host.journal.of(*_LIVES)]
        return sorted(found, key=lambda record: record.sequence)

    @property
    def story(self) -> list[str]:
        """The last of its records in words, without inner steps."""
        told = [record for record in self.course if not isinstance(record, INNER_STEPS)]
        left, start = len(told) - STORY_LINES, self.start_ns
        lines = [line_without_object(record, start) for record in told[-STORY_LINES:]]
        return [f"… {left} earlier", *lines] if left > 0 else lines

    @property
    def has_open_turn(self) -> bool:
        """Whether it has written something that is neither committed nor lost."""
        for record in reversed(self.course):
            if isinstance(record, _TURN_IS_OVER):
                return False
            if isinstance(record, events.TransactionBegan):
                return True
        return False

    def is_wiped_since(self, record: Record | None) -> bool:
        """Whether a process life ended after ``record`` and took the data with it, because they were in memory."""
        if self.namespace.directory is not None or record is None:
            return False
        return any(end.sequence > record.sequence for end in self.host.journal.of(*_ENDS))


def label(namespace: NamespaceFace, key: ObjectKey) -> str:
    """``COUNTER["a"]``, or ``COUNTER(26ab3f01…)`` for an object without a name."""
    return key.label(namespace.binding)


def start_ns(host: HostFace) -> int:
    """When the host began: the instant of its first record."""
    return host.journal[0].time_ns if len(host.journal) else instant_ns(host.clock.now())


def is_count(value: object) -> bool:
    """Whether a claim can expect so many of something; ``True`` is no number here."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def check_host(host: HostFace, namespace: NamespaceFace, what: str) -> None:
    """Make sure that a claim is made about the host that has the data.

    Raises:
        ConfigurationError: The namespace belongs to another one.
    """
    if namespace.host is not host:
        raise ConfigurationError(
            f"{what} belongs to another host.\n\n"
            f"  asked     {host!r}\n"
            f"  owner     {namespace.host!r}\n\n"
            "Ask the host that the namespace was declared on."
        )
