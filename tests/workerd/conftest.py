from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.workerd import Machine, Platform
from support.workerd_platform import platform

__all__ = ["machine", "platform", "start"]


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
