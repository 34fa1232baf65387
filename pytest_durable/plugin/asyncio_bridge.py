"""What is registered where pytest-asyncio is: the fixture that makes it open its loop early, answers to its hook."""

from collections.abc import Generator

import pytest
import pytest_asyncio

from pytest_durable.plugin.keys import is_durable
from pytest_durable.plugin.lending import LENDER, OPENED, LoopFactories


@pytest_asyncio.fixture(loop_scope="function", name=OPENED)
async def opened(request: pytest.FixtureRequest) -> None:
    """pytest-asyncio opens its runner for a test's first async fixture; this one is asked for before all others."""
    await request.config.stash[LENDER].check()


class Answer:
    """Answers pytest-asyncio with our loops, whatever the project answers."""

    @pytest.hookimpl(wrapper=True)
    def pytest_asyncio_loop_factories(self, config: pytest.Config) -> Generator[None, object, LoopFactories]:
        """Replace the answer of the project."""
        yield
        return config.stash[LENDER].factories


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> Generator[None, object, object]:
    """Let a durable test have our loop where the project gives loops to its tests.

    The answer is there only while pytest-asyncio asks about this test. A marker that chooses among the project's loops
    keeps them; that test will fail with an error that says why.
    """
    item, plugins = metafunc.definition, metafunc.config.pluginmanager
    hook = getattr(item.ihook, "pytest_asyncio_loop_factories", None)
    marker = item.get_closest_marker("asyncio")
    has_chosen = marker is not None and "loop_factories" in marker.kwargs
    if hook is None or not hook.get_hookimpls() or has_chosen or not is_durable(item):
        return (yield)
    answer = Answer()
    plugins.register(answer)
    try:
        return (yield)
    finally:
        plugins.unregister(answer)
