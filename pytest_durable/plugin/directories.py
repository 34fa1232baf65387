"""Where the hosts of tests keep their objects: below pytest's own temporary directory, one directory each."""

import itertools
import re
from pathlib import Path
from typing import Final

import pytest

_NAME_LENGTH_MAX: Final = 40


class Directories:
    """Names directories for one run of pytest. A host makes its own when it first writes; tests in memory make none.

    Args:
        base: pytest's directory for this plugin.
    """

    def __init__(self, base: Path) -> None:
        self._base = base
        # A counter, not a look at what is there: looking would make the ten-thousandth test slow.
        self._numbers = itertools.count()

    def new(self, item: pytest.Item) -> Path:
        """A path that nothing has used."""
        name = re.sub(r"\W+", "_", item.name)[:_NAME_LENGTH_MAX]
        return self._base / f"{next(self._numbers)}-{name}"


_DIRECTORIES: Final = pytest.StashKey[Directories]()


def new_directory(request: pytest.FixtureRequest) -> Path:
    """A directory for a host of the test that makes ``request``."""
    stash = request.config.stash
    if _DIRECTORIES not in stash:
        factory = request.getfixturevalue("tmp_path_factory")
        stash[_DIRECTORIES] = Directories(factory.mktemp("durable"))
    item: pytest.Item = request.node
    return stash[_DIRECTORIES].new(item)
