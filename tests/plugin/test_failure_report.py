"""The section ``durable`` of a failure report, compared whole."""

from pathlib import Path

import pytest

from support.inner import InnerRun, run_inner

PROJECT = """
import asyncio
import time

import pytest
from workers import DurableObject


class Reminder(DurableObject):
    async def remind_in(self, seconds):
        await self.ctx.storage.put({"seconds": seconds, "text": "x" * 200})
        await self.ctx.storage.setAlarm(int(time.time() * 1000) + seconds * 1000)

    async def keep(self, key, value):
        await self.ctx.storage.put(key, value)

    async def nothing(self):
        pass

    async def alarm(self, info):
        raise AssertionError("an alarm\\nof two lines")


class Table(DurableObject):
    async def fill(self):
        self.ctx.storage.sql.exec("CREATE TABLE t (a)")

    async def fill_much(self):
        execute = self.ctx.storage.sql.exec
        execute('CREATE TABLE "odd ""name" (id INTEGER PRIMARY KEY, text TEXT)')
        for n in range(5):
            execute('INSERT INTO "odd ""name" (text) VALUES (?)', f"{n}" * 200)
        execute(f"CREATE TABLE wide ({', '.join(f'c{n}' for n in range(10))})")
        execute("INSERT INTO wide (c0) VALUES (1)")
        for n in range(5):
            execute(f"CREATE TABLE x{n} (a)")


@pytest.mark.durable(storage="memory")
async def test_alarm_and_values(durable):
    await durable.namespace(Reminder).get_by_name("a").remind_in(300)
    await asyncio.sleep(0.001)
    assert False


@pytest.mark.durable(storage="disk")
async def test_successor(durable_factory, tmp_path):
    for n in range(2):
        host = durable_factory(directory=tmp_path / "shared")
        stub = host.namespace(Reminder).get_by_name("a")
        await stub.remind_in(60)
        await host.namespace(Reminder).get_by_name("b").nothing()
        if n == 0:
            await host.stop()
    assert False


class Again(Reminder):
    async def alarm(self, info):
        await self.ctx.storage.setAlarm(int(time.time() * 1000) + 1000)
        raise AssertionError("again")


@pytest.mark.durable(storage="memory")
async def test_fails_again_and_again(durable):
    for name in "ab":
        await durable.namespace(Again).get_by_name(name).remind_in(1)
    await asyncio.sleep(1.5)
    assert False


@pytest.mark.durable(storage="memory")
async def test_half_characters(durable):
    stub = durable.namespace(Reminder).get_by_name("\\ud800\\n")
    await stub.keep("a\\nb", "\\udfff")
    durable.assert_stored(stub, {"a\\nb": 1})


@pytest.mark.durable(storage="memory")
async def test_unseen(durable):
    await durable.namespace(Reminder).get_by_name("a").remind_in(5)
    await durable.clock.advance(seconds=4)
    await asyncio.sleep(10)
    assert False


@pytest.mark.durable(storage="memory")
async def test_nothing_happened(durable):
    assert False


@pytest.mark.durable(storage="memory")
async def test_down(durable):
    await durable.stop()
    assert False


@pytest.mark.durable(storage="memory")
async def test_tables(durable):
    await durable.namespace(Table).get_by_name("a").fill()
    assert False


@pytest.mark.durable(storage="memory")
async def test_many_rows(durable):
    await durable.namespace(Table).get_by_name("a").fill_much()
    assert False


@pytest.mark.durable(storage="memory")
async def test_much(durable):
    reminders = durable.namespace(Reminder)
    for n in range(12):
        await reminders.get_by_name(str(n)).remind_in(60)
    assert False


@pytest.mark.durable(storage="memory")
def test_two_hosts(durable, durable_factory):
    durable_factory(storage="memory")
    assert False


def test_on_disk(durable):
    durable.run(durable.namespace(Table).get_by_name("a").fill())
    print("directory", durable.directory)
    assert False


@pytest.fixture
def broken(durable):
    raise ValueError("in a fixture")


@pytest.mark.durable(storage="memory")
def test_setup(broken):
    pass


@pytest.mark.durable(storage="memory")
@pytest.mark.xfail
def test_expected_failure(durable):
    assert False


def test_not_durable():
    assert False


def test_passes(durable):
    durable.namespace(Table)
    print("directory", durable.directory)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> InnerRun:
    return run_inner(tmp_path_factory.mktemp("project"), {"test_project.py": PROJECT})


def test_section_tells_clock_alarms_values_and_the_last_records(run: InnerRun) -> None:
    assert run.section("test_alarm_and_values") == (
        """\
