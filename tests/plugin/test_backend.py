"""A test runs on the hosts that it names, and a skip says why one of them could not run it.

Nothing here needs the real platform, except where a fixture asks for its executable.
"""

import os
import shutil
from pathlib import Path

import pytest

from pytest_durable._hosts.workerd.binary import find_workerd
from pytest_durable._hosts.workerd.shim import build_shim
from pytest_durable.errors import WorkerdUnavailableError
from support.inner import INI, InnerRun, run_inner

COUNTER = """\
import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject {
  async add(n) {
    const total = ((await this.ctx.storage.get("total")) ?? 0) + n;
    await this.ctx.storage.put("total", total);
    return total;
  }
}

export default { fetch: () => new Response("hello") };
"""
ASKS = "async def test_it(durable): durable.namespace('worker.js:Counter')\n"
BOTH = """\
import pytest
from workers import DurableObject
from pytest_durable import App

class Counter(DurableObject):
    async def add(self, n):
        total = (await self.ctx.storage.get("total") or 0) + n
        await self.ctx.storage.put("total", total)
        return total

@pytest.fixture
def durable_app(durable_backend):
    return App(classes=["worker.js:Counter" if durable_backend == "workerd" else Counter])

async def test_it(durable, durable_backend):
    counter = durable.namespace("COUNTER").get_by_name("a")
    assert await counter.add(2) == 2
    await durable.restart(crash=True)
    assert await counter.add(3) == 5
    durable.assert_stored(counter, {"total": 5}, exact=True)
    print(f"ran on {durable_backend}: {type(durable).__name__}")
"""


@pytest.fixture(scope="session")
def executable(pytestconfig: pytest.Config) -> str:
    """Where the real platform is, or a skip."""
    try:
        build_shim(os.environ)
        return str(find_workerd(None, pytestconfig.rootpath, os.environ))
    except WorkerdUnavailableError as error:
        pytest.skip(str(error))


def run(directory: Path, *arguments: str, source: str = ASKS, ini: str = "", **environment: str) -> InnerRun:
    """Run one module beside one Worker. workerd is nowhere, unless the environment says otherwise."""
    files = {"test_it.py": source, "worker.js": COUNTER, "pytest.ini": INI + ini}
    return run_inner(directory, files, *arguments, **{"WORKERD": "", "DURABLE_REQUIRE_WORKERD": "", **environment})


def nowhere(directory: Path) -> dict[str, str]:
    """An environment whose ``PATH`` has nothing but what pytest needs."""
    return {"PATH": str(directory / "no-programs")}


def marked(marker: str, source: str = ASKS) -> str:
    return f"import pytest\n\n@pytest.mark.durable({marker})\n{source}"


# Which hosts run a test.


def test_usual_host_is_not_in_the_id(tmp_path: Path) -> None:
    done = run(tmp_path, source="def test_it(durable_backend): print('on', durable_backend)\n")

    assert done.outcomes == {"test_it": "PASSED"}
    assert "on inprocess\n" in done.out


SHOWS_THE_HOST = "def test_it(durable_backend): pass\n"


@pytest.mark.parametrize(
    ("arguments", "ini", "ids"),
    [
        (["--durable-backend=workerd"], "", {"test_it[workerd]"}),
        (["--durable-backend=inprocess,workerd"], "", {"test_it[inprocess]", "test_it[workerd]"}),
        ([], "durable_backend = workerd, inprocess\n", {"test_it[inprocess]", "test_it[workerd]"}),
        (["--durable-backend=inprocess"], "durable_backend = workerd\n", {"test_it"}),
    ],
    ids=["flag", "both from one flag", "ini", "flag over ini"],
)
def test_ids_show_the_hosts(tmp_path: Path, arguments: list[str], ini: str, ids: set[str]) -> None:
    assert set(run(tmp_path, *arguments, source=SHOWS_THE_HOST, ini=ini).outcomes) == ids


