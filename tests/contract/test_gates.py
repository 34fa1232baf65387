"""Transactions, gates and critical sections, asked of both hosts: spec durable-objects 6."""

import asyncio
from typing import Any

import pytest

from contract.objects.gates import Gate
from pytest_durable import PlatformError

CLASSES = (Gate,)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")


async def failure_of(call: Any) -> PlatformError:
    with pytest.raises(PlatformError) as failure:
        await call
    return failure.value


def flags(failure: PlatformError) -> list[str]:
    names = ("remote", "retryable", "overloaded", "durable_object_reset")
    return [name for name in names if getattr(failure, name)]


# Implicit transactions


async def test_writes_of_an_aborted_turn_are_discarded(durable: Any, thing: Any) -> None:
    # DO-6.1.5 DO-9.4.2
    await failure_of(thing.put_and_abort())
    assert durable.stored(thing).kv == {}
    assert durable.stored(thing).tables == []


async def test_awaiting_storage_does_not_end_the_turn(durable: Any, thing: Any) -> None:
    # DO-6.1.2 DO-4.1.3
    await failure_of(thing.put_many_awaits_and_abort())
    assert durable.stored(thing).kv == {}


async def test_real_wait_commits_what_precedes_it(durable: Any, thing: Any) -> None:
    # DO-6.1.2
    await failure_of(thing.put_wait_put_abort())
    assert durable.stored(thing).kv == {"first": 1}


async def test_sync_commits_what_precedes_it(durable: Any, thing: Any) -> None:
    # DO-6.1.2
    await failure_of(thing.put_sync_put_abort())
    assert durable.stored(thing).kv == {"first": 1}


async def test_exception_keeps_the_writes_before_it(durable: Any, thing: Any) -> None:
    # DO-6.1.4
    failure = await failure_of(thing.put_and_throw())
    assert str(failure) == "TypeError: oops"
    assert durable.stored(thing).kv == {"k": 1}


async def test_writes_of_all_interfaces_are_one_transaction(durable: Any, thing: Any) -> None:
    # DO-6.1.1
    await failure_of(thing.write_everywhere_and_abort())
    assert durable.stored(thing).tables == []


async def test_write_that_is_not_awaited_is_committed_before_the_reply(durable: Any, thing: Any) -> None:
    # DO-6.4.1
    await thing.put_unawaited()
    await durable.crash()
    assert durable.stored(thing).kv == {"k": 1}


VIOLATED = (
    "Durable Object was reset and rolled back to its last known good state because the application left the database "
    "in a state where constraints were violated: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: "
    "SQLITE_CONSTRAINT_FOREIGNKEY)"
)


@pytest.mark.parametrize("method", ["break_a_constraint", "break_a_constraint_and_throw"])
async def test_commit_that_fails_is_what_the_caller_sees(durable: Any, fresh: Any, thing: Any, method: str) -> None:
    # DO-6.4.3 DO-10.4.2
    await thing.storage("put", "k", 1)
    failure = await failure_of(getattr(thing, method)())
    assert (failure.name, failure.message) == ("Error", VIOLATED)
    assert flags(failure) == []
    assert await fresh().storage("get", "k") == 1
    assert durable.stored(thing).tables == ["_cf_KV"]


# transaction()


@pytest.mark.parametrize(
    ("ending", "kept"),
    [("commit", {"before", "txn", "storage", "kv"}), ("rollback", {"before"}), ("throw", {"before"})],
)
async def test_transaction_is_kept_or_lost_as_a_whole(durable: Any, thing: Any, ending: str, kept: set[str]) -> None:
    # DO-6.2.2 DO-6.2.3 DO-6.2.4
    if ending == "throw":
        failure = await failure_of(thing.in_transaction(ending))
        assert str(failure) == "RangeError: oops"
    else:
        assert await thing.in_transaction(ending) == "result"
    assert set(durable.stored(thing).kv) == kept
    assert ("t" in durable.stored(thing).tables) == (ending == "commit")


async def test_callback_of_a_transaction_may_be_a_plain_function(thing: Any) -> None:
    # DO-6.2.3
    assert await thing.transaction_of_a_plain_function() == "result"


async def test_transaction_wants_a_function(thing: Any) -> None:
    # DO-6.2.3
    failure = await failure_of(thing.storage("transaction", 5))
    assert failure.name == "TypeError"


@pytest.mark.parametrize(("inner_fails", "kept"), [(False, {"outer", "inner"}), (True, {"outer"})])
async def test_transactions_nest(durable: Any, thing: Any, inner_fails: bool, kept: set[str]) -> None:
    # DO-6.2.2
    await thing.nested(inner_fails)
    assert set(durable.stored(thing).kv) == kept


