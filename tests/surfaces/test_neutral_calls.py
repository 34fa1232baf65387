"""Objects and calls by the platform's own rules: spec durable-objects 2.2, 2.3, 9.4, 9.5, 10, seen neutrally."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pytest_durable._core.messages import Request, Response
from pytest_durable._core.platform_errors import PlatformError, type_error
from pytest_durable._core.storage.values import UNDEFINED, JSMap
from pytest_durable._surfaces.neutral import NeutralObject
from support.surfaces import hosted, inside_neutral


class Base(NeutralObject):
    def inherited(self) -> str:
        return "inherited"


class Callee(Base):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.field = lambda: "field"
        self.log: list[Any] = []

    def echo(self, *args: Any) -> Any:
        return list(args)

    def _hidden(self) -> str:
        return "hidden"

    @property
    def number(self) -> int:
        return 5

    @property
    def function(self) -> Callable[[], int]:
        return lambda: 6

    def nothing(self) -> Any:
        return UNDEFINED

    async def later(self) -> str:
        await asyncio.sleep(1)
        return "later"

    def note(self, item: Any) -> None:
        self.log.append(item)

    def notes(self) -> list[Any]:
        return self.log

    def fail(self) -> None:
        failure = type_error("bad")
        failure.code = 7
        raise failure

    def fail_own(self) -> None:
        raise PlatformError("mine", name="MyErr")

    def fail_python(self) -> None:
        raise KeyError("mine")

    def fail_flagged(self) -> None:
        raise PlatformError("busy", overloaded=True)

    def uncloneable(self) -> Any:
        return object()

    def fetch(self, request: Request) -> Response:
        return Response(status=201, body=request.url.encode())

    async def by_itself(self) -> Any:
        return await self.env.CALLEE.get(self.ctx.id).inherited()


class Caller(NeutralObject):
    def run(self) -> Any:
        return BODIES["body"](self, self.env.CALLEE.getByName("callee"))


BODIES: dict[str, Callable[[Any, Any], Any]] = {}


def between(body: Callable[[Any, Any], Any], **app: Any) -> Any:
    """Run ``body(caller, stub)`` inside one object, where ``stub`` is another's."""

    async def scenario(host: Any) -> Any:
        host.namespace(Callee)
        BODIES["body"] = body
        return await host.namespace(Caller).get_by_name("caller").run()

    return hosted(scenario, surface="neutral", **app)


async def failure_of(awaitable: Any) -> PlatformError:
    with pytest.raises(PlatformError) as failure:
        await awaitable
    return failure.value


class TestReachable:
    @pytest.mark.parametrize(
        ("method", "result"),
        [
            ("inherited", "inherited"),
            ("_hidden", "hidden"),
            ("function", 6),
            ("later", "later"),
            ("nothing", UNDEFINED),
        ],
    )
    def test_methods_and_accessors_of_the_class_are_reachable(self, method: str, result: object) -> None:
        # DO-10.1.2 DO-10.2.4
        async def body(caller: Any, stub: Any) -> None:
            assert await getattr(stub, method)() == result

        between(body)

    @pytest.mark.parametrize("name", ["field", "log", "ctx", "env", "nope", "valueOf"])
    def test_fields_and_unknown_names_are_not(self, name: str) -> None:
        # DO-10.1.2
        async def body(caller: Any, stub: Any) -> None:
            failure = await failure_of(getattr(stub, name)())
            assert str(failure) == f'TypeError: The RPC receiver does not implement the method "{name}".'
            assert failure.remote
            assert failure.durable_object_id == str(caller.ctx.id)

        between(body)

    @pytest.mark.parametrize("name", ["alarm", "webSocketMessage", "webSocketClose", "webSocketError", "dup"])
    def test_names_of_events_are_reserved(self, name: str) -> None:
        # DO-10.1.3
        async def body(caller: Any, stub: Any) -> None:
            failure = await failure_of(getattr(stub, name)())
            assert str(failure) == f"TypeError: '{name}' is a reserved method and cannot be called over RPC."

        between(body)

    def test_connections_are_not_there_yet(self) -> None:
        # DO-10.1.3
        async def body(caller: Any, stub: Any) -> None:
            with pytest.raises(
                PlatformError, match=r"^stub\.connect\(\) exists on the platform, but not in this version"
            ):
                stub.connect("localhost:80")

        between(body)

    def test_what_is_no_function_cannot_be_called(self) -> None:
        # DO-10.1.4
        async def body(caller: Any, stub: Any) -> None:
            assert str(await failure_of(stub.number())) == 'TypeError: "number" is not a function.'

        between(body)

    def test_a_stub_has_an_id_and_a_name_and_is_not_awaitable(self) -> None:
        # DO-10.1.5 DO-2.3.4
        async def body(caller: Any, stub: Any) -> None:
            assert stub.name == "callee"
            assert stub.id.equals(caller.env.CALLEE.idFromName("callee"))
            assert not hasattr(stub, "then")
            assert caller.env.CALLEE.get(caller.env.CALLEE.newUniqueId()).name is UNDEFINED

        between(body)

    def test_a_class_that_extends_nothing_has_no_methods_but_fetch(self) -> None:
        # DO-10.1.1
        class Plain:
            def __init__(self, ctx: Any, env: Any) -> None:
                """Keeps nothing."""

            def method(self) -> None:
                """Never reached."""

            def fetch(self, request: Request) -> Response:
                return Response(status=204)

        async def scenario(host: Any) -> None:
            stub = host.namespace(Plain).get_by_name("a")
            with pytest.raises(PlatformError, match="was not declared with `extends DurableObject`"):
                await stub.method()
            assert (await stub.fetch("https://x/")).status == 204

        hosted(scenario, surface="neutral")


