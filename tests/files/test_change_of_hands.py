"""A directory changes hands in mid-scenario: from the host in this process to the real platform, and back."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contract.objects.traveller import Traveller
from contract.values import VALUES
from pytest_durable import App
from pytest_durable.values import UNDEFINED

START_MS = 1_893_456_000_000  # 2030-01-01, where the clock starts

#: From whom to whom.
both_ways = pytest.mark.parametrize(
    "kinds", [("inprocess", "workerd"), ("workerd", "inprocess")], ids=["to the platform", "from the platform"]
)
#: How the first lets go of the directory.
however = pytest.mark.parametrize("crash", [False, True], ids=["stop", "crash"])

Open = Callable[[str], Any]


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    return tmp_path / "disk"


@pytest.fixture
def take(durable_factory: Any, disk: Path, pytestconfig: pytest.Config) -> Open:
    """Let a host of one kind take the directory."""
    script = Path(__file__).parents[1] / "contract" / "objects" / "traveller.js"
    apps = {
        "inprocess": App(surface="neutral", classes=[Traveller]),
        "workerd": App(classes=[f"{script.relative_to(pytestconfig.rootpath)}:Traveller"]),
    }
    return lambda kind: durable_factory(disk, app=apps[kind], backend=kind)


def objects(host: Any) -> Any:
    return host.namespace("TRAVELLER")


async def let_go(host: Any, crash: bool) -> None:
    await (host.crash() if crash else host.stop())


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """What a reader of its own finds in a file that nobody has open."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


@however
@both_ways
async def test_values_of_every_kind_are_read_by_the_other_host(take: Open, kinds: tuple[str, str], crash: bool) -> None:
    # DO-3.6.1 DO-3.6.2
    first = take(kinds[0])
    for name, (value, _) in VALUES.items():
        await objects(first).get_by_name("a").storage("put", name, value)
    await let_go(first, crash)
    a = objects(take(kinds[1])).get_by_name("a")
    found = await a.storage("list")
    assert dict(found) == {name: value for name, (value, _) in VALUES.items()}
    assert [name for name, (value, _) in VALUES.items() if not isinstance(found[name], type(value))] == []


@however
@both_ways
async def test_tables_are_read_and_written_by_the_other_host(take: Open, kinds: tuple[str, str], crash: bool) -> None:
    # DO-3.1.T1.1 DO-1.5.T1.3
    first = take(kinds[0])
    a = objects(first).get_by_name("a")
    await a.run("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, size REAL, raw BLOB)")
    await a.run("CREATE INDEX by_size ON notes (size); CREATE VIRTUAL TABLE words USING fts5(text)")
    await a.run("INSERT INTO notes VALUES (?, ?, ?, ?)", 1, "one €", 1.5, b"\0\1")
    await a.run("INSERT INTO words VALUES ('stand up')")
    await let_go(first, crash)

    second = take(kinds[1])
    a = objects(second).get_by_name("a")
    assert await a.run("SELECT * FROM notes") == [[1, "one €", 1.5, b"\0\1"]]
    assert await a.run("SELECT text FROM words WHERE words MATCH 'up'") == [["stand up"]]
    await a.run("INSERT INTO notes VALUES (2, 'two', NULL, NULL)")
    await let_go(second, crash)

    await first.start()
    a = objects(first).get_by_name("a")
    assert await a.run("SELECT text FROM notes INDEXED BY by_size WHERE size IS NULL") == [["two"]]
    assert await a.run("PRAGMA quick_check") == [["ok"]]


@however
@both_ways
async def test_alarm_is_fired_at_its_instant_by_the_other_host(take: Open, kinds: tuple[str, str], crash: bool) -> None:
    # DO-7.3.1 DO-8.3.P DO-8.2.3
    first = take(kinds[0])
    await objects(first).get_by_name("alice").arm(60_000)
    await objects(first).get_by_name("bob").arm(90_500)
    await first.clock.advance(seconds=10)
    await let_go(first, crash)

    second = take(kinds[1])
    alice, bob = (objects(second).get_by_name(name) for name in ("alice", "bob"))
    second.assert_alarm(alice, after=50)
    assert [alarm.name for alarm in second.alarms()] == ["alice", "bob"]
    await second.clock.advance(minutes=5)
    for stub, delay_ms in ((alice, 60_000), (bob, 90_500)):
        at = START_MS + delay_ms
        assert await stub.storage("get", "fired") == [[at, at, 0, stub.name]]
    assert second.alarms() == []


@however
@both_ways
async def test_alarm_that_came_due_between_two_hosts_runs_late_at_the_start_of_the_other(
    take: Open, kinds: tuple[str, str], crash: bool
) -> None:
    # DO-8.3.T1.1
    first = take(kinds[0])
    a = objects(first).get_by_name("a")
    await a.arm(60_000)
    await let_go(first, crash)
    await first.clock.advance(days=1)
    second = take(kinds[1])
    await second.settle()
    assert await objects(second).get_by_name("a").storage("get", "fired") == [
        [START_MS + 86_400_000, START_MS + 60_000, 0, "a"]
    ]


