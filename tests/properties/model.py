"""What the platform promises about storage, alarms and lives, as rules over plain values.

The other half of each comparison. Nothing of the package is used here: an object is a dict of pairs, a dict of rows and
one pending alarm; a call in progress is a generator that yields where it waits; ``history`` is what has become durable,
commit by commit, so that a crash may be asked which of these states it has kept. What no rule decides (how long a retry
is put off, within its bounds) the model is told, and checks.

Source: spec durable-objects 4, 6, 7, 9; decisions 6.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

MS: Final = 1_000_000
SECOND: Final = 1_000_000_000
IDLE_NS: Final = 10 * SECOND
RETRIES_MAX: Final = 6

CONSTRAINT: Final = (
    "Durable Object was reset and rolled back to its last known good state because the application left the database in"
    " a state where constraints were violated"
)

#: What a call came to: what it returned, or why it failed.
Outcome = tuple[Literal["returned", "failed"], object]
#: A piece of work: yields how long it waits, in ns.
Work = Generator[int, None, object]


class Thrown(Exception):
    """An error that user code can catch."""


class Reset(Exception):
    """The object is ended at once; nobody catches that."""


class Undecided(Exception):
    """No rule says which of two things comes first."""


class CutShort(Exception):
    """The platform's side has not come as far: it was cut before."""


class Wrong(AssertionError):
    """What was told contradicts a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is stored of one object.

    Attributes:
        pairs: By key.
        rows: Of its table, by id.
        alarm_ms: When its alarm is due.
        is_broken: A row refers to none, which no commit accepts.
    """

    pairs: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[int, str] = field(default_factory=dict)
    alarm_ms: int | None = None
    is_broken: bool = False


EMPTY: Final = Content()


@dataclass(slots=True)
class Alarm:
    """What wakes an object: first at ``due_ms``, and again after failures."""

    due_ms: int
    rings_ns: int
    state: Literal["waiting", "running", "retrying"] = "waiting"
    failures: int = 0
    queued_ms: int | None = None
    has_row: bool = True


@dataclass(slots=True, eq=False)
class Activity:
    """A call or a run of the alarm, in progress."""

    work: Work
    done: Callable[[Outcome], None]
    wakes_ns: int = 0


@dataclass(slots=True, eq=False)
class Call:
    """What a caller knows. ``answered_at`` is the place in the history at which it was told."""

    name: str
    outcome: Outcome | None = None
    answered_at: int = 0


@dataclass(slots=True, eq=False)
class Thing:
    """One object.

    Attributes:
        name: What it is called.
        rank: What comes due at one instant comes in this order.
        is_on_disk: Its data survive a life.
        content: As user code sees it.
        committed: As a crash leaves it.
        depth: Asynchronous transactions that are open.
        sync_depth: Synchronous ones.
        is_alarm_hidden: Its handler runs, so that the alarm looks deleted.
        must_ring_again: The handler has set the very time that it runs for.
        alarm: What will wake it.
        running: What goes on in it.
        memory: Events since its instance was built; None without instance.
        idle_since_ns: When it last did something.
    """

    name: str
    rank: str
    is_on_disk: bool
    content: Content = EMPTY
    committed: Content = EMPTY
    depth: int = 0
    sync_depth: int = 0
    is_alarm_hidden: bool = False
    must_ring_again: bool = False
    alarm: Alarm | None = None
    running: list[Activity] = field(default_factory=list)
    memory: int | None = None
    idle_since_ns: int = 0

    def change(self, **parts: Any) -> None:
        """Change parts of the content."""
        self.content = replace(self.content, **parts)

    @property
    def marks(self) -> tuple[Content, bool, bool]:
        """What a rollback restores."""
        return self.content, self.is_alarm_hidden, self.must_ring_again

    def restore(self, marks: tuple[Content, bool, bool]) -> None:
        """Roll back."""
        self.content, self.is_alarm_hidden, self.must_ring_again = marks

    def forget(self) -> None:
        """Lose what is only in memory."""
        self.content = self.committed
        self.depth = self.sync_depth = 0
        self.is_alarm_hidden = self.must_ring_again = False
        self.memory = None