@pytest.mark.parametrize(
    ("marker", "ids"),
    [
        ("backend='inprocess'", {"test_it"}),
        ("backend='inprocess,workerd'", {"test_it[inprocess]", "test_it[workerd]"}),
        ("backend=['workerd', 'inprocess']", {"test_it[inprocess]", "test_it[workerd]"}),
    ],
)
def test_marker_beats_the_flag(tmp_path: Path, marker: str, ids: set[str]) -> None:
    done = run(tmp_path, "--durable-backend=workerd", source=marked(marker, SHOWS_THE_HOST))

    assert set(done.outcomes) == ids


def test_hosts_and_parameters_multiply(tmp_path: Path) -> None:
    source = "@pytest.mark.parametrize('n', [1, 2])\ndef test_it(durable_backend, n): pass\n"

    done = run(tmp_path, source=marked("backend='inprocess,workerd'", source))

    # Which comes first in an id is up to pytest.
    assert {frozenset(name[8:-1].split("-")) for name in done.outcomes} == {
        frozenset({host, n}) for host in ("inprocess", "workerd") for n in ("1", "2")
    }


def test_test_without_a_host_is_left_alone(tmp_path: Path) -> None:
    done = run(tmp_path, "--durable-backend=inprocess,workerd", source="def test_it(tmp_path): pass\n")

    assert done.outcomes == {"test_it": "PASSED"}


def test_parameter_set_can_choose_one_host(tmp_path: Path) -> None:
    source = """
import pytest

@pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.durable(backend="workerd"))])
def test_it(durable_backend, n):
    print(n, "on", durable_backend)
"""

    done = run(tmp_path, source=source)

    assert "1 on inprocess\n" in done.out
    assert "2 on workerd\n" in done.out


def test_parameter_set_that_names_several_hosts_is_an_error(tmp_path: Path) -> None:
    source = """
import pytest

@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.durable(backend="inprocess,workerd"))])
def test_it(durable, n):
    pass
"""

    done = run(tmp_path, source=source)

    assert done.outcomes == {"test_it[1]": "ERROR"}
    assert done.failure("test_it[1]").strip().splitlines() == [
        "The hosts of test_it[1] were named too late: a parameter set can choose one, not several.",
        "",
        "  expected  one of inprocess, workerd",
        "  actual    inprocess, workerd",
        "",
        "Mark the test itself:  @pytest.mark.durable(backend=…)",
    ]


# What a skip says.


def skipped(done: InnerRun, reason: str) -> bool:
    return f"SKIPPED [1] {reason}" in done.out


def test_test_is_skipped_where_there_is_no_workerd(tmp_path: Path) -> None:
    done = run(tmp_path, source=marked("backend='workerd'"), **nowhere(tmp_path))

    assert done.status == pytest.ExitCode.OK
    assert skipped(
        done,
        "test_it.py:3: workerd was not found: neither --durable-workerd nor the variable WORKERD names it, "
        f"no node_modules from {tmp_path} upward has it, and it is not on the PATH.\n\n"
        "Install it in the project:  npm install workerd\n",
    ), done.out


def test_other_host_of_a_skipped_test_runs(tmp_path: Path) -> None:
    done = run(tmp_path, "--durable-backend=inprocess,workerd", source=BOTH, **nowhere(tmp_path))

    assert "ran on inprocess: Host\n" in done.out
    assert "1 passed, 1 skipped" in done.out


@pytest.mark.parametrize(("arguments", "variable"), [(["--durable-workerd=bin/workerd"], ""), ([], "bin/workerd")])
def test_executable_that_is_not_where_it_was_said_to_be_is_a_mistake(
    tmp_path: Path, arguments: list[str], variable: str
) -> None:
    done = run(tmp_path, "--durable-backend=workerd", *arguments, WORKERD=variable)

    assert done.outcomes == {"test_it[workerd]": "ERROR"}
    whence = "the variable WORKERD" if variable else "--durable-workerd"
    assert done.raised[0] == (
        "pytest_durable.errors.ConfigurationError: "
        f"There is no workerd at {tmp_path}/bin/workerd, where {whence} says it is."
    )