async def test_outer_transaction_is_not_rolled_back_while_an_inner_runs(thing: Any) -> None:
    # DO-6.2.5
    failure = await failure_of(thing.roll_back_the_outer())
    assert failure.message == "Cannot roll back an outer transaction while a nested transaction is still running."


@pytest.mark.parametrize(
    "operation",
    [("get", "k"), ("put", "k", 1), ("list",), ("delete", "k"), ("getAlarm",), ("setAlarm", 5), ("deleteAlarm",)],
)
async def test_transaction_is_of_no_use_after_rollback_or_end(thing: Any, operation: tuple[Any, ...]) -> None:
    # DO-6.2.4 DO-6.2.6
    name = operation[0]
    assert (await failure_of(thing.use_after_rollback(*operation))).message == (
        f"Cannot {name}() on rolled back transaction"
    )
    assert (await failure_of(thing.use_after_the_end(*operation))).message == (
        f"Cannot call {name}() on transaction that has already committed: did you move `txn` outside of the closure?"
    )


async def test_writes_through_storage_after_a_rollback_are_kept(durable: Any, thing: Any) -> None:
    # DO-6.2.4
    await thing.write_after_rollback()
    assert durable.stored(thing).kv == {"kept": 1}


async def test_alarm_set_in_a_transaction_is_rolled_back_with_it(durable: Any, thing: Any) -> None:
    # DO-6.2.8
    now = durable.clock.time_ms()
    await thing.storage("setAlarm", now + 60_000)
    assert await thing.alarm_in_transaction(now + 5_000) == [now + 5_000, now + 60_000]
    durable.assert_alarm(thing, after=60)


async def test_no_other_event_is_delivered_during_a_transaction(thing: Any) -> None:
    # DO-6.2.1
    await asyncio.gather(thing.slow_transaction(5), thing.say("other"))
    assert await thing.logged() == ["transaction begins", "transaction ends", "other"]


# transactionSync()


async def test_synchronous_transaction_is_kept_with_its_result(durable: Any, thing: Any) -> None:
    # DO-6.3.1
    assert await thing.in_transaction_sync(False) == "result"
    assert durable.stored(thing).kv == {"before": 1, "inside": 1}


async def test_exception_rolls_a_synchronous_transaction_back(durable: Any, thing: Any) -> None:
    # DO-6.3.1
    assert str(await failure_of(thing.in_transaction_sync(True))) == "RangeError: oops"
    assert durable.stored(thing).kv == {"before": 1}


async def test_synchronous_transactions_nest(durable: Any, thing: Any) -> None:
    # DO-6.3.1
    await thing.nested_sync()
    assert durable.stored(thing).kv == {"outer": 1, "caught": 1}


# Input gate


async def test_calls_interleave_at_real_waits_only(thing: Any) -> None:
    # DO-6.5.2
    await asyncio.gather(thing.steps("a"), thing.steps("b"))
    assert await thing.logged() == ["a1", "a2", "b1", "b2", "a3", "b3"]


async def test_read_and_write_without_a_wait_are_one_step(thing: Any) -> None:
    # DO-6.5.2
    assert await asyncio.gather(*(thing.increment() for _ in range(10))) == list(range(1, 11))


async def test_read_wait_write_loses_updates(thing: Any) -> None:
    # DO-6.5.2
    assert await asyncio.gather(thing.increment_by_half(), thing.increment_by_half()) == [1, 1]


async def test_waits_take_as_long_as_they_say(durable: Any, thing: Any) -> None:
    # DO-6.5.1
    start = durable.clock.time_ms()
    assert await thing.wait(90) == start + 90_000
    assert durable.clock.time_ms() == start + 90_000


async def test_critical_section_gives_the_result_of_its_callback(thing: Any) -> None:
    # DO-6.5.3
    assert await thing.hold(1) == "result"
    assert await thing.hold_a_plain_function() == "result"


async def test_critical_section_wants_a_function(thing: Any) -> None:
    # DO-6.5.3
    failure = await failure_of(thing.hold_nothing())
    assert failure.name == "TypeError"


async def test_calls_during_a_section_are_delivered_after_it_in_order_of_arrival(thing: Any) -> None:
    # DO-6.5.3
    await asyncio.gather(thing.hold(10), thing.say("first"), thing.say("second"))
    assert await thing.logged() == ["section begins", "section ends", "first", "second"]


async def test_own_waits_of_the_object_are_queued_during_a_section_too(durable: Any, thing: Any) -> None:
    # DO-6.5.3
    await asyncio.gather(thing.wait_then_say(2, "timer"), thing.hold(10))
    assert await thing.logged() == ["section begins", "section ends", "timer"]