class TestSending:
    def test_values_are_deep_copies(self) -> None:
        # DO-10.2.1
        async def body(caller: Any, stub: Any) -> None:
            inner = [1]
            sent = {"a": inner, "m": JSMap({"k": 1})}
            call = stub.echo(sent)
            inner.append(2)
            assert await call == [{"a": [1], "m": JSMap({"k": 1})}]

        between(body)

    def test_what_has_no_clone_is_a_rejection(self) -> None:
        # DO-10.2.1
        async def body(caller: Any, stub: Any) -> None:
            assert (await failure_of(stub.echo(object()))).name == "DataCloneError"
            failure = await failure_of(stub.uncloneable())
            assert (failure.name, failure.remote) == ("DataCloneError", True)

        between(body)

    def test_calls_on_one_stub_arrive_in_order(self) -> None:
        # DO-10.3.1
        async def body(caller: Any, stub: Any) -> None:
            for number in range(20):
                stub.note(number)
            assert await stub.notes() == list(range(20))

        between(body)

    def test_an_object_can_call_itself(self) -> None:
        # DO-10.3.3
        async def body(caller: Any, stub: Any) -> None:
            assert await stub.by_itself() == "inherited"

        between(body)


class TestErrors:
    def test_class_message_and_own_properties_are_kept(self) -> None:
        # DO-10.4.T1.1 DO-10.4.3
        async def body(caller: Any, stub: Any) -> None:
            failure = await failure_of(stub.fail())
            assert (failure.name, failure.message, failure.code) == ("TypeError", "bad", 7)
            assert failure.remote
            assert failure.durable_object_id == str(caller.ctx.id)
            assert not failure.durable_object_reset

        between(body)

    def test_before_enhanced_errors_own_properties_are_dropped(self) -> None:
        # DO-10.4.T1.1 DO-10.4.T1.2
        async def body(caller: Any, stub: Any) -> None:
            failure = await failure_of(stub.fail())
            assert (failure.name, failure.message, hasattr(failure, "code")) == ("TypeError", "bad", False)
            assert (failure.remote, failure.durable_object_id) == (True, str(caller.ctx.id))
            assert str(await failure_of(stub.fail_own())) == "MyErr: mine"
            assert (await failure_of(stub.fail_own())).name == "Error"

        between(body, compatibility_date="2026-04-20")

    def test_a_class_of_ones_own_keeps_its_name(self) -> None:
        # DO-10.4.T1.2
        async def body(caller: Any, stub: Any) -> None:
            failure = await failure_of(stub.fail_own())
            assert (failure.name, failure.message) == ("MyErr", "mine")
            assert (await failure_of(stub.fail_python())).name == "KeyError"

        between(body)

    def test_flags_of_the_error_are_kept(self) -> None:
        # DO-10.4.T1.7
        async def body(caller: Any, stub: Any) -> None:
            assert (await failure_of(stub.fail_flagged())).overloaded

        between(body)

    def test_a_throwing_method_does_not_reset_the_object(self) -> None:
        # DO-10.4.2
        async def body(caller: Any, stub: Any) -> None:
            await stub.note(1)
            await failure_of(stub.fail())
            assert await stub.notes() == [1]

        between(body)

    def test_an_error_that_resets_the_object_reaches_each_caller_as_a_copy_with_its_own_properties(self) -> None:
        # DO-6.5.5 DO-10.2.1
        class Breaking(NeutralObject):
            async def wait(self) -> None:
                await asyncio.sleep(60)

            async def fail(self) -> None:
                def section() -> None:
                    failure = type_error("bad")
                    failure.detail = [1]
                    raise failure

                await self.ctx.blockConcurrencyWhile(section)

        class Watcher(NeutralObject):
            async def run(self) -> list[Any]:
                stub = self.env.BREAKING.getByName("a")
                waits = stub.wait()
                failures = [await failure_of(stub.fail()), await failure_of(waits)]
                assert failures[0].detail is not failures[1].detail
                return [failure.detail for failure in failures]

        async def scenario(host: Any) -> Any:
            host.namespace(Breaking)
            return await host.namespace(Watcher).get_by_name("a").run()

        assert hosted(scenario, surface="neutral") == [[1], [1]]

    def test_a_failed_constructor_resets_and_is_not_remote(self) -> None:
        # DO-9.5.T1.3
        class Broken(NeutralObject):
            def __init__(self, ctx: Any, env: Any) -> None:
                raise type_error("no")

        class Watcher(NeutralObject):
            async def run(self) -> list[Any]:
                failure = await failure_of(self.env.BROKEN.getByName("a").method())
                return [str(failure), failure.durable_object_reset, failure.remote]

        async def scenario(host: Any) -> Any:
            host.namespace(Broken)
            return await host.namespace(Watcher).get_by_name("a").run()

        assert hosted(scenario, surface="neutral") == ["TypeError: no", True, False]


