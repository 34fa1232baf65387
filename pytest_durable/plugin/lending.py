"""Lends the loop of a durable test to the async plugin that runs the test.

pytest-asyncio and anyio each open a runner. Both are made to open it while the world is set up, before any fixture of
the test: then the world ends before the loop does, and all that is async in the test runs on one loop. A loop that
cannot be replaced is an error, never a test that waits for real time.

pytest-asyncio has a hook that asks for loops, and answering it for every test would be simple. But where the hook has
an answer, pytest-asyncio sets up the async fixtures of module and session scope anew for each test, and so it would in
all tests of every project that has this plugin. Therefore the hook is answered only where the project itself does, and
otherwise the runner of the one test is given its loop when it asks asyncio for a new one.
"""

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from pytest_durable.plugin.bench import Bench

LoopFactories = Mapping[str, Callable[[], "AbstractEventLoop"]]

#: The fixture that makes pytest-asyncio open its runner.
OPENED: Final = "_durable_asyncio_loop"

_GUIDE: Final = "See docs/how-to/async-plugins.md"


class Lender:
    """Gives pytest-asyncio the loop of the test that borrows. One per run of pytest."""

    def __init__(self) -> None:
        #: The answer to the hook of pytest-asyncio, the same object each time.
        self.factories: LoopFactories = {"default": self.make_loop}
        self._borrower: Bench | None = None
        self._has_lent = False

    def make_loop(self) -> "AbstractEventLoop":
        """The loop of the test that borrows, once; for everybody else a plain one."""
        if self._borrower is not None and not self._has_lent:
            self._has_lent = True
            return self._borrower.world.lend_loop()
        import asyncio

        return asyncio.new_event_loop()

    def lend_to_asyncio(self, request: pytest.FixtureRequest, bench: "Bench") -> None:
        """Have pytest-asyncio open its runner of function scope now, on the loop of the test."""
        __tracebackhide__ = True
        import asyncio.events

        self._borrower, self._has_lent = bench, False
        bench.is_lent_to_asyncio = True
        try:
            with pytest.MonkeyPatch.context() as patch:
                # What `asyncio.Runner` calls when nobody has given it a factory.
                patch.setattr(asyncio.events, "new_event_loop", self.make_loop)
                request.getfixturevalue(OPENED)
        finally:
            self._borrower = None

    async def check(self) -> None:
        """Run by pytest-asyncio: make sure that it took what was offered.

        Raises:
            ConfigurationError: It runs another loop.
        """
        __tracebackhide__ = True
        if self._borrower is not None:
            self._borrower.world.check_loop()


#: On the config, where pytest-asyncio is.
LENDER: Final = pytest.StashKey[Lender]()


def narrow_loop_scope(item: pytest.Item) -> None:
    """Give a durable test a loop of its own where the ini file says that tests share one."""
    marker = item.get_closest_marker("asyncio")
    if marker is not None and not _said_loop_scope(marker) and _is_for_asyncio(item):
        item.add_marker(pytest.mark.asyncio(**marker.kwargs, loop_scope="function"), append=False)


def lend(request: pytest.FixtureRequest, bench: "Bench") -> None:
    """Open the runner of whoever runs the async parts of the test, on the loop of the test.

    Raises:
        ConfigurationError: Its loop cannot be replaced by ours.
    """
    __tracebackhide__ = True
    item = bench.item
    _refuse_isolated_case(item)
    if item.get_closest_marker("trio") is not None:
        raise _trio_error("the marker trio", "Remove the marker: async tests that use durable need none.")
    if "anyio_backend" in request.fixturenames and request.config.pluginmanager.hasplugin("anyio"):
        _lend_to_anyio(request, bench)
    elif LENDER in request.config.stash and _runs_on_asyncio(item):
        _check_loop_scope(item)
        request.config.stash[LENDER].lend_to_asyncio(request, bench)


