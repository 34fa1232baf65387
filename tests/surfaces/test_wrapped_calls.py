"""Calls between Python objects: spec python-workers 1.4, 1.5, 1.6 (over RPC), 1.8."""

import asyncio
import gc
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.runtime import PlatformOptions
from pytest_durable._surfaces.wrapped.context import RawId
from pytest_durable._surfaces.wrapped.entrypoints import DurableObject
from pytest_durable._surfaces.wrapped.exceptions import ConversionError, JsException
from pytest_durable._surfaces.wrapped.functions import _RpcStubWrapper
from pytest_durable._surfaces.wrapped.http import AbortError, Request, Response
from pytest_durable._surfaces.wrapped.types import JsDict
from support.surfaces import hosted


class Mixin:
    def mixed(self) -> str:
        return "mixed"


class Callee(DurableObject, Mixin):
    not_callable = 5

    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.log: list[Any] = []
        self.born = id(self)
        self.added = lambda: "added"

    def echo(self, *args: Any) -> list[Any]:
        return list(args)

    def describe(self, value: Any) -> list[str]:
        return [type(value).__name__, str(value)]

    def note(self, item: Any) -> None:
        self.log.append(item)

    def notes(self) -> list[Any]:
        return self.log

    def _private(self) -> str:
        return "private"

    @staticmethod
    def static() -> str:
        return "static"

    @classmethod
    def of_class(cls) -> str:
        return cls.__name__

    def two(self, first: Any, second: Any) -> list[Any]:
        return [first, second]

    async def later(self) -> str:
        await asyncio.sleep(1)
        return "later"

    def change(self, value: list[Any]) -> list[Any]:
        value.append("changed")
        return value

    def bad_result(self) -> Any:
        self.ctx.storage.put("side", "effect")
        return (1,)

    def uncloneable_result(self) -> Any:
        return object()

    async def side(self) -> Any:
        return await self.ctx.storage.get("side")

    def fail(self) -> None:
        raise ValueError("bad")

    def counter(self) -> Callable[[int], int]:
        total = 0

        def add(amount: int) -> int:
            nonlocal total
            total += amount
            return total

        return add

    def writer(self) -> Callable[[Any], Any]:
        async def write(value: Any) -> Any:
            await self.ctx.storage.put("side", value)
            return value

        return write

    def failing(self) -> Callable[[], Any]:
        return self.fail

    def stop(self) -> None:
        self.ctx.abort("gone")

    def keep(self, function: Any) -> None:
        self.kept = function

    def keep_dup(self, function: Any) -> None:
        self.kept = function.dup()

    async def use_kept(self, value: int) -> Any:
        return await self.kept(value)

    async def keep_and_use_later(self, function: Any) -> None:
        async def later() -> None:
            await asyncio.sleep(1)
            try:
                self.log.append(await function(1))
            except JsException as failure:
                self.log.append(str(failure))

        self.ctx.waitUntil(later())

    def repeater(self) -> Callable[[Any], Any]:
        return lambda value: value * 2

    def same_back(self, function: Any) -> Any:
        return function

    def birth(self) -> int:
        return self.born

    async def call_with(self, function: Callable[[int], Any]) -> Any:
        return await function(20)

    def selves(self) -> bool:
        thing = (1, object())
        return self._same(thing) is thing

    def _same(self, thing: Any) -> Any:
        return thing

    async def fetch(self, request: Request) -> Response:
        if request.url.endswith("/fail"):
            raise ValueError("bad fetch")
        body = await request.text()
        return Response(f"{request.method} {request.url} {body}", 201, headers={"X-Seen": str(request.headers["a"])})


class Caller(DurableObject):
    async def run(self, name: str) -> Any:
        body = BODIES[name]
        return await body(self, self.env.CALLEE.getByName("callee"))


BODIES: dict[str, Callable[[Any, Any], Any]] = {}


def between(body: Callable[[Any, Any], Any], **app: Any) -> Any:
    """Run ``body(caller, stub)`` inside one object, where ``stub`` is production's stub of another."""

    async def scenario(host: Any) -> Any:
        host.namespace(Callee)
        BODIES["body"] = body
        return await host.namespace(Caller).get_by_name("caller").run("body")

    return hosted(scenario, **app)


async def _hold_function(caller: Any, stub: Any) -> None:
    caller.held = await stub.counter()
    await stub.keep_dup(lambda value: value)


async def refused(awaitable: Any) -> JsException:
    with pytest.raises(JsException) as refusal:
        await awaitable
    return refusal.value


