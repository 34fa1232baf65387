"""Objects that hand the test's words to their storage. ``key_value.js`` holds the same."""

import asyncio
from typing import Any

from pytest_durable._surfaces.neutral import NeutralObject


class Box(NeutralObject):
    async def storage(self, method: str, *arguments: object) -> object:
        return await getattr(self.ctx.storage, method)(*arguments)

    async def kv(self, method: str, *arguments: object) -> object:
        result = getattr(self.ctx.storage.kv, method)(*arguments)
        return list(result) if method == "list" else result

    async def throws_at_once(self, method: str, *arguments: object) -> bool:
        try:
            promise = getattr(self.ctx.storage, method)(*arguments)
        except Exception:
            return True
        try:
            await promise
        except Exception:
            return False
        return False

    async def change_after_put(self) -> object:
        value = {"items": [1]}
        promise = self.ctx.storage.put("k", value)
        value["items"].append(2)
        await promise
        return await self.ctx.storage.get("k")

    async def change_after_get(self) -> object:
        await self.ctx.storage.put("k", {"items": [1]})
        first: Any = await self.ctx.storage.get("k")
        first["items"].append(2)
        return await self.ctx.storage.get("k")

    async def put_own_array(self) -> None:
        await self.ctx.storage.put("k", [1, "x", None])

    async def put_function(self) -> None:
        await self.ctx.storage.put("k", lambda: 1)

    async def put_function_among_others(self) -> None:
        await self.ctx.storage.put({"a": 1, "f": lambda: 1})

    async def put_stub(self) -> None:
        await self.ctx.storage.put("k", self.env.BOX.getByName("other"))

    async def put_many(self, count: int) -> int:
        await self.ctx.storage.put({f"k{number:04}": number for number in range(count)})
        return len(await self.ctx.storage.get([f"k{number:04}" for number in range(count)]))

    async def kv_put_text(self, length: int) -> None:
        self.ctx.storage.kv.put("k", "x" * length)

    async def two_lists(self) -> object:
        kv = self.ctx.storage.kv
        kv.put("a", 1)
        kv.put("b", 2)
        first = iter(kv.list())
        next(first)
        iter(kv.list())
        return next(first)

    async def write_while_listing(self) -> list[object]:
        kv = self.ctx.storage.kv
        for key in "ab":
            kv.put(key, key)
        seen = []
        for key, _ in kv.list():
            seen.append(key)
            if key == "a":
                kv.put("c", "c")
        return seen

    async def delete_all_and_write(self) -> None:
        await self.ctx.storage.put("old", 1)
        await self.ctx.storage.deleteAll()
        await self.ctx.storage.put("new", 2)

    async def delete_all_in_transaction(self) -> None:
        async def body(_txn: Any) -> None:
            await self.ctx.storage.deleteAll()

        await self.ctx.storage.transaction(body)

    async def delete_all_and_abort(self) -> None:
        await self.ctx.storage.deleteAll()
        self.ctx.abort("enough")

    async def delete_all_beside_cursor(self) -> object:
        sql = self.ctx.storage.sql
        cursor = sql.exec("SELECT 1 AS n UNION SELECT 2 UNION SELECT 3")
        cursor.next()
        await self.ctx.storage.deleteAll()
        return cursor.toArray()

    async def delete_all_with_table(self) -> int:
        sql = self.ctx.storage.sql
        sql.exec("CREATE TABLE t (a)")
        await self.ctx.storage.put("k", 1)
        await self.ctx.storage.deleteAll()
        return sql.databaseSize

    async def sizes(self) -> list[int]:
        sql = self.ctx.storage.sql
        before = sql.databaseSize
        await self.ctx.storage.put("k", 1)
        return [before, sql.databaseSize]

    async def sync_after_put(self) -> object:
        self.ctx.storage.put("k", 1)
        return await self.ctx.storage.sync()

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def alarm(self) -> None:
        """Lets the objects set alarms."""
