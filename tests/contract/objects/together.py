"""Objects that are ended together. ``together.js`` holds the same."""

import asyncio
import time
from typing import Any

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.neutral import NeutralObject
from pytest_durable.values import UNDEFINED

FLAGS = ("durable_object_reset", "overloaded", "remote", "retryable")


class Member(NeutralObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.calls = 0
        self.other: Any = None

    async def count(self) -> int:
        self.calls += 1
        return self.calls

    async def store(self, key: str, value: object) -> None:
        await self.ctx.storage.put(key, value)

    async def load(self, key: str) -> object:
        return await self.ctx.storage.get(key)

    async def arm(self, seconds: float) -> None:
        await self.ctx.storage.setAlarm(int(time.time() * 1000 + seconds * 1000))

    async def armed(self) -> bool:
        return await self.ctx.storage.getAlarm() is not None

    async def wait(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    async def wait_and_store(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.ctx.storage.put("late", 1)

    async def leave_running(self, seconds: float) -> None:
        self.ctx.waitUntil(self.wait_and_store(seconds))

    # Through a stub that this object keeps.

    async def count_other(self, name: str) -> object:
        self.other = self.other or self.env.MEMBER.getByName(name)
        try:
            return await self.other.count()
        except PlatformError as failure:
            return [failure.name, failure.message, [flag for flag in FLAGS if getattr(failure, flag)]]

    async def alarm(self, info: Any) -> None:
        runs = await self.ctx.storage.get("runs")
        runs = [] if runs is UNDEFINED else runs
        await self.ctx.storage.put("runs", [*runs, info.retryCount])
        if await self.ctx.storage.get("slow") is not UNDEFINED:
            await asyncio.sleep(20)


class Exempt(Member):
    """Exempt from what ends the others, where the test says so."""