class TestReachable:
    @pytest.mark.parametrize(
        ("method", "result"),
        [
            ("mixed", "mixed"),
            ("_private", "private"),
            ("added", "added"),
            ("static", "static"),
            ("of_class", "Callee"),
            ("later", "later"),
        ],
    )
    def test_any_callable_of_the_instance_is_a_method(self, method: str, result: str) -> None:
        # PW-1.31 PW-1.32 PW-1.42
        async def body(caller: Any, stub: Any) -> None:
            assert await getattr(stub, method)() == result

        between(body)

    @pytest.mark.parametrize("method", ["nope", "not_callable", "log"])
    def test_what_is_not_there_shows_only_when_called(self, method: str) -> None:
        # PW-1.28 PW-1.41 PW-1.45
        async def body(caller: Any, stub: Any) -> None:
            assert hasattr(stub, method)
            failure = await refused(getattr(stub, method)())
            assert str(failure) == f"TypeError: Method {method} does not exist"
            assert failure.remote is True

        between(body)

    @pytest.mark.parametrize(
        "method", ["connect", "alarm", "webSocketMessage", "webSocketClose", "webSocketError", "dup"]
    )
    def test_reserved_names_are_refused(self, method: str) -> None:
        # PW-1.33
        async def body(caller: Any, stub: Any) -> None:
            failure = await refused(getattr(stub, method)())
            assert str(failure) == f"TypeError: '{method}' is a reserved method and cannot be called over RPC."

        between(body)

    @pytest.mark.parametrize("name", ["ctx", "env"])
    def test_ctx_and_env_are_not_implemented(self, name: str) -> None:
        # PW-1.33
        async def body(caller: Any, stub: Any) -> None:
            failure = await refused(getattr(stub, name)())
            assert str(failure) == f'TypeError: The RPC receiver does not implement the method "{name}".'

        between(body)

    @pytest.mark.parametrize("args", [(1,), (1, 2, 3)])
    def test_a_method_is_called_with_exactly_the_arguments_sent(self, args: tuple[int, ...]) -> None:
        # PW-1.4.T1.10 PW-1.29 PW-1.30
        async def body(caller: Any, stub: Any) -> None:
            assert "TypeError" in str(await refused(stub.two(*args)))

        between(body)


class TestSending:
    def test_keywords_are_one_trailing_dict(self) -> None:
        # PW-1.40
        async def body(caller: Any, stub: Any) -> None:
            assert await stub.echo(1, a=2, b=[3]) == [1, {"a": 2, "b": [3]}]

        between(body)

    def test_a_call_is_sent_at_once_and_need_not_be_awaited(self) -> None:
        # PW-1.39
        async def body(caller: Any, stub: Any) -> None:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                stub.note("forgotten")
                stub.fail()
                gc.collect()
            assert await stub.notes() == ["forgotten"]

        between(body)

    def test_calls_arrive_in_the_order_in_which_they_were_made(self) -> None:
        # PW-1.43
        async def body(caller: Any, stub: Any) -> None:
            calls = [stub.note(number) for number in range(20)]
            await calls[-1]
            assert await stub.notes() == list(range(20))

        between(body)

    def test_asyncio_takes_a_call_as_a_coroutine(self) -> None:
        # PW-1.39
        async def body(caller: Any, stub: Any) -> None:
            assert await asyncio.gather(stub.echo(1), stub.echo(2)) == [[1], [2]]
            assert await asyncio.create_task(stub.echo(3)) == [3]
            assert await asyncio.wait_for(stub.echo(4), 1) == [4]
            async with asyncio.timeout(10):
                assert await stub.later() == "later"

        between(body)

    def test_a_wait_can_time_out_while_the_call_goes_on(self) -> None:
        async def body(caller: Any, stub: Any) -> None:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(stub.later(), 0.5)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await stub.later()
            assert await stub.echo(1) == [1]

        between(body)

    @pytest.mark.parametrize("value", [(1,), bytearray(b"x")])
    def test_a_disabled_argument_is_refused_at_the_call(self, value: object) -> None:
        # PW-1.46
        async def body(caller: Any, stub: Any) -> None:
            with pytest.raises(TypeError, match="cannot be sent over RPC"):
                stub.note([value])
            with pytest.raises(ConversionError):
                stub.note({(1, 2): 3})
            assert await stub.notes() == []

        between(body)

    def test_an_argument_without_clone_is_a_rejection(self) -> None:
        # PW-1.6.T1.21
        async def body(caller: Any, stub: Any) -> None:
            rejected = stub.note(object())
            assert (await refused(rejected)).name == "DataCloneError"
            assert await stub.notes() == []

        between(body)

    def test_a_bad_result_reaches_the_caller_after_the_side_effects(self) -> None:
        # PW-1.46
        async def body(caller: Any, stub: Any) -> None:
            assert "TypeError" in str(await refused(stub.bad_result()))
            assert (await refused(stub.uncloneable_result())).name == "DataCloneError"
            assert await stub.side() == "effect"

        between(body)

    def test_values_are_copies(self) -> None:
        # PW-1.48
        async def body(caller: Any, stub: Any) -> None:
            mine = [1]
            assert await stub.change(mine) == [1, "changed"]
            assert mine == [1]

        between(body)

    def test_a_call_within_the_object_converts_nothing(self) -> None:
        # PW-1.42
        async def body(caller: Any, stub: Any) -> None:
            assert await stub.selves() is True

        between(body)

    @pytest.mark.parametrize(
        ("value", "received"),
        [
            (None, None),
            (3.0, 3),
            (2**60, 2**60),
            (b"ab", memoryview(b"ab")),
            ({1: [None, {"x": 1}]}, JsDict({"1": [None, JsDict(x=1)]})),
            ({1, 2}, {1, 2}),
        ],
    )
    def test_a_value_makes_the_round_trip(self, value: object, received: object) -> None:
        # PW-1.6.T1.1-10 PW-1.51
        async def body(caller: Any, stub: Any) -> None:
            (arrived,) = await stub.echo(value)
            assert arrived == received
            assert isinstance(arrived, type(received))

        between(body)

    def test_an_exception_as_value_loses_its_class(self) -> None:
        # PW-1.6.T1.14
        async def body(caller: Any, stub: Any) -> None:
            assert await stub.describe(KeyError("x")) == ["Exception", "Error: 'x'"]

        between(body)


