"""Objects that are called, and call each other. ``calls.js`` holds the same."""

import asyncio
from typing import Any

from pytest_durable._core.messages import Request, Response
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage.values import UNDEFINED
from pytest_durable._surfaces.neutral import NeutralObject


class Base(NeutralObject):
    async def inherited(self) -> str:
        return "inherited"


class Callee(Base):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.field = lambda: "field"
        self.log: list[object] = []

    async def echo(self, *args: object) -> list[object]:
        return list(args)

    def at_once(self) -> str:
        return "at once"

    async def _hidden(self) -> str:
        return "hidden"

    @property
    def number(self) -> int:
        return 5

    async def nothing(self) -> object:
        return UNDEFINED

    async def note(self, item: object) -> None:
        self.log.append(item)

    async def notes(self) -> list[object]:
        return self.log

    async def wait(self, seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    async def fail(self, name: str) -> None:
        raise PlatformError("bad", name=name)

    async def fail_with_properties(self) -> None:
        failure = PlatformError("bad", name="TypeError")
        failure.code = 7  # type: ignore[attr-defined]
        raise failure

    async def fail_flagged(self) -> None:
        raise PlatformError("busy", overloaded=True, retryable=True)

    async def fetch(self, request: Request) -> Response:
        text = f"{request.method} {request.url} {request.headers.get('x-mark', '')}".encode()
        return Response(status=201, headers={"x-answer": "yes"}, body=text)


class Caller(NeutralObject):
    """Calls a ``Callee`` by a stub of its own, and tells what came of it."""

    def callee(self) -> Any:
        return self.env.CALLEE.getByName("callee")

    async def outcome(self, method: str, *args: object) -> object:
        try:
            return [await getattr(self.callee(), method)(*args)]
        except PlatformError as failure:
            return _told(failure)

    async def in_order(self, count: int) -> object:
        stub = self.callee()
        for number in range(count):
            stub.note(number)
        return await stub.notes()

    async def stub_properties(self) -> object:
        namespace = self.env.CALLEE
        stub = namespace.getByName("callee")
        return [
            stub.name,
            stub.id.equals(namespace.idFromName("callee")),
            stub.id.toString() == namespace.idFromName("callee").toString(),
            namespace.get(namespace.newUniqueId()).name,
        ]

    async def change_after_send(self) -> object:
        inner = [1]
        call = self.callee().echo({"a": inner})
        inner.append(2)
        return await call

    async def share(self) -> object:
        shared: dict[str, object] = {}
        return await self.callee().echo(shared, shared)

    async def ids(self, method: str, *args: object) -> object:
        try:
            found: Any = getattr(self.env.CALLEE, method)(*args)
        except PlatformError as failure:
            return _told(failure)
        return [found.toString(), found.name]

    async def foreign_id(self) -> object:
        return await self.ids("idFromString", self.env.CALLER.idFromName("x").toString())

    async def get_with(self, *args: object) -> object:
        try:
            self.env.CALLEE.get(self.env.CALLEE.idFromName("x"), *args)
        except PlatformError as failure:
            return _told(failure)
        return "stub"

    async def get_what_is_no_id(self) -> object:
        try:
            self.env.CALLEE.get("x")
        except PlatformError as failure:
            return _told(failure)
        return "stub"

    async def same(self) -> object:
        first, second = self.env.CALLEE.idFromName("x"), self.env.CALLEE.idFromName("x")
        by_text = self.env.CALLEE.idFromString(first.toString())
        return [first.equals(second), first.equals(by_text), first.equals(self.env.CALLEE.idFromName("y"))]


class Plain:
    """Does not extend the platform's base class."""

    def __init__(self, ctx: Any, env: Any) -> None:
        """Keeps nothing."""

    async def method(self) -> None:
        """Never reached."""

    async def fetch(self, _request: Request) -> Response:
        return Response(status=204)


class Mute(NeutralObject):
    """Has no ``fetch``."""


def _told(failure: PlatformError) -> object:
    names = {"remote": failure.remote, "durableObjectReset": failure.durable_object_reset}
    names |= {"retryable": failure.retryable, "overloaded": failure.overloaded}
    names |= {"durableObjectId": failure.durable_object_id is not None}
    code = getattr(failure, "code", UNDEFINED)
    return {
        "name": failure.name,
        "message": failure.message,
        "flags": [n for n, on in names.items() if on],
        "code": code,
    }
