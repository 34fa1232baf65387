"""The fixtures. What they need of the platform is imported when a test asks for them."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import pytest

from pytest_durable.plugin.directories import new_directory
from pytest_durable.plugin.keys import BACKEND_FIXTURE, BENCH, DEFAULTS
from pytest_durable.plugin.lending import lend, refuse_running_loop
from pytest_durable.plugin.options import BACKENDS, MarkerError, read_marks
from pytest_durable.plugin.zone import utc

if TYPE_CHECKING:
    from pytest_durable import App, Host
    from pytest_durable.plugin.bench import AnyHost, Bench

#: Fixtures of others that move the wall clock. They are set up before the world and end after it (decisions 5.2).
_FOREIGN_CLOCKS: Final = ("freezer", "time_machine")

_TEST_FILES: Final = pytest.StashKey[frozenset[str]]()


class HostFactory(Protocol):
    """What ``durable_factory`` is: makes a host, ready to use and closed at the end of the test."""

    def __call__(self, directory: str | Path | None = None, *, app: "App | None" = None, **options: Any) -> "Host":
        """Make a host.

        Args:
            directory: Where its objects are kept. None: a directory of its own.
            app: The application; by default what ``durable_app`` gives.
            options: ``storage``, ``seed``, ``autojump``, ``synchronous``, ``copy_from``, ``crash_at``; see ``Host``.
                And ``backend``, ``"inprocess"`` or ``"workerd"``, for a host of another kind than the test's.
        """
        ...


@pytest.fixture
def durable_backend(request: pytest.FixtureRequest) -> str:
    """Which host runs the test: ``"inprocess"``, or ``"workerd"`` for the real platform.

    Let ``durable_app`` depend on it to describe an application that exists for both.
    """
    return _backend(request, read_marks(request.node, request.config.stash[DEFAULTS]).backend)


def _backend(request: pytest.FixtureRequest, backends: tuple[str, ...]) -> str:
    """Which host runs the test: the parameter, or what its markers and settings say."""
    name = getattr(request, "param", None)
    if name is not None:
        return str(name)
    if len(backends) > 1:
        pytest.fail(
            f"The hosts of {request.node.name} were named too late: a parameter set can choose one, not several.\n\n"
            f"  expected  one of {', '.join(BACKENDS)}\n"
            f"  actual    {', '.join(backends)}\n\n"
            "Mark the test itself:  @pytest.mark.durable(backend=…)",
            pytrace=False,
        )
    return backends[0]


@pytest.fixture
def durable_app(request: pytest.FixtureRequest) -> "App":
    """The application under test. Override it to describe yours once: ``return App(classes=[Counter])``."""
    from pytest_durable import App

    app: App | None = request.node.ihook.pytest_durable_app(request=request)
    return App() if app is None else app


@pytest.fixture
def durable(durable_app: "App", _durable_bench: "Bench") -> Iterator["AnyHost"]:
    """A computer with a disk, a clock and a journal, on which Durable Objects run."""
    __tracebackhide__ = True
    host = _durable_bench.make_host(durable_app)
    yield host
    _durable_bench.end([host])


@pytest.fixture
def durable_factory(request: pytest.FixtureRequest, _durable_bench: "Bench") -> Iterator[HostFactory]:
    """Makes several hosts, which share the test's clock and loop."""
    hosts: list[AnyHost] = []

    def make(directory: str | Path | None = None, *, app: "App | None" = None, **options: Any) -> "Host":
        __tracebackhide__ = True
        if app is None:
            app = request.getfixturevalue("durable_app")
        host = _durable_bench.make_host(app, directory=directory, **options)
        hosts.append(host)
        return cast("Host", host)  # what it is on the host in this process

    yield make
    _durable_bench.end(hosts)


@pytest.fixture
def _durable_bench(request: pytest.FixtureRequest) -> Iterator["Bench"]:
    """The time and loop of the test. ``pytest_runtest_setup`` sees to it that nothing async is set up earlier."""
    __tracebackhide__ = True
    from pytest_durable.plugin.bench import Bench

    for name in _FOREIGN_CLOCKS:
        if name in request.fixturenames:
            request.getfixturevalue(name)
    item = request.node
    refuse_running_loop(item)
    try:
        options = read_marks(item, item.config.stash[DEFAULTS])
    except MarkerError as wrong:  # of a parameter set: nobody could check it when the test was collected
        pytest.fail(str(wrong), pytrace=False)
    asked = BACKEND_FIXTURE in request.fixturenames
    backend = request.getfixturevalue(BACKEND_FIXTURE) if asked else _backend(request, options.backend)
    with utc():
        bench = Bench(
            item,
            options,
            backend=backend,
            make_directory=lambda: new_directory(request),
            is_test_module=lambda module: _is_test_module(item.session, module),
        )
        item.stash[BENCH] = bench
        try:
            lend(request, bench)
            yield bench
        finally:
            del item.stash[BENCH]
            bench.close()


def _is_test_module(session: pytest.Session, module: ModuleType) -> bool:
    """Whether a module is a test file or a conftest: those exist once, whatever happens to the application."""
    files = session.stash.get(_TEST_FILES, None)
    if files is None:
        conftests = (getattr(plugin, "__file__", None) for plugin in session.config.pluginmanager.get_plugins())
        files = frozenset([*map(str, filter(None, conftests)), *(str(item.path) for item in session.items)])
        session.stash[_TEST_FILES] = files
    return module.__file__ in files
