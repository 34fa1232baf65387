"""The pytest plugin: hooks and fixtures. Importing it loads nothing of the platform."""

import pytest

from pytest_durable.plugin import hookspecs, options
from pytest_durable.plugin.fixtures import _durable_bench, durable, durable_app, durable_backend, durable_factory
from pytest_durable.plugin.keys import BACKEND_FIXTURE, BENCH_FIXTURE, DEFAULTS
from pytest_durable.plugin.lending import LENDER, Lender
from pytest_durable.plugin.running import (
    pytest_fixture_setup,
    pytest_pyfunc_call,
    pytest_pyfunc_call_for_examples,
    pytest_runtest_call,
    pytest_runtest_makereport,
    pytest_runtest_setup,
)
from pytest_durable.plugin.surface import (
    pytest_load_initial_conftests,
    pytest_report_collectionfinish,
    pytest_unconfigure,
)

__all__ = [
    "_durable_bench",
    "durable",
    "durable_app",
    "durable_backend",
    "durable_factory",
    "pytest_addhooks",
    "pytest_addoption",
    "pytest_configure",
    "pytest_fixture_setup",
    "pytest_generate_tests",
    "pytest_load_initial_conftests",
    "pytest_pyfunc_call",
    "pytest_pyfunc_call_for_examples",
    "pytest_report_collectionfinish",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
    "pytest_runtest_setup",
    "pytest_unconfigure",
]


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare our hooks."""
    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare our options."""
    options.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare our marker; read the options, so that a bad value ends the run before it begins."""
    config.addinivalue_line("markers", options.marker_help())
    config.stash[DEFAULTS] = options.read_config(config)
    if config.pluginmanager.hasplugin("asyncio") or hasattr(config.hook, "pytest_asyncio_loop_factories"):
        from pytest_durable.plugin import asyncio_bridge  # imports pytest-asyncio, which is loaded already

        config.stash[LENDER] = Lender()
        config.pluginmanager.register(asyncio_bridge, "durable-asyncio")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Check the markers of a test when it is collected, where a wrong one can be shown with the user's line.

    A test is run once on each of its hosts; their names are in its id as soon as one is not the usual one.
    """
    definition, said = metafunc.definition, metafunc.config.stash[DEFAULTS]
    if next(definition.iter_markers("durable"), None) is not None:
        said = options.read_marks(definition, said)
    if said.backend == options.BACKENDS[:1]:
        return
    # Most tests do not ask for the name of their host: then they are spared a fixture.
    name = next((name for name in (BACKEND_FIXTURE, BENCH_FIXTURE) if name in metafunc.fixturenames), None)
    if name is not None:
        metafunc.parametrize(name, said.backend, indirect=True)
