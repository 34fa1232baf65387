"""Damage and misuse in the middle of things: every time a clear error, never a stuck object, nothing lost."""

import os
import re
import sqlite3
import traceback
from collections.abc import Awaitable
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
    UndecodableValueError,
)
from pytest_durable.events import AlarmStarted, RuntimeStarted
from pytest_durable.values import JSRegExp
from support.damage import spoil_page_of_values


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


class Careful(Counter):
    """Handles what its storage raises."""

    async def read_many(self, key: str) -> object:
        return (await self.ctx.storage.get([key]))[key]

    async def read_all(self, key: str) -> object:
        return (await self.ctx.storage.list())[key]

    async def ask_for(self, name: str, key: str) -> object:
        return await self.env.CAREFUL.getByName(name).read(key)

    async def try_read(self, key: str) -> str:
        return await caught(self.read(key))

    async def try_sql(self) -> str:
        try:
            return str(self.ctx.storage.sql.exec("SELECT * FROM mine").toArray())
        except Exception as failure:
            return str(failure)

    async def fill(self) -> None:
        self.ctx.storage.sql.exec("CREATE TABLE mine (text)")
        self.ctx.storage.sql.exec("INSERT INTO mine VALUES ('a')")

    async def read_sql(self) -> object:
        return self.ctx.storage.sql.exec("SELECT * FROM mine").toArray()

    async def try_to_ask(self, name: str) -> str:
        return await caught(self.ask_for(name, "k"))


async def caught(awaitable: Awaitable[object]) -> str:
    """The text of what ``awaitable`` raises."""
    try:
        return f"not raised: {await awaitable}"
    except Exception as failure:
        return str(failure)


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


def spoil_value(path: Path, blob: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"UPDATE _cf_KV SET value = x'{blob}'")
    connection.commit()
    connection.close()


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


async def test_a_database_of_an_unknown_format_is_damaged_for_whoever_meets_it(
    durable_factory: Any, directory: Path
) -> None:
    path = object_file(directory)
    raw = path.read_bytes()
    path.write_bytes(raw[:40] + b"\xff" * 20 + raw[60:])
    host = durable_factory(directory=directory)
    stub = host.namespace(Counter).get_by_name("a")
    words = r"\.sqlite is damaged: SQLite says unsupported file format\.\n\nNothing was changed\. Restore the file"
    with pytest.raises(DamagedFileError, match=words):
        host.stored(stub).kv
    with pytest.raises(DamagedFileError, match=words):
        host.stored(stub).sql("SELECT 1")
    with pytest.raises(DamagedFileError, match=words):
        await stub.read("k")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
@pytest.mark.parametrize("of", ["object", "metadata"])
async def test_a_pipe_where_a_database_should_be_is_refused_without_being_opened(
    durable_factory: Any, directory: Path, of: str
) -> None:
    path = object_file(directory) if of == "object" else directory / "Counter" / "metadata.sqlite"
    path.unlink()
    os.mkfifo(path)  # to open it would wait for somebody to write into it
    host = durable_factory(directory=directory)
    words = re.escape(f"{path} cannot be read: Not a regular file.\n\nIt must be a file that this process may read")
    if of == "metadata":
        with pytest.raises(DirectoryError, match=words):
            host.namespace(Counter)
        return
    stub = host.namespace(Counter).get_by_name("a")
    with pytest.raises(DirectoryError, match=words):
        host.stored(stub).kv
    with pytest.raises(DirectoryError, match=words):
        await stub.read("k")
    assert path.is_fifo()


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


async def test_a_call_that_meets_a_corrupt_page_names_file_and_object(durable_factory: Any, directory: Path) -> None:
    path = object_file(directory)
    spoil_page_of_values(path)
    before = path.read_bytes()
    stub = durable_factory(directory=directory).namespace(Counter).get_by_name("a")
    for _ in range(2):
        with pytest.raises(DamagedFileError) as caught:
            await stub.read("k")
        assert str(caught.value).splitlines() == [
            f"{path} is damaged: SQLite says database disk image is malformed.",
            "",
            f"  object  {stub.id.hex}",
            "",
            "Restore the file from a copy, or remove it to begin anew.",
        ]
        # Its cause leads to the line of user code that asked.
        cause = caught.value.__cause__
        assert str(cause).startswith("Error: internal error; reference = ")
        assert cause is not None
        assert "read" in [frame.name for frame in traceback.extract_tb(cause.__traceback__)]
    assert path.read_bytes() == before


async def test_user_code_meets_a_corrupt_page_in_the_words_of_the_platform(
    durable_factory: Any, directory: Path
) -> None:
    spoil_page_of_values(object_file(directory))
    host = durable_factory(directory=directory)
    stub, other = (host.namespace(Careful, unique_key="Counter").get_by_name(name) for name in "ab")
    words = "Error: internal error; reference = "
    assert (await stub.try_read("k")).startswith(words)
    # It was the application's to handle, in the object as in its caller, and it did: the test is told nothing.
    assert (await other.try_to_ask("a")).startswith(words)
    host.raise_failures()


async def test_a_corrupt_page_met_through_another_object_is_named(durable_factory: Any, directory: Path) -> None:
    path = object_file(directory)
    spoil_page_of_values(path)
    other = durable_factory(directory=directory).namespace(Careful, unique_key="Counter").get_by_name("b")
    with pytest.raises(DamagedFileError, match=path.name):
        await other.ask_for("a", "k")