class TestStubs:
    def test_id_and_name_are_the_callees(self) -> None:
        # PW-1.41
        async def body(caller: Any, stub: Any) -> None:
            assert isinstance(stub.id, RawId)
            assert stub.id.equals(caller.env.CALLEE.idFromName("callee"))
            assert stub.name == "callee"
            unnamed = caller.env.CALLEE.get(caller.env.CALLEE.newUniqueId())
            assert unnamed.name is None

        between(body)

    def test_methods_are_kept(self) -> None:
        # PW-1.41
        async def body(caller: Any, stub: Any) -> None:
            assert stub.echo is stub.echo

        between(body)

    def test_a_stub_is_true_and_no_container(self) -> None:
        # PW-1.53
        async def body(caller: Any, stub: Any) -> None:
            assert stub
            with pytest.raises(TypeError, match=r"has no len\(\)$"):
                len(stub)
            with pytest.raises(TypeError):
                iter(stub)

        between(body)

    def test_ids_are_made_and_checked_by_the_namespace(self) -> None:
        # PW-1.44
        async def body(caller: Any, stub: Any) -> None:
            namespace = caller.env.CALLEE
            named = namespace.idFromName("a")
            assert namespace.idFromString(str(named)).equals(named)
            assert namespace.idFromString(str(named)).name is None
            assert str(namespace.newUniqueId()) != str(namespace.newUniqueId())
            with pytest.raises(JsException) as refusal:
                namespace.idFromString("x")
            assert str(refusal.value) == "TypeError: Invalid Durable Object ID: must be 64 hex digits"
            with pytest.raises(JsException) as refusal:
                namespace.idFromString(str(caller.env.CALLER.idFromName("a")))
            assert str(refusal.value) == "TypeError: Durable Object ID is not valid for this namespace."

        between(body)

    def test_options_of_get_are_accepted(self) -> None:
        # PW-1.44
        async def body(caller: Any, stub: Any) -> None:
            namespace = caller.env.CALLEE
            assert await namespace.getByName("a", locationHint="weur").echo(1) == [1]
            assert await namespace.get(namespace.idFromName("a"), {"locationHint": "weur"}).echo(1) == [1]
            assert await namespace.jurisdiction(None).getByName("a").echo(1) == [1]
            with pytest.raises(JsException, match="RangeError: unknown routingMode: x"):
                namespace.getByName("a", routingMode="x")
            with pytest.raises(JsException, match="Jurisdiction restrictions are not implemented"):
                namespace.newUniqueId(jurisdiction="eu")
            with pytest.raises(JsException, match="parameter 1 is not of type 'DurableObjectId'"):
                namespace.get("a")

        between(body)

    def test_env_keeps_what_was_read_and_misses_what_is_not_bound(self) -> None:
        # PW-1.62 PW-1.63
        async def body(caller: Any, stub: Any) -> None:
            assert caller.env.CALLEE is caller.env.CALLEE
            assert not hasattr(caller.env, "MISSING")
            with pytest.raises(TypeError):
                caller.env["CALLEE"]
            assert caller.env.TEXT == "x"
            assert caller.env.JSON.a == 1

        between(body, vars={"TEXT": "x", "JSON": {"a": 1}})

    def test_a_stub_can_be_sent(self) -> None:
        # PW-1.6.T1.17
        async def body(caller: Any, stub: Any) -> None:
            (returned,) = await caller.env.CALLEE.getByName("other").echo(stub)
            await returned.note("through the sent stub")
            assert await stub.notes() == ["through the sent stub"]

        between(body)


