"""Whatever has happened to a file, a host opens it or says what is wrong; a refusal, and a look, change nothing.

The mutants are the same in every run; ``DURABLE_MUTANTS=20000`` tries more, the first of them those of the short run.
See docs/how-to/property-tests.md.
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fuzz.files import ALICE, BOB, MUTATIONS, Mutation, damage, make_directory
from pytest_durable._core.errors import DamagedFileError, DirectoryError, DurableError, UndecodableValueError
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.runtime import App
from pytest_durable._core.storage import Disk, ListOptions, NamespaceFiles, StoredView
from pytest_durable._hosts.inprocess import InProcessHost
from support.objects import Armed
from support.quick_files import in_memory
from support.storage import fingerprints, new_disk

__all__ = ["in_memory"]

MUTANTS = int(os.environ.get("DURABLE_MUTANTS", "640"))
#: Shares of what is tried that must be refused, and done, or the mutations have lost their point.
REFUSED_MIN, DONE_MIN = 0.03, 0.3
#: A query may fail without damage: its table is called otherwise.
DOCUMENTED = (DamagedFileError, DirectoryError, UndecodableValueError, DurableError)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A directory whose life ended in order, and one whose life was cut off."""
    directories = [tmp_path_factory.mktemp("sound") / name for name in ("stopped", "crashed")]
    for directory in directories:
        directory.mkdir()
        make_directory(directory, is_crashed=directory.name == "crashed")
    return directories


@pytest.fixture
def mutant(sound: list[Path], tmp_path: Path) -> Callable[[int, Mutation], Path]:
    """Make a directory to which the mutation of that number has happened."""

    def make(number: int, mutation: Mutation) -> Path:
        chance = Random(f"{mutation.__name__} {number}")
        directory = tmp_path / "mutant"
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(chance.choice(sound), directory)
        damage(chance, directory, mutation)
        return directory

    return make


def refused(action: Callable[[], object], directory: Path, counts: Counter[str], what: str) -> bool:
    """Whether something is refused, with an error that is documented; if so, no file has changed."""
    before = fingerprints(directory)
    try:
        action()
    except DurableError as failure:
        assert type(failure) in DOCUMENTED, failure
        assert fingerprints(directory) == before
        counts[f"{what} refused"] += 1
        return True
    counts[what] += 1
    return False


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_mutated_file_is_opened_or_refused_and_never_changed_by_a_refusal(
    mutation: Mutation, mutant: Callable[[int, Mutation], Path]
) -> None:
    counts: Counter[str] = Counter()
    for number in range(MUTANTS // len(MUTATIONS)):
        directory = mutant(number, mutation)
        try:
            look_and_open(directory, counts)
        except Exception as failure:
            raise AssertionError(f"{mutation.__name__}, number {number}: {failure!r}") from failure
    print(f"{mutation.__name__}: {dict(sorted(counts.items()))}")
    for what in ("look", "open"):
        total = counts[what] + counts[f"{what} refused"]
        assert counts[what] >= DONE_MIN * total
        assert counts[f"{what} refused"] >= REFUSED_MIN * total


def look_and_open(directory: Path, counts: Counter[str]) -> None:
    disk = new_disk(directory)
    try:
        before = fingerprints(directory)
        namespace = disk.namespace("key")
        for actor_hex in (ALICE, BOB, "metadata"):
            refused(lambda: look(namespace, actor_hex), directory, counts, "look")  # noqa: B023 - called at once
        refused(namespace.stored_alarms, directory, counts, "look at alarms")
        assert fingerprints(directory) == before
        if not refused(namespace.open, directory, counts, "open"):
            use(namespace, directory, counts)
    finally:
        close(disk)


def look(namespace: NamespaceFiles, actor_hex: str) -> None:
    """Read everything that a test may read."""
    view = namespace.inspect(actor_hex)
    assert isinstance(view, StoredView)
    _ = view.size, view.alarm_ns
    for key in view.kv:
        _ = view.kv[key]
    for table in view.tables:
        quoted = table.replace('"', '""')
        view.sql(f'SELECT * FROM "{quoted}"')


def use(namespace: NamespaceFiles, directory: Path, counts: Counter[str]) -> None:
    """Do what objects do. What the platform itself would say then is an error of the platform."""
    namespace.alarms.load()
    for actor_hex in (ALICE, BOB):
        opened: list[Any] = []
        is_refused = refused_alone(
            lambda: opened.append(namespace.open_store(actor_hex)),  # noqa: B023 - called at once
            directory,
            actor_hex,
        )
        counts["open refused" if is_refused else "open"] += 1
        for store in opened:
            for act in (
                lambda: store.list(ListOptions()),  # noqa: B023
                store.get_alarm_ns,
                lambda: list(store.sql_exec("SELECT * FROM plants")),  # noqa: B023
                lambda: store.put_many([("new", 1)]),  # noqa: B023
                lambda: store.set_alarm_ns(7),  # noqa: B023
                store.commit,
            ):
                try:
                    act()
                except PlatformError:
                    counts["use refused"] += 1
                    break
            store.close(graceful=True)


def refused_alone(action: Callable[[], object], directory: Path, actor_hex: str) -> bool:
    """As ``refused``, of one object; the files of the namespace itself are open meanwhile."""

    def files() -> dict[str, tuple[str, int, int]]:
        return {name: print_ for name, print_ in fingerprints(directory).items() if actor_hex in name}

    before = files()
    try:
        action()
    except (DamagedFileError, DirectoryError):
        assert files() == before
        return True
    return False


def close(disk: Disk) -> None:
    """End the disk, whatever state it is in."""
    try:
        disk.close(graceful=False)
    finally:
        disk.detach()
        disk.end()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_host_on_a_mutated_directory_fails_only_with_documented_errors(
    mutation: Mutation, mutant: Callable[[int, Mutation], Path]
) -> None:
    counts: Counter[str] = Counter()
    for number in range(MUTANTS // len(MUTATIONS) // 4):
        directory = mutant(1_000_000 + number, mutation)
        before = fingerprints(directory)
        try:
            live(directory, counts)
            if not counts.pop("declared", 0):
                assert fingerprints(directory) == before
        except Exception as failure:
            raise AssertionError(f"{mutation.__name__}, number {1_000_000 + number}: {failure!r}") from failure
    print(f"{mutation.__name__}: {dict(sorted(counts.items()))}")
    assert counts["done"] >= DONE_MIN * counts.total()


def live(directory: Path, counts: Counter[str]) -> None:
    """What a test does with a host."""
    host = InProcessHost(directory, app=App(surface="neutral"))

    async def main() -> None:
        try:
            namespace = host.namespace(Armed, unique_key="key")
        except (DamagedFileError, DirectoryError):
            counts["refused"] += 1
            return
        counts["declared"] = 1
        for act in (
            lambda: namespace.get_by_name("alice").get("k1"),
            lambda: namespace.get_by_name("alice").put("k1", 2),
            lambda: host.clock.advance(seconds=100),
            lambda: host.restart(crash=True),
            lambda: host.clock.advance(seconds=100),
            host.stop,
        ):
            try:
                await act()
                counts["done"] += 1
            except (PlatformError, DurableError) as failure:
                counts[type(failure).__name__] += 1

    try:
        host.run(main())
    finally:
        host.close()
