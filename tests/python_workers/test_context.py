"""``ctx``: spec python-workers 1.3."""

import asyncio

import pytest
from pyodide.ffi import JsException, JsProxy
from workers import DurableObject
from workers.entrypoints import DurableObjectAbort

from pytest_durable import PlatformError
from pytest_durable.events import InstanceBuilt

pytestmark = pytest.mark.durable(storage="memory")

NO_REASON = "Application called abort() to reset Durable Object."
TOO_LONG = (
    "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was canceled and the Durable"
    " Object was reset."
)


class Target(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.count = 0
        self.seen = []

    async def add(self):
        self.count += 1
        return self.count

    async def keep(self, value):
        await self.ctx.storage.put("kept", value)

    async def kept(self):
        return await self.ctx.storage.get("kept")

    async def wait(self):
        await asyncio.sleep(60)

    async def stop(self, reason=None):
        self.ctx.abort(reason)

    async def stop_after_writing(self):
        try:
            self.ctx.abort("gone")
        finally:
            self.ctx.storage.put("kept", "in finally")

    async def stop_and_go_on(self):
        try:
            self.ctx.abort("gone")
        except BaseException:
            await self.ctx.storage.put("kept", "after the abort")
        await asyncio.sleep(1)
        await self.ctx.storage.put("kept", "a turn later")

    async def fail_in_section(self):
        async def callback():
            await asyncio.sleep(1)
            raise ValueError("broken section")

        try:
            await self.ctx.blockConcurrencyWhile(callback)
        except BaseException:
            return "caught"


class Caller(DurableObject):
    """Calls ``Target`` as production's objects do."""

    def target(self):
        return self.env.TARGET.getByName("a")

    async def refusals(self, *methods):
        """What one stub answers to each of the methods, in turn."""
        stub, answers = self.target(), []
        for method in methods:
            try:
                answers.append([await getattr(stub, method)()])
            except JsException as refusal:
                answers.append(str(refusal))
        return answers

    async def refused_in_flight(self, ending):
        stub = self.target()
        await stub.add()
        waiting = [asyncio.create_task(stub.wait()), asyncio.create_task(stub.wait())]
        await asyncio.sleep(0)
        ended = asyncio.create_task(getattr(stub, ending)())
        outcomes = await asyncio.gather(*waiting, ended, return_exceptions=True)
        return [[str(outcome), outcome.durableObjectReset] for outcome in outcomes]


@pytest.fixture
def targets(durable):
    return durable.namespace(Target)


@pytest.fixture
def target(targets):
    return targets.get_by_name("a")


@pytest.fixture
def caller(durable, targets):
    return durable.namespace(Caller).get_by_name("caller")


# Attributes.


@pytest.mark.parametrize("name", ["get_web_sockets", "wait_until", "block_concurrency_while", "nope"])
async def test_attribute_that_the_platform_lacks_is_an_attribute_error_with_its_name(inside, name):
    """PW-1.17"""

    def body(self):
        with pytest.raises(AttributeError) as refusal:
            getattr(self.ctx, name)
        assert str(refusal.value) == name

    await inside(body)


async def test_only_storage_is_wrapped(inside):
    """PW-1.17"""

    def body(self):
        assert isinstance(self.ctx.id, JsProxy)
        assert self.ctx.storage is self.ctx.storage
        assert self.ctx.storage is not self.ctx._ctx.storage
        assert isinstance(self.ctx._ctx.storage, JsProxy)

    await inside(body)


@pytest.mark.parametrize(
    "name", ["id", "storage", "props", "container", "waitUntil", "blockConcurrencyWhile", "abort", "facets"]
)
async def test_members_of_the_platform_are_there(inside, name):
    """PW-1.18"""
    assert await inside(lambda self: hasattr(self.ctx, name) and hasattr(self.ctx._ctx, name))


async def test_object_has_no_properties_and_no_container(inside):
    """PW-1.18; asked of the platform"""
    assert await inside(lambda self: (self.ctx.props.to_py(), self.ctx.container)) == ({}, None)


@pytest.mark.parametrize("name", ["exports"])
async def test_member_that_this_version_lacks_says_so(inside, name):
    """PW-1.18, of the members that come later."""

    def body(self):
        with pytest.raises(AttributeError, match=rf"^ctx\.{name} exists in production, but not in this version of"):
            getattr(self.ctx, name)
        assert not hasattr(self.ctx, name)

    await inside(body)


# Abort.


async def test_abort_raises_what_no_except_exception_catches(inside):
    """PW-1.19"""
    seen = []

    async def body(self):
        try:
            try:
                self.ctx.abort()
            except Exception:
                seen.append("caught")
        except BaseException as leaving:
            seen.append((type(leaving), str(leaving)))
            raise

    with pytest.raises(PlatformError):
        await inside(body)
    assert seen == [(DurableObjectAbort, "Durable Object abort requested")]


async def test_finally_runs_after_abort_and_its_writes_are_lost(targets, target):
    """PW-1.19"""
    await target.keep("before")
    with pytest.raises(PlatformError, match="gone"):
        await target.stop_after_writing()
    assert await targets.get_by_name("a").kept() == "before"


async def test_abort_that_is_caught_aborts_all_the_same(targets, target):
    """PW-1.19"""
    with pytest.raises(PlatformError, match="gone"):
        await target.stop_and_go_on()
    assert await targets.get_by_name("a").kept() is None


async def test_abort_with_a_reason_is_an_error_with_that_text(caller):
    """PW-1.20"""
    assert await caller.refusals("stop_after_writing") == ["Error: gone"]


async def test_abort_without_a_reason_has_the_platforms_text(caller):
    """PW-1.20"""
    assert await caller.refusals("stop") == [f"Error: {NO_REASON}"]


@pytest.mark.parametrize(
    ("ending", "text"), [("stop_after_writing", "Error: gone"), ("fail_in_section", "ValueError: broken section")]
)
async def test_all_calls_in_flight_fail_with_the_same_error(caller, ending, text):
    """PW-1.21, PW-1.24"""
    answers = await caller.refused_in_flight(ending)

    assert len(answers) == 3
    assert {is_reset for _, is_reset in answers} == {True}
    assert all(text in answer for answer, _ in answers)


async def test_stub_of_an_aborted_object_stays_broken(caller):
    """PW-1.21"""
    assert await caller.refusals("add", "stop", "add", "add") == [[1], *[f"Error: {NO_REASON}"] * 3]


async def test_fresh_stub_reaches_a_new_instance_with_the_old_storage(targets, target):
    """PW-1.21"""
    await target.keep("kept")
    await target.add()
    with pytest.raises(PlatformError):
        await target.stop()

    fresh = targets.get_by_name("a")
    assert (await fresh.add(), await fresh.kept()) == (1, "kept")


async def test_abort_takes_no_options(inside):
    """PW-1.22"""

    def body(self):
        with pytest.raises(TypeError):
            self.ctx.abort("why", {"retryAlarm": False})

    await inside(body)


async def test_raw_abort_takes_retry_alarm(durable):
    """PW-1.22"""

    class Once(DurableObject):
        def begin(self):
            self.ctx.storage.setAlarm(1)

        def alarm(self):
            runs.append(1)
            self.ctx._ctx.abort("stop", {"retryAlarm": False})

    runs = []
    once = durable.namespace(Once).get_by_name("a")
    await once.begin()
    await durable.clock.advance(minutes=10)
    assert runs == [1]


# blockConcurrencyWhile.


@pytest.mark.parametrize("is_async", [True, False])
async def test_critical_section_gives_the_unconverted_result_of_its_callback(inside, is_async):
    """PW-1.23"""
    made = (1, object())

    async def awaited():
        await asyncio.sleep(1)
        return made

    async def body(self):
        return await self.ctx.blockConcurrencyWhile(awaited if is_async else lambda: made)

    assert await inside(body) is made


async def test_critical_section_is_a_decorator(inside):
    """PW-1.23"""

    async def body(self):
        @self.ctx.blockConcurrencyWhile
        async def ready():
            return 42

        return await ready

    assert await inside(body) == 42


async def test_constructor_need_not_await_its_critical_section(durable):
    """PW-1.23, PW-1.16"""

    class Loading(DurableObject):
        def __init__(self, ctx, env):
            super().__init__(ctx, env)

            async def load():
                await asyncio.sleep(5)
                self.value = await self.ctx.storage.get("value") or "nothing yet"

            self.ctx.blockConcurrencyWhile(load)

        async def read(self):
            return self.value

    assert await durable.namespace(Loading).get_by_name("a").read() == "nothing yet"


async def test_catching_the_error_of_a_section_does_not_save_the_object(caller):
    """PW-1.24"""
    failed, later = await caller.refusals("fail_in_section", "add")

    assert "ValueError: broken section" in failed
    assert later == failed


async def test_calls_queued_behind_a_failing_section_fail_with_its_error(targets):
    """PW-1.24"""
    stub = targets.get_by_name("a")
    outcomes = await asyncio.gather(stub.fail_in_section(), stub.add(), stub.add(), return_exceptions=True)

    assert [(type(outcome), str(outcome)) for outcome in outcomes] == [(ValueError, "broken section")] * 3


async def test_fresh_stub_reaches_a_new_instance_after_a_failed_section(durable, targets, target):
    """PW-1.24"""
    with pytest.raises(ValueError, match="broken section"):
        await target.fail_in_section()

    assert await targets.get_by_name("a").add() == 1
    assert len(durable.journal.of(InstanceBuilt, object=target)) == 2


@pytest.mark.parametrize("seconds", [29.999, 30.001])
async def test_section_may_last_thirty_seconds(inside, seconds):
    """PW-1.25"""

    async def body(self):
        await self.ctx.blockConcurrencyWhile(lambda: asyncio.sleep(seconds))

    if seconds < 30:
        await inside(body)
        return
    with pytest.raises(PlatformError) as refusal:
        await inside(body)
    assert str(refusal.value) == TOO_LONG
    assert refusal.value.durable_object_reset


async def test_sections_nest_sixty_four_deep(inside):
    """PW-1.25"""
    refusals = []

    async def body(self):
        async def nest(depth):
            try:
                return await self.ctx.blockConcurrencyWhile(lambda: nest(depth + 1))
            except JsException as refusal:
                refusals.append(str(refusal))
                return depth

        return await nest(0)

    assert await inside(body) == 64
    assert refusals == ["Error: blockConcurrencyWhile() calls are nested too deeply."]


# id and waitUntil.


async def test_id_is_64_lower_case_hex_digits_either_way(inside):
    """PW-1.26"""
    text, method = await inside(lambda self: (str(self.ctx.id), self.ctx.id.toString()))

    assert text == method
    assert len(text) == 64
    assert set(text) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("name", "seen"),
    [("x" * 1024, "x" * 1024), ("x" * 1025, None), ("é" * 512, "é" * 512), ("é" * 512 + "x", None)],
    ids=["1024", "1025", "1024-in-two-byte-letters", "1025-in-two-byte-letters"],
)
async def test_name_is_known_up_to_1024_bytes(durable, targets, name, seen):
    """PW-1.26"""
    assert await durable.run_in_object(targets.get_by_name(name), lambda self, ctx: ctx.id.name) == seen


async def test_unique_id_has_no_name(durable, targets):
    """PW-1.26"""
    unique = targets.get(targets.new_unique_id())
    assert await durable.run_in_object(unique, lambda self, ctx: ctx.id.name) is None


async def test_ids_compare_with_equals(inside, targets):
    """PW-1.26"""

    def body(self):
        first, same, other = (self.env.TARGET.idFromName(name) for name in ("a", "a", "b"))
        return first.equals(same), first.equals(other)

    assert await inside(body) == (True, False)


async def test_wait_until_runs_to_the_end_and_keeps_the_instance(durable):
    """PW-1.27"""
    done = []

    class Slow(DurableObject):
        async def begin(self):
            async def work():
                for _ in range(6):
                    await asyncio.sleep(10)
                done.append(id(self))

            self.ctx.waitUntil(work())

        async def instance(self):
            return str(id(self))

    slow = durable.namespace(Slow).get_by_name("a")
    await slow.begin()
    assert done == []
    await durable.clock.advance(seconds=59)
    assert await slow.instance() != ""
    await durable.clock.advance(seconds=1)
    assert len(done) == 1
    assert len(durable.journal.of(InstanceBuilt, object=slow)) == 1
