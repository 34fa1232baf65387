"""Work that outlives its call (DO-9.8)."""

import asyncio
import logging

import pytest

from pytest_durable._core.storage.values import UNDEFINED
from pytest_durable.events import Evicted
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


async def test_failure_that_nobody_awaits_is_harmless(durable, background):
    """DO-9.8"""
    await background.fail_in_task()
    await durable.settle()
    assert await background.get("written") == 1


async def test_failed_assertion_in_the_background_fails_the_test(durable, background):
    """Decision 4.6: a claim is never swallowed."""
    await background.claim_in_background()
    with pytest.raises(AssertionError, match="a claim"):
        await durable.settle()
