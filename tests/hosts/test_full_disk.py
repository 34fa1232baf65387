"""A full disk as the user of an object meets it: the call fails, the object is reset, nothing committed is lost.

The room is taken away at SQLite's own limit of pages, so the errors are SQLite's; failures of a single step, which no
limit of pages can bring about, are asked of the storage room.
"""

from typing import Any, Literal

import pytest
from workers import DurableObject

from pytest_durable import PlatformError
from pytest_durable.errors import DurableError
from pytest_durable.events import Aborted, AlarmRowFailed

FULL = "database or disk is full: SQLITE_FULL"

pytestmark = pytest.mark.parametrize("storage", ["disk", "memory"])


class Store(DurableObject):
    calls = 0

    async def put(self, pairs: Any) -> None:
        self.calls += 1
        for key, value in pairs.items():
            await self.ctx.storage.put(key, value)

    async def put_and_go_on(self) -> str:
        await self.ctx.storage.put("before", 1)
        try:
            await self.ctx.storage.put("big", "x" * 100_000)
        except Exception as failure:
            return str(failure)
        return "stored"

    async def put_within_transaction(self) -> None:
        async def body(transaction: Any) -> None:
            await transaction.put("before", 1)
            await transaction.put("big", "x" * 100_000)

        await self.ctx.storage.transaction(body)

    async def insert(self) -> None:
        sql = self.ctx.storage.sql
        sql.exec("CREATE TABLE IF NOT EXISTS t (a)")
        for _ in range(50):
            sql.exec("INSERT INTO t VALUES (zeroblob(3000))")

    async def count(self) -> int:
        return self.calls

    async def arm(self, time_ms: int) -> None:
        await self.ctx.storage.put("armed", time_ms)
        await self.ctx.storage.setAlarm(time_ms)

    async def alarm(self) -> None:
        await self.ctx.storage.put("fired", "x" * 100_000)