class TestFunctions:
    def test_a_returned_function_keeps_its_state(self) -> None:
        # PW-1.53 PW-1.54
        async def body(caller: Any, stub: Any) -> None:
            add = await stub.counter()
            assert isinstance(add, _RpcStubWrapper)
            assert add
            assert [await add(2), await add(1), await add(-5)] == [2, 3, -2]

        between(body)

    def test_a_function_runs_inside_the_object_it_came_from(self) -> None:
        # PW-1.53
        async def body(caller: Any, stub: Any) -> None:
            write = await stub.writer()
            assert await write({"a": [1]}) == {"a": [1]}
            assert await stub.side() == {"a": [1]}

        between(body)

    def test_a_failing_function_is_a_js_exception(self) -> None:
        # PW-1.53 PW-1.55
        async def body(caller: Any, stub: Any) -> None:
            failure = await refused((await stub.failing())())
            assert (failure.name, failure.type) == ("PythonError", "ValueError")

        between(body)

    def test_a_function_stops_working_when_its_object_is_gone(self) -> None:
        # PW-1.53
        async def body(caller: Any, stub: Any) -> None:
            write = await stub.writer()
            await refused(stub.stop())
            failure = await refused(write(1))
            assert str(failure) == ("Error: The execution context which hosts this callback is no longer running.")

        between(body)

    def test_a_function_as_argument_ends_with_the_call(self) -> None:
        # DO-10.2.2 PW-1.53
        async def body(caller: Any, stub: Any) -> None:
            await stub.keep(lambda value: value + 1)
            failure = await refused(stub.use_kept(1))
            assert "RPC stub used after being disposed." in str(failure)

        between(body)

    def test_work_that_outlives_the_call_can_no_longer_use_its_function(self) -> None:
        # DO-10.2.2 PW-1.53
        async def body(caller: Any, stub: Any) -> None:
            await stub.keep_and_use_later(lambda value: value)
            await asyncio.sleep(2)
            assert await stub.notes() == ["Error: RPC stub used after being disposed."]

        between(body)

    def test_a_duplicate_outlives_the_call(self) -> None:
        # DO-10.2.2 PW-1.53
        async def body(caller: Any, stub: Any) -> None:
            await stub.keep_dup(lambda value: value + 1)
            assert await stub.use_kept(1) == 2
            assert await stub.use_kept(2) == 3

        between(body)

    def test_a_returned_function_can_be_duplicated(self) -> None:
        # DO-10.2.2 PW-1.54
        async def body(caller: Any, stub: Any) -> None:
            add = await stub.counter()
            again = add.dup()
            assert [await add(2), await again(1), await add(-5)] == [2, 3, -2]

        between(body)

    def test_a_function_as_argument_can_be_returned(self) -> None:
        # DO-10.2.2
        async def body(caller: Any, stub: Any) -> None:
            back = await stub.same_back(lambda value: value * 3)
            assert await back(2) == 6

        between(body)

    def test_a_held_function_keeps_its_object_in_memory(self) -> None:
        # DO-10.2.2 DO-9.3.T1.2
        async def body(caller: Any, stub: Any) -> None:
            birth = await stub.birth()
            add = await stub.counter()
            await asyncio.sleep(25)
            assert await add(1) == 1
            assert await stub.birth() == birth

        between(body)

    def test_a_function_of_the_test_keeps_nothing_in_memory(self) -> None:
        # DO-10.2.2
        async def scenario(host: Any) -> None:
            stub = host.namespace(Callee).get_by_name("a")
            add = await stub.counter()
            assert await add(2) == 2
            await host.evict(stub)
            with pytest.raises(JsException, match="no longer running"):
                await add(1)

        hosted(scenario)

    def test_a_call_of_a_function_has_the_limit_of_other_calls(self) -> None:
        # DO-10.2.3
        async def body(caller: Any, stub: Any) -> None:
            double = await stub.repeater()
            for text in ("x" * 1500, "x" * 700):
                failure = await refused(double(text))
                assert "Serialized RPC arguments or return values are limited to 32MiB" in str(failure)
            assert await double("x" * 100) == "x" * 200

        between(body, options=PlatformOptions(message_bytes_max=1000))

    def test_a_crash_ends_functions_that_are_held(self) -> None:
        # DO-10.2.2
        async def scenario(host: Any) -> None:
            host.namespace(Callee)
            BODIES["body"] = _hold_function
            caller = host.namespace(Caller).get_by_name("caller")
            await caller.run("body")
            await host.crash()
            await host.start()
            assert await host.namespace(Callee).get_by_name("callee").notes() == []

        hosted(scenario)

    def test_a_function_as_argument_is_called_with_primitives(self) -> None:
        # PW-1.53
        async def body(caller: Any, stub: Any) -> None:
            assert await stub.call_with(lambda value: value + 1) == 21

        between(body)


