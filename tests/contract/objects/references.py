"""Objects that hand each other functions and objects with methods, and ask for what lies within results.

``references.js`` holds the same.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pytest_durable._core.platform_errors import PlatformError, type_error
from pytest_durable._core.storage.values import UNDEFINED, JSMap
from pytest_durable._surfaces.neutral import NeutralObject, RpcTarget, dispose, make_stub


class Instance:
    """Of a class of one's own."""


class Tally(RpcTarget):
    def __init__(self, count: int, log: list[str] | None = None) -> None:
        self.count = count
        self.field = 1
        self.log: list[str] = [] if log is None else log

    def add(self, amount: int) -> int:
        self.count += amount
        return self.count

    @property
    def value(self) -> int:
        return self.count

    @property
    def parts(self) -> object:
        return {"a": {"b": 7}, "double": lambda x: 2 * x}

    def itself(self) -> "Tally":
        return self

    def fail(self) -> None:
        failure = type_error("bad")
        failure.code = 7  # type: ignore[attr-defined]
        raise failure

    def fetch(self, what: object) -> str:
        return f"fetched {what}"

    def text(self, size: int) -> str:
        return "x" * size

    def size(self, text: str) -> int:
        return len(text)

    def __dispose__(self) -> None:
        self.log.append(f"disposed of {self.count}")


class OfObject(RpcTarget):
    def __init__(self, home: "Callee") -> None:
        self.home = home

    async def put(self, value: object) -> object:
        await self.home.ctx.storage.put("value", value)
        return value

    def end(self) -> None:
        self.home.ctx.abort("why")

    async def fail_in_section(self) -> None:
        def section() -> None:
            raise PlatformError("bad section")

        await self.home.ctx.blockConcurrencyWhile(section)

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def hang(self) -> None:
        await asyncio.get_running_loop().create_future()


