"""What is registered where pytest-asyncio is: its questions, and the fixture that makes it open its loop early."""

from collections.abc import Generator

import pytest
import pytest_asyncio

from pytest_durable.plugin.keys import is_durable
from pytest_durable.plugin.lending import LENDER, OPENED, LoopFactories


@pytest.hookimpl(wrapper=True)
def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Generator[None, LoopFactories | None, LoopFactories]:
    """Ours for durable tests, whatever a project gives to its other tests.

    With any implementation of this hook there must be an answer for every test: None would end the run.
    """
    given = yield
    marker = item.get_closest_marker("asyncio")
    chosen = marker is not None and "loop_factories" in marker.kwargs
    if given and (chosen or not is_durable(item)):
        return given
    return config.stash[LENDER].factories


@pytest_asyncio.fixture(loop_scope="function", name=OPENED)
async def opened(request: pytest.FixtureRequest) -> None:
    """pytest-asyncio opens its runner for a test's first async fixture; this one is asked for before all others."""
    await request.config.stash[LENDER].check()