class TestFailures:
    def test_an_exception_of_the_callee_is_a_js_exception(self) -> None:
        # PW-1.55 PW-1.56
        async def body(caller: Any, stub: Any) -> None:
            failure = await refused(stub.fail())
            assert type(failure) is JsException
            assert failure.name == "PythonError"
            assert failure.message.endswith("ValueError: bad\n")
            assert str(failure) == f"PythonError: {failure.message}"
            assert failure.type == "ValueError"
            assert failure.remote is True
            assert failure.durableObjectId == str(caller.ctx.id)
            assert failure.stack

        between(body)

    def test_before_enhanced_errors_everything_is_in_the_message(self) -> None:
        # PW-1.55 PW-1.56
        async def body(caller: Any, stub: Any) -> None:
            failure = await refused(stub.fail())
            assert failure.name == "Error"
            assert failure.message.startswith("PythonError: Traceback")
            assert failure.message.endswith("ValueError: bad\n")
            assert failure.remote is True
            assert not hasattr(failure, "type")
            assert not hasattr(failure, "durableObjectId")

        between(body, surface="wrapped", compatibility_date="2026-04-20")

    def test_flags_are_there_only_when_true(self) -> None:
        # PW-1.57
        async def body(caller: Any, stub: Any) -> None:
            failure = await refused(stub.fail())
            for flag in ("retryable", "overloaded", "durableObjectReset", "nope"):
                assert not hasattr(failure, flag)

        between(body)

    def test_the_tests_own_stub_raises_the_original(self) -> None:
        async def scenario(host: Any) -> None:
            callee = host.namespace(Callee).get_by_name("a")
            with pytest.raises(ValueError, match=r"^bad$"):
                await callee.fail()
            with pytest.raises(PlatformError, match="Method nope does not exist"):
                await callee.nope()

        hosted(scenario)


class TestFetch:
    def test_a_request_reaches_the_handler(self) -> None:
        # PW-1.4.T1.1 PW-1.29 PW-5.18
        async def body(caller: Any, stub: Any) -> None:
            answer = await stub.fetch("https://x", method="POST", headers={"A": "1"}, body="content")
            assert isinstance(answer, Response)
            assert (answer.status, answer.ok, answer.headers["x-seen"]) == (201, True, "1")
            assert await answer.text() == "POST https://x/ content"

        between(body)

    def test_nothing_is_sent_until_it_is_awaited(self) -> None:
        # PW-1.39
        async def body(caller: Any, stub: Any) -> None:
            coroutine = stub.fetch("https://x")
            assert asyncio.iscoroutine(coroutine)
            coroutine.close()

        between(body)

    def test_a_failure_is_an_os_error(self) -> None:
        # PW-1.58
        async def body(caller: Any, stub: Any) -> None:
            with pytest.raises(AbortError, match="ValueError: bad fetch"):
                await stub.fetch("https://x/fail")
            with pytest.raises(OSError, match="Invalid URL: /rel"):
                await stub.fetch("/rel")

        between(body)

    def test_a_result_that_is_no_response_is_refused(self) -> None:
        # PW-1.36
        class Odd(DurableObject):
            def fetch(self) -> str:
                return "x"

        class NoFetch(DurableObject):
            """Has no handler."""

        async def scenario(host: Any) -> None:
            with pytest.raises(PlatformError, match="the Promise did not resolve to 'Response'"):
                await host.namespace(Odd).get_by_name("a").fetch("https://x")
            with pytest.raises(PlatformError, match="Method fetch does not exist"):
                await host.namespace(NoFetch).get_by_name("a").fetch("https://x")

        hosted(scenario)