clock      2030-01-01T00:00:00.001Z, 00:00:00.001 since the start
host       running

pending alarms
  REMINDER["a"]  due 00:05:00.000, in 299.999 s, waiting

stored
  REMINDER["a"]  seconds = 300
                 text = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'

journal
  00:00:00.000  life 1 of the process began
  00:00:00.000  REMINDER["a"]  instance of Reminder built
  00:00:00.000  REMINDER["a"]  call of remind_in() began
  00:00:00.000  REMINDER["a"]  a transaction began
  00:00:00.000  REMINDER["a"]  alarm row written, due 00:05:00.000
  00:00:00.000  REMINDER["a"]  alarm set for 00:05:00.000
  00:00:00.000  REMINDER["a"]  committed 'seconds', 'text'
  00:00:00.000  REMINDER["a"]  reply to remind_in() was sent
  00:00:00.000  REMINDER["a"]  call of remind_in() ended"""
    )


def test_section_tells_failures_that_no_call_of_the_test_has_raised(run: InnerRun) -> None:
    section = run.section("test_unseen")

    assert "\nalso failed\n  AssertionError: an alarm\n\npending alarms: none\n" in section
    assert '\n  00:00:05.000  REMINDER["a"]  alarm handler failed: AssertionError: an alarm\n' in section


def test_section_of_a_host_on_which_nothing_happened_is_short(run: InnerRun) -> None:
    assert run.section("test_nothing_happened") == (
        """\
clock      2030-01-01T00:00:00.000Z, 00:00:00.000 since the start
host       running

pending alarms: none

stored: none

