"""One program, run on a host and on the model; they are compared after each step."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from properties.meaning import brief, handle, interpret
from properties.model import EMPTY, SECOND, Call, Content, CutShort, Model, Outcome, Thing, Undecided, Wrong
from properties.programs import NAMES, Program
from properties.subject import Subject
from pytest_durable import events
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.runtime import App
from pytest_durable._core.storage import decode
from pytest_durable._hosts.inprocess import InProcessHost
from pytest_durable._hosts.stub import Stub
from pytest_durable._hosts.world import World

#: What a caller is told whose call a crash has cut off.
LOST: Final = "Network connection lost."
_NOT_RUNNING: Final = "Cannot evict Durable Object"
#: What is counted besides the kinds of steps, so that a run shows what its programs have led to.
HAPPENINGS: Final = (
    "alarms given up", "alarms put right", "alarms retried", "alarms run", "calls lost", "crash points reached",
    "evicted when idle", "objects reset", "turns kept, not acknowledged", "turns lost, not acknowledged",
)  # fmt: skip

Meaning = Callable[[], object]


class Divergence(AssertionError):
    """The host and the model differ."""


class Trial:
    """A host and the model of it."""

    def __init__(self, world: World, host: InProcessHost) -> None:
        self.world = world
        self.host = host
        on_disk = host.namespace(Subject)
        in_memory = host.namespace(Subject, binding="VOLATILE", unique_key="Volatile", storage="memory")
        self.namespaces = {name: in_memory if name == "m" else on_disk for name in NAMES}
        self.ids = {name: space.id_from_name(name).hex for name, space in self.namespaces.items()}
        self.names = {actor_hex: name for name, actor_hex in self.ids.items()}
        things = [Thing(name, self.ids[name], name != "m") for name in NAMES]
        self.model = Model(things, world.clock.wall_ns, interpret, handle)
        #: Calls without an answer: what the host has of each, and the model.
        self.calls: list[tuple[asyncio.Task[Outcome], Call]] = []
        self.happened: Counter[str] = Counter()
        self._seen = len(host.journal)
        self._compared: dict[str, Content] = {}
        #: When the disk says that objects are to be woken, as the life left it that ended last.
        self._wakes: dict[str | None, int] = {}

    def stub(self, name: str) -> Stub:
        """A fresh one: those from before an abort stay broken."""
        return self.namespaces[name].get_by_name(name)

    async def run(self, program: Program) -> None:
        """Do the steps of a program, and come to an end.

        Raises:
            Divergence: After a step the two differ.
            Undecided: Something in it is left to chance.
        """
        for number, (kind, *given) in enumerate(program):
            try:
                await MOVES[kind](self, *given)
            except (Divergence, Wrong) as divergence:
                raise Divergence(f"step {number}, {program[number]!r}\n\n{divergence}") from divergence
        self.host.crash_at(None)
        try:
            await restart(self, 0)
            await self.finish()
        except (Divergence, Wrong) as divergence:
            raise Divergence(f"at the end\n\n{divergence}") from divergence

    # -- one action on both sides

    async def do(self, act: Awaitable[object], meaning: Meaning) -> None:
        """Do something with the host, then say what it means, and compare. A crash in the middle is recovered from."""
        self.model.begin_step()
        answer = await _outcome(act)
        if self.host.is_running:
            await self.host.settle()
        self._tell_delays()
        expected = await self._mean(meaning)
        if not self.host.is_running:
            await self._recover()
            return
        self._expect("answer", answer, ("returned", None) if expected is None else expected)
        self._expect("clock", self.world.clock.wall_ns, self.model.now_ns)
        self._compare_calls()
        self._compare_content(self.model.stored())
        self._expect("alarms", self._alarms(), self._model_alarms())

    async def _mean(self, meaning: Meaning) -> object:
        try:
            expected = meaning()
            if any(self.model.delays.values()) and self.host.is_running:
                raise Divergence(f"the host has put off alarms that no rule puts off: {dict(self.model.delays)}")
        except CutShort:
            if self.host.is_running:
                raise Divergence("the host has not put off an alarm that has failed") from None
            return None
        return expected

    def _tell_delays(self) -> None:
        journal = self.host.journal
        for number in range(self._seen, len(journal)):
            record = journal[number]
            if isinstance(record, events.AlarmRetried) and record.actor is not None:
                self.model.delays[self.names[record.actor.hex]].append(record.delay_ns)
        self._seen = len(journal)

    # -- comparisons

    def _expect(self, what: str, actual: object, expected: object) -> None:
        if actual != expected:
            raise Divergence(f"  part   {what}\n  host   {actual!r}\n  model  {expected!r}")

    def _compare_calls(self) -> None:
        waiting = []
        for task, call in self.calls:
            if task.done() or call.outcome is not None:
                self._expect(f"answer of {call.name}", task.result() if task.done() else None, _brief(call.outcome))
            else:
                waiting.append((task, call))
        self.calls = waiting

    def _compare_content(self, contents: Mapping[str, Content]) -> None:
        for name, content in contents.items():
            if self._compared.get(name) is not content:
                self._expect(f"stored of {name}", self.look(name), content)
                self._compared[name] = content

    def look(self, name: str) -> Content:
        """What is stored for an object."""
        view = self.host.stored(self.stub(name))._view
        if view is None:
            return EMPTY
        with view._reading() as connection:  # one look for all
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
            pairs, rows, alarm = (
                connection.execute(query).fetchall() if table in tables else []
                for table, query in (
                    ("_cf_KV", "SELECT CAST(key AS BLOB), value FROM _cf_KV"),
                    ("rows", "SELECT id, text FROM rows"),
                    ("_cf_METADATA", "SELECT value / 1000000 FROM _cf_METADATA WHERE key = 1"),
                )
            )
        values = {key.decode(): decode(value) for key, value in pairs}
        return Content(pairs=values, rows=dict(rows), alarm_ms=alarm[0][0] if alarm else None)

    def _alarms(self) -> list[tuple[str | None, int, str, int]]:
        found = [
            (self.names[each.id], round(each.due.timestamp() * 1000), each.state, each.retry_count)
            for each in self.host.alarms()
        ]
        return sorted(found)

    def _model_alarms(self) -> list[tuple[str | None, int, str, int]]:
        alarms = [(thing.name, thing.alarm) for thing in self.model.things.values()]
        return sorted(
            (name, each.due_ms, each.state, each.failures) for name, each in alarms if each is not None and each.has_row
        )

    # -- lives

    async def _recover(self) -> None:
        """The life was cut. What is on the disk must be one of the states that were durable since the last answer."""
        self.happened["crash points reached"] += 1
        await self._end_life()
        await self.start()

    async def _end_life(self, *, is_cut: bool = True) -> None:
        history, wakes = self.model.history, self.model.wakes_ms()
        first = await self._last_answer()
        contents = {name: self.look(name) for name in NAMES if name != "m"}
        if contents not in history[first:]:
            raise Divergence(_kept_wrongly(contents, history, first))
        place = first + history[first:].index(contents)
        self.happened["turns lost, not acknowledged"] += place < len(history) - 1
        self.happened["turns kept, not acknowledged"] += place > first
        self.model.end_life(contents)
        self.model.now_ns = self.world.clock.wall_ns
        self._wakes = {name: due_ms for name, due_ms, _, _ in self._alarms()}
        for name, content in contents.items():
            due_ms = self._wakes.get(name)
            if content.alarm_ms is not None and (due_ms is None or due_ms > content.alarm_ms):
                raise Divergence(f"{name} is to be woken at {due_ms}, too late for its alarm at {content.alarm_ms}")
        if not self._wakes.keys() <= contents.keys():
            raise Divergence(f"alarms that are kept in memory have survived: {self._wakes}")
        if not is_cut:
            self._expect("rows of alarms", self._wakes, wakes)

    async def _last_answer(self) -> int:
        """The place in the history up to which somebody has an answer; each call in flight has one now, or is lost."""
        for _ in range(3):
            await asyncio.sleep(0)
        first = 0
        calls, self.calls = self.calls, []
        for task, call in calls:
            if not task.done():
                raise Divergence(f"the caller of {call.name} was never told that the life has ended")
            if task.result() == ("failed", LOST):
                self.happened["calls lost"] += 1
            elif task.result() != ("returned", True):  # run_alarm is told of the end as of an end of the alarm
                self._expect(f"answer of {call.name} before the crash", task.result(), _brief(call.outcome))
                first = max(first, call.answered_at)
        return first

    async def start(self) -> None:
        """Begin a new life."""
        wakes = self._wakes
        await self.do(self.host.start(), lambda: self.model.begin_life(wakes))

    async def move_to(self, target_ns: int) -> None:
        """Let time pass until then."""
        await self.do(self.world.loop.pump.move_to(target_ns), lambda: self.model.move_to(target_ns))

    async def finish(self) -> None:
        """Let time pass until no call and no handler is in progress."""
        while not self.model.is_at_rest:
            await self.move_to(min(a.wakes_ns for thing in self.model.things.values() for a in thing.running))


async def _outcome(work: Awaitable[object]) -> Outcome:
    try:
        return "returned", await work
    except PlatformError as failure:
        return "failed", brief(failure.message)


def _brief(outcome: Outcome | None) -> Outcome | None:
    return outcome if outcome is None or outcome[0] == "returned" else ("failed", brief(outcome[1]))


def _kept_wrongly(contents: object, history: list[dict[str, Content]], first: int) -> str:
    later = [f"  or           {each!r}" for each in history[first + 1 :]]
    told = ["the crash has left what was never durable, or has lost what was acknowledged"]
    return "\n".join([*told, f"  on the disk  {contents!r}", f"  acknowledged {history[first]!r}", *later])


# -- the steps of the test

MOVES: Final[dict[str, Callable[..., Awaitable[None]]]] = {}


def move(function: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Make a function a kind of step of the test."""
    MOVES[function.__name__] = function
    return function


