"""Counts that stand behind the performance budgets: they do not drift with the machine, as times do.

A limit leaves room for a few more, not for twice as many. Whoever exceeds one on purpose measures its row first:
``python -m benchmarks``.
"""

import gc
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from pytest_durable._core.ids import IdFactory
from pytest_durable._hosts.inprocess import InProcessHost
from pytest_durable._surfaces.wrapped.entrypoints import DurableObject
from support.tracing import traced_statements

OBJECTS = 200


class Quiet(DurableObject):
    """Does as little as each claim allows."""

    async def nothing(self) -> None:
        pass

    async def put(self, number: int) -> None:
        await self.ctx.storage.put("k", number)

    async def arm(self, at_ms: int) -> None:
        await self.ctx.storage.setAlarm(at_ms)

    async def alarm(self) -> None:
        pass


def on_a_host(work: Callable[[Any], Awaitable[None]], storage: str = "memory", **options: Any) -> None:
    InProcessHost.run_main(work, storage=storage, **options)


def tracked() -> int:
    """How many objects the garbage collector has to look at."""
    gc.collect()
    gc.collect()  # what holds only numbers and texts drops out, and then what held only that
    return len(gc.get_objects())


def test_call_with_one_put_starts_three_statements():
    # Budget 6
    async def work(host: Any) -> None:
        namespace = host.namespace(Quiet)
        statements = traced_statements(host)
        stub = namespace.get_by_name("a")
        await stub.put(0)
        statements.clear()
        await stub.put(1)
        assert [text.split()[0] for _, text in statements] == ["BEGIN", "INSERT", "COMMIT"]

    on_a_host(work, "disk")


def test_waking_an_object_for_its_alarm_starts_four_statements():
    # Budget 9: the alarm, and the commit of its deletion.
    async def work(host: Any) -> None:
        namespace = host.namespace(Quiet)
        statements = traced_statements(host)
        stub = namespace.get_by_name("a")
        await stub.arm(host.clock.time_ms() + 60_000)
        await host.clock.advance(seconds=30)
        statements.clear()
        await host.clock.advance(seconds=30)
        expected = ["SELECT", "BEGIN", "INSERT", "COMMIT"]
        assert [text.split()[0] for _, text in statements] == expected

    on_a_host(work)


@pytest.mark.parametrize("count", [1, 1_000])
def test_pending_alarms_have_one_timer(tmp_path: Path, count: int):
    # Budget 8
    path = tmp_path / "Quiet" / "metadata.sqlite"
    path.parent.mkdir()
    ids = IdFactory("Quiet")
    with closing(apsw.Connection(str(path))) as connection, connection:
        connection.execute(
            "CREATE TABLE _cf_ALARM (actor_id TEXT PRIMARY KEY, scheduled_time INTEGER, actor_name TEXT)"
        )
        rows = [(ids.from_name(str(n)).hex, 4_102_444_800_000_000_000 + n, str(n)) for n in range(count)]
        connection.executemany("INSERT INTO _cf_ALARM VALUES (?, ?, ?)", rows)

    async def work(host: Any) -> None:
        before = tracked()
        host.namespace(Quiet)
        assert tracked() - before < 150
        assert len(host.clock.pending()) == count

    on_a_host(work, "disk", directory=tmp_path)


def test_idle_object_is_few_things_to_the_garbage_collector():
    # Budget 9
    async def work(host: Any) -> None:
        namespace = host.namespace(Quiet)
        await namespace.get_by_name("first").nothing()
        before = tracked()
        for number in range(OBJECTS):
            await namespace.get_by_name(str(number)).nothing()
        assert (tracked() - before) / OBJECTS < 45

    on_a_host(work)


def test_evicted_object_leaves_little_behind():
    # Budgets 9 and 12
    async def work(host: Any) -> None:
        namespace = host.namespace(Quiet)
        before = tracked()
        for number in range(OBJECTS):
            await namespace.get_by_name(str(number)).put(number)
        await host.clock.advance(seconds=30)
        assert (tracked() - before) / OBJECTS < 10

    on_a_host(work)


def _connections() -> int:
    return sum(type(thing) is apsw.Connection for thing in gc.get_objects())


def test_database_that_was_put_away_keeps_no_connection():
    # Budget 9: the pool holds a hundred.
    async def work(host: Any) -> None:
        namespace = host.namespace(Quiet)
        gc.collect()
        before = _connections()  # other tests of the process may have left some
        for number in range(OBJECTS):
            await namespace.get_by_name(str(number)).put(number)
        gc.collect()
        assert _connections() - before <= 101

    on_a_host(work)


def test_calls_leave_nothing_for_the_garbage_collector():
    # Budget 12: the journal grows, but by values that are not looked at.
    async def work(host: Any) -> None:
        stub = host.namespace(Quiet).get_by_name("a")
        for number in range(10):
            await stub.put(number)
        before = tracked()
        for number in range(500):
            await stub.put(number)
        assert tracked() - before < 100

    on_a_host(work)
