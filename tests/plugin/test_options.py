"""What marker, ini file and command line can say, which wins, and what a wrong one is answered."""

from pathlib import Path

import pytest
from workers import DurableObject

from pytest_durable import Host, HostFactory
from pytest_durable.errors import ConfigurationError
from pytest_durable.plugin.options import OPTION_NAMES, Options, marker_help, read_config
from support.inner import INI, InnerRun, run_inner

PRINTS_ITS_OPTIONS = """
def test_it(durable, pytestconfig):
    print("seed", durable.seed)
    print("directory", durable.directory)
    print("clock", durable.clock.now().isoformat())
    print("storage", durable._declarations.storage)
    print("autojump", durable.world.autojump)
"""


def run_one(directory: Path, *arguments: str, ini: str = "", source: str = PRINTS_ITS_OPTIONS) -> InnerRun:
    return run_inner(directory, {"test_it.py": source, "pytest.ini": INI + ini}, *arguments)


def test_marker_help_shows_every_option_with_its_default() -> None:
    assert marker_help() == (
        "durable(**options): how the `durable` fixture of the test is made. Options and defaults: storage='disk', "
        "start='2030-01-01T00:00:00Z', seed=0, autojump=True, config=None, main=None, backend='inprocess', "
        "copy_from=None, synchronous='off'."
    )


def test_marker_help_is_what_pytest_shows(tmp_path: Path) -> None:
    assert f"@pytest.mark.{marker_help()}" in run_one(tmp_path, "--markers").out


def test_ini_file_beats_the_defaults(tmp_path: Path) -> None:
    ini = "durable_storage = memory\ndurable_start = 2026-08-01T00:00:00Z\ndurable_autojump = off\n"

    done = run_one(tmp_path, ini=ini)

    assert "clock 2026-08-01T00:00:00+00:00\nstorage memory\nautojump False\n" in done.out, done.out


def test_command_line_beats_the_ini_file(tmp_path: Path) -> None:
    done = run_one(tmp_path, "--durable-backend=inprocess", "--durable-seed=7", ini="durable_backend = inprocess\n")

    assert "seed 7\n" in done.out, done.out


def test_marker_beats_the_command_line(tmp_path: Path) -> None:
    source = "import pytest\n@pytest.mark.durable(seed=8)" + PRINTS_ITS_OPTIONS

    assert "seed 8\n" in run_one(tmp_path, "--durable-seed=7", source=source).out


class Said:
    """As much of ``pytest.Config`` as the options read: what ini file and command line say."""

    def __init__(self, said: dict[str, str]) -> None:
        self._said = said

    def getini(self, name: str) -> str:
        return self._said.get(name, "")

    def getoption(self, name: str) -> str | None:
        return self._said.get("--" + name.replace("_", "-"))


WRONG_SETTINGS = [
    ("durable_storage", "disc", "'disk' or 'memory'"),
    ("durable_start", "tomorrow", "a date and time with a zone, such as '2030-01-01T00:00:00Z'"),
    ("durable_start", "2030-01-01T00:00:00", "a date and time with a zone, such as '2030-01-01T00:00:00Z'"),
    ("durable_autojump", "maybe", "True or False"),
    ("durable_backend", "wrokerd", "'inprocess' or 'workerd' or 'inprocess,workerd'"),
    ("--durable-backend", "wrokerd", "'inprocess' or 'workerd' or 'inprocess,workerd'"),
    ("--durable-seed", "lucky", "an integer, such as 42"),
]


@pytest.mark.parametrize(("setting", "value", "expected"), WRONG_SETTINGS)
def test_wrong_setting_is_a_usage_error_that_lists_the_good_ones(setting: str, value: str, expected: str) -> None:
    with pytest.raises(pytest.UsageError) as caught:
        read_config(Said({setting: value}))  # type: ignore[arg-type]

    assert str(caught.value) == (
        f"{setting} has a value that does not exist.\n\n  expected  {expected}\n  actual    {value!r}"
    )


