"""Objects that use what belongs to another object. ``foreign.js`` holds the same."""

import asyncio
from collections.abc import Callable
from typing import Any

from pytest_durable._surfaces.neutral import NeutralObject

#: What one object has put aside, and another finds: both live in one isolate.
KEPT: dict[str, Any] = {}

USES: dict[str, Callable[[], object]] = {
    "get": lambda: KEPT["storage"].get("k"),
    "put": lambda: KEPT["storage"].put("k", 1),
    "transactionSync": lambda: KEPT["storage"].transactionSync(lambda: 1),
    "getCurrentBookmark": lambda: KEPT["storage"].getCurrentBookmark(),
    "kv": lambda: KEPT["storage"].kv.get("k"),
    "sql": lambda: KEPT["storage"].sql.exec("SELECT 1"),
    "databaseSize": lambda: KEPT["storage"].sql.databaseSize,
    "abort": lambda: KEPT["ctx"].abort("from elsewhere"),
    "stub": lambda: KEPT["stub"].ping(),
    "fetch": lambda: KEPT["stub"].fetch("http://x/"),
    "facets": lambda: KEPT["ctx"].facets.get("g", lambda: {"class": Shelf}).ping(),
    "facet delete": lambda: KEPT["ctx"].facets.delete("f"),
    "facet": lambda: KEPT["facet"].ping(),
    "id": lambda: KEPT["ctx"].id.name,
    "env": lambda: KEPT["env"].SHELF.getByName("c").ping(),
    "no argument": lambda: KEPT["storage"].get(),
}


class Shelf(NeutralObject):
    async def keep(self) -> None:
        stub = self.env.SHELF.getByName("c")
        facet = self.ctx.facets.get("f", lambda: {"class": Shelf})
        KEPT.update(ctx=self.ctx, env=self.env, storage=self.ctx.storage, stub=stub, facet=facet)

    async def use(self, name: str) -> object:
        result = USES[name]()
        return await result if hasattr(result, "__await__") else result

    async def section(self) -> list[str]:
        order: list[str] = []

        async def inside() -> None:
            order.append("section begins")
            await asyncio.sleep(0.1)
            order.append("section ends")

        section = KEPT["ctx"].blockConcurrencyWhile(inside)
        await asyncio.sleep(0.01)
        order.append("own timer")
        await section
        return order

    async def ping(self) -> str:
        return "pong"
