"""What callers see of a failed call besides its text (DO-9.5)."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from pytest_durable import PlatformError
from pytest_durable._core.messages import Response
from pytest_durable._core.platform_errors import STORAGE_GONE
from support.objects import Box

pytestmark = pytest.mark.durable(storage="memory")

FLAGS = ("remote", "retryable", "overloaded", "durable_object_reset")


class Failing(Box):
    fails_to_build = False

    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        if self.fails_to_build:
            raise PlatformError("mine", name="RangeError")

    async def throw(self):
        raise PlatformError("mine", name="RangeError")

    async def throw_own(self):
        raise LookupError("mine")

    async def fail_in_section(self):
        async def section():
            await asyncio.sleep(1)
            raise PlatformError("mine", name="RangeError")

        await self.ctx.blockConcurrencyWhile(section)

    async def hang_in_section(self):
        await self.ctx.blockConcurrencyWhile(lambda: asyncio.sleep(60))

    async def wait(self, seconds):
        await asyncio.sleep(seconds)

    async def fetch(self, request):
        if request.method == "DELETE":
            self.ctx.abort("mine")
        if request.method == "PUT":
            await self.throw()
        return Response()


@pytest.fixture
def objects(durable):
    Failing.fails_to_build = False
    return durable.namespace(Failing)


@pytest.fixture
def failing(objects):
    return objects.get_by_name("a")


async def refusal(awaitable):
    with pytest.raises(PlatformError) as caught:
        await awaitable
    return caught.value


def flags(failure):
    """The names of the properties that are true."""
    return {flag for flag in FLAGS if getattr(failure, flag)}


async def test_error_of_a_method_is_remote_and_names_the_object(failing):
    """DO-9.5.T1.1"""
    failure = await refusal(failing.throw())
    assert (failure.name, failure.message) == ("RangeError", "mine")
    assert flags(failure) == {"remote"}
    assert failure.durable_object_id == failing.id.hex


async def test_abort_is_a_reset(durable, failing):
    """DO-9.5.T1.2"""
    failure = await refusal(durable.run_in_object(failing, lambda _instance, ctx: ctx.abort("why")))
    assert (failure.name, failure.message, flags(failure)) == ("Error", "why", {"durable_object_reset"})


async def test_failed_constructor_is_a_reset_with_class_and_message_kept(failing):
    """DO-9.5.T1.3"""
    Failing.fails_to_build = True
    failure = await refusal(failing.get("k"))
    assert (failure.name, failure.message) == ("RangeError", "mine")
    assert flags(failure) == {"durable_object_reset"}
    assert failure.durable_object_id is None


async def test_failed_section_is_a_reset_with_class_and_message_kept(failing):
    """DO-9.5.T1.3"""
    failure = await refusal(failing.fail_in_section())
    assert (failure.name, failure.message) == ("RangeError", "mine")
    assert flags(failure) == {"durable_object_reset"}
    assert failure.durable_object_id is None


async def test_fetch_in_flight_says_of_a_failed_constructor_that_it_is_remote(failing):
    """DO-9.5.T1.3"""
    Failing.fails_to_build = True
    assert flags(await refusal(failing.fetch("http://a/"))) == {"durable_object_reset", "remote"}


async def test_fetch_in_flight_says_of_a_failed_section_that_it_is_remote(durable, failing):
    """DO-9.5.T1.3"""
    section = asyncio.create_task(refusal(failing.fail_in_section()))
    await durable.settle()
    queued = await refusal(failing.fetch("http://a/"))
    assert flags(queued) == {"durable_object_reset", "remote"}
    assert flags(await section) == {"durable_object_reset"}


async def test_fetch_in_flight_says_of_an_abort_that_it_is_remote(failing):
    """DO-9.5.T1.2: tried with the platform."""
    failure = await refusal(failing.fetch("http://a/", method="DELETE"))
    assert (failure.name, failure.message) == ("Error", "mine")
    assert flags(failure) == {"durable_object_reset", "remote"}


async def test_error_of_a_request_is_remote_and_names_no_object(failing):
    """DO-9.5.T1.1: tried with the platform."""
    failure = await refusal(failing.fetch("http://a/", method="PUT"))
    assert (failure.name, failure.message) == ("RangeError", "mine")
    assert flags(failure) == {"remote"}
    assert failure.durable_object_id is None


async def test_later_fetch_on_a_broken_stub_is_not_remote(failing):
    """DO-9.5.T1.3: tried with the platform."""
    await refusal(failing.fail_in_section())
    assert flags(await refusal(failing.fetch("http://a/"))) == {"durable_object_reset"}


async def test_section_beyond_its_limit_is_an_overload(failing):
    """DO-9.5.T1.4"""
    assert flags(await refusal(failing.hang_in_section())) == {"durable_object_reset", "overloaded"}


@pytest.mark.durable(storage="disk")
async def test_lost_connection_is_retryable(durable, failing):
    """DO-9.5.T1.8"""
    waiting = asyncio.create_task(failing.wait(60))
    await durable.settle()
    await durable.crash()
    failure = await refusal(waiting)
    assert (failure.name, failure.message, flags(failure)) == ("Error", "Network connection lost.", {"retryable"})


@pytest.mark.parametrize("end", ["stop", "crash", "evict"])
async def test_storage_of_an_instance_that_is_gone_is_no_longer_accessible(durable, failing, end):
    """DO-9.5.T1.9"""
    ctx = await durable.run_in_object(failing, lambda _instance, ctx: ctx)
    await (durable.evict(failing) if end == "evict" else getattr(durable, end)())
    failure = await refusal(ctx.storage.get("k"))
    assert failure.message == STORAGE_GONE == "Durable Object storage is no longer accessible."
    assert flags(failure) == {"durable_object_reset", "retryable"}


@pytest.mark.durable(storage="disk")
async def test_bug_of_the_runtime_is_an_internal_error_with_a_reference(durable, objects, failing):
    """DO-9.5.T1.10: a value that cannot be decoded is one."""
    await failing.put("k", 1)
    await durable.stop()
    with closing(sqlite3.connect(objects.directory / f"{failing.id.hex}.sqlite")) as database, database:
        database.execute("UPDATE _cf_KV SET value = x'00'")
    await durable.start()
    failure = await refusal(failing.get("k"))
    assert failure.name == "Error"
    assert failure.message.startswith("internal error; reference = ")
    assert not failure.durable_object_reset


async def test_ordinary_answer_has_no_error_and_ordinary_errors_no_flags(failing):
    """DO-9.5.P: properties are present only when they are true."""
    failure = await refusal(failing.throw_own())
    assert {flag: getattr(failure, flag) for flag in FLAGS} == {
        "remote": True,
        "retryable": False,
        "overloaded": False,
        "durable_object_reset": False,
    }
