"""A corrupt page in a database that can be opened: whoever meets it, the test is told, and no alarm is lost."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from workers import DurableObject

from pytest_durable.errors import DamagedFileError
from pytest_durable.events import AlarmAbandoned, AlarmFinished, AlarmRowDeleted, Committed
from support.damage import spoil_page_of_values

HOUR_MS = 3_600_000
#: What SQL of the user says of it, and what every other interface says (tried).
WORDS = "database disk image is malformed: SQLITE_CORRUPT"
OPAQUE = "internal error; reference = "


class Keeper(DurableObject):
    """Does everything with its storage that can be done."""

    async def prepare(self, time_ms: int) -> None:
        await self.ctx.storage.put("k", "v")
        await self.ctx.storage.setAlarm(time_ms)
        self.ctx.storage.sql.exec("CREATE TABLE mine (text)")
        self.ctx.storage.sql.exec("INSERT INTO mine VALUES ('a')")

    async def put(self) -> None:
        await self.ctx.storage.put("k", "w")

    async def delete(self) -> None:
        await self.ctx.storage.delete("k")

    def put_at_once(self) -> None:
        self.ctx.storage.kv.put("k", "w")

    def put_and_go_on(self) -> str:
        try:
            self.ctx.storage.kv.put("k", "w")
        except Exception as failure:
            return str(failure)
        return "not raised"

    def list_at_once(self) -> object:
        return list(self.ctx.storage.kv.list())

    def insert(self) -> None:
        self.ctx.storage.sql.exec("INSERT INTO mine VALUES ('b')")

    def update(self) -> None:
        self.ctx.storage.sql.exec("UPDATE mine SET text = 'b'")

    async def transact(self) -> None:
        async def body(transaction: Any) -> None:
            await transaction.put("k", "w")

        await self.ctx.storage.transaction(body)

    def transact_at_once(self) -> None:
        self.ctx.storage.transactionSync(self.put_at_once)

    async def postpone(self) -> None:
        await self.ctx.storage.setAlarm(1)

    async def alarm(self) -> None:
        assert await self.ctx.storage.get("k") == "v"
        await self.ctx.storage.put("fired", 1)


class Wrapping(Keeper):
    async def alarm(self) -> None:
        try:
            await super().alarm()
        except Exception as failure:
            raise RuntimeError("could not read") from failure


class Writing(Keeper):
    async def alarm(self) -> None:
        await self.ctx.storage.put("k", "w")


class Reading(Keeper):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        if ctx.storage.sql.databaseSize > 4096:
            ctx.storage.kv.get("k")

    async def alarm(self) -> None:
        pass


class Caught(Keeper):
    async def alarm(self) -> None:
        try:
            await self.ctx.storage.get("k")
        except Exception:
            return


@asynccontextmanager
async def damaged(durable: Any, cls: type = Keeper, table: str = "_cf_KV") -> AsyncIterator[tuple[Any, Path]]:
    """An object with an alarm in an hour, a page of whose file is spoilt, and that file."""
    stub = durable.namespace(cls).get_by_name("a")
    await stub.prepare(durable.clock.time_ms() + HOUR_MS)
    await durable.stop()
    path = durable.directory / cls.__name__ / f"{stub.id.hex}.sqlite"
    spoil_page_of_values(path, table)
    await durable.start()
    yield stub, path


def rows(directory: Path, cls: type) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(directory / cls.__name__ / "metadata.sqlite")
    found = connection.execute("SELECT * FROM _cf_ALARM").fetchall()
    connection.close()
    return found


@pytest.mark.parametrize("cls", [Keeper, Wrapping, Writing, Reading])
async def test_an_alarm_that_meets_a_corrupt_page_is_told_once_and_never_given_up(durable: Any, cls: type) -> None:
    async with damaged(durable, cls) as (stub, path):
        before, whole = path.read_bytes(), rows(durable.directory, cls)
        begin = len(durable.journal)
        with pytest.raises(DamagedFileError, match=path.name) as caught:
            await durable.clock.advance(hours=12)
        assert stub.id.hex in str(caught.value)
        durable.raise_failures()  # there is one, however often the alarm was tried
        (alarm,) = durable.alarms()
        assert (alarm.state, alarm.retry_count) == ("retrying", 0)
        records = list(durable.journal)[begin:]
        assert [r for r in records if isinstance(r, AlarmAbandoned | AlarmRowDeleted | Committed)] == []
        assert len([r for r in records if isinstance(r, AlarmFinished)]) > 7
        await durable.stop()
        assert path.read_bytes() == before
        assert rows(durable.directory, cls) == whole
        if cls is Reading:
            durable.expect_warning("PD-W06")  # what a failed constructor does on the platform, whatever failed it


async def test_an_alarm_that_met_a_corrupt_page_runs_once_the_file_is_repaired(durable: Any) -> None:
    stub = durable.namespace(Keeper).get_by_name("a")
    await stub.prepare(durable.clock.time_ms() + HOUR_MS)
    await durable.stop()
    path = durable.directory / "Keeper" / f"{stub.id.hex}.sqlite"
    whole = path.read_bytes()
    spoil_page_of_values(path)
    await durable.start()
    with pytest.raises(DamagedFileError):
        await durable.clock.advance(hours=12)
    await durable.stop()
    path.write_bytes(whole)
    await durable.start()
    assert durable.stored(stub).kv["fired"] == 1


async def test_an_alarm_whose_own_record_is_on_a_corrupt_page_is_told_and_never_given_up(durable: Any) -> None:
    async with damaged(durable, table="_cf_METADATA") as (_stub, path):
        with pytest.raises(DamagedFileError, match=path.name):
            await durable.clock.advance(hours=12)
        assert [(alarm.state, alarm.retry_count) for alarm in durable.alarms()] == [("retrying", 0)]


async def test_an_alarm_that_handles_a_corrupt_page_is_done(durable: Any) -> None:
    async with damaged(durable, Caught):
        await durable.clock.advance(hours=12)
        assert durable.alarms() == []


async def test_an_alarm_run_by_hand_tells_of_a_corrupt_page(durable: Any) -> None:
    async with damaged(durable) as (stub, path):
        with pytest.raises(DamagedFileError, match=path.name):
            await durable.run_alarm(stub)


@pytest.mark.parametrize(
    ("method", "table"),
    [
        ("put", "_cf_KV"),
        ("delete", "_cf_KV"),
        ("put_at_once", "_cf_KV"),
        ("list_at_once", "_cf_KV"),
        ("transact", "_cf_KV"),
        ("transact_at_once", "_cf_KV"),
        ("put_and_go_on", "_cf_KV"),
        ("insert", "mine"),
        ("update", "mine"),
        ("postpone", "_cf_METADATA"),
    ],
)
async def test_whatever_meets_a_corrupt_page_names_file_and_object_to_the_test(
    durable: Any, method: str, table: str
) -> None:
    async with damaged(durable, table=table) as (_stub, path):
        before = path.read_bytes()
        for _ in range(2):
            stub = durable.namespace(Keeper).get_by_name("a")
            with pytest.raises(DamagedFileError) as caught:
                await getattr(stub, method)()
            assert str(caught.value).splitlines()[:3] == [
                f"{path} is damaged: SQLite says database disk image is malformed.",
                "",
                f"  object  {stub.id.hex}",
            ]
            assert str(caught.value.__cause__).removeprefix("Error: ").startswith(OPAQUE)
        await durable.stop()
        assert path.read_bytes() == before


@pytest.mark.parametrize("method", ["put", "put_at_once", "insert", "transact", "transact_at_once", "delete"])
async def test_a_write_that_meets_a_corrupt_page_speaks_the_words_of_the_platform_inside(
    durable: Any, method: str
) -> None:
    async with damaged(durable, table="mine" if method == "insert" else "_cf_KV") as (stub, _path):
        seen: list[str] = []

        async def write(instance: Any, _ctx: Any) -> None:
            try:
                result = getattr(instance, method)()
                if result is not None:
                    await result
            except Exception as failure:
                seen.append(str(failure))
            instance.ctx.abort()

        with pytest.raises(Exception, match="abort"):
            await durable.run_in_object(stub, write)
        assert len(seen) == 1
        assert seen[0].startswith(f"Error: {WORDS if method == 'insert' else OPAQUE}")
