"""The rows of the performance budget. Each function measures one and answers it."""

import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import apsw

from benchmarks import floors
from benchmarks.child import run_child
from benchmarks.measure import Row, alternate, mean, ratio, seconds
from benchmarks.objects import Quiet, Sample, Writing
from pytest_durable._core import events
from pytest_durable._core.ids import IdFactory
from pytest_durable._core.storage import decode, encode
from pytest_durable._hosts.inprocess import InProcessHost
from pytest_durable._hosts.world import World
from pytest_durable._surfaces.wrapped.entrypoints import DurableObject

SMALL = {"a": 1, "b": [1, 2, 3], "c": {"d": "e"}}
ROOT = Path(__file__).parent.parent


def in_host(work: Callable[[InProcessHost], Awaitable[float]], **options: Any) -> float:
    """The seconds that ``work`` answers, run in a host of its own."""
    return InProcessHost.run_main(work, **options)  # type: ignore[arg-type]


def row_1() -> Row:
    """Import of the plugin when no test uses it."""
    command = [sys.executable, "-X", "importtime", "-c", "import pytest, sys; import pytest_durable.plugin"]
    with floors.Scratch() as compiled:
        # An installed package is compiled; a work tree need not be, and may be forbidden to become so.
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(compiled)}
        best = min(_own_import_us(command, environment) for _ in range(9))
    return Row(
        number="1",
        what="import of the plugin, our modules only",
        floor_us=None,
        ours_us=best,
        budget="5,000 us",
        is_kept=best <= 5_000,
        figure="",
    )


def _own_import_us(command: list[str], environment: dict[str, str]) -> float:
    log = run_child(command, cwd=ROOT, environment=environment).stderr
    rows = [line.removeprefix("import time:").split("|") for line in log.splitlines() if "pytest_durable" in line]
    return sum(float(own) for own, _, _ in rows)


def row_2() -> Row:
    """A test that only asks for ``durable``, in memory, against an empty async test run by us."""

    def tests(body: str) -> str:
        return "import pytest\n" + "\n".join(
            f"@pytest.mark.durable(storage='memory')\n{body.format(n=n)}" for n in range(TESTS)
        )

    def floor() -> float:
        return _suite(tests("async def test_{n}(request, world_only):\n    pass\n"))

    def ours() -> float:
        return _suite(tests("async def test_{n}(durable):\n    pass\n"))

    floor_us, ours_us = alternate(floor, ours, 3)
    difference = ours_us - floor_us
    return Row(
        number="2",
        what="a test that only asks for `durable` (memory)",
        floor_us=floor_us,
        ours_us=ours_us,
        budget="+ 600 us",
        is_kept=difference <= 600,
        figure=f"+ {difference:,.0f} us",
    )


TESTS = 300
FLOOR_CONFTEST = """
import asyncio, pytest
from time import perf_counter
from pytest_durable._core.clock import Clock, new_loop

@pytest.fixture
def world_only():
    return None

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if "world_only" in pyfuncitem.fixturenames:
        loop = new_loop(Clock(0))
        loop.run_until_complete(pyfuncitem.obj(request=None, world_only=None))
        loop.close()
        return True

def pytest_sessionstart(session):
    session.began = None

def pytest_runtest_logstart(nodeid, location):
    pass

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    began = perf_counter()
    try:
        return (yield)
    finally:
        item.session.config.taken.append(perf_counter() - began)

def pytest_configure(config):
    config.taken = []

def pytest_unconfigure(config):
    import statistics, os
    open(os.environ["TAKEN"], "w").write(str(statistics.median(config.taken[50:])))
"""


