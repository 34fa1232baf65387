"""What async tests, fixtures and plain tests find when no async plugin runs them. These tests are run by the plugin."""

import asyncio
import contextvars
import os
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workers import DurableObject

from pytest_durable import App, Host, HostFactory

COLOUR: contextvars.ContextVar[str] = contextvars.ContextVar("COLOUR", default="none")


@pytest.fixture
async def loop_of_a_fixture(durable: Host) -> asyncio.AbstractEventLoop:
    await asyncio.sleep(5)
    return asyncio.get_running_loop()


@pytest.fixture
async def coloured(durable: Host) -> AsyncIterator[str]:
    COLOUR.set("red")
    yield "coloured"
    assert COLOUR.get() == "blue"


@pytest.fixture
async def before_the_host() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


async def test_async_test_runs_on_the_loop_of_its_world(durable: Host) -> None:
    assert asyncio.get_running_loop() is durable.world.loop


async def test_async_fixture_runs_on_the_loop_of_the_test(
    loop_of_a_fixture: asyncio.AbstractEventLoop, durable: Host
) -> None:
    assert loop_of_a_fixture is asyncio.get_running_loop()
    assert durable.clock.now() == datetime(2030, 1, 1, 0, 0, 5, tzinfo=UTC)


async def test_async_fixture_without_durable_runs_on_the_same_loop(
    before_the_host: asyncio.AbstractEventLoop, durable: Host
) -> None:
    assert before_the_host is durable.world.loop


def test_plain_test_gets_what_an_async_fixture_made(
    loop_of_a_fixture: asyncio.AbstractEventLoop, durable: Host
) -> None:
    assert loop_of_a_fixture is durable.world.loop


async def test_context_variable_set_in_an_async_fixture_is_seen_in_the_test(coloured: str) -> None:
    assert COLOUR.get() == "red"
    COLOUR.set("blue")


def test_run_drives_an_awaitable_from_a_plain_test(durable: Host) -> None:
    durable.run(asyncio.sleep(3600))
    assert durable.clock.now() == datetime(2030, 1, 1, 1, tzinfo=UTC)


class TestInAClass:
    @pytest.fixture
    async def name(self, durable: Host) -> str:
        return type(self).__name__

    async def test_async_methods_are_tests_and_fixtures_too(self, name: str) -> None:
        assert name == "TestInAClass"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seconds=st.integers(1, 1_000))
async def test_every_example_of_a_property_runs_on_the_same_loop(durable: Host, seconds: int) -> None:
    before = durable.clock.now()
    await asyncio.sleep(seconds)
    assert (durable.clock.now() - before).total_seconds() == seconds


async def test_time_zone_is_utc_during_a_durable_test(durable: Host) -> None:
    assert os.environ["TZ"] == "UTC"
    assert time.localtime(0).tm_hour == 0
    assert datetime.now() == datetime(2030, 1, 1)


def test_factory_makes_hosts_that_share_clock_and_loop(durable_factory: HostFactory) -> None:
    first, second = durable_factory(), durable_factory(storage="memory")
    first.run(first.clock.advance("90s"))
    assert second.clock.now() == datetime(2030, 1, 1, 0, 1, 30, tzinfo=UTC)
    assert first.world is second.world


def test_factory_makes_hosts_beside_the_fixture(durable: Host, durable_factory: HostFactory) -> None:
    assert durable_factory().world is durable.world


def test_factory_takes_an_application_of_its_own(durable_factory: HostFactory) -> None:
    app = App(vars={"STAGE": "test"})
    assert durable_factory(app=app).app is app


@pytest.mark.durable(storage="memory")
def test_host_in_memory_has_no_directory(durable: Host) -> None:
    durable.namespace(type("Thing", (DurableObject,), {}))
    assert durable.directory is None


@pytest.mark.durable(start="2026-02-28T23:59:59+01:00")
def test_clock_starts_where_the_marker_says(durable: Host) -> None:
    assert durable.clock.now() == datetime(2026, 2, 28, 22, 59, 59, tzinfo=UTC)


@pytest.mark.durable(start=datetime(2026, 2, 28, tzinfo=UTC), seed=7)
class TestMarkers:
    def test_marker_of_a_class_holds_for_its_tests(self, durable: Host) -> None:
        assert durable.clock.now() == datetime(2026, 2, 28, tzinfo=UTC)
        assert durable.seed == 7

    @pytest.mark.durable(seed=8)
    def test_marker_of_a_test_wins_argument_by_argument(self, durable: Host) -> None:
        assert durable.clock.now() == datetime(2026, 2, 28, tzinfo=UTC)
        assert durable.seed == 8


@pytest.mark.parametrize("seed", [pytest.param(3, marks=pytest.mark.durable(seed=3))])
def test_marker_of_a_parameter_set_holds(durable: Host, seed: int) -> None:
    assert durable.seed == seed


def test_foreign_clock_is_set_up_before_the_world(durable: Host, freezer) -> None:  # type: ignore[no-untyped-def]
    assert durable.clock.now() == datetime.fromtimestamp(freezer().replace(tzinfo=UTC).timestamp(), UTC)
    freezer.tick(10)
    assert durable.clock.now() == freezer().replace(tzinfo=UTC)


def test_durable_test_can_ask_for_the_host_while_it_runs(request: pytest.FixtureRequest) -> None:
    durable: Host = request.getfixturevalue("durable")
    durable.run(asyncio.sleep(1))
