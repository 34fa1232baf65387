"""What ends all objects at once, asked of both hosts: spec durable-objects 8.2.4 and 9.6."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from contract.objects.together import Exempt, Member
from pytest_durable import App, PlatformError, PlatformOptions
from pytest_durable.values import UNDEFINED

CLASSES = (Member, Exempt)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")

TEXTS = {
    "abort_all": "Application called abortAllDurableObjects().",
    "delete_all": "Application called deleteAllDurableObjects().",
}
both_verbs = pytest.mark.parametrize(("verb", "text"), TEXTS.items(), ids=TEXTS)


@pytest.fixture
def durable_app(durable_app: App) -> App:
    return replace(durable_app, options=PlatformOptions(prevent_eviction=("Exempt",)))


async def failure_of(call: Any) -> PlatformError:
    with pytest.raises(PlatformError) as failure:
        await call
    return failure.value


def flags(failure: PlatformError) -> list[str]:
    names = ("remote", "retryable", "overloaded", "durable_object_reset")
    return [name for name in names if getattr(failure, name)]


@both_verbs
async def test_stub_that_an_object_keeps_fails_with_the_text(durable: Any, fresh: Any, verb: str, text: str) -> None:
    # DO-9.6.T1.1 DO-9.6.T1.2 DO-9.5.T1.7 DO-9.3.T1.4
    keeper = durable.namespace("EXEMPT").get_by_name("k")
    assert await keeper.count_other("a") == 1
    await getattr(durable, verb)()
    for _ in range(2):
        assert await keeper.count_other("a") == ["Error", text, []]
    assert await fresh().count() == 1
    assert [await keeper.count(), await keeper.count()] == [1, 2]


@both_verbs
async def test_stub_used_on_an_object_out_of_memory_fails_too(durable: Any, fresh: Any, verb: str, text: str) -> None:
    # DO-9.6.T1.1
    keeper = durable.namespace("EXEMPT").get_by_name("k")
    assert await keeper.count_other("a") == 1
    await durable.evict(fresh())
    await getattr(durable, verb)()
    assert await keeper.count_other("a") == ["Error", text, []]


@both_verbs
async def test_calls_in_flight_fail_and_nothing_goes_on(durable: Any, fresh: Any, verb: str, text: str) -> None:
    # DO-9.6.T1.1 DO-9.6.T1.2
    calls = [asyncio.ensure_future(fresh(name).wait_and_store(5)) for name in "ab"]
    await fresh("c").leave_running(5)
    await durable.settle()
    await getattr(durable, verb)()
    for call in calls:
        failure = await failure_of(call)
        assert (failure.name, failure.message, flags(failure)) == ("Error", text, [])
    await durable.clock.advance(seconds=10)
    for name in "abc":
        assert await fresh(name).load("late") is UNDEFINED


async def test_abort_keeps_data_and_alarms(durable: Any, fresh: Any) -> None:
    # DO-9.6.T1.1
    await fresh().store("k", 1)
    await fresh().arm(60)
    await durable.abort_all()
    durable.assert_alarm(fresh(), after=60)
    assert await fresh().load("k") == 1
    await durable.clock.advance(seconds=60)
    assert await fresh().load("runs") == [0]


async def test_handler_cut_off_by_an_abort_is_tried_again_and_that_is_not_counted(durable: Any, fresh: Any) -> None:
    # DO-7.6
    await fresh().store("slow", True)
    await fresh().arm(1)
    await durable.clock.advance(seconds=2)
    await durable.abort_all()
    await durable.clock.advance(seconds=60)
    assert await fresh().load("runs") == [0, 0]
    assert durable.alarms() == []


async def test_deletion_leaves_neither_data_nor_alarms_of_running_objects(durable: Any, fresh: Any) -> None:
    # DO-9.6.T1.2 DO-8.2.4
    for name in "ab":
        await fresh(name).store("k", 1)
        await fresh(name).arm(60)
    await durable.delete_all()
    for name in "ab":
        assert durable.stored(fresh(name)).kv == {}
        assert durable.stored(fresh(name)).alarm is None
        assert await fresh(name).load("k") is UNDEFINED
        assert not await fresh(name).armed()
    assert durable.alarms() == []
    await durable.clock.advance(minutes=5)
    assert await fresh().load("runs") is UNDEFINED


async def test_deletion_spares_data_and_alarms_of_exempt_classes(durable: Any, fresh: Any) -> None:
    # DO-8.2.4 DO-9.3.T1.4
    exempt = durable.namespace("EXEMPT").get_by_name("k")
    await exempt.store("k", 1)
    await exempt.arm(60)
    await durable.delete_all()
    durable.assert_alarm(exempt, after=60)
    await durable.clock.advance(seconds=60)
    assert await exempt.load("k") == 1
    assert await exempt.load("runs") == [0]


async def test_alarm_of_an_object_out_of_memory_does_not_fire_after_the_deletion(durable: Any, fresh: Any) -> None:
    # DO-8.2.4
    await fresh().arm(60)
    await durable.evict(fresh())
    await durable.delete_all()
    assert durable.alarms() == []
    await durable.clock.advance(minutes=5)
    assert await fresh().load("runs") is UNDEFINED


async def test_deletion_during_a_handler_ends_it_for_good(durable: Any, fresh: Any) -> None:
    # DO-8.2.4
    await fresh().store("slow", True)
    await fresh().arm(1)
    await durable.clock.advance(seconds=2)
    await durable.delete_all()
    await durable.clock.advance(hours=1)
    assert durable.alarms() == []
    assert await fresh().load("runs") is UNDEFINED


async def test_deleted_object_begins_anew(durable: Any, fresh: Any) -> None:
    # DO-9.6.T1.2
    await fresh().arm(60)
    await durable.delete_all()
    await fresh().arm(30)
    await durable.clock.advance(seconds=60)
    assert await fresh().load("runs") == [0]


async def test_eviction_of_all_resets_memory_and_keeps_data_and_stubs(durable: Any, fresh: Any) -> None:
    # DO-9.6.T1.4 DO-9.3.T1.4
    members = [fresh(name) for name in "ab"]
    exempt = durable.namespace("EXEMPT").get_by_name("k")
    for member in (*members, exempt):
        await member.store("k", 1)
        await member.count()
    await durable.evict_all()
    for member in members:
        assert await member.count() == 1
        assert await member.load("k") == 1
    assert await exempt.count() == 2


async def test_eviction_of_all_skips_what_is_not_running(durable: Any, fresh: Any) -> None:
    # DO-9.6.T1.4
    await durable.evict_all()
    await fresh().count()
    await durable.evict_all()
    await durable.evict_all()
    assert await fresh().count() == 1


async def test_eviction_of_all_waits_for_what_runs(durable: Any, fresh: Any) -> None:
    # DO-9.6.T1.4 DO-9.6.T1.3
    calls = [asyncio.ensure_future(fresh("a").wait(5)), asyncio.ensure_future(fresh("b").wait(3))]
    await durable.settle()
    start = durable.clock.time_ms()
    await durable.evict_all()
    assert durable.clock.time_ms() == start + 5_000
    assert await asyncio.gather(*calls) == ["done", "done"]


async def test_eviction_of_all_waits_30_seconds_at_most_and_evicts_the_others(durable: Any, fresh: Any) -> None:
    # DO-9.6.T1.3-4
    call = asyncio.ensure_future(fresh("a").wait(60))
    other = fresh("b")
    await other.count()
    await durable.settle()
    start = durable.clock.time_ms()
    failure = await failure_of(durable.evict_all())
    assert failure.message == "Timed out waiting to evict Durable Object: it still has active references."
    assert durable.clock.time_ms() == start + 30_000
    assert await other.count() == 1
    assert await call == "done"
