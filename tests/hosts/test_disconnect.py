"""The line of a stub is cut: its caller loses its connection, and the object notices nothing."""

import asyncio
from typing import Any

import pytest
from workers import DurableObject, Response

from pytest_durable import PlatformError
from pytest_durable.errors import ConfigurationError
from pytest_durable.events import Aborted, CallEnded


class Slow(DurableObject):
    calls = 0

    async def work(self) -> str:
        self.calls += 1
        await self.ctx.storage.put("begun", self.calls)
        await asyncio.sleep(10)
        await self.ctx.storage.put("done", self.calls)
        return "done"

    async def fail(self) -> None:
        await asyncio.sleep(10)
        raise ValueError("too late")

    async def fetch(self, request: Any) -> Any:
        await asyncio.sleep(10)
        return Response("late")

    async def count(self) -> int:
        return self.calls

    async def ask(self) -> object:
        return await self.env.SLOW.getByName("a").work()


@pytest.fixture
def slow(durable: Any) -> Any:
    return durable.namespace(Slow)


async def lost(call: Any) -> None:
    with pytest.raises(PlatformError) as caught:
        await call
    failure = caught.value
    assert (failure.message, failure.retryable) == ("Network connection lost.", True)
    assert not (failure.remote)
    assert not (failure.overloaded)
    assert not (failure.durable_object_reset)


async def test_calls_in_flight_lose_their_connection_and_the_object_goes_on(durable: Any, slow: Any) -> None:
    # DO-9.5.T1.8
    stub = slow.get_by_name("a")
    calls = [stub.work(), stub.fetch("https://example.com/"), stub.count()]
    assert await calls.pop() == 1
    await durable.disconnect(stub)
    for call in calls:
        await lost(call)
    await durable.clock.advance(seconds=10)
    assert dict(durable.stored(stub).kv) == {"begun": 1, "done": 1}
    assert [record.method for record in durable.journal.of(CallEnded)] == ["count", "work", "fetch"]
    assert durable.journal.of(Aborted) == ()


async def test_other_stubs_of_the_object_notice_nothing(durable: Any, slow: Any) -> None:
    stub, other, asker = slow.get_by_name("a"), slow.get_by_name("a"), slow.get_by_name("b")
    cut, whole, asked = stub.work(), other.work(), asker.ask()
    await durable.settle()
    await durable.disconnect(stub)
    await lost(cut)
    assert await whole == "done"
    assert await asked == "done"
    assert await other.count() == 3


async def test_stub_stays_cut_until_it_is_taken_anew(durable: Any, slow: Any) -> None:
    stub = slow.get_by_name("a")
    assert await stub.count() == 0
    await durable.disconnect(stub)
    for _ in range(2):
        await lost(stub.count())
        await lost(stub.fetch("https://example.com/"))
    assert await slow.get_by_name("a").count() == 0


@pytest.mark.parametrize("crash", [False, True])
async def test_stub_that_was_cut_reaches_the_next_life(durable: Any, slow: Any, crash: bool) -> None:
    stub = slow.get_by_name("a")
    await durable.disconnect(stub)
    await durable.restart(crash=crash)
    assert await stub.count() == 0


async def test_stub_without_calls_can_be_cut_and_creates_nothing(durable: Any, slow: Any) -> None:
    stub = slow.get_by_name("a")
    await durable.disconnect(stub)
    await durable.disconnect(stub)
    await lost(stub.count())
    assert slow.list_ids() == []


async def test_failure_after_the_cut_is_nobodys(durable: Any, slow: Any) -> None:
    stub = slow.get_by_name("a")
    call = stub.fail()
    await durable.disconnect(stub)
    await lost(call)
    await durable.clock.advance(seconds=10)
    durable.raise_failures()


async def test_what_the_test_does_from_outside_needs_no_line(durable: Any, slow: Any) -> None:
    stub = slow.get_by_name("a")
    await stub.count()
    await durable.disconnect(stub)
    assert await durable.run_in_object(stub, lambda instance, _ctx: instance.calls) == 0
    await durable.evict(stub)


async def test_only_stubs_of_the_host_are_cut(durable: Any, durable_factory: Any, slow: Any) -> None:
    for stub in ("a", durable_factory().namespace(Slow).get_by_name("a")):
        with pytest.raises(ConfigurationError):
            await durable.disconnect(stub)