class TestFetch:
    def test_a_request_reaches_the_handler(self) -> None:
        # DO-10.5
        async def body(caller: Any, stub: Any) -> None:
            answer = await stub.fetch("https://x/path")
            assert (answer.status, answer.body) == (201, b"https://x/path")

        between(body)

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_get_and_head_cannot_have_a_body(self, method: str) -> None:
        # DO-10.5
        async def body(caller: Any, stub: Any) -> None:
            failure = await failure_of(stub.fetch("https://x/", method=method, body=b""))
            assert (failure.name, str(failure.message)) == (
                "TypeError",
                "Request with a GET or HEAD method cannot have a body.",
            )
            assert not failure.remote

        between(body)

    def test_the_answer_to_head_has_no_body(self) -> None:
        # DO-10.5
        async def body(caller: Any, stub: Any) -> None:
            answer = await stub.fetch("https://x/path", method="HEAD")
            assert (answer.status, answer.body) == (201, None)

        between(body)

    def test_a_class_without_handler_says_so(self) -> None:
        # DO-10.5
        async def body(caller: Any, stub: Any) -> None:
            failure = await failure_of(caller.env.CALLER.getByName("other").fetch("https://x/"))
            assert str(failure) == "Handler does not export a fetch() function."
            assert failure.remote

        between(body)


class TestAbort:
    @pytest.mark.parametrize(
        ("args", "text"),
        [
            (("why",), "why"),
            ((), "Application called abort() to reset Durable Object."),
            ((UNDEFINED,), "Application called abort() to reset Durable Object."),
            ((type_error("tt"),), "TypeError: tt"),
            ((5,), "5"),
        ],
    )
    def test_the_caller_gets_the_reason(self, args: tuple[Any, ...], text: str) -> None:
        # DO-9.4.3
        def body(instance: Any) -> None:
            instance.ctx.abort(*args)

        with pytest.raises(PlatformError) as failure:
            inside_neutral(body)
        assert (failure.value.name, failure.value.message) == ("Error", text)
        assert failure.value.durable_object_reset
        assert failure.value.remote is failure.value.retryable is failure.value.overloaded is False

    def test_writes_of_the_turn_are_discarded(self) -> None:
        # DO-9.4.2
        class Target(NeutralObject):
            async def stop(self) -> None:
                await self.ctx.storage.put("k", 1)
                self.ctx.abort("why")

            async def read(self) -> Any:
                return await self.ctx.storage.get("k")

        async def scenario(host: Any) -> Any:
            namespace = host.namespace(Target)
            with pytest.raises(PlatformError, match="why"):
                await namespace.get_by_name("a").stop()
            return await namespace.get_by_name("a").read()

        assert hosted(scenario, surface="neutral") is UNDEFINED

    def test_the_same_stub_repeats_it_and_a_new_one_works(self) -> None:
        # DO-9.4.4
        class Target(NeutralObject):
            def stop(self) -> None:
                self.ctx.abort("why")

            def touch(self) -> int:
                return 1

        class Watcher(NeutralObject):
            async def run(self) -> Any:
                stub = self.env.TARGET.getByName("a")
                for call in (stub.stop, stub.touch):
                    assert str(await failure_of(call())) == "why"
                return await self.env.TARGET.getByName("a").touch()

        async def scenario(host: Any) -> Any:
            host.namespace(Target)
            return await host.namespace(Watcher).get_by_name("w").run()

        assert hosted(scenario, surface="neutral") == 1


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(PlatformError) as refusal:
        call()
    return str(refusal.value)


