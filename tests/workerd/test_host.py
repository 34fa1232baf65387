"""The real platform as a host: what a test can say to it, what it refuses, and what happens when things go wrong."""

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_durable import App, PlatformError
from pytest_durable.errors import (
    AlarmLoopError,
    ConfigurationError,
    DamagedFileError,
    DirectoryInUseError,
    DurableError,
    HostDownError,
    StuckError,
    UnsupportedOnHostError,
    WorkerdBusyError,
    WorkerdDiedError,
    WorkerdStartError,
)
from pytest_durable.events import AlarmStarted, CallEnded, RuntimeCrashed
from pytest_durable.values import UNDEFINED

pytestmark = pytest.mark.durable(backend="workerd")

OBJECTS = "tests/workerd/objects.js"
START_MS = 1_893_456_000_000  # 2030-01-01, where the clock starts


@pytest.fixture
def durable_app() -> App:
    return App(classes=[f"{OBJECTS}:Probe"], vars={"GREETING": "hello"})


@pytest.fixture
def probe(durable: Any) -> Any:
    return durable.namespace("PROBE").get_by_name("a")


def worker(directory: Path, source: str) -> str:
    path = directory / "worker.js"
    path.write_text('import { DurableObject } from "cloudflare:workers";\n' + source)
    return str(path)


# What it cannot do


@pytest.mark.parametrize(
    ("what", "capability"),
    [
        (lambda host, probe: host.abort(probe), "end one instance from outside"),
        (lambda host, probe: host.abort_all("reason"), "be given the reason of an abort"),
        (lambda host, probe: host.run_in_object(probe, lambda instance, ctx: 1), "run a function of the test inside"),
        (lambda host, probe: host.run_alarm(probe), "run an alarm before its time"),
        (lambda host, probe: host.evict(probe, web_sockets="close"), "be told how to evict sockets"),
        (lambda host, probe: host.crash_at(CallEnded), "be cut at a record of the journal"),
        (lambda host, probe: host.env, "show env to the test"),
        (lambda host, probe: host.namespace(f"{OBJECTS}:Probe", storage="memory"), "keep one namespace in storage="),
        (lambda host, probe: probe.give(), "answered with a function, which cannot leave its process"),
    ],
)
async def test_what_it_cannot_do_is_refused_with_the_capability(
    durable: Any, probe: Any, what: Any, capability: str
) -> None:
    with pytest.raises(UnsupportedOnHostError) as refusal:
        await what(durable, probe)
    first, _, advice = str(refusal.value).partition("\n\n")
    assert first.startswith("The real platform ")
    assert capability in first
    assert advice
    assert await probe.double(2) == 4  # nothing has happened


def test_host_cannot_be_cut_at_a_record_from_the_start(durable_factory: Any) -> None:
    with pytest.raises(UnsupportedOnHostError, match="be cut at a record"):
        durable_factory(crash_at=3)


def test_python_class_is_refused(durable: Any) -> None:
    class Python:
        """Not in JavaScript."""

    with pytest.raises(ConfigurationError, match="is a Python class, and the real platform runs JavaScript"):
        durable.namespace(Python)


def test_second_namespace_of_one_class_is_refused(durable: Any) -> None:
    with pytest.raises(UnsupportedOnHostError, match="keep two namespaces of one class, here Probe"):
        durable.namespace(f"{OBJECTS}:Probe", unique_key="other", binding="OTHER")


# Declaring


async def test_namespace_after_the_first_call_comes_too_late(durable: Any, probe: Any) -> None:
    await probe.double(1)
    with pytest.raises(ConfigurationError) as refusal:
        durable.namespace(f"{OBJECTS}:Probe", unique_key="other", binding="OTHER")
    assert "comes too late" in str(refusal.value)
    assert "a process that runs with Probe" in str(refusal.value)
    assert durable.namespace(f"{OBJECTS}:Probe").get_by_name("a").id == probe.id  # declared already


async def test_variables_of_the_application_reach_the_worker(probe: Any) -> None:
    assert await probe.variable("GREETING") == "hello"


