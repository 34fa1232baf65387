"""The claims that a test makes about a host: ``durable.assert_…``.

A claim looks at the journal, the scheduler and what is committed; it never wakes an object and never moves time
(``assert_alarm_survives`` does what its name says). One that does not hold raises an ``AssertionError`` whose text is
written here and not left to pytest's rewriting, so that it reads the same wherever the test runs.

Each method is a line: what is claimed lives in the ``…_claims`` modules, which answer with a ``Failure`` or None.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from pytest_durable._hosts.face import HostFace, NamespaceFace, StubFace
from pytest_durable._instruments import alarm_claims, count_claims, socket_claims, stored_claims, survival
from pytest_durable._instruments.alarm_claims import Outcome
from pytest_durable._instruments.due import Length, expected_due
from pytest_durable._instruments.report import Failure
from pytest_durable._instruments.subject import Subject
from pytest_durable._instruments.survival import Through


def _nothing(_namespace: NamespaceFace) -> Iterable[str]:
    return ()


class Claims:
    """A mixin for a host (see ``HostFace``).

    Every claim raises ``ConfigurationError`` when it is handed something else than a stub or namespace of this host.

    Attributes:
        ignored_files: Gives the names of further files of a namespace that no count shall count.
    """

    ignored_files: Callable[[NamespaceFace], Iterable[str]] = staticmethod(_nothing)

    def assert_alarm(
        self: HostFace,
        stub: StubFace,
        *,
        at: datetime | None = None,
        after: Length | None = None,
        within: Length | None = None,
        tolerance: Length = 0,
    ) -> None:
        """The object has a pending alarm that is due then. Exactly one of ``at``, ``after``, ``within``.

        The pending alarm is the scheduler's. While a failed one is retried its due time stays the first one. One
        millisecond of difference never counts, because code under test may lose one when it rounds.

        Args:
            stub: The object.
            at: The instant; an aware datetime.
            after: How long after now: seconds, a timedelta, or text such as ``"90s"``.
            within: No later than so long after now. An overdue alarm is within any time.
            tolerance: How far off it may be.

        Raises:
            AssertionError: It has none, or one due at another time.
            NaiveDatetimeError: ``at`` has no time zone.
            ConfigurationError: None or several of the three were given.
            DurationError: A length cannot be understood.
        """
        __tracebackhide__ = True
        subject = Subject(self, stub, "assert_alarm")
        expected = expected_due(subject.now_ns, at=at, after=after, within=within, tolerance=tolerance)
        _stand(alarm_claims.due_is(subject, expected))

    def assert_no_alarm(self: HostFace, stub: StubFace) -> None:
        """The object has no pending alarm: none that waits, runs or is being retried.

        Raises:
            AssertionError: It has one.
        """
        __tracebackhide__ = True
        _stand(alarm_claims.none_pending(Subject(self, stub, "assert_no_alarm")))

    def assert_alarm_ran(
        self: HostFace, stub: StubFace, *, times: int | None = None, outcome: Outcome | None = None
    ) -> None:
        """The object's alarm handler has run, in all lives of the process together.

        A run counts when its handler has ended, whether it succeeded or failed. Deliveries that did not reach a
        handler, and runs that a restart or crash cut off, do not count.

        Args:
            stub: The object.
            times: Exactly so many times; None means at least once.
            outcome: Count only runs that succeeded (``"ok"``) or failed (``"failed"``).

        Raises:
            AssertionError: It has run another number of times.
        """
        __tracebackhide__ = True
        _stand(alarm_claims.has_run(Subject(self, stub, "assert_alarm_ran"), times, outcome))

    async def assert_alarm_survives(self: HostFace, stub: StubFace, through: Through) -> datetime:
        """Restart, crash and start, evict, or abort the isolate; the alarm is then still there, with its due time.

        One that was overdue and that the new life delivers at once has survived too.

        Args:
            stub: The object.
            through: ``"restart"``, ``"crash"``, ``"evict"`` or ``"abort_isolate"``.

        Returns:
            When the alarm is due; an aware UTC datetime.

        Raises:
            AssertionError: There was no alarm before, or there is none or another one afterwards.
            PlatformError: The object cannot be evicted, for example because it is not in memory.
            UnsupportedOnHostError: The host cannot do it.
        """
        __tracebackhide__ = True
        result = await survival.survives(Subject(self, stub, "assert_alarm_survives"), through)
        if isinstance(result, Failure):
            raise AssertionError(str(result))
        return result

    def assert_object_count(self: HostFace, namespace: NamespaceFace, expected: int) -> None:
        """The namespace has so many objects: those that were constructed at least once and so have a database.

        Making a stub creates none. ``metadata.sqlite``, ``-wal`` and ``-shm`` files are no objects.

        Raises:
            AssertionError: It has more or fewer.
        """
        __tracebackhide__ = True
        _stand(count_claims.objects_are(self, namespace, expected))

    def assert_file_count(self: HostFace, namespace: NamespaceFace, expected: int) -> None:
        """The namespace has so many database files of objects, those of facets included.

        ``metadata.sqlite``, ``-wal`` and ``-shm`` files never count.

        Raises:
            AssertionError: It has more or fewer.
        """
        __tracebackhide__ = True
        _stand(count_claims.files_are(self, namespace, expected))

    def assert_stored(self: HostFace, stub: StubFace, expected: Mapping[str, Any], *, exact: bool = False) -> None:
        """The object has committed these key-value pairs.

        Each value is compared as a whole, ``stored == expected``; an expected matcher (``unittest.mock.ANY``,
        ``pytest.approx``, …) may stand at any depth.

        Args:
            stub: The object.
            expected: Keys and values, or matchers.
            exact: There are no other keys.

        Raises:
            AssertionError: A pair is missing or different, or there are others and ``exact`` is true.
            UndecodableValueError: A value that is looked at is damaged.
        """
        __tracebackhide__ = True
        _stand(stored_claims.holds(Subject(self, stub, "assert_stored"), expected, exact))

    def assert_hibernatable(self: HostFace, stub: StubFace) -> None:
        """Nothing keeps the object in memory: ten idle seconds from now it hibernates. True of one that is not there.

        Hibernatable WebSockets keep no object in memory. What does: events in flight, tasks, timers, ``waitUntil``,
        sockets accepted by ``accept()`` or opened from the object, critical sections, functions handed over a call.

        Raises:
            AssertionError: Something does; the message names all of it.
            UnsupportedOnHostError: The host cannot know.
        """
        __tracebackhide__ = True
        _stand(socket_claims.can_hibernate(Subject(self, stub, "assert_hibernatable")))


def _stand(failure: Failure | None) -> None:
    __tracebackhide__ = True
    if failure is not None:
        raise AssertionError(str(failure))
