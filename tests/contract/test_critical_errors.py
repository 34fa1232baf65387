"""Errors after which SQLite undoes the turn by itself, asked of both hosts: spec durable-objects 6.3, 6.6."""

import re
from typing import Any

import pytest

from contract.objects.critical import OPERATIONS, Fragile
from pytest_durable import PlatformError

CLASSES = (Fragile,)
FLAGS = ("experimental",)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")

FULL = "database or disk is full: SQLITE_FULL"
RESET = f"{FULL} reset"
LATE = "Cannot commit transaction due to an earlier SQL critical error"
OPAQUE = "internal error; reference = …"


async def outcome(call: Any) -> object:
    try:
        return await call
    except PlatformError as failure:
        return f"{failure}{' reset' if failure.durable_object_reset else ''}"


async def notes(fresh: Any) -> list[object]:
    """What objects have seen; references of internal errors are random."""
    found = await fresh("reporter").notes()
    return [re.sub(r"(?<=reference = )\w+", "…", each) if isinstance(each, str) else each for each in found]


@pytest.fixture
async def fragile(thing: Any) -> Any:
    await thing.prepare()
    return thing


@pytest.mark.parametrize("method", ["fail", "fail_and_catch", "fail_and_wait"])
async def test_call_fails_as_a_whole_even_if_it_caught_the_error(fragile: Any, fresh: Any, method: str) -> None:
    # DO-6.6
    assert await outcome(getattr(fragile, method)()) == RESET
    assert await notes(fresh) == ([] if method == "fail" else [FULL])


async def test_object_is_reset_and_only_earlier_commits_remain(fragile: Any, fresh: Any) -> None:
    # DO-6.6 DO-9.5.T1.6
    assert await outcome(fragile.commit_and_fail()) == RESET
    assert await fresh().stored() == [1, ["committed", "kv"]]


#: What is answered after a critical error. Whatever is not named here fails with its text.
ANSWERED = {
    "sql": 1,
    "wrong sql": 'near "SELEC": syntax error at offset 0: SQLITE_ERROR',
    "databaseSize": 3 * 4096,
    "get without key": (
        "TypeError: Failed to execute 'get' on 'DurableObjectStorage': parameter 1 is not of type 'string or Array'."
    ),
    "getBookmarkForTime": ("This Durable Object's storage back-end does not implement point-in-time recovery."),
}


@pytest.mark.parametrize("name", OPERATIONS)
async def test_every_later_operation_but_sql_that_reads_fails_with_the_same_text(
    fragile: Any, fresh: Any, name: str
) -> None:
    # DO-6.6
    assert await outcome(fragile.fail_and_try(name)) == RESET
    assert await notes(fresh) == [ANSWERED.get(name, RESET)]
    assert await fresh().stored() == [1, ["kv"]]


async def test_open_cursor_reads_on_after_a_critical_error(fragile: Any, fresh: Any) -> None:
    # DO-6.6
    assert await outcome(fragile.fail_and_read_on()) == RESET
    assert await notes(fresh) == [10]


async def test_abort_after_a_critical_error_gives_its_own_reason(fragile: Any) -> None:
    # DO-6.6
    assert await outcome(fragile.fail_and_abort()) == "of my own reset"


@pytest.mark.parametrize("interface", ["put", "kv.put", "put of many"])
async def test_critical_error_of_the_pairs_is_an_internal_error_at_first(
    fragile: Any, fresh: Any, interface: str
) -> None:
    # DO-6.6
    assert await outcome(fragile.fill_by_pairs(interface)) == RESET
    assert await notes(fresh) == [OPAQUE, RESET]
    assert await fresh().stored() == [1, ["kv"]]


async def test_synchronous_transaction_cannot_be_committed_after_a_critical_error(fragile: Any, fresh: Any) -> None:
    # DO-6.3.3 DO-6.6
    assert await outcome(fragile.within_sync("return")) == RESET
    assert await notes(fresh) == [FULL, LATE, RESET]
    assert await fresh().stored() == [1, ["kv"]]


async def test_nested_synchronous_transactions_cannot_be_committed_either(fragile: Any, fresh: Any) -> None:
    # DO-6.3.3 DO-6.6
    assert await outcome(fragile.within_sync("nested")) == RESET
    assert await notes(fresh) == [FULL, LATE, LATE, RESET]


async def test_synchronous_transaction_that_throws_gives_its_own_error_after_a_critical_one(
    fragile: Any, fresh: Any
) -> None:
    # DO-6.3.3 DO-6.6
    assert await outcome(fragile.within_sync("error")) == RESET
    assert await notes(fresh) == [FULL, "RangeError: own", RESET]
    assert await fresh().stored() == [1, ["kv"]]


@pytest.mark.parametrize("end", ["return", "rollback", "error"])
async def test_transaction_does_not_end_after_a_critical_error(fragile: Any, fresh: Any, end: str) -> None:
    # What preceded the transaction was committed as it began. DO-6.6 DO-6.2.1
    assert await outcome(fragile.within_transaction(end)) == RESET
    expected = {"return": [FULL, RESET], "rollback": [FULL, RESET, RESET], "error": []}
    assert await notes(fresh) == expected[end]
    assert await fresh().stored() == [1, ["k4", "kv"]]


async def test_section_with_a_critical_error_resets_the_object(fragile: Any, fresh: Any) -> None:
    # DO-6.6 DO-6.5.5
    assert await outcome(fragile.within_section("return")) == RESET
    assert await outcome(fresh().within_section("error")) == "TypeError: own reset"
    assert await notes(fresh) == []


async def test_nothing_is_sent_by_a_turn_with_a_critical_error(fragile: Any, fresh: Any) -> None:
    # DO-6.6 DO-6.4.1
    assert await outcome(fragile.send_and_fail("other")) == RESET
    assert await notes(fresh) == []


async def test_alarm_that_meets_critical_errors_is_retried_without_counting(
    durable: Any, fragile: Any, fresh: Any
) -> None:
    # DO-6.6 DO-7.6.P
    await fragile.arm(durable.clock.time_ms() + 1_000)
    await durable.clock.advance(minutes=10)
    seen = await notes(fresh)
    assert len(seen) > 7
    assert set(seen) == {0}