async def test_namespaces_may_be_declared_until_the_first_call(durable_factory: Any, tmp_path: Path) -> None:
    path = worker(
        tmp_path, "export class A extends DurableObject {}\nexport class B extends A {}\nexport default {};\n"
    )
    host = durable_factory(app=App())
    first, second = host.namespace(f"{path}:A"), host.namespace(f"{path}:B", unique_key="bees")
    await host.settle()
    assert (first.files(), second.files()) == (["metadata.sqlite", "metadata.sqlite-shm", "metadata.sqlite-wal"],) * 2


async def test_class_that_the_module_lacks_is_told_at_the_first_call(durable_factory: Any) -> None:
    host = durable_factory(app=App(classes=[f"{OBJECTS}:Nowhere"]))
    with pytest.raises(ConfigurationError, match="Nowhere"):
        await host.namespace("NOWHERE").get_by_name("a").double(1)


async def test_module_that_does_not_parse_is_shown(durable_factory: Any, tmp_path: Path) -> None:
    host = durable_factory(app=App(classes=[f"{worker(tmp_path, 'export class Broken extends {')}:Broken"]))
    with pytest.raises(DurableError, match="SyntaxError"):
        await host.namespace("BROKEN").get_by_name("a").double(1)


async def test_module_that_is_not_there_is_named(durable_factory: Any, tmp_path: Path) -> None:
    host = durable_factory(app=App(classes=[f"{tmp_path / 'absent.js'}:Absent"]))
    with pytest.raises(DurableError, match=r"absent\.js"):
        await host.namespace("ABSENT").get_by_name("a").double(1)


# Memory


@pytest.mark.durable(storage="memory")
async def test_host_in_memory_has_no_directory_and_forgets_with_its_process(durable: Any, probe: Any) -> None:
    await probe.put("k", 1)
    assert await probe.read("k") == 1
    assert durable.directory is None
    await durable.restart()
    assert await probe.read("k") is UNDEFINED


@pytest.mark.durable(storage="memory")
async def test_host_in_memory_forgets_in_a_crash_too(durable: Any, probe: Any) -> None:
    await probe.remind(60_000)
    await durable.restart(crash=True)
    assert durable.alarms() == []
    await durable.clock.advance(minutes=5)
    assert await probe.runs() == []


# Files


async def test_stop_leaves_databases_only_and_a_crash_the_logs_too(durable: Any, probe: Any) -> None:
    objects = durable.namespace("PROBE")
    await probe.put("k", 1)
    files = objects.files()
    assert len(files) == 6
    await durable.crash()
    assert objects.files() == files
    assert durable.stored(probe).kv == {"k": 1}
    await durable.start()
    assert await probe.read("k") == 1
    await durable.stop()
    assert objects.files() == [f"{probe.id.hex}.sqlite", "metadata.sqlite"]


@pytest.mark.durable(synchronous="full")
async def test_platform_may_sync_each_commit(durable: Any, probe: Any) -> None:
    await probe.put("k", 1)
    await durable.restart(crash=True)
    assert await probe.read("k") == 1


async def test_damaged_table_of_alarms_is_named_and_left_as_it_is(durable_factory: Any, tmp_path: Path) -> None:
    directory = tmp_path / "disk" / "Probe"
    directory.mkdir(parents=True)
    damaged = b"this is no database at all" * 100
    (directory / "metadata.sqlite").write_bytes(damaged)
    with pytest.raises(DamagedFileError, match=r"metadata\.sqlite"):
        durable_factory(tmp_path / "disk")
    assert (directory / "metadata.sqlite").read_bytes() == damaged
    assert [path.name for path in directory.iterdir()] == ["metadata.sqlite"]


@pytest.mark.parametrize("others", ["workerd", "inprocess"])
async def test_two_hosts_cannot_work_on_one_directory(durable_factory: Any, tmp_path: Path, others: str) -> None:
    first = durable_factory(tmp_path / "disk")
    await first.namespace("PROBE").get_by_name("a").put("k", 1)
    from support.objects import Box

    app = App(surface="neutral") if others == "inprocess" else None
    with pytest.raises(DirectoryInUseError):
        second = durable_factory(tmp_path / "disk", app=app, backend=others)
        second.namespace(Box, unique_key="Probe")
    await first.stop()
    again = durable_factory(tmp_path / "disk")
    assert await again.namespace("PROBE").get_by_name("a").read("k") == 1