@both_ways
async def test_alarm_that_failed_on_one_host_starts_anew_on_the_other(take: Open, kinds: tuple[str, str]) -> None:
    # DO-7.6.T1.5
    first = take(kinds[0])
    a = objects(first).get_by_name("a")
    await a.storage("put", "mood", "fail")
    await a.arm(1_000)
    await first.clock.advance("1.5s")
    await first.stop()
    second = take(kinds[1])
    a = objects(second).get_by_name("a")
    await second.settle()
    await a.storage("put", "mood", "content")
    await second.clock.advance(minutes=5)
    fired = await a.storage("get", "fired")
    assert [run[1:3] for run in fired] == [[START_MS + 1_000, count] for count in (0, 0, 1)]
    assert fired[1][0] == START_MS + 1_500
    assert second.alarms() == []


@however
@both_ways
async def test_handler_that_one_host_did_not_finish_is_run_by_the_other(
    take: Open, kinds: tuple[str, str], crash: bool
) -> None:
    # DO-9.9.4
    first = take(kinds[0])
    a = objects(first).get_by_name("a")
    await a.storage("put", "mood", "linger")
    await a.arm(1_000)
    await first.clock.advance(seconds=10)
    await let_go(first, crash)
    second = take(kinds[1])
    a = objects(second).get_by_name("a")
    await second.clock.advance(minutes=5)
    assert [run[:3] for run in await a.storage("get", "fired")] == [
        [START_MS + 1_000, START_MS + 1_000, 0],
        [START_MS + 10_000, START_MS + 1_000, 0],
    ]
    assert await a.storage("get", "lingered") is True


@both_ways
async def test_alarm_moved_or_deleted_by_the_other_host_is_moved_or_deleted(take: Open, kinds: tuple[str, str]) -> None:
    # DO-7.2.T1.1 DO-7.2.T1.2
    first = take(kinds[0])
    for name in ("moved", "deleted"):
        await objects(first).get_by_name(name).arm(60_000)
    await first.stop()
    second = take(kinds[1])
    await objects(second).get_by_name("moved").arm(120_000)
    await objects(second).get_by_name("deleted").storage("deleteAlarm")
    await second.stop()
    await first.start()
    await first.clock.advance(minutes=5)
    moved, deleted = (objects(first).get_by_name(name) for name in ("moved", "deleted"))
    at = START_MS + 120_000
    assert await moved.storage("get", "fired") == [[at, at, 0, "moved"]]
    assert await deleted.storage("get", "fired") is UNDEFINED


@both_ways
async def test_object_without_name_stays_without(take: Open, kinds: tuple[str, str]) -> None:
    # DO-8.1.T1.3
    first = take(kinds[0])
    unique = objects(first).new_unique_id()
    await objects(first).get(unique).arm(60_000)
    await first.stop()
    second = take(kinds[1])
    assert [(alarm.id, alarm.name) for alarm in second.alarms()] == [(unique.hex, None)]
    await second.clock.advance(minutes=1)
    assert (await objects(second).get(unique.hex).storage("get", "fired"))[0][3] is UNDEFINED


@both_ways
async def test_rows_of_alarms_are_the_same_whoever_writes_them(take: Open, disk: Path, kinds: tuple[str, str]) -> None:
    # DO-8.1.T1.1 DO-8.1.T1.2 DO-8.1.T1.3
    host = take(kinds[0])
    named = objects(host).get_by_name("alice")
    await named.arm(60_000)
    await host.stop()
    metadata = disk / "Traveller" / "metadata.sqlite"
    assert rows(metadata, "SELECT * FROM _cf_ALARM") == [(named.id.hex, (START_MS + 60_000) * 1_000_000, "alice")]
    other = take(kinds[1])
    await other.settle()
    await other.stop()
    assert rows(metadata, "SELECT * FROM _cf_ALARM") == [(named.id.hex, (START_MS + 60_000) * 1_000_000, "alice")]


@both_ways
async def test_leftovers_of_a_crash_are_taken_over_and_tidied_up(take: Open, kinds: tuple[str, str]) -> None:
    # DO-1.5.T1.2 DO-1.5.T1.3 DO-1.5.P
    first = take(kinds[0])
    a, b = (objects(first).get_by_name(name) for name in "ab")
    await a.count()
    await b.count()
    open_files = objects(first).files()
    await first.crash()
    assert objects(first).files() == open_files

    second = take(kinds[1])
    assert second.stored(objects(second).get_by_name("a")).kv == {"count": 1}  # it is in the log only
    assert await objects(second).get_by_name("a").count() == 2
    await second.stop()
    # What nobody has opened since the crash stays as it was.
    left = f"{b.id.hex}.sqlite"
    expected = sorted([f"{a.id.hex}.sqlite", left, f"{left}-shm", f"{left}-wal", "metadata.sqlite"])
    assert objects(second).files() == expected
    assert objects(second).list_ids() == sorted([a.id.hex, b.id.hex])

    await first.start()
    assert await objects(first).get_by_name("b").count() == 2
    await first.stop()
    assert objects(first).files() == sorted([f"{a.id.hex}.sqlite", left, "metadata.sqlite"])


