"""How events reach handlers and methods: spec python-workers 1.4."""

import asyncio
import contextvars
import functools

import pytest
from pyodide.ffi import JsException
from workers import DurableObject, Request, Response

from pytest_durable import PlatformError
from pytest_durable.events import AlarmAbandoned, AlarmFinished, AlarmStarted, InstanceBuilt

pytestmark = pytest.mark.durable(storage="memory")


class Mixin:
    async def mixed(self):
        return "mixed"


class Base(DurableObject):
    def inherited(self):
        return "inherited"


class Callee(Mixin, Base):
    constant = 5

    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.log = []
        self.assigned = lambda: "assigned"

    def _private(self):
        return "private"

    @staticmethod
    def static():
        return "static"

    @classmethod
    def of_class(cls):
        return cls.__name__

    async def asynchronous(self):
        await asyncio.sleep(1)
        return "asynchronous"

    def awaitable(self):
        return self.asynchronous()

    def future(self):
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(1, future.set_result, "future")
        return future

    def two(self, first, second):
        return [first, second]

    def dup(self):
        self.log.append("dup")

    def connect(self):
        self.log.append("connect")

    def webSocketMessage(self, ws, message):
        self.log.append("webSocketMessage")

    def alarm(self):
        self.log.append("alarm")

    def logged(self):
        return self.log


@pytest.fixture
def callees(durable):
    return durable.namespace(Callee)


@pytest.fixture
def refusal(inside, callees):
    """``await refusal(method, *args)``: what production's stub answers to a call that fails."""

    async def refused(method, *args):
        async def body(self):
            stub = self.env.CALLEE.getByName("a")
            assert hasattr(stub, method)
            with pytest.raises(JsException) as caught:
                await getattr(stub, method)(*args)
            return caught.value

        return await inside(body)

    return refused


# What can be called.


@pytest.mark.parametrize("method", ["nope", "constant", "log"])
async def test_what_is_no_method_shows_only_when_it_is_called(refusal, method):
    """PW-1.28"""
    assert str(await refusal(method)) == f"TypeError: Method {method} does not exist"


async def test_test_is_told_what_is_no_method_too(callees):
    """PW-1.28"""
    with pytest.raises(PlatformError) as refused:
        await callees.get_by_name("a").nope()
    assert (refused.value.name, refused.value.message) == ("TypeError", "Method nope does not exist")


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("mixed", "mixed"),
        ("inherited", "inherited"),
        ("assigned", "assigned"),
        ("_private", "private"),
        ("static", "static"),
        ("of_class", "Callee"),
    ],
)
async def test_every_callable_of_the_instance_is_reachable(inside, callees, method, result):
    """PW-1.32"""
    assert await inside(lambda self: getattr(self.env.CALLEE.getByName("a"), method)()) == result


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("static", "static"),
        ("asynchronous", "asynchronous"),
        ("awaitable", "asynchronous"),
        ("future", "future"),
    ],
)
async def test_method_may_be_plain_or_async_or_return_an_awaitable(callees, method, result):
    """PW-1.31"""
    assert await getattr(callees.get_by_name("a"), method)() == result


@pytest.mark.parametrize(
    "name", ["fetch", "connect", "alarm", "webSocketMessage", "webSocketClose", "webSocketError", "dup"]
)
async def test_reserved_name_is_refused_before_user_code_runs(durable, inside, callees, name):
    """PW-1.33"""

    async def body(self):
        stub = self.env.CALLEE.getByName("a")
        with pytest.raises(JsException) as refused:
            # The stub's own `fetch` sends a request; a method of that name cannot be asked for in any other way.
            await stub.__getattr__(name)()
        return str(refused.value)

    assert await inside(body) == f"TypeError: '{name}' is a reserved method and cannot be called over RPC."
    assert await callees.get_by_name("a").logged() == []


@pytest.mark.parametrize("name", ["ctx", "env"])
async def test_ctx_and_env_are_no_methods(refusal, name):
    """PW-1.33"""
    assert str(await refusal(name)) == f'TypeError: The RPC receiver does not implement the method "{name}".'


# Arguments.


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((1,), "missing 1 required positional argument: 'second'"),
        ((1, 2, 3), "takes 3 positional arguments but 4 were given"),
    ],
)
async def test_method_gets_exactly_the_arguments_sent_or_fails_in_pythons_words(refusal, callees, args, text):
    """PW-1.29, PW-1.30, PW-1.4.T1.10"""
    failure = await refusal("two", *args)
    assert failure.type == "TypeError"
    assert text in failure.message
    with pytest.raises(TypeError, match=text):
        await callees.get_by_name("a").two(*args)


