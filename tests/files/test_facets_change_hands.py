"""A directory with facets changes hands: from the host in this process to the real platform, and back (DO-1.7)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract.objects.facets import Root
from pytest_durable import App

Open = Callable[[str], Any]

both_ways = pytest.mark.parametrize(
    "kinds", [("inprocess", "workerd"), ("workerd", "inprocess")], ids=["to the platform", "from the platform"]
)
however = pytest.mark.parametrize("crash", [False, True], ids=["stop", "crash"])


@pytest.fixture
def take(durable_factory: Any, tmp_path: Path, pytestconfig: pytest.Config) -> Open:
    """Let a host of one kind take the directory."""
    script = Path(__file__).parents[1] / "contract" / "objects" / "facets.js"
    apps = {
        "inprocess": App(surface="neutral", classes=[Root]),
        "workerd": App(classes=[f"{script.relative_to(pytestconfig.rootpath)}:Root"]),
    }
    return lambda kind: durable_factory(tmp_path / "disk", app=apps[kind], backend=kind)


def root_of(host: Any) -> Any:
    return host.namespace("ROOT").get_by_name("x")


async def let_go(host: Any, crash: bool) -> None:
    await (host.crash() if crash else host.stop())


@however
@both_ways
async def test_facets_are_found_by_the_other_host(take: Open, kinds: tuple[str, str], crash: bool) -> None:
    # DO-1.7.2 DO-1.7.3
    first = take(kinds[0])
    root = root_of(first)
    await root.to("ü", "count")
    await root.to("b", "to", "c", "count")
    await root.to("b", "to", "c", "storage", "put", "key", [1, "two"])
    await let_go(first, crash)

    second = take(kinds[1])
    root = root_of(second)
    assert second.stored(root, facet=("b", "c")).kv == {"count": 1, "key": [1, "two"]}
    assert await root.to("b", "to", "c", "count") == ["ok", ["ok", 2]]
    assert await root.to("ü", "count") == ["ok", 2]
    assert await root.to("new", "count") == ["ok", 1]
    await let_go(second, crash)

    await first.start()
    root = root_of(first)
    assert await root.to("new", "count") == ["ok", 2]
    assert await root.to("b", "to", "c", "count") == ["ok", ["ok", 3]]
    names = [name for name in first.namespace("ROOT").object_files() if name.startswith(root.id.hex)]
    assert [name.removeprefix(root.id.hex) for name in names] == [
        *(f".{number}.sqlite" for number in range(1, 5)),
        ".sqlite",
    ]


@however
@both_ways
async def test_clones_and_deletions_are_found_by_the_other_host(
    take: Open, kinds: tuple[str, str], crash: bool
) -> None:
    # DO-1.7.5 DO-1.7.7
    first = take(kinds[0])
    root = root_of(first)
    await root.to("src", "to", "child", "count")
    await root.to("src", "count")
    await root.verb("clone", "src", "dst")
    await root.verb("delete", "src")
    await let_go(first, crash)

    second = take(kinds[1])
    root = root_of(second)
    assert await root.to("dst", "to", "child", "count") == ["ok", ["ok", 2]]
    assert await root.to("dst", "count") == ["ok", 2]
    assert await root.to("src", "to", "child", "count") == ["ok", ["ok", 1]]
    await root.verb("clone", "dst", "src")
    await let_go(second, crash)

    await first.start()
    root = root_of(first)
    assert await root.to("src", "to", "child", "count") == ["ok", ["ok", 3]]
    assert await root.to("src", "count") == ["ok", 3]


@however
async def test_both_hosts_leave_the_same_files(take: Open, durable_factory: Any, tmp_path: Path, crash: bool) -> None:
    # DO-1.3.T1.4 DO-1.3.T1.5 DO-1.5.T1.1 DO-1.5.T1.2
    found = []
    for kind in ("inprocess", "workerd"):
        host = take(kind)
        root = root_of(host)
        await root.to("b", "count")
        await root.to("a", "to", "b", "count")
        await root.verb("clone", "a", "c")
        # Until it is opened, the platform's copy of a facet that runs has its log beside it; ours has it merged.
        await root.to("c", "to", "b", "count")
        await root.verb("delete", "b")
        await root.verb("delete", "never")
        await let_go(host, crash)
        directory = tmp_path / "disk" / "Root"
        index = (directory / f"{root.id}.facets").read_bytes()
        found.append((sorted(path.name for path in directory.iterdir()), index))
        for path in directory.iterdir():
            path.unlink()
    assert found[0] == found[1]
