"""Objects whose disk is full after ten pages. ``critical.js`` holds the same. Both need the flag ``experimental``."""

import asyncio
from collections.abc import Callable
from typing import Any

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.neutral import NeutralObject

#: What objects have seen that will not be able to tell it: they are reset. ``notes`` of another object gives it out.
SEEN: list[object] = []

OPERATIONS: dict[str, Callable[[Any], object]] = {
    "sql": lambda s: s.sql.exec("SELECT count(*) AS n FROM t").one()["n"],
    "wrong sql": lambda s: s.sql.exec("SELEC"),
    "sql that writes": lambda s: s.sql.exec("INSERT INTO t VALUES (9, 'x')"),
    "databaseSize": lambda s: s.sql.databaseSize,
    "kv.get": lambda s: s.kv.get("kv"),
    "kv.put": lambda s: s.kv.put("kv", 2),
    "kv.delete": lambda s: s.kv.delete("kv"),
    "kv.list": lambda s: s.kv.list(),
    "get": lambda s: s.get("kv"),
    "get of none": lambda s: s.get([]),
    "get without key": lambda s: s.get(),
    "put": lambda s: s.put("kv", 3),
    "put of none": lambda s: s.put({}),
    "delete": lambda s: s.delete("kv"),
    "delete of none": lambda s: s.delete([]),
    "list": lambda s: s.list(),
    "getAlarm": lambda s: s.getAlarm(),
    "setAlarm": lambda s: s.setAlarm(4102444800000),
    "deleteAlarm": lambda s: s.deleteAlarm(),
    "deleteAll": lambda s: s.deleteAll(),
    "getCurrentBookmark": lambda s: s.getCurrentBookmark(),
    "waitForBookmark": lambda s: s.waitForBookmark("b"),
    "getBookmarkForTime": lambda s: s.getBookmarkForTime(1),
    "transactionSync": lambda s: s.transactionSync(lambda: 1),
}


def said(failure: Exception) -> str:
    assert isinstance(failure, PlatformError), failure
    return f"{failure}{' reset' if failure.durable_object_reset else ''}"


def tried(operation: Callable[[], object]) -> object:
    try:
        return operation()
    except Exception as failure:
        return said(failure)


async def awaited(operation: Callable[[], object]) -> object:
    try:
        result = operation()
        return await result if hasattr(result, "__await__") else result
    except Exception as failure:
        return said(failure)


