"""``abortIsolate``: all that lives in one copy of the application's modules ends together (DO-9.7)."""

import asyncio
import gc
import sys
import textwrap
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_durable import App, Host, PlatformError, PlatformOptions
from pytest_durable._core.actor import Incarnation
from pytest_durable._core.isolate import ModuleSet
from pytest_durable._core.life import never_resumed_count
from pytest_durable._surfaces.neutral import abortIsolate
from pytest_durable.events import (
    Aborted,
    AlarmFinished,
    AlarmRetried,
    AlarmStarted,
    IsolateAborted,
    IsolateLoaded,
)
from support.objects import Counter

APPLICATION = '''
import asyncio

import isolate_helper
from isolate_log import LOG
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.neutral import NeutralObject, abortIsolate

count = 0


class OwnError(Exception):
    pass


class Thing(NeutralObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.calls = 0
        if ctx.storage.kv.get("fatal") is True:
            abortIsolate("in the constructor")

    async def both(self):
        """How often the module and this instance were asked."""
        global count
        count += 1
        self.calls += 1
        return f"{count}:{self.calls}"

    async def helper(self):
        isolate_helper.count += 1
        return isolate_helper.count

    async def put(self, key, value):
        await self.ctx.storage.put(key, value)

    async def get(self, key):
        return await self.ctx.storage.get(key)

    async def bound(self):
        return self.env.NUMBER

    async def arm(self, time_ms):
        await self.ctx.storage.setAlarm(time_ms)

    async def armed(self):
        return await self.ctx.storage.getAlarm()

    async def alarm(self, info):
        LOG.append(f"alarm {info.retryCount}")
        if info.retryCount == 0:
            if await self.ctx.storage.get("fatal") == "alarm":
                abortIsolate("in an alarm")
            await self.wait(5)

    async def wait(self, seconds):
        try:
            await asyncio.sleep(seconds)
            LOG.append("waited")
            return "done"
        finally:
            LOG.append("finally")

    async def wait_in_background(self, seconds):
        self.ctx.waitUntil(self.wait(seconds))

    async def wait_in_task(self, seconds):
        self.task = asyncio.create_task(self.wait(seconds))

    async def wait_in_callback(self, seconds):
        asyncio.get_running_loop().call_later(seconds, LOG.append, "callback")

    async def ask(self, name, method, *arguments):
        self.stub = getattr(self, "stub", None) or self.env.THING.getByName(name)
        return await getattr(self.stub, method)(*arguments)

    async def raise_own(self):
        raise OwnError("mine")

    async def end(self, *reason):
        abortIsolate(*reason)
        LOG.append("went on")

    async def end_and_clean_up(self):
        await self.ctx.storage.put("before", 1)
        try:
            abortIsolate()
        finally:
            self.ctx.waitUntil(self.wait(1))
            asyncio.get_running_loop().call_later(1, LOG.append, "callback")
            self.env.THING.getByName("sink").put("sent", 1)
            await self.ctx.storage.put("after", 1)
            await self.ctx.storage.deleteAll()
            abortIsolate("again")

    async def end_and_catch(self):
        try:
            abortIsolate()
        except BaseException:
            await asyncio.sleep(0)
            LOG.append("went on")

    async def end_later(self, how):
        loop = asyncio.get_running_loop()
        match how:
            case "task":
                self.task = asyncio.create_task(self._end())
            case "callback":
                loop.call_later(1, abortIsolate, "later")
            case "background":
                self.ctx.waitUntil(self._end())

    async def _end(self):
        await asyncio.sleep(1)
        abortIsolate("later")

    async def end_in(self, where):
        storage = self.ctx.storage

        async def callback(*_):
            await storage.put("lost", 1)
            abortIsolate("inside")

        def callback_sync():
            storage.kv.put("lost", 1)
            abortIsolate("inside")

        match where:
            case "transaction":
                await storage.transaction(callback)
            case "section":
                await self.ctx.blockConcurrencyWhile(callback)
            case "transactionSync":
                storage.transactionSync(callback_sync)
            case "list":
                await storage.put({"a": 1, "b": 2})
                for _ in storage.kv.list():
                    callback_sync()
            case "cursor":
                for _ in storage.sql.exec("SELECT 1 UNION SELECT 2"):
                    callback_sync()
'''


