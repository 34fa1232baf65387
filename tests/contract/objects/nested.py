"""Critical sections within critical sections. ``nested.js`` holds the same."""

import asyncio
from collections.abc import Callable
from typing import Any

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.neutral import NeutralObject


class Nested(NeutralObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.log: list[str] = []

    async def logged(self) -> list[str]:
        return self.log

    async def say(self, text: str) -> None:
        self.log.append(text)

    async def say_after(self, text: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.log.append(text)

    def say_later(self, text: str, seconds: float) -> "asyncio.Future[None]":
        """As a call of ``say_after`` that is not awaited: its wait begins at once."""
        loop = asyncio.get_running_loop()
        said: asyncio.Future[None] = loop.create_future()

        def say() -> None:
            self.log.append(text)
            said.set_result(None)

        loop.call_later(seconds, say)
        return said

    def enter(self, kind: str, callback: Callable[[], object]) -> Any:
        if kind == "section":
            return self.ctx.blockConcurrencyWhile(callback)
        return self.ctx.storage.transaction(lambda _txn: callback())

    async def with_waiting_sibling(self, kind: str) -> list[str]:
        async def outer() -> None:
            await asyncio.sleep(1)
            await self.enter(kind, lambda: self.say_after("inner ends", 1))
            self.log.append("outer ends")

        first = self.enter(kind, outer)
        sibling = self.enter(kind, lambda: self.say_after("sibling ends", 1))
        await asyncio.gather(first, sibling)
        return self.log

    async def with_wait_of_the_outer(self, kind: str) -> list[str]:
        async def outer() -> None:
            own = self.say_later("wait of the outer", 1)
            await self.enter(kind, lambda: self.say_after("inner ends", 5))
            await own

        await self.enter(kind, outer)
        return self.log

    async def with_inner_that_outlives_the_outer(self, kind: str) -> list[str]:
        def outer() -> None:
            self.enter(kind, lambda: self.say_after("inner ends", 5))

        await self.enter(kind, outer)
        self.log.append("outer has ended")
        await asyncio.sleep(10)
        return self.log

    async def with_sections_begun_before_the_end(self, kind: str) -> list[str]:
        def inner() -> None:
            self.say_later("wait of the inner", 1)
            self.enter(kind, lambda: self.say_after("first of two", 3))
            self.enter(kind, lambda: self.say_after("second of two", 3))

        async def outer() -> None:
            await self.enter(kind, inner)
            self.log.append("outer ends")

        await self.enter(kind, outer)
        await asyncio.sleep(10)
        return self.log

    async def with_failing_inner(self, kind: str) -> None:
        def fail() -> None:
            raise PlatformError("foobar", name="RangeError")

        async def outer() -> None:
            await asyncio.sleep(1)
            await self.ctx.blockConcurrencyWhile(fail)

        first = self.enter(kind, outer)
        await asyncio.gather(first, self.ctx.blockConcurrencyWhile(lambda: self.say("sibling")))