class Fragile(NeutralObject):
    def prepare(self) -> None:
        storage = self.ctx.storage
        storage.sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)")
        storage.sql.exec("INSERT INTO t VALUES (1, 'first')")
        storage.kv.put("kv", 1)

    def limit(self) -> None:
        self.ctx.storage.sql.setMaxPageCountForTest(10)

    def fill(self) -> None:
        for _ in range(100):
            self.ctx.storage.sql.exec("INSERT INTO t (x) VALUES (?)", "x" * 3000)

    async def notes(self) -> list[object]:
        found = list(SEEN)
        SEEN.clear()
        return found

    async def stored(self) -> list[object]:
        storage = self.ctx.storage
        return [storage.sql.exec("SELECT count(*) AS n FROM t").one()["n"], [key for key, _ in storage.kv.list()]]

    async def fail(self) -> str:
        self.limit()
        self.fill()
        return "returned"

    async def fail_and_catch(self) -> str:
        self.limit()
        SEEN.append(tried(self.fill))
        return "returned"

    async def fail_and_wait(self) -> None:
        self.limit()
        SEEN.append(tried(self.fill))
        await asyncio.sleep(0.01)
        SEEN.append("went on")

    async def fail_and_try(self, name: str) -> None:
        self.limit()
        tried(self.fill)
        SEEN.append(await awaited(lambda: OPERATIONS[name](self.ctx.storage)))

    async def fail_and_read_on(self) -> None:
        storage = self.ctx.storage
        for number in range(3):
            storage.sql.exec("INSERT INTO t VALUES (?, 'q')", 10 + number)
        await asyncio.sleep(0.001)
        cursor = storage.sql.exec("SELECT id FROM t")
        cursor.next()
        self.limit()
        tried(self.fill)
        SEEN.append(tried(lambda: cursor.next()["value"]["id"]))

    async def fail_and_abort(self) -> None:
        self.limit()
        tried(self.fill)
        self.ctx.abort("of my own")

    async def commit_and_fail(self) -> None:
        self.ctx.storage.kv.put("committed", 1)
        await asyncio.sleep(0.001)
        self.ctx.storage.kv.put("uncommitted", 1)
        self.limit()
        tried(self.fill)
        raise PlatformError("own", name="TypeError")

    async def fill_by_pairs(self, interface: str) -> None:
        storage = self.ctx.storage
        self.limit()
        pairs = {f"k{number}": "x" * 3000 for number in range(40)}
        if interface == "put of many":
            SEEN.append(await awaited(lambda: storage.put(pairs)))
        else:
            put = storage.kv.put if interface == "kv.put" else storage.put
            outcomes = [await awaited(lambda key=key: put(key, pairs[key])) for key in pairs]
            SEEN.append(next(outcome for outcome in outcomes if isinstance(outcome, str)))
        SEEN.append(tried(lambda: storage.kv.get("kv")))

    async def within_sync(self, end: str) -> None:
        storage = self.ctx.storage
        self.limit()
        storage.kv.put("k4", 4)

        def body() -> int:
            SEEN.append(tried(self.fill))
            if end == "error":
                raise PlatformError("own", name="RangeError")
            return 1

        def nested() -> int:
            SEEN.append(tried(lambda: storage.transactionSync(body)))
            return 2

        SEEN.append(tried(lambda: storage.transactionSync(nested if end == "nested" else body)))
        SEEN.append(tried(lambda: storage.kv.get("kv")))

    async def within_transaction(self, end: str) -> None:
        storage = self.ctx.storage
        self.limit()
        storage.kv.put("k4", 4)

        async def body(txn: Any) -> int:
            await txn.put("k5", 5)
            if end == "error":
                self.fill()
            SEEN.append(tried(self.fill))
            SEEN.append(await awaited(lambda: txn.get("k5")))
            if end == "rollback":
                SEEN.append(tried(txn.rollback))
            return 1

        await storage.transaction(body)
        SEEN.append("went on")

    async def within_section(self, end: str) -> None:
        self.limit()

        async def body() -> None:
            tried(self.fill)
            if end == "error":
                raise PlatformError("own", name="TypeError")

        await self.ctx.blockConcurrencyWhile(body)
        SEEN.append("went on")

    async def send_and_fail(self, name: str) -> None:
        self.env.FRAGILE.getByName(name).note("received")
        self.ctx.storage.kv.put("k", 1)
        self.limit()
        tried(self.fill)

    async def note(self, text: str) -> None:
        SEEN.append(text)

    async def nothing(self) -> int:
        return 1

    async def arm(self, time: int) -> None:
        await self.ctx.storage.setAlarm(time)

    async def alarm(self, info: Any) -> None:
        SEEN.append(info.retryCount)
        self.limit()
        tried(self.fill)

    # Bookmarks

    async def bookmarks(self, count: int) -> list[object]:
        return [await self.ctx.storage.getCurrentBookmark() for _ in range(count)]

    async def bookmarks_at_once(self, count: int) -> list[object]:
        promises = [self.ctx.storage.getCurrentBookmark() for _ in range(count)]
        return [await promise for promise in promises]

    async def bookmark_and_abort(self) -> None:
        for _ in range(5):
            self.ctx.storage.getCurrentBookmark()
        self.ctx.abort("over")

    async def bookmark_and_roll_back(self) -> None:
        def body() -> None:
            self.ctx.storage.getCurrentBookmark()
            raise PlatformError("back")

        tried(lambda: self.ctx.storage.transactionSync(body))

    async def delete_all(self) -> None:
        await self.ctx.storage.deleteAll()

    async def put_and_call(self, method: str, *arguments: object) -> None:
        """Whether a write before the call was committed by awaiting it shows after the abort."""
        self.ctx.storage.put("before", 1)
        await awaited(lambda: getattr(self.ctx.storage, method)(*arguments))
        self.ctx.abort("over")

    async def storage(self, method: str, *arguments: object) -> object:
        return await getattr(self.ctx.storage, method)(*arguments)

    async def members(self) -> list[bool]:
        storage = self.ctx.storage
        names = ["getCurrentBookmark", "waitForBookmark", "snapshot", "onNextSessionRestore", "primary"]
        names_of_sql = ["exec", "prepare", "setMaxPageCountForTest"]
        return [hasattr(storage, name) for name in names] + [hasattr(storage.sql, name) for name in names_of_sql]
