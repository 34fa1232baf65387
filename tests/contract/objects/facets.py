"""An object with facets, which have facets in turn. ``facets.js`` holds the same."""

import asyncio
from typing import Any, Final

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.neutral import NeutralObject
from pytest_durable.values import UNDEFINED

FLAGS: Final = {"remote": "remote", "retryable": "retryable", "durableObjectReset": "durable_object_reset"}


async def outcome(action: Any) -> list[object]:
    """What comes of ``action``: the result, or what is caught."""
    try:
        result = action()
        return ["ok", (await result) if hasattr(result, "__await__") else result]
    except PlatformError as failure:
        return [failure.name, failure.message, [name for name, flag in FLAGS.items() if getattr(failure, flag)]]


class Node(NeutralObject):
    """What root and facets have in common."""

    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.bumps = 0
        self.startups: list[str] = []
        self.plans: dict[str, Any] = {}
        self.held: Any = None
        self.gate: Any = None
        self.heard: list[object] = []

    # On itself

    async def bump(self) -> int:
        self.bumps += 1
        return self.bumps

    async def count(self) -> int:
        count = self.ctx.storage.kv.get("count")
        count = 1 if count is UNDEFINED else count + 1
        self.ctx.storage.kv.put("count", count)
        return int(count)

    async def storage(self, method: str, *arguments: object) -> object:
        return await getattr(self.ctx.storage, method)(*arguments)

    async def wait(self, seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    async def put_wait_put(self) -> None:
        self.ctx.storage.kv.put("before", 1)
        await asyncio.sleep(1)
        self.ctx.storage.kv.put("after", 1)

    async def in_background(self, seconds: float) -> None:
        self.ctx.waitUntil(asyncio.sleep(seconds))

    async def whoami(self) -> list[object]:
        object_id = self.ctx.id
        if isinstance(object_id, str):
            return ["text", object_id]
        return ["id", str(object_id), object_id.name]

    async def fail(self) -> None:
        raise PlatformError("from below", name="TypeError")

    async def abort_itself(self, reason: str) -> None:
        self.ctx.storage.kv.put("lost", 1)
        self.ctx.abort(reason)

    async def arm(self) -> object:
        await self.ctx.storage.setAlarm(4_102_444_800_000)
        self.ctx.storage.kv.put("armed", 1)
        return await self.ctx.storage.getAlarm()

    async def alarm(self, _info: Any) -> None: ...

    # On its facets

    def facet(self, name: str) -> Any:
        return self.ctx.facets.get(name, lambda: self.start(name))

    def start(self, name: str) -> object:
        self.startups.append(name)
        return {"class": Node, **self.plans.get(name, {})}

    async def started(self) -> list[str]:
        return self.startups

    async def plan(self, name: str, options: dict[str, Any]) -> None:
        self.plans[name] = {**options, "class": CLASSES_BY_NAME[options.get("class", "Node")]}

    async def plan_own_id(self, name: str, of: str) -> None:
        self.plans[name] = {"id": self.env.ROOT.idFromName(of)}

    async def plan_anything(self, name: str, options: object) -> None:
        self.start = lambda _name: options  # type: ignore[method-assign]

    async def to(self, name: str, method: str, *arguments: object) -> object:
        return await outcome(lambda: getattr(self.facet(name), method)(*arguments))

    async def verb(self, verb: str, *arguments: object) -> object:
        return await outcome(lambda: getattr(self.ctx.facets, verb)(*arguments))

    async def get_only(self, name: str) -> None:
        self.facet(name)

    async def look(self, name: str) -> list[bool]:
        stub = self.facet(name)
        return [type(stub) is type(self.facet(name)), callable(stub.id), callable(stub.name)]

    async def hold(self, name: str) -> object:
        self.held = self.facet(name)
        return await self.held.bump()

    async def ask_held(self, method: str, *arguments: object) -> object:
        return await outcome(lambda: getattr(self.held, method)(*arguments))

    async def send_to(self, name: str, seconds: float) -> None:
        self.heard.append(await outcome(lambda: self.facet(name).wait(seconds)))

    async def what_was_heard(self) -> list[object]:
        return self.heard

    async def request(self, name: str) -> object:
        response = await self.facet(name).fetch("http://facet/path")
        return response.body.decode()

    async def fetch(self, request: Any) -> Any:
        from pytest_durable._core.messages import Response

        return Response(body=f"asked for {request.url}".encode())

    async def order_of_startup(self, name: str) -> list[str]:
        stub = self.ctx.facets.get(name, lambda: (self.startups.append("startup"), {"class": Node})[1])
        self.startups.append("got")
        await asyncio.sleep(0.01)
        call = stub.bump()
        self.startups.append("called")
        await call
        return self.startups

    async def two_calls_one_startup(self, name: str) -> list[object]:
        async def start() -> object:
            self.startups.append(name)
            await self.gate
            return {"class": Node}

        self.gate = asyncio.get_running_loop().create_future()
        stubs = [self.ctx.facets.get(name, start), self.ctx.facets.get(name, start)]
        calls = [outcome(stub.bump) for stub in stubs]
        gathered = asyncio.gather(*calls)
        await asyncio.sleep(1)
        self.gate.set_result(None)
        return [await gathered, self.startups]

    async def abort_while_starting(self, name: str) -> list[object]:
        async def start() -> object:
            await self.gate
            return {"class": Node}

        self.gate = asyncio.get_running_loop().create_future()
        stub = self.ctx.facets.get(name, start)
        call = asyncio.ensure_future(outcome(stub.bump))
        await asyncio.sleep(1)
        self.ctx.facets.abort(name, PlatformError("aborted during startup"))
        await asyncio.sleep(1)
        was_answered = call.done()
        self.gate.set_result(None)
        return [was_answered, await call]

    async def startup_that_fails(self, name: str) -> list[object]:
        def start() -> object:
            raise PlatformError("no startup", name="RangeError")

        first = await outcome(lambda: self.ctx.facets.get(name, start).bump())
        second = await outcome(lambda: self.facet(name).bump())
        self.ctx.facets.abort(name, PlatformError("again"))
        return [first, second, await outcome(lambda: self.facet(name).bump())]

    async def abort_and_ask(self, name: str, reason: object) -> object:
        stub = self.facet(name)
        await stub.bump()
        self.ctx.facets.abort(name, reason)
        return await outcome(stub.bump)

    async def abort_with_error(self, name: str) -> object:
        return await self.abort_and_ask(name, PlatformError("my reason", name="RangeError"))

    async def interrupt(self, name: str, verb: str, *arguments: object) -> list[object]:
        """Do something to a facet while a call is under way, and ask the same stub again."""
        stub = self.facet(name)
        under_way = asyncio.ensure_future(outcome(stub.put_wait_put))
        await asyncio.sleep(0.1)
        getattr(self.ctx.facets, verb)(*arguments)
        return [await under_way, await outcome(stub.bump)]

    async def empty_itself(self, name: str) -> list[object]:
        stub = self.facet(name)
        under_way = asyncio.ensure_future(outcome(stub.put_wait_put))
        await asyncio.sleep(0.1)
        await self.ctx.storage.deleteAll()
        return [await under_way, await outcome(stub.bump)]

    async def call_within_a_section(self, name: str) -> object:
        async def section() -> object:
            return await self.facet(name).bump()

        return await self.ctx.blockConcurrencyWhile(section)

    async def send_a_facet(self, how: str) -> object:
        stub = self.facet("sent")
        match how:
            case "argument":
                return await outcome(lambda: self.env.ROOT.getByName("other").storage("put", "k", stub))
            case "storage":
                return await outcome(lambda: self.ctx.storage.put("k", stub))
            case "kv":
                return await outcome(lambda: self.ctx.storage.kv.put("k", stub))
        return stub

    async def abort_root(self) -> None:
        self.ctx.abort("root's own")

    async def call_root_back(self, hex_digits: str) -> object:
        namespace = self.env.ROOT
        return await namespace.get(namespace.idFromString(hex_digits)).bump()


class Root(Node):
    """The object itself."""


class Other(NeutralObject):
    """Another class for the same data."""

    async def get(self, key: str) -> object:
        return await self.ctx.storage.get(key)


class Failing(NeutralObject):
    """Cannot be constructed."""

    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        raise PlatformError("no way", name="RangeError")


class Bare:
    """Not derived from the platform's class."""

    def __init__(self, ctx: Any, env: Any) -> None: ...


CLASSES_BY_NAME: Final = {cls.__name__: cls for cls in (Node, Other, Failing, Bare, Root)}