class Objects:
    """A host with one namespace, and the disk beneath it."""

    def __init__(self, host: Any) -> None:
        self.host = host
        self.namespace = host.namespace(Store)

    def fresh(self) -> Any:
        """A new stub of the one object: an old one stays with the instance that was reset."""
        return self.namespace.get_by_name("a")

    def fill_disk(self, stub: Any, *, pages_left: int = 2) -> None:
        """Let the disk be full, for the instance that runs now."""
        container = self._namespace_in_this_life().find(stub.id.hex)
        store = container.incarnation.storage.open_store
        store.limit_pages(store.database_size // 4096 + pages_left)

    def fail_next(self, step: Literal["commit", "alarm_row"]) -> None:
        self._namespace_in_this_life().files.fail_next(step, "full")

    def _namespace_in_this_life(self) -> Any:
        return self.host._process.require_running().namespaces["Store"]

    def stored(self) -> dict[str, Any]:
        return dict(self.host.stored(self.fresh()).kv)


@pytest.fixture
def objects(durable_factory: Any, storage: str) -> Objects:
    return Objects(durable_factory(storage=storage))


async def test_a_call_that_finds_the_disk_full_fails_and_leaves_what_was_there(objects: Objects) -> None:
    # DO-6.6
    stub = objects.fresh()
    await stub.put({"k": 1})
    objects.fill_disk(stub)
    with pytest.raises(Exception, match=FULL):
        await stub.put({"k": 2, "big": "x" * 100_000})
    assert objects.stored() == {"k": 1}
    assert [record.reason for record in objects.host.journal.of(Aborted)] == [f"PlatformError: {FULL}"]


async def test_an_object_is_reset_by_a_full_disk_and_works_once_there_is_room(objects: Objects) -> None:
    # DO-6.6
    stub = objects.fresh()
    await stub.put({"k": 1})
    objects.fill_disk(stub)
    with pytest.raises(Exception, match=FULL):
        await stub.put({"big": "x" * 100_000})
    with pytest.raises(PlatformError) as caught:
        await stub.count()
    assert (caught.value.message, caught.value.durable_object_reset) == (FULL, True)
    again = objects.fresh()
    assert await again.count() == 0
    await again.put({"big": "x" * 100_000})
    assert objects.stored() == {"k": 1, "big": "x" * 100_000}


async def test_an_object_that_swallows_the_error_is_reset_all_the_same(objects: Objects) -> None:
    # SQLite has undone the turn's other writes too, so none of them may seem to have happened. DO-6.6
    stub = objects.fresh()
    await stub.put({"k": 1})
    objects.fill_disk(stub)
    with pytest.raises(PlatformError) as caught:
        await stub.put_and_go_on()
    assert (caught.value.message, caught.value.durable_object_reset) == (FULL, True)
    assert objects.stored() == {"k": 1}


@pytest.mark.parametrize("method", ["put_within_transaction", "insert"])
async def test_a_full_disk_undoes_transactions_and_sql(objects: Objects, method: str) -> None:
    # DO-6.6
    stub = objects.fresh()
    await stub.put({"k": 1})
    objects.fill_disk(stub)
    with pytest.raises(Exception, match=FULL):
        await getattr(stub, method)()
    assert objects.stored() == {"k": 1}
    assert "t" not in objects.host.stored(stub).tables
    await objects.fresh().put({"k": 2})
    assert objects.stored() == {"k": 2}


async def test_a_commit_that_finds_the_disk_full_fails_the_call_and_undoes_the_turn(objects: Objects) -> None:
    # DO-6.4.3
    stub = objects.fresh()
    await stub.put({"k": 1})
    objects.fail_next("commit")
    with pytest.raises(PlatformError, match=FULL):
        await stub.put({"k": 2})
    assert objects.stored() == {"k": 1}
    await objects.fresh().put({"k": 3})
    assert objects.stored() == {"k": 3}


async def test_an_alarm_whose_handler_finds_the_disk_full_is_tried_again(objects: Objects) -> None:
    # DO-7.5
    stub = objects.fresh()
    await stub.arm(objects.host.clock.time_ms() + 10_000)
    objects.fill_disk(stub)
    # A call keeps the instance, whose disk is full, in memory until the alarm is due.
    await objects.host.clock.advance(seconds=9)
    await stub.count()
    await objects.host.clock.advance(seconds=1)
    assert [alarm.state for alarm in objects.host.alarms(objects.namespace)] == ["retrying"]
    assert "fired" not in objects.stored()
    await objects.host.clock.advance(seconds=10)
    assert objects.host.alarms(objects.namespace) == []
    assert objects.stored()["fired"] == "x" * 100_000


async def test_an_alarm_whose_row_cannot_be_written_before_the_commit_fails_the_call(objects: Objects) -> None:
    # The row is never later than the object's own alarm; so an earlier alarm needs its row first. DO-7.2
    stub = objects.fresh()
    objects.fail_next("alarm_row")
    with pytest.raises(PlatformError, match=r"internal error; reference = [0-9a-f]{24}$"):
        await stub.arm(objects.host.clock.time_ms() + 10_000)
    assert (objects.stored(), objects.host.stored(stub).alarm) == ({}, None)
    assert objects.host.alarms(objects.namespace) == []
    again = objects.fresh()
    await again.arm(objects.host.clock.time_ms() + 20_000)
    await objects.host.clock.advance(seconds=20)
    assert "fired" in objects.stored()


async def test_an_alarm_whose_row_cannot_be_written_after_the_commit_rings_once_too_early_and_then_on_time(
    objects: Objects,
) -> None:
    # DO-7.2
    stub = objects.fresh()
    start = objects.host.clock.time_ms()
    await stub.arm(start + 10_000)
    objects.fail_next("alarm_row")
    await stub.arm(start + 20_000)
    assert len(objects.host.journal.of(AlarmRowFailed)) == 1
    await objects.host.clock.advance(seconds=19)
    assert "fired" not in objects.stored()
    await objects.host.clock.advance(seconds=1)
    assert "fired" in objects.stored()
    assert objects.host.alarms(objects.namespace) == []


async def test_a_full_disk_is_no_error_about_the_tool(objects: Objects) -> None:
    stub = objects.fresh()
    await stub.put({"k": 1})
    objects.fill_disk(stub)
    with pytest.raises(Exception, match=FULL) as caught:
        await stub.put({"big": "x" * 100_000})
    assert not isinstance(caught.value, DurableError)