def _suite(text: str) -> float:
    with floors.Scratch() as directory:
        (directory / "conftest.py").write_text(FLOOR_CONFTEST)
        (directory / "test_many.py").write_text(text)
        (directory / "pytest.ini").write_text("[pytest]\n")
        environment = {**os.environ, "TAKEN": str(directory / "taken"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "pytest_durable.plugin", "-p", "no:cacheprovider"]
        run_child(command, cwd=directory, environment=environment)
        return float((directory / "taken").read_text())


def row_3() -> Row:
    """A test on disk, one object with one put."""
    world = World()

    def ours() -> float:
        directory = Path(tempfile.mkdtemp())
        start = perf_counter()
        host = InProcessHost(directory, world=world)

        async def body() -> None:
            await host.namespace(Sample).get_by_name("a").put(1)
            await host.finish()

        host.run(body())
        host.close()
        taken = perf_counter() - start
        shutil.rmtree(directory)
        return taken

    try:
        return ratio(
            "3",
            "a test on disk, one object with one put",
            mean(floors.two_databases_with_one_row, 10),
            mean(ours, 10),
            2.0,
            rounds=15,
        )
    finally:
        world.close()


def row_4() -> Row:
    """``restart()`` of a namespace with one object, until the object has answered."""
    floor = floors.Reopened()
    host = InProcessHost()
    stub = host.namespace(Sample).get_by_name("a")
    host.run(stub.put(1))

    async def restart() -> float:
        start = perf_counter()
        await host.restart()
        await stub.get()
        return perf_counter() - start

    try:
        return ratio(
            "4", "restart() with one object, until it answers", floor, lambda: host.run(restart()), 2.5, rounds=25
        )
    finally:
        host.run(host.finish())
        host.close()
        floor.close()


def row_5() -> Row:
    """A warm call without storage."""

    async def work(host: InProcessHost) -> float:
        stub = host.namespace(Sample).get_by_name("a")
        await stub.nothing()
        start = perf_counter()
        for _ in range(5_000):
            await stub.nothing()
        return (perf_counter() - start) / 5_000

    return ratio(
        "5", "warm call without storage", lambda: floors.tasks(5_000), lambda: in_host(work, storage="memory"), 4
    )


def row_6() -> Row:
    """A call with one put of a small dict, committed on disk."""

    async def work(host: InProcessHost) -> float:
        stub = host.namespace(Sample).get_by_name("a")
        await stub.put(-1)
        start = perf_counter()
        for n in range(2_000):
            await stub.put(n)
        return (perf_counter() - start) / 2_000

    return ratio(
        "6", "call with one put of a small dict, on disk", lambda: floors.commits(2_000), lambda: in_host(work), 6
    )


def row_7() -> Row:
    """``clock.advance`` over one alarm of a warm object whose handler does one put, on disk."""

    async def work(host: InProcessHost) -> float:
        stub = host.namespace(Writing).get_by_name("a")
        taken = 0.0
        for _ in range(200):
            await stub.set_alarm(host.clock.time_ms() + 1_000)
            start = perf_counter()
            await host.clock.advance(seconds=1)
            taken += perf_counter() - start
        return taken / 200

    def floor() -> float:
        return 2 * floors.commits(400, databases=2)

    return ratio("7", "advance over one alarm with one put, on disk", floor, lambda: in_host(work), 4)


def row_8() -> Row:
    """100,000 pending alarms in one namespace: load at start."""
    directory = Path(tempfile.mkdtemp())
    count = 100_000
    (directory / "Quiet").mkdir()
    path = directory / "Quiet" / "metadata.sqlite"
    connection = floors.open_wal(path)
    connection.execute(floors.ALARM)
    ids = IdFactory("Quiet")
    with connection:
        rows = [(ids.from_name(str(n)).hex, 4_102_444_800_000_000_000 + n * 1_000_000, str(n)) for n in range(count)]
        connection.executemany("INSERT INTO _cf_ALARM VALUES (?, ?, ?)", rows)
    connection.close()

    def floor() -> float:
        reading = apsw.Connection(str(path))
        start = perf_counter()
        found = list(reading.execute("SELECT actor_id, scheduled_time, actor_name FROM _cf_ALARM"))
        taken = perf_counter() - start
        reading.close()
        assert len(found) == count
        return taken

    def ours() -> float:
        host = InProcessHost(directory)
        start = perf_counter()
        host.namespace(Quiet)
        taken = perf_counter() - start
        host.close()
        return taken

    try:
        return ratio("8", "100,000 pending alarms: load at start", floor, ours, 6, rounds=5)
    finally:
        shutil.rmtree(directory)


def _fire(count: int, storage: str) -> float:
    async def work(host: InProcessHost) -> float:
        namespace = host.namespace(Quiet)
        first = host.clock.time_ms() + 60_000
        for n in range(count):
            await namespace.get_by_name(str(n)).set_alarm(first + n * 1_000)
        await host.clock.advance(seconds=30)
        start = perf_counter()
        # A second apart, and until the last object is evicted: the floor closes each object, so ours must, too.
        await host.clock.advance(seconds=30 + count + 10)
        taken = perf_counter() - start
        assert len(host.journal.of(events.AlarmFinished)) == count
        return taken

    return in_host(work, storage=storage)


def row_9_memory() -> Row:
    """Firing 10,000 alarms in order, the handler does nothing, in memory."""
    return ratio(
        "9a",
        "firing 10,000 alarms, in memory",
        lambda: floors.objects_fired(10_000, None),
        lambda: _fire(10_000, "memory"),
        4,
        rounds=3,
    )


def row_9_disk() -> Row:
    """Firing 1,000 alarms in order, on disk."""

    def floor() -> float:
        with floors.Scratch() as directory:
            return floors.objects_fired(1_000, directory)

    return ratio("9b", "firing 1,000 alarms, on disk", floor, lambda: _fire(1_000, "disk"), 2, rounds=5)


def row_10() -> Row:
    """The codec against v8serialize."""
    import v8serialize

    def theirs() -> object:
        return v8serialize.loads(v8serialize.dumps(SMALL))

    floor_us, ours_us = alternate(
        lambda: seconds(theirs, 300), lambda: seconds(lambda: decode(encode(SMALL)), 3_000), 9
    )
    faster = floor_us / ours_us
    return Row(
        number="10",
        what="codec: encode + decode of a small dict",
        floor_us=floor_us,
        ours_us=ours_us,
        budget="1/12 x",
        is_kept=faster >= 12,
        figure=f"1/{faster:.1f} x",
    )


class Listing(DurableObject):
    """Measures inside itself, because only ``list()`` is meant."""

    async def list_once(self):
        start = perf_counter()
        found = await self.ctx.storage.list()
        taken = perf_counter() - start
        assert len(found) == 10_000
        return taken

    async def fill(self):
        await self.ctx.storage.put({f"key:{n:06}": {"n": n, "t": "value"} for n in range(10_000)})


def row_11() -> Row:
    """``list()`` of 10,000 keys."""
    connection = apsw.Connection(":memory:")
    connection.execute(floors.KV)
    with connection:
        for n in range(10_000):
            connection.execute(floors.PUT, (f"key:{n:06}", encode({"n": n, "t": "value"})))

    def floor() -> float:
        start = perf_counter()
        found = {key: decode(value) for key, value in connection.execute("SELECT key, value FROM _cf_KV ORDER BY key")}
        taken = perf_counter() - start
        assert len(found) == 10_000
        return taken

    host = InProcessHost(storage="memory")
    stub = host.namespace(Listing).get_by_name("a")
    host.run(stub.fill())
    try:
        return ratio("11", "list() of 10,000 keys", floor, lambda: host.run(stub.list_once()), 1.5, rounds=15)
    finally:
        host.run(host.finish())
        host.close()


def row_12() -> Row:
    """Calls k + 10,000 on one host against calls k: no drift, no leak."""
    import statistics

    async def work(host: InProcessHost) -> tuple[float, float]:
        stub = host.namespace(Sample).get_by_name("a")
        taken = []
        for n in range(12_000):
            start = perf_counter()
            await stub.put(n)
            taken.append(perf_counter() - start)
        return statistics.median(taken[1_000:2_000]), statistics.median(taken[11_000:])

    early, late = InProcessHost.run_main(work, storage="memory")  # type: ignore[arg-type, misc]
    return Row(
        number="12",
        what="calls k + 10,000 against calls k",
        floor_us=early * 1e6,
        ours_us=late * 1e6,
        budget="1.25 x",
        is_kept=late / early <= 1.25,
        figure=f"{late / early:.2f} x",
    )


class Reminder(DurableObject):
    """The reminder of the first page of the documentation."""

    async def remind_in(self, seconds_, text):
        import time

        await self.ctx.storage.put("text", text)
        await self.ctx.storage.setAlarm(int(time.time() * 1000) + seconds_ * 1000)

    async def alarm(self, info):
        await self.ctx.storage.put("sent", await self.ctx.storage.get("text"))


async def _scenario(host: InProcessHost) -> None:
    alice = host.namespace(Reminder).get_by_name("alice")
    try:
        await alice.remind_in(3600, "stand up")
    except Exception as error:
        if host.is_running:
            raise error
        await host.start()
        return
    await host.clock.advance(hours=1)


def _plain_run() -> int:
    host = InProcessHost()
    host.run(_scenario(host))
    host.run(host.finish())
    count = len(host.journal)
    host.close()
    return count


def _crashed_run(at: int) -> None:
    host = InProcessHost(crash_at=at)

    async def body() -> None:
        await _scenario(host)
        if not host.is_running:
            await host.start()
        await host.clock.advance(hours=2)
        stored = host.stored(host.namespace(Reminder).get_by_name("alice")).kv
        assert ("sent" in stored) == ("text" in stored)
        await host.finish()

    host.run(body())
    host.close()


def row_13() -> Row:
    """A crash at every journal record of the reminder, rehydrate, check."""
    points = _plain_run() - 1

    def every() -> float:
        start = perf_counter()
        for at in range(1, points):
            _crashed_run(at)
        return (perf_counter() - start) / (points - 1)

    return ratio(
        "13", f"crash at each of {points - 1} records, per point", lambda: seconds(_plain_run, 20), every, 3, rounds=3
    )


ALL: dict[str, Callable[[], Row]] = {
    "1": row_1,
    "2": row_2,
    "3": row_3,
    "4": row_4,
    "5": row_5,
    "6": row_6,
    "7": row_7,
    "8": row_8,
    "9a": row_9_memory,
    "9b": row_9_disk,
    "10": row_10,
    "11": row_11,
    "12": row_12,
    "13": row_13,
}
