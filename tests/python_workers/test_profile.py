"""Which generation of the SDK objects are run on: PW-0.1, decisions 1.3."""

import importlib.metadata
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


async def test_application_of_an_earlier_date_runs_on_the_raw_profile(durable_factory):
    """PW-0.1"""
    durable = durable_factory(app=App(compatibility_date=EARLIER))
    assert await durable.namespace(Echo).get_by_name("a").echo({"a": 1}) == "dict"


@pytest.mark.parametrize("version", ["1.1.4", "1.2.9"])
async def test_application_beside_an_earlier_sdk_runs_on_the_raw_profile(durable_factory, install, version):
    """PW-0.1"""
    install(version)
    durable = durable_factory(app=App())
    assert await durable.namespace(Echo).get_by_name("a").echo({"a": 1}) == "dict"


async def test_explicit_choice_beats_date_and_sdk(durable_factory, install):
    """PW-0.1"""
    install("1.1.4")
    durable = durable_factory(app=App(surface="wrapped", compatibility_date=EARLIER))
    assert await durable.namespace(Echo).get_by_name("a").echo({"a": 1}) == "JsDict"


async def test_raw_profile_is_chosen_by_name(durable_factory):
    """PW-0.1"""
    durable = durable_factory(app=App(surface="raw"))
    assert await durable.namespace(Echo).get_by_name("a").echo({"a": 1}) == "dict"


@pytest.mark.parametrize(
    ("date", "flags", "version"),
    [
        (None, (), "0.28.2"),
        ("2025-09-28", (), "0.26.0a2"),
        ("2025-09-28", ("python_workers_20250116",), "0.28.2"),
        ("2026-09-08", (), "314.0.6"),
        ("2026-08-01", ("python_workers_314",), "314.0.6"),
    ],
)
async def test_date_and_flags_choose_the_version_of_pyodide(durable_factory, date, flags, version):
    """PW-3.11"""

    class Version(DurableObject):
        async def tell(self):
            import pyodide

            return pyodide.__version__

    durable = durable_factory(app=App(compatibility_date=date, compatibility_flags=flags))
    assert await durable.namespace(Version).get_by_name("a").tell() == version


@pytest.mark.parametrize("surface", ["", "Wrapped", "off", None])
def test_surface_that_does_not_exist_is_refused_with_those_that_do(surface):
    with pytest.raises(ConfigurationError) as refusal:
        App(surface=surface)

    assert message(refusal).startswith(
        f"There is no surface {surface!r}.\n\n  expected  'auto', 'raw', 'wrapped', 'neutral'\n"
    )


def test_host_without_pytest_chooses_likewise():
    """PW-0.1"""

    async def main(host):
        return await host.namespace(Echo).get_by_name("a").echo({"a": 1})

    assert Host.run_main(main, app=App(compatibility_date=EARLIER), storage="memory") == "dict"


@pytest.mark.parametrize("app", [App(classes=("nowhere:Echo", "nowhere"))])
def test_host_that_cannot_begin_leaves_time_alone(app):
    before = time.time()
    with pytest.raises(ConfigurationError):
        Host(app=app, storage="memory", start="2040-01-01T00:00:00Z")
    assert before <= time.time() < before + 60


async def test_new_code_runs_on_the_sdk_of_its_date(durable):
    await durable.restart(app=App(compatibility_date=EARLIER))
    assert await durable.namespace(Echo).get_by_name("a").echo({"a": 1}) == "dict"


async def test_new_code_keeps_the_surface_that_was_asked_for_by_name(durable_factory):
    host = durable_factory(app=App(surface="wrapped"))
    await host.restart(app=App(compatibility_date=EARLIER))
    assert await host.namespace(Echo).get_by_name("a").echo({"a": 1}) == "JsDict"


PROJECT = """
import pytest
from pytest_durable import App
from workers import DurableObject

class Echo(DurableObject):
    async def echo(self, value):
        return type(value).__name__

@pytest.fixture
def durable_app():
    return App(compatibility_date="2026-04-20")

@pytest.mark.durable(storage="memory")
async def test_earlier(durable):
    assert await durable.namespace(Echo).get_by_name("a").echo({}) == "%s"
"""


#: A run that fails makes this plugin load all of Hypothesis.
QUICK = ("-p", "no:hypothesispytest")


@pytest.mark.parametrize(("surface", "kind"), [("auto", "dict"), ("raw", "dict"), ("wrapped", "JsDict")])
def test_ini_file_chooses_for_applications_that_do_not(tmp_path, surface, kind):
    """PW-0.1"""
    files = {"test_project.py": PROJECT % kind, "pytest.ini": f"{INI}durable_surface = {surface}\n"}
    assert run_inner(tmp_path, files, *QUICK).outcomes == {"test_earlier": "PASSED"}


def test_unknown_surface_in_the_ini_file_is_a_usage_error(tmp_path):
    """PW-0.1"""
    run = run_inner(tmp_path, {"test_project.py": "", "pytest.ini": f"{INI}durable_surface = bare\n"}, *QUICK)
    assert run.status == pytest.ExitCode.USAGE_ERROR
    assert "expected  'auto' or 'raw' or 'wrapped' or 'off'" in run.err
