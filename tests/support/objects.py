"""Objects that many tests of the core use. They see the platform through the neutral surface."""

from typing import Any

from pytest_durable._surfaces.neutral import NeutralObject


class Box(NeutralObject):
    """Holds values under keys."""

    async def put(self, key: object, value: object) -> None:
        await self.ctx.storage.put(key, value)

    async def get(self, key: object) -> object:
        return await self.ctx.storage.get(key)

    async def whoami(self) -> str:
        return str(self.ctx.id)


class Armed(Box):
    """Also has an alarm; its handler notes that it ran."""

    async def arm(self, time: int) -> None:
        await self.ctx.storage.setAlarm(time)

    async def armed(self) -> object:
        return await self.ctx.storage.getAlarm()

    async def alarm(self, info: Any) -> None:
        await self.ctx.storage.put("ran", info.scheduledTime)


class Counter(NeutralObject):
    """Counts in storage, and in memory since it was built."""

    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.calls = 0

    async def increment(self) -> int:
        count = await self.ctx.storage.get("count")
        count = count + 1 if isinstance(count, int) else 1
        await self.ctx.storage.put("count", count)
        return count

    async def in_memory(self) -> int:
        self.calls += 1
        return self.calls
