"""The real platform as a host dies, or never rests, while time moves."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_durable import App, PlatformError
from pytest_durable._hosts.workerd import requests
from pytest_durable._hosts.workerd.requests import Target
from pytest_durable.errors import (
    HostDownError,
    LimitError,
    StuckError,
    WorkerdBusyError,
    WorkerdDiedError,
    WorkerdStartError,
)
from pytest_durable.events import CallEnded, RuntimeCrashed
from support.workerd_host import OBJECTS, START_MS, durable_app, impatient, probe, process_of, worker

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
START = datetime(2030, 1, 1, tzinfo=UTC)
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


async def test_process_that_never_rests_is_gone_before_its_call_fails(durable: Any, probe: Any) -> None:
    await probe.put("k", 1)
    pid = process_of(impatient(durable)).pid
    with pytest.raises(WorkerdBusyError) as caught:
        await probe.spin()
    assert not Path(f"/proc/{pid}").exists()
    assert 'PROBE["a"]: call of spin() is in flight, on the real platform' in str(caught.value)


async def test_process_that_never_stops_to_print_never_rests_either(durable: Any, probe: Any) -> None:
    await probe.put("k", 1)
    impatient(durable)
    with pytest.raises(WorkerdBusyError, match="has not come to rest"):
        await probe.sayForEver()
    assert not durable.is_running


async def test_process_that_never_rests_is_killed_when_its_host_is_stopped(durable: Any, probe: Any) -> None:
    await probe.put("k", 1)
    process = process_of(impatient(durable))
    process.conversation.submit(requests.call(Target(class_name="Probe", name="a"), "spin", []), lambda _reply: None)
    with pytest.raises(WorkerdBusyError):
        await durable.stop()
    assert not Path(f"/proc/{process.pid}").exists()
    assert not durable.is_running
    assert durable.journal.of(RuntimeCrashed)
    await durable.start()
    assert await probe.read("k") == 1


# Calls that never end, with a process that lives on


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an await of the test take a hundredth of the usual timers."""
    monkeypatch.setattr("pytest_durable._hosts.workerd.patience.JUMPS_MAX", 1_000)
    monkeypatch.setattr("pytest_durable._hosts.workerd.timed._TIMERS_MAX", 1_000)


async def test_call_that_waits_again_and_again_is_a_limit_and_named(durable: Any, probe: Any, hasty: None) -> None:
    with pytest.raises(LimitError, match="1,000 timers in one await of the test") as caught:
        await probe.waitAgain(1)
    assert 'PROBE["a"]: call of waitAgain() is in flight, on the real platform' in str(caught.value)
    assert await probe.double(2) == 4


async def test_call_that_waits_and_prints_again_and_again_is_a_limit_too(durable: Any, probe: Any, hasty: None) -> None:
    with pytest.raises(LimitError, match="timers in one await of the test"):
        await probe.waitAgain(60_000, "still here")


async def test_body_that_never_ends_is_a_limit_too(durable: Any, probe: Any, hasty: None) -> None:
    with pytest.raises(LimitError, match="a body that never ends"):
        await probe.fetch("https://example.com/endless")


async def test_target_bounds_a_journey_past_a_call_that_never_ends(durable: Any, probe: Any, hasty: None) -> None:
    call = asyncio.ensure_future(probe.waitAgain(1))
    await durable.clock.advance(seconds=3)  # more timers than an await without a target is given
    assert not call.done()
    assert await probe.now() == START_MS + 3_000


async def test_call_without_a_word_in_a_month_is_stuck_in_words_of_its_own(durable: Any, probe: Any) -> None:
    with pytest.raises(StuckError) as caught:
        await probe.waitAgain(3_600_000)
    assert str(caught.value).splitlines()[:3] == [
        "The test waits for the real platform, which has said nothing for 31 days of virtual time.",
        "",
        '  PROBE["a"]: call of waitAgain() is in flight, on the real platform',
    ]
    assert durable.clock.now() - START >= timedelta(days=31)


async def test_test_may_sleep_for_weeks_beside_a_call_in_flight(durable: Any, probe: Any, hasty: None) -> None:
    call = asyncio.ensure_future(probe.waitFor(20 * 86_400_000))
    await asyncio.sleep(86_400 * 25)
    assert await call == START_MS + 20 * 86_400_000
