"""Exceptions on their way to callers: spec python-workers 1.8, decisions 6.6."""

import asyncio
import traceback

import pytest
from pyodide.ffi import JsException
from pyodide.http import AbortError
from workers import DurableObject

from pytest_durable import App, PlatformError

pytestmark = pytest.mark.durable(storage="memory")

#: The last date before errors keep their properties.
EARLIER = "2026-04-20"


class OutOfStock(Exception):
    def __init__(self, item):
        super().__init__(f"no {item} left")
        self.item = item


class Shop(DurableObject):
    async def sell(self, item):
        raise OutOfStock(item)

    def fail(self):
        raise ValueError("bad")

    def stop(self):
        self.ctx.abort("closed")

    def fetch(self, request):
        raise ValueError("bad answer")


@pytest.fixture
def shops(durable):
    return durable.namespace(Shop)


@pytest.fixture
def seen(inside, shops):
    """``await seen(method, *args)``: what code of another object catches when the call fails."""

    async def catch(method, *args):
        async def body(self):
            with pytest.raises(JsException) as caught:
                await getattr(self.env.SHOP.getByName("a"), method)(*args)
            return caught.value

        return await inside(body)

    return catch


@pytest.fixture
def seen_earlier(durable_factory):
    """The same on a compatibility date before errors keep their properties."""

    class Caller(DurableObject):
        def get(self):
            return self.env.SHOP.getByName("a")

    async def catch(method):
        durable = durable_factory(app=App(classes=(Shop,), surface="wrapped", compatibility_date=EARLIER))

        async def body(self, ctx):
            with pytest.raises(JsException) as caught:
                await getattr(self.get(), method)()
            return caught.value

        return await durable.run_in_object(durable.namespace(Caller).get_by_name("c"), body)

    return catch


# What objects see.


async def test_exception_reaches_an_object_as_a_js_exception(seen):
    """PW-1.55"""
    failure = await seen("sell", "tea")

    assert type(failure) is JsException
    assert not isinstance(failure, OutOfStock)
    assert str(failure) == f"{failure.name}: {failure.message}"


async def test_js_exception_names_the_object_that_catches_it(inside, shops):
    """PW-1.55, DO-10.4.3"""

    async def body(self):
        with pytest.raises(JsException) as caught:
            await self.env.SHOP.getByName("a").fail()
        return caught.value.durableObjectId, str(self.ctx.id)

    named, catching = await inside(body)
    assert named == catching


async def test_js_exception_of_an_exception_holds_its_traceback(seen):
    """PW-1.55, PW-1.8.T1.1"""
    failure = await seen("fail")

    assert failure.name == "PythonError"
    assert failure.message.startswith("Traceback (most recent call last):\n")
    assert 'raise ValueError("bad")' in failure.message
    assert failure.message.endswith("ValueError: bad\n")
    assert (failure.type, failure.remote) == ("ValueError", True)
    assert failure.stack


async def test_js_exception_of_an_earlier_date_holds_everything_in_its_message(seen_earlier):
    """PW-1.55, PW-1.8.T1.2"""
    failure = await seen_earlier("fail")

    assert failure.name == "Error"
    assert failure.message.startswith("PythonError: Traceback (most recent call last):\n")
    assert failure.message.endswith("ValueError: bad\n")
    assert failure.remote is True
    assert failure.stack
    assert not hasattr(failure, "type")
    assert not hasattr(failure, "durableObjectId")


async def test_type_and_text_of_the_exception_are_in_the_text(seen):
    """PW-1.56"""
    failure = await seen("sell", "tea")

    assert "OutOfStock: no tea left" in str(failure)
    assert failure.type == "OutOfStock"


async def test_type_and_text_of_the_exception_are_in_the_text_on_earlier_dates(seen_earlier):
    """PW-1.56"""
    assert "ValueError: bad" in str(await seen_earlier("fail"))


async def test_type_is_the_qualified_name_of_the_class(durable, inside):
    """PW-1.56"""

    class Nested(DurableObject):
        class OwnError(Exception):
            """Belongs to the class."""

        def fail(self):
            raise self.OwnError("inner")

    durable.namespace(Nested)

    async def body(self):
        with pytest.raises(JsException) as caught:
            await self.env.NESTED.getByName("a").fail()
        return caught.value.type

    assert await inside(body) == Nested.OwnError.__qualname__


async def test_attributes_of_the_exception_are_lost(seen):
    """PW-1.57"""
    with pytest.raises(AttributeError):
        (await seen("sell", "tea")).item


@pytest.mark.parametrize("flag", ["retryable", "overloaded", "durableObjectReset"])
async def test_flag_that_is_not_true_is_absent(seen, flag):
    """PW-1.57"""
    assert not hasattr(await seen("fail"), flag)