class Model:
    """The objects of one host, in one time.

    Args:
        things: The objects.
        now_ns: When it begins.
        interpret: What the steps mean that a call or an alarm is given.
        handle: What an alarm handler does.
    """

    def __init__(
        self,
        things: list[Thing],
        now_ns: int,
        interpret: Callable[["Model", Thing, list[Any]], Work],
        handle: Callable[["Model", Thing, Alarm], Work],
    ) -> None:
        self.things = {thing.name: thing for thing in things}
        self.now_ns = now_ns
        self.history: list[dict[str, Content]] = []
        #: How long retries were put off, told by the platform's side.
        self.delays: defaultdict[str, deque[int]] = defaultdict(deque)
        #: What happened, for the count.
        self.happened: Counter[str] = Counter()
        self._interpret = interpret
        self._handle = handle
        self.begin_step()

    def begin_step(self) -> None:
        """From here on a crash may keep what was durable before, and what becomes so."""
        self.history = [self.durable()]

    def durable(self) -> dict[str, Content]:
        """What a crash leaves now."""
        return {thing.name: thing.committed for thing in self.things.values() if thing.is_on_disk}

    def stored(self) -> dict[str, Content]:
        """What is stored of each object now."""
        return {name: thing.committed for name, thing in self.things.items()}

    def wakes_ms(self) -> dict[str, int]:
        """When the disk says that objects are to be woken."""
        alarms = {thing.name: thing.alarm for thing in self.things.values() if thing.is_on_disk}
        return {
            name: alarm.due_ms if alarm.queued_ms is None else alarm.queued_ms
            for name, alarm in alarms.items()
            if alarm is not None and alarm.has_row
        }

    @property
    def now_ms(self) -> int:
        return self.now_ns // MS

    # -- time

    def move_to(self, target_ns: int) -> None:
        """Let time pass; what comes due happens at its instant, the target included."""
        while (event := self._next_event()) is not None and event[0] <= target_ns:
            self.now_ns = max(self.now_ns, event[0])
            self._evict_idle(self.now_ns - 1)  # at one instant, events come before the eviction of what is idle
            event[2]()
        self.now_ns = target_ns
        self._evict_idle(target_ns)

    def next_event_ns(self) -> int | None:
        """When something happens next."""
        event = self._next_event()
        return None if event is None else event[0]

    @property
    def is_at_rest(self) -> bool:
        """Whether no call and no handler is in progress."""
        return not any(thing.running for thing in self.things.values())

    def _next_event(self) -> tuple[int, str, Callable[[], None]] | None:
        events: list[tuple[int, str, Callable[[], None]]] = []
        for thing in self.things.values():
            alarm = thing.alarm
            if alarm is not None and alarm.state != "running":
                events.append((alarm.rings_ns, thing.rank, lambda thing=thing: self.ring(thing)))  # type: ignore[misc]
            for activity in thing.running:
                resume = lambda thing=thing, activity=activity: self._resume(thing, activity)  # noqa: E731
                events.append((activity.wakes_ns, "", resume))
        events.sort(key=lambda event: event[:2])
        if len(events) > 1 and events[0][0] == events[1][0] and not events[0][1]:
            raise Undecided
        return events[0] if events else None

    def _evict_idle(self, until_ns: int) -> None:
        for thing in self.things.values():
            if thing.memory is not None and not thing.running and thing.idle_since_ns + IDLE_NS <= until_ns:
                thing.memory = None
                self.happened["evicted when idle"] += 1

    # -- calls

    def call(self, name: str, steps: list[Any]) -> Call:
        """A call from outside."""
        thing, call = self.things[name], Call(name)

        def done(outcome: Outcome) -> None:
            call.outcome, call.answered_at = outcome, len(self.history) - 1

        self._start(thing, self._interpret(self, thing, steps), done)
        return call

    def call_from(self, caller: Thing, name: str, steps: list[Any]) -> object:
        """A call of one object to another, of steps that do not wait. It leaves after the caller's writes."""
        self.commit(caller)
        outcomes: list[Outcome] = []
        callee = self.things[name]
        self._start(callee, self._interpret(self, callee, steps), outcomes.append)
        kind, value = outcomes[0]
        if kind == "failed":
            raise Thrown(value)
        return value

    def _start(self, thing: Thing, work: Work, done: Callable[[Outcome], None]) -> None:
        thing.memory = (thing.memory or 0) + 1
        activity = Activity(work, done)
        thing.running.append(activity)
        self._resume(thing, activity)

    def _resume(self, thing: Thing, activity: Activity) -> None:
        outcome: Outcome | None = None
        try:
            try:
                activity.wakes_ns = self.now_ns + next(activity.work)
            except StopIteration as end:
                outcome = ("returned", end.value)
            except Thrown as failure:
                outcome = ("failed", failure.args[0])
            self.commit(thing)
        except Reset as reset:
            self.end_instance(thing, reset.args[0])
            return
        if outcome is not None:
            thing.running.remove(activity)
            thing.idle_since_ns = self.now_ns
            activity.done(outcome)

    def end_instance(self, thing: Thing, reason: str) -> None:
        """Abort an object: what is not committed is lost, and everybody who waits is told why."""
        self.happened["objects reset"] += 1
        thing.forget()
        victims, thing.running = thing.running, []
        for activity in victims:
            activity.done(("failed", reason))

    # -- commits

    def commit(self, thing: Thing) -> None:
        """The end of a turn. What wakes the object is written first if it gets earlier, and last if later."""
        if thing.depth:
            return
        old, new = thing.committed, thing.content
        if new != old:
            is_earlier = new.alarm_ms is not None and (old.alarm_ms is None or new.alarm_ms < old.alarm_ms)
            if is_earlier:
                self._schedule(thing, new.alarm_ms)
            if new.is_broken:
                raise Reset(CONSTRAINT)
            self._make_durable(thing)
            if new.alarm_ms != old.alarm_ms and not is_earlier:
                self._schedule(thing, new.alarm_ms)
        if thing.must_ring_again:
            thing.must_ring_again = False
            self._schedule(thing, new.alarm_ms)

    def _make_durable(self, thing: Thing) -> None:
        thing.committed = thing.content
        self.history.append(self.durable())

    def delete_all(self, thing: Thing) -> None:
        """Empty an object, at once and whatever its turn does later."""
        had_alarm = thing.committed.alarm_ms is not None
        thing.content = EMPTY
        thing.is_alarm_hidden = thing.must_ring_again = False
        self._make_durable(thing)
        if had_alarm:
            self._schedule(thing, None)

    # -- alarms

    def _schedule(self, thing: Thing, due_ms: int | None) -> None:
        alarm = thing.alarm
        if due_ms is None:
            if alarm is not None and alarm.state == "running":
                alarm.queued_ms, alarm.has_row = None, False
            else:
                thing.alarm = None
        elif alarm is None or alarm.state == "waiting":
            thing.alarm = Alarm(due_ms, due_ms * MS)
        else:
            alarm.queued_ms, alarm.has_row = due_ms, True

    def run_alarm(self, name: str) -> Call:
        """Run an alarm before its time, if there is one."""
        thing, call = self.things[name], Call(name)
        if thing.alarm is None:
            call.outcome = ("returned", False)
        else:
            self.ring(thing, call)
        return call

    def ring(self, thing: Thing, watcher: Call | None = None) -> None:
        """Deliver an alarm. The handler runs if the object says that it is due; else it is only put right."""
        alarm, own_ms = thing.alarm, thing.content.alarm_ms
        assert alarm is not None
        alarm.state = "running"

        def done(outcome: Outcome) -> None:
            self._alarm_ended(thing, alarm, is_ok=outcome[0] == "returned")
            if watcher is not None:
                watcher.outcome, watcher.answered_at = ("returned", True), len(self.history) - 1

        if own_ms == alarm.due_ms or (own_ms is not None and own_ms * MS < self.now_ns):
            self.happened["alarms run"] += 1
            thing.is_alarm_hidden = True
            self._start(thing, self._handle(self, thing, alarm), done)
        else:
            self.happened["alarms put right"] += 1
            thing.memory = thing.memory or 0
            thing.idle_since_ns = self.now_ns
            self._schedule(thing, own_ms)
            done(("returned", None))

    def _alarm_ended(self, thing: Thing, alarm: Alarm, *, is_ok: bool) -> None:
        if is_ok and thing.is_alarm_hidden:
            thing.change(alarm_ms=None)
            self.commit(thing)
        thing.is_alarm_hidden = False
        if alarm.queued_ms is not None:
            thing.alarm = Alarm(alarm.queued_ms, alarm.queued_ms * MS)
        elif is_ok:
            thing.alarm = None
        elif alarm.failures < RETRIES_MAX:
            self._retry(thing, alarm)
        else:
            self._give_up(thing, alarm)

    def _retry(self, thing: Thing, alarm: Alarm) -> None:
        nominal_ns = 2 * SECOND << alarm.failures
        delays = self.delays[thing.name]
        if not delays:
            raise CutShort
        delay_ns = delays.popleft()
        if not nominal_ns <= delay_ns <= nominal_ns * 5 // 4:
            raise Wrong(f"the alarm of {thing.name} is put off by {delay_ns} ns, which is not about {nominal_ns}")
        self.happened["alarms retried"] += 1
        alarm.failures += 1
        alarm.state, alarm.rings_ns = "retrying", self.now_ns + delay_ns

    def _give_up(self, thing: Thing, alarm: Alarm) -> None:
        self.happened["alarms given up"] += 1
        if thing.content.alarm_ms == alarm.due_ms:
            thing.change(alarm_ms=None)
            self._make_durable(thing)
        thing.alarm = None

    # -- lives

    def evict(self, name: str) -> None:
        """Drop an instance."""
        self.things[name].memory = None

    def end_life(self, kept: Mapping[str, Content]) -> None:
        """A life is over: of the objects on the disk this is what is there, and nothing of the others."""
        for thing in self.things.values():
            thing.committed = kept[thing.name] if thing.is_on_disk else EMPTY
            thing.forget()
            thing.running.clear()
            thing.alarm = None
        self.delays.clear()

    def begin_life(self, wakes_ms: Mapping[str, int]) -> None:
        """A new life: what is overdue rings at once.

        Args:
            wakes_ms: When the disk says that objects are to be woken: never later than they say themselves.
        """
        for name, due_ms in wakes_ms.items():
            self.things[name].alarm = Alarm(due_ms, due_ms * MS)
        self.move_to(self.now_ns)