async def test_copy_of_captured_data_leaves_the_original_alone(durable_factory: Any, tmp_path: Path) -> None:
    first = durable_factory(tmp_path / "captured")
    await first.namespace("PROBE").get_by_name("a").put("k", 1)
    await first.stop()
    second = durable_factory(copy_from=tmp_path / "captured")
    probe = second.namespace("PROBE").get_by_name("a")
    assert await probe.read("k") == 1
    await probe.put("k", 2)
    assert first.stored(first.namespace("PROBE").get_by_name("a")).kv == {"k": 1}


# The process


async def test_calls_while_it_is_down_are_refused(durable: Any, probe: Any) -> None:
    await probe.put("k", 1)
    await durable.stop()
    assert not durable.is_running
    for ask in (lambda: probe.read("k"), lambda: durable.fetch("https://x/"), lambda: durable.evict(probe)):
        with pytest.raises(HostDownError, match="down since"):
            await ask()
    assert durable.stored(probe).kv == {"k": 1}
    await durable.start()
    assert await probe.read("k") == 1


async def test_alarms_are_seen_while_it_is_down(durable: Any, probe: Any) -> None:
    await probe.remind(60_000)
    await durable.crash()
    assert [alarm.name for alarm in durable.alarms()] == ["a"]
    durable.assert_alarm(probe, after=60)


async def test_new_code_runs_on_the_old_data(durable_factory: Any, tmp_path: Path) -> None:
    text = "export class Thing extends DurableObject {{ async put(v) {{ await this.ctx.storage.put('k', v); }}\n"
    text += "  async read() {{ return '{version} ' + await this.ctx.storage.get('k'); }} }}\nexport default {{}};\n"
    old, new = (tmp_path / version for version in ("old", "new"))
    old.mkdir()
    new.mkdir()
    host = durable_factory(app=App(classes=[f"{worker(old, text.format(version='old'))}:Thing"]))
    thing = host.namespace("THING").get_by_name("a")
    await thing.put("data")
    assert await thing.read() == "old data"
    await host.restart(app=App(classes=[f"{worker(new, text.format(version='new'))}:Thing"]))
    assert await thing.read() == "new data"


def kill(durable: Any) -> None:
    """End the process of the host behind its back."""
    process = durable._process._life.process._process
    os.kill(process.pid, signal.SIGKILL)
    process._child.wait()


async def test_call_to_a_process_that_has_died_says_so_and_the_host_is_down(durable: Any, probe: Any) -> None:
    await probe.put("k", 1)
    kill(durable)
    with pytest.raises(DurableError, match="workerd has ended by itself"):
        await probe.read("k")
    assert not durable.is_running
    with pytest.raises(HostDownError, match="workerd has ended by itself"):
        await probe.read("k")
    await durable.start()
    assert await probe.read("k") == 1


async def test_call_in_flight_loses_its_connection_when_the_process_dies(durable: Any, probe: Any) -> None:
    call = asyncio.ensure_future(probe.waitFor(5_000))
    await durable.settle()
    kill(durable)
    with pytest.raises(PlatformError, match=r"Network connection lost\."):
        await call
    assert durable.journal.of(RuntimeCrashed)
    await durable.start()
    assert await probe.double(2) == 4


async def test_death_that_no_call_notices_is_told_to_whoever_moves_the_clock(durable: Any, probe: Any) -> None:
    await probe.remind(60_000)
    kill(durable)
    with pytest.raises(DurableError, match="workerd has ended by itself"):
        await durable.clock.advance(minutes=2)
    assert durable.clock.time_ms() == START_MS
    await durable.start()
    await durable.clock.advance(minutes=2)
    assert await probe.runs() == [START_MS + 60_000]


async def test_crash_fails_what_is_in_flight(durable: Any, probe: Any) -> None:
    call = asyncio.ensure_future(probe.waitFor(5_000))
    await durable.settle()
    await durable.crash()
    with pytest.raises(PlatformError, match=r"Network connection lost\."):
        await call
    assert durable.journal.of(RuntimeCrashed)


async def test_stop_waits_30_virtual_seconds_for_calls_and_takes_no_new_ones(durable: Any, probe: Any) -> None:
    call = asyncio.ensure_future(probe.waitForEver())
    await durable.settle()
    start = durable.clock.now()
    await durable.stop()
    assert durable.clock.now() - start == timedelta(seconds=30)
    with pytest.raises(PlatformError, match=r"Network connection lost\."):
        await call