class WithoutParameters(DurableObject):
    def alarm(self):
        self.ctx.storage.kv.put("ran", [])

    def fetch(self):
        return Response("none")


class WithOptionalParameters(DurableObject):
    def alarm(self, info=None, more="untouched"):
        self.ctx.storage.kv.put("ran", [info.scheduledTime, more])

    async def fetch(self, request, env="untouched", ctx="untouched"):
        return Response(f"{request.method} {env} {ctx}")


class WithAllParameters(DurableObject):
    async def alarm(self, info, *rest):
        self.ctx.storage.kv.put("ran", [info.scheduledTime, *rest])

    async def fetch(self, *args):
        assert isinstance(args[0], Request)
        return Response(f"{args[0].method} {len(args)}")


@pytest.mark.parametrize(
    ("cls", "seen"),
    [(WithoutParameters, []), (WithOptionalParameters, ["due", "untouched"]), (WithAllParameters, ["due"])],
)
async def test_alarm_handler_gets_as_many_arguments_as_it_takes(durable, cls, seen):
    """PW-1.29, PW-1.30, PW-1.31, PW-1.4.T1.3"""
    stub = durable.namespace(cls).get_by_name("a")
    due = durable.clock.time_ms() + 100
    await durable.run_in_object(stub, lambda self, ctx: ctx.storage.setAlarm(due))
    await durable.clock.advance(seconds=1)

    assert durable.stored(stub).kv["ran"] == [due if item == "due" else item for item in seen]


@pytest.mark.parametrize(
    ("cls", "text"),
    [(WithoutParameters, "none"), (WithOptionalParameters, "PUT untouched untouched"), (WithAllParameters, "PUT 1")],
)
async def test_fetch_handler_gets_as_many_arguments_as_it_takes(durable, inside, cls, text):
    """PW-1.29, PW-1.30, PW-1.31, PW-1.4.T1.1"""
    namespace = durable.namespace(cls, binding="TARGET")
    assert await (await namespace.get_by_name("a").fetch("https://x/", method="PUT")).text() == text

    async def body(self):
        answer = await self.env.TARGET.getByName("a").fetch("https://x/", method="PUT")
        return await answer.text()

    assert await inside(body) == text


def noted(handler):
    @functools.wraps(handler)
    def wrapper(*args, **kwargs):
        return handler(*args, **kwargs)

    return wrapper


class DecoratedHandlers(DurableObject):
    @noted
    def fetch(self):
        return Response("decorated")


class StaticHandlers(DurableObject):
    @staticmethod
    def fetch():
        return Response("static")


