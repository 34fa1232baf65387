"""What the real platform as a host keeps in memory and in files."""

from pathlib import Path
from typing import Any

import pytest

from pytest_durable import App
from pytest_durable.errors import (
    DamagedFileError,
    DirectoryInUseError,
)
from pytest_durable.values import UNDEFINED
from support.workerd_host import durable_app, probe

__all__ = ["durable_app", "probe"]

pytestmark = pytest.mark.durable(backend="workerd")


@pytest.mark.durable(storage="memory")
async def test_host_in_memory_has_no_directory_and_forgets_with_its_process(durable: Any, probe: Any) -> None:
    await probe.put("k", 1)
    assert await probe.read("k") == 1
    assert durable.directory is None
    await durable.restart()
    assert await probe.read("k") is UNDEFINED


@pytest.mark.durable(storage="memory")
async def test_host_in_memory_forgets_in_a_crash_too(durable: Any, probe: Any) -> None:
    await probe.remind(60_000)
    await durable.restart(crash=True)
    assert durable.alarms() == []
    await durable.clock.advance(minutes=5)
    assert await probe.runs() == []


# Files


async def test_stop_leaves_databases_only_and_a_crash_the_logs_too(durable: Any, probe: Any) -> None:
    objects = durable.namespace("PROBE")
    await probe.put("k", 1)
    files = objects.files()
    assert len(files) == 6
    await durable.crash()
    assert objects.files() == files
    assert durable.stored(probe).kv == {"k": 1}
    await durable.start()
    assert await probe.read("k") == 1
    await durable.stop()
    assert objects.files() == [f"{probe.id.hex}.sqlite", "metadata.sqlite"]


@pytest.mark.durable(synchronous="full")
async def test_platform_may_sync_each_commit(durable: Any, probe: Any) -> None:
    await probe.put("k", 1)
    await durable.restart(crash=True)
    assert await probe.read("k") == 1


async def test_damaged_table_of_alarms_is_named_and_left_as_it_is(durable_factory: Any, tmp_path: Path) -> None:
    directory = tmp_path / "disk" / "Probe"
    directory.mkdir(parents=True)
    damaged = b"this is no database at all" * 100
    (directory / "metadata.sqlite").write_bytes(damaged)
    with pytest.raises(DamagedFileError, match=r"metadata\.sqlite"):
        durable_factory(tmp_path / "disk")
    assert (directory / "metadata.sqlite").read_bytes() == damaged
    assert [path.name for path in directory.iterdir()] == ["metadata.sqlite"]


@pytest.mark.parametrize("others", ["workerd", "inprocess"])
async def test_two_hosts_cannot_work_on_one_directory(durable_factory: Any, tmp_path: Path, others: str) -> None:
    first = durable_factory(tmp_path / "disk")
    await first.namespace("PROBE").get_by_name("a").put("k", 1)
    from support.objects import Box

    app = App(surface="neutral") if others == "inprocess" else None
    with pytest.raises(DirectoryInUseError):
        second = durable_factory(tmp_path / "disk", app=app, backend=others)
        second.namespace(Box, unique_key="Probe")
    await first.stop()
    again = durable_factory(tmp_path / "disk")
    assert await again.namespace("PROBE").get_by_name("a").read("k") == 1


async def test_copy_of_captured_data_leaves_the_original_alone(durable_factory: Any, tmp_path: Path) -> None:
    first = durable_factory(tmp_path / "captured")
    await first.namespace("PROBE").get_by_name("a").put("k", 1)
    await first.stop()
    second = durable_factory(copy_from=tmp_path / "captured")
    probe = second.namespace("PROBE").get_by_name("a")
    assert await probe.read("k") == 1
    await probe.put("k", 2)
    assert first.stored(first.namespace("PROBE").get_by_name("a")).kv == {"k": 1}
