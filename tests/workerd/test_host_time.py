"""The real platform as a host lives on the clock of the test."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_durable import App, PlatformError
from pytest_durable.errors import (
    AlarmLoopError,
    HostDownError,
    StuckError,
)
from pytest_durable.events import AlarmStarted
from pytest_durable.values import UNDEFINED
from support.workerd_host import START_MS, durable_app, probe, worker

__all__ = ["durable_app", "probe"]

pytestmark = pytest.mark.durable(backend="workerd")


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
