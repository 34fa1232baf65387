"""What the tests of the storage room share: disks, one object's id, files as bytes."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_durable._core.storage import Disk, NamespaceFiles, ObjectStore

ALICE = "a1" * 32
BOB = "b0" * 32
CAROL = "ca" * 32

#: 2030-01-01T00:00:00Z
WALL_NS = 1_893_456_000_000_000_000


def new_disk(directory: Path | None, **options: object) -> Disk:
    """A disk to which a life is attached; its clock stands still."""
    disk = Disk(directory, wall_ns=lambda: WALL_NS, **options)
    disk.attach()
    return disk


def open_namespace(disk: Disk, unique_key: str = "key") -> NamespaceFiles:
    """A namespace, opened."""
    namespace = disk.namespace(unique_key)
    namespace.open()
    return namespace


def end(disk: Disk, *, graceful: bool = True) -> None:
    """End the life of the disk, and the disk."""
    disk.close(graceful=graceful)
    disk.detach()
    disk.end()


def restart(disk: Disk, *, graceful: bool = True, unique_key: str = "key") -> NamespaceFiles:
    """End the life and begin another on the same disk."""
    disk.close(graceful=graceful)
    disk.detach()
    disk.attach()
    return open_namespace(disk, unique_key)


@contextmanager
def opened(directory: Path | None, unique_key: str = "key", **options: object) -> Iterator[NamespaceFiles]:
    """A namespace on a disk of its own, closed in order at the end."""
    disk = new_disk(directory, **options)
    try:
        yield open_namespace(disk, unique_key)
    finally:
        end(disk)


def put(store: ObjectStore, **values: object) -> None:
    """Store and commit."""
    store.put_many(list(values.items()))
    store.commit()


class HookLog:
    """Writes down what a store tells its owner."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def transaction_began(self) -> None:
        self.calls.append("began")


def fingerprints(directory: Path) -> dict[str, tuple[str, int, int]]:
    """Hash, size and time of last change of each file below ``directory``. No connection may have them open."""
    return {
        str(path.relative_to(directory)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_size,
            path.stat().st_mtime_ns,
        )
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
