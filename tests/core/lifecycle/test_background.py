"""Work that outlives its call (DO-9.8)."""

import asyncio
import contextlib
import gc
import logging

import pytest

from pytest_durable._core.storage.values import UNDEFINED
from pytest_durable.events import AlarmRetried, Evicted
from support.objects import Box

pytestmark = pytest.mark.durable(storage="memory")


class Background(Box):
    async def put_later(self, seconds):
        self.ctx.waitUntil(self._put_later(seconds))

    async def _put_later(self, seconds):
        await asyncio.sleep(seconds)
        await self.ctx.storage.put("later", 1)

    async def fail_in_background(self):
        self.ctx.waitUntil(self._fail())

    async def fail_in_task(self):
        asyncio.create_task(self._fail())  # noqa: RUF006  # as careless as user code

    async def _fail(self):
        await self.ctx.storage.put("written", 1)
        raise ValueError("nobody listens")

    async def claim_in_background(self):
        self.ctx.waitUntil(self._claim())

    async def _claim(self):
        raise AssertionError("a claim")

    async def claim_in_task(self):
        self.task = asyncio.create_task(self._claim())
        self.task.add_done_callback(lambda task: None)  # one that does not ask

    async def claim_in_callback(self):
        asyncio.get_running_loop().call_soon(self._claim_at_once)

    async def claim_in_timer(self):
        asyncio.get_running_loop().call_later(1, self._claim_at_once)

    def _claim_at_once(self):
        raise AssertionError("a claim")

    async def fail_in_callback(self):
        asyncio.get_running_loop().call_soon(lambda: {}["absent"])

    async def fail_in_group(self):
        async with asyncio.TaskGroup() as group:
            group.create_task(self._claim())

    async def handle(self, how):
        task = asyncio.create_task(self._claim())
        slower = asyncio.create_task(asyncio.sleep(5))
        match how:
            case "await":
                with contextlib.suppress(AssertionError):
                    await task
            case "gather":
                await asyncio.gather(task, slower, return_exceptions=True)
            case "wait":
                await asyncio.wait([task, slower])
                task.exception()
            case "wait_for":
                with contextlib.suppress(AssertionError):
                    await asyncio.wait_for(task, 5)
            case "callback":
                task.add_done_callback(lambda ended: ended.exception())
        await slower


@pytest.fixture
def background(durable):
    return durable.namespace(Background).get_by_name("a")


async def test_wait_until_does_not_delay_the_answer(durable, background):
    """DO-9.8"""
    before = durable.clock.time()
    await background.put_later(5)
    assert durable.clock.time() == before
    assert await background.get("later") is UNDEFINED
    await durable.clock.advance(seconds=5)
    assert await background.get("later") == 1


async def test_wait_until_keeps_the_object_active(durable, background):
    """DO-9.8"""
    await background.put_later(15)
    await durable.clock.advance(seconds=24)
    assert durable.journal.of(Evicted) == ()
    await durable.clock.advance(seconds=1)
    assert len(durable.journal.of(Evicted)) == 1


async def test_failure_of_wait_until_is_logged_and_harmless(durable, background, caplog):
    """DO-9.8"""
    with caplog.at_level(logging.WARNING, "pytest_durable"):
        await background.fail_in_background()
        await durable.settle()
    assert caplog.messages == ['a waitUntil of BACKGROUND["a"] failed: ValueError: nobody listens']
    assert await background.get("written") == 1


async def test_failure_that_nobody_awaits_is_logged_and_harmless(durable, background, caplog):
    """DO-9.8"""
    with caplog.at_level(logging.WARNING):
        await background.fail_in_task()
        await durable.settle()
        gc.collect()  # asyncio would log it now, or in a later test
    assert caplog.messages == ['a task of BACKGROUND["a"] failed: ValueError: nobody listens']
    assert await background.get("written") == 1


async def test_failure_of_a_callback_is_logged_and_harmless(durable, background, caplog):
    """DO-9.8"""
    with caplog.at_level(logging.WARNING):
        await background.fail_in_callback()
        await durable.settle()
        gc.collect()
    assert caplog.messages == ["a callback of BACKGROUND[\"a\"] failed: KeyError: 'absent'"]
    assert await background.get("written") is UNDEFINED


@pytest.mark.parametrize("method", ["claim_in_background", "claim_in_task", "claim_in_callback", "claim_in_timer"])
async def test_failed_assertion_in_the_background_fails_the_test(durable, background, method):
    """Decision 4.6: a claim is never swallowed."""
    with pytest.raises(AssertionError, match="a claim"):
        await getattr(background, method)()
        await durable.clock.advance(seconds=1)
    durable.raise_failures()  # it was one


@pytest.mark.parametrize("how", ["await", "gather", "wait", "wait_for", "callback"])
async def test_failed_assertion_of_a_task_that_is_waited_for_is_its_waiters_matter(durable, background, caplog, how):
    with caplog.at_level(logging.WARNING):
        await background.handle(how)
        durable.raise_failures()
    assert caplog.messages == []


async def test_failed_assertion_in_a_group_of_tasks_of_an_alarm_is_not_retried(durable):
    class Grouping(Background):
        async def alarm(self, info):
            await self.fail_in_group()

        async def arm(self, time_ms):
            await self.ctx.storage.setAlarm(time_ms)

    await durable.namespace(Grouping).get_by_name("a").arm(durable.clock.time_ms() + 1000)
    with pytest.raises(ExceptionGroup):
        await durable.clock.advance(hours=1)
    assert durable.journal.of(AlarmRetried) == ()
