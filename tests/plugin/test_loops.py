"""Whose loop a durable test runs on, and what is said when it cannot be the test's own."""

from pathlib import Path

import pytest

from support.inner import InnerRun, run_inner

PROJECT = """
import asyncio
import unittest

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings, strategies as st

LOOPS = []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared():
    LOOPS.append(asyncio.get_running_loop())
    yield LOOPS[-1]


@pytest_asyncio.fixture
async def asynchronous():
    return 1


@pytest_asyncio.fixture
async def asynchronous_with_loop():
    await asyncio.sleep(3600)
    yield asyncio.get_running_loop()
    await asyncio.sleep(3600)


@pytest.fixture
async def left_to_us(durable):
    await asyncio.sleep(3600)
    return asyncio.get_running_loop()


@pytest.fixture(scope="module")
async def too_wide():
    return 1


@pytest.mark.asyncio
async def test_plain_loop_before(shared):
    assert "Virtual" not in type(asyncio.get_running_loop()).__name__


@pytest.mark.asyncio
async def test_ours(shared, durable):
    assert asyncio.get_running_loop() is durable.world.loop


@pytest.mark.asyncio
async def test_ours_again(shared, durable):
    assert asyncio.get_running_loop() is durable.world.loop


@pytest.mark.asyncio
async def test_plain_loop_after(shared):
    assert "Virtual" not in type(asyncio.get_running_loop()).__name__


async def test_unmarked(asynchronous_with_loop, durable):
    assert asynchronous_with_loop is asyncio.get_running_loop()
    await asyncio.sleep(3600)


@pytest.mark.asyncio
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seconds=st.integers(1, 1000))
async def test_property(asynchronous_with_loop, durable, seconds):
    assert asynchronous_with_loop is asyncio.get_running_loop()
    await asyncio.sleep(seconds)


class CaseOnItsOwnLoop(unittest.IsolatedAsyncioTestCase):
    @pytest.fixture(autouse=True)
    def take_durable(self, durable):
        self.durable = durable

    async def test_isolated(self):
        pass


class PlainCase(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def take_durable(self, durable):
        self.durable = durable

    def test_case(self):
        self.durable.run(asyncio.sleep(3600))
        assert self.durable.clock.now().hour == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_module_loop(durable):
    pass


@pytest.mark.asyncio(loop_factories=["plain"])
async def test_chosen_factory(durable):
    pass


@pytest.mark.asyncio
async def test_asks_too_late(request):
    request.getfixturevalue("durable")


def test_plain_needs_async_fixture(asynchronous, durable):
    pass


def test_plain_with_a_fixture_of_ours(left_to_us, durable):
    assert left_to_us is durable.world.loop


async def test_too_wide(too_wide, durable):
    pass


@pytest.mark.trio
async def test_trio(durable):
    pass


@pytest.fixture(params=["trio"])
def anyio_backend(request):
    return request.param


@pytest.mark.anyio
async def test_anyio_on_trio(durable):
    pass
"""

CONFTEST = """
import asyncio


def pytest_asyncio_loop_factories(config, item):
    return {"plain": asyncio.new_event_loop}
"""

INI = """\
[pytest]
addopts = -p no:cacheprovider -p no:randomly -rA
asyncio_default_fixture_loop_scope = function
filterwarnings = error
markers = trio: as pytest-trio has it
"""

SHARED = """
import asyncio

import pytest
import pytest_asyncio

MADE = []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def of_the_module():
    MADE.append(asyncio.get_running_loop())
    return MADE[-1]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def of_the_session():
    MADE.append(asyncio.get_running_loop())
    return MADE[-1]


@pytest.mark.asyncio
async def test_before(of_the_module, of_the_session):
    pass


@pytest.mark.asyncio
async def test_durable(of_the_module, of_the_session, durable):
    await asyncio.sleep(3600)


@pytest.mark.asyncio
async def test_after(of_the_module, of_the_session):
    assert len(MADE) == 2
    assert not any(loop.is_closed() for loop in MADE)


@pytest.mark.asyncio(loop_scope="module")
async def test_on_the_loop_of_the_module(of_the_module):
    assert of_the_module is asyncio.get_running_loop()
"""

FILES = {"test_project.py": PROJECT, "conftest.py": CONFTEST, "pytest.ini": INI}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> InnerRun:
    return run_inner(tmp_path_factory.mktemp("project"), FILES)


@pytest.mark.parametrize("test", ["test_plain_loop_before", "test_ours", "test_ours_again", "test_plain_loop_after"])
def test_only_durable_tests_get_the_loop_of_a_world(test: str, run: InnerRun) -> None:
    assert run.outcomes[test] == "PASSED", run.failure(test)


def test_fixtures_of_wider_scope_are_set_up_once_and_keep_their_loops(tmp_path: Path) -> None:
    run = run_inner(tmp_path, {"test_project.py": SHARED, "pytest.ini": INI})

    assert set(run.outcomes.values()) == {"PASSED"}, run.out


def test_loop_is_lent_even_where_the_ini_file_shares_loops(tmp_path: Path) -> None:
    ini = INI + "asyncio_default_test_loop_scope = session\n"

    run = run_inner(tmp_path, {**FILES, "pytest.ini": ini}, "-k", "test_ours or test_plain_loop")

    assert set(run.outcomes.values()) == {"PASSED"}, run.out


@pytest.mark.parametrize("test", ["test_unmarked", "test_property"])
def test_fixture_of_pytest_asyncio_runs_on_the_loop_of_the_test(test: str, run: InnerRun) -> None:
    assert run.outcomes[test] == "PASSED", run.failure(test)


