"""Failures of the disk that a test asks for: what callers see, what stays on the disk, what the journal says."""

import textwrap
from typing import Any

import pytest
from workers import DurableObject

from pytest_durable import Host, PlatformError
from pytest_durable.errors import ConfigurationError
from pytest_durable.events import Aborted, AlarmRowFailed, Committed, TransactionBegan

FULL = "database or disk is full: SQLITE_FULL"
IO = "disk I/O error: SQLITE_IOERR"
OPAQUE = r"internal error; reference = [0-9a-f]{24}$"

pytestmark = pytest.mark.parametrize("storage", ["disk", "memory"])


class Box(DurableObject):
    async def put(self, key: str, value: object) -> None:
        await self.ctx.storage.put(key, value)

    async def get(self, key: str) -> object:
        return await self.ctx.storage.get(key)

    async def put_and_get(self, key: str, value: object) -> object:
        await self.ctx.storage.put(key, value)
        try:
            return await self.ctx.storage.get(key)
        except Exception as failure:
            return str(failure)

    async def put_in_transaction(self, key: str, value: object) -> None:
        async def body(txn: Any) -> None:
            await txn.put(key, value)

        await self.ctx.storage.transaction(body)

    def query(self) -> object:
        return self.ctx.storage.sql.exec("SELECT 1 AS one").one()

    async def arm(self, time_ms: int) -> None:
        await self.ctx.storage.setAlarm(time_ms)

    async def alarm(self) -> None:
        await self.ctx.storage.put("fired", True)


@pytest.fixture
def host(durable_factory: Any, storage: str) -> Any:
    return durable_factory(storage=storage)


@pytest.fixture
def objects(host: Any) -> Any:
    return host.namespace(Box)


def stored(host: Any, stub: Any) -> dict[str, object]:
    return dict(host.stored(stub).kv)


@pytest.mark.parametrize(
    ("error", "words", "is_reset"), [("full", FULL, True), ("io", IO, True), ("busy", OPAQUE, False)]
)
async def test_commit_that_fails_resets_the_object_and_undoes_the_turn(
    host: Any, objects: Any, error: Any, words: str, is_reset: bool
) -> None:
    # DO-6.4.3 DO-6.6
    stub = objects.get_by_name("a")
    await stub.put("k", 1)
    begin = len(host.journal)
    host.fail_next(stub, "commit", error=error)
    with pytest.raises(PlatformError, match=words) as caught:
        await stub.put("k", 2)
    assert caught.value.durable_object_reset is is_reset
    assert stored(host, stub) == {"k": 1}
    kinds = [type(record) for record in list(host.journal)[begin:]]
    assert TransactionBegan in kinds
    assert Aborted in kinds
    assert Committed not in kinds
    with pytest.raises(PlatformError, match=words):
        await stub.get("k")
    await objects.get_by_name("a").put("k", 3)
    assert stored(host, stub) == {"k": 3}


async def test_commit_of_a_transaction_that_fails_is_an_internal_error(host: Any, objects: Any) -> None:
    # DO-6.6
    stub = objects.get_by_name("a")
    host.fail_next(stub, "commit", error="io")
    with pytest.raises(PlatformError, match=OPAQUE) as caught:
        await stub.put_in_transaction("k", 1)
    assert caught.value.durable_object_reset
    assert stored(host, stub) == {}


async def test_disk_is_full_if_nothing_else_is_said(host: Any, objects: Any) -> None:
    stub = objects.get_by_name("a")
    host.fail_next(stub, "commit")
    with pytest.raises(PlatformError, match=FULL):
        await stub.put("k", 1)


async def test_read_that_fails_fails_alone(host: Any, objects: Any) -> None:
    # DO-6.6
    stub = objects.get_by_name("a")
    await stub.put("k", 1)
    host.fail_next(stub, "read", error="io")
    with pytest.raises(Exception, match=OPAQUE):
        await stub.get("k")
    host.fail_next(stub, "read", error="io")
    with pytest.raises(Exception, match=IO):
        await stub.query()
    assert await stub.get("k") == 1
    assert host.journal.of(Aborted) == ()


async def test_read_that_fails_after_a_write_of_its_turn_resets_the_object(host: Any, objects: Any) -> None:
    # The disk is full for the open transaction, too: SQLite undoes it by itself. DO-6.6
    stub = objects.get_by_name("a")
    host.fail_next(stub, "read")
    with pytest.raises(PlatformError, match=FULL) as caught:
        await stub.put_and_get("k", 1)
    assert caught.value.durable_object_reset
    assert stored(host, stub) == {}


async def test_busy_read_leaves_the_writes_of_its_turn(host: Any, objects: Any) -> None:
    stub = objects.get_by_name("a")
    host.fail_next(stub, "read", error="busy")
    assert "internal error" in await stub.put_and_get("k", 1)
    assert stored(host, stub) == {"k": 1}


