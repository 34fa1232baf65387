"""``ctx`` and construction of Python objects: spec python-workers 1.2, 1.3."""

import asyncio
import contextvars
from typing import Any

import pytest

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.wrapped.context import DurableObjectAbort, DurableObjectContext, RawState
from pytest_durable._surfaces.wrapped.entrypoints import DurableObject
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.storage import WrappedStorage
from pytest_durable._surfaces.wrapped.stubs import RawEnv, _EnvWrapper
from support.surfaces import hosted, inside


class TestConstruction:
    def test_ctx_and_env_are_set(self) -> None:
        # PW-1.8
        def body(instance: Any) -> None:
            assert isinstance(instance.ctx, DurableObjectContext)
            assert isinstance(instance.env, _EnvWrapper)

        inside(body)

    def test_a_class_that_never_calls_super_serves_events(self) -> None:
        # PW-1.8
        class Bare(DurableObject):
            def __init__(self, state: Any, bindings: Any) -> None:
                self.kept = (state, bindings)

            def kinds(self) -> list[str]:
                return [type(thing).__name__ for thing in self.kept]

        async def scenario(host: Any) -> Any:
            return await host.namespace(Bare).get_by_name("a").kinds()

        assert hosted(scenario) == ["DurableObjectContext", "_EnvWrapper"]

    def test_wrapping_is_idempotent_at_any_depth(self) -> None:
        # PW-1.9 PW-1.10
        seen: list[Any] = []

        class First(DurableObject):
            def __init__(self, ctx: Any, env: Any) -> None:
                seen.append((ctx, env))
                super().__init__(ctx, env)

        class Second(First):
            def __init__(self, ctx: Any, env: Any) -> None:
                seen.append((ctx, env))
                super().__init__(ctx, env)

            def check(self) -> bool:
                (outer_ctx, outer_env), (inner_ctx, inner_env) = seen
                return (
                    outer_ctx is inner_ctx is self.ctx
                    and outer_env is inner_env is self.env
                    and type(self.ctx._ctx) is RawState
                    and type(self.env._env) is RawEnv
                )

        async def scenario(host: Any) -> Any:
            return await host.namespace(Second).get_by_name("a").check()

        assert hosted(scenario) is True

    def test_a_mixin_before_the_base_class_gets_raw_arguments(self) -> None:
        # PW-1.11
        seen: list[Any] = []

        class Mixin:
            def __init__(self, ctx: Any, env: Any) -> None:
                seen.append((type(ctx), type(env)))
                super().__init__(ctx, env)

        class Thing(Mixin, DurableObject):
            def check(self) -> bool:
                return isinstance(self.ctx, DurableObjectContext)

        async def scenario(host: Any) -> Any:
            return await host.namespace(Thing).get_by_name("a").check()

        assert hosted(scenario) is True
        assert seen == [(RawState, RawEnv)]

    def test_a_failing_constructor_answers_every_call_and_runs_once(self) -> None:
        # PW-1.14
        runs: list[int] = []

        class Broken(DurableObject):
            def __init__(self, ctx: Any, env: Any) -> None:
                runs.append(1)
                raise ValueError("no")

            def work(self) -> None:
                """Never reached."""

        async def scenario(host: Any) -> None:
            for _ in range(3):
                with pytest.raises(ValueError, match="no"):
                    await host.namespace(Broken).get_by_name("a").work()

        hosted(scenario)
        assert runs == [1]


