"""The hooks of the plugin, implemented by a project."""

import pytest

from support.inner import InnerRun, run_inner

CONFTEST = """
from pytest_durable import App
from pytest_durable.events import RuntimeStarted

RECORDS = []


def pytest_durable_app(request):
    if "described" in request.node.name:
        return App(vars={"STAGE": request.node.name})


def pytest_durable_record(host, record):
    RECORDS.append((host, type(record).__name__))


def pytest_durable_ignored_files(namespace):
    return [f"{namespace.unique_key}.lock"]


def pytest_durable_timeline_row(record):
    if isinstance(record, RuntimeStarted):
        return "the computer was switched on\\nand hummed"
"""

PROJECT = """
import pytest
from conftest import RECORDS
from pytest_durable import App
from workers import DurableObject


class Thing(DurableObject):
    async def put(self):
        await self.ctx.storage.put("a", 1)


def test_described(durable):
    assert durable.app.vars["STAGE"] == "test_described"


def test_other(durable):
    assert durable.app == App()


async def test_records(durable):
    await durable.namespace(Thing).get_by_name("a").put()
    assert [name for host, name in RECORDS if host is durable] == [type(r).__name__ for r in durable.journal]
    assert len(durable.journal) > 5


async def test_ignored_files(durable):
    things = durable.namespace(Thing)
    await things.get_by_name("a").put()
    things.directory.joinpath("Thing.lock").touch()
    things.directory.joinpath("Other.sqlite").touch()
    assert list(durable.ignored_files(things)) == ["Thing.lock"]


def test_timeline_row(durable):
    assert False
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> InnerRun:
    files = {"test_project.py": PROJECT, "conftest.py": CONFTEST}
    return run_inner(tmp_path_factory.mktemp("project"), files)


@pytest.mark.parametrize("test", ["test_described", "test_other"])
def test_app_hook_describes_the_application_of_the_tests_it_answers_for(test: str, run: InnerRun) -> None:
    assert run.outcomes[test] == "PASSED", run.failure(test)


def test_record_hook_sees_every_record_in_order(run: InnerRun) -> None:
    assert run.outcomes["test_records"] == "PASSED", run.failure("test_records")


def test_ignored_files_hook_reaches_the_claims(run: InnerRun) -> None:
    assert run.outcomes["test_ignored_files"] == "PASSED", run.failure("test_ignored_files")


def test_timeline_row_hook_words_the_records_of_the_report(run: InnerRun) -> None:
    assert run.section("test_timeline_row").endswith("journal\n  00:00:00.000  the computer was switched on")
