"""Objects whose alarm does what a stored plan says. ``alarms.js`` holds the same."""

import asyncio
import time
from typing import Any

from pytest_durable._surfaces.neutral import NeutralObject


def now_ms() -> int:
    return int(time.time() * 1000)


class Clock(NeutralObject):
    """Notes each run, then does the next thing of its plan."""

    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        trouble = ctx.storage.kv.get("trouble")
        if trouble == "throw":
            raise RuntimeError("no life")
        if trouble == "fail_section":
            ctx.blockConcurrencyWhile(self._fail_in_section)

    async def _fail_in_section(self) -> None:
        raise RuntimeError("no life")

    async def store(self, key: str, value: object) -> None:
        await self.ctx.storage.put(key, value)

    async def arm(self, delay_ms: int) -> int:
        await self.ctx.storage.setAlarm(now_ms() + delay_ms)
        return await self.ctx.storage.getAlarm()

    async def arm_at(self, time: Any) -> object:
        await self.ctx.storage.setAlarm(time)
        return await self.ctx.storage.getAlarm()

    async def armed(self) -> object:
        return await self.ctx.storage.getAlarm()

    async def disarm(self) -> object:
        return await self.ctx.storage.deleteAlarm()

    async def plan(self, *actions: str) -> None:
        await self.ctx.storage.put("plan", list(actions))

    async def noted(self) -> object:
        return self.ctx.storage.kv.get("noted")

    async def get(self, key: str) -> object:
        return await self.ctx.storage.get(key)

    async def arm_and_abort(self) -> None:
        await self.ctx.storage.setAlarm(now_ms() + 1000)
        self.ctx.abort("enough")

    async def arm_and_throw(self) -> None:
        await self.ctx.storage.setAlarm(now_ms() + 1000)
        raise KeyError("enough")

    async def hold(self, seconds: float) -> None:
        async def section() -> None:
            await asyncio.sleep(seconds)

        await self.ctx.blockConcurrencyWhile(section)

    async def abort(self, *arguments: object) -> None:
        self.ctx.abort(*arguments)

    async def alarm(self, info: Any) -> None:
        kv = self.ctx.storage.kv
        name = self.ctx.id.name
        run = [now_ms(), info.scheduledTime, info.retryCount, info.isRetry, name]
        noted, plan = kv.get("noted"), kv.get("plan")
        kv.put("noted", [*noted, run] if isinstance(noted, list) else [run])
        if isinstance(plan, list) and plan:
            kv.put("plan", plan[1:])
            await getattr(self, f"_{plan[0]}")(info)

    async def _succeed(self, _info: Any) -> None:
        """Do nothing."""

    async def _fail(self, _info: Any) -> None:
        raise RuntimeError("not yet")

    async def _abort(self, _info: Any) -> None:
        await self.ctx.storage.sync()
        self.ctx.abort("enough")

    async def _abort_for_good(self, _info: Any) -> None:
        await self.ctx.storage.sync()
        self.ctx.abort("enough", {"retryAlarm": False})

    async def _fail_section(self, _info: Any) -> None:
        await self.ctx.storage.sync()

        async def section() -> None:
            raise RuntimeError("not yet")

        await self.ctx.blockConcurrencyWhile(section)

    async def _break_a_constraint(self, _info: Any) -> None:
        await self.ctx.storage.sync()
        sql = self.ctx.storage.sql
        sql.exec("CREATE TABLE p (id PRIMARY KEY); CREATE TABLE c (p REFERENCES p DEFERRABLE INITIALLY DEFERRED)")
        sql.exec("INSERT INTO c VALUES (1)")

    async def _look(self, _info: Any) -> None:
        self.ctx.storage.kv.put("looked", await self.ctx.storage.getAlarm())

    async def _rearm(self, _info: Any) -> None:
        await self.ctx.storage.setAlarm(now_ms() + 10_000)

    async def _rearm_same(self, info: Any) -> None:
        await self.ctx.storage.setAlarm(info.scheduledTime)

    async def _wait_and_rearm_same(self, info: Any) -> None:
        await asyncio.sleep(5)
        await self._rearm_same(info)

    async def _rearm_and_fail(self, info: Any) -> None:
        await self._rearm(info)
        await self._fail(info)

    async def _rearm_and_delete(self, info: Any) -> None:
        await self._rearm(info)
        await self.ctx.storage.deleteAlarm()

    async def _delete_and_fail(self, info: Any) -> None:
        await self.ctx.storage.deleteAlarm()
        await self._fail(info)

    async def _delete_all(self, _info: Any) -> None:
        await self.ctx.storage.deleteAll()

    async def _wait(self, _info: Any) -> None:
        await asyncio.sleep(5)
        self.ctx.storage.kv.put("waited", now_ms())

    async def _wait_too_long(self, _info: Any) -> None:
        await asyncio.sleep(16 * 60)


class Silent(NeutralObject):
    """Has no alarm handler."""

    async def arm(self, delay_ms: int) -> None:
        await self.ctx.storage.setAlarm(now_ms() + delay_ms)

    async def armed(self) -> object:
        await self.ctx.storage.deleteAlarm()
        return await self.ctx.storage.getAlarm()
