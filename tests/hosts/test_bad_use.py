"""Bad use and bad input: each gets a clear error, and nothing on the disk changes."""

import hashlib
import shutil
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from workers import DurableObject, WorkerEntrypoint

from pytest_durable import App, Host
from pytest_durable.errors import (
    ConfigurationError,
    DamagedFileError,
    DirectoryError,
    DirectoryInUseError,
    DurableError,
    DurationError,
    ForeignIdError,
    HostDownError,
    NaiveDatetimeError,
    TimeBackwardsError,
    UndecodableValueError,
)


class Counter(DurableObject):
    async def put(self, key: str, value: object) -> None:
        await self.ctx.storage.put(key, value)

    async def read(self, key: str) -> object:
        return await self.ctx.storage.get(key)

    async def alarm(self) -> None:
        pass


class Other(DurableObject):
    pass


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A directory with one object, written by a host that has ended."""

    async def main(host: Host) -> None:
        await host.namespace(Counter).get_by_name("a").put("k", "v" * 5000)

    Host.run_main(main, directory=tmp_path / "data")
    return tmp_path / "data"


def object_file(directory: Path) -> Path:
    (found,) = [path for path in (directory / "Counter").glob("*.sqlite") if path.name != "metadata.sqlite"]
    return found


def fingerprint(directory: Path) -> dict[str, tuple[str, int]]:
    return {
        str(path.relative_to(directory)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def lines(caught: pytest.ExceptionInfo[BaseException]) -> list[str]:
    return str(caught.value).splitlines()


async def test_foreign_id_is_refused(durable: Any) -> None:
    foreign = durable.namespace(Other).id_from_name("a")
    with pytest.raises(ForeignIdError) as caught:
        durable.namespace(Counter).get(foreign)
    assert lines(caught) == [
        f"The id {foreign.hex[:8]}… does not belong to the namespace 'Counter'.",
        "",
        "  name of the id  'a'",
        "",
        "Make it with this namespace:  namespace.id_from_name('a')",
    ]


async def test_call_while_the_host_is_down_is_refused(durable: Any) -> None:
    stub = durable.namespace(Counter).get_by_name("a")
    await durable.stop()
    with pytest.raises(HostDownError, match="The host is down since 2030-01-01T00:00:00"):
        await stub.put("a", 1)


async def test_member_that_no_version_has_is_unknown_as_elsewhere(durable: Any) -> None:
    with pytest.raises(AttributeError, match=r"^'Host' object has no attribute 'clokc'$") as caught:
        _ = durable.clokc
    assert (caught.value.name, caught.value.obj) == ("clokc", durable)


async def test_naive_datetime_is_refused(durable: Any) -> None:
    with pytest.raises(NaiveDatetimeError):
        await durable.clock.move_to(datetime(2031, 1, 1))
    with pytest.raises(NaiveDatetimeError):
        durable.assert_alarm(durable.namespace(Counter).get_by_name("a"), at=datetime(2031, 1, 1))


async def test_time_does_not_move_backwards(durable: Any) -> None:
    with pytest.raises(TimeBackwardsError):
        await durable.clock.advance(seconds=-1)


async def test_a_downtime_without_a_unit_is_refused_before_anything_stops(durable: Any) -> None:
    with pytest.raises(DurationError) as caught:
        await durable.restart(down_for=60)
    assert lines(caught)[0] == "A length of time needs a unit, and 60 has none."
    assert 'restart(down_for="60s")' in str(caught.value)
    assert durable.is_running


async def test_a_class_that_a_module_lacks_is_named(durable: Any, tmp_path: Path) -> None:
    (tmp_path / "lacking.py").write_text("class Present: pass\n")
    host = Host(directory=tmp_path / "data", world=durable.world, root=tmp_path)
    try:
        stub = host.namespace("lacking:Absent").get_by_name("a")
        with pytest.raises(ConfigurationError) as caught:
            await stub.anything()
    finally:
        await host.finish()
        host.close()
    assert lines(caught)[:3] == ["The module lacking has no class 'Absent'.", "", "  its classes  Present"]


async def test_the_same_key_with_another_class_is_refused(durable: Any) -> None:
    durable.namespace(Counter, unique_key="key")
    with pytest.raises(ConfigurationError, match="The namespace 'key' is declared already, with other arguments"):
        durable.namespace(Other, unique_key="key")


@pytest.mark.parametrize(
    ("again", "before", "now"),
    [
        ({"storage": "memory"}, "binding='COUNTER', storage='disk'", "binding='COUNTER', storage='memory'"),
        ({"binding": "C"}, "binding='COUNTER', storage='disk'", "binding='C', storage='disk'"),
    ],
    ids=["storage", "binding"],
)
@pytest.mark.durable(storage="disk")
async def test_what_differs_in_a_second_declaration_is_shown(durable: Any, again: Any, before: str, now: str) -> None:
    durable.namespace(Counter)
    with pytest.raises(ConfigurationError) as caught:
        durable.namespace(Counter, **again)
    assert lines(caught)[2].startswith("  before  ")
    assert lines(caught)[2].endswith(before)
    assert lines(caught)[3].startswith("  now     ")
    assert lines(caught)[3].endswith(now)


class Plain:
    """Has no base class."""


class Handler(WorkerEntrypoint):
    """Is a class of the platform, and none of objects."""


@pytest.mark.parametrize(
    ("cls", "actual", "advice"),
    [
        (Plain, f"class Plain, from {__name__}", "class Plain(DurableObject)"),
        (Handler, f"class Handler(WorkerEntrypoint), from {__name__}", "class Handler(DurableObject)"),
        (DurableObject, f"class DurableObject, from {DurableObject.__module__}", "class Counter(DurableObject)"),
        (int, "class int, from builtins", "class int(DurableObject)"),
    ],
    ids=["plain", "worker", "base", "builtin"],
)
async def test_class_that_derives_from_no_durable_object_is_refused(
    durable: Any, cls: type, actual: str, advice: str
) -> None:
    # PW-1.12
    with pytest.raises(ConfigurationError) as caught:
        durable.namespace(cls)
    assert lines(caught) == [
        f"{cls.__name__} is no class of objects.",
        "",
        "  expected  a class that derives from workers.DurableObject",
        f"  actual    {actual}",
        "",
        f"Derive one:  {advice}",
    ]
    assert durable.namespaces == ()
    assert durable.directory is None


async def test_class_that_is_no_class_of_objects_is_refused_when_its_path_is_followed(
    durable: Any, tmp_path: Path
) -> None:
    (tmp_path / "pathless.py").write_text("class Plain: pass\n")
    host = Host(directory=tmp_path / "data", world=durable.world, root=tmp_path)
    try:
        stub = host.namespace("pathless:Plain").get_by_name("a")
        with pytest.raises(ConfigurationError, match=r"^Plain is no class of objects\."):
            await stub.anything()
    finally:
        await host.finish()
        host.close()


@pytest.mark.parametrize("app", [{"classes": (Plain,)}, {"bindings": {"PLAIN": Plain}}], ids=["classes", "bindings"])
async def test_application_of_a_class_that_is_no_class_of_objects_is_refused(durable: Any, app: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^Plain is no class of objects\."):
        Host(app=App(**app))
    with pytest.raises(ConfigurationError, match=r"^Plain is no class of objects\."):
        await durable.restart(app=App(**app))
    assert durable.is_running


def test_class_that_derives_from_a_durable_object_of_the_projects_own_is_accepted(durable: Any) -> None:
    own = type("DurableObject", (), {})
    assert durable.namespace(type("Mine", (own,), {})).class_name == "Mine"


@pytest.mark.parametrize("wrong", [5, None, b"module:Class", Counter], ids=["number", "none", "bytes", "instance"])
async def test_namespace_of_what_is_neither_class_nor_path_is_refused(durable: Any, wrong: Any) -> None:
    given = wrong(None, None) if wrong is Counter else wrong
    with pytest.raises(ConfigurationError) as caught:
        durable.namespace(given)
    assert lines(caught) == [
        f"A namespace is made of a class, not of {given!r}.",
        "",
        "  expected  a class, or its path 'module:Class'",
        f"  actual    a value of type {type(given).__name__}",
        "",
        'Hand over the class, or its path:  durable.namespace("module:Class")',
    ]


async def test_an_unknown_binding_lists_those_that_exist(durable: Any) -> None:
    durable.namespace(Counter)
    with pytest.raises(ConfigurationError) as caught:
        durable.namespace("ABSENT")
    assert lines(caught)[:3] == ["No binding is called 'ABSENT'.", "", "  bindings  COUNTER"]


@pytest.mark.parametrize("damage", ["truncated", "not a database", "half a page"])
async def test_a_damaged_object_is_named_and_left_as_it_is(durable_factory: Any, stopped: Path, damage: str) -> None:
    path = object_file(stopped)
    content = path.read_bytes()
    path.write_bytes(
        {"truncated": content[:4096], "not a database": b"x" * len(content), "half a page": content[:-2048]}[damage]
    )
    host = durable_factory(directory=stopped)
    stub = host.namespace(Counter).get_by_name("a")
    before = fingerprint(stopped)[str(path.relative_to(stopped))]
    with pytest.raises(DamagedFileError) as caught:
        await stub.read("k")
    assert lines(caught)[0].startswith(f"{path} is damaged: ")
    assert "Nothing was changed." in str(caught.value)
    assert fingerprint(stopped)[str(path.relative_to(stopped))] == before


async def test_a_damaged_alarm_table_is_named_and_nothing_is_changed(durable_factory: Any, stopped: Path) -> None:
    (stopped / "Counter" / "metadata.sqlite").write_bytes(b"x" * 8192)
    before = fingerprint(stopped)
    host = durable_factory(directory=stopped)
    with pytest.raises(DamagedFileError, match=r"metadata\.sqlite is damaged"):
        host.namespace(Counter)
    assert fingerprint(stopped) == before


async def test_an_undecodable_value_is_named_with_file_object_and_key(durable_factory: Any, stopped: Path) -> None:
    path = object_file(stopped)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE _cf_KV SET value = x'FF0F99'")
    connection.close()
    before = fingerprint(stopped)
    host = durable_factory(directory=stopped)
    stub = host.namespace(Counter).get_by_name("a")
    with pytest.raises(UndecodableValueError) as caught:
        host.stored(stub).kv["k"]
    message = str(caught.value)
    assert str(path) in message
    assert stub.id.hex in message
    assert "'k'" in message
    assert fingerprint(stopped)[str(path.relative_to(stopped))] == before[str(path.relative_to(stopped))]


async def test_an_undecodable_value_does_not_stop_the_object(durable_factory: Any, stopped: Path) -> None:
    with sqlite3.connect(object_file(stopped)) as connection:
        connection.execute("UPDATE _cf_KV SET value = x'FF0F99'")
    connection.close()
    stub = durable_factory(directory=stopped).namespace(Counter).get_by_name("a")
    with pytest.raises(UndecodableValueError):
        await stub.read("k")
    await stub.put("other", 1)
    assert await stub.read("other") == 1


async def test_a_second_host_on_a_directory_in_use_is_refused(durable_factory: Any, tmp_path: Path) -> None:
    first = durable_factory(directory=tmp_path / "shared")
    first.namespace(Counter)
    second = durable_factory(directory=tmp_path / "shared")
    with pytest.raises(DirectoryInUseError) as caught:
        second.namespace(Counter)
    assert lines(caught)[0] == f"{tmp_path / 'shared' / 'Counter'} is in use by another host."
    await first.stop()
    second.namespace(Counter)


async def test_a_directory_that_is_a_file_is_refused(durable_factory: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    host = durable_factory(directory=tmp_path / "file")
    with pytest.raises(DirectoryError):
        host.namespace(Counter)
    assert (tmp_path / "file").read_text() == "mine"


async def test_a_directory_that_is_removed_under_a_host_is_named(durable_factory: Any, tmp_path: Path) -> None:
    host = durable_factory(directory=tmp_path / "data", storage="disk")
    namespace = host.namespace(Counter)
    shutil.rmtree(tmp_path / "data" / "Counter")
    with pytest.raises(DirectoryError, match="its directory is gone"):
        await namespace.get_by_name("a").put("k", 1)


@pytest.mark.parametrize("target", ["file", "file/below"])
async def test_captured_data_that_cannot_be_copied_are_named(
    durable_factory: Any, stopped: Path, tmp_path: Path, target: str
) -> None:
    (tmp_path / "file").write_text("mine")
    host = durable_factory(directory=tmp_path / target, copy_from=stopped, storage="disk")
    with pytest.raises(DirectoryError) as caught:
        host.namespace(Counter)
    assert lines(caught)[0].startswith(f"copy_from: {stopped} cannot be copied to {tmp_path / target}: ")
    assert (tmp_path / "file").read_text() == "mine"


def test_every_error_about_the_tool_is_a_durable_error() -> None:
    from pytest_durable import errors

    for name in set(errors.__all__) - {"PlatformError"}:
        assert issubclass(getattr(errors, name), DurableError), name


@pytest.mark.parametrize("verb", ["evict", "abort", "run_alarm"])
async def test_a_stub_of_another_host_is_refused(durable: Any, durable_factory: Any, verb: str) -> None:
    foreign = durable_factory().namespace(Counter).get_by_name("a")
    with pytest.raises(ConfigurationError, match="leads to an object of another host"):
        await getattr(durable, verb)(foreign)
    with pytest.raises(ConfigurationError, match="leads to an object of another host"):
        durable.stored(foreign)


async def test_what_is_no_stub_is_refused(durable: Any) -> None:
    for wrong in ("a", None, durable.namespace(Counter)):
        with pytest.raises(ConfigurationError, match="is no stub"):
            durable.stored(wrong)
        with pytest.raises(ConfigurationError, match="is no stub"):
            await durable.evict(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"classes": 5},
        {"classes": (5,)},
        {"vars": 5},
        {"bindings": [("A", 1)]},
        {"compatibility_date": "yesterday"},
        {"compatibility_flags": "flag"},
        {"compatibility_flags": (5,)},
    ],
    ids=repr,
)
def test_an_application_that_makes_no_sense_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"App\((\w+)=…\) makes no sense"):
        App(**wrong)


def test_lists_of_an_application_are_as_good_as_tuples() -> None:
    assert App(classes=[Counter], compatibility_flags=["a"]) == App(classes=(Counter,), compatibility_flags=("a",))


@pytest.mark.parametrize("wrong", [{"synchronous": "maybe"}, {"seed": "x"}, {"storage": "none"}], ids=repr)
def test_a_host_that_makes_no_sense_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError):
        Host(**wrong)


@pytest.mark.parametrize("key", ["k" * 300, "a\ud800", "a\nb"], ids=["long", "surrogate", "line break"])
async def test_a_unique_key_that_cannot_name_a_directory_is_refused(durable: Any, key: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot name a directory"):
        durable.namespace(Counter, unique_key=key)


async def test_what_is_no_id_and_no_name_is_refused(durable: Any) -> None:
    namespace = durable.namespace(Counter)
    for wrong in (None, 5, namespace.get_by_name("a")):
        with pytest.raises(ConfigurationError, match=r"get\(\) takes an id"):
            namespace.get(wrong)
    with pytest.raises(ConfigurationError, match="The name of an object is a text"):
        namespace.get_by_name(5)


async def test_what_is_no_instant_is_refused(durable: Any) -> None:
    with pytest.raises(DurableError, match="An instant is a datetime with a time zone"):
        await durable.clock.move_to("2031-01-01")


@pytest.mark.parametrize("wrong", [0, -1, "x"])
async def test_max_alarms_is_a_number_from_one_on(durable: Any, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="max_alarms is a number of runs"):
        await durable.clock.run_until_idle(max_alarms=wrong)