class TestAttributes:
    def test_what_was_read_is_kept(self) -> None:
        # PW-1.17
        def body(instance: Any) -> None:
            assert instance.ctx.storage is instance.ctx.storage
            assert instance.ctx.id is instance.ctx.id
            assert isinstance(instance.ctx.storage, WrappedStorage)

        inside(body)

    @pytest.mark.parametrize("name", ["get_web_sockets", "wait_until", "block_concurrency_while", "nope"])
    def test_a_missing_attribute_is_named(self, name: str) -> None:
        # PW-1.17
        def body(instance: Any) -> None:
            with pytest.raises(AttributeError) as failure:
                getattr(instance.ctx, name)
            assert str(failure.value) == name

        inside(body)

    def test_the_raw_object_has_raw_storage(self) -> None:
        # PW-1.18
        async def body(instance: Any) -> None:
            raw = instance.ctx._ctx.storage
            await raw.put("k", "v")
            assert await raw.get("k") == "v"
            assert (await raw.list()).to_py() == {"k": "v"}
            await raw.deleteAll()
            assert await raw.get("k") is None

        inside(body)

    def test_id_shows_hex_and_name(self) -> None:
        # PW-1.26
        class Thing(DurableObject):
            def look(self) -> list[Any]:
                return [str(self.ctx.id), self.ctx.id.toString(), self.ctx.id.name, self.ctx.id.equals(self.ctx.id)]

        async def scenario(host: Any) -> None:
            namespace = host.namespace(Thing)
            named = namespace.get_by_name("a")
            text, again, name, equals = await named.look()
            assert text == again == named.id.hex
            assert (len(text), text.lower(), name, equals) == (64, text, "a", True)
            unnamed = namespace.get(namespace.new_unique_id())
            assert (await unnamed.look())[2] is None
            long = namespace.get_by_name("x" * 1025)
            assert (await long.look())[2] is None

        hosted(scenario)


class TestAbort:
    def test_it_never_returns_and_is_no_exception(self) -> None:
        # PW-1.19
        seen: list[str] = []

        async def body(instance: Any) -> None:
            try:
                try:
                    instance.ctx.abort("why")
                    seen.append("returned")
                except Exception:
                    seen.append("caught")
            finally:
                seen.append("finally")

        with pytest.raises(PlatformError, match="why"):
            inside(body)
        assert seen == ["finally"]
        assert issubclass(DurableObjectAbort, BaseException)
        assert not issubclass(DurableObjectAbort, Exception)

    def test_options_are_taken_by_the_raw_object_only(self) -> None:
        # PW-1.22
        def body(instance: Any) -> None:
            with pytest.raises(TypeError):
                instance.ctx.abort("why", {"retryAlarm": False})
            instance.ctx._ctx.abort("raw", {"retryAlarm": False})

        with pytest.raises(PlatformError, match="raw"):
            inside(body)

    @pytest.mark.parametrize(
        ("reason", "text"),
        [("why", "why"), (None, "Application called abort() to reset Durable Object.")],
    )
    def test_the_caller_is_told_the_reason(self, reason: str | None, text: str) -> None:
        # PW-1.20
        class Target(DurableObject):
            def stop(self) -> None:
                self.ctx.abort(reason)

        class Caller(DurableObject):
            async def call(self) -> list[Any]:
                with pytest.raises(JsException) as failure:
                    await self.env.TARGET.getByName("a").stop()
                return [str(failure.value), failure.value.durableObjectReset, hasattr(failure.value, "remote")]

        async def scenario(host: Any) -> Any:
            host.namespace(Target)
            return await host.namespace(Caller).get_by_name("a").call()

        assert hosted(scenario) == [f"Error: {text}", True, False]

    def test_the_same_stub_stays_broken_and_a_fresh_one_works(self) -> None:
        # PW-1.21
        class Target(DurableObject):
            count = 0

            def stop(self) -> None:
                self.ctx.abort("why")

            def add(self) -> int:
                self.count += 1
                return self.count

        class Caller(DurableObject):
            async def call(self) -> list[Any]:
                stub = self.env.TARGET.getByName("a")
                await stub.add()
                for method in (stub.stop, stub.add):
                    with pytest.raises(JsException, match="why"):
                        await method()
                return [await self.env.TARGET.getByName("a").add()]

        async def scenario(host: Any) -> Any:
            host.namespace(Target)
            return await host.namespace(Caller).get_by_name("a").call()

        assert hosted(scenario) == [1]


