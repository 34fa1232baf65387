import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_durable._hosts.workerd import WorkerdUnavailableError, build_shim, find_workerd
from support.workerd import Machine, Platform


@pytest.fixture(scope="session")
def platform(pytestconfig: pytest.Config) -> Platform:
    """The real platform, or a skip that says what is missing."""
    try:
        return Platform(find_workerd(None, pytestconfig.rootpath, os.environ), build_shim(os.environ))
    except WorkerdUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture
def start(platform: Platform, tmp_path: Path) -> Iterator[Callable[..., Machine]]:
    """Start processes on one directory; what still runs at the end of the test is ended."""
    machines: list[Machine] = []

    def begin(**options: object) -> Machine:
        machine = Machine.start(platform, tmp_path / "disk", **options)
        machines.append(machine)
        return machine

    yield begin
    for machine in machines:
        machine.process.crash()


@pytest.fixture
def machine(start: Callable[..., Machine]) -> Machine:
    return start()
