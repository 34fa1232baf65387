from collections.abc import Callable

import pytest

from differential.pair import Pair, Step
from support.quick_files import in_memory
from support.workerd import Platform
from support.workerd_platform import platform

__all__ = ["in_memory", "platform", "run_on_both"]


@pytest.fixture
def run_on_both(platform: Platform) -> Callable[[list[Step]], int]:
    """Run a program on both hosts and compare them after each step; after how many they were."""

    def run(program: list[Step]) -> int:
        with Pair.running(platform.executable) as pair:
            return pair.run(program)

    return run