class TestBlockConcurrencyWhile:
    def test_its_result_is_unconverted(self) -> None:
        # PW-1.23
        async def body(instance: Any) -> None:
            made = (1, object())

            async def callback() -> Any:
                await asyncio.sleep(1)
                return made

            assert await instance.ctx.blockConcurrencyWhile(callback) is made
            assert await instance.ctx.blockConcurrencyWhile(lambda: made) is made

        inside(body)

    def test_it_is_a_decorator(self) -> None:
        # PW-1.23
        async def body(instance: Any) -> None:
            @instance.ctx.blockConcurrencyWhile
            async def ready() -> int:
                return 42

            assert await ready == 42

        inside(body)

    def test_the_constructor_need_not_await_it(self) -> None:
        # PW-1.23 PW-1.16
        class Thing(DurableObject):
            def __init__(self, ctx: Any, env: Any) -> None:
                super().__init__(ctx, env)

                async def load() -> None:
                    await asyncio.sleep(5)
                    self.value = await self.ctx.storage.get("v")

                self.ctx.blockConcurrencyWhile(load)

            def read(self) -> Any:
                return [self.value]

        async def scenario(host: Any) -> Any:
            return await host.namespace(Thing).get_by_name("a").read()

        assert hosted(scenario) == [None]

    def test_its_failure_resets_the_object(self) -> None:
        # PW-1.24
        async def body(instance: Any) -> None:
            async def callback() -> None:
                raise ValueError("broken")

            try:
                await instance.ctx.blockConcurrencyWhile(callback)
            except ValueError:
                return

        with pytest.raises(ValueError, match="broken"):
            inside(body)

    def test_it_ends_after_thirty_seconds(self) -> None:
        # PW-1.25
        async def body(instance: Any) -> None:
            await instance.ctx.blockConcurrencyWhile(lambda: asyncio.sleep(31))

        with pytest.raises(PlatformError, match=r"^A call to blockConcurrencyWhile\(\) in a Durable Object waited"):
            inside(body)

    def test_it_nests_sixty_four_deep(self) -> None:
        # PW-1.25
        async def body(instance: Any) -> int:
            async def nest(depth: int) -> int:
                try:
                    return int(await instance.ctx.blockConcurrencyWhile(lambda: nest(depth + 1)))
                except JsException as failure:
                    assert str(failure) == "Error: blockConcurrencyWhile() calls are nested too deeply."
                    return depth

            return await nest(0)

        assert inside(body) == 64

    def test_what_is_no_function_is_a_rejection(self) -> None:
        async def body(instance: Any) -> None:
            with pytest.raises(JsException, match="parameter 1 is not of type 'function'"):
                await instance.ctx.blockConcurrencyWhile(5)

        inside(body)


def test_a_handler_runs_in_a_task_and_context_of_its_own() -> None:
    # PW-1.37
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")

    async def body(_instance: Any) -> list[Any]:
        async with asyncio.timeout(5):
            await asyncio.sleep(1)
        task = asyncio.current_task()
        assert task is not None
        return [id(task), variable.get()]

    class Thing(DurableObject):
        async def run(self) -> list[Any]:
            return await body(self)

    async def scenario(host: Any) -> list[Any]:
        variable.set("the test's")
        stub = host.namespace(Thing).get_by_name("a")
        (first, seen), (second, _) = await asyncio.gather(stub.run(), stub.run())
        assert first != second
        return [seen]

    assert hosted(scenario) == ["unset"]


def test_wait_until_runs_its_awaitable_to_the_end() -> None:
    # PW-1.27
    done: list[str] = []

    class Thing(DurableObject):
        async def begin(self) -> None:
            async def later() -> None:
                await asyncio.sleep(60)
                done.append("done")

            self.ctx.waitUntil(later())

    async def scenario(host: Any) -> None:
        await host.namespace(Thing).get_by_name("a").begin()
        assert done == []
        await host.clock.advance("60s")

    hosted(scenario)
    assert done == ["done"]
