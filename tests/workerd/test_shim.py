"""The clock of the process is compiled once per user, and says what is missing when it cannot be."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_durable._hosts.workerd.clock import environment_value
from pytest_durable._hosts.workerd.shim import build_shim
from pytest_durable.errors import ShimUnavailableError

COMPILER = "#!/bin/sh\n"


def environ(tmp_path, compiler=None):
    told = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": os.environ["PATH"]}
    if compiler is not None:
        script = tmp_path / "compiler"
        script.write_text(COMPILER + compiler)
        script.chmod(0o755)
        told["CC"] = str(script)
    return told


@pytest.fixture(autouse=True)
def linux_only():
    if sys.platform != "linux":
        pytest.skip("The clock of workerd can be replaced on Linux only.")


def test_it_is_compiled_once(tmp_path):
    log = tmp_path / "log"
    told = environ(
        tmp_path, f'echo run >> {log}\nfor last; do :; done\nwhile [ "$1" != -o ]; do shift; done\ncat > "$2"\n'
    )
    assert build_shim(told) == build_shim(told)
    assert log.read_text() == "run\n"


def test_several_processes_may_compile_at_once(tmp_path):
    told = environ(tmp_path, 'while [ "$1" != -o ]; do shift; done\ncat > "$2"\n')
    with ThreadPoolExecutor(4) as pool:
        built = set(pool.map(lambda _: build_shim(told), range(4)))
    assert [path.name for path in (tmp_path / "cache/pytest-durable").iterdir()] == [path.name for path in built]


def test_what_other_versions_have_made_goes_once_it_is_out_of_use(tmp_path):
    cache = tmp_path / "cache/pytest-durable"
    cache.mkdir(parents=True)
    month, day = 31 * 86_400, 86_400
    for name, age in (("workerd-clock-old.so", month), ("workerd-clock-young.so", day), ("of-others", month)):
        (cache / name).touch()
        os.utime(cache / name, times=((cache / name).stat().st_mtime - age,) * 2)
    built = build_shim(environ(tmp_path, 'while [ "$1" != -o ]; do shift; done\ncat > "$2"\n'))
    assert {path.name for path in cache.iterdir()} == {built.name, "workerd-clock-young.so", "of-others"}


def test_what_is_used_stays_young(tmp_path):
    told = environ(tmp_path, 'while [ "$1" != -o ]; do shift; done\ncat > "$2"\n')
    built = build_shim(told)
    made = built.stat().st_mtime
    os.utime(built, times=(made - 86_400,) * 2)
    assert build_shim(told).stat().st_mtime >= made


def test_no_compiler_is_a_reason(tmp_path):
    with pytest.raises(ShimUnavailableError, match="no C compiler was found"):
        build_shim({"XDG_CACHE_HOME": str(tmp_path), "PATH": ""})


def test_a_compiler_that_fails_is_shown(tmp_path):
    with pytest.raises(ShimUnavailableError, match=r"failed with status 3\.\n\nno headers") as caught:
        build_shim(environ(tmp_path, "echo no headers >&2\nexit 3\n"))
    assert "apt-get install" in str(caught.value)
    assert list((tmp_path / "cache/pytest-durable").iterdir()) == []


def test_a_cache_that_cannot_be_made_is_a_reason(tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(ShimUnavailableError, match="cannot be compiled into"):
        build_shim(environ(tmp_path))


def test_another_system_is_a_reason(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(ShimUnavailableError, match="on Linux only; this is darwin"):
        build_shim({})


def test_the_source_compiles_without_a_warning(platform, tmp_path):
    from importlib.resources import files

    source = files("pytest_durable._hosts.workerd").joinpath("shim.c").read_bytes()
    command = [
        "cc",
        "-std=gnu11",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-shared",
        "-fPIC",
        "-x",
        "c",
        "-o",
        str(tmp_path / "x"),
        "-",
    ]
    assert subprocess.run(command, input=source, check=False).returncode == 0


def test_a_process_that_is_not_told_a_time_keeps_its_own(platform):
    import time

    done = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time_ns())"],
        env={**os.environ, "LD_PRELOAD": str(platform.shim)},
        capture_output=True,
        check=True,
    )
    assert abs(int(done.stdout) - time.time_ns()) < 60e9


@pytest.mark.parametrize("synchronous", [True, False])
def test_the_process_is_told_whether_to_wait_for_the_disk(synchronous):
    value = environment_value(7, 1_000, 42, synchronous=synchronous)
    assert value == f"7:1000:42:{int(synchronous)}"