@pytest.mark.parametrize(
    ("ini", "argument"), [("durable_surface = maybe", "-q"), ("", "--durable-seed=lucky")], ids=["surface", "seed"]
)
def test_wrong_setting_ends_the_run_before_it_begins(ini: str, argument: str, tmp_path: Path) -> None:
    done = run_one(tmp_path, argument, ini=ini + "\n")

    assert done.status == pytest.ExitCode.USAGE_ERROR
    assert "has a value that does not exist." in done.err
    assert "collected" not in done.out


WRONG_MARKERS = {
    "durable(storge='disk')": (
        f"test_it.py:3: the marker durable has no argument 'storge'.\n\n"
        f"  expected  {', '.join(OPTION_NAMES)}\n"
        "  actual    storge\n\n"
        "Did you mean:  @pytest.mark.durable(storage=…)\n"
    ),
    "durable(wrangler=1)": (
        f"test_it.py:3: the marker durable has no argument 'wrangler'.\n\n"
        f"  expected  {', '.join(OPTION_NAMES)}\n"
        "  actual    wrangler\n"
    ),
    "durable('disk')": (
        "test_it.py:3: the marker durable takes keyword arguments only.\n\n"
        f"  expected  {', '.join(OPTION_NAMES)}\n"
        "  actual    'disk'\n"
    ),
    "durable(storage='disc')": (
        "test_it.py:3: the marker durable has no such storage.\n\n  expected  'disk' or 'memory'\n  actual    'disc'\n"
    ),
    "durable(backend='wrokerd')": (
        "test_it.py:3: the marker durable has no such backend.\n\n"
        "  expected  'inprocess' or 'workerd' or 'inprocess,workerd'\n  actual    'wrokerd'\n"
    ),
    "durable(seed='1.5')": (
        "test_it.py:3: the marker durable has no such seed.\n\n  expected  an integer, such as 42\n  actual    '1.5'\n"
    ),
    "durable(copy_from=3)": (
        "test_it.py:3: the marker durable has no such copy_from.\n\n  expected  a path\n  actual    3\n"
    ),
    "durable(copy_from='/no/where')": (
        "test_it.py:3: the marker durable copies from a directory that is not there.\n\n"
        "  expected  a directory\n"
        "  actual    '/no/where'\n"
    ),
    "durable(synchronous=True)": (
        "test_it.py:3: the marker durable has no such synchronous.\n\n  expected  'off' or 'full'\n  actual    True\n"
    ),
}


def test_wrong_marker_is_an_error_of_collection_at_the_users_line(tmp_path: Path) -> None:
    files = {
        f"case{number}/test_it.py": f"import pytest\n\n@pytest.mark.{marker}\ndef test_it(durable):\n    pass\n"
        for number, marker in enumerate(WRONG_MARKERS)
    }

    done = run_inner(tmp_path, files, "--import-mode=importlib")

    assert done.status == pytest.ExitCode.INTERRUPTED
    for number, text in enumerate(WRONG_MARKERS.values()):
        assert f"ERROR collecting case{number}/test_it.py" in done.out
        assert f"\ncase{number}/{text}" in done.out, done.out


def test_wrong_marker_of_a_module_is_shown_at_its_line(tmp_path: Path) -> None:
    source = "import pytest\n\n\npytestmark = pytest.mark.durable(sed=1)\n\ndef test_it(durable):\n    pass\n"

    assert "\ntest_it.py:4: the marker durable has no argument 'sed'." in run_one(tmp_path, source=source).out


def test_wrong_marker_of_a_parameter_set_fails_the_test(tmp_path: Path) -> None:
    source = """
import pytest

@pytest.mark.parametrize("n", [
    pytest.param(1, marks=pytest.mark.durable(sed=1)),
])
def test_it(durable, n):
    pass
"""

    done = run_one(tmp_path, source=source)

    assert done.outcomes == {"test_it[1]": "ERROR"}
    assert "test_it.py:5: the marker durable has no argument 'sed'." in done.out


