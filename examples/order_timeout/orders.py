"""An order that reserves goods, waits for its payment, and gives the goods back when none comes."""

import time

from workers import DurableObject

MINUTES_TO_PAY = 15


class Order(DurableObject):
    """One order: placing, reserved, paid, or cancelled."""

    async def place(self, goods, amount):
        """Reserve goods and start the time to pay; the state that is reached."""
        storage = self.ctx.storage
        if await storage.get("state") is not None:
            return await storage.get("state")
        # Written and committed first: if the process dies after the reservation, the alarm finds the order and
        # compensates, whether or not the goods were reserved by then.
        await storage.put({"state": "placing", "goods": goods})
        await storage.setAlarm(int(time.time() * 1000) + MINUTES_TO_PAY * 60_000)
        await storage.sync()
        if not await self._stock(goods).reserve(str(self.ctx.id), amount):
            return await self._finish("cancelled")
        await storage.put("state", "reserved")
        return "reserved"

    async def pay(self):
        """Take the payment; whether it came in time."""
        if await self.ctx.storage.get("state") != "reserved":
            return False
        await self._finish("paid")
        return True

    async def state(self):
        """Where the order stands."""
        return await self.ctx.storage.get("state")

    async def alarm(self):
        """No payment came: give the goods back.

        If that fails, try again in a minute, for as long as it takes. To throw would be shorter, but the platform gives
        up after six retries, and then the goods would be lost.
        """
        if await self.ctx.storage.get("state") in ("placing", "reserved"):
            try:
                await self._stock(await self.ctx.storage.get("goods")).release(str(self.ctx.id))
            except Exception:
                await self.ctx.storage.setAlarm(int(time.time() * 1000) + 60_000)
            else:
                await self._finish("cancelled")

    async def _finish(self, state):
        await self.ctx.storage.put("state", state)
        await self.ctx.storage.deleteAlarm()
        return state

    def _stock(self, goods):
        return self.env.STOCK.getByName(goods)


class Stock(DurableObject):
    """The pieces of one kind of goods."""

    async def fill(self, pieces):
        """Say how many there are."""
        await self.ctx.storage.put("pieces", pieces)

    async def reserve(self, order, amount):
        """Set pieces aside for an order; whether there were enough. Doing it twice is doing it once."""
        storage = self.ctx.storage
        if await storage.get(f"order:{order}") is not None:
            return True
        pieces = await storage.get("pieces") or 0
        if pieces < amount:
            return False
        await storage.put({"pieces": pieces - amount, f"order:{order}": amount})
        return True

    async def release(self, order):
        """Give an order's pieces back, if it has any."""
        if await self.ctx.storage.get("jammed"):
            raise RuntimeError("the warehouse is closed")
        amount = await self.ctx.storage.get(f"order:{order}") or 0
        pieces = await self.ctx.storage.get("pieces") or 0
        await self.ctx.storage.put("pieces", pieces + amount)
        await self.ctx.storage.delete(f"order:{order}")

    async def jam(self, jammed):
        """Make releasing fail, or not."""
        await self.ctx.storage.put("jammed", jammed)

    async def free(self):
        """How many pieces nobody has reserved."""
        return await self.ctx.storage.get("pieces") or 0
