"""Failures inside objects that no caller sees: the test is told of each once, and what it asks for is done."""

import time
from typing import Any

import pytest
from workers import DurableObject

from pytest_durable.errors import DamagedFileError


class Claiming(DurableObject):
    async def arm(self, seconds: float = 1) -> None:
        await self.ctx.storage.setAlarm(int(time.time() * 1000) + int(seconds * 1000))

    async def put(self) -> None:
        await self.ctx.storage.put("k", 1)

    async def alarm(self) -> None:
        raise AssertionError(f"claimed by {self.ctx.id.name}")


async def test_a_truncated_object_is_told_once_in_one_journey_however_often_its_alarm_is_tried(durable: Any) -> None:
    stub = durable.namespace(Claiming).get_by_name("a")
    await stub.arm()
    await durable.stop()
    path = durable.directory / "Claiming" / f"{stub.id.hex}.sqlite"
    path.write_bytes(path.read_bytes()[:5000])
    await durable.start()
    with pytest.raises(DamagedFileError, match=path.name):
        await durable.clock.advance(hours=2)
    durable.raise_failures()


async def test_two_damaged_objects_are_told_each(durable: Any) -> None:
    stubs = [durable.namespace(Claiming).get_by_name(name) for name in "ab"]
    for stub in stubs:
        await stub.arm()
    await durable.stop()
    for stub in stubs:
        (durable.directory / "Claiming" / f"{stub.id.hex}.sqlite").write_bytes(b"x" * 5000)
    await durable.start()
    with pytest.raises(DamagedFileError):
        await durable.clock.advance(hours=2)
    with pytest.raises(DamagedFileError):
        durable.raise_failures()
    durable.raise_failures()


async def test_claims_with_equal_words_are_told_each(durable: Any) -> None:
    for key in ("A", "B"):
        await durable.namespace(Claiming, binding=key, unique_key=key).get_by_name("a").arm()
    for _ in range(2):
        with pytest.raises(AssertionError, match="claimed by a"):
            await durable.clock.advance(hours=2)
    durable.raise_failures()


async def with_an_unseen_failure(durable: Any) -> Any:
    """A stub that has something committed, on a host on which a claim failed that nobody has seen."""
    stub = durable.namespace(Claiming).get_by_name("a")
    await stub.put()
    await stub.arm()
    await durable.world.loop.pump.move_to(durable.clock.time_ms() * 1_000_000 + 2_000_000_000)
    return stub


async def test_a_stop_is_done_before_it_raises_what_nobody_has_seen(durable: Any) -> None:
    await with_an_unseen_failure(durable)
    with pytest.raises(AssertionError, match="claimed by a"):
        await durable.stop()
    assert not durable.is_running
    assert {path.suffix for path in durable.directory.rglob("*.*")} == {".sqlite"}


async def test_a_crash_is_done_before_it_raises_what_nobody_has_seen(durable: Any) -> None:
    await with_an_unseen_failure(durable)
    with pytest.raises(AssertionError, match="claimed by a"):
        await durable.crash()
    assert not durable.is_running


@pytest.mark.parametrize("crash", [False, True])
async def test_a_restart_is_done_before_it_raises_what_nobody_has_seen(durable: Any, crash: bool) -> None:
    stub = await with_an_unseen_failure(durable)
    with pytest.raises(AssertionError, match="claimed by a"):
        await durable.restart(crash=crash, down_for="1h")
    assert durable.is_running
    assert durable.clock.now().hour == 1
    assert durable.stored(stub).kv["k"] == 1


async def test_a_restart_raises_what_an_overdue_alarm_claims_when_it_is_done(durable: Any) -> None:
    stub = durable.namespace(Claiming).get_by_name("a")
    await stub.arm(60)
    with pytest.raises(AssertionError, match="claimed by a"):
        await durable.restart(down_for="1h")
    assert durable.is_running
