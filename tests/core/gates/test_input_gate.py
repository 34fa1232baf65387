"""Who may run inside an object, and when: turns, interleaving, critical sections (DO-6.5)."""

import asyncio

import pytest

from pytest_durable import PlatformError
from pytest_durable.events import AlarmStarted, CallStarted
from support.objects import Armed, Box

pytestmark = pytest.mark.durable(storage="memory")

TOO_LONG = (
    "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was canceled and the Durable"
    " Object was reset."
)


class Actor(Armed):
    """Writes down, in a log that outlives instances, when its methods begin and end."""

    log: list[str] = []

    async def say(self, text):
        self.log.append(text)

    async def steps(self, name):
        self.log.append(f"{name}1")
        await self.ctx.storage.get("k")
        await self.ctx.storage.put("k", 1)
        self.log.append(f"{name}2")
        await asyncio.sleep(1)
        self.log.append(f"{name}3")

    async def hold(self, seconds=10):
        async def section():
            self.log.append("section begins")
            await asyncio.sleep(seconds)
            self.log.append("section ends")
            return "result"

        return await self.ctx.blockConcurrencyWhile(section)

    async def wait_then_say(self, seconds, text):
        await asyncio.sleep(seconds)
        self.log.append(text)

    async def call_then_say(self, seconds, text):
        await self.env.ACTOR.getByName("other").pause(seconds)
        self.log.append(text)

    async def pause(self, seconds):
        await asyncio.sleep(seconds)

    async def say_from_callback(self, seconds, text):
        asyncio.get_running_loop().call_later(seconds, self.note, text)

    def note(self, text):
        self.log.append(text)

    async def say_from_task(self, seconds, text):
        asyncio.create_task(self.wait_then_say(seconds, text))  # noqa: RUF006  # as careless as user code

    async def fetch(self, _request):
        self.log.append("event")
        raise PlatformError("enough")

    async def alarm(self, _info):
        self.log.append("alarm")


@pytest.fixture
def log():
    Actor.log = []
    return Actor.log


@pytest.fixture
def actors(durable, log):
    return durable.namespace(Actor)


@pytest.fixture
def actor(actors):
    return actors.get_by_name("a")


async def outcome(awaitable):
    try:
        return await awaitable
    except PlatformError as failure:
        return str(failure)


#: Things that end two seconds later by saying "event" inside the object.
EVENTS = {
    "timer": lambda actor: actor.wait_then_say(2, "event"),
    "callback": lambda actor: actor.say_from_callback(2, "event"),
    "task": lambda actor: actor.say_from_task(2, "event"),
    "answer of another object": lambda actor: actor.call_then_say(2, "event"),
}


# DO-6.5.1, DO-6.5.2: turns


@pytest.mark.parametrize("start", EVENTS.values(), ids=EVENTS)
async def test_completion_of_whatever_the_object_awaits_needs_the_input_lock(durable, actor, log, start):
    """DO-6.5.1"""
    event = asyncio.create_task(start(actor))
    await durable.settle()
    await asyncio.gather(event, actor.hold())
    await durable.settle()
    assert log == ["section begins", "section ends", "event"]


@pytest.mark.parametrize("start", [lambda actor: actor.say("event"), lambda actor: actor.fetch("http://a/")])
async def test_call_and_request_need_the_input_lock(durable, actor, log, start):
    """DO-6.5.1"""
    section = asyncio.create_task(actor.hold())
    await durable.settle()
    await asyncio.gather(section, outcome(start(actor)))
    assert log == ["section begins", "section ends", "event"]


async def test_alarm_needs_the_input_lock(durable, actor, log):
    """DO-6.5.1, DO-6.5.8: one that comes due during a critical section waits."""
    await actor.arm(durable.clock.time_ms() + 1000)
    await actor.hold()
    await durable.settle()
    assert log == ["section begins", "section ends", "alarm"]
    assert len(durable.journal.of(AlarmStarted)) == 1


async def test_lock_is_held_while_a_turn_runs(durable, actor, log):
    """DO-6.5.1"""

    async def act(instance, _ctx):
        for number in range(3):
            await instance.say(f"turn {number}")

    other = durable.run_in_object(actor, lambda instance, _ctx: instance.say("other call"))
    await asyncio.gather(durable.run_in_object(actor, act), other)
    assert log == ["turn 0", "turn 1", "turn 2", "other call"]


async def test_waiting_events_are_served_in_order_of_arrival(durable, actor, log):
    """DO-6.5.1"""
    section = asyncio.create_task(actor.hold())
    await durable.settle()
    await asyncio.gather(section, *(actor.say(str(number)) for number in range(20)))
    assert log == ["section begins", "section ends", *map(str, range(20))]