class World:
    """A host whose application lies in a directory of its own, and what the application cannot keep to itself."""

    def __init__(self, durable: Any, root: Path, surface: str = "neutral") -> None:
        self.root = root
        self.write("isolate_helper", "count = 0")
        self.write("isolate_app", APPLICATION)
        app = App(surface=surface, bindings={"THING": "isolate_app:Thing", "NUMBER": 5})
        self.host = Host(root / "data", app=app, root=root, world=durable.world)
        self.things = self.host.namespace("THING")

    def write(self, name: str, text: str) -> None:
        (self.root / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf-8")
        sys.path_importer_cache.clear()

    def stub(self, name: str = "a") -> Any:
        return self.things.get_by_name(name)

    def in_seconds(self, seconds: int) -> int:
        return self.host.clock.time_ms() + seconds * 1000


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What still happens, in a module that is not the application's."""
    module = ModuleType("isolate_log")
    module.LOG = []  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "isolate_log", module)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # two writes within one second would look the same
    return module.LOG  # type: ignore[attr-defined,no-any-return]


@pytest.fixture
def world(durable: Any, tmp_path: Path, log: list[str]) -> Iterator[World]:
    world = World(durable, tmp_path)
    yield world
    world.host.run(world.host.finish())
    world.host.close()


async def refusal(awaitable: Any) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        await awaitable
    return caught.value


def flags(failure: PlatformError) -> list[str]:
    names = ("remote", "retryable", "overloaded", "durable_object_reset")
    return [name for name in names if getattr(failure, name)]


async def begun(world: World, *calls: Any) -> list["asyncio.Future[Any]"]:
    tasks = [asyncio.ensure_future(call) for call in calls]
    await world.host.settle()
    return tasks


# The message


@pytest.mark.parametrize(
    ("reason", "message"),
    [([], "abortIsolate() was called."), (["enough"], "abortIsolate(): enough"), ([""], "abortIsolate(): ")],
)
async def test_message_tells_the_reason(world: World, reason: list[str], message: str) -> None:
    # DO-9.7.1
    failure = await refusal(world.stub().end(*reason))
    assert (failure.name, failure.message, flags(failure)) == ("Error", message, [])
    used = world.stub()
    await used.both()
    await world.host.abort_isolate(*reason)
    assert (await refusal(used.both())).message == message
    assert [record.reason for record in world.host.journal.of(IsolateAborted)] == [message] * 2


# What ends


async def test_call_itself_fails_and_no_code_after_it_runs(world: World, log: list[str]) -> None:
    # DO-9.7.2
    await refusal(world.stub().end())
    await world.host.settle()
    assert log == []


async def test_whatever_the_code_does_while_it_is_unwound_has_no_effect(world: World, log: list[str]) -> None:
    # DO-9.7.2: Python runs `finally` of the code that calls; nothing of it leaves, and the new isolate is not touched.
    stub = world.stub()
    await stub.put("kept", 1)
    assert (await refusal(stub.end_and_clean_up())).message == "abortIsolate() was called."
    await world.host.clock.advance(seconds=5)
    assert log == []
    assert dict(world.host.stored(stub).kv) == {"kept": 1}
    assert dict(world.host.stored(world.stub("sink")).kv) == {}
    assert len(world.host.journal.of(IsolateAborted)) == 1


async def test_code_that_catches_everything_gets_no_further_than_its_next_wait(world: World, log: list[str]) -> None:
    # DO-9.7.2
    assert (await refusal(world.stub().end_and_catch())).message == "abortIsolate() was called."
    await world.host.clock.advance(seconds=5)
    assert log == []