class TestNamespace:
    def test_ids_come_from_names_text_and_chance(self) -> None:
        # DO-2.2.T1.1-3 DO-2.3.1-3
        async def body(caller: Any, stub: Any) -> None:
            namespace = caller.env.CALLEE
            named = namespace.idFromName("a")
            assert (named.name, named.jurisdiction) == ("a", UNDEFINED)
            assert namespace.idFromName(5).name == "5"
            assert namespace.idFromName("").name == ""
            parsed = namespace.idFromString(str(named).upper())
            assert parsed.equals(named)
            assert parsed.name is UNDEFINED
            assert namespace.newUniqueId(None).name is UNDEFINED
            assert len(named.toString()) == 64

        between(body)

    @pytest.mark.parametrize(
        ("call", "text"),
        [
            (
                lambda n: n.idFromName(),
                "'idFromName' on 'DurableObjectNamespace': parameter 1 is not of type 'string'.",
            ),
            (lambda n: n.get(), "'get' on 'DurableObjectNamespace': parameter 1 is not of type 'DurableObjectId'."),
            (lambda n: n.get("x"), "'get' on 'DurableObjectNamespace': parameter 1 is not of type 'DurableObjectId'."),
            (lambda n: n.getByName(), "'getByName' on 'DurableObjectNamespace': parameter 1 is not of type 'string'."),
            (
                lambda n: n.get(n.idFromName("x"), 5),
                "'get' on 'DurableObjectNamespace': parameter 2 is not of type 'GetDurableObjectOptions'.",
            ),
            (
                lambda n: n.newUniqueId(5),
                "'newUniqueId' on 'DurableObjectNamespace': parameter 1 is not of type 'NewUniqueIdOptions'.",
            ),
            (
                lambda n: n.idFromName("x").equals(5),
                "'equals' on 'DurableObjectId': parameter 1 is not of type 'DurableObjectId'.",
            ),
        ],
    )
    def test_arguments_are_checked_by_type(self, call: Callable[[Any], Any], text: str) -> None:
        # DO-2.2.T1.1 DO-2.2.T1.5 DO-2.3.2
        def body(caller: Any, stub: Any) -> None:
            assert refused(lambda: call(caller.env.CALLEE)) == f"TypeError: Failed to execute {text}"

        between(body)

    @pytest.mark.parametrize(
        ("call", "text"),
        [
            (lambda n: n.idFromString(5), "TypeError: Invalid Durable Object ID: must be 64 hex digits"),
            (lambda n: n.idFromString("0" * 64), "TypeError: Durable Object ID is not valid for this namespace."),
            (lambda n: n.get(n.idFromName("x"), {"routingMode": "zz"}), "RangeError: unknown routingMode: zz"),
            (
                lambda n: n.newUniqueId({"jurisdiction": "eu"}),
                "Jurisdiction restrictions are not implemented in workerd.",
            ),
            (lambda n: n.jurisdiction("eu"), "Jurisdiction restrictions are not implemented in workerd."),
        ],
    )
    def test_values_are_checked(self, call: Callable[[Any], Any], text: str) -> None:
        # DO-2.2.T1.2-5
        def body(caller: Any, stub: Any) -> None:
            assert refused(lambda: call(caller.env.CALLEE)) == text

        between(body)

    def test_options_that_mean_nothing_are_accepted(self) -> None:
        # DO-2.2.T1.4-6
        async def body(caller: Any, stub: Any) -> None:
            namespace = caller.env.CALLEE
            same = (
                namespace.jurisdiction()
                .jurisdiction(None)
                .get(namespace.idFromName("callee"), {"locationHint": "x", "routingMode": "primary-only"})
            )
            await stub.note(1)
            assert await same.notes() == [1]

        between(body)

    def test_an_id_of_another_namespace_reaches_an_object_of_this_one(self) -> None:
        # DO-2.2.1
        async def body(caller: Any, stub: Any) -> None:
            foreign = caller.env.CALLER.idFromName("caller")
            assert await caller.env.CALLEE.get(foreign).inherited() == "inherited"

        between(body)
