"""How an instance comes to be, and what happens if it does not (DO-9.2)."""

import asyncio

import pytest

from pytest_durable import PlatformError
from pytest_durable._core.storage.values import UNDEFINED
from pytest_durable.events import CallStarted, InstanceBuilt
from support.objects import Box

pytestmark = pytest.mark.durable(storage="memory")


class Picky(Box):
    """Fails to be built as long as ``failures`` are left."""

    log: list[str] = []
    failures: list[str] = []

    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.log.append("constructor")
        if self.failures:
            getattr(self, self.failures.pop())()

    def throw(self):
        self.ctx.storage.kv.put("lost", 1)
        raise PlatformError("mine", name="RangeError")

    def fail_in_section(self):
        async def section():
            await asyncio.sleep(1)
            raise PlatformError("mine", name="RangeError")

        self.ctx.blockConcurrencyWhile(section)

    def abort(self):
        self.ctx.storage.kv.put("lost", 1)
        self.ctx.abort("mine")

    async def say(self, text):
        self.log.append(text)


@pytest.fixture
def log():
    Picky.log, Picky.failures = [], []
    return Picky.log


@pytest.fixture
def objects(durable, log):
    return durable.namespace(Picky)


WAYS_TO_FAIL = ["throw", "fail_in_section", "abort"]


async def refusal(awaitable):
    with pytest.raises(PlatformError) as caught:
        await awaitable
    return caught.value


async def test_class_is_called_with_ctx_and_env_before_the_first_event(objects, durable, log):
    """DO-9.2.1"""
    stub = objects.get_by_name("a")
    await stub.say("call")
    assert log == ["constructor", "call"]
    assert await durable.run_in_object(stub, lambda instance, ctx: instance.ctx is ctx)
    assert await durable.run_in_object(stub, lambda instance, _ctx: instance.env.PICKY.getByName("b").name) == "b"


async def test_constructor_runs_once_for_many_events(objects, log):
    """DO-9.2.1"""
    stub = objects.get_by_name("a")
    await asyncio.gather(stub.say("1"), stub.say("2"))
    await stub.say("3")
    assert log == ["constructor", "1", "2", "3"]


async def test_constructor_runs_again_after_an_eviction(durable, objects, log):
    """DO-9.2.1"""
    stub = objects.get_by_name("a")
    await stub.say("1")
    await durable.evict(stub)
    await stub.say("2")
    assert log == ["constructor", "1", "constructor", "2"]


async def test_constructor_is_a_turn_of_its_own(durable, objects):
    """DO-9.2.1: what it wrote is kept, whatever becomes of the event."""

    class Writing(Box):
        def __init__(self, ctx, env):
            super().__init__(ctx, env)
            ctx.storage.kv.put("built", 1)

        async def abort(self):
            self.ctx.abort()

    stub = durable.namespace(Writing).get_by_name("a")
    await refusal(stub.abort())
    assert dict(durable.stored(stub).kv) == {"built": 1}


async def test_event_waits_for_every_section_of_the_constructor(durable):
    """DO-9.2.1"""
    log = []

    class Loading(Box):
        def __init__(self, ctx, env):
            super().__init__(ctx, env)
            for name in ("first", "second"):
                ctx.blockConcurrencyWhile(lambda name=name: self.load(name))

        async def load(self, name):
            await asyncio.sleep(1)
            log.append(name)

        async def say(self, text):
            log.append(text)

    await durable.namespace(Loading).get_by_name("a").say("call")
    assert log == ["first", "second", "call"]


@pytest.mark.parametrize("way", WAYS_TO_FAIL)
async def test_failed_construction_fails_its_event_and_all_that_wait(durable, objects, log, way):
    """DO-9.2.2, DO-9.2.3"""
    Picky.failures = [way]
    stub = objects.get_by_name("a")
    failures = await asyncio.gather(*(stub.say("never") for _ in range(3)), return_exceptions=True)
    name = "Error" if way == "abort" else "RangeError"
    assert [(failure.name, failure.message, failure.durable_object_reset) for failure in failures] == [
        (name, "mine", True)
    ] * 3
    assert log == ["constructor"]
    assert durable.journal.of(CallStarted) == ()


@pytest.mark.parametrize("way", ["throw", "abort"])
async def test_writes_of_a_failed_constructor_are_discarded(durable, objects, way):
    """DO-9.2.2, DO-9.2.3"""
    Picky.failures = [way]
    stub = objects.get_by_name("a")
    await refusal(stub.say("never"))
    assert dict(durable.stored(stub).kv) == {}


@pytest.mark.parametrize("way", WAYS_TO_FAIL)
async def test_stub_repeats_the_error_without_running_the_constructor_again(objects, log, way):
    """DO-9.2.2, DO-9.2.3"""
    Picky.failures = [way]
    stub = objects.get_by_name("a")
    first = await refusal(stub.say("never"))
    second = await refusal(stub.say("never"))
    assert (second.name, second.message) == (first.name, first.message)
    assert log == ["constructor"]


@pytest.mark.parametrize("way", WAYS_TO_FAIL)
async def test_new_stub_runs_the_constructor_again(objects, log, way):
    """DO-9.2.2, DO-9.2.3"""
    Picky.failures = [way]
    await refusal(objects.get_by_name("a").say("never"))
    await objects.get_by_name("a").say("call")
    assert log == ["constructor", "constructor", "call"]
    assert await objects.get_by_name("a").get("lost") is UNDEFINED


async def test_instance_that_was_not_built_is_not_recorded_as_built(durable, objects):
    """DO-9.2.2"""
    Picky.failures = ["throw"]
    await refusal(objects.get_by_name("a").say("never"))
    assert durable.journal.of(InstanceBuilt) == ()
