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
        #: What the files were like when somebody last looked, and when the alarms were due.
        self._seen: tuple[object, list[int]] = (None, [])

    def __repr__(self) -> str:
        return f"<AlarmWatch of {self._roster!r}>"

    @property
    def has_namespaces(self) -> bool:
        """Whether there is anything that could have an alarm."""
        return bool(self._roster)

    def forget_life(self) -> None:
        """The process has ended."""
        self._seen = (None, [])

    def instants_ns(self) -> list[int]:
        """When the alarms are due. Looking into a file takes a while, so it is done when the files have changed."""
        files = [each.files for each in self._roster]
        signs = [each.alarms_changed_at() for each in files]
        if signs != self._seen[0]:
            self._seen = (signs, [due_ns for each in files for _, due_ns, _ in each.stored_alarms()])
        return self._seen[1]

    def pending(self, files: NamespaceFiles, told: Chronicle) -> list[PendingAlarm]:
        """The pending alarms of one namespace, in no order."""
        return [self._pending(told, *row) for row in files.stored_alarms()]

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