@pytest.mark.parametrize("method", ["read", "read_many", "read_all"])
async def test_a_call_that_meets_an_undecodable_value_names_file_object_and_key(
    durable_factory: Any, directory: Path, method: str
) -> None:
    path = object_file(directory)
    spoil_value(path, "FF0F99")
    stub = durable_factory(directory=directory).namespace(Careful, unique_key="Counter").get_by_name("a")
    with pytest.raises(UndecodableValueError) as caught:
        await getattr(stub, method)("k")
    assert str(caught.value).splitlines() == [
        f"The value of 'k' of object {stub.id.hex} cannot be decoded: '\\x99' (0x99) is no tag of a value (byte 2).",
        "",
        f"  file   {path}",
        "",
        "Nothing was changed.",
    ]
    assert (await stub.try_read("k")).startswith("Error: internal error; reference = ")
    await stub.put("other", 1)
    assert await stub.read("other") == 1


async def test_sql_that_meets_a_corrupt_page_names_the_file_unless_user_code_handles_it(durable: Any) -> None:
    stub = durable.namespace(Careful).get_by_name("a")
    await stub.fill()
    await durable.stop()
    path = durable.directory / "Careful" / f"{stub.id.hex}.sqlite"
    spoil_page_of_values(path, "mine")
    await durable.start()
    with pytest.raises(DamagedFileError, match=path.name):
        await stub.read_sql()
    assert await stub.try_sql() == "Error: database disk image is malformed: SQLITE_CORRUPT"


async def test_an_object_file_of_no_bytes_is_a_fresh_object_as_on_the_platform(
    durable_factory: Any, directory: Path
) -> None:
    # Asked of the real platform: it reads nothing, cancels the alarm of the row without calling the handler, and makes
    # an empty database of the file.
    path = object_file(directory)
    path.write_bytes(b"")
    host = durable_factory(directory=directory)
    namespace = host.namespace(Counter)
    stub = namespace.get_by_name("a")
    assert await stub.read("k") is None
    await host.clock.advance(seconds=10)
    assert host.alarms(namespace) == []
    assert dict(host.stored(stub).kv) == {}
    await host.stop()
    assert path.stat().st_size == 4096


async def test_the_causes_of_an_error_reach_the_test(durable: Any) -> None:
    class Chaining(DurableObject):
        async def explicitly(self) -> None:
            try:
                {}["absent"]
            except KeyError as failure:
                raise ValueError("explicit") from failure

        async def by_accident(self) -> None:
            try:
                {}["absent"]
            except KeyError:
                raise ValueError("accident")  # noqa: B904 - what is tested

    stub = durable.namespace(Chaining).get_by_name("a")
    with pytest.raises(ValueError, match="explicit") as caught:
        await stub.explicitly()
    assert repr(caught.value.__cause__) == "KeyError('absent')"
    with pytest.raises(ValueError, match="accident") as caught:
        await stub.by_accident()
    assert (repr(caught.value.__context__), caught.value.__suppress_context__) == ("KeyError('absent')", False)


#: What the real platform stores for objects of its own.
PLATFORM_OBJECTS = {
    "Headers": "FF0F5C0403010001610162",
    "Headers within": "FF0F6F22016141015C04030100016101622400017B01",
    "Request": "FF0F5C0509687474703A2F2F612F6F22066D6574686F645F2207686561646572735C0403002204626F64793022087265646972"
    "6563745F2207666574636865725F220263665F220563616368655F2209696E746567726974795F22067369676E616C5F2212656E636F64"
    "65526573706F6E7365426F64795F7B0A",
    "DOMException": "FF0F5C080A41626F72744572726F72016D0E41626F72744572726F723A206D",
}


@pytest.mark.parametrize("what", PLATFORM_OBJECTS)
async def test_a_stored_object_of_the_platform_is_an_undecodable_value(
    durable_factory: Any, directory: Path, what: str
) -> None:
    path = object_file(directory)
    spoil_value(path, PLATFORM_OBJECTS[what])
    host = durable_factory(directory=directory)
    stub = host.namespace(Careful, unique_key="Counter").get_by_name("a")
    words = f"objects of the platform (here {what.split()[0]}) are not read, except errors"
    for look in (stub.read, lambda key: stored_value(host, stub, key)):
        with pytest.raises(UndecodableValueError) as caught:
            await look("k")
        for part in (words, str(path), stub.id.hex, "'k'"):
            assert part in str(caught.value)
    assert (await stub.try_read("k")).startswith("Error: internal error; reference = ")


async def stored_value(host: Any, stub: Any, key: str) -> object:
    return host.stored(stub).kv[key]


@pytest.mark.parametrize(
    ("blob", "expected"),
    [
        ("FF0F52220861283F3C783E6229BF01", JSRegExp("a(?<x>b)", "dgimsuy")),
        ("FF0F5222065B612D2D625D8002", JSRegExp("[a--b]", "v")),
        ("FF0F5222015B00", JSRegExp("[", "")),  # no platform would compile it; nothing here does
    ],
    ids=["flags", "sets", "no pattern"],
)
async def test_a_stored_regular_expression_shows_source_and_flags(
    durable_factory: Any, directory: Path, blob: str, expected: JSRegExp
) -> None:
    spoil_value(object_file(directory), blob)
    host = durable_factory(directory=directory)
    assert host.stored(host.namespace(Counter).get_by_name("a")).kv["k"] == expected


@pytest.mark.parametrize("blob", ["FF0F5222016140", "FF0F5222016190 02", "FF0F52490200", "FF0F522201"])
async def test_a_regular_expression_that_makes_no_sense_is_an_undecodable_value(
    durable_factory: Any, directory: Path, blob: str
) -> None:
    spoil_value(object_file(directory), blob.replace(" ", ""))
    host = durable_factory(directory=directory)
    with pytest.raises(UndecodableValueError, match="cannot be decoded"):
        host.stored(host.namespace(Counter).get_by_name("a")).kv["k"]
