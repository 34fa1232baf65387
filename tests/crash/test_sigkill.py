"""Real processes, killed while they write on a real disk: what was acknowledged is there, and turns are whole.

By default 50 children; more with ``DURABLE_KILLS=1000 pytest tests/crash/test_sigkill.py``. Each seed is printed
when it fails.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from pytest_durable._core.runtime import App
from pytest_durable._hosts.inprocess import InProcessHost
from support import killed_writer

KILLS = int(os.environ.get("DURABLE_KILLS", "50"))
GROUP = 25

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked, which this system cannot do")


@pytest.fixture(scope="module")
def nursery() -> Iterator[subprocess.Popen[str]]:
    tests = Path(killed_writer.__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), *sys.path])}
    with subprocess.Popen(
        [sys.executable, killed_writer.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 0


@pytest.mark.parametrize("first", range(0, KILLS, GROUP))
def test_acknowledged_writes_survive_sigkill_and_turns_are_whole(
    first: int, nursery: subprocess.Popen[str], tmp_path: Path
) -> None:
    for seed in range(first, min(first + GROUP, KILLS)):
        directory = tmp_path / str(seed)
        acknowledged = _write_and_kill(nursery, directory, seed)
        _check(directory, acknowledged, seed)


def _write_and_kill(nursery: subprocess.Popen[str], directory: Path, seed: int) -> dict[int, int]:
    """The last number acknowledged per object, by the time the child was dead."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(f"{directory} {seed}\n")
    nursery.stdin.flush()
    pid = int(nursery.stdout.readline().removeprefix("pid "))
    random = Random(seed)
    acknowledged: dict[int, int] = {}
    for _ in range(random.randrange(60)):  # 0: it may die while it opens its files for the first time
        _note(nursery.stdout.readline(), acknowledged)
    for _ in range(random.randrange(20_000)):  # a seeded share of a turn, so that the kill hits all of its parts
        pass
    os.kill(pid, signal.SIGKILL)
    nursery.stdin.write("next\n")
    nursery.stdin.flush()
    while (line := nursery.stdout.readline()) != "reaped\n":
        _note(line, acknowledged)
    return acknowledged


def _note(line: str, acknowledged: dict[int, int]) -> None:
    chosen, number = map(int, line.split())
    acknowledged[chosen] = number


def _check(directory: Path, acknowledged: dict[int, int], seed: int) -> None:
    async def main(host: InProcessHost) -> None:
        namespace = host.namespace(killed_writer.Ledger)
        for chosen, name in enumerate("ab"):
            stored = host.stored(namespace.get_by_name(name))
            left, right = (stored.kv.get(key, 0) for key in killed_writer.KEYS)
            assert left == right, f"seed {seed}: half a turn is there, {left} and {right}"
            assert left >= acknowledged.get(chosen, 0), f"seed {seed}: acknowledged {acknowledged}, stored {left}"
            _check_alarm(host, namespace.get_by_name(name), seed)
            assert await namespace.get_by_name(name).write(left + 1, "plain") == left + 1
        await host.stop()
        expected = [f"{object_hex}.sqlite" for object_hex in namespace.list_ids()]
        assert namespace.files() == [*expected, "metadata.sqlite"], f"seed {seed}: logs are left after a stop"

    InProcessHost.run_main(main, directory=directory, app=App(surface="neutral"))


def _check_alarm(host: InProcessHost, stub: object, seed: int) -> None:
    """The scheduler's row is never later than the object's own value, or an alarm would be lost."""
    own = host.stored(stub).alarm  # type: ignore[arg-type]
    rows = {alarm.id: alarm.due for alarm in host.alarms()}
    if own is not None:
        assert rows.get(stub.id.hex) is not None, f"seed {seed}: the alarm of {own} has no row"  # type: ignore[attr-defined]
        assert rows[stub.id.hex] <= own, f"seed {seed}: row {rows[stub.id.hex]} is later than {own}"  # type: ignore[attr-defined]
