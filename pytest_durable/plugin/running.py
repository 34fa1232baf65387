"""Runs the async parts of a durable test on the loop of its world, where no async plugin does.

Also the end of a test's body: what happened unseen fails the call phase, not the teardown.
"""

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from typing import TYPE_CHECKING, Any, Final

import pluggy
import pytest
from _pytest.fixtures import resolve_fixture_function

from pytest_durable.plugin.keys import BENCH, BENCH_FIXTURE, EVIDENCE, FAILED, is_durable
from pytest_durable.plugin.lending import is_async, narrow_loop_scope
from pytest_durable.plugin.skipping import skip_what_the_host_cannot_do

if TYPE_CHECKING:
    from pytest_durable.plugin.bench import Bench

#: What an async fixture that is over yields.
_END: Final = object()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Set the world up before every other fixture of function scope, so that none of them can start another loop."""
    if is_durable(item):
        narrow_loop_scope(item)
        names = item.fixturenames  # type: ignore[attr-defined]
        names.remove(BENCH_FIXTURE)
        names.insert(_first_of_the_test(item), BENCH_FIXTURE)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an ``async def`` test that nobody else runs."""
    __tracebackhide__ = True
    bench = pyfuncitem.stash.get(BENCH, None)
    if bench is None or bench.is_run_by_anyio:
        return None
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    bench.run(pyfuncitem.obj(**arguments))
    return True


# The two wrappers of the old style that follow keep out of the tracebacks of all tests: through one of the new style an
# exception passes, and leaves a line of ours in it.


@pytest.hookimpl(specname="pytest_pyfunc_call", hookwrapper=True)
def pytest_pyfunc_call_for_examples(pyfuncitem: pytest.Function) -> Generator[None, object, None]:
    """Let Hypothesis, which calls a property from a plain function, run an ``async def`` one."""
    bench = pyfuncitem.stash.get(BENCH, None)
    handle = getattr(pyfuncitem.obj, "hypothesis", None)
    if bench is None or bench.is_run_by_anyio or handle is None or not is_async(handle.inner_test):
        yield
        return
    inner_test = handle.inner_test
    handle.inner_test = _synchronous(inner_test, bench)
    yield
    handle.inner_test = inner_test


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, pluggy.Result[None], None]:
    """Let what the body has set in motion come to rest while it is still the body's fault."""
    outcome = yield
    bench = item.stash.get(BENCH, None)
    if bench is not None and outcome.exception is None:
        try:
            bench.end_body()
        except BaseException as failure:  # whatever user code raised
            outcome.force_exception(failure)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put what the platform was like into the report of a failure, as text."""
    skip_what_the_host_cannot_do(item, call)
    if call.excinfo is None or not is_durable(item) or item.config.getoption("fulltrace"):
        report = yield
    else:
        from pytest_durable.plugin.tracebacks import name_in_summary, show_users_lines

        show_users_lines(call.excinfo)
        report = yield
        name_in_summary(report, call.excinfo)
    if report.failed:
        item.stash[FAILED] = True
        bench = item.stash.get(BENCH, None)
        text = item.stash.get(EVIDENCE, "") if bench is None or not bench.hosts else bench.tell()
        if text:
            report.sections.append(("durable", text))
    return report


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Run an async fixture of a durable test that nobody else runs. Innermost, so that everybody else goes first."""
    function = fixturedef.func
    bench = request.node.stash.get(BENCH, None)
    if bench is None:
        if is_async(function) and is_durable(request._pyfuncitem):
            pytest.fail(_too_wide(fixturedef), pytrace=False)
        return (yield)
    if not is_async(function):
        if not bench.is_lent_to_asyncio and _is_run_by_asyncio(function):
            pytest.fail(_two_ways_out(request.node.name, fixturedef.argname), pytrace=False)
        return (yield)
    fixturedef.func = _synchronous(resolve_fixture_function(fixturedef, request), bench)  # type: ignore[misc]
    try:
        return (yield)
    finally:
        fixturedef.func = function  # type: ignore[misc]


def _first_of_the_test(item: Any) -> int:
    """Where in the order of set-up the fixtures of function scope begin."""
    fixtures = item._fixtureinfo.name2fixturedefs
    for index, name in enumerate(item.fixturenames):
        if name in fixtures and fixtures[name][-1].scope == "function":
            return index
    return len(item.fixturenames)


def _is_run_by_asyncio(function: Any) -> bool:
    """Whether this is what pytest-asyncio has put in the place of an async fixture: a wrapper of its own module."""
    module = getattr(function, "__globals__", {}).get("__name__", "")
    return module.startswith("pytest_asyncio") and is_async(inspect.unwrap(function))


def _two_ways_out(test: str, fixture: str) -> str:
    return (
        f"The plain test {test} needs the async fixture {fixture!r}, which pytest-asyncio runs on another loop.\n\n"
        "  expected  the loop of the durable test, which lives on its clock\n"
        "  actual    a loop that pytest-asyncio makes for plain tests\n\n"
        f"Make the test async:       async def {test}(…)\n"
        f"or make the fixture plain:  def {fixture}(durable): return durable.run(…)\n"
        "See docs/how-to/async-plugins.md"
    )


def _too_wide(fixturedef: pytest.FixtureDef[Any]) -> str:
    return (
        f"The async fixture {fixturedef.argname!r} cannot be set up: it has {fixturedef.scope} scope.\n\n"
        "  expected  function scope: the loop of a durable test lives on the clock of that test\n"
        f"  actual    scope={fixturedef.scope!r}, and no async plugin that runs it on a loop of its own\n\n"
        f"Leave the scope out:  @pytest.fixture\n"
        f"                      async def {fixturedef.argname}(…)\n"
        "See docs/how-to/async-plugins.md"
    )


def _synchronous(function: Callable[..., Any], bench: "Bench") -> Callable[..., Any]:
    """The plain function or generator that pytest can call in place of an async fixture."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        def value(**arguments: Any) -> object:
            return bench.run(function(**arguments))

        return value

    @functools.wraps(function)
    def values(**arguments: Any) -> Generator[object, None, None]:
        generator: AsyncGenerator[object, None] = function(**arguments)
        value = bench.run(anext(generator, _END))
        if value is _END:
            pytest.fail(f"The async fixture {function.__name__!r} did not yield a value.", pytrace=False)
        yield value
        if bench.run(anext(generator, _END)) is not _END:
            bench.run(generator.aclose())
            pytest.fail(f"The async fixture {function.__name__!r} yields more than once.", pytrace=False)

    return values