@pytest.mark.parametrize("where", ["transaction", "section", "transactionSync", "list", "cursor"])
async def test_it_ends_everything_wherever_it_is_called(world: World, where: str) -> None:
    # DO-9.7.2, DO-9.7.4
    other = world.stub("b")
    await other.both()
    assert (await refusal(world.stub().end_in(where))).message == "abortIsolate(): inside"
    assert (await refusal(other.both())).message == "abortIsolate(): inside"
    assert "lost" not in world.host.stored(world.stub()).kv
    assert await world.stub().both() == "1:1"


@pytest.mark.parametrize("how", ["task", "callback", "background"])
async def test_it_can_be_called_when_no_call_waits(world: World, how: str, caplog: pytest.LogCaptureFixture) -> None:
    # DO-9.7.3
    stub, other = world.stub(), world.stub("b")
    await stub.end_later(how)
    [waiting] = await begun(world, other.wait(60))
    await world.host.clock.advance(seconds=1)
    assert (await refusal(waiting)).message == "abortIsolate(): later"
    assert (await refusal(stub.both())).message == "abortIsolate(): later"
    gc.collect()
    assert caplog.messages == []  # neither as a failure in the background nor as one that nobody retrieved


async def test_constructor_can_call_it(world: World) -> None:
    # DO-9.7.2
    stub = world.stub()
    await stub.put("fatal", True)
    await world.host.evict(stub)
    assert (await refusal(stub.both())).message == "abortIsolate(): in the constructor"
    assert await world.stub("b").both() == "1:1"


@pytest.mark.parametrize("caller", ["object", "test"])
async def test_calls_in_flight_of_every_object_fail_at_the_same_moment(
    world: World, log: list[str], caller: str
) -> None:
    # DO-9.7.3
    calls = await begun(world, world.stub("b").wait(5), world.stub("c").wait(5), world.stub("d").ask("e", "wait", 5))
    await world.stub("f").wait_in_background(5)
    await world.stub("g").wait_in_task(5)
    await world.stub("h").wait_in_callback(5)
    before = world.host.clock.time()
    if caller == "object":
        await refusal(world.stub().end("enough"))
    else:
        await world.host.abort_isolate("enough")
    assert [(await refusal(call)).message for call in calls] == ["abortIsolate(): enough"] * 3
    assert world.host.clock.time() == before
    await world.host.clock.advance(seconds=10)
    assert log == []


async def test_suspended_code_is_never_resumed_and_never_closed(world: World, log: list[str]) -> None:
    # DO-9.7.3: execution is terminated, so that even `finally` does not run.
    calls = await begun(world, world.stub("b").wait(5))
    kept = never_resumed_count()
    await world.host.abort_isolate()
    assert never_resumed_count() > kept
    await refusal(calls[0])
    del calls
    gc.collect()
    await world.host.clock.advance(seconds=10)
    assert log == []


async def test_request_in_flight_fails_with_it_too(world: World) -> None:
    # DO-9.7.3
    waiting = await begun(world, world.stub("b").ask("a", "end", "enough"))
    assert (await refusal(waiting[0])).message == "abortIsolate(): enough"


async def test_objects_of_exempt_classes_end_too(durable: Any, tmp_path: Path, log: list[str]) -> None:
    # DO-9.3.T1.4: they are exempt from what `workerd:unsafe` does, and live in the same isolate.
    world = World(durable, tmp_path)
    options = PlatformOptions(prevent_eviction=("Thing",))
    await world.host.restart(app=App(surface="neutral", bindings={"THING": "isolate_app:Thing"}, options=options))
    stub = world.stub()
    await stub.both()
    await world.host.abort_isolate()
    await refusal(stub.both())
    assert await world.stub().both() == "1:1"
    await world.host.finish()
    world.host.close()


# What stays


