"""The objects that the rows call. Ordinary user code."""

from pytest_durable._surfaces.wrapped.entrypoints import DurableObject


class Sample(DurableObject):
    """Does as little as each row allows."""

    async def nothing(self):
        return 1

    async def put(self, number):
        await self.ctx.storage.put("k", {"n": number, "t": "x"})

    async def get(self):
        return await self.ctx.storage.get("k")

    async def fill(self, count):
        await self.ctx.storage.put({f"key:{n:06}": {"n": n, "t": "value"} for n in range(count)})

    async def set_alarm(self, time_ms):
        await self.ctx.storage.setAlarm(time_ms)


class Quiet(Sample):
    """Its alarm does nothing."""

    async def alarm(self):
        pass


class Writing(Sample):
    """Its alarm does one put."""

    async def alarm(self):
        await self.ctx.storage.put("fired", 1)
