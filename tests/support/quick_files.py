"""Temporary directories that cost no disk."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

#: Where files cost no disk, if there is such a place.
_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session", autouse=True)
def in_memory() -> Iterator[None]:
    """Temporary directories, those of the hosts among them, in memory."""
    with pytest.MonkeyPatch.context() as patch:
        if _MEMORY.is_dir():
            patch.setattr(tempfile, "tempdir", str(_MEMORY))
        yield