async def test_evict_all_abort_all_and_delete_all(durable: Any, probe: Any) -> None:
    built = await probe.builtWhen()
    await probe.put("k", 1)
    await durable.clock.advance(seconds=1)
    await durable.evict_all()
    evicted = await probe.builtWhen()
    assert evicted == built + 1_000
    await probe.remind(60_000)
    await durable.clock.advance(seconds=1)
    await durable.abort_all()
    assert await probe.builtWhen() == evicted + 1_000
    assert await probe.read("k") == 1
    durable.assert_alarm(probe, after=59)
    await durable.delete_all()
    assert await probe.read("k") is UNDEFINED
    assert durable.alarms() == []


async def test_call_in_flight_fails_when_all_instances_are_ended(durable: Any, probe: Any) -> None:
    call = asyncio.ensure_future(probe.waitFor(5_000))
    await durable.settle()
    await durable.abort_all()
    with pytest.raises(PlatformError, match=r"Application called abortAllDurableObjects\(\)\."):
        await call


async def test_worker_itself_is_reached(durable: Any, probe: Any) -> None:
    assert await (await durable.fetch("https://example.com/path")).text() == "worker /path"


async def test_worker_runs_on_schedule_at_the_time_of_the_test_or_at_another(
    durable: Any, probe: Any, caplog: Any
) -> None:
    await durable.scheduled("*/5 * * * *")
    await durable.scheduled(at=durable.clock.now() + timedelta(seconds=1))
    said = [line for line in caplog.messages if line.startswith("scheduled")]
    assert said == [f"scheduled */5 * * * * {START_MS}", f"scheduled  {START_MS + 1_000}"]


async def test_setting_that_forbids_eviction_is_kept(durable_factory: Any) -> None:
    from pytest_durable import PlatformOptions

    app = App(classes=[f"{OBJECTS}:Probe"], options=PlatformOptions(prevent_eviction=("Probe",)))
    host = durable_factory(app=app)
    probe = host.namespace("PROBE").get_by_name("a")
    built = await probe.builtWhen()
    await host.clock.advance(hours=1)
    assert await probe.builtWhen() == built
    with pytest.raises(PlatformError, match="its namespace has preventEviction set"):
        await host.evict(probe)


# Time


async def test_call_that_waits_makes_the_clock_jump(durable: Any, probe: Any) -> None:
    assert await probe.waitFor(3_600_000) == START_MS + 3_600_000
    assert durable.clock.time_ms() == START_MS + 3_600_000


async def test_call_that_never_ends_is_stuck_and_named(durable: Any, probe: Any) -> None:
    with pytest.raises(StuckError, match=r'PROBE\["a"\]: call of waitForEver\(\) is in flight, on the real platform'):
        await probe.waitForEver()


@pytest.mark.durable(autojump=False)
async def test_without_jumps_a_call_waits_for_the_test_to_move_the_clock(durable: Any, probe: Any) -> None:
    call = asyncio.ensure_future(probe.waitFor(5_000))
    await durable.settle()
    assert not call.done()
    await durable.clock.advance(seconds=4)
    assert not call.done()
    await durable.clock.advance(seconds=1)
    assert await call == START_MS + 5_000


@pytest.mark.durable(autojump=False)
async def test_without_jumps_a_call_that_nobody_moves_the_clock_for_is_stuck(durable: Any, probe: Any) -> None:
    with pytest.raises(StuckError, match="waitFor"):
        await probe.waitFor(5_000)


async def test_timer_of_the_test_and_wait_of_the_platform_share_one_clock(durable: Any, probe: Any) -> None:
    order: list[object] = []

    async def note(item: Any) -> None:
        order.append(await item if not isinstance(item, int) else await asyncio.sleep(item, item))

    await asyncio.gather(note(probe.waitFor(2_000)), note(1), note(3))
    assert order == [1, START_MS + 2_000, 3]


async def test_alarm_is_late_when_somebody_else_has_moved_the_clock(durable: Any, probe: Any, freezer: Any) -> None:
    begun_ms = durable.clock.time_ms()
    await probe.remind(60_000)
    freezer.tick(timedelta(hours=1))
    await durable.settle()
    (record,) = durable.journal.of(AlarmStarted, object=probe)
    assert record.time_ns // 1_000_000 == begun_ms + 3_600_000
    assert await probe.now() == begun_ms + 3_600_000


