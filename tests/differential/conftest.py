import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from differential.pair import Pair, Step
from support.workerd import Platform
from support.workerd_platform import platform

__all__ = ["in_memory", "platform", "run_on_both"]

#: Where files cost no disk, if there is such a place.
_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session", autouse=True)
def in_memory() -> Iterator[None]:
    """Temporary directories, those of the hosts among them, in memory."""
    with pytest.MonkeyPatch.context() as patch:
        if _MEMORY.is_dir():
            patch.setattr(tempfile, "tempdir", str(_MEMORY))
        yield


@pytest.fixture
def run_on_both(platform: Platform) -> Callable[[list[Step]], int]:
    """Run a program on both hosts and compare them after each step; after how many they were."""

    def run(program: list[Step]) -> int:
        with Pair.running(platform.executable) as pair:
            return pair.run(program)

    return run