async def test_row_of_an_alarm_that_appears_is_written_before_the_commit_which_fails_with_it(
    host: Any, objects: Any
) -> None:
    # DO-7.2.2
    stub = objects.get_by_name("a")
    host.fail_next(stub, "alarm_row")
    with pytest.raises(PlatformError, match=OPAQUE):
        await stub.arm(host.clock.time_ms() + 10_000)
    assert host.stored(stub).alarm is None
    assert host.alarms() == []


async def test_row_of_an_alarm_that_moves_later_fails_after_the_commit_and_is_noted(host: Any, objects: Any) -> None:
    # DO-7.2.2
    stub = objects.get_by_name("a")
    start = host.clock.time_ms()
    await stub.arm(start + 10_000)
    host.fail_next(stub, "alarm_row")
    await stub.arm(start + 20_000)
    assert len(host.journal.of(AlarmRowFailed)) == 1
    await host.clock.advance(seconds=20)
    assert stored(host, stub) == {"fired": True}


async def test_fault_of_an_object_spares_the_others(host: Any, objects: Any) -> None:
    first, second = objects.get_by_name("a"), objects.get_by_name("b")
    host.fail_next(second, "commit")
    await first.put("k", 1)
    with pytest.raises(PlatformError, match=FULL):
        await second.put("k", 1)


async def test_fault_of_a_namespace_meets_whichever_object_comes_first(host: Any, objects: Any) -> None:
    host.fail_next(objects, "commit")
    with pytest.raises(PlatformError, match=FULL):
        await objects.get_by_name("a").put("k", 1)
    await objects.get_by_name("b").put("k", 1)


async def test_faults_come_one_after_the_other(host: Any, objects: Any) -> None:
    for error in ("full", "io"):
        host.fail_next(objects, "commit", error=error)
    for words in (FULL, IO):
        with pytest.raises(PlatformError, match=words):
            await objects.get_by_name("a").put("k", 1)
    await objects.get_by_name("a").put("k", 1)


@pytest.mark.parametrize("crash", [False, True])
async def test_fault_outlives_a_life_because_it_is_the_disks(host: Any, objects: Any, crash: bool) -> None:
    stub = objects.get_by_name("a")
    host.fail_next(stub, "commit")
    await host.restart(crash=crash)
    with pytest.raises(PlatformError, match=FULL):
        await stub.put("k", 1)


async def test_fault_can_be_armed_while_the_host_is_down(host: Any, objects: Any) -> None:
    stub = objects.get_by_name("a")
    await host.stop()
    host.fail_next(stub, "commit")
    await host.start()
    with pytest.raises(PlatformError, match=FULL):
        await stub.put("k", 1)


async def test_fault_can_be_taken_back(host: Any, objects: Any) -> None:
    first, second = objects.get_by_name("a"), objects.get_by_name("b")
    host.fail_next(first, "commit")
    host.fail_next(second, "commit")
    host.fail_next(first, None)
    await first.put("k", 1)
    with pytest.raises(PlatformError, match=FULL):
        await second.put("k", 1)
    host.fail_next(objects, "read")
    host.fail_next(objects, None)
    assert await first.get("k") == 1


def test_fault_that_never_came_fails_whoever_armed_it(storage: Any) -> None:
    async def main(host: Any) -> None:
        host.fail_next(host.namespace(Box).get_by_name("a"), "commit", error="io")

    with pytest.raises(AssertionError) as caught:
        Host.run_main(main, storage=storage)
    assert str(caught.value) == textwrap.dedent("""\
        fail_next(BOX["a"], 'commit', error='io') never came.

          armed   the next commit fails
          actual  nothing of the kind since

        Take it back where the test is done with it:  durable.fail_next(…, None)""")


REFUSED = {
    "step": (lambda host, stub: host.fail_next(stub, "write"), "'write' is no step that can fail."),
    "error": (
        lambda host, stub: host.fail_next(stub, "commit", error="fire"),
        "'fire' is no way in which a disk fails.",
    ),
    "unhashable error": (lambda host, stub: host.fail_next(stub, "commit", error=[]), "[] is no way in which"),
    "target": (lambda host, _stub: host.fail_next("a", "commit"), "'a' is neither a stub nor a namespace."),
    "class": (
        lambda host, _stub: host.fail_next(Box, "commit"),
        f"{Box!r} is neither a stub nor a namespace.",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_wrong_argument_is_refused_with_what_there_is(host: Any, objects: Any, name: str) -> None:
    act, fact = REFUSED[name]
    with pytest.raises(ConfigurationError) as caught:
        act(host, objects.get_by_name("a"))
    assert str(caught.value).splitlines()[0].startswith(fact)


async def test_object_of_another_host_is_refused(host: Any, objects: Any, durable_factory: Any) -> None:
    other = durable_factory()
    for target in (objects, objects.get_by_name("a")):
        with pytest.raises(ConfigurationError, match="another host"):
            other.fail_next(target, "commit")