async def test_event_that_arrives_as_the_gate_opens_does_not_overtake_those_that_wait(durable, actor, log):
    """DO-6.5.1"""

    async def arrive():
        await asyncio.sleep(10)
        await actor.say("late")

    # One arrives just before, the other just after the turn in which the section ends, all in one round of the loop.
    waiting = [asyncio.create_task(arrive()), asyncio.create_task(actor.hold(10))]
    await durable.settle()
    waiting += [asyncio.create_task(actor.say(f"early {number}")) for number in range(3)]
    waiting.append(asyncio.create_task(arrive()))
    await asyncio.gather(*waiting)
    assert log == ["section begins", "section ends", "early 0", "early 1", "early 2", "late", "late"]


async def test_caller_of_a_section_goes_on_before_all_that_wait(durable, actor, log):
    """DO-6.5.1: tried with the platform; the section hands its lock to whoever awaits it."""

    async def act(instance, _ctx):
        await instance.hold()
        instance.log.append("caller")

    running = asyncio.create_task(durable.run_in_object(actor, act))
    await durable.settle()
    await asyncio.gather(actor.say("call"), running)
    assert log == ["section begins", "section ends", "caller", "call"]


@pytest.mark.parametrize("kind", ["blockConcurrencyWhile", "transaction"])
async def test_caller_of_a_section_goes_on_before_sections_that_are_ready(durable, actor, log, kind):
    """DO-6.5.1: tried with the platform."""

    async def act(instance, ctx):
        begin = ctx.blockConcurrencyWhile if kind == "blockConcurrencyWhile" else ctx.storage.transaction

        async def run(name):
            await begin(lambda *_txn: instance.wait_then_say(1, f"{name} ends"))
            instance.log.append(f"{name} goes on")

        await asyncio.gather(run("a"), run("b"), run("c"))

    await durable.run_in_object(actor, act)
    assert log == ["a ends", "a goes on", "b ends", "b goes on", "c ends", "c goes on"]


async def test_caller_of_a_section_goes_on_before_one_that_was_begun_inside_and_not_awaited(durable, actor, log):
    """DO-6.5.1: tried with the platform."""

    async def act(instance, ctx):
        def outer(_txn):
            ctx.storage.transaction(lambda _txn: instance.wait_then_say(1, "inner ends"))

        await ctx.storage.transaction(outer)
        instance.log.append("outer has ended")
        await asyncio.sleep(2)

    await durable.run_in_object(actor, act)
    assert log == ["outer has ended", "inner ends"]


async def test_callers_of_nested_sections_go_on_from_the_inside_to_the_outside(durable, actor, log):
    """DO-6.5.1"""

    async def act(instance, ctx):
        async def nest(depth):
            if depth:
                await ctx.blockConcurrencyWhile(lambda: nest(depth - 1))
            else:
                await asyncio.sleep(1)
            instance.log.append(depth)

        await nest(3)

    running = asyncio.create_task(durable.run_in_object(actor, act))
    await durable.settle()
    await asyncio.gather(actor.say("call"), running)
    assert log == [0, 1, 2, 3, "call"]


async def test_critical_sections_that_are_ready_go_first(durable, actor, log):
    """DO-6.5.1"""

    async def act(instance, ctx):
        async def section(name):
            await asyncio.sleep(1)
            instance.log.append(name)

        await asyncio.gather(*(ctx.blockConcurrencyWhile(lambda name=name: section(name)) for name in ("s1", "s2")))

    sections = asyncio.create_task(durable.run_in_object(actor, act))
    await durable.settle()
    await asyncio.gather(actor.say("call"), sections)
    assert log == ["s1", "s2", "call"]


async def test_awaiting_storage_lets_no_other_event_in(actor, log):
    """DO-6.5.2"""
    await asyncio.gather(actor.steps("a"), actor.steps("b"))
    assert log == ["a1", "a2", "b1", "b2", "a3", "b3"]


async def test_awaiting_anything_else_does(actor, log):
    """DO-6.5.2"""
    await asyncio.gather(actor.wait_then_say(1, "a"), actor.say("b"))
    assert log == ["b", "a"]


# DO-6.5.3, DO-6.5.4: critical sections


@pytest.mark.parametrize("is_async", [False, True])
async def test_block_concurrency_while_gives_the_result_of_its_callback(durable, actor, is_async):
    """DO-6.5.3"""

    async def later():
        return "result"

    callback = later if is_async else lambda: "result"
    assert await durable.run_in_object(actor, lambda _, ctx: ctx.blockConcurrencyWhile(callback)) == "result"


