"""Objects whose construction can fail and which end in many ways. ``lives.js`` holds the same."""

import asyncio
import time
from typing import Any

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.neutral import NeutralObject


class Life(NeutralObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.memory: list[object] = []
        trouble = ctx.storage.kv.get("trouble")
        if trouble == "throw":
            ctx.storage.kv.put("trace", 1)
            raise PlatformError("no life", name="RangeError")
        if trouble == "abort":
            ctx.abort("not today")
        if trouble == "section fails":

            async def fail() -> None:
                raise PlatformError("no section", name="TypeError")

            ctx.blockConcurrencyWhile(fail)
        if trouble == "slow":

            async def wait() -> None:
                await asyncio.sleep(5)
                self.memory.append("ready")

            ctx.blockConcurrencyWhile(wait)
        if trouble == "arm":
            ctx.storage.setAlarm(int(time.time() * 1000) + 60_000)

    async def store(self, key: str, value: object) -> None:
        await self.ctx.storage.put(key, value)

    async def load(self, key: str) -> object:
        return await self.ctx.storage.get(key)

    async def remember(self, item: object) -> object:
        self.memory.append(item)
        return self.memory

    async def remembered(self) -> object:
        return self.memory

    async def named(self) -> object:
        return [self.ctx.id.toString(), self.ctx.id.name]

    async def wait(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    async def wait_and_store(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.ctx.storage.put("late", 1)

    async def abort(self, *reason: object) -> None:
        self.ctx.abort(*reason)

    async def abort_with_error(self) -> None:
        self.ctx.abort(PlatformError("tt", name="TypeError"))

    async def abort_and_go_on(self) -> None:
        try:
            await self.ctx.storage.put("before", 1)
            self.ctx.abort("enough")
            await self.ctx.storage.put("after", 1)
        finally:
            await self.ctx.storage.put("finally", 1)

    async def abort_later(self, seconds: float) -> str:
        async def end() -> None:
            await asyncio.sleep(seconds)
            self.ctx.abort("later")

        self.task = asyncio.create_task(end())
        return "begun"

    async def abort_badly(self) -> None:
        self.ctx.abort("enough", 5)

    async def leave_running(self, seconds: float) -> str:
        async def end() -> None:
            await asyncio.sleep(seconds)
            await self.ctx.storage.put("background", 1)

        self.ctx.waitUntil(end())
        return "begun"

    async def leave_failing(self) -> str:
        async def fail() -> None:
            raise PlatformError("nobody listens")

        self.ctx.waitUntil(fail())
        return "begun"

    # Through stubs of another object, which stay what they are.

    async def twice(self, name: str, method: str, *arguments: object) -> list[str]:
        """Call by one stub, then again by it, then by a new one."""
        stub = self.env.LIFE.getByName(name)
        outcomes = []
        for each in (stub, stub, self.env.LIFE.getByName(name)):
            try:
                outcomes.append(str(await getattr(each, method)(*arguments)))
            except PlatformError as failure:
                outcomes.append(failure.message)
            method, arguments = "remembered", ()
        return outcomes

    async def alarm(self) -> None:
        """Lets the objects set alarms."""