@move
async def nothing(trial: Trial) -> None:
    pass


@move
async def call(trial: Trial, name: str, steps: list[Any]) -> None:
    """Call an object. A call that waits stays in flight."""
    await _begin(trial, lambda: trial.stub(name).run(steps), lambda: trial.model.call(name, steps))


@move
async def run_alarm(trial: Trial, name: str) -> None:
    if not trial.model.things[name].running:
        await _begin(trial, lambda: trial.host.run_alarm(trial.stub(name)), lambda: trial.model.run_alarm(name))


async def _begin(trial: Trial, act: Callable[[], Awaitable[object]], begin: Callable[[], Call]) -> None:
    task = asyncio.ensure_future(_outcome(act()))

    def meaning() -> None:
        place = len(trial.calls) - 1
        trial.calls[place] = task, begin()
        trial.model.move_to(trial.model.now_ns)

    trial.calls.append((task, Call("nobody")))
    await trial.do(trial.host.settle(), meaning)


@move
async def advance(trial: Trial, seconds: int) -> None:
    await trial.move_to(trial.model.now_ns + seconds * SECOND)


@move
async def to_next(trial: Trial) -> None:
    """To the next instant at which something happens."""
    at_ns = trial.model.next_event_ns()
    if at_ns is not None:
        await trial.move_to(max(at_ns, trial.model.now_ns))


