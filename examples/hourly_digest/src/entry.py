"""A digest of the news: collected every hour by a cron, sent some minutes later by an alarm."""

import json
import time

from workers import DurableObject, Response, WorkerEntrypoint, fetch

RETRIES = 6  # of the platform, after the first run
PAUSE_MS = 600_000


class Digest(DurableObject):
    """What was collected and is still to be sent."""

    async def collect(self):
        """Take what is new; returns how many items that are."""
        last = await self.ctx.storage.get("last") or 0
        answer = await fetch(f"{self.env.NEWS}?after={last}")
        if not answer.ok:
            raise RuntimeError(f"the news answered {answer.status}")
        items = await answer.json()
        # While the request was under way, another collection may have taken some of them.
        last = await self.ctx.storage.get("last") or 0
        new = {f"item:{item['number']:08}": item["title"] for item in items if item["number"] > last}
        if new:
            last = max(item["number"] for item in items)
            await self.ctx.storage.put({"last": last, **new})
            if await self.ctx.storage.getAlarm() is None:
                await self._wake_in(self.env.MINUTES_TO_SENDING * 60_000)
        return len(new)

    async def status(self):
        """How many items wait, and how many mails were sent."""
        waiting = await self.ctx.storage.list(prefix="item:")
        return {"waiting": len(waiting), "sent": await self.ctx.storage.get("sent") or 0}

    async def alarm(self, info):
        """Send what was collected. If the mail service fails, this throws, and the platform runs the alarm again.

        The platform gives up after the sixth retry. The last one therefore does not throw: it sets a new alarm.
        """
        try:
            await self._send(await self._mail())
        except (OSError, RuntimeError):
            if info.retryCount < RETRIES:
                raise
            await self._wake_in(PAUSE_MS)

    async def _mail(self):
        """The mail that is to be sent. It is written down first, so that it is the same in each attempt."""
        mail = await self.ctx.storage.get("mail")
        if mail is None:
            items = await self.ctx.storage.list(prefix="item:")
            mail = {"number": (await self.ctx.storage.get("sent") or 0) + 1, "lines": list(items.values())}
            await self.ctx.storage.put("mail", mail)
            await self.ctx.storage.delete(list(items))
        return mail

    async def _send(self, mail):
        answer = await fetch(
            self.env.MAIL,
            method="POST",
            headers={"Content-Type": "application/json", "Idempotency-Key": f"digest-{mail['number']}"},
            body=json.dumps(mail["lines"]),
        )
        if not answer.ok:
            raise RuntimeError(f"the mail service answered {answer.status}")
        await self.ctx.storage.put("sent", mail["number"])
        await self.ctx.storage.delete("mail")
        if await self.ctx.storage.list(prefix="item:", limit=1):  # collected while the mail could not be sent
            await self._wake_in(self.env.MINUTES_TO_SENDING * 60_000)

    async def _wake_in(self, milliseconds):
        await self.ctx.storage.setAlarm(int(time.time() * 1000) + milliseconds)


class Default(WorkerEntrypoint):
    """Runs the hourly collection, and shows what became of it."""

    @property
    def digest(self):
        return self.env.DIGEST.getByName("digest")

    async def scheduled(self, controller, env, ctx):
        await self.digest.collect()

    async def fetch(self, request):
        return Response.from_json(await self.digest.status())