@pytest.mark.parametrize("argument", [[], [None], [5]])
async def test_block_concurrency_while_wants_a_function(durable, actor, argument):
    """DO-6.5.3"""
    expected = (
        "TypeError: Failed to execute 'blockConcurrencyWhile' on 'DurableObjectState': parameter 1 is not of type"
        " 'function'."
    )
    assert await outcome(durable.run_in_object(actor, lambda _, ctx: ctx.blockConcurrencyWhile(*argument))) == expected


async def test_callback_begins_when_the_turn_of_its_caller_is_over(durable, actor, log):
    """DO-6.5.3: tried with the platform."""

    async def act(instance, ctx):
        pending = ctx.blockConcurrencyWhile(lambda: instance.log.append("callback"))
        instance.log.append("after the call")
        await pending
        instance.log.append("end")

    await durable.run_in_object(actor, act)
    assert log == ["after the call", "callback", "end"]


async def test_timers_and_calls_of_the_section_itself_are_served(durable, actor, log):
    """DO-6.5.3"""

    async def act(instance, ctx):
        async def section():
            await asyncio.sleep(1)
            await asyncio.create_task(instance.wait_then_say(1, "task"))
            answered = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(1, answered.set_result, None)
            await answered
            await instance.env.ACTOR.getByName("other").say("other object")

        await ctx.blockConcurrencyWhile(section)

    before = durable.clock.time()
    await durable.run_in_object(actor, act)
    assert log == ["task", "other object"]
    assert durable.clock.time() == before + 3


async def test_the_callers_own_pending_waits_are_queued_too(durable, actor, log):
    """DO-6.5.3"""

    async def act(instance, _ctx):
        waiting = asyncio.create_task(instance.wait_then_say(1, "own timer"))
        await instance.hold(5)
        await waiting

    await durable.run_in_object(actor, act)
    assert log == ["section begins", "section ends", "own timer"]


async def test_queued_events_are_delivered_in_order_of_arrival_after_the_section(durable, actor, log):
    """DO-6.5.3"""
    waiting = [asyncio.create_task(actor.wait_then_say(2, "timer")), asyncio.create_task(actor.hold(5))]
    await durable.settle()
    await durable.clock.advance(seconds=1)
    waiting.append(asyncio.create_task(actor.say("call at 1")))
    await durable.clock.advance(seconds=2)
    waiting.append(asyncio.create_task(actor.say("call at 3")))
    await asyncio.gather(*waiting)
    assert log == ["section begins", "section ends", "call at 1", "timer", "call at 3"]


async def test_cancellation_of_what_waits_for_a_section_is_not_lost(durable, actor, log):
    """DO-6.5.3"""

    async def act(instance, ctx):
        task = asyncio.create_task(instance.wait_then_say(1, "went on"))

        async def section():
            await asyncio.sleep(2)
            task.cancel()  # its second is over, and it waits for the end of the section
            instance.log.append("section ends")

        await ctx.blockConcurrencyWhile(section)
        await asyncio.wait([task])
        instance.log.append("cancelled" if task.cancelled() else "not cancelled")

    await durable.run_in_object(actor, act)
    assert log == ["section ends", "cancelled"]


async def test_sections_nest(durable, actor, log):
    """DO-6.5.3"""

    async def act(instance, ctx):
        async def outer():
            instance.log.append("outer begins")
            await ctx.blockConcurrencyWhile(lambda: instance.wait_then_say(1, "inner"))
            instance.log.append("outer ends")

        await ctx.blockConcurrencyWhile(outer)

    running = asyncio.create_task(durable.run_in_object(actor, act))
    await durable.settle()
    await asyncio.gather(actor.say("call"), running)
    assert log == ["outer begins", "inner", "outer ends", "call"]


@pytest.mark.parametrize(
    ("depth", "expected"), [(64, "bottom"), (65, "blockConcurrencyWhile() calls are nested too deeply.")]
)
async def test_sections_nest_64_deep(durable, actor, depth, expected):
    """DO-6.5.4"""

    async def act(_instance, ctx):
        async def nest(left):
            if left == 0:
                return "bottom"
            try:
                return await ctx.blockConcurrencyWhile(lambda: nest(left - 1))
            except PlatformError as failure:
                return str(failure)

        return await nest(depth)

    assert await durable.run_in_object(actor, act) == expected
    assert await outcome(actor.say("still alive")) is None


async def test_call_to_itself_does_not_get_into_the_section(durable, actor):
    """DO-6.5.4"""

    async def act(instance, ctx):
        await ctx.blockConcurrencyWhile(lambda: call(instance))

    async def call(instance):
        await instance.env.ACTOR.getByName("a").say("never")

    before = durable.clock.time()
    assert await outcome(durable.run_in_object(actor, act)) == TOO_LONG
    assert durable.clock.time() == before + 30


