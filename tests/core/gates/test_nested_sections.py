"""Critical sections, many in one another: how they end (DO-6.5.3 to DO-6.5.5)."""

import asyncio

import pytest

from pytest_durable import PlatformError
from support.objects import Box

pytestmark = pytest.mark.durable(storage="memory")

DEEPEST = 64


class Talker(Box):
    """Writes down what it does in a log that outlives instances."""

    log: list[str] = []

    async def say(self, text, after=0):
        if after:
            await asyncio.sleep(after)
        self.log.append(text)

    def section(self, *steps):
        """A callback that does one step after the other, waiting for those that can be awaited."""

        async def callback():
            for step in steps:
                result = step()
                if hasattr(result, "__await__"):
                    await result

        return callback

    def begin(self, *steps):
        return self.ctx.blockConcurrencyWhile(self.section(*steps))


@pytest.fixture
def log():
    Talker.log = []
    return Talker.log


@pytest.fixture
def talkers(durable, log):
    return durable.namespace(Talker)


@pytest.fixture
def talker(talkers):
    return talkers.get_by_name("a")


@pytest.fixture
def running(durable, talker):
    """Starts a function of the instance as a call, up to its first wait."""

    async def start(function):
        task = asyncio.create_task(durable.run_in_object(talker, lambda instance, _ctx: function(instance)))
        await durable.settle()
        return task

    return start


async def outcome(awaitable):
    try:
        return await awaitable
    except PlatformError as failure:
        return str(failure)


async def test_turn_that_ends_a_section_is_finished_before_events_come_in(running, talker, log):
    """DO-6.5.1: the lock of the section is handed on to whoever waits for its end."""

    async def act(one):
        await one.begin(lambda: asyncio.sleep(5))
        for step in range(3):
            one.log.append(f"step {step}")
            await one.ctx.storage.put("step", step)

    call = await running(act)
    await asyncio.gather(talker.say("event"), call)
    assert log == ["step 0", "step 1", "step 2", "event"]


def nest(one, innermost, depth=DEEPEST):
    if depth == 0:
        return innermost()
    return one.begin(lambda: nest(one, innermost, depth - 1))


async def test_failure_in_the_deepest_section_resets_the_object(running, talkers, talker, log):
    """DO-6.5.4, DO-6.5.5"""

    def fail():
        raise PlatformError("foobar")

    assert await outcome(await running(lambda one: nest(one, fail))) == "foobar"
    assert await outcome(talker.say("to the broken one")) == "foobar"
    await talkers.get_by_name("a").say("to a new one")
    assert log == ["to a new one"]


async def test_work_begun_in_the_deepest_section_goes_on_after_all_have_ended(running, talker, log):
    """DO-6.5.3, DO-6.5.4"""

    async def act(one):
        def straggle():
            one.straggler = asyncio.create_task(one.say("straggler", after=5))

        await nest(one, straggle)
        one.log.append("all have ended")
        await one.straggler

    call = await running(act)
    await talker.say("event")
    await call
    assert log == ["all have ended", "event", "straggler"]


async def test_deepest_sections_end_from_the_inside_to_the_outside(running, log):
    """DO-6.5.3, DO-6.5.4"""

    async def act(one):
        async def descend(depth):
            if depth < DEEPEST:
                await one.ctx.blockConcurrencyWhile(lambda: descend(depth + 1))
            log.append(depth)

        await descend(0)

    await (await running(act))
    assert log == list(range(DEEPEST, -1, -1))