@both_ways
async def test_count_goes_on_through_many_hands_and_crashes(take: Open, kinds: tuple[str, str]) -> None:
    # DO-1.5.T1.3
    hosts = [take(kinds[0])]
    await objects(hosts[0]).get_by_name("a").count()
    await hosts[0].crash()
    hosts.append(take(kinds[1]))
    counts = [await objects(hosts[1]).get_by_name("a").count()]
    await hosts[1].crash()
    for turn in range(6):
        host = hosts[turn % 2]
        await host.start()
        counts.append(await objects(host).get_by_name("a").count())
        await let_go(host, crash=turn % 3 != 0)
    assert counts == list(range(2, 9))


@however
@both_ways
async def test_what_was_deleted_stays_deleted(take: Open, kinds: tuple[str, str], crash: bool) -> None:
    # DO-4.4.2 DO-4.4.4
    first = take(kinds[0])
    a = objects(first).get_by_name("a")
    await a.count()
    await a.run("CREATE TABLE t (a)")
    await a.arm(60_000)
    await a.storage("deleteAll")
    await let_go(first, crash)
    second = take(kinds[1])
    a = objects(second).get_by_name("a")
    assert (second.stored(a).tables, second.alarms()) == ([], [])
    await second.clock.advance(minutes=5)
    assert await a.count() == 1


@both_ways
async def test_object_that_stored_nothing_is_taken_over(take: Open, kinds: tuple[str, str]) -> None:
    # DO-1.5.P
    first = take(kinds[0])
    a = objects(first).get_by_name("a")
    await a.storage("get", "k")
    await first.stop()
    second = take(kinds[1])
    assert objects(second).list_ids() == [a.id.hex]
    assert await objects(second).get_by_name("a").count() == 1


async def scenario(host: Any) -> None:
    """Something of everything."""
    a, b = (objects(host).get_by_name(name) for name in "ab")
    await a.storage("put", {"x": 1, "é": {"deep": "€"}, "": None})
    await a.storage("delete", "x")
    await a.run("CREATE TABLE t (a TEXT, b); INSERT INTO t VALUES (1, 2.5)")
    await a.arm(60_000)
    await b.arm(1_000)
    await host.clock.advance(seconds=5)
    await b.storage("delete", "fired")
    await b.arm(3_600_000)
    await b.storage("deleteAlarm")
    await host.stop()


async def test_same_scenario_leaves_the_same_directory_on_both(durable_factory: Any, take: Open, disk: Path) -> None:
    # DO-3.1.T1.1 DO-3.2.T1.1 DO-8.1.P
    contents = []
    for kind in ("inprocess", "workerd"):
        host = take(kind)
        begun_ns = host.clock.time_ms() * 1_000_000
        await scenario(host)
        found: dict[str, Any] = {}
        for path in sorted((disk / "Traveller").iterdir()):
            schema = rows(path, "SELECT type, name, sql FROM sqlite_master ORDER BY name")
            tables = [name for kind_, name, _ in schema if kind_ == "table"]
            found[path.name] = (schema, {name: rows(path, f"SELECT * FROM {name}") for name in tables})
        contents.append((found, begun_ns))
        disk.rename(disk.with_name(kind))
    (ours, ours_ns), (theirs, theirs_ns) = contents
    assert _since(ours, ours_ns) == _since(theirs, theirs_ns)


def _since(value: Any, begun_ns: int) -> Any:
    """The same content with each instant counted from the beginning of the scenario."""
    if isinstance(value, dict):
        return {key: _since(held, begun_ns) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_since(held, begun_ns) for held in value]
    return value - begun_ns if isinstance(value, int) and value > 10**18 else value


async def test_downtime_between_hands_is_seen_by_both(take: Open) -> None:
    # DO-8.3.P
    first = take("inprocess")
    await objects(first).get_by_name("a").count()
    await first.stop()
    second = take("workerd")
    await second.settle()
    await second.restart(down_for=timedelta(days=30))
    assert await objects(second).get_by_name("a").count() == 2
    assert second.clock.now() == first.clock.now()


@however
@both_ways
async def test_bookmarks_are_counted_on_by_the_other_host(take: Open, kinds: tuple[str, str], crash: bool) -> None:
    # DO-3.5 DO-3.4.T1.2
    found = []
    for kind in (*kinds, kinds[0]):
        host = take(kind)
        found.append(await objects(host).get_by_name("a").storage("getCurrentBookmark"))
        found.append(await objects(host).get_by_name("a").storage("getCurrentBookmark"))
        await let_go(host, crash)
    assert found == [f"00000000-{number:08x}-00000000-{'0' * 32}" for number in range(6)]