async def test_clock_put_back_is_seen_by_new_instances(durable: Any, probe: Any, freezer: Any) -> None:
    before_ms = await probe.now()
    freezer.move_to(durable.clock.now() - timedelta(hours=1))
    assert await durable.namespace("PROBE").get_by_name("b").now() == before_ms - 3_600_000


async def test_alarm_that_goes_round_for_ever_is_an_error(durable_factory: Any, tmp_path: Path) -> None:
    text = (
        "export class Loop extends DurableObject {\n"
        "  async arm() { await this.ctx.storage.setAlarm(Date.now() + 1); }\n"
        "  async alarm() { await this.arm(); }\n"
        "}\n"
        "export default {};\n"
    )
    host = durable_factory(app=App(classes=[f"{worker(tmp_path, text)}:Loop"]))
    await host.namespace("LOOP").get_by_name("a").arm()
    with pytest.raises(AlarmLoopError, match="LOOP"):
        await host.clock.run_until_idle(max_alarms=50)
    await host.namespace("LOOP").get_by_name("a").arm()


async def test_two_processes_live_in_one_time(durable_factory: Any) -> None:
    first, second = durable_factory(), durable_factory()
    ours, theirs = (host.namespace("PROBE").get_by_name("a") for host in (first, second))
    await ours.put("k", 1)
    assert await theirs.read("k") is UNDEFINED
    await ours.remind(1_000)
    await theirs.remind(2_000)
    await first.clock.advance(seconds=5)
    assert await ours.runs() == [START_MS + 1_000]
    assert await theirs.runs() == [START_MS + 2_000]
    assert await ours.now() == await theirs.now() == START_MS + 5_000


async def test_calls_between_two_processes_take_their_time(durable_factory: Any) -> None:
    first, second = durable_factory(), durable_factory()
    ours, theirs = (host.namespace("PROBE").get_by_name("a") for host in (first, second))
    ended = await asyncio.gather(ours.waitFor(2_000), theirs.waitFor(1_000), ours.waitFor(3_000))
    assert ended == [START_MS + 2_000, START_MS + 1_000, START_MS + 3_000]


async def test_crash_of_one_process_leaves_the_other_alone(durable_factory: Any) -> None:
    first, second = durable_factory(), durable_factory()
    ours, theirs = (host.namespace("PROBE").get_by_name("a") for host in (first, second))
    await ours.put("k", 1)
    call = asyncio.ensure_future(theirs.waitFor(1_000))
    await first.settle()
    await first.restart(crash=True)
    assert await call == START_MS + 1_000
    assert await ours.read("k") == 1


async def test_worker_that_ends_its_isolate_ends_the_process(durable_factory: Any, tmp_path: Path) -> None:
    text = (
        'import { abortIsolate } from "cloudflare:workers";\n'
        "export class Thing extends DurableObject {\n"
        "  async put(v) { await this.ctx.storage.put('k', v); }\n"
        "  async read() { return await this.ctx.storage.get('k'); }\n"
        "  async end() { abortIsolate('enough'); }\n"
        "}\n"
        "export default {};\n"
    )
    host = durable_factory(app=App(classes=[f"{worker(tmp_path, text)}:Thing"]))
    thing = host.namespace("THING").get_by_name("a")
    await thing.put(1)
    with pytest.raises(PlatformError, match=r"Network connection lost\."):
        await thing.end()
    with pytest.raises(HostDownError, match="reason = enough"):
        await thing.read()
    await host.start()
    assert await thing.read() == 1


# The end of the process while time moves

SUICIDE = """
import { abortIsolate } from "cloudflare:workers";

export class Thing extends DurableObject {
  async arm(delayMs) { await this.ctx.storage.setAlarm(Date.now() + delayMs); }
  async endIn(delayMs) {
    await scheduler.wait(delayMs);
    abortIsolate("enough");
  }
  async alarm(info) {
    if (Date.now() === info.scheduledTime) abortIsolate("enough");
    await this.ctx.storage.put("ran", Date.now());
  }
}
export default {};
"""
MOVES = {
    "advance": lambda clock: clock.advance(hours=1),
    "move_to": lambda clock: clock.move_to(clock.now() + timedelta(hours=1)),
    "run_until_idle": lambda clock: clock.run_until_idle(),
}


