"""Objects that run the test's SQL. ``sql.js`` holds the same."""

from pytest_durable._surfaces.neutral import NeutralObject


class Ledger(NeutralObject):
    async def run(self, query: str, *bindings: object) -> object:
        return self.ctx.storage.sql.exec(query, *bindings).toArray()

    async def raw(self, query: str, *bindings: object) -> object:
        return self.ctx.storage.sql.exec(query, *bindings).raw().toArray()

    async def one(self, query: str) -> object:
        return self.ctx.storage.sql.exec(query).one()

    async def columns(self, query: str) -> object:
        cursor = self.ctx.storage.sql.exec(query)
        cursor.toArray()
        return cursor.columnNames

    async def steps(self, query: str) -> object:
        cursor = self.ctx.storage.sql.exec(query)
        return [cursor.next()["done"], cursor.toArray(), cursor.next()["done"], cursor.toArray()]

    async def shared_position(self, query: str) -> object:
        cursor = self.ctx.storage.sql.exec(query)
        rows = cursor.raw()
        return [rows.next()["value"], cursor.next()["value"], rows.next()["value"]]

    async def two_cursors(self, query: str) -> object:
        first = self.ctx.storage.sql.exec(query)
        head = first.next()["value"]
        second = self.ctx.storage.sql.exec(query).toArray()
        return [head, first.toArray(), second]

    async def counters(self, query: str) -> object:
        cursor = self.ctx.storage.sql.exec(query)
        before = [cursor.rowsRead, cursor.rowsWritten]
        cursor.toArray()
        return [before, [cursor.rowsRead, cursor.rowsWritten]]

    async def cursor_after_wait(self, query: str) -> object:
        cursor = self.ctx.storage.sql.exec(query)
        cursor.next()
        await self.ctx.storage.sync()
        return cursor.toArray()

    async def fail_amid_writes(self) -> None:
        self.ctx.storage.kv.put("before", 1)
        try:
            self.ctx.storage.sql.exec("SELECT * FROM nothing")
        except Exception:
            self.ctx.storage.kv.put("after", 1)

    async def storage(self, method: str, *arguments: object) -> object:
        return await getattr(self.ctx.storage, method)(*arguments)