class Callee(NeutralObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.log: list[object] = []
        self.built = id(self)
        self.kept: Any = None

    @property
    def number(self) -> int:
        return 5

    @property
    def parts(self) -> object:
        return {"a": {"b": 7}, "double": lambda x: 2 * x, "text": "text", "tally": Tally(5)}

    @property
    def later(self) -> Awaitable[int]:
        async def later() -> int:
            await asyncio.sleep(1)
            return 123

        return later()

    @property
    def failing(self) -> None:
        raise PlatformError("bad property", name="RangeError")

    @property
    def absent(self) -> object:
        return UNDEFINED

    @property
    def nothing(self) -> None:
        return None

    async def one(self) -> int:
        return 1

    async def object(self) -> object:
        return {"a": {"b": 7}, "double": lambda x: 2 * x, "tally": Tally(5), "list": [1, {"x": 2}]}

    async def list(self) -> Any:
        return [1]

    async def map(self) -> Any:
        return JSMap({"k": 1})

    async def tally(self) -> Tally:
        return Tally(3)

    async def disposable(self) -> object:
        return {"a": 1, "__dispose__": lambda: self.log.append("disposed")}

    async def inside(self) -> OfObject:
        return OfObject(self)

    async def doubler(self) -> Any:
        def double(x: int) -> int:
            return 2 * x

        double.part = {"q": 1}  # type: ignore[attr-defined]
        return double

    async def with_promise(self, function: Any) -> Any:
        return _with("value", function())

    async def with_property(self, function: Any) -> Any:
        return _with("value", function.dup().part)

    async def fail(self) -> None:
        raise PlatformError("bad", name="RangeError")

    async def call(self, function: Any, *args: Any) -> Any:
        return await function(*args)

    async def add(self, tally: Any, amount: int) -> Any:
        return await tally.add(amount)

    async def read(self, tally: Any, name: str) -> Any:
        return await tally[name]

    async def ask(self, tally: Any, name: str, *args: Any) -> Any:
        return await tally[name](*args)

    async def echo(self, value: Any) -> Any:
        return value

    async def keep(self, function: Any) -> None:
        self.kept = function

    async def keep_dup(self, function: Any) -> None:
        self.kept = function.dup()

    async def use_kept(self, *args: Any) -> Any:
        return await outcome(lambda: self.kept(*args))

    async def dispose_kept(self) -> None:
        dispose(self.kept)

    async def give_kept(self) -> Any:
        return self.kept

    async def same(self, first: Any, second: Any) -> bool:
        return first is second

    async def note(self, item: int) -> Tally:
        self.log.append(item)
        return Tally(item)

    async def notes(self) -> Any:
        return self.log

    async def birth(self) -> int:
        return self.built

    async def stored(self) -> Any:
        return await self.ctx.storage.get("value")

    async def hold(self, seconds: float) -> None:
        await self.ctx.blockConcurrencyWhile(lambda: asyncio.sleep(seconds))

    async def section_with(self, function: Any) -> Any:
        return await self.ctx.blockConcurrencyWhile(lambda: function())

    async def section_with_own(self) -> Any:
        async def section() -> Any:
            return await self.env.CALLEE.getByName("helper").call(lambda: 12345)

        return await self.ctx.blockConcurrencyWhile(section)

    async def other(self, name: str) -> Any:
        return self.env.CALLEE.getByName(name)

    async def other_in(self, name: str) -> Any:
        return {"stub": self.env.CALLEE.getByName(name)}

    async def who(self) -> Any:
        return self.ctx.id.name

    async def name_of(self, stub: Any) -> Any:
        return await stub.who()

    async def nested(self) -> Any:
        return {"call": self.env.CALLEE.getByName("z").one()}

    async def nested_property(self) -> Any:
        return {"property": self.env.CALLEE.getByName("z").number}

    async def forward(self) -> Any:
        return self.env.CALLEE.getByName("z").one()

    async def forward_property(self) -> Any:
        return self.env.CALLEE.getByName("z").number

    async def end(self) -> None:
        self.ctx.abort("ended")


class Caller(NeutralObject):
    """Does as the test says: each scenario is a method of ``Scenarios``."""

    async def run(self, name: str, *args: Any) -> Any:
        scenarios = Scenarios(self, self.env.CALLEE.getByName("callee"))
        return await outcome(lambda: getattr(scenarios, name)(*args))


class Scenarios:
    def __init__(self, me: Caller, stub: Any) -> None:
        self.me = me
        self.stub = stub

    async def read(self, *path: str) -> Any:
        return await along(self.stub, path)

    async def call(self, path: list[str], args: list[Any]) -> Any:
        return await along(self.stub, path)(*args)

    async def result_of(self, method: str, path: list[str]) -> Any:
        return await along(self.stub[method](), path)

    async def call_result_of(self, method: str, path: list[str], args: list[Any]) -> Any:
        return await along(self.stub[method](), path)(*args)

    async def after_result_of(self, method: str, path: list[str]) -> Any:
        call = self.stub[method]()
        await outcome(lambda: call)
        return await along(call, path)

    async def depth(self, begin: str) -> Any:
        at = self.stub if begin == "stub" else self.stub.object()
        for depth in range(100):
            try:
                at = at.x
            except PlatformError as failure:
                return [depth, told(failure)]
        return None

    async def method_as_stub(self) -> Any:
        return await (await self.stub.one)()

    async def promise_twice(self) -> Any:
        call = self.stub.one()
        return [await call, await call]

    async def state_is_shared(self) -> Any:
        call = self.stub.tally()
        first, second = call.add(1), call.add(1)
        tally = await call
        return [await first, await second, await tally.add(1)]

    async def order(self) -> Any:
        for number in range(5):
            self.stub.note(number)
        value = self.stub.note(5).value
        self.stub.note(6)
        return [await self.stub.notes(), await value]

    async def order_of_reference(self) -> Any:
        tally = await self.stub.tally()
        return await asyncio.gather(*[tally.add(amount) for amount in (1, 1, 1, 1)])

    async def dispose_promise(self) -> Any:
        call = self.stub.object()
        dispose(call)

        async def use() -> Any:
            return await (await call)["double"](1)

        return [await outcome(lambda: call.a.b), await outcome(use)]

    async def dispose_result(self) -> Any:
        call = self.stub.object()
        result = await call
        dispose(call)
        return [result["a"], await outcome(lambda: result["double"](1)), await outcome(lambda: call.a)]

    async def dispose_object(self) -> Any:
        call = self.stub.disposable()
        result = await call
        await asyncio.sleep(0.1)
        before = await self.stub.notes()
        dispose(call)
        await asyncio.sleep(0.1)
        return [result["a"], list(result), before, await self.stub.notes()]

    async def pass_function(self) -> Any:
        return await self.stub.call(lambda x: 10 * x, 4)

    async def pass_tally(self) -> Any:
        return await self.stub.add(Tally(1), 4)

    async def read_of_tally(self, name: str) -> Any:
        return await self.stub.read(Tally(3), name)

    async def ask_of_tally(self, name: str, *args: Any) -> Any:
        return await self.stub.ask(Tally(3), name, *args)

    async def call_tally(self) -> Any:
        return await self.stub.call(Tally(1))

    async def read_of_function(self) -> Any:
        return await self.stub.read(_with("part", 7), "part")

    async def ask_part_of_function(self) -> Any:
        return await self.stub.ask(_with("part", 7), "part")

    async def function_of_result(self) -> Any:
        return await (await self.stub.doubler())(4)

    async def functions_in_result(self) -> Any:
        result = await self.stub.object()
        return [await result["double"](4), await result["tally"].add(1)]

    async def function_comes_back(self) -> Any:
        def function(x: int) -> int:
            return 3 * x

        back = await self.stub.echo(function)
        return [back is function, await back(2)]

    async def promise_in_function(self) -> Any:
        def function() -> object:
            return {"x": 123}

        function.part = {"x": 456}  # type: ignore[attr-defined]
        stub = self.stub
        return [
            await stub.with_promise(function).value,
            await outcome(lambda: stub.with_promise(function).value.x),
            await stub.with_property(function).value,
            await outcome(lambda: stub.with_property(function).value.x),
            await outcome(lambda: stub.with_property(function).value()),
        ]

    async def keep(self) -> Any:
        await self.stub.keep(lambda: 1)
        return await self.stub.use_kept()

    async def keep_dup(self) -> Any:
        await self.stub.keep_dup(lambda x: x)
        before = await self.stub.use_kept(2)
        await self.stub.dispose_kept()
        return [before, await self.stub.use_kept(2)]

    async def give_kept(self) -> Any:
        await self.stub.keep_dup(lambda x: x)
        given = await self.stub.give_kept()
        return [await given(5), await self.stub.use_kept(5)]

    async def same_twice(self) -> Any:
        def function() -> int:
            return 1

        return await self.stub.same(function, function)

    async def function_throws(self) -> Any:
        try:
            await self.stub.call(Tally(1).fail)
        except PlatformError as failure:
            return [told(failure), failure.durable_object_id == str(self.me.ctx.id)]

    async def tally_throws(self) -> Any:
        tally = await self.stub.tally()
        try:
            await tally.fail()
        except PlatformError as failure:
            return [told(failure), failure.durable_object_id == str(self.stub.id)]

    async def disposal(self, how: str) -> Any:
        log: list[str] = []
        tally = Tally(1, log)
        if how == "call":
            await self.stub.add(tally, 1)
        if how == "failed call":
            await outcome(lambda: self.stub.ask(tally, "fail"))
        if how == "never sent":
            await outcome(lambda: self.stub.echo([tally, Instance()]))
        if how == "function":

            def function() -> int:
                return 1

            function.__dispose__ = lambda: log.append("disposed")  # type: ignore[attr-defined]
            await self.stub.call(function)
        if how == "stub":
            dispose(make_stub(tally))
        if how == "kept":
            await self.stub.keep_dup(tally)
        await asyncio.sleep(0.1)
        first = list(log)
        if how == "kept":
            await self.stub.dispose_kept()
        await asyncio.sleep(0.1)
        return [first, log]

    async def own_stub(self, how: str) -> Any:
        stub = make_stub({"sum": lambda a, b: a + b, "k": 5} if how == "plain" else Tally(1))
        if how == "plain":
            return [await stub.sum(1, 2), await stub.k]
        if how == "sent":
            return [await self.stub.add(stub, 2), await outcome(lambda: stub.add(1))]
        duplicate = stub.dup()
        dispose(stub)
        if how == "twice":
            dispose(stub)
            return "well"
        if how == "dup":
            return await duplicate.add(1)
        if how == "property":
            return await stub.value
        return await (self.stub.add(stub, 1) if how == "sent after" else stub.add(1))

    async def stub_of(self, what: str) -> Any:
        make_stub([] if what == "list" else Instance())
        return "made"

    async def store(self, what: str) -> Any:
        things: dict[str, Callable[[], Any]] = {
            "target": lambda: Tally(1),
            "call": lambda: [self.stub.one()],
            "property": lambda: [self.stub.one],
            "object": lambda: self.stub,
            "id": lambda: self.me.ctx.id,
            "namespace": lambda: self.me.env.CALLEE,
        }
        await self.me.ctx.storage.put("k", await self.stub.tally() if what == "stub" else things[what]())
        return "stored"

    async def send(self, what: str) -> Any:
        things: dict[str, Callable[[], Any]] = {
            "call": lambda: [self.stub.one()],
            "property": lambda: [self.stub.one],
            "id": lambda: self.me.ctx.id,
            "namespace": lambda: self.me.env.CALLEE,
        }
        return await self.stub.echo(things[what]())

    async def puts_at_home(self) -> Any:
        inside = await self.stub.inside()
        return [await inside.put(1), await self.stub.stored()]

    async def waits_at_home(self) -> Any:
        inside = await self.stub.inside()
        loop = asyncio.get_running_loop()
        start = loop.time()
        self.stub.hold(3)
        await asyncio.sleep(0.001)
        await inside.now()
        return loop.time() - start >= 3

    async def section_with_function(self) -> Any:
        return await self.stub.section_with(lambda: 5)

    async def section_with_own(self) -> Any:
        return await self.stub.section_with_own()

    async def home_ends(self, how: str) -> Any:
        stub = self.me.env.CALLEE.getByName(f"ending {how}")
        inside = await stub.inside()
        calls = [inside.hang(), inside.end() if how == "abort" else inside.fail_in_section(), inside.now()]
        outcomes = [await outcome(lambda call=call: call) for call in calls]  # type: ignore[misc]
        return [*outcomes, await outcome(lambda: inside.now())]

    async def too_large(self, what: str) -> Any:
        size = 34 * 1024 * 1024
        if what == "argument":
            return await (await self.stub.tally()).size("x" * size)
        if what == "pipelined":
            return len(await self.stub.tally().text(size))
        return len(await (await self.stub.tally()).text(size))

    async def stays(self, what: str) -> Any:
        other = self.me.env.CALLEE.getByName(f"stays {what}")
        birth = await other.birth()
        call = other.list() if what == "plain" else other.object()
        await call
        if what in ("disposed of", "kept there"):
            dispose(call)
        if what == "kept there":
            await other.keep_dup(lambda: 1)
        await asyncio.sleep(25)
        return await self.me.env.CALLEE.getByName(f"stays {what}").birth() == birth

    async def stub_comes(self) -> Any:
        stub = self.stub
        return [
            await (await stub.other("other")).who(),
            await (await stub.other_in("other"))["stub"].who(),
            await stub.other("other").who(),
            await stub.other_in("other").stub.who(),
            await stub.other("other").number,
        ]

    async def call_result_of_other(self, path: list[str]) -> Any:
        return await along(self.stub.other("other"), path)()

    async def stub_goes(self) -> Any:
        return await self.stub.name_of(self.me.env.CALLEE.getByName("z"))

    async def stub_has(self, name: str) -> Any:
        return await (await self.stub.other("other"))[name]

    async def stub_is_fresh(self) -> Any:
        stub = self.me.env.CALLEE.getByName("to end")
        await outcome(lambda: stub.end())
        back = await self.stub.echo(stub)
        return [await outcome(lambda: stub.one()), await outcome(lambda: back.one())]

    async def keys(self) -> Any:
        before = sorted(vars(self.stub))
        self.stub.mine = lambda: "mine"
        return [before, sorted(vars(self.stub)), self.stub.mine()]

    async def assign(self, name: str) -> Any:
        setattr(self.stub, name, 5)
        return "assigned"

    async def local(self) -> Any:
        return [self.stub.toString(), self.stub.hasOwnProperty("id"), self.stub.hasOwnProperty("one")]

    async def function_runs_later(self) -> Any:
        log: list[str] = []
        call = self.stub.call(lambda: log.append("function"))
        log.append("after")
        await call
        return log


def _with(name: str, value: object) -> Any:
    def function() -> int:
        return 1

    setattr(function, name, value)
    return function


def along(at: Any, path: "list[str] | tuple[str, ...]") -> Any:
    for name in path:
        at = at[name]
    return at


async def outcome(action: Callable[[], Any]) -> Any:
    try:
        return await action()
    except PlatformError as failure:
        return told(failure)


def told(failure: PlatformError) -> object:
    flags = {"remote": failure.remote, "durableObjectReset": failure.durable_object_reset}
    flags |= {"retryable": failure.retryable, "overloaded": failure.overloaded}
    flags |= {"durableObjectId": failure.durable_object_id is not None}
    return {"name": failure.name, "message": failure.message, "flags": [name for name, on in flags.items() if on]}