@pytest.fixture
def mortal(durable_factory: Any, tmp_path: Path) -> Any:
    """A host whose process ends itself in the first run of an alarm."""
    return durable_factory(app=App(classes=[f"{worker(tmp_path, SUICIDE)}:Thing"]))


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
async def test_clock_stops_where_the_process_dies_and_whoever_moves_it_is_told(mortal: Any, move: Any) -> None:
    thing = mortal.namespace("THING").get_by_name("a")
    await thing.arm(60_000)
    with pytest.raises(WorkerdDiedError, match="reason = enough"):
        await move(mortal.clock)
    assert mortal.clock.time_ms() == START_MS + 60_000
    (crashed,) = mortal.journal.of(RuntimeCrashed)
    assert crashed.time_ns // 1_000_000 == START_MS + 60_000
    await mortal.clock.advance(seconds=1)
    await mortal.start()
    assert mortal.stored(thing).kv == {"ran": START_MS + 61_000}


async def test_clock_stops_where_the_process_dies_without_an_event_that_could_tell(mortal: Any) -> None:
    call = asyncio.ensure_future(mortal.namespace("THING").get_by_name("a").endIn(5_000))
    with pytest.raises(WorkerdDiedError, match="reason = enough"):
        await mortal.clock.advance(hours=1)
    assert mortal.clock.time_ms() == START_MS + 5_000
    with pytest.raises(PlatformError, match=r"Network connection lost\."):
        await call
    (ended,) = mortal.journal.of(CallEnded)
    assert ended.time_ns // 1_000_000 == START_MS + 5_000


async def test_call_that_ends_the_process_makes_the_clock_jump_to_that_instant_only(mortal: Any) -> None:
    with pytest.raises(PlatformError, match=r"Network connection lost\."):
        await mortal.namespace("THING").get_by_name("a").endIn(5_000)
    assert mortal.clock.time_ms() == START_MS + 5_000
    with pytest.raises(HostDownError, match="down since 2030-01-01T00:00:05"):
        await mortal.namespace("THING").get_by_name("a").arm(1)


async def test_test_that_waits_for_something_else_is_told_of_the_death_at_its_next_word(mortal: Any) -> None:
    await mortal.namespace("THING").get_by_name("a").arm(60_000)
    await asyncio.sleep(3_600)
    assert mortal.clock.time_ms() == START_MS + 3_600_000
    with pytest.raises(WorkerdDiedError, match="reason = enough"):
        await mortal.settle()


@pytest.mark.parametrize("is_first", [True, False])
async def test_process_that_outlives_another_stands_at_the_instant_of_its_death(
    durable_factory: Any, tmp_path: Path, is_first: bool
) -> None:
    mortal = App(classes=[f"{worker(tmp_path, SUICIDE)}:Thing"])
    apps = [mortal, App(classes=[f"{OBJECTS}:Probe"])] if is_first else [App(classes=[f"{OBJECTS}:Probe"]), mortal]
    one, other = (durable_factory(app=app) for app in apps)
    dying, living = (one, other) if is_first else (other, one)
    probe = living.namespace("PROBE").get_by_name("a")
    await probe.remind(120_000)
    await dying.namespace("THING").get_by_name("a").arm(60_000)
    with pytest.raises(WorkerdDiedError, match="reason = enough"):
        await living.clock.advance(hours=1)
    assert living.clock.time_ms() == await probe.now() == START_MS + 60_000
    await living.clock.advance(minutes=2)
    assert await probe.runs() == [START_MS + 120_000]


async def test_process_that_cannot_begin_stops_whoever_moves_the_clock(durable_factory: Any, tmp_path: Path) -> None:
    host = durable_factory(app=App(classes=[f"{worker(tmp_path, 'export class Broken extends {')}:Broken"]))
    with pytest.raises(WorkerdStartError, match="SyntaxError"):
        await host.clock.advance(hours=1)
    assert host.clock.time_ms() == START_MS
    assert not host.is_running


def impatient(host: Any) -> Any:
    """Give the process of a host little real time to come to rest."""
    host._process._life.process._process.conversation.real_seconds_max = 0.1
    return host


async def test_process_that_never_rests_is_killed_and_its_calls_say_why(durable: Any, probe: Any) -> None:
    await probe.put("k", 1)
    impatient(durable)
    with pytest.raises(WorkerdBusyError, match="Look for code that never waits"):
        await probe.spin()
    with pytest.raises(HostDownError, match="has not come to rest"):
        await probe.read("k")
    await durable.start()
    assert await probe.read("k") == 1