# DO-6.5.5, DO-6.5.6: sections that fail


async def failing_section(instance, ctx):
    async def section():
        await asyncio.sleep(1)
        ctx.storage.kv.put("lost", 1)
        raise PlatformError("mine", name="RangeError")

    try:
        await ctx.blockConcurrencyWhile(section)
    except PlatformError:
        instance.log.append("caught")
    finally:
        instance.log.append("finally")


async def test_failed_section_resets_the_object_with_its_error(durable, actor):
    """DO-6.5.5"""
    with pytest.raises(PlatformError) as caught:
        await durable.run_in_object(actor, failing_section)
    failure = caught.value
    assert (failure.name, failure.message, failure.durable_object_reset) == ("RangeError", "mine", True)


async def test_failure_of_a_section_cannot_be_caught_inside_the_object(durable, actor, log):
    """DO-6.5.5"""
    await outcome(durable.run_in_object(actor, failing_section))
    await durable.settle()
    assert log == []


async def test_calls_in_flight_and_queued_fail_with_the_sections_error(durable, actor):
    """DO-6.5.5"""
    in_flight = asyncio.create_task(outcome(actor.pause(60)))
    await durable.settle()
    section = asyncio.create_task(outcome(durable.run_in_object(actor, failing_section)))
    await durable.settle()
    queued = outcome(actor.say("never"))
    assert await asyncio.gather(in_flight, section, queued) == ["RangeError: mine"] * 3


async def test_what_a_failed_section_had_not_committed_is_lost(durable, actor):
    """DO-6.5.5"""
    await outcome(durable.run_in_object(actor, failing_section))
    assert dict(durable.stored(actor).kv) == {}


async def test_stub_keeps_failing_after_a_failed_section_and_a_new_one_restarts_the_object(durable, actors, actor):
    """DO-6.5.5"""
    await outcome(durable.run_in_object(actor, failing_section))
    assert await outcome(actor.get("k")) == "RangeError: mine"
    await actors.get_by_name("a").put("k", 1)
    assert await actors.get_by_name("a").get("k") == 1


async def test_section_that_takes_longer_than_30_seconds_resets_the_object(durable, actor, log):
    """DO-6.5.6"""
    before = durable.clock.time()
    with pytest.raises(PlatformError) as caught:
        await actor.hold(31)
    failure = caught.value
    assert (failure.message, failure.overloaded, failure.durable_object_reset) == (TOO_LONG, True, True)
    assert durable.clock.time() == before + 30
    await durable.clock.advance(seconds=5)
    assert log == ["section begins"]


async def test_section_that_takes_29_seconds_is_fine(actor):
    """DO-6.5.6"""
    assert await actor.hold(29) == "result"


async def test_awaiting_a_timer_from_outside_the_section_is_a_deadlock_until_the_limit(durable, actor):
    """DO-6.5.6"""

    async def act(instance, ctx):
        outside = asyncio.create_task(instance.pause(1))

        async def section():
            await outside

        await ctx.blockConcurrencyWhile(section)

    before = durable.clock.time()
    assert await outcome(durable.run_in_object(actor, act)) == TOO_LONG
    assert durable.clock.time() == before + 30


# DO-6.5.8: sections of the constructor


async def test_section_of_the_constructor_delays_the_first_call(durable):
    """DO-6.5.8"""
    log = []

    class Slow(Box):
        def __init__(self, ctx, env):
            super().__init__(ctx, env)
            ctx.blockConcurrencyWhile(self.load)

        async def load(self):
            await asyncio.sleep(5)
            log.append("loaded")

        async def say(self, text):
            log.append(text)

    stub = durable.namespace(Slow).get_by_name("a")
    await asyncio.gather(stub.say("first"), stub.say("second"))
    assert log == ["loaded", "first", "second"]
    assert durable.journal.of(CallStarted)[0].time_ns == round((durable.clock.time()) * 1e9)


async def test_section_of_the_constructor_delays_the_alarm(durable):
    """DO-6.5.8"""
    log = []

    class Slow(Armed):
        def __init__(self, ctx, env):
            super().__init__(ctx, env)
            ctx.blockConcurrencyWhile(self.load)

        async def load(self):
            await asyncio.sleep(5)
            log.append("loaded")

        async def alarm(self, _info):
            log.append("alarm")

    stub = durable.namespace(Slow).get_by_name("a")
    await stub.arm(durable.clock.time_ms() + 60_000)
    await durable.evict(stub)
    log.clear()
    await durable.clock.advance(seconds=70)
    assert log == ["loaded", "alarm"]