CALLS = "async def test_it(durable): await durable.namespace('worker.js:Counter').get_by_name('a').add(2)\n"


def test_executable_that_cannot_be_run_is_named_and_nothing_else_shown(tmp_path: Path, executable: str) -> None:
    (tmp_path / "workerd").write_text("no program", encoding="utf-8")

    done = run(tmp_path, "--durable-backend=workerd", "--durable-workerd=workerd", source=CALLS)

    assert done.raised[0].endswith(f"WorkerdStartError: {tmp_path}/workerd cannot be started: Permission denied.")
    assert "subprocess" not in done.out


def test_test_is_skipped_where_there_is_no_compiler(tmp_path: Path) -> None:
    (tmp_path / "workerd").write_bytes(b"\x7fELF")

    done = run(
        tmp_path,
        "--durable-backend=workerd",
        "--durable-workerd=workerd",
        CC="",
        XDG_CACHE_HOME=str(tmp_path / "cache"),
        **nowhere(tmp_path),
    )

    assert skipped(
        done, "test_it.py:1: The clock of workerd cannot be replaced: no C compiler was found (the variable CC, cc, "
    ), done.out


def test_absence_fails_the_test_where_the_real_platform_is_required(tmp_path: Path) -> None:
    done = run(tmp_path, "--durable-backend=workerd", DURABLE_REQUIRE_WORKERD="1", **nowhere(tmp_path))

    assert done.outcomes == {"test_it[workerd]": "ERROR"}
    shown = done.failure("test_it[workerd]").strip().splitlines()
    assert shown[0].startswith("workerd was not found: neither --durable-workerd nor")
    assert shown[-1] == "Install it in the project:  npm install workerd"


UNSUPPORTED = """\
import pytest

pytestmark = pytest.mark.durable(backend="workerd")

@pytest.fixture
def counter(durable): return durable.namespace("worker.js:Counter").get_by_name("a")

async def test_inside(durable, counter): await durable.run_in_object(counter, lambda instance, ctx: None)
async def test_cut(durable, counter): durable.crash_at(object)
async def test_env(durable, counter): durable.env
async def test_after(durable, counter): assert await counter.add(2) == 2
"""


def test_what_the_real_platform_cannot_do_skips_the_test_at_its_line(tmp_path: Path, executable: str) -> None:
    done = run(tmp_path, source=UNSUPPORTED, WORKERD=executable)

    instead = 'Run this test on the host in this process:  @pytest.mark.durable(backend="inprocess")\n'
    for reason in (
        f"test_it.py:8: The real platform cannot run a function of the test inside an object.\n\n{instead}",
        f"test_it.py:9: The real platform cannot be cut at a record of the journal.\n\n{instead}",
        "test_it.py:10: The real platform cannot show env to the test.\n\n"
        "Ask an object, or the Worker:  await durable.fetch(…)\n",
    ):
        assert skipped(done, reason), done.out
    assert done.outcomes["test_after[workerd]"] == "PASSED"


def test_what_a_worker_prints_is_in_the_report_of_the_failure(tmp_path: Path, executable: str) -> None:
    worker = 'export default { fetch() { console.log("hello", { a: 1 }); return new Response(); } };\n'
    (tmp_path / "loud.js").write_text(worker, encoding="utf-8")
    source = "async def test_it(durable):\n    await durable.fetch('http://x/')\n    assert False\n"

    done = run(tmp_path, source=marked("backend='workerd', main='loud.js'", source), WORKERD=executable)

    assert "hello { a: 1 }" in done.failure("test_it[workerd]"), done.out


def test_host_in_this_process_that_cannot_do_something_skips_nothing(tmp_path: Path) -> None:
    source = """
from pytest_durable.errors import UnsupportedOnHostError

async def test_it(durable): raise UnsupportedOnHostError("The host cannot do that.")
"""

    assert run(tmp_path, source=source).outcomes == {"test_it": "FAILED"}


# The application.


