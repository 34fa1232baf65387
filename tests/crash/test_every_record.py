"""Each example, cut at every record of its journal: what is on the disk is exactly what was durable at that record.

The reference run looks at the disk at each record. A run that is cut at record k must find the same content when a new
life opens the directory: no acknowledged write is missing, and no turn is there by half.
"""

import pickle
from pathlib import Path
from typing import Any

import pytest

from pytest_durable import Host, PlatformError
from pytest_durable._hosts.world import World
from pytest_durable.events import (
    AlarmRowDeleted,
    AlarmRowWritten,
    Committed,
    InstanceBuilt,
    Record,
    ReplySent,
    RuntimeStarted,
    StorageReset,
    TransactionBegan,
)
from support.deletions import deletions
from support.examples import Scenario, scenarios

#: What changes the disk. Opening an object's database makes an empty file, which holds nothing yet.
DURABLE_STEPS = (AlarmRowDeleted, AlarmRowWritten, Committed, StorageReset)

SCENARIOS = [*scenarios(), deletions()]

Content = dict[str, object]


class Run:
    """One run of a scenario in a directory, possibly cut."""

    def __init__(self, scenario: Scenario, directory: Path, world: World, *, cut_at: int | None = None) -> None:
        self.scenario = scenario
        self.host = Host(directory, world=world, crash_at=cut_at)
        self.spaces = {cls.__name__: self.host.namespace(cls) for cls in scenario.classes if self.host.is_running}

    async def steps(self) -> None:
        """Run the scenario to its end or to the cut."""
        try:
            async for step in self.scenario.steps(self.host, self.spaces):
                await step
                if not self.host.is_running:
                    return
        except PlatformError as error:
            if not error.retryable or self.host.is_running:
                raise

    async def recover(self) -> None:
        """Start again, let time pass, and check what the example promises."""
        await self.host.start()
        self.spaces = {cls.__name__: self.host.namespace(cls) for cls in self.scenario.classes}
        await self.host.clock.advance(hours=1)
        await self.scenario.check(self.host, self.spaces)

    def content(self) -> Content:
        """Everything that is stored, per object, and the alarm rows."""
        found: Content = {}
        for name, space in self.spaces.items():
            files = space.storage_files
            for object_hex in files.object_ids():
                view = files.inspect(object_hex)
                tables = [table for table in view.tables if not table.startswith("_cf_")]
                rows = {table: view.sql(f"SELECT * FROM {table}") for table in tables}
                content = (dict(view.kv), rows, view.alarm_ns)
                if content != ({}, {}, None):
                    found[f"{name} {object_hex}"] = content
            found[f"{name} alarms"] = [(alarm.id, alarm.due, alarm.name) for alarm in self._rows(space)]
        return pickle.loads(pickle.dumps(found))

    def _rows(self, space: Any) -> list[Any]:
        files = space.storage_files
        view = files.inspect("metadata")
        return sorted(_Row(*row) for row in files.stored_alarms()) if view is not None else []

    async def finish(self) -> None:
        await self.host.finish()

    def close(self) -> None:
        self.host.close()


class _Row(tuple[Any, ...]):
    def __new__(cls, *parts: Any) -> "_Row":
        return tuple.__new__(cls, parts)

    id = property(lambda self: self[0])
    due = property(lambda self: self[1])
    name = property(lambda self: self[2])


@pytest.fixture
def world() -> Any:
    world = World()
    yield world
    world.close()


def reference(scenario: Scenario, directory: Path) -> tuple[list[Record], list[Content]]:
    """The records of an undisturbed run, and what was on the disk at each of them."""
    world = World()
    run = Run(scenario, directory, world)
    before = len(run.host.journal)
    snapshots: list[Content] = [run.content()] * before
    run.host.journal.listen(lambda _record: snapshots.append(run.content()))
    world.run(run.steps())
    run.host.journal.listen(None)
    records = list(run.host.journal)
    world.run(run.finish())
    run.close()
    world.close()
    return records, snapshots


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_disk_changes_at_durable_steps_and_nowhere_else(scenario: Scenario, tmp_path: Path) -> None:
    records, snapshots = reference(scenario, tmp_path)
    steps = zip(records[1:], snapshots, snapshots[1:], strict=False)
    changed = {type(record) for record, earlier, later in steps if earlier != later}
    assert Committed in changed
    assert changed <= set(DURABLE_STEPS)
    assert {InstanceBuilt, ReplySent, RuntimeStarted} <= {type(record) for record in records}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_crash_at_any_record_keeps_exactly_what_was_durable_there(scenario: Scenario, tmp_path: Path) -> None:
    records, snapshots = reference(scenario, tmp_path / "reference")
    first = next(number for number, record in enumerate(records) if isinstance(record, RuntimeStarted)) + 1
    for cut_at in range(first, len(records)):
        _check_cut(scenario, tmp_path / str(cut_at), cut_at, records, snapshots[cut_at])


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_no_answer_leaves_before_the_writes_made_for_it_are_durable(scenario: Scenario, tmp_path: Path) -> None:
    """What an object has written by the time it answers, the disk has when the answer is recorded."""
    records, _ = reference(scenario, tmp_path)
    uncommitted: set[object] = set()
    answers = 0
    for record in records:
        if isinstance(record, TransactionBegan):
            uncommitted.add(record.actor)
        elif isinstance(record, Committed | StorageReset):
            uncommitted.discard(record.actor)
        elif isinstance(record, ReplySent):
            answers += 1
            assert record.actor not in uncommitted, record
    assert answers > 5


def _check_cut(scenario: Scenario, directory: Path, cut_at: int, records: list[Record], expected: Content) -> None:
    world = World()
    run = Run(scenario, directory, world, cut_at=cut_at)

    async def body() -> None:
        await run.steps()
        where = f"cut at record {cut_at}, {records[cut_at]}"
        assert not run.host.is_running, where
        assert run.content() == expected, where
        await run.recover()
        await run.finish()

    try:
        world.run(body())
    finally:
        run.close()
        world.close()
