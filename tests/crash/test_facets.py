"""Facets, cut at every record: what the disk has of them is exactly what was durable at that record."""

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest

from contract.objects.facets import Root
from pytest_durable import App, Host, PlatformError
from pytest_durable._hosts.world import World
from pytest_durable.events import (
    Committed,
    FacetCloned,
    FacetDeleted,
    FacetIndexBegun,
    FacetNumbered,
    Record,
    RuntimeStarted,
    StorageReset,
)

DURABLE_STEPS = {Committed, FacetCloned, FacetDeleted, FacetIndexBegun, FacetNumbered, StorageReset}
PATHS = [(), ("a",), ("a", "b"), ("c",), ("c", "b")]

Content = list[object]


def new_host(directory: Path, world: World, cut_at: int | None = None) -> Host:
    return Host(directory, world=world, crash_at=cut_at, app=App(surface="neutral", classes=[Root]))


def content(host: Host) -> Content:
    """The index, and what every facet has stored; a facet without a table is one that was never written."""
    namespace = host.namespaces[0]
    hex_digits = namespace.id_from_name("x").hex
    index = Path(str(namespace.directory), f"{hex_digits}.facets")
    views = [namespace.storage_files.inspect(hex_digits, path) for path in PATHS]
    return [index.read_bytes() if index.exists() else b"", *(dict(view.kv) if view else {} for view in views)]


async def steps(host: Host) -> AsyncIterator[Awaitable[object]]:
    root = host.namespace("ROOT").get_by_name("x")
    yield root.count()
    yield root.to("a", "count")
    yield root.to("a", "to", "b", "count")
    yield root.verb("clone", "a", "c")
    yield root.to("c", "count")
    yield root.verb("delete", "a")
    yield root.to("a", "count")
    yield root.storage("deleteAll")
    yield root.to("a", "to", "b", "count")


async def run(host: Host) -> None:
    try:
        async for step in steps(host):
            await step
            if not host.is_running:
                return
    except PlatformError as error:
        if not error.retryable or host.is_running:
            raise


def reference(directory: Path) -> tuple[list[Record], list[Content]]:
    """The records of an undisturbed run, and what was on the disk at each of them."""
    world = World()
    host = new_host(directory, world)
    snapshots = [content(host)] * len(host.journal)
    host.journal.listen(lambda _: snapshots.append(content(host)))
    world.run(run(host))
    host.journal.listen(None)
    records = list(host.journal)
    host.close()
    world.close()
    return records, snapshots


def test_the_disk_changes_at_durable_steps_and_nowhere_else(tmp_path: Path) -> None:
    # DO-1.7.4 DO-1.7.5 DO-1.7.7 DO-1.7.8
    records, snapshots = reference(tmp_path)
    pairs = zip(records[1:], snapshots, snapshots[1:], strict=False)
    changed = {type(record) for record, before, after in pairs if before != after}
    assert changed == DURABLE_STEPS


def test_a_crash_at_any_record_keeps_exactly_what_was_durable_there(tmp_path: Path) -> None:
    # DO-1.7.2 DO-1.7.4
    records, snapshots = reference(tmp_path / "reference")
    first = next(number for number, record in enumerate(records) if isinstance(record, RuntimeStarted)) + 1
    for cut_at in range(first, len(records)):
        world = World()
        host = new_host(tmp_path / str(cut_at), world, cut_at)
        world.run(run(host))
        assert not host.is_running, records[cut_at]
        assert content(host) == snapshots[cut_at], records[cut_at]
        world.run(_goes_on(host))
        host.close()
        world.close()


async def _goes_on(host: Host) -> None:
    """The next life works on what is there."""
    await host.start()
    root = host.namespace("ROOT").get_by_name("x")
    kind, count = await root.to("a", "count")
    assert (kind, count >= 1) == ("ok", True)


@pytest.mark.parametrize("crash", [True, False], ids=["crash", "stop"])
async def test_facet_in_the_middle_of_a_call_is_ended_with_the_life(durable_factory: Any, crash: bool) -> None:
    # DO-9.9.1
    durable = durable_factory(app=App(surface="neutral", classes=[Root]))
    root = durable.namespace("ROOT").get_by_name("x")
    call = root.to("a", "put_wait_put")
    await durable.settle()
    await durable.restart(crash=crash)
    if crash:
        with pytest.raises(PlatformError, match="Network connection lost"):
            await call
    else:
        assert (await call)[0] == "ok"
    found = durable.stored(root, facet="a").kv
    assert found == ({"before": 1} if crash else {"before": 1, "after": 1})