async def test_sections_nest(thing: Any) -> None:
    # DO-6.5.3
    await thing.hold_nested()
    assert await thing.logged() == ["outer begins", "inner", "outer ends"]


async def test_failed_section_resets_the_object_with_its_error(durable: Any, fresh: Any, thing: Any) -> None:
    # DO-6.5.5 DO-9.5.T1.3
    await thing.say("in memory")
    failure = await failure_of(thing.hold_and_fail(0))
    assert str(failure) == "RangeError: oops"
    assert flags(failure) == ["durable_object_reset"]
    assert durable.stored(thing).kv == {"before": 1}  # the turn that began the section is over
    assert await fresh().logged() == []


async def test_failed_section_keeps_what_an_earlier_turn_has_committed(durable: Any, thing: Any) -> None:
    # DO-6.5.5
    await failure_of(thing.hold_and_fail(1))
    assert set(durable.stored(thing).kv) == {"before", "in section"}


async def test_calls_in_flight_and_queued_fail_with_the_error_of_the_section(durable: Any, thing: Any) -> None:
    # DO-6.5.5
    calls = [thing.wait(20), thing.hold_and_fail(1), thing.say("queued")]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["RangeError: oops"] * 3


async def test_section_of_more_than_30_seconds_resets_the_object(durable: Any, fresh: Any, thing: Any) -> None:
    # DO-6.5.6 DO-9.5.T1.4
    start = durable.clock.time_ms()
    failure = await failure_of(thing.hold(31))
    assert failure.message == (
        "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was canceled and the "
        "Durable Object was reset."
    )
    assert flags(failure) == ["overloaded", "durable_object_reset"]
    assert durable.clock.time_ms() == start + 30_000
    assert await fresh().logged() == []


@pytest.mark.parametrize("kind", ["section", "transaction"])
async def test_section_that_awaits_what_never_comes_is_ended_by_the_limit(
    durable: Any, fresh: Any, thing: Any, kind: str
) -> None:
    # DO-6.5.7
    start = durable.clock.time_ms()
    call, queued = thing.wait_in_section_for_what_never_comes(kind), thing.logged()
    for waiting in (call, queued):
        failure = await failure_of(waiting)
        assert failure.message.startswith("A call to blockConcurrencyWhile() in a Durable Object waited for too long.")
        assert flags(failure) == ["overloaded", "durable_object_reset"]
    assert durable.clock.time_ms() == start + 30_000
    assert await fresh().logged() == []


async def test_section_of_29_seconds_is_fine(thing: Any) -> None:
    # DO-6.5.6
    assert await thing.hold(29) == "result"


async def test_object_can_call_itself(thing: Any) -> None:
    # DO-10.3.3
    await thing.say("hello")
    assert await thing.call_itself() == ["hello"]


async def test_sections_nest_64_deep(thing: Any) -> None:
    # DO-6.5.4
    assert await thing.hold_deep(63) == "reached"


async def test_section_beyond_64_is_refused(thing: Any) -> None:
    # DO-6.5.4
    failure = await failure_of(thing.hold_deep(65))
    assert failure.message == "blockConcurrencyWhile() calls are nested too deeply."


async def test_call_to_itself_does_not_get_into_the_section(durable: Any, thing: Any) -> None:
    # DO-6.5.4 DO-6.5.6
    start = durable.clock.time_ms()
    failure = await failure_of(thing.hold_and_call_itself())
    assert failure.message.startswith("A call to blockConcurrencyWhile() in a Durable Object waited for too long.")
    assert durable.clock.time_ms() == start + 30_000


async def test_unconfirmed_write_of_an_aborted_turn_is_discarded_too(durable: Any, thing: Any) -> None:
    # DO-6.1.5
    await failure_of(thing.put_unconfirmed_and_abort())
    assert durable.stored(thing).kv == {}


async def test_stub_keeps_failing_after_a_failed_commit_and_a_new_one_gets_a_fresh_instance(
    fresh: Any, thing: Any
) -> None:
    # DO-6.4.3
    assert await fresh("other").break_by("a") == [VIOLATED, VIOLATED, "answered"]


async def test_delete_all_of_a_transaction_is_refused(thing: Any) -> None:
    # DO-4.4.5
    failure = await failure_of(thing.delete_all_by_transaction())
    assert failure.message == "Cannot call deleteAll() within a transaction"


async def test_answer_of_more_than_32_mebibytes_is_refused(thing: Any) -> None:
    # DO-10.2.3
    failure = await failure_of(thing.give_text(33 << 20))
    assert failure.message == (
        "Serialized RPC arguments or return values are limited to 32MiB, but the size of this value was: "
        f"{(33 << 20) + 7} bytes."
    )
