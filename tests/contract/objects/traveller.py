"""An object whose directory changes hands. ``traveller.js`` holds the same."""

import asyncio
import time
from typing import Any

from pytest_durable._surfaces.neutral import NeutralObject


class Traveller(NeutralObject):
    async def storage(self, method: str, *arguments: object) -> object:
        return await getattr(self.ctx.storage, method)(*arguments)

    async def run(self, query: str, *bindings: object) -> object:
        return self.ctx.storage.sql.exec(query, *bindings).raw().toArray()

    async def count(self) -> int:
        count = await self.ctx.storage.get("count")
        count = count + 1 if isinstance(count, int) else 1
        await self.ctx.storage.put("count", count)
        return count

    async def arm(self, delay_ms: int) -> None:
        await self.ctx.storage.setAlarm(int(time.time() * 1000) + delay_ms)

    async def alarm(self, info: Any) -> None:
        kv = self.ctx.storage.kv
        fired, mood = kv.get("fired"), kv.get("mood")
        run = [int(time.time() * 1000), info.scheduledTime, info.retryCount, self.ctx.id.name]
        kv.put("fired", [*fired, run] if isinstance(fired, list) else [run])
        if mood == "fail":
            raise RuntimeError("not yet")
        if mood == "linger":
            await asyncio.sleep(60)
            kv.put("lingered", True)
