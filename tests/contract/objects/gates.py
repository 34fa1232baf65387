"""Objects whose methods wait, write and interleave. ``gates.js`` holds the same."""

import asyncio
import time
from typing import Any

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.neutral import NeutralObject


class Gate(NeutralObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.log: list[object] = []
        self.txn: Any = None

    async def logged(self) -> object:
        return self.log

    async def say(self, text: str) -> None:
        self.log.append(text)

    async def storage(self, method: str, *arguments: object) -> object:
        return await getattr(self.ctx.storage, method)(*arguments)

    async def wait(self, seconds: float) -> int:
        await asyncio.sleep(seconds)
        return int(time.time() * 1000)

    # Implicit transactions

    async def put_and_abort(self) -> None:
        await self.ctx.storage.put("k", 1)
        self.ctx.abort("enough")

    async def put_many_awaits_and_abort(self) -> None:
        await self.ctx.storage.put("k", 1)
        for _ in range(50):
            await self.ctx.storage.get("k")
        self.ctx.abort("enough")

    async def put_wait_put_abort(self) -> None:
        await self.ctx.storage.put("first", 1)
        await asyncio.sleep(1)
        await self.ctx.storage.put("second", 1)
        self.ctx.abort("enough")

    async def put_sync_put_abort(self) -> None:
        await self.ctx.storage.put("first", 1)
        await self.ctx.storage.sync()
        await self.ctx.storage.put("second", 1)
        self.ctx.abort("enough")

    async def put_and_throw(self) -> None:
        await self.ctx.storage.put("k", 1)
        raise PlatformError("oops", name="TypeError")

    async def write_everywhere_and_abort(self) -> None:
        self.ctx.storage.sql.exec("CREATE TABLE t (a)")
        self.ctx.storage.kv.put("k", 1)
        await self.ctx.storage.put("l", 1)
        self.ctx.abort("enough")

    async def put_unawaited(self) -> None:
        self.ctx.storage.put("k", 1)

    async def break_a_constraint(self) -> str:
        sql = self.ctx.storage.sql
        sql.exec("CREATE TABLE IF NOT EXISTS p (id PRIMARY KEY)")
        sql.exec("CREATE TABLE IF NOT EXISTS c (p REFERENCES p DEFERRABLE INITIALLY DEFERRED)")
        sql.exec("INSERT INTO c VALUES (1)")
        return "done"

    async def break_a_constraint_and_throw(self) -> None:
        await self.break_a_constraint()
        raise PlatformError("mine", name="TypeError")

    # transaction()

    async def in_transaction(self, ending: str) -> object:
        async def body(txn: Any) -> str:
            await txn.put("txn", 1)
            await self.ctx.storage.put("storage", 1)
            self.ctx.storage.kv.put("kv", 1)
            self.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS t (a)")
            if ending == "throw":
                raise PlatformError("oops", name="RangeError")
            if ending == "rollback":
                txn.rollback()
                txn.rollback()
            return "result"

        await self.ctx.storage.put("before", 1)
        return await self.ctx.storage.transaction(body)

    async def transaction_of_a_plain_function(self) -> object:
        return await self.ctx.storage.transaction(lambda _txn: "result")

    async def nested(self, inner_fails: bool) -> None:
        async def inner(txn: Any) -> None:
            await txn.put("inner", 1)
            if inner_fails:
                raise PlatformError("oops")

        async def outer(txn: Any) -> None:
            await txn.put("outer", 1)
            try:
                await self.ctx.storage.transaction(inner)
            except PlatformError:
                self.log.append("inner failed")

        await self.ctx.storage.transaction(outer)

    async def roll_back_the_outer(self) -> object:
        async def outer(txn: Any) -> object:
            async def inner(_txn: Any) -> None:
                txn.rollback()

            return await self.ctx.storage.transaction(inner)

        return await self.ctx.storage.transaction(outer)

    async def use_after_rollback(self, method: str, *arguments: object) -> object:
        async def body(txn: Any) -> object:
            txn.rollback()
            return await getattr(txn, method)(*arguments)

        return await self.ctx.storage.transaction(body)

    async def use_after_the_end(self, method: str, *arguments: object) -> object:
        async def body(txn: Any) -> None:
            self.txn = txn

        await self.ctx.storage.transaction(body)
        return await getattr(self.txn, method)(*arguments)

    async def write_after_rollback(self) -> None:
        async def body(txn: Any) -> None:
            await txn.put("lost", 1)
            txn.rollback()
            await self.ctx.storage.put("kept", 1)

        await self.ctx.storage.transaction(body)

    async def alarm_in_transaction(self, at: int) -> object:
        async def body(txn: Any) -> object:
            await txn.setAlarm(at)
            seen = await txn.getAlarm()
            txn.rollback()
            return seen

        seen = await self.ctx.storage.transaction(body)
        return [seen, await self.ctx.storage.getAlarm()]

    async def slow_transaction(self, seconds: float) -> None:
        async def body(txn: Any) -> None:
            self.log.append("transaction begins")
            await txn.put("k", 1)
            await asyncio.sleep(seconds)
            self.log.append("transaction ends")

        await self.ctx.storage.transaction(body)

    # transactionSync()

    async def in_transaction_sync(self, fails: bool) -> object:
        def body() -> str:
            self.ctx.storage.kv.put("inside", 1)
            if fails:
                raise PlatformError("oops", name="RangeError")
            return "result"

        self.ctx.storage.kv.put("before", 1)
        return self.ctx.storage.transactionSync(body)

    async def nested_sync(self) -> None:
        def inner() -> None:
            self.ctx.storage.kv.put("inner", 1)
            raise PlatformError("oops")

        def outer() -> None:
            self.ctx.storage.kv.put("outer", 1)
            try:
                self.ctx.storage.transactionSync(inner)
            except PlatformError:
                self.ctx.storage.kv.put("caught", 1)

        self.ctx.storage.transactionSync(outer)

    # Input gate

    async def steps(self, name: str) -> None:
        self.log.append(f"{name}1")
        await self.ctx.storage.get("k")
        await self.ctx.storage.put("k", 1)
        self.log.append(f"{name}2")
        await asyncio.sleep(1)
        self.log.append(f"{name}3")

    async def increment(self) -> object:
        count = await self.ctx.storage.get("count")
        count = count + 1 if isinstance(count, int) else 1
        await self.ctx.storage.put("count", count)
        return count

    async def increment_by_half(self) -> object:
        count = await self.ctx.storage.get("count")
        await asyncio.sleep(1)
        await self.ctx.storage.put("count", count + 1 if isinstance(count, int) else 1)
        return await self.ctx.storage.get("count")

    async def hold(self, seconds: float) -> object:
        async def section() -> str:
            self.log.append("section begins")
            await asyncio.sleep(seconds)
            self.log.append("section ends")
            return "result"

        return await self.ctx.blockConcurrencyWhile(section)

    async def hold_and_fail(self, seconds: float) -> None:
        async def section() -> None:
            await self.ctx.storage.put("in section", 1)
            if seconds:
                await asyncio.sleep(seconds)
            raise PlatformError("oops", name="RangeError")

        await self.ctx.storage.put("before", 1)
        try:
            await self.ctx.blockConcurrencyWhile(section)
        except PlatformError:
            await self.ctx.storage.put("caught", 1)

    async def hold_a_plain_function(self) -> object:
        return await self.ctx.blockConcurrencyWhile(lambda: "result")

    async def hold_nothing(self) -> object:
        return await self.ctx.blockConcurrencyWhile(5)

    async def hold_nested(self) -> None:
        async def inner() -> None:
            self.log.append("inner")

        async def outer() -> None:
            self.log.append("outer begins")
            await self.ctx.blockConcurrencyWhile(inner)
            self.log.append("outer ends")

        await self.ctx.blockConcurrencyWhile(outer)

    async def hold_deep(self, depth: int) -> str:
        async def deeper(left: int) -> None:
            if left > 1:
                await self.ctx.blockConcurrencyWhile(lambda: deeper(left - 1))

        try:
            await self.ctx.blockConcurrencyWhile(lambda: deeper(depth))
        except PlatformError as failure:
            return failure.message
        return "reached"

    async def hold_and_call_itself(self) -> object:
        async def section() -> object:
            return await self.env.GATE.get(self.ctx.id).logged()

        return await self.ctx.blockConcurrencyWhile(section)

    async def put_unconfirmed_and_abort(self) -> None:
        await self.ctx.storage.put("k", 1, {"allowUnconfirmed": True})
        self.ctx.abort("enough")

    async def break_by(self, name: str) -> list[str]:
        """Break a constraint in another object; then ask by the same stub, and by a new one."""
        stub = self.env.GATE.getByName(name)
        outcomes = []
        for each, method in ((stub, "break_a_constraint"), (stub, "logged"), (self.env.GATE.getByName(name), "logged")):
            try:
                await getattr(each, method)()
                outcomes.append("answered")
            except PlatformError as failure:
                outcomes.append(failure.message)
        return outcomes

    async def delete_all_by_transaction(self) -> None:
        async def body(txn: Any) -> None:
            await txn.deleteAll()

        await self.ctx.storage.transaction(body)

    async def give_text(self, length: int) -> str:
        return "x" * length

    async def wait_then_say(self, seconds: float, text: str) -> None:
        await asyncio.sleep(seconds)
        self.log.append(text)

    async def wait_in_section_for_what_never_comes(self, kind: str) -> None:
        async def never(*_txn: object) -> None:
            await asyncio.get_running_loop().create_future()

        await (self.ctx.blockConcurrencyWhile if kind == "section" else self.ctx.storage.transaction)(never)

    async def call_itself(self) -> object:
        return await self.env.GATE.get(self.ctx.id).logged()

    async def alarm(self) -> None:
        self.log.append("alarm")
