"""What becomes of alarms whose two records disagree when a life begins, asked of both hosts: spec durable-objects 8.3.

The test changes the files while nobody has them open.
"""

import sqlite3
from typing import Any

import pytest

from contract.objects.alarms import Clock
from pytest_durable.events import AlarmFinished, AlarmStarted
from pytest_durable.values import UNDEFINED

CLASSES = (Clock,)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")

START_MS = 1_893_456_000_000  # 2030-01-01, where the clock starts
MINUTE = 60_000
MS = 1_000_000


def runs(durable: Any, thing: Any) -> list[int]:
    """Instant of each run of the handler, ms since the start."""
    found: list[int] = []
    for record in durable.journal.of(AlarmStarted, AlarmFinished, object=thing):
        if isinstance(record, AlarmStarted):
            found.append(record.time_ns // MS - START_MS)
        elif not record.ran:
            found.pop()
    return found


def edit(durable: Any, name: str, statement: str, *values: object) -> None:
    connection = sqlite3.connect(durable.namespace("CLOCK").directory / name)
    with connection:
        connection.execute(statement, values)
    connection.close()


async def prepare(durable: Any, thing: Any, *, value: int | None, row: int | None) -> None:
    """Let the object hold one time and the scheduler another, both in ms since the start, and begin a life."""
    await thing.arm(MINUTE)
    await durable.stop()
    set_value = "UPDATE _cf_METADATA SET value = ? WHERE key = 1"
    edit(durable, f"{thing.id.hex}.sqlite", set_value, None if value is None else (START_MS + value) * MS)
    if row is None:
        edit(durable, "metadata.sqlite", "DELETE FROM _cf_ALARM")
    else:
        edit(durable, "metadata.sqlite", "UPDATE _cf_ALARM SET scheduled_time = ?", (START_MS + row) * MS)
    await durable.clock.advance(minutes=5)
    await durable.start()
    await durable.settle()


async def test_overdue_alarm_runs_once(durable: Any, thing: Any) -> None:
    # DO-8.3.T1.1
    await prepare(durable, thing, value=MINUTE, row=MINUTE)
    await durable.clock.advance(hours=1)
    assert runs(durable, thing) == [5 * MINUTE]


async def test_future_alarm_without_row_never_runs_and_is_shown(durable: Any, thing: Any) -> None:
    # DO-8.3.T1.2
    await prepare(durable, thing, value=60 * MINUTE, row=None)
    assert await thing.armed() == START_MS + 60 * MINUTE
    await thing.arm_at(START_MS + 60 * MINUTE)  # the same: it repairs nothing
    assert durable.alarms() == []
    await durable.clock.advance(hours=2)
    assert runs(durable, thing) == []
    await thing.arm(MINUTE)  # another one does
    await durable.clock.advance(hours=1)
    assert runs(durable, thing) == [126 * MINUTE]


async def test_past_alarm_without_row_never_runs_and_is_shown(durable: Any, thing: Any) -> None:
    # DO-8.3.T1.3
    await prepare(durable, thing, value=MINUTE, row=None)
    await durable.clock.advance(hours=1)
    assert runs(durable, thing) == []
    assert await thing.armed() == START_MS + MINUTE


async def test_past_row_of_an_object_without_alarm_goes_and_nothing_runs(durable: Any, thing: Any) -> None:
    # DO-8.3.T1.4
    await prepare(durable, thing, value=None, row=MINUTE)
    assert durable.alarms() == []
    assert runs(durable, thing) == []


async def test_past_row_of_an_object_without_file_constructs_it_and_goes(durable: Any, thing: Any) -> None:
    # DO-8.3.T1.4 DO-1.4.T1.6
    objects = durable.namespace("CLOCK")
    other = objects.id_from_name("other").hex
    await thing.arm(MINUTE)
    await durable.stop()
    edit(durable, "metadata.sqlite", "UPDATE _cf_ALARM SET actor_id = ?", other)
    await durable.clock.advance(minutes=5)
    await durable.start()
    await durable.settle()
    assert durable.alarms() == []
    assert other in objects.list_ids()


async def test_past_row_of_a_future_alarm_moves(durable: Any, thing: Any) -> None:
    # DO-8.3.T1.5
    await prepare(durable, thing, value=60 * MINUTE, row=MINUTE)
    assert runs(durable, thing) == []
    durable.assert_alarm(thing, after=55 * 60)
    await durable.clock.advance(hours=2)
    assert runs(durable, thing) == [60 * MINUTE]


async def test_past_row_later_than_a_past_alarm_runs_it_with_the_time_of_the_row(durable: Any, thing: Any) -> None:
    # DO-8.3.T1.6
    await prepare(durable, thing, value=MINUTE, row=2 * MINUTE)
    assert [run[:2] for run in await thing.noted()] == [[START_MS + 5 * MINUTE, START_MS + 2 * MINUTE]]
    assert durable.alarms() == []


async def test_future_row_of_a_past_alarm_runs_it_at_the_time_of_the_row(durable: Any, thing: Any) -> None:
    # DO-8.3.T1.7
    await prepare(durable, thing, value=MINUTE, row=60 * MINUTE)
    assert runs(durable, thing) == []
    await durable.clock.advance(hours=2)
    assert [run[:2] for run in await thing.noted()] == [[START_MS + 60 * MINUTE] * 2]


async def test_row_of_a_foreign_id_is_retried_and_kept(durable: Any, thing: Any) -> None:
    # DO-8.3.T1.8
    await thing.arm(MINUTE)
    await durable.stop()
    edit(durable, "metadata.sqlite", "UPDATE _cf_ALARM SET actor_id = ?", "ab" * 32)
    await durable.clock.advance(minutes=5)
    await durable.start()
    await durable.clock.advance(hours=3)
    assert [alarm.id for alarm in durable.alarms()] == ["ab" * 32]
    assert runs(durable, thing) == []


async def test_table_without_names_gets_the_column_at_the_start(durable: Any, thing: Any) -> None:
    # DO-8.1.P
    await thing.arm(60 * MINUTE)
    await durable.stop()
    edit(durable, "metadata.sqlite", "ALTER TABLE _cf_ALARM DROP COLUMN actor_name")
    await durable.start()
    await durable.settle()
    assert [(alarm.id, alarm.name) for alarm in durable.alarms()] == [(thing.id.hex, None)]
    await durable.clock.advance(hours=1)
    assert (await thing.noted())[0][4] is UNDEFINED


# Values that cannot be read


@pytest.mark.parametrize("blob", [b"", b"\xff\x09\x30", b"\xff\x0f\x99"], ids=["empty", "old version", "unknown tag"])
async def test_unreadable_value_is_an_internal_error_and_other_keys_stay_usable(
    durable: Any, thing: Any, blob: bytes
) -> None:
    # DO-3.7
    await thing.store("bad", 1)
    await thing.store("good", 2)
    await durable.stop()
    edit(durable, f"{thing.id.hex}.sqlite", "UPDATE _cf_KV SET value = ? WHERE key = 'bad'", blob)
    await durable.start()
    with pytest.raises(Exception, match=r"internal error; reference = \w{24}"):
        await thing.get("bad")
    assert await thing.get("good") == 2


@pytest.mark.parametrize("blob", [b'"\x03abc', b'\xff\x0d"\x03abc', b'\xff\x0f"\x03abcrest'])
async def test_values_of_other_versions_are_read(durable: Any, thing: Any, blob: bytes) -> None:
    # DO-3.6.2
    await thing.store("k", 1)
    await durable.stop()
    edit(durable, f"{thing.id.hex}.sqlite", "UPDATE _cf_KV SET value = ?", blob)
    await durable.start()
    assert await thing.get("k") == "abc"
