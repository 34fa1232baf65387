"""Fixtures of the storage room's tests: the same claims on disk and in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_durable._core.storage import Disk, NamespaceFiles, ObjectStore
from support.storage import ALICE, end, new_disk, open_namespace


@pytest.fixture(params=["disk", "memory"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """A disk with a life attached, of both kinds."""
    disk = new_disk(tmp_path if request.param == "disk" else None)
    yield disk
    end(disk)


@pytest.fixture
def namespace(disk: Disk) -> NamespaceFiles:
    return open_namespace(disk)


@pytest.fixture
def store(namespace: NamespaceFiles) -> ObjectStore:
    return namespace.open_store(ALICE)
