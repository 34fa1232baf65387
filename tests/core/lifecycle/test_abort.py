"""``ctx.abort()``: the end of an instance at once (DO-9.4)."""

import asyncio
import gc

import pytest

from pytest_durable import PlatformError
from pytest_durable._core.storage.values import UNDEFINED
from pytest_durable.events import Aborted, CallStarted, InstanceBuilt
from support.objects import Box

pytestmark = pytest.mark.durable(storage="memory")

DEFAULT = "Application called abort() to reset Durable Object."


class Fragile(Box):
    """Ends itself in many ways; what still happens to it goes to a log that outlives it."""

    log: list[str] = []

    async def abort(self, *reason):
        self.ctx.abort(*reason)
        self.log.append("after abort")

    async def abort_and_clean_up(self):
        try:
            await self.ctx.storage.put("lost", 1)
            self.ctx.abort("over")
        finally:
            await self.ctx.storage.put("from finally", 1)
            await self.ctx.storage.deleteAll()
            await self.ctx.storage.setAlarm(4102444800000)
            self.env.BOX.getByName("sink").put("from finally", 1)
            self.ctx.waitUntil(self.note("background"))
            asyncio.create_task(self.note("task"))  # noqa: RUF006
            self.ctx.abort("again")

    async def abort_and_catch(self):
        try:
            self.ctx.abort("over")
        except BaseException:
            await asyncio.sleep(0)
            self.log.append("went on")
        return "answer"

    async def note(self, text):
        self.log.append(text)

    async def delete_all_and_abort(self):
        await self.ctx.storage.deleteAll()
        await self.ctx.storage.put("lost", 1)
        self.ctx.abort()

    async def wait(self, seconds):
        await asyncio.sleep(seconds)
        self.log.append("waited")

    async def wait_in_background(self, seconds):
        self.ctx.waitUntil(self.wait(seconds))

    async def note_later(self, seconds):
        asyncio.get_running_loop().call_later(seconds, self.log.append, "callback")

    async def abort_later(self, seconds):
        asyncio.get_running_loop().call_later(seconds, self.ctx.abort, "from a timer")

    async def abort_from_task(self, seconds):
        async def task():
            await asyncio.sleep(seconds)
            self.ctx.abort("from a timer")

        asyncio.create_task(task())  # noqa: RUF006

    async def alarm(self, _info):
        pass


@pytest.fixture
def log():
    Fragile.log = []
    return Fragile.log


@pytest.fixture
def objects(durable, log):
    durable.namespace(Box)
    return durable.namespace(Fragile)


@pytest.fixture
def fragile(objects):
    return objects.get_by_name("a")


async def refusal(awaitable):
    with pytest.raises(PlatformError) as caught:
        await awaitable
    return caught.value


async def test_nothing_after_the_call_runs(durable, fragile, log):
    """DO-9.4.1"""
    await refusal(fragile.abort())
    await durable.settle()
    assert log == []


async def test_whatever_the_code_does_while_it_is_unwound_has_no_effect(durable, objects, fragile, log):
    """DO-9.4.1: Python runs ``finally``; the object is over all the same."""
    await fragile.put("kept", 1)
    assert str(await refusal(fragile.abort_and_clean_up())) == "over"
    await durable.settle()
    assert log == []
    assert dict(durable.stored(fragile).kv) == {"kept": 1}
    assert durable.alarms() == []
    assert dict(durable.stored(durable.namespace(Box).get_by_name("sink")).kv) == {}


async def test_abort_cannot_be_caught(durable, fragile, log):
    """DO-9.4.1: code that catches even BaseException gets no further than its next wait, and no answer out."""
    assert str(await refusal(fragile.abort_and_catch())) == "over"
    await durable.settle()
    assert log == []


async def test_writes_of_the_turn_are_discarded(durable, fragile):
    """DO-9.4.2"""

    async def act(_instance, ctx):
        await ctx.storage.put("committed", 1)
        await asyncio.sleep(0)
        await ctx.storage.put("discarded", 1)
        ctx.abort()

    await refusal(durable.run_in_object(fragile, act))
    assert dict(durable.stored(fragile).kv) == {"committed": 1}


