"""How objects and processes begin and end, asked of both hosts: spec durable-objects 1.4, 1.5, 2.3 and 9."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from contract.objects.lives import Life
from pytest_durable import PlatformError
from pytest_durable.values import UNDEFINED

CLASSES = (Life,)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")

ENDS = ("restart", "crash")


async def failure_of(call: Any) -> PlatformError:
    with pytest.raises(PlatformError) as failure:
        await call
    return failure.value


def flags(failure: PlatformError) -> list[str]:
    names = ("remote", "retryable", "overloaded", "durable_object_reset")
    return [name for name in names if getattr(failure, name)]


# Ids


async def test_object_knows_its_id_and_name(thing: Any) -> None:
    # DO-2.3.5
    assert await thing.named() == [thing.id.hex, "a"]


async def test_object_reached_by_an_id_without_name_has_none(durable: Any) -> None:
    # DO-2.3.5
    objects = durable.namespace("LIFE")
    by_text = objects.get(objects.id_from_string(objects.id_from_name("a").hex))
    assert await by_text.named() == [objects.id_from_name("a").hex, UNDEFINED]
    # … nor for those who come by the name, while it lives.
    assert (await objects.get_by_name("a").named())[1] is UNDEFINED


async def test_unique_ids_are_taken_for_good(durable: Any) -> None:
    # DO-2.2.T1.3
    objects = durable.namespace("LIFE")
    first, second = objects.new_unique_id(), objects.new_unique_id()
    assert first != second
    assert await objects.get(first).named() == [first.hex, UNDEFINED]


@pytest.mark.parametrize(
    ("name", "kept"), [("x" * 1024, True), ("x" * 1025, False), ("é" * 512, True), ("é" * 513, False)]
)
async def test_name_of_more_than_1024_bytes_is_dropped(fresh: Any, name: str, kept: bool) -> None:
    # DO-2.3.6
    assert (await fresh(name).named())[1] == (name if kept else UNDEFINED)


# Construction


async def fails_to_start(durable: Any, thing: Any, trouble: str) -> None:
    await thing.store("trouble", trouble)
    await durable.evict(thing)


@pytest.mark.parametrize(
    ("trouble", "text"),
    [("throw", "RangeError: no life"), ("abort", "not today"), ("section fails", "TypeError: no section")],
)
async def test_failed_construction_fails_the_event_and_resets(
    durable: Any, fresh: Any, thing: Any, trouble: str, text: str
) -> None:
    # DO-9.2.2 DO-9.2.3 DO-9.5.T1.3
    await fails_to_start(durable, thing, trouble)
    failure = await failure_of(fresh().remembered())
    assert str(failure) == text
    assert flags(failure) == ["durable_object_reset"]
    assert durable.stored(thing).kv == {"trouble": trouble}


async def test_stub_repeats_the_error_of_a_failed_construction(durable: Any, fresh: Any, thing: Any) -> None:
    # DO-9.2.2
    await fails_to_start(durable, thing, "throw")
    assert await fresh("other").twice("a", "remembered") == ["no life"] * 3


async def test_section_of_the_constructor_delays_the_first_call(durable: Any, fresh: Any, thing: Any) -> None:
    # DO-6.5.8 DO-9.2.1
    await fails_to_start(durable, thing, "slow")
    start = durable.clock.time_ms()
    assert await fresh().remembered() == ["ready"]
    assert durable.clock.time_ms() == start + 5_000


async def test_constructor_may_set_an_alarm(durable: Any, fresh: Any, thing: Any) -> None:
    # DO-9.2.1
    await fails_to_start(durable, thing, "arm")
    await fresh().remembered()
    durable.assert_alarm(thing, after=60)


# Memory


async def test_calls_share_one_instance(fresh: Any) -> None:
    # DO-9.1.1
    await asyncio.gather(*(fresh().remember(number) for number in range(3)))
    assert await fresh().remembered() == [0, 1, 2]


async def test_objects_share_nothing(fresh: Any) -> None:
    # DO-9.1.1
    await fresh("a").remember(1)
    assert await fresh("b").remembered() == []


async def test_instance_is_dropped_ten_seconds_after_the_last_call(durable: Any, thing: Any) -> None:
    # DO-9.3.T1.1 DO-9.3.T1.5
    await thing.store("k", 1)
    await thing.remember(1)
    await durable.clock.advance("9.9s")
    assert await thing.remembered() == [1]
    await durable.clock.advance("10.1s")
    assert await thing.remembered() == []
    assert await thing.load("k") == 1


async def test_running_call_keeps_the_instance(thing: Any) -> None:
    # DO-9.3.T1.2
    await thing.remember(1)
    await thing.wait(60)
    assert await thing.remembered() == [1]


async def test_wait_until_keeps_the_instance(durable: Any, thing: Any) -> None:
    # DO-9.3.T1.2 DO-9.8
    await thing.remember(1)
    assert await thing.leave_running(30) == "begun"
    await durable.clock.advance(seconds=35)
    assert await thing.remembered() == [1]
    assert await thing.load("background") == 1


async def test_failure_behind_wait_until_is_harmless(durable: Any, thing: Any) -> None:
    # DO-9.8
    assert await thing.leave_failing() == "begun"
    await durable.clock.advance(seconds=1)
    assert await thing.remember(1) == [1]


async def test_evicted_object_keeps_what_it_stored_and_its_stub(durable: Any, thing: Any) -> None:
    # DO-9.1.2 DO-9.3.T1.5
    await thing.store("k", 1)
    await thing.remember(1)
    await durable.evict(thing)
    assert await thing.remembered() == []
    assert await thing.load("k") == 1


async def test_object_that_is_not_running_cannot_be_evicted(durable: Any, thing: Any) -> None:
    # DO-9.6.P
    failure = await failure_of(durable.evict(thing))
    assert failure.message == "Cannot evict Durable Object: it is not currently running."


async def test_eviction_waits_for_running_calls(durable: Any, thing: Any) -> None:
    # DO-9.6.T1.3
    call = asyncio.ensure_future(thing.wait(5))
    await durable.settle()
    start = durable.clock.time_ms()
    await durable.evict(thing)
    assert durable.clock.time_ms() == start + 5_000
    assert await call == "done"


async def test_eviction_waits_30_seconds_at_most(durable: Any, thing: Any) -> None:
    # DO-9.6.T1.3
    call = asyncio.ensure_future(thing.wait(60))
    await durable.settle()
    start = durable.clock.time_ms()
    failure = await failure_of(durable.evict(thing))
    assert failure.message == "Timed out waiting to evict Durable Object: it still has active references."
    assert durable.clock.time_ms() == start + 30_000
    assert await call == "done"


# ctx.abort


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ((), "Application called abort() to reset Durable Object."),
        (("enough",), "enough"),
        ((5,), "5"),
    ],
)
async def test_abort_fails_its_call_with_the_reason(thing: Any, reason: tuple[Any, ...], message: str) -> None:
    # DO-9.4.3 DO-9.5.T1.2
    failure = await failure_of(thing.abort(*reason))
    assert (failure.name, failure.message) == ("Error", message)
    assert flags(failure) == ["durable_object_reset"]


async def test_reason_that_is_an_error_becomes_text(thing: Any) -> None:
    # DO-9.4.3
    failure = await failure_of(thing.abort_with_error())
    assert (failure.name, failure.message) == ("Error", "TypeError: tt")


async def test_nothing_after_the_abort_is_stored(durable: Any, thing: Any) -> None:
    # DO-9.4.1 DO-9.4.2
    await failure_of(thing.abort_and_go_on())
    await durable.settle()
    assert durable.stored(thing).kv == {}


async def test_calls_in_flight_fail_with_the_reason_too(fresh: Any, thing: Any) -> None:
    # DO-9.4.3
    outcomes = await asyncio.gather(thing.wait_and_store(5), fresh().abort("enough"), return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["enough", "enough"]
    await asyncio.sleep(10)
    assert await fresh().load("late") is UNDEFINED


async def test_stub_repeats_the_reason_and_a_new_one_gets_a_fresh_instance(fresh: Any, thing: Any) -> None:
    # DO-9.4.4 DO-9.1.2
    await thing.remember(1)
    assert await fresh("other").twice("a", "abort", "enough") == ["enough", "enough", "[]"]


async def test_abort_from_a_timer_resets_the_object_too(durable: Any, fresh: Any, thing: Any) -> None:
    # DO-9.4.5
    await thing.remember(1)
    assert await thing.abort_later(2) == "begun"
    await durable.clock.advance(seconds=3)
    assert await fresh().remembered() == []


async def test_options_of_abort_are_an_object(thing: Any) -> None:
    # DO-7.7.2
    failure = await failure_of(thing.abort_badly())
    assert str(failure) == (
        "TypeError: Failed to execute 'abort' on 'DurableObjectState': parameter 2 is not of type 'AbortOptions'."
    )


# The process


@pytest.mark.parametrize("crash", [False, True], ids=ENDS)
async def test_end_of_the_process_keeps_what_was_committed_and_forgets_memory(
    durable: Any, thing: Any, crash: bool
) -> None:
    # DO-1.5.T1.1 DO-1.5.T1.2
    await thing.store("k", {"deep": [1, 2]})
    await thing.remember(1)
    await durable.restart(crash=crash)
    assert await thing.load("k") == {"deep": [1, 2]}
    assert await thing.remembered() == []


async def test_call_in_flight_loses_its_connection_in_a_crash(durable: Any, thing: Any) -> None:
    # DO-9.5.T1.8
    call = asyncio.ensure_future(thing.wait_and_store(5))
    await durable.settle()
    await durable.restart(crash=True)
    failure = await failure_of(call)
    assert failure.message == "Network connection lost."
    assert flags(failure) == ["retryable"]
    await durable.clock.advance(minutes=1)
    assert await thing.load("late") is UNDEFINED


async def test_call_in_flight_is_finished_by_a_stop(durable: Any, thing: Any) -> None:
    # DO-9.9.1
    call = asyncio.ensure_future(thing.wait_and_store(5))
    await durable.settle()
    start = durable.clock.time_ms()
    await durable.stop()
    await call
    assert durable.clock.time_ms() == start + 5_000
    assert durable.stored(thing).kv == {"late": 1}


async def test_wait_until_is_dropped_by_a_stop(durable: Any, thing: Any) -> None:
    # DO-9.9.1
    await thing.leave_running(5)
    await durable.restart()
    await durable.clock.advance(minutes=1)
    assert await thing.load("background") is UNDEFINED


async def test_downtime_passes_for_objects_too(durable: Any, thing: Any) -> None:
    # DO-9.3.T1.5
    await thing.store("k", 1)
    await durable.restart(down_for=timedelta(days=365))
    assert await thing.load("k") == 1


# Files


async def test_files_while_running_after_stop_and_after_crash(durable: Any, fresh: Any) -> None:
    # DO-1.4.T1.1 DO-1.4.T1.2 DO-1.4.T1.3 DO-1.5.T1.1 DO-1.5.T1.2 DO-1.8.T1.1
    objects = durable.namespace("LIFE")
    await durable.settle()
    metadata = ["metadata.sqlite", "metadata.sqlite-shm", "metadata.sqlite-wal"]
    thing = fresh()
    assert objects.files() == metadata
    await thing.store("k", 1)
    database = f"{thing.id.hex}.sqlite"
    assert objects.files() == [database, f"{database}-shm", f"{database}-wal", *metadata]
    await durable.crash()
    assert objects.files() == [database, f"{database}-shm", f"{database}-wal", *metadata]
    await durable.start()
    assert await thing.load("k") == 1
    await durable.stop()
    assert objects.files() == [database, "metadata.sqlite"]


async def test_construction_creates_a_file_without_tables_and_a_read_no_table(durable: Any, thing: Any) -> None:
    # DO-1.4.T1.3 DO-1.4.T1.4
    await thing.remembered()
    assert (durable.stored(thing).tables, durable.stored(thing).size) == ([], 4096)
    await thing.load("k")
    assert durable.stored(thing).tables == []
    await thing.store("k", 1)
    assert durable.stored(thing).tables == ["_cf_KV"]


async def test_idle_eviction_closes_the_files_of_the_object(durable: Any, thing: Any) -> None:
    # DO-1.5.T1.1 DO-9.3.T1.1
    await thing.store("k", 1)
    await durable.clock.advance("9.9s")
    assert len(durable.namespace("LIFE").files()) == 6
    await durable.clock.advance("0.2s")
    assert len(durable.namespace("LIFE").files()) == 4
