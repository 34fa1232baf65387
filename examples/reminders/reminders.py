"""Reminders: one object per person, one alarm for all of the person's reminders."""

import time

from workers import DurableObject

RETRIES = 6  # of the platform, after the first run
PAUSE_MS = 600_000


class Reminders(DurableObject):
    """The reminders of one person."""

    async def remind_in(self, seconds, text):
        """Remind of ``text`` in so many seconds; returns the reminder's number."""
        storage = self.ctx.storage
        number = (await storage.get("last") or 0) + 1
        due = int(time.time() * 1000) + int(seconds * 1000)
        await storage.put({"last": number, f"reminder:{due:015}:{number}": {"number": number, "text": text}})
        await self._arm()
        return number

    async def cancel(self, number):
        """Forget a reminder; whether there was one."""
        for key, reminder in (await self._pending()).items():
            if reminder["number"] == number:
                await self.ctx.storage.delete(key)
                await self._arm()
                return True
        return False

    async def pending(self):
        """The texts that are still to come, the next one first."""
        return [reminder["text"] for reminder in (await self._pending()).values()]

    async def alarm(self, info):
        """Send what is due. If the outbox fails, this throws, and the platform runs the alarm again.

        The platform gives up after the sixth retry. The last one therefore does not throw: it sets a new alarm.
        """
        try:
            await self._send_due()
        except Exception:
            if info.retryCount < RETRIES:
                raise
            await self.ctx.storage.setAlarm(int(time.time() * 1000) + PAUSE_MS)
        else:
            await self._arm()

    async def _send_due(self):
        now = int(time.time() * 1000)
        outbox = self.env.OUTBOX.getByName("outbox")
        for key, reminder in (await self._pending()).items():
            if int(key.split(":")[1]) > now:
                break
            await outbox.send(str(self.ctx.id), reminder["number"], reminder["text"])
            await self.ctx.storage.delete(key)

    async def _pending(self):
        return await self.ctx.storage.list(prefix="reminder:")

    async def _arm(self):
        pending = await self._pending()
        if pending:
            await self.ctx.storage.setAlarm(int(next(iter(pending)).split(":")[1]))
        else:
            await self.ctx.storage.deleteAlarm()


class Outbox(DurableObject):
    """Where reminders go. Each arrives once, however often it is sent."""

    async def send(self, person, number, text):
        """Take a message, unless the outbox is broken; a message that came before is ignored."""
        if await self.ctx.storage.get("broken"):
            raise RuntimeError("the mail server does not answer")
        await self.ctx.storage.put(f"sent:{person}:{number}", text)

    async def sent(self):
        """All texts that were sent."""
        return list((await self.ctx.storage.list(prefix="sent:")).values())

    async def set_broken(self, broken):
        """Break or repair the outbox."""
        await self.ctx.storage.put("broken", broken)
