"""Damage and misuse in the middle of things: every time a clear error, never a stuck object, nothing lost."""

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from workers import DurableObject

from pytest_durable import App, Host
from pytest_durable.errors import (
    ConfigurationError,
    DamagedFileError,
    DirectoryError,
    DirectoryInUseError,
    DurableError,
    DurationError,
    HostDownError,
)
from pytest_durable.events import AlarmStarted, RuntimeStarted


class Counter(DurableObject):
    async def put(self, key: str, value: object) -> None:
        await self.ctx.storage.put(key, value)

    async def read(self, key: str) -> object:
        return await self.ctx.storage.get(key)

    async def arm(self, time_ms: int) -> None:
        await self.ctx.storage.setAlarm(time_ms)

    async def ask(self, name: str) -> str:
        try:
            return str(await self.env.COUNTER.getByName(name).read("k"))
        except Exception:
            await self.ctx.storage.put("caught", name)
            return "caught"

    async def alarm(self) -> None:
        await self.ctx.storage.put("fired", 1)


class Other(DurableObject):
    pass


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory of a host that has ended: one object with an alarm in ten virtual seconds."""

    async def main(host: Host) -> None:
        stub = host.namespace(Counter).get_by_name("a")
        await stub.put("k", "v" * 5000)
        await stub.arm(host.clock.time_ms() + 10_000)

    Host.run_main(main, directory=tmp_path / "data")
    return tmp_path / "data"


def object_file(directory: Path) -> Path:
    (found,) = [path for path in (directory / "Counter").glob("*.sqlite") if path.name != "metadata.sqlite"]
    return found


def content(directory: Path) -> dict[str, bytes]:
    return {str(p.relative_to(directory)): p.read_bytes() for p in sorted(directory.rglob("*")) if p.is_file()}


async def test_a_damaged_object_is_named_at_each_call_and_works_once_repaired(
    durable_factory: Any, directory: Path
) -> None:
    path = object_file(directory)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096])
    namespace = durable_factory(directory=directory).namespace(Counter)
    stub = namespace.get_by_name("a")
    for each in (stub, stub, namespace.get_by_name("a")):
        with pytest.raises(DamagedFileError, match=path.name):
            await each.read("k")
    path.write_bytes(whole)
    assert await stub.read("k") == "v" * 5000


async def test_the_alarm_of_a_damaged_object_is_told_and_tried_again(durable_factory: Any, directory: Path) -> None:
    path = object_file(directory)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096])
    host = durable_factory(directory=directory)
    namespace = host.namespace(Counter)
    with pytest.raises(DamagedFileError, match=path.name):
        await host.clock.advance(seconds=10)
    assert [alarm.state for alarm in host.alarms(namespace)] == ["retrying"]
    path.write_bytes(whole)
    await host.clock.advance(seconds=10)
    assert host.stored(namespace.get_by_name("a")).kv["fired"] == 1


async def test_user_code_that_calls_a_damaged_object_goes_on_and_the_test_is_told(
    durable_factory: Any, directory: Path
) -> None:
    object_file(directory).write_bytes(b"x" * 8192)
    host = durable_factory(directory=directory)
    caller = host.namespace(Counter).get_by_name("caller")
    assert await caller.ask("a") == "caught"
    with pytest.raises(DamagedFileError):
        host.stored(caller)
    assert host.stored(caller).kv["caught"] == "a"


def test_a_host_of_which_one_namespace_is_damaged_opens_none(directory: Path) -> None:
    (directory / "Counter" / "metadata.sqlite").write_bytes(b"x" * 8192)
    before = content(directory)
    with pytest.raises(DamagedFileError, match=r"metadata\.sqlite is damaged"):
        Host(directory, app=App(classes=(Other, Counter)))
    assert content(directory) == before


async def test_a_start_that_fails_for_one_namespace_leaves_the_logs_of_the_others(durable: Any) -> None:
    first, second = durable.namespace(Counter), durable.namespace(Other)
    await first.get_by_name("a").put("k", 1)
    await durable.crash()
    metadata = second.directory / "metadata.sqlite"
    whole = metadata.read_bytes()
    metadata.write_bytes(b"x" * 8192)
    before = content(durable.directory)
    with pytest.raises(DamagedFileError):
        await durable.start()
    assert content(durable.directory) == before
    metadata.write_bytes(whole)
    await durable.start()
    assert await first.get_by_name("a").read("k") == 1


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE _cf_ALARM SET scheduled_time = 'soon'",
        "UPDATE _cf_ALARM SET actor_name = x'00'",
        "ALTER TABLE _cf_ALARM RENAME COLUMN scheduled_time TO other",
    ],
)
def test_an_alarm_table_that_makes_no_sense_is_refused_and_left_as_it_is(directory: Path, spoil: str) -> None:
    connection = sqlite3.connect(directory / "Counter" / "metadata.sqlite")
    connection.execute(spoil)
    connection.commit()
    connection.close()
    before = content(directory)["Counter/metadata.sqlite"]
    host = Host(directory)
    try:
        for _ in range(2):
            with pytest.raises(DamagedFileError, match=r"metadata\.sqlite is damaged"):
                host.namespace(Counter)
    finally:
        host.close()
    assert content(directory)["Counter/metadata.sqlite"] == before


async def test_a_row_in_capitals_is_no_id_and_makes_no_second_object(durable_factory: Any, directory: Path) -> None:
    connection = sqlite3.connect(directory / "Counter" / "metadata.sqlite")
    connection.execute("UPDATE _cf_ALARM SET actor_id = upper(actor_id)")
    connection.commit()
    connection.close()
    host = durable_factory(directory=directory)
    namespace = host.namespace(Counter)
    await host.clock.advance(minutes=1)
    host.assert_object_count(namespace, 1)
    assert "fired" not in host.stored(namespace.get_by_name("a")).kv


def test_captured_data_are_never_copied_over_others(directory: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "mine").write_text("mine")
    host = Host(target, copy_from=directory)
    try:
        with pytest.raises(DirectoryError, match="is not empty"):
            host.namespace(Counter)
    finally:
        host.close()
    assert content(target) == {"mine": b"mine"}


async def test_data_of_a_host_that_runs_are_not_copied(durable: Any, durable_factory: Any) -> None:
    await durable.namespace(Counter).get_by_name("a").put("k", 1)
    other = durable_factory(copy_from=durable.directory)
    with pytest.raises(DirectoryInUseError, match="copy_from"):
        other.namespace(Counter)


def test_captured_data_need_a_disk(directory: Path) -> None:
    host = Host(storage="memory", copy_from=directory)
    try:
        with pytest.raises(ConfigurationError, match="copy_from= needs storage on disk"):
            host.namespace(Counter)
    finally:
        host.close()


@pytest.mark.parametrize("wrong", [{"down_for": "soon"}, {"down_for": timedelta(seconds=-1)}, {"app": "nonsense"}])
async def test_a_restart_with_a_wrong_argument_ends_nothing(durable: Any, wrong: Any) -> None:
    with pytest.raises((ConfigurationError, DurationError, ValueError)):
        await durable.restart(**wrong)
    assert durable.is_running


async def test_a_crash_point_outlives_a_restart(durable: Any) -> None:
    stub = durable.namespace(Counter).get_by_name("a")
    await stub.arm(durable.clock.time_ms() + 10_000)
    durable.crash_at(AlarmStarted)
    await durable.restart(down_for="20s")
    assert not durable.is_running
    await durable.start()
    assert durable.stored(stub).kv["fired"] == 1


async def test_a_life_can_be_cut_at_its_start(durable: Any) -> None:
    durable.crash_at(RuntimeStarted)
    await durable.restart()
    assert not durable.is_running
    await durable.start()
    assert durable.is_running


async def test_down_since_names_the_end_of_the_life(durable: Any) -> None:
    await durable.stop()
    await durable.clock.advance(seconds=20)
    await durable.crash()
    with pytest.raises(HostDownError, match="down since 2030-01-01T00:00:00"):
        durable.namespace(Counter)


async def test_a_string_with_a_colon_is_a_value_unless_it_names_a_class(durable_factory: Any) -> None:
    host = durable_factory(app=App(bindings={"KEY": "user:pass", "HOST": "redis:6379"}))
    assert (host.env.KEY, host.env.HOST) == ("user:pass", "redis:6379")
    assert host.namespaces == ()


async def test_a_binding_is_given_once(durable_factory: Any) -> None:
    host = durable_factory(app=App(vars={"OTHER": "text"}))
    host.namespace(Counter)
    with pytest.raises(ConfigurationError, match="The binding 'COUNTER' is taken: it is the namespace 'Counter'"):
        host.namespace(Other, binding="COUNTER")
    with pytest.raises(ConfigurationError, match="The binding 'OTHER' is taken: it is a variable of the application"):
        host.namespace(Other)
    with pytest.raises(ConfigurationError, match="'' cannot name a binding"):
        host.namespace(Other, binding="")


async def test_looking_with_sql_never_writes(durable: Any) -> None:
    stub = durable.namespace(Counter).get_by_name("a")
    await stub.put("k", 1)
    await durable.crash()
    with pytest.raises(DurableError):
        durable.stored(stub).sql("DELETE FROM _cf_KV")
    assert dict(durable.stored(stub).kv) == {"k": 1}


async def test_a_host_that_is_down_does_not_look_into_files_that_another_uses(
    durable: Any, durable_factory: Any
) -> None:
    stub = durable.namespace(Counter).get_by_name("a")
    await stub.put("k", 1)
    await durable.stop()
    other = durable_factory(directory=durable.directory)
    await other.namespace(Counter).get_by_name("a").put("k", 2)
    with pytest.raises(DirectoryInUseError):
        durable.stored(stub).kv["k"]
    await other.stop()
    assert durable.stored(stub).kv["k"] == 2
