"""Start, stop, crash: what a life leaves on the disk, and what the next one finds."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pytest_durable._hosts.workerd.config import Module
from pytest_durable._hosts.workerd.requests import Failure
from pytest_durable.errors import ShimUnavailableError, WorkerdDiedError, WorkerdStartError
from support.workerd import HOUR, START_MS, Machine, Platform


def files(tmp_path):
    return sorted(path.suffix or path.name for path in (tmp_path / "disk" / "probe").iterdir())


def test_stopping_merges_the_logs_of_the_databases(start, tmp_path):
    machine = start()
    machine.call("put", "key", "value")
    machine.process.stop()
    assert all(not suffix.startswith(".sqlite-") for suffix in files(tmp_path))


def test_a_crash_leaves_the_logs_of_the_databases(start, tmp_path):
    machine = start()
    machine.call("put", "key", "value")
    machine.process.crash()
    assert ".sqlite-wal" in files(tmp_path)


@pytest.mark.parametrize("end", ["stop", "crash"])
def test_what_was_stored_is_found_by_the_next_life(start, end):
    machine = start()
    machine.call("put", "key", {"answer": 42})
    getattr(machine.process, end)()
    assert start().call("read", "key") == {"answer": 42}


def test_an_alarm_survives_a_crash(start):
    machine = start()
    due_ms = machine.call("remind", 3_600_000)
    machine.process.crash()
    machine = start()
    machine.advance(HOUR)
    assert machine.call("runs") == [due_ms]


def test_an_alarm_that_fell_due_while_nothing_ran_runs_at_the_start(start):
    machine = start()
    machine.call("remind", 3_600_000)
    machine.process.stop()
    later_ms = START_MS + 7_200_000
    machine = start(now_ms=later_ms)
    assert machine.alarm_runs() == [(later_ms, "ok")]


def test_calls_in_flight_end_without_an_answer_in_a_stop_which_moves_no_time(machine):
    pending = machine.begin("waitFor", 1_000)
    machine.process.stop()
    assert (pending.is_over, pending.outcome) == (True, None)
    assert machine.now_ms == START_MS


def test_calls_in_flight_end_without_an_answer_in_a_crash(machine):
    pending = machine.begin("waitFor", 1_000)
    machine.conversation.settle()
    machine.process.crash()
    assert (pending.is_over, pending.outcome) == (True, None)


def test_a_request_after_the_end_is_an_error(machine):
    machine.process.crash()
    with pytest.raises(WorkerdDiedError, match="has ended by itself"):
        machine.begin("now")


def test_a_process_that_dies_is_reported_with_what_it_printed(machine):
    machine.call("say", "last words")
    os.kill(machine.process.pid, signal.SIGKILL)
    with pytest.raises(WorkerdDiedError, match="last words"):
        machine.conversation.travel(HOUR)


def test_a_module_that_cannot_be_loaded_is_shown(start):
    with pytest.raises(WorkerdStartError, match="SyntaxError"):
        start(modules=(Module(name="main.js", content=b"export default {"),))


def test_a_program_that_is_not_workerd_is_an_error(platform, tmp_path):
    with pytest.raises(WorkerdStartError, match=r"/bin/true is not workerd: expected `workerd VERSION`"):
        Machine.start(Platform(Path("/bin/true"), platform.shim), tmp_path / "disk")


def test_a_program_that_does_not_exist_is_an_error(platform, tmp_path):
    with pytest.raises(WorkerdStartError, match="cannot be started"):
        Machine.start(Platform(Path("/gone"), platform.shim), tmp_path / "disk")


def test_an_executable_that_ignores_the_clock_of_the_test_is_told_at_once(platform, tmp_path):
    # As a statically linked one does. Here the system finds nothing to load, and goes on without.
    with pytest.raises(ShimUnavailableError, match="has not loaded the clock of the test into it"):
        Machine.start(Platform(platform.executable, Path("/dev/null")), tmp_path / "disk")


def test_a_class_that_does_not_exist_is_told_at_the_start_and_fails_its_calls(start):
    machine = start(modules=(Module(name="main.js", content=b"export default {};"),))
    assert 'the class "Probe", but no such Durable Object class is exported' in machine.process.printed
    pending = machine.begin("now")
    machine.conversation.settle()
    assert isinstance(pending.outcome, Failure)
    assert str(pending.outcome.thrown.message).startswith("internal error; reference = ")


def test_the_process_dies_with_the_one_that_started_it(platform, tmp_path):
    program = textwrap.dedent(
        """
        import os, sys
        from pathlib import Path
        from support.workerd import Machine, Platform
        machine = Machine.start(Platform(Path(sys.argv[1]), Path(sys.argv[2])), Path(sys.argv[3]))
        print(machine.process.pid, flush=True)
        os.kill(os.getpid(), 9)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(platform.executable), str(platform.shim), str(tmp_path / "disk")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    pid = int(done.stdout)
    descriptor = None
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    import select

    try:
        assert select.select([descriptor], [], [], 5)[0], "the process lives on"
    finally:
        os.close(descriptor)


