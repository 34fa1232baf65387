"""Functions that an object hands to another run behind its own gates (DO-6.5.3).

The neutral surface cannot send functions, so these objects see what users see.
"""

import asyncio

import pytest
from workers import DurableObject

from pytest_durable import App

pytestmark = pytest.mark.durable(storage="memory")


class Giver(DurableObject):
    log: list[str] = []

    async def note(self, text):
        self.log.append(text)

    async def give(self):
        await self.env.TAKER.getByName("t").take(self.note)

    async def give_for_later(self, seconds):
        await self.env.TAKER.getByName("t").take_later(seconds, self.note)

    async def give_to_one_that_aborts(self):
        await self.env.TAKER.getByName("t").take_and_abort(self.note)

    async def give_in_section(self):
        async def section():
            self.log.append("section begins")
            await self.give()
            self.log.append("section ends")

        await self.ctx.blockConcurrencyWhile(section)

    async def hold(self, seconds):
        await self.ctx.blockConcurrencyWhile(lambda: self.wait(seconds))

    async def wait(self, seconds):
        await asyncio.sleep(seconds)
        self.log.append("section ends")


class Taker(DurableObject):
    async def take(self, function):
        await function("called")

    async def take_later(self, seconds, function):
        await asyncio.sleep(seconds)
        await function("called")

    async def take_and_abort(self, function):
        function("called")
        self.ctx.abort()


@pytest.fixture
def durable_app():
    return App(classes=(Giver, Taker))


@pytest.fixture
def giver(durable):
    Giver.log = []
    return durable.namespace("GIVER").get_by_name("g")


async def test_function_handed_out_within_a_section_is_let_into_it(giver):
    """DO-6.5.3"""
    await giver.give_in_section()
    assert Giver.log == ["section begins", "called", "section ends"]


async def test_function_handed_out_before_a_section_waits_for_its_end(durable, giver):
    """DO-6.5.3"""
    giving = asyncio.create_task(giver.give_for_later(1))
    await durable.settle()
    await giver.hold(5)
    await giving
    assert Giver.log == ["section ends", "called"]


async def test_function_is_not_called_if_the_turn_that_calls_it_is_lost(durable, giver):
    """DO-6.4.1"""
    with pytest.raises(Exception, match="Application called abort"):
        await giver.give_to_one_that_aborts()
    await durable.settle()
    assert Giver.log == []
