"""The real platform as a host: its process, as a test starts, stops and loses it."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_durable import App, PlatformError
from pytest_durable.errors import (
    DurableError,
    HostDownError,
)
from pytest_durable.events import RuntimeCrashed
from pytest_durable.values import UNDEFINED
from support.workerd_host import OBJECTS, START_MS, durable_app, kill, probe, worker

__all__ = ["durable_app", "probe"]

pytestmark = pytest.mark.durable(backend="workerd")


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


async def test_process_that_was_killed_from_outside_has_crashed(durable: Any, probe: Any) -> None:
    await probe.put("k", 1)
    kill(durable)
    with pytest.raises(DurableError, match=r"workerd has ended by itself: signal SIGKILL\."):
        await durable.restart()
    assert durable.journal.of(RuntimeCrashed)
    await durable.start()
    assert await probe.read("k") == 1


async def test_connection_that_is_lost_tells_the_test_how_the_process_ended(durable: Any, probe: Any) -> None:
    call = asyncio.ensure_future(probe.waitFor(5_000))
    await durable.settle()
    kill(durable)
    with pytest.raises(PlatformError, match=r"Network connection lost\.") as caught:
        await call
    assert caught.value.__notes__ == ["workerd has ended by itself: signal SIGKILL.\n\nIt printed nothing."]