async def test_delete_all_before_it_is_not_undone(durable, fragile):
    """DO-9.4.2"""
    await fragile.put("k", 1)
    await refusal(fragile.delete_all_and_abort())
    assert dict(durable.stored(fragile).kv) == {}


@pytest.mark.parametrize("method", ["wait_in_background", "note_later"])
async def test_background_work_and_timers_are_cancelled(durable, fragile, log, method):
    """DO-9.4.2"""
    await getattr(fragile, method)(5)
    await refusal(fragile.abort())
    await durable.clock.advance(seconds=10)
    assert log == []


async def test_other_calls_in_flight_are_cancelled(durable, fragile, log):
    """DO-9.4.2, DO-9.4.3"""
    waiting = asyncio.create_task(fragile.wait(5))
    await durable.settle()
    await refusal(fragile.abort("over"))
    assert str(await refusal(waiting)) == "over"
    await durable.clock.advance(seconds=10)
    assert log == []


async def test_queued_calls_fail_too(durable, fragile):
    """DO-9.4.3"""

    async def act(_instance, ctx):
        await ctx.blockConcurrencyWhile(lambda: section(ctx))

    async def section(ctx):
        await asyncio.sleep(1)
        ctx.abort("over")

    running = asyncio.create_task(durable.run_in_object(fragile, act))
    await durable.settle()
    failures = await asyncio.gather(fragile.get("k"), running, return_exceptions=True)
    assert [str(failure) for failure in failures] == ["over", "over"]
    assert [record.method for record in durable.journal.of(CallStarted)] == ["run_in_object"]


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ([], DEFAULT),
        ([UNDEFINED], DEFAULT),
        (["why"], "why"),
        ([""], ""),
        ([5], "5"),
        ([None], "null"),
    ],
)
async def test_reason_is_the_text_of_the_error(fragile, reason, text):
    """DO-9.4.3"""
    failure = await refusal(fragile.abort(*reason))
    assert (failure.name, failure.message) == ("Error", text)


async def test_reason_that_is_an_error_is_shown_with_its_class(durable, fragile):
    """DO-9.4.3"""
    reason = PlatformError("tt", name="TypeError")
    failure = await refusal(durable.run_in_object(fragile, lambda _instance, ctx: ctx.abort(reason)))
    assert (failure.name, failure.message) == ("Error", "TypeError: tt")


async def test_error_says_that_the_object_was_reset_and_nothing_else(fragile):
    """DO-9.4.3, DO-9.5.T1.2"""
    failure = await refusal(fragile.abort())
    assert failure.durable_object_reset
    assert not any((failure.retryable, failure.overloaded, failure.remote, failure.durable_object_id))


async def test_stub_repeats_the_error_and_a_new_stub_gets_a_fresh_instance(durable, objects, fragile):
    """DO-9.4.4"""
    await fragile.put("k", 1)
    await refusal(fragile.abort("over"))
    assert str(await refusal(fragile.get("k"))) == "over"
    assert await objects.get_by_name("a").get("k") == 1
    assert len(durable.journal.of(InstanceBuilt)) == 2


@pytest.mark.parametrize("method", ["abort_later", "abort_from_task"])
async def test_abort_from_a_timer_resets_the_object_too(durable, objects, fragile, method, caplog):
    """DO-9.4.5"""
    await getattr(fragile, method)(5)
    waiting = asyncio.create_task(fragile.wait(60))
    await durable.clock.advance(seconds=5)
    assert str(await refusal(waiting)) == "from a timer"
    assert str(await refusal(fragile.get("k"))) == "from a timer"
    assert await objects.get_by_name("a").get("k") is UNDEFINED
    assert len(durable.journal.of(Aborted)) == 1
    gc.collect()
    assert caplog.messages == []  # asyncio would report an exception that nobody retrieved


async def test_nothing_stays_due_after_an_abort_within_a_section(durable, fragile):
    """DO-9.4.2"""

    async def act(_instance, ctx):
        await ctx.blockConcurrencyWhile(ctx.abort)

    await refusal(durable.run_in_object(fragile, act))
    assert durable.clock.next_due() is None
