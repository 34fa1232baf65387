"""Children that write until they are killed: run as a script, it forks one per line of its standard input.

A line is ``<directory> <seed>``. The answer is the child's pid; from then on standard output carries what the child's
caller has been told: one line per acknowledged turn. The parent kills the child by its pid whenever it likes and then
sends ``next``. Forking from a warm interpreter makes a thousand real processes affordable.
"""

import os
import sys
from random import Random
from typing import Any

from pytest_durable._core.runtime import App
from pytest_durable._hosts.inprocess import InProcessHost
from pytest_durable._surfaces.neutral import NeutralObject

KEYS = ("left", "right")


class Ledger(NeutralObject):
    """Writes the same number under two keys, sometimes with a real suspension, a rollback or an alarm beside it."""

    async def write(self, number: int, kind: str) -> int:
        storage = self.ctx.storage
        if kind == "transaction":
            await storage.transaction(lambda txn: self._both(txn, number))
        else:
            await self._both(storage, number)
        if kind == "sql":
            storage.sql.exec("CREATE TABLE IF NOT EXISTS log (n INTEGER)")
            storage.sql.exec("INSERT INTO log VALUES (?)", number)
        if kind == "alarm":
            await storage.setAlarm(4_000_000_000_000 - number * 1000)
        if kind == "later alarm":
            await storage.setAlarm(4_000_000_000_000 + number * 1000)
        return number

    async def _both(self, storage: Any, number: int) -> None:
        for key in KEYS:
            await storage.put(key, number)

    def alarm(self, info: Any) -> None:
        pass


KINDS = ("plain", "transaction", "sql", "alarm", "later alarm")


def write_until_killed(directory: str, seed: int, acknowledged: int) -> None:
    random = Random(seed)

    async def main(host: InProcessHost) -> None:
        stubs = [host.namespace(Ledger).get_by_name(name) for name in "ab"]
        for number in range(1, 1_000_000):
            chosen = random.randrange(2)
            done = await stubs[chosen].write(number, random.choice(KINDS))
            os.write(acknowledged, b"%d %d\n" % (chosen, done))

    InProcessHost.run_main(main, directory=directory, app=App(surface="neutral"))


def serve() -> None:
    for line in sys.stdin:
        if line == "next\n":
            os.wait()
            print("reaped", flush=True)
            continue
        directory, seed = line.rstrip("\n").rsplit(" ", 1)
        pid = os.fork()
        if pid == 0:
            try:
                write_until_killed(directory, int(seed), 1)
            finally:
                os._exit(1)
        print(f"pid {pid}", flush=True)


if __name__ == "__main__":
    serve()