def refuse_running_loop(item: pytest.Item) -> None:
    """Refuse to set a world up from inside a test that runs already, on whatever loop.

    Raises:
        ConfigurationError: A loop is running.
    """
    __tracebackhide__ = True
    import asyncio

    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        return
    raise _configuration_error(
        f"{item.name} asked for durable when its loop was running already: {type(running).__name__}.\n\n"
        "The loop of a durable test lives on the test's clock, so it has to be there first.\n"
        f"Name the fixture in the signature:  async def {item.name}(durable): …\n{_GUIDE}"
    )


def _lend_to_anyio(request: pytest.FixtureRequest, bench: "Bench") -> None:
    __tracebackhide__ = True
    from anyio import pytest_plugin as anyio_plugin

    backend, options = anyio_plugin.extract_backend_and_options(request.getfixturevalue("anyio_backend"))
    if backend != "asyncio":
        raise _trio_error(
            f"anyio_backend {backend!r}",
            "Choose the backend for these tests:\n\n"
            "  @pytest.fixture\n"
            "  def anyio_backend():\n"
            '      return "asyncio"\n',
        )
    # Holding a lease keeps the runner open for all async parts of the test; anyio makes one only when there is none.
    bench.is_run_by_anyio = True
    lease = anyio_plugin.get_runner(backend, {**options, "loop_factory": bench.world.lend_loop})
    runner: Any = bench.leases.enter_context(lease)
    if runner.get_loop() is not bench.world.loop:
        raise _configuration_error(
            "anyio's runner was open before the durable test, on a loop that cannot follow the clock.\n\n"
            "  expected  async fixtures of function scope\n"
            "  actual    an async fixture of module, package or session scope keeps the runner open\n\n"
            f"Give that fixture function scope, or make it a plain one.\n{_GUIDE}"
        )


def _refuse_isolated_case(item: Any) -> None:
    __tracebackhide__ = True
    cases = sys.modules.get("unittest.async_case")
    cls = getattr(item, "cls", None)
    if cases is not None and cls is not None and issubclass(cls, cases.IsolatedAsyncioTestCase):
        raise _configuration_error(
            f"{cls.__name__} is an IsolatedAsyncioTestCase, which runs its tests on a loop of its own.\n\n"
            "  expected  the loop of the durable test, which lives on its clock\n"
            "  actual    a loop of unittest, in real time\n\n"
            f"Make it a plain class:     class {cls.__name__}: …  with  async def {item.name}(self, durable): …\n"
            "or use unittest.TestCase:  plain methods that call durable.run(…)\n"
            f"{_GUIDE}"
        )


def _check_loop_scope(item: pytest.Item) -> None:
    __tracebackhide__ = True
    marker = item.get_closest_marker("asyncio")
    scope = None if marker is None else _said_loop_scope(marker)
    if scope not in (None, "function"):
        raise _configuration_error(
            f"{item.name} shares its loop with other tests, and a durable test cannot.\n\n"
            '  expected  loop_scope="function": the loop lives on the clock of one test\n'
            f"  actual    loop_scope={scope!r}\n\n"
            f'Mark the test:  @pytest.mark.asyncio(loop_scope="function")\n{_GUIDE}'
        )


def _said_loop_scope(marker: pytest.Mark) -> object:
    return marker.kwargs.get("loop_scope") or marker.kwargs.get("scope")


def is_async(function: object) -> bool:
    """Whether this is an ``async def``, with or without a ``yield``."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _runs_on_asyncio(item: Any) -> bool:
    """Whether pytest-asyncio runs the test, or, for an async test that it does not run, perhaps one of its fixtures."""
    if _is_for_asyncio(item):
        return True
    fixtures = item._fixtureinfo.name2fixturedefs.values()
    return is_async(item.obj) and any(is_async(definitions[-1].func) for definitions in fixtures)


def _is_for_asyncio(item: pytest.Item) -> bool:
    plugin = sys.modules.get("pytest_asyncio")
    return plugin is not None and plugin.is_async_test(item)


def _trio_error(actual: str, advice: str) -> Exception:
    return _configuration_error(
        "A durable test runs on asyncio, and this one shall run on trio.\n\n"
        f"  expected  asyncio\n  actual    {actual}\n\n{advice}\n{_GUIDE}"
    )


def _configuration_error(text: str) -> Exception:
    from pytest_durable._core.errors import ConfigurationError

    return ConfigurationError(text)
