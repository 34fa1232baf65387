"""Objects that use SQL as the platform's own tests do. ``sql_tour.js`` holds the same."""

import asyncio
import gc
import time

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.neutral import NeutralObject


class Tour(NeutralObject):
    async def run(self, query: str, *bindings: object) -> object:
        return self.ctx.storage.sql.exec(query, *bindings).raw().toArray()

    async def run_each(self, *queries: str) -> object:
        return [self.ctx.storage.sql.exec(query).raw().toArray() for query in queries]

    async def outcomes(self, *queries: str) -> list[object]:
        """The rows or the error of each."""
        outcomes: list[object] = []
        for query in queries:
            try:
                outcomes.append(self.ctx.storage.sql.exec(query).raw().toArray())
            except PlatformError as failure:
                outcomes.append(failure.message)
        return outcomes

    async def objects(self, query: str) -> object:
        return self.ctx.storage.sql.exec(query).toArray()

    async def put(self, key: str, value: object) -> None:
        await self.ctx.storage.put(key, value)

    async def sizes(self, *queries: str) -> list[int]:
        sql = self.ctx.storage.sql
        sizes = [sql.databaseSize]
        for query in queries:
            sql.exec(query)
            sizes.append(sql.databaseSize)
        return sizes

    async def run_in_a_section(self, query: str) -> None:
        def run() -> None:
            self.ctx.storage.sql.exec(query)

        await self.ctx.blockConcurrencyWhile(run)

    async def run_in_one_transaction(self, *queries: str) -> None:
        def run() -> None:
            for query in queries:
                self.ctx.storage.sql.exec(query)

        self.ctx.storage.transactionSync(run)

    async def join_by_hand(self, outer: str, inner: str) -> object:
        sql = self.ctx.storage.sql
        pairs, counts = [], []
        cursor = sql.exec(outer)
        for row in cursor:
            others = sql.exec(inner)
            pairs += [[row, other] for other in others]
            counts.append(others.rowsRead)
        return [pairs, cursor.rowsRead, counts]

    async def counters_of(self, *queries: str) -> object:
        cursors = []
        for query in queries:
            cursors.append(self.ctx.storage.sql.exec(query))
            cursors[-1].toArray()
        return [[cursor.rowsRead, cursor.rowsWritten] for cursor in cursors]

    async def cursor_alone(self) -> object:
        query = "SELECT 1 AS value UNION ALL SELECT 2 AS value UNION ALL SELECT 3 AS value"
        cursor = self.ctx.storage.sql.exec(query)
        self.ctx.storage = None
        gc.collect()
        await asyncio.sleep(1)
        return cursor.toArray()

    async def table_that_is_undone(self, name: str) -> object:
        storage = self.ctx.storage

        def write() -> object:
            later = round(time.time() * 1000) + 86_400_000
            return storage.setAlarm(later) if name == "alarm" else storage.put("foo", 1)

        def undo() -> None:
            write()
            raise ValueError("bar")

        try:
            storage.transactionSync(undo)
        except ValueError as failure:
            text = str(failure)
        unseen = [await storage.getAlarm(), len(await storage.list())]
        await write()  # type: ignore[misc]
        return [text, unseen, [await storage.getAlarm() is not None, len(await storage.list())]]

    async def nested(self, first: int, second: int) -> list[object]:
        sql = self.ctx.storage.sql

        def read() -> object:
            return sql.exec("SELECT i FROM n").one()["i"]

        def inner() -> None:
            sql.exec("UPDATE n SET i = ?", second)
            seen.append(read())
            raise ValueError("foo")

        def outer() -> None:
            sql.exec("UPDATE n SET i = ?", first)
            seen.append(read())
            try:
                self.ctx.storage.transactionSync(inner)
            except ValueError as failure:
                seen.append(str(failure))
            seen.append(read())

        seen = [read()]
        self.ctx.storage.transactionSync(outer)
        return [*seen, read()]

    async def alarm(self) -> None:
        pass
