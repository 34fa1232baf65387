"""What a test kept of an instance that is gone: it is refused in the platform's words, and nothing internal leaks."""

import gc
from typing import Any

import pytest
from pyodide.ffi import JsException
from workers import DurableObject

from pytest_durable.events import TransactionBegan

GONE = "Error: Durable Object storage is no longer accessible."
ABORTED = "Error: Application called abort() to reset Durable Object."
LOST = "Error: Network connection lost."


class Shelf(DurableObject):
    async def fill(self) -> None:
        await self.ctx.storage.put({"a": 1, "b": 2})
        self.ctx.storage.sql.exec("CREATE TABLE mine (number)")
        self.ctx.storage.sql.exec("INSERT INTO mine VALUES (1), (2), (3)")

    async def read(self, key: str) -> object:
        return await self.ctx.storage.get(key)

    async def clean_up(self) -> None:
        rows = self.ctx.storage.sql.exec("SELECT * FROM mine")
        pairs = iter(self.ctx.storage.kv.list())
        LOG.clear()
        try:
            await self.ctx.storage.put("c", 3)
        finally:
            for use in (rows.toArray, lambda: rows.rowsRead, lambda: next(pairs), self.later):
                try:
                    use()
                except BaseException as failure:
                    LOG.append(type(failure).__name__)

    def later(self) -> None:
        self.ctx.waitUntil(nothing())


LOG: list[str] = []


async def nothing() -> None:
    pass


class Kept:
    """What a function inside the object handed out."""

    def __init__(self, instance: Any, ctx: Any) -> None:
        self.instance = instance
        self.ctx = ctx
        self.rows = ctx.storage.sql.exec("SELECT * FROM mine")
        self.raw_rows = ctx.storage.sql.exec("SELECT * FROM mine").raw()
        self.ended_rows = ctx.storage.sql.exec("SELECT * FROM mine WHERE number > 9")
        self.pairs = iter(ctx.storage.kv.list())
        next(self.pairs)


USES: dict[str, Any] = {
    "waitUntil": lambda kept: kept.ctx.waitUntil(nothing()),
    "toArray": lambda kept: kept.rows.toArray(),
    "next": lambda kept: kept.rows.next(),
    "one": lambda kept: kept.rows.one(),
    "rowsRead": lambda kept: kept.rows.rowsRead,
    "rowsWritten": lambda kept: kept.rows.rowsWritten,
    "raw": lambda kept: kept.raw_rows.toArray(),
    "raw of the first": lambda kept: list(kept.rows.raw()),
    "at its end": lambda kept: kept.ended_rows.toArray(),
    "kv.list": lambda kept: next(kept.pairs),
}


async def keep(durable: Any, storage: str = "disk") -> tuple[Any, Kept]:
    stub = durable.namespace(Shelf, storage=storage).get_by_name("a")
    await stub.fill()
    return stub, await durable.run_in_object(stub, Kept)


@pytest.mark.parametrize("storage", ["disk", "memory"])
@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("end", ["evict", "abort", "restart", "stop", "crash", "idle"])
async def test_thing_kept_of_an_instance_that_is_gone_is_refused_in_the_words_of_the_platform(
    durable: Any, end: str, use: str, storage: str
) -> None:
    stub, kept = await keep(durable, storage)
    match end:
        case "evict" | "abort":
            await getattr(durable, end)(stub)
        case "idle":
            await durable.clock.advance(seconds=11)
        case _:
            await getattr(durable, end)()
    with pytest.raises(JsException) as caught:
        USES[use](kept)
    assert str(caught.value) == (ABORTED if end == "abort" else GONE)


@pytest.mark.parametrize("end", ["restart", "stop", "crash"])
async def test_stub_kept_from_a_life_that_has_ended_finds_nobody_at_the_other_side(durable: Any, end: str) -> None:
    _, kept = await keep(durable)
    stub = kept.instance.env.SHELF.getByName("a")
    await getattr(durable, end)()
    for kept_stub in (stub, kept.instance.env.SHELF.getByName("b")):
        with pytest.raises(JsException) as caught:
            await kept_stub.read("a")
        assert str(caught.value) == LOST


async def test_stub_kept_of_an_evicted_instance_still_calls(durable: Any) -> None:
    stub, kept = await keep(durable)
    await durable.evict(stub)
    assert await kept.instance.env.SHELF.getByName("a").read("a") == 1


async def test_background_work_that_is_refused_leaves_no_warning_behind(durable: Any) -> None:
    stub, kept = await keep(durable)
    await durable.evict(stub)
    with pytest.raises(JsException):
        kept.ctx.waitUntil(nothing())
    gc.collect()  # a coroutine that nobody awaited would warn now, and warnings are errors here
    await durable.settle()


async def test_code_on_the_stack_of_a_crash_is_unwound_by_whatever_it_uses(durable: Any) -> None:
    stub = durable.namespace(Shelf).get_by_name("a")
    await stub.fill()
    durable.crash_at(TransactionBegan)
    with pytest.raises(Exception, match=r"Network connection lost\."):
        await stub.clean_up()
    assert not durable.is_running
    assert LOG == ["LifeEnded"] * 4