def test_factory_takes_a_configuration(durable_factory: HostFactory) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.jsonc cannot be read: No such file or directory\."):
        durable_factory(config="absent.jsonc")


def test_configuration_of_the_ini_file_is_not_read_by_a_test_that_asks_for_nothing_of_it(tmp_path: Path) -> None:
    done = run_one(tmp_path, ini="durable_config = absent.jsonc\n")

    assert done.outcomes == {"test_it": "PASSED"}


def test_directory_to_copy_from_is_looked_up_from_the_root_of_the_project(tmp_path: Path) -> None:
    source = "import pytest\n@pytest.mark.durable(copy_from='captured')\ndef test_it(durable): durable.directory\n"
    (tmp_path / "captured").mkdir()

    assert run_one(tmp_path, source=source).outcomes == {"test_it": "PASSED"}


@pytest.mark.durable(synchronous="full")
def test_marker_can_ask_for_synced_commits(durable: Host) -> None:
    durable.namespace(type("Counter", (DurableObject,), {}))

    assert durable._computer.disks._synchronous == "full"


# A clock of others that says something else.


TWO_STARTS = """
import pytest
{marker}
def test_it(durable, freezer):
    print("clock", durable.clock.now().isoformat())
"""
SAID = '@pytest.mark.durable(start="2026-08-01T00:00:00Z")'
ELSEWHERE = '@pytest.mark.freeze_time("2020-02-29")'


@pytest.mark.parametrize(
    ("marker", "ini"),
    [(f"{SAID}\n{ELSEWHERE}", ""), (ELSEWHERE, "durable_start = 2026-08-01T00:00:00Z\n")],
    ids=["marker", "ini"],
)
def test_start_beside_a_freeze_elsewhere_is_refused(marker: str, ini: str, tmp_path: Path) -> None:
    done = run_one(tmp_path, source=TWO_STARTS.format(marker=marker), ini=ini)

    assert done.raised == [
        "pytest_durable.errors.ConfigurationError: The clock cannot start at 2026-08-01T00:00:00+00:00: "
        "freezegun has frozen the time of this test elsewhere, and wins.",
        "",
        "  expected  2026-08-01T00:00:00+00:00, from start= of the marker durable or from durable_start",
        "  actual    2020-02-29T00:00:00+00:00, from freezegun",
        "",
        'Freeze at the start:         @pytest.mark.freeze_time("2026-08-01T00:00:00+00:00")',
        "or leave the freeze out:     await durable.clock.advance(…) moves all that user code sees",
        "or leave the start out:      the platform follows the freeze",
        "See docs/how-to/clock.md",
    ], done.out


def test_start_beside_a_freeze_at_the_start_is_no_contradiction(tmp_path: Path) -> None:
    marker = f'{SAID}\n@pytest.mark.freeze_time("2026-08-01T00:00:00+00:00")'

    done = run_one(tmp_path, source=TWO_STARTS.format(marker=marker))

    assert "clock 2026-08-01T00:00:00+00:00\n" in done.out, done.out


def test_start_that_nobody_has_said_gives_way_to_a_freeze(tmp_path: Path) -> None:
    done = run_one(tmp_path, source=TWO_STARTS.format(marker=ELSEWHERE))

    assert "clock 2020-02-29T00:00:00+00:00\n" in done.out, done.out


def test_durable_app_that_gives_no_application_is_refused(tmp_path: Path) -> None:
    source = "import pytest\n@pytest.fixture\ndef durable_app(): return 5\ndef test_it(durable): pass\n"

    done = run_one(tmp_path, source=source)

    assert done.raised == [
        "pytest_durable.errors.ConfigurationError: durable_app gave no application.",
        "",
        "  expected  App(…)",
        "  actual    5",
        "",
        "Return one from your fixture:  return App(classes=[…])",
    ]


def test_options_are_values() -> None:
    assert Options() == Options(storage="disk", seed=0)