journal
  00:00:00.000  life 1 of the process began"""
    )


def test_section_says_that_the_host_is_down(run: InnerRun) -> None:
    assert run.section("test_down").splitlines()[1] == "host       down"


def test_section_names_the_tables_of_an_object(run: InnerRun) -> None:
    assert '\nstored\n  TABLE["a"]  table t: 0 rows\n\n' in run.section("test_tables")


def test_section_shows_the_first_rows_of_the_first_tables(run: InnerRun) -> None:
    def text(digit: str) -> str:
        return f"'{digit * 37}...{digit * 38}'"

    stored = run.section("test_many_rows").partition("\nstored\n")[2].partition("\n\n")[0].splitlines()

    assert [line[14:] for line in stored] == [
        'table odd "name: 5 rows',
        f"  id = 1, text = {text('0')}",
        f"  id = 2, text = {text('1')}",
        f"  id = 3, text = {text('2')}",
        "  and 2 more",
        "table wide: 1 row",
        f"  c0 = 1, {', '.join(f'c{n} = None' for n in range(1, 8))}, and 2 more columns",
        "table x0: 0 rows",
        "table x1: 0 rows",
        "table x2: 0 rows",
        "and 2 more tables",
    ]


def test_section_shows_the_objects_that_something_happened_to_last(run: InnerRun) -> None:
    section = run.section("test_much")
    stored = section.partition("\nstored\n")[2].partition("\n\n")[0].splitlines()

    assert [line.strip() for line in stored[::2]] == [
        'REMINDER["11"]  seconds = 60',
        'REMINDER["10"]  seconds = 60',
        'REMINDER["9"]   seconds = 60',
        'REMINDER["8"]   seconds = 60',
        'REMINDER["7"]   seconds = 60',
        "and 7 more objects",
    ]


def test_section_counts_the_alarms_and_records_it_leaves_out(run: InnerRun) -> None:
    section = run.section("test_much")
    alarms = section.partition("pending alarms\n")[2].partition("\n\n")[0].splitlines()
    journal = section.partition("\njournal, ")[2].splitlines()

    assert (len(alarms), alarms[-1]) == (11, "  and 2 more")
    assert (len(journal), journal[0]) == (21, "the last 20 of 97 records")


def test_section_tells_of_each_host(run: InnerRun) -> None:
    assert [line for line in run.section("test_two_hosts").splitlines() if line.startswith("host ")] == [
        "host 1",
        "host       running",
        "host 2",
        "host       running",
    ]


def test_files_that_another_host_has_are_mentioned_once(run: InnerRun) -> None:
    first, _, second = run.section("test_successor").partition("\n\nhost 2\n")
    assert first.count("in use by another host") == 1
    assert "\npending alarms and stored\n  belong to the host that uses the directory now: " in first
    assert '\npending alarms\n  REMINDER["a"]  due 00:01:00.000' in second
    assert "in use" not in second


def test_failure_that_repeats_is_shown_once_with_its_number(run: InnerRun) -> None:
    section = run.section("test_fails_again_and_again")
    assert "also failed\n  AssertionError: again (2 times)\n\n" in section


def test_what_cannot_be_printed_is_escaped(run: InnerRun) -> None:
    section = run.section("test_half_characters").splitlines()
    assert "  REMINDER[\"\\ud800\\n\"]  'a\\nb' = '\\udfff'" in section
    assert len(section) > 10


def test_what_cannot_be_printed_crosses_from_an_xdist_worker(tmp_path: Path) -> None:
    run = run_inner(tmp_path, {"test_project.py": PROJECT}, "-n1", "-k", "test_half_characters")
    assert run.outcomes["test_half_characters"] == "FAILED"
    assert "  REMINDER[\"\\ud800\\n\"]  'a\\nb' = '\\udfff'" in run.section("test_half_characters").splitlines()


def test_section_is_there_when_a_fixture_fails(run: InnerRun) -> None:
    assert run.section("test_setup").startswith("clock      2030-01-01T00:00:00.000Z")


def test_section_is_not_there_for_other_tests(run: InnerRun) -> None:
    assert run.outcomes["test_expected_failure"] == "XFAIL"
    assert run.section("test_not_durable") == ""
    assert run.out.count(" durable -") == 13


def test_directory_of_a_failed_test_is_removed_unless_it_shall_be_kept(run: InnerRun) -> None:
    assert run.section("test_on_disk").splitlines()[2].endswith(" (removed after the test; --durable-keep keeps it)")
    assert [path for path in _directories(run) if path.exists()] == []


def test_keep_keeps_the_directories_of_failed_tests_and_names_them(tmp_path: Path) -> None:
    run = run_inner(tmp_path, {"test_project.py": PROJECT}, "--durable-keep", "-k", "test_on_disk or test_passes")

    failed, passed = _directories(run)
    assert run.section("test_on_disk").splitlines()[2] == f"directory  {failed}"
    assert [path.name for path in failed.iterdir()] == ["Table"]
    assert not passed.exists()


def test_section_crosses_from_an_xdist_worker(tmp_path: Path) -> None:
    run = run_inner(tmp_path, {"test_project.py": PROJECT}, "-n1", "-k", "test_nothing_happened")

    assert run.section("test_nothing_happened").startswith("clock      2030-01-01T00:00:00.000Z")


def test_tests_in_memory_make_no_directory(tmp_path: Path) -> None:
    run_inner(tmp_path, {"test_project.py": PROJECT}, "-k", "test_nothing_happened or test_tables")

    assert not (tmp_path / ".base").exists()


def _directories(run: InnerRun) -> list[Path]:
    found = [line.removeprefix("directory ") for line in run.out.splitlines() if line.startswith("directory /")]
    return list(dict.fromkeys(map(Path, found)))