def test_application_can_depend_on_the_host(tmp_path: Path, executable: str) -> None:
    done = run(tmp_path, "--durable-backend=inprocess,workerd", source=BOTH, WORKERD=executable)

    assert done.outcomes == {"test_it[inprocess]": "PASSED", "test_it[workerd]": "PASSED"}, done.out
    assert "ran on inprocess: Host\n" in done.out
    assert "ran on workerd: WorkerdHost\n" in done.out


CONFIG = """{
  "main": "worker.js", // beside this file
  "durable_objects": { "bindings": [{ "name": "THINGS", "class_name": "Counter" }] },
}
"""
FETCHES = "async def test_it(durable): assert await (await durable.fetch('http://x/')).text() == 'hello'\n"


@pytest.mark.parametrize(
    ("marker", "ini", "source"),
    [
        ("backend='workerd', main='worker.js'", "", FETCHES),
        ("backend='workerd', config='wrangler.jsonc'", "", FETCHES),
        ("", "durable_backend = workerd\ndurable_config = wrangler.jsonc\n", FETCHES),
        (
            "backend='workerd', config='wrangler.jsonc'",
            "",
            "async def test_it(durable): assert await durable.namespace('THINGS').get_by_name('a').add(2) == 2\n",
        ),
    ],
    ids=["main", "config", "ini", "binding"],
)
def test_worker_is_named_by_marker_or_ini_file(
    tmp_path: Path, executable: str, marker: str, ini: str, source: str
) -> None:
    (tmp_path / "wrangler.jsonc").write_text(CONFIG, encoding="utf-8")

    done = run(tmp_path, source=marked(marker, source), ini=ini, WORKERD=executable)

    assert done.outcomes == {"test_it[workerd]": "PASSED"}, done.out


def test_configuration_of_the_ini_file_is_not_for_the_host_in_this_process(tmp_path: Path) -> None:
    done = run(tmp_path, "--durable-backend=inprocess,workerd", source=BOTH, ini="durable_config = absent.jsonc\n")

    assert "ran on inprocess: Host\n" in done.out


def test_worker_of_the_marker_is_refused_by_the_host_in_this_process(tmp_path: Path) -> None:
    source = marked("backend='inprocess,workerd', main='worker.js'")

    done = run(tmp_path, source=source, **nowhere(tmp_path))

    assert done.outcomes["test_it[inprocess]"] == "ERROR"
    assert done.raised[0] == (
        "pytest_durable.errors.ConfigurationError: The main module is JavaScript, which runs on the real platform: "
        "App(main='worker.js')."
    )


def test_python_class_is_refused_by_the_real_platform(tmp_path: Path, executable: str) -> None:
    source = """
from workers import DurableObject
class Counter(DurableObject): pass
async def test_it(durable): durable.namespace(Counter)
"""

    done = run(tmp_path, "--durable-backend=workerd", source=source, WORKERD=executable)

    assert done.outcomes == {"test_it[workerd]": "FAILED"}
    assert done.raised[0].endswith("Counter is a Python class, and the real platform runs JavaScript."), done.out


def test_executable_can_be_told_by_an_option(tmp_path: Path, executable: str) -> None:
    source = "async def test_it(durable): assert await durable.namespace('worker.js:Counter').get_by_name('a').add(2)\n"

    done = run(tmp_path, "--durable-backend=workerd", f"--durable-workerd={executable}", source=source)

    assert done.outcomes == {"test_it[workerd]": "PASSED"}, done.out


def test_executable_is_found_in_the_projects_node_modules(tmp_path: Path, executable: str) -> None:
    bin_directory = tmp_path / "node_modules" / ".bin"
    bin_directory.mkdir(parents=True)
    (bin_directory / "workerd").symlink_to(shutil.which(executable) or executable)
    source = "async def test_it(durable): assert await durable.namespace('worker.js:Counter').get_by_name('a').add(2)\n"

    done = run(tmp_path, "--durable-backend=workerd", source=source)

    assert done.outcomes == {"test_it[workerd]": "PASSED"}, done.out
