"""The real platform as a host dies, or never rests, while time moves."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_durable import App, PlatformError
from pytest_durable.errors import (
    HostDownError,
    WorkerdBusyError,
    WorkerdDiedError,
    WorkerdStartError,
)
from pytest_durable.events import CallEnded, RuntimeCrashed
from support.workerd_host import OBJECTS, START_MS, durable_app, impatient, probe, worker

__all__ = ["durable_app", "probe"]

pytestmark = pytest.mark.durable(backend="workerd")


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