async def test_alarm_that_never_rests_is_told_to_whoever_moves_the_clock(durable_factory: Any, tmp_path: Path) -> None:
    text = (
        "export class Loop extends DurableObject {\n"
        "  async arm() { await this.ctx.storage.setAlarm(Date.now() + 60_000); }\n"
        "  async alarm() { for (;;); }\n"
        "}\n"
        "export default {};\n"
    )
    host = durable_factory(app=App(classes=[f"{worker(tmp_path, text)}:Loop"]))
    await host.namespace("LOOP").get_by_name("a").arm()
    with pytest.raises(WorkerdBusyError, match="Look for code that never waits"):
        await impatient(host).clock.advance(hours=1)
    assert not host.is_running
    assert [alarm.name for alarm in host.alarms()] == ["a"]


# Looking and calling


async def test_stub_reaches_the_next_instance_after_a_reset(durable: Any, probe: Any) -> None:
    await probe.put("k", 1)
    await durable.abort_all()
    assert await probe.read("k") == 1


async def test_clock_moves_to_an_instant_and_alarms_run_on_the_way_at_theirs(durable: Any, probe: Any) -> None:
    await probe.remind(60_000)
    await durable.clock.move_to(durable.clock.now() + timedelta(days=1))
    assert await probe.runs() == [START_MS + 60_000]
    assert await probe.now() == START_MS + 86_400_000


async def test_next_due_is_the_alarm_and_then_nothing(durable: Any, probe: Any) -> None:
    await probe.double(1)
    assert durable.clock.next_due() is None
    await probe.remind(86_400_000)
    assert durable.clock.next_due() == durable.clock.now() + timedelta(days=1)
    await durable.clock.run_until_idle()
    assert durable.clock.time_ms() == START_MS + 86_400_000
    assert durable.clock.next_due() is None


async def test_run_until_idle_without_anything_to_do_moves_nothing(durable: Any, probe: Any) -> None:
    await probe.double(1)
    await durable.clock.run_until_idle()
    assert durable.clock.time_ms() == START_MS


async def test_names_may_hold_anything(durable: Any) -> None:
    objects = durable.namespace("PROBE")
    for name in ("", "é€\U0001f600", 'a"b\\c\n', "x" * 2_000, "../.."):
        await objects.get_by_name(name).put("name", name)
        assert await objects.get_by_name(name).read("name") == name
        assert objects.id_from_name(name).hex in objects.list_ids()


async def test_error_of_the_worker_itself_reaches_the_test(durable_factory: Any, tmp_path: Path) -> None:
    text = "export class Thing extends DurableObject {}\n"
    text += "export default { fetch() { throw new RangeError('too far'); } };\n"
    host = durable_factory(app=App(classes=[f"{worker(tmp_path, text)}:Thing"]))
    with pytest.raises(PlatformError, match="too far"):
        await host.fetch("https://example.com/")


async def test_hosts_of_both_kinds_live_in_one_time(durable_factory: Any) -> None:
    from support.objects import Armed

    there = durable_factory()
    here = durable_factory(app=App(surface="neutral"), backend="inprocess")
    ours, theirs = here.namespace(Armed).get_by_name("a"), there.namespace("PROBE").get_by_name("a")
    order: list[str] = []
    here.journal.listen(lambda record: order.append("here") if isinstance(record, AlarmStarted) else None)
    there.journal.listen(lambda record: order.append("there") if isinstance(record, AlarmStarted) else None)
    await ours.arm(START_MS + 1_000)
    await theirs.remind(2_000)
    call = asyncio.ensure_future(theirs.waitFor(2_500))
    await ours.put("k", 1)
    await here.clock.advance(seconds=2)
    await ours.arm(START_MS + 3_000)
    await here.clock.advance(seconds=2)
    assert order == ["here", "there", "here"]
    assert await call == START_MS + 2_500
    assert await ours.get("ran") == START_MS + 3_000
    assert await theirs.now() == START_MS + 4_000


async def test_large_values_travel(probe: Any) -> None:
    text = "é€" * 1_000_000
    await probe.put("k", text)
    assert await probe.read("k") == text