async def test_flag_that_is_true_is_there(seen):
    """PW-1.57"""
    failure = await seen("stop")

    assert failure.durableObjectReset is True
    assert not hasattr(failure, "remote")
    assert not hasattr(failure, "retryable")


async def test_failed_request_is_an_os_error(inside, shops):
    """PW-1.58"""

    async def body(self):
        with pytest.raises(OSError, match="ValueError: bad answer") as caught:
            await self.env.SHOP.getByName("a").fetch("https://x/")
        return type(caught.value), isinstance(caught.value, JsException)

    assert await inside(body) == (AbortError, False)


@pytest.mark.parametrize("is_sync", [True, False])
async def test_exception_inside_one_object_stays_itself(inside, is_sync):
    """PW-1.59"""
    mine = KeyError("mine")

    async def body(self):
        def fail(*_args):
            raise mine

        storage = self.ctx.storage
        with pytest.raises(KeyError) as caught:
            storage.transactionSync(fail) if is_sync else await storage.transaction(fail)
        return caught.value is mine

    assert await inside(body)


@pytest.mark.parametrize("leave", [SystemExit, asyncio.CancelledError], ids=lambda leave: leave.__name__)
async def test_exit_in_an_object_is_a_failure_of_its_event(inside, durable, leave):
    """PW-1.61; a KeyboardInterrupt ends the run of the tests instead"""

    class Leaving(DurableObject):
        async def leave(self):
            raise leave("bye")

        async def stay(self):
            return "here"

    durable.namespace(Leaving)

    async def body(self):
        stub = self.env.LEAVING.getByName("a")
        with pytest.raises(JsException, match=leave.__name__):
            await stub.leave()
        return await stub.stay()

    assert await inside(body) == "here"


async def test_exit_in_an_alarm_is_a_failed_try(durable):
    """PW-1.61"""
    tries = []

    class Leaving(DurableObject):
        def begin(self):
            self.ctx.storage.setAlarm(1)

        def alarm(self, info):
            tries.append(info.retryCount)
            if not info.isRetry:
                raise SystemExit(1)

    await durable.namespace(Leaving).get_by_name("a").begin()
    await durable.clock.advance(minutes=1)
    assert tries == [0, 1]


# What the test sees.


async def test_stub_of_the_test_raises_the_original_exception(shops):
    """Decisions 6.6"""
    with pytest.raises(OutOfStock, match=r"^no tea left$") as caught:
        await shops.get_by_name("a").sell("tea")

    assert caught.value.item == "tea"
    assert caught.value.__cause__ is None


async def test_stub_of_the_test_raises_it_with_the_objects_own_frames(shops):
    """Decisions 6.6"""
    with pytest.raises(OutOfStock) as caught:
        await shops.get_by_name("a").sell("tea")

    frames = traceback.extract_tb(caught.value.__traceback__)
    assert [(frame.name, frame.line) for frame in frames if frame.name == "sell"] == [
        ("sell", "raise OutOfStock(item)")
    ]


async def test_env_of_the_test_has_productions_stubs(durable, shops):
    """Decisions 6.6"""
    with pytest.raises(JsException, match="OutOfStock: no tea left"):
        await durable.env.SHOP.getByName("a").sell("tea")


async def test_stub_of_the_test_raises_the_platforms_errors_with_their_flags(shops):
    """Decisions 6.6, PW-1.57"""
    with pytest.raises(PlatformError) as caught:
        await shops.get_by_name("a").stop()

    failure = caught.value
    assert (failure.name, failure.message) == ("Error", "closed")
    assert (failure.durable_object_reset, failure.remote, failure.retryable, failure.overloaded) == (
        True,
        False,
        False,
        False,
    )


class Broken(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        raise ValueError("in the constructor")


class Reset(DurableObject):
    async def reset(self):
        async def callback():
            raise ValueError("in the callback")

        await self.ctx.blockConcurrencyWhile(callback)


def depth(caught: "pytest.ExceptionInfo[BaseException]") -> int:
    return len(traceback.extract_tb(caught.value.__traceback__))


@pytest.mark.filterwarnings("ignore:PD-W06")
async def test_the_traceback_of_a_failed_constructor_does_not_grow_with_each_call(durable):
    stub = durable.namespace(Broken).get_by_name("a")
    depths = []
    for _ in range(5):
        with pytest.raises(ValueError, match="in the constructor") as caught:
            await stub.anything()
        depths.append(depth(caught))
    assert len(set(depths[1:])) == 1
    assert depths[1] <= depths[0] + 2  # the replay
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "__init__"


async def test_the_traceback_of_what_reset_an_object_does_not_grow_with_each_call(durable):
    stub = durable.namespace(Reset).get_by_name("a")
    depths = []
    for _ in range(5):
        with pytest.raises(ValueError, match="in the callback") as caught:
            await stub.reset()
        depths.append(depth(caught))
    assert len(set(depths)) == 1
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "callback"
