"""A rate limiter: at most LIMIT requests in any WINDOW seconds, per client."""

import time

from workers import DurableObject

LIMIT = 5
WINDOW = 60


class Limiter(DurableObject):
    """The requests of one client within the window."""

    async def request(self):
        """Ask for admission: whether it is granted, how many are left, and in how many seconds to come back."""
        now = int(time.time() * 1000)
        start = now - WINDOW * 1000
        sql = self.ctx.storage.sql
        sql.exec("CREATE TABLE IF NOT EXISTS admitted (at INTEGER)")
        sql.exec("DELETE FROM admitted WHERE at <= ?", start)
        used = sql.exec("SELECT count(*) AS n FROM admitted").one()["n"]
        if used >= LIMIT:
            oldest = sql.exec("SELECT min(at) AS at FROM admitted").one()["at"]
            return {"allowed": False, "remaining": 0, "retry_after": (oldest - start) / 1000}
        sql.exec("INSERT INTO admitted VALUES (?)", now)
        await self.ctx.storage.setAlarm(now + WINDOW * 1000)
        return {"allowed": True, "remaining": LIMIT - used - 1, "retry_after": 0}

    async def alarm(self):
        """The client has been quiet for a whole window: leave nothing behind."""
        await self.ctx.storage.deleteAll()