def test_async_fixture_that_pytest_asyncio_leaves_alone_runs_on_our_loop(run: InnerRun) -> None:
    assert run.outcomes["test_plain_with_a_fixture_of_ours"] == "PASSED"


def test_loop_of_a_module_is_refused(run: InnerRun) -> None:
    assert _message(run, "test_module_loop") == (
        "test_module_loop shares its loop with other tests, and a durable test cannot.\n"
        "\n"
        '  expected  loop_scope="function": the loop lives on the clock of one test\n'
        "  actual    loop_scope='module'\n"
        "\n"
        'Mark the test:  @pytest.mark.asyncio(loop_scope="function")\n'
        "See docs/how-to/async-plugins.md"
    )


def test_loop_of_a_chosen_factory_is_refused(run: InnerRun) -> None:
    message = _message(run, "test_chosen_factory").splitlines()

    assert message[0] == "The test runs on a loop that cannot follow the clock: _UnixSelectorEventLoop."
    assert message[-1] == "See docs/how-to/async-plugins.md"


def test_asking_for_the_host_when_the_loop_runs_is_refused(run: InnerRun) -> None:
    assert _message(run, "test_asks_too_late") == (
        "test_asks_too_late asked for durable when its loop was running already: _UnixSelectorEventLoop.\n"
        "\n"
        "The loop of a durable test lives on the test's clock, so it has to be there first.\n"
        "Name the fixture in the signature:  async def test_asks_too_late(durable): …\n"
        "See docs/how-to/async-plugins.md"
    )


def test_plain_test_that_needs_a_fixture_of_pytest_asyncio_is_told_the_two_ways_out(run: InnerRun) -> None:
    assert run.failure("test_plain_needs_async_fixture") == (
        "The plain test test_plain_needs_async_fixture needs the async fixture 'asynchronous', which pytest-asyncio "
        "runs on another loop.\n"
        "\n"
        "  expected  the loop of the durable test, which lives on its clock\n"
        "  actual    a loop that pytest-asyncio makes for plain tests\n"
        "\n"
        "Make the test async:       async def test_plain_needs_async_fixture(…)\n"
        "or make the fixture plain:  def asynchronous(durable): return durable.run(…)\n"
        "See docs/how-to/async-plugins.md\n"
    )


def test_async_fixture_of_wider_scope_is_refused(run: InnerRun) -> None:
    assert run.failure("test_too_wide") == (
        "The async fixture 'too_wide' cannot be set up: it has module scope.\n"
        "\n"
        "  expected  function scope: the loop of a durable test lives on the clock of that test\n"
        "  actual    scope='module', and no async plugin that runs it on a loop of its own\n"
        "\n"
        "Leave the scope out:  @pytest.fixture\n"
        "                      async def too_wide(…)\n"
        "See docs/how-to/async-plugins.md\n"
    )


def test_plain_case_of_unittest_can_run_its_steps(run: InnerRun) -> None:
    assert run.outcomes["PlainCase::test_case"] == "PASSED"


def test_case_that_runs_its_own_loop_is_refused(run: InnerRun) -> None:
    assert _message(run, "CaseOnItsOwnLoop.test_isolated") == (
        "CaseOnItsOwnLoop is an IsolatedAsyncioTestCase, which runs its tests on a loop of its own.\n"
        "\n"
        "  expected  the loop of the durable test, which lives on its clock\n"
        "  actual    a loop of unittest, in real time\n"
        "\n"
        "Make it a plain class:     class CaseOnItsOwnLoop: …  with  async def test_isolated(self, durable): …\n"
        "or use unittest.TestCase:  plain methods that call durable.run(…)\n"
        "See docs/how-to/async-plugins.md"
    )


def test_trio_is_refused(run: InnerRun) -> None:
    assert _message(run, "test_trio") == (
        "A durable test runs on asyncio, and this one shall run on trio.\n"
        "\n"
        "  expected  asyncio\n"
        "  actual    the marker trio\n"
        "\n"
        "Remove the marker: async tests that use durable need none.\n"
        "See docs/how-to/async-plugins.md"
    )


def test_trio_under_anyio_is_refused(run: InnerRun) -> None:
    assert _message(run, "test_anyio_on_trio[trio]") == (
        "A durable test runs on asyncio, and this one shall run on trio.\n"
        "\n"
        "  expected  asyncio\n"
        "  actual    anyio_backend 'trio'\n"
        "\n"
        "Choose the backend for these tests:\n"
        "\n"
        "  @pytest.fixture\n"
        "  def anyio_backend():\n"
        '      return "asyncio"\n'
        "\n"
        "See docs/how-to/async-plugins.md"
    )


def test_runner_that_anyio_has_open_already_is_refused(tmp_path: Path) -> None:
    source = """
import pytest

@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"

@pytest.fixture(scope="module")
async def shared(anyio_backend):
    return 1

@pytest.mark.anyio
async def test_shared(shared, durable):
    pass
"""
    run = run_inner(tmp_path, {"test_project.py": source, "pytest.ini": INI})

    assert _message(run, "test_shared") == (
        "anyio's runner was open before the durable test, on a loop that cannot follow the clock.\n"
        "\n"
        "  expected  async fixtures of function scope\n"
        "  actual    an async fixture of module, package or session scope keeps the runner open\n"
        "\n"
        "Give that fixture function scope, or make it a plain one.\n"
        "See docs/how-to/async-plugins.md"
    )


def _message(run: InnerRun, test: str) -> str:
    """The text of the ConfigurationError that failed a test."""
    return "\n".join(run.raised_by(test)).partition("ConfigurationError: ")[2]
