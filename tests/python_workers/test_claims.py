"""Claims of the test inside of objects: decisions 4.6, api 2. Each project fails in a run of pytest of its own."""

import pytest

from support.inner import InnerRun, run_inner

PROJECT = """
import asyncio

import pytest
from workers import DurableObject

from pytest_durable import App
from pytest_durable.events import AlarmRetried, AlarmStarted

RUNS = []
pytestmark = pytest.mark.durable(storage="memory")


class Claiming(DurableObject):
    async def check(self):
        await asyncio.sleep(1)
        assert 1 == 2, "claimed in a method"

    async def fail(self):
        pytest.fail("failed in a method")

    async def skip(self):
        pytest.skip("no reason to go on")

    async def schedule(self, how):
        await self.ctx.storage.put("how", how)
        await self.ctx.storage.setAlarm(1)

    async def alarm(self):
        RUNS.append(1)
        if await self.ctx.storage.get("how") == "fail":
            pytest.fail("failed in an alarm")
        assert 1 == 2, "claimed in an alarm"

    def function(self):
        def check():
            assert 1 == 2, "claimed in a function"

        return check

    def begin_task(self):
        self.task = asyncio.create_task(self.check())

    def begin_background(self):
        self.ctx.waitUntil(self.check())

    def begin_callback(self):
        asyncio.get_running_loop().call_later(1, self.function())

    def fetch(self, request):
        assert 1 == 2, "claimed in fetch"

    async def check_in_section(self):
        async def callback():
            assert 1 == 2, "claimed in a section"

        try:
            await self.ctx.blockConcurrencyWhile(callback)
        except BaseException:
            pass


class Broken(DurableObject):
    def __init__(self, ctx, env):
        assert 1 == 2, "claimed in a constructor"


class Caller(DurableObject):
    async def call(self, method, binding="CLAIMING"):
        try:
            await getattr(self.env.__getattr__(binding).getByName("a"), method)()
        except Exception as failure:
            return type(failure).__name__

    async def call_function(self):
        check = await self.env.CLAIMING.getByName("a").function()
        try:
            await check()
        except Exception as failure:
            return type(failure).__name__


@pytest.fixture
def claiming(durable):
    RUNS.clear()
    return durable.namespace(Claiming).get_by_name("a")


@pytest.fixture
def caller(durable, claiming):
    durable.namespace(Broken)
    return durable.namespace(Caller).get_by_name("caller")


async def test_method(claiming):
    await claiming.check()


async def test_method_expected(durable, claiming):
    with pytest.raises(AssertionError, match="claimed in a method"):
        await claiming.check()
    await durable.settle()


async def test_method_behind_an_object(durable, caller):
    assert await caller.call("check") == "JsException"
    await durable.settle()


async def test_method_behind_an_object_at_the_end(caller):
    assert await caller.call("check") == "JsException"


async def test_method_that_nobody_awaits(claiming):
    claiming.check()
    await asyncio.sleep(2)


async def test_section_that_is_caught(claiming):
    with pytest.raises(AssertionError):
        await claiming.check_in_section()


async def test_section_behind_an_object(caller):
    assert await caller.call("check_in_section") == "JsException"


async def test_constructor(durable, claiming):
    await durable.namespace(Broken).get_by_name("a").anything()


async def test_constructor_behind_an_object(caller):
    assert await caller.call("anything", "BROKEN") == "JsException"


async def test_function_behind_an_object(caller):
    assert await caller.call_function() == "JsException"


@pytest.mark.parametrize("how", ["task", "background", "callback"])
async def test_in_the_background(durable, claiming, how):
    await getattr(claiming, "begin_" + how)()
    await asyncio.sleep(2)


async def test_fetch(claiming):
    await claiming.fetch("https://x/")


async def test_alarm_is_not_retried(durable, claiming):
    await claiming.schedule("assert")
    with pytest.raises(AssertionError, match="claimed in an alarm"):
        await durable.clock.advance(hours=1)
    await durable.clock.advance(hours=1)
    assert len(RUNS) == 1
    assert not durable.journal.of(AlarmRetried)
    assert durable.alarms() == []


async def test_alarm(durable, claiming):
    await claiming.schedule("assert")
    await durable.clock.advance(hours=1)


async def test_alarm_run_by_hand(durable, claiming):
    await claiming.schedule("assert")
    await durable.run_alarm(claiming)


async def test_fail_in_an_alarm_is_not_retried(durable, claiming):
    await claiming.schedule("fail")
    with pytest.raises(pytest.fail.Exception, match="failed in an alarm"):
        await durable.clock.advance(hours=1)
    await durable.clock.advance(hours=1)
    assert len(RUNS) == 1


async def test_fail_in_an_alarm(durable, claiming):
    await claiming.schedule("fail")
    await durable.clock.advance(hours=1)


async def test_fail_in_a_method(claiming):
    await claiming.fail()


async def test_fail_behind_an_object(caller):
    await caller.call("fail")


async def test_skip_in_a_method(claiming):
    await claiming.skip()
"""

FAILURES = {
    "test_method": "AssertionError: claimed in a method",
    "test_method_behind_an_object": "AssertionError: claimed in a method",
    "test_method_behind_an_object_at_the_end": "AssertionError: claimed in a method",
    "test_method_that_nobody_awaits": "AssertionError: claimed in a method",
    "test_section_behind_an_object": "AssertionError: claimed in a section",
    "test_constructor": "AssertionError: claimed in a constructor",
    "test_constructor_behind_an_object": "AssertionError: claimed in a constructor",
    "test_function_behind_an_object": "AssertionError: claimed in a function",
    "test_in_the_background[task]": "AssertionError: claimed in a method",
    "test_in_the_background[background]": "AssertionError: claimed in a method",
    "test_in_the_background[callback]": "AssertionError: claimed in a function",
    "test_fetch": "AssertionError: claimed in fetch",
    "test_alarm": "AssertionError: claimed in an alarm",
    "test_alarm_run_by_hand": "AssertionError: claimed in an alarm",
    "test_fail_in_an_alarm": "failed in an alarm",
    "test_fail_in_a_method": "failed in a method",
    "test_fail_behind_an_object": "failed in a method",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> InnerRun:
    return run_inner(tmp_path_factory.mktemp("project"), {"test_project.py": PROJECT}, "-p", "no:hypothesispytest")


@pytest.mark.parametrize("test", FAILURES)
def test_claim_that_fails_inside_an_object_fails_the_test(test: str, run: InnerRun) -> None:
    assert run.outcomes[test] == "FAILED"
    assert FAILURES[test] in run.failure(test)


@pytest.mark.parametrize("test", ["test_method_expected", "test_section_that_is_caught"])
def test_claim_that_the_test_has_caught_does_not_fail_it_again(test: str, run: InnerRun) -> None:
    assert run.outcomes[test] == "PASSED", run.failure(test)


@pytest.mark.parametrize("test", ["test_alarm_is_not_retried", "test_fail_in_an_alarm_is_not_retried"])
def test_claim_that_fails_in_an_alarm_is_never_retried(test: str, run: InnerRun) -> None:
    assert run.outcomes[test] == "PASSED", run.failure(test)


def test_skip_inside_an_object_skips_the_test(run: InnerRun) -> None:
    assert "no reason to go on" in run.out
    assert "1 skipped" in run.out
