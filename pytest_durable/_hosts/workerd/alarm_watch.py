"""The alarms of the real platform as the test sees them: rows on the disk, and what was told of their runs."""

from collections.abc import Callable
from typing import Literal

from pytest_durable._core.alarms import RunCounter
from pytest_durable._core.errors import AlarmLoopError
from pytest_durable._core.messages import ObjectKey
from pytest_durable._core.storage import NamespaceFiles
from pytest_durable._hosts.durations import instant
from pytest_durable._hosts.stored import PendingAlarm
from pytest_durable._hosts.workerd.chronicle import Chronicle
from pytest_durable._hosts.workerd.roster import Roster
from pytest_durable._hosts.world import World

#: Hex id, when it is due, name of the object.
StoredAlarm = tuple[str, int, str | None]


class AlarmWatch:
    """The alarms of one host.

    Args:
        world: Whose loop is told of an alarm that goes round for ever.
        roster: The namespaces of the life that runs.
        wall_ns: Reads the time of the process.
    """

    def __init__(self, world: World, roster: Roster, wall_ns: Callable[[], int]) -> None:
        self._world = world
        self._roster = roster
        self._wall_ns = wall_ns
        self._counters: dict[str, RunCounter] = {}
        #: What the files of each namespace were like when somebody last looked, and the alarms in them.
        self._seen: dict[NamespaceFiles, tuple[object, list[StoredAlarm]]] = {}

    def __repr__(self) -> str:
        return f"<AlarmWatch of {self._roster!r}>"

    @property
    def has_namespaces(self) -> bool:
        """Whether there is anything that could have an alarm."""
        return bool(self._roster)

    def forget_life(self) -> None:
        """The process has ended."""
        self._seen = {}

    def instants_ns(self) -> list[int]:
        """When the alarms are due."""
        return [due_ns for each in self._roster for _, due_ns, _ in self._stored(each.files)]

    def pending(self, files: NamespaceFiles, told: Chronicle) -> list[PendingAlarm]:
        """The pending alarms of one namespace, in no order."""
        return [self._pending(told, *row) for row in self._stored(files)]

    def _stored(self, files: NamespaceFiles) -> list[StoredAlarm]:
        """The rows of alarms. Looking into a file takes a while, so it is done when the file has changed."""
        sign, seen = files.alarms_changed_at(), self._seen.get(files)
        if seen is None or seen[0] != sign:
            seen = self._seen[files] = (sign, files.stored_alarms())
        return seen[1]

    def _pending(self, told: Chronicle, actor_hex: str, due_ns: int, name: str | None) -> PendingAlarm:
        failures = told.failures_of(actor_hex, due_ns)
        has_failed = told.has_failed(actor_hex, due_ns)
        state: Literal["waiting", "running", "retrying"] = "retrying" if has_failed else "waiting"
        if told.is_alarm_running(actor_hex):
            state = "running"
        return PendingAlarm(id=actor_hex, name=name, due=instant(due_ns), state=state, retry_count=failures)

    def begins(self, key: ObjectKey) -> None:
        """Count a run; one too many fails whoever waits for time to move."""
        counter = self._counters.get(key.namespace)
        if counter is None:
            counter = RunCounter(self._world.alarm_limit, self._wall_ns, self._roster.label)
            self._counters[key.namespace] = counter
        try:
            counter.count(key)
        except AlarmLoopError as failure:
            self._world.loop.pump.fail(failure)