async def test_used_stubs_keep_failing_and_new_ones_get_new_instances(world: World) -> None:
    # DO-9.7.4; PR: with durable object
    stub, keeper = world.stub(), world.stub("k")
    assert [await stub.both(), await stub.both()] == ["1:1", "2:2"]
    await refusal(keeper.ask("a", "end", "enough"))
    for _ in range(2):
        assert (await refusal(stub.both())).message == "abortIsolate(): enough"
    assert (await refusal(keeper.both())).message == "abortIsolate(): enough"
    assert await world.stub().both() == "1:1"
    assert len(world.host.journal.of(Aborted)) == 2


async def test_stub_that_was_not_used_reaches_the_new_isolate(world: World) -> None:
    # DO-9.7.4
    unused, idle = world.stub(), world.stub("b")
    await idle.both()
    await world.host.evict(idle)
    await world.host.abort_isolate()
    assert await unused.both() == "1:1"
    await refusal(idle.both())


async def test_data_and_alarms_stay(world: World) -> None:
    # DO-9.7.4
    stub = world.stub()
    await stub.put("k", 1)
    await stub.arm(world.in_seconds(60))
    await world.host.assert_alarm_survives(stub, through="abort_isolate")
    assert await world.stub().get("k") == 1
    assert await world.stub().armed() == world.in_seconds(60)
    await world.host.clock.advance(seconds=70)
    world.host.assert_alarm_ran(stub, times=1)


async def test_uncommitted_writes_are_lost(world: World) -> None:
    # DO-9.7.4
    await refusal(world.stub().end_in("transactionSync"))
    assert await world.stub().get("lost") != 1


async def test_handler_in_flight_has_failed_and_that_is_counted(world: World, log: list[str]) -> None:
    # DO-E.4
    await world.stub().arm(world.in_seconds(1))
    await world.host.clock.advance(seconds=2)
    await world.host.abort_isolate("enough")
    [finished] = world.host.journal.of(AlarmFinished)
    assert (finished.ran, finished.error) == (True, "PlatformError: abortIsolate(): enough")
    assert [record.retry_count for record in world.host.journal.of(AlarmRetried)] == [1]
    await world.host.clock.advance(seconds=60)
    assert log == ["alarm 0", "alarm 1"]


async def test_handler_that_calls_it_has_failed_too(world: World, log: list[str]) -> None:
    # DO-E.4
    await world.stub().put("fatal", "alarm")
    await world.stub().arm(world.in_seconds(1))
    await world.host.clock.advance(seconds=60)
    assert log == ["alarm 0", "alarm 1"]
    assert len(world.host.journal.of(IsolateLoaded)) == 2


# The next isolate


async def test_modules_are_executed_again_by_the_next_request_and_not_before(world: World) -> None:
    # DO-9.7.5; PR: resets module state
    assert [await world.stub().both(), await world.stub("b").both()] == ["1:1", "2:1"]
    assert [await world.stub().helper(), await world.stub().helper()] == [1, 2]
    await world.host.abort_isolate()
    await world.host.clock.advance(minutes=1)
    assert [record.generation for record in world.host.journal.of(IsolateLoaded)] == [1]
    assert await world.stub().both() == "1:1"
    assert await world.stub().helper() == 1  # a helper of the application is a part of it
    assert [record.generation for record in world.host.journal.of(IsolateLoaded)] == [1, 2]
    assert [record.generation for record in world.host.journal.of(IsolateAborted)] == [1]


async def test_third_party_modules_are_not_executed_again(world: World, log: list[str]) -> None:
    # DO-9.7.5, decisions 7.2
    await refusal(world.stub().end())
    await world.stub().wait(0)
    assert log == ["waited", "finally"]  # into the same list as before


async def test_bindings_are_those_of_before(world: World) -> None:
    # DO-9.7.5; PR: preserves env bindings, with service bindings
    assert await world.stub().bound() == 5
    await world.host.abort_isolate()
    assert await world.stub().bound() == 5
    assert await world.stub().ask("b", "both") == "1:1"


async def test_alarm_loads_the_next_isolate_as_well(world: World, log: list[str]) -> None:
    # DO-9.7.5
    await world.stub().arm(world.in_seconds(60))
    await world.host.abort_isolate()
    await world.host.clock.advance(seconds=70)
    assert log == ["alarm 0", "waited", "finally"]
    assert len(world.host.journal.of(IsolateLoaded)) == 2