@move
async def evict(trial: Trial, name: str) -> None:
    thing = trial.model.things[name]
    if thing.running:
        return
    expected = ("failed", _NOT_RUNNING) if thing.memory is None else None

    def meaning() -> object:
        trial.model.evict(name)
        return expected

    await trial.do(trial.host.evict(trial.stub(name)), meaning)


@move
async def abort_object(trial: Trial, name: str) -> None:
    thing = trial.model.things[name]

    def meaning() -> None:
        trial.model.end_instance(thing, "over")
        trial.model.move_to(trial.model.now_ns)  # an alarm that waited for the end of its run may be overdue

    await trial.do(trial.host.abort(trial.stub(name), "over"), meaning)


@move
async def crash_at(trial: Trial, record: str, name: str | None, nth: int) -> None:
    trial.host.crash_at(getattr(events, record), object=None if name is None else trial.stub(name), nth=nth)


@move
async def restart(trial: Trial, down_seconds: int) -> None:
    await trial.finish()
    trial.model.begin_step()
    await trial.host.stop()
    await _down(trial, down_seconds)


@move
async def crash(trial: Trial, down_seconds: int) -> None:
    trial.model.begin_step()
    await trial.host.crash()
    await _down(trial, down_seconds)


async def _down(trial: Trial, seconds: int) -> None:
    await trial._end_life(is_cut=False)
    trial.model.now_ns += seconds * SECOND
    await trial.world.loop.pump.move_to(trial.model.now_ns)
    await trial.start()


def run_program(program: Program) -> Counter[str]:
    """Run a program; what happened in it, and how often.

    Raises:
        Divergence: The host and the model differ.
    """
    world = World()
    try:
        host = InProcessHost(world=world, app=App(surface="neutral"))
        try:
            trial = Trial(world, host)
            try:
                world.run(trial.run(program))
            except Undecided:
                return Counter({"left to chance": 1})
            return trial.happened + trial.model.happened
        finally:
            host.close()
    finally:
        world.close()