class AssignedHandlers(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.fetch = lambda: Response("assigned")


class PositionalHandlers(DurableObject):
    @noted
    def fetch(self, request, /, *rest):
        return Response(f"positional {request.method} {len(rest)}")


@pytest.mark.parametrize(
    ("cls", "text"),
    [
        (DecoratedHandlers, "decorated"),
        (StaticHandlers, "static"),
        (AssignedHandlers, "assigned"),
        (PositionalHandlers, "positional GET 0"),
    ],
)
async def test_arguments_fit_handlers_of_every_kind(durable, cls, text):
    """PW-1.29, PW-1.32"""
    answer = await durable.namespace(cls).get_by_name("a").fetch("https://x/")
    assert await answer.text() == text


async def test_strict_call_of_a_handler_that_takes_too_much_fails(durable):
    """PW-1.29"""

    class Greedy(DurableObject):
        def fetch(self, request, env):
            return Response("never")

    with pytest.raises(TypeError, match="missing 1 required positional argument: 'env'"):
        await durable.namespace(Greedy).get_by_name("a").fetch("https://x/")


async def test_alarm_info_tells_time_and_tries(durable):
    """PW-1.4.T1.3"""
    told = []

    class Failing(DurableObject):
        def begin(self, due):
            self.ctx.storage.setAlarm(due)

        def alarm(self, info):
            told.append((info.scheduledTime, info.isRetry, info.retryCount))
            if len(told) < 3:
                raise ValueError("again")

    due = durable.clock.time_ms() + 1000
    await durable.namespace(Failing).get_by_name("a").begin(due)
    await durable.clock.advance(minutes=1)
    assert told == [(due, False, 0), (due, True, 1), (due, True, 2)]


# Tasks.


async def test_async_methods_run_in_tasks_of_their_own(durable):
    """PW-1.37"""

    class Tasks(DurableObject):
        async def task(self):
            before = asyncio.current_task()
            await asyncio.sleep(1)
            assert asyncio.current_task() is before
            return str(id(before))

    stub = durable.namespace(Tasks).get_by_name("a")
    first, second = await asyncio.gather(stub.task(), stub.task())
    assert first != second


async def test_plain_method_runs_to_completion_before_the_next_event(durable):
    """PW-1.37"""
    order = []

    class Plain(DurableObject):
        def plain(self, name):
            self.ctx.storage.put(name, 1)
            order.append(f"{name} begins")
            order.append(f"{name} ends")

    stub = durable.namespace(Plain).get_by_name("a")
    await asyncio.gather(stub.plain("a"), stub.plain("b"))
    assert order == ["a begins", "a ends", "b begins", "b ends"]


variable = contextvars.ContextVar("variable", default="unset")


async def test_context_variables_of_the_caller_do_not_reach_the_object(durable, inside):
    """PW-1.37"""

    class Reader(DurableObject):
        async def read(self):
            return variable.get()

    variable.set("the test's")
    reader = durable.namespace(Reader).get_by_name("a")
    assert await reader.read() == "unset"

    async def body(self):
        variable.set("the caller's")
        return await self.env.READER.getByName("a").read()

    assert await inside(body) == "unset"


async def test_context_variables_do_not_pass_from_one_event_to_the_next(durable):
    """PW-1.37"""

    class Keeper(DurableObject):
        async def swap(self, value):
            before = variable.get()
            variable.set(value)
            return before

    keeper = durable.namespace(Keeper).get_by_name("a")
    assert [await keeper.swap("first"), await keeper.swap("second")] == ["unset", "unset"]


# An alarm that nobody handles.


async def test_alarm_without_a_handler_is_set_with_a_warning(durable):
    """PW-1.38, PD-W05"""

    class Unprepared(DurableObject):
        async def begin(self):
            await self.ctx.storage.setAlarm(self.due)

        due = 1_893_456_001_000

    stub = durable.namespace(Unprepared).get_by_name("a")
    await stub.begin()

    durable.assert_alarm(stub, after=1)
    assert "alarm() method" in durable.expect_warning("PD-W05").text


async def test_run_of_an_alarm_without_a_handler_fails_and_is_retried(durable):
    """PW-1.38"""

    class Unprepared(DurableObject):
        async def begin(self):
            await self.ctx.storage.setAlarm(1_893_456_001_000)

    stub = durable.namespace(Unprepared).get_by_name("a")
    await stub.begin()
    await durable.clock.advance(hours=1)

    durable.expect_warning("PD-W05")
    errors = {record.error for record in durable.journal.of(AlarmFinished, object=stub)}
    assert errors == {"PlatformError: TypeError: Method alarm does not exist"}
    assert len(durable.journal.of(AlarmStarted, object=stub)) == 7
    assert len(durable.journal.of(AlarmAbandoned, object=stub)) == 1


# Construction, as far as events notice it.


async def test_failed_constructor_answers_every_event_and_is_not_run_again(durable):
    """PW-1.14, PW-1.15, PD-W06"""
    runs = []

    class Broken(DurableObject):
        def __init__(self, ctx, env):
            runs.append(1)
            raise ValueError("not today")

        def work(self):
            """Never reached."""

    broken = durable.namespace(Broken)
    with pytest.raises(ValueError, match="not today"):
        await broken.get_by_name("a").work()
    assert durable.warnings == ()

    with pytest.raises(ValueError, match="not today"):
        await broken.get_by_name("a").work()
    with pytest.raises(ValueError, match="not today"):
        await broken.get_by_name("a").fetch("https://x/")

    assert runs == [1]
    assert durable.expect_warning("PD-W06").text == (
        "Broken.__init__ raised ValueError, and every further event of the object is answered with the same exception:"
        " __init__ does not run again until the object is evicted"
    )


async def test_failed_constructor_runs_again_after_an_eviction(durable):
    """PW-1.14"""
    runs = []

    class FailsOnce(DurableObject):
        def __init__(self, ctx, env):
            super().__init__(ctx, env)
            runs.append(1)
            if len(runs) == 1:
                raise ValueError("once")

        def work(self):
            return "works"

    stub = durable.namespace(FailsOnce).get_by_name("a")
    with pytest.raises(ValueError, match="once"):
        await stub.work()
    await durable.clock.advance(seconds=11)

    assert await stub.work() == "works"
    assert durable.warnings == ()


async def test_constructor_is_called_with_two_positional_arguments(durable):
    """PW-1.7, PW-1.8"""

    class Bare(DurableObject):
        def __init__(self, *args, **kwargs):
            self.given = [len(args), len(kwargs)]

        def how(self):
            return self.given

    bare = durable.namespace(Bare).get_by_name("a")
    assert await bare.how() == [2, 0]
    assert len(durable.journal.of(InstanceBuilt, object=bare)) == 1