async def test_code_that_was_changed_meanwhile_runs(world: World) -> None:
    # DO-9.7.5
    await world.stub().both()
    world.write("isolate_app", APPLICATION.replace("count = 0", "count = 100"))
    await world.host.abort_isolate()
    assert await world.stub().both() == "101:1"


async def test_each_request_tries_again_while_loading_fails(world: World) -> None:
    # DO-9.7.6
    await world.stub().put("k", 1)
    world.write("isolate_app", "import isolate_helper\nraise RuntimeError('no start')")
    await world.host.abort_isolate()
    stub = world.stub()
    for _ in range(2):
        failure = await refusal(stub.both())
        assert (failure.name, failure.message) == ("RuntimeError", "no start")
    assert "isolate_helper" not in sys.modules  # half an isolate is none
    world.write("isolate_app", APPLICATION)
    assert await stub.both() == "1:1"
    assert await stub.get("k") == 1
    assert [record.generation for record in world.host.journal.of(IsolateLoaded)] == [1, 2]


async def test_alarm_that_finds_no_isolate_is_tried_again_and_that_is_not_counted(world: World, log: list[str]) -> None:
    # DO-9.7.6, DO-7.6: as when a constructor fails
    await world.stub().arm(world.in_seconds(1))
    world.write("isolate_app", "raise RuntimeError('no start')")
    await world.host.abort_isolate()
    await world.host.clock.advance(seconds=60)
    assert {record.retry_count for record in world.host.journal.of(AlarmStarted)} == {0}
    world.write("isolate_app", APPLICATION)
    await world.host.clock.advance(minutes=5)
    assert log == ["alarm 0", "waited", "finally"]


async def test_module_that_calls_it_at_its_top_level_does_not_start(world: World) -> None:
    # DO-9.7.T1.2
    world.write("isolate_app", APPLICATION + "\nif not LOG:\n    abortIsolate('at the top')\n")
    stub = world.stub()
    assert (await refusal(stub.both())).message == "abortIsolate(): at the top"
    assert (await refusal(world.stub().both())).message == "abortIsolate(): at the top"
    world.write("isolate_app", APPLICATION)
    assert await world.stub().both() == "1:1"


async def test_work_begun_after_an_abort_is_not_affected_by_it(world: World) -> None:
    # DO-9.7.7
    await world.stub().both()
    await world.host.abort_isolate("first")
    calls = await begun(world, world.stub("b").wait(5), world.stub("c").both())
    await world.host.clock.advance(seconds=10)
    assert [await call for call in calls] == ["done", "1:1"]
    calls = await begun(world, world.stub("b").wait(5))
    await world.host.abort_isolate("second")
    assert (await refusal(calls[0])).message == "abortIsolate(): second"
    assert [record.generation for record in world.host.journal.of(IsolateAborted)] == [1, 2]


async def test_generations_count_on_through_restarts(world: World) -> None:
    # DO-9.7.7
    for end in (world.host.abort_isolate, world.host.restart, world.host.abort_isolate):
        await world.stub().both()
        await end()
    assert await world.stub().both() == "1:1"
    assert [record.generation for record in world.host.journal.of(IsolateLoaded)] == [1, 2, 3, 4]


async def test_exception_of_any_generation_is_of_the_class_that_the_test_holds(
    durable: Any, tmp_path: Path, log: list[str]
) -> None:
    # decisions 7.2
    world = World(durable, tmp_path)
    world.write(
        "isolate_app",
        APPLICATION.replace("NeutralObject", "DurableObject").replace(
            "from pytest_durable._surfaces.neutral import DurableObject, abortIsolate",
            "from workers import DurableObject",
        ),
    )
    await world.host.restart(app=App(surface="wrapped", bindings={"THING": "isolate_app:Thing"}))
    seen = []
    for _ in range(3):
        try:
            await world.stub().raise_own()
        except Exception as failure:
            seen.append(type(failure))
        await world.host.abort_isolate()
    assert len(set(seen)) == 1
    assert seen[0].__name__ == "OwnError"
    await world.host.finish()
    world.host.close()