def test_a_start_leaves_no_files_behind_but_the_data(start, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    start()
    assert list(scratch.iterdir()) == []


# The start


def test_a_module_may_print_more_than_a_pipe_holds_while_it_is_loaded(start):
    source = b"for (let n = 0; n < 3000; n++) console.log('x'.repeat(99)); export class Probe {} export default {};"
    machine = start(modules=(Module(name="main.js", content=source),))
    assert machine.process.printed.splitlines() == ["x" * 99] * 200


def test_a_module_that_never_ends_to_load_is_told_and_its_process_ended(start, monkeypatch):
    started = []
    monkeypatch.setattr(subprocess, "Popen", note(subprocess.Popen, started))
    with pytest.raises(WorkerdStartError, match="Look for code outside of all functions that never ends"):
        start(modules=(Module(name="main.js", content=b"for (;;);"),), launch={"start_seconds_max": 0.3})
    (child,) = started
    assert child.returncode == -signal.SIGKILL


def note(make, made):
    def making(*arguments, **options):
        made.append(make(*arguments, **options))
        return made[-1]

    return making


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        (
            "export default {",
            ["The Worker cannot be loaded: SyntaxError: Unexpected end of input", "  at main.js:1:16"],
        ),
        (
            "console.log('hello');\nthrow new RangeError('bad');",
            ["The Worker cannot be loaded: RangeError: bad", "  at main.js:2:7", "", "It printed:", "", "hello"],
        ),
        (
            "import 'node:fs';",
            [
                'The Worker cannot be loaded: Error: No such module "node:fs".',
                '  imported from "main.js"',
                "",
                'It takes a flag:  App(compatibility_flags=["nodejs_compat"], …), or that line in the configuration',
            ],
        ),
        (
            "import './lib/names';",
            [
                'The Worker cannot be loaded: Error: No such module "lib/names".',
                '  imported from "main.js"',
                "",
                'A file of your own is imported with its extension:  import … from "./lib/names.js"',
                "Packages have to be bundled first:  npx esbuild src/index.js --bundle --format=esm "
                "--external:cloudflare:* --outfile=dist/index.js",
            ],
        ),
    ],
)
def test_a_fault_of_a_module_is_what_the_error_begins_with(start, source, lines):
    with pytest.raises(WorkerdStartError) as caught:
        start(modules=(Module(name="main.js", content=source.encode()),))
    assert str(caught.value).splitlines() == lines


def test_a_version_that_is_too_old_is_named(platform, tmp_path):
    old = script(tmp_path / "workerd", "echo workerd 2025-01-01")
    with pytest.raises(WorkerdStartError, match=r"is too old\.\n\n  expected  a version from 2026-08-01 on"):
        Machine.start(Platform(old, platform.shim), tmp_path / "disk")


def script(path, *lines):
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def test_a_script_in_front_of_it_may_become_it(platform, tmp_path):
    wrapper = script(tmp_path / "wrapper", f'exec {platform.executable} "$@"')
    machine = Machine.start(Platform(wrapper, platform.shim), tmp_path / "disk")
    assert machine.call("now") == START_MS
    machine.process.stop()


def test_a_script_that_stays_its_parent_is_refused(platform, tmp_path):
    wrapper = script(tmp_path / "wrapper", f'{platform.executable} "$@"', "exit $?")
    with pytest.raises(WorkerdStartError, match="Let a script in front of workerd become it"):
        Machine.start(Platform(wrapper, platform.shim), tmp_path / "disk")


def test_the_clock_may_lie_in_a_path_with_blanks_and_colons(platform, tmp_path):
    shim = tmp_path / "my cache: old" / "clock.so"
    shim.parent.mkdir()
    shutil.copy(platform.shim, shim)
    machine = Machine.start(Platform(platform.executable, shim), tmp_path / "disk")
    assert machine.call("now") == START_MS
    machine.process.stop()


def test_descriptors_may_have_numbers_beyond_the_reach_of_select(start):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    many = 1_100 if hard == resource.RLIM_INFINITY else min(1_100, hard - 64)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, many + 64), hard))
    taken = []
    try:
        while not taken or taken[-1] < many - 1:
            taken.append(os.dup(2))
        assert start().call("now") == START_MS
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_an_interrupt_while_it_starts_leaves_neither_process_nor_descriptors(start, monkeypatch):
    started = []
    monkeypatch.setattr(subprocess, "Popen", note(subprocess.Popen, started))
    monkeypatch.setattr("pytest_durable._hosts.workerd.starting._pipe", interrupted)
    before = sorted(os.listdir("/proc/self/fd"))
    with pytest.raises(KeyboardInterrupt):
        start()
    (child,) = started
    child.stdout.close()
    child.stderr.close()
    assert child.returncode == -signal.SIGKILL
    assert sorted(os.listdir("/proc/self/fd")) == before


def interrupted(*_arguments):
    raise KeyboardInterrupt
