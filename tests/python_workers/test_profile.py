"""Which generation of the SDK objects are run on: PW-0.1, decisions 1.3."""

import importlib.metadata
import textwrap
import time

import pytest
from workers import DurableObject

from pytest_durable import App, Host
from pytest_durable.errors import ConfigurationError
from support.inner import INI, run_inner

pytestmark = pytest.mark.durable(storage="memory")

#: The last date on which the platform brings its old SDK along.
EARLIER = "2026-04-20"


class Echo(DurableObject):
    async def echo(self, value):
        return type(value).__name__


@pytest.fixture
def install(monkeypatch):
    """``install(version)``: what the environment says about the SDK."""

    def say(version):
        def found(name):
            assert name == "workers-runtime-sdk"
            if version is None:
                raise importlib.metadata.PackageNotFoundError(name)
            return version

        monkeypatch.setattr(importlib.metadata, "version", found)
        # What was looked up before counts for the path it was looked up on.
        monkeypatch.syspath_prepend(f"nowhere/{version}")

    return say


def message(refusal):
    return str(refusal.value)


@pytest.mark.parametrize("version", [None, "1.3.0", "1.9.5", "2.0"])
async def test_application_runs_on_the_current_sdk(durable_factory, install, version):
    """PW-0.1"""
    install(version)
    durable = durable_factory(app=App())
    assert await durable.namespace(Echo).get_by_name("a").echo({"a": 1}) == "JsDict"


def test_application_of_an_earlier_date_is_refused(durable_factory):
    """PW-0.1"""
    with pytest.raises(ConfigurationError) as refusal:
        durable_factory(app=App(compatibility_date=EARLIER))

    assert message(refusal) == textwrap.dedent("""\
        The application uses the raw profile of the Python SDK, which is not in this version.

          expected  compatibility date 2026-04-21 or later
          actual    2026-04-20

        Run it on the current SDK all the same:  App(surface='wrapped')""")


@pytest.mark.parametrize("version", ["1.1.4", "1.2.9"])
def test_application_beside_an_earlier_sdk_is_refused(durable_factory, install, version):
    """PW-0.1"""
    install(version)
    with pytest.raises(ConfigurationError) as refusal:
        durable_factory(app=App())

    assert message(refusal) == textwrap.dedent(f"""\
        The application uses the raw profile of the Python SDK, which is not in this version.

          expected  workers-runtime-sdk 1.3.0 or later
          actual    {version} is installed

        Run it on the current SDK all the same:  App(surface='wrapped')""")


async def test_explicit_choice_beats_date_and_sdk(durable_factory, install):
    """PW-0.1"""
    install("1.1.4")
    durable = durable_factory(app=App(surface="wrapped", compatibility_date=EARLIER))
    assert await durable.namespace(Echo).get_by_name("a").echo({"a": 1}) == "JsDict"


def test_raw_profile_is_refused_by_name():
    """PW-0.1, later"""
    with pytest.raises(ConfigurationError) as refusal:
        App(surface="raw")

    assert message(refusal) == textwrap.dedent("""\
        There is no surface 'raw'. The raw profile (SDK before 1.3) is not in this version.

          expected  'auto', 'wrapped', 'neutral'
          actual    'raw'

        Leave it out, or choose the current SDK:  App(surface='wrapped')""")


@pytest.mark.parametrize("surface", ["", "Wrapped", "off", None])
def test_surface_that_does_not_exist_is_refused_with_those_that_do(surface):
    with pytest.raises(ConfigurationError) as refusal:
        App(surface=surface)

    assert message(refusal).startswith(
        f"There is no surface {surface!r}.\n\n  expected  'auto', 'wrapped', 'neutral'\n"
    )


def test_host_without_pytest_chooses_likewise():
    """PW-0.1"""
    with pytest.raises(ConfigurationError, match="raw profile"):
        Host(app=App(compatibility_date=EARLIER), storage="memory")


@pytest.mark.parametrize("app", [App(compatibility_date=EARLIER), App(classes=("nowhere:Echo", "nowhere"))])
def test_host_that_cannot_begin_leaves_time_alone(app):
    before = time.time()
    with pytest.raises(ConfigurationError):
        Host(app=app, storage="memory", start="2040-01-01T00:00:00Z")
    assert before <= time.time() < before + 60


async def test_new_code_keeps_the_surface_of_the_old(durable):
    await durable.restart(app=App(compatibility_date=EARLIER))
    assert await durable.namespace(Echo).get_by_name("a").echo({"a": 1}) == "JsDict"


PROJECT = """
import pytest
from pytest_durable import App

@pytest.fixture
def durable_app():
    return App(compatibility_date="2026-04-20")

@pytest.mark.durable(storage="memory")
def test_earlier(durable):
    assert durable.is_running
"""


#: A run that fails makes this plugin load all of Hypothesis.
QUICK = ("-p", "no:hypothesispytest")


@pytest.mark.parametrize(("surface", "outcome"), [("auto", "ERROR"), ("wrapped", "PASSED")])
def test_ini_file_chooses_for_applications_that_do_not(tmp_path, surface, outcome):
    """PW-0.1"""
    run = run_inner(tmp_path, {"test_project.py": PROJECT, "pytest.ini": f"{INI}durable_surface = {surface}\n"}, *QUICK)
    assert run.outcomes == {"test_earlier": outcome}


def test_raw_in_the_ini_file_is_a_usage_error(tmp_path):
    """PW-0.1, later"""
    run = run_inner(tmp_path, {"test_project.py": PROJECT, "pytest.ini": f"{INI}durable_surface = raw\n"}, *QUICK)
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert "expected  'auto' or 'wrapped' or 'off'" in run.err
