"""What flags change, asked of both hosts: spec durable-objects 4.1.1, 4.4.4, 5.6.3."""

from typing import Any

import pytest

from contract.objects.critical import Fragile

CLASSES = (Fragile,)
FLAGS = ("delete_all_preserves_alarm",)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")


async def test_delete_all_leaves_the_alarm_with_the_flag(durable: Any, thing: Any) -> None:
    # DO-4.4.4
    due = durable.clock.time_ms() + 60_000
    await thing.storage("put", "k", 1)
    await thing.arm(due)
    await thing.delete_all()
    assert await thing.storage("getAlarm") == due
    await durable.stop()
    assert dict(durable.stored(thing).kv) == {}
    durable.assert_alarm(thing, after=60)


async def test_nothing_experimental_is_shown_without_its_flag(thing: Any) -> None:
    # DO-4.1.1 DO-5.6.3
    assert await thing.members() == [True, False, False, False, False, True, False, False]