# What is kept


def living(kind: type) -> int:
    gc.collect()
    return sum(1 for each in gc.get_objects() if isinstance(each, kind))


@pytest.mark.parametrize("caller", ["object", "test"])
async def test_old_isolates_do_not_pile_up(world: World, caller: str) -> None:
    # DO-9.7.7
    modules: list[weakref.ref[ModuleType]] = []
    sets = living(ModuleSet)
    for _ in range(10):
        stub = world.stub()
        await stub.both()
        modules.append(weakref.ref(sys.modules["isolate_app"]))
        if caller == "test":
            await world.host.abort_isolate()
        else:
            await refusal(stub.end())
    gc.collect()
    alive = [module for module in modules if module() is not None]
    kept = 1 + 1  # the first, whose classes the test may hold, and the last, until another takes its place
    assert len(alive) <= kept
    assert living(ModuleSet) - sets <= kept


@pytest.mark.parametrize("end", ["abort_isolate", "crash"])
async def test_modules_of_old_isolates_go_although_work_in_flight_stays_parked(world: World, end: str) -> None:
    # DO-9.7.7: of a parked coroutine its frame stays, and with that the globals of its module, but no module
    modules: list[weakref.ref[ModuleType]] = []
    sets, parked = living(ModuleSet), never_resumed_count()
    for _ in range(10):
        call = asyncio.ensure_future(world.stub().wait(50))
        await world.host.settle()
        modules.append(weakref.ref(sys.modules["isolate_app"]))
        await getattr(world.host, end)()
        await refusal(call)
        await world.host.start()
    assert never_resumed_count() > parked + 10
    kept = 1 + 1  # as above
    assert living(ModuleSet) - sets <= kept
    assert sum(module() is not None for module in modules) <= kept


async def test_objects_without_work_go_with_their_life_although_another_is_parked(world: World) -> None:
    # DO-9.7.7
    incarnations = living(Incarnation)
    for _ in range(5):
        for name in "bcdef":
            await world.stub(name).both()
        call = asyncio.ensure_future(world.stub().wait(50))
        await world.host.settle()
        await world.host.crash()
        await refusal(call)
        await world.host.start()
    assert living(Incarnation) - incarnations <= 5


async def test_restarts_do_not_pile_up_isolates_either(world: World) -> None:
    # PW-8.4
    modules: list[weakref.ref[ModuleType]] = []
    for _ in range(5):
        await world.stub().both()
        modules.append(weakref.ref(sys.modules["isolate_app"]))
        await world.host.restart()
    gc.collect()
    assert sum(module() is not None for module in modules) <= 2


# Refusal


async def test_class_handed_over_as_an_object_refuses_it_and_nothing_is_aborted(world: World) -> None:
    # DO-9.7.8, decisions 6.3
    text = "abortIsolate() is not supported for this worker configuration."
    stub = world.stub()
    await stub.both()
    counter = world.host.namespace(Counter).get_by_name("a")
    assert await counter.in_memory() == 1
    for attempt in (world.host.abort_isolate(), stub.end("enough")):
        failure = await refusal(attempt)
        assert (failure.name, failure.message) == ("Error", text)
    assert await stub.both() == "2:2"
    assert await counter.in_memory() == 2
    assert world.host.journal.of(IsolateAborted) == ()


def test_it_cannot_be_called_outside_of_an_object() -> None:
    with pytest.raises(RuntimeError, match=r"await durable.abort_isolate"):
        abortIsolate()


async def test_cut_at_the_abort_ends_the_life(world: World) -> None:
    await world.stub().both()
    world.host.crash_at(IsolateAborted)
    await world.host.abort_isolate()
    assert not world.host.is_running
    await world.host.start()
    assert await world.stub().both() == "1:1"
