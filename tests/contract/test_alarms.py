"""Alarms, asked of both hosts: spec durable-objects 7 and 8."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.objects.alarms import Clock, Silent
from pytest_durable import PlatformError
from pytest_durable.events import AlarmFinished, AlarmStarted
from pytest_durable.values import UNDEFINED

CLASSES = (Clock, Silent)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")

START_MS = 1_893_456_000_000  # 2030-01-01, where the clock starts


def runs(durable: Any, thing: Any) -> list[tuple[int, int]]:
    """Instant (ms since the start) and retry count of each run. A delivery that found nothing is none."""
    records = durable.journal.of(AlarmStarted, AlarmFinished, object=thing)
    found: list[tuple[int, int]] = []
    for record in records:
        if isinstance(record, AlarmStarted):
            found.append((record.time_ns // 1_000_000 - START_MS, record.retry_count))
        elif not record.ran:
            found.pop()
    return found


# Setting, reading, deleting


async def test_alarm_is_read_back_as_it_was_set(durable: Any, thing: Any) -> None:
    # DO-7.1.T1.1 DO-7.1.T1.2
    assert await thing.armed() is None
    assert await thing.arm(60_000) == START_MS + 60_000
    durable.assert_alarm(thing, after=60)


async def test_date_sets_an_alarm(durable: Any, thing: Any) -> None:
    # DO-7.1.T1.1
    assert await thing.arm_at(datetime(2030, 1, 2, tzinfo=UTC)) == START_MS + 86_400_000


async def test_fraction_of_a_millisecond_is_dropped(thing: Any) -> None:
    # DO-3.4.1
    assert await thing.arm_at(4_102_444_800_999.7) == 4_102_444_800_999


async def test_past_time_means_now(durable: Any, thing: Any) -> None:
    # DO-7.1.T1.1
    assert await thing.arm_at(5) == START_MS
    await durable.settle()
    assert runs(durable, thing) == [(0, 0)]


async def test_new_alarm_replaces_the_old_one(durable: Any, thing: Any) -> None:
    # DO-7.1.T1.1
    await thing.arm(10_000)
    await thing.arm(60_000)
    await durable.clock.advance(minutes=5)
    assert runs(durable, thing) == [(60_000, 0)]


async def test_earlier_alarm_replaces_a_later_one(durable: Any, thing: Any) -> None:
    # DO-7.1.T1.1
    await thing.arm(60_000)
    await thing.arm(10_000)
    await durable.clock.advance(minutes=5)
    assert runs(durable, thing) == [(10_000, 0)]


async def test_deleted_alarm_never_runs(durable: Any, thing: Any) -> None:
    # DO-7.1.T1.3
    await thing.arm(60_000)
    assert await thing.disarm() is UNDEFINED
    assert await thing.disarm() is UNDEFINED
    assert durable.alarms() == []
    await durable.clock.advance(minutes=5)
    assert runs(durable, thing) == []


async def test_set_alarm_needs_a_handler(durable: Any) -> None:
    # DO-7.1.T2.5
    silent = durable.namespace("SILENT").get_by_name("a")
    with pytest.raises(PlatformError) as failure:
        await silent.arm(1000)
    assert failure.value.name == "TypeError"
    assert failure.value.message == "Your Durable Object class must have an alarm() handler in order to call setAlarm()"


async def test_alarm_is_read_and_deleted_without_a_handler(durable: Any) -> None:
    # DO-7.1.P
    assert await durable.namespace("SILENT").get_by_name("a").armed() is None


async def test_alarm_of_an_aborted_turn_is_not_set(durable: Any, thing: Any) -> None:
    # DO-7.2.3
    with pytest.raises(PlatformError, match="enough"):
        await thing.arm_and_abort()
    assert durable.alarms() == []
    await durable.clock.advance(minutes=1)
    assert runs(durable, thing) == []


async def test_alarm_set_before_an_error_is_kept(durable: Any, thing: Any) -> None:
    # DO-6.1.4
    with pytest.raises(PlatformError, match="enough"):
        await thing.arm_and_throw()
    durable.assert_alarm(thing, after=1)


# Delivery


async def test_alarm_runs_at_its_very_instant_and_not_before(durable: Any, thing: Any) -> None:
    # DO-7.3.1
    await thing.arm(60_000)
    await durable.clock.advance("59.999s")
    assert runs(durable, thing) == []
    await durable.clock.advance("1ms")
    assert runs(durable, thing) == [(60_000, 0)]
    assert await thing.armed() is None


async def test_handler_is_told_when_it_was_scheduled_and_that_it_is_no_retry(durable: Any, thing: Any) -> None:
    # DO-7.3.2
    await thing.arm(60_000)
    await durable.clock.advance(minutes=1)
    at = START_MS + 60_000
    assert await thing.noted() == [[at, at, 0, False, "a"]]


async def test_alarm_starts_an_object_that_was_evicted_and_knows_its_name(durable: Any, thing: Any) -> None:
    # DO-7.3.2 DO-8.2.3
    await thing.arm(60_000)
    await durable.evict(thing)
    await durable.clock.advance(minutes=1)
    assert (await thing.noted())[0][4] == "a"


async def test_alarm_of_an_object_without_name_has_none(durable: Any) -> None:
    # DO-8.1.T1.3
    objects = durable.namespace("CLOCK")
    thing = objects.get(objects.new_unique_id())
    await thing.arm(60_000)
    await durable.restart()
    await durable.clock.advance(minutes=1)
    assert (await thing.noted())[0][4] is UNDEFINED


async def test_alarms_of_two_objects_run_each_at_its_time(durable: Any, fresh: Any) -> None:
    # DO-7.3.1
    first, second = fresh("first"), fresh("second")
    await second.arm(2_000)
    await first.arm(1_000)
    await durable.clock.advance(minutes=1)
    assert (runs(durable, first), runs(durable, second)) == ([(1_000, 0)], [(2_000, 0)])


async def test_alarm_that_comes_due_in_a_critical_section_waits_for_its_end(durable: Any, thing: Any) -> None:
    # DO-6.5.8
    await thing.arm(1_000)
    await thing.hold(10)
    await durable.settle()
    assert [run[:2] for run in await thing.noted()] == [[START_MS + 10_000, START_MS + 1_000]]


# In the handler


async def test_alarm_reads_as_none_in_its_handler(durable: Any, thing: Any) -> None:
    # DO-7.4.1
    await thing.plan("look")
    await thing.arm(1_000)
    await durable.clock.advance(seconds=1)
    assert await thing.get("looked") is None


async def test_alarm_reads_as_none_for_others_while_the_handler_runs_and_stays_in_both_records(
    durable: Any, thing: Any
) -> None:
    # DO-7.4.1 DO-7.4.2
    await thing.plan("wait")
    await thing.arm(1_000)
    await durable.clock.advance(seconds=2)
    assert await thing.armed() is None
    assert durable.stored(thing).alarm == durable.clock.now() - timedelta(seconds=1)
    assert [alarm.state for alarm in durable.alarms()] == ["running"]
    await durable.clock.advance(seconds=10)
    assert await thing.get("waited") == START_MS + 6_000
    assert durable.stored(thing).alarm is None
    assert durable.alarms() == []


async def test_alarm_set_in_the_handler_stays_after_its_success(durable: Any, thing: Any) -> None:
    # DO-7.4.3
    await thing.plan("rearm")
    await thing.arm(1_000)
    await durable.clock.advance(minutes=1)
    assert runs(durable, thing) == [(1_000, 0), (11_000, 0)]


async def test_alarm_set_to_a_past_time_in_the_handler_runs_again_at_once(durable: Any, thing: Any) -> None:
    # DO-7.4.3
    await thing.plan("wait_and_rearm_same")
    await thing.arm(1_000)
    await durable.clock.advance(minutes=1)
    assert runs(durable, thing) == [(1_000, 0), (6_000, 0)]


#: To the platform the very same instant is nothing new: it keeps the value and deletes the row that would wake it up.
#: On a clock that stands still while the handler runs that would be the fate of each ``setAlarm(Date.now())``.
SET_TO_THE_INSTANT_FOR_WHICH_IT_RUNS = {"inprocess": [(1_000, 0), (1_000, 0)], "workerd": [(1_000, 0)]}


async def test_alarm_set_in_the_handler_to_the_very_instant_for_which_it_runs_is_not_lost_here(
    durable: Any, durable_backend: str, thing: Any
) -> None:
    # DO-7.4.3
    await thing.plan("rearm_same")
    await thing.arm(1_000)
    await durable.clock.advance(minutes=1)
    assert runs(durable, thing) == SET_TO_THE_INSTANT_FOR_WHICH_IT_RUNS[durable_backend]
    assert await thing.armed() == (None if durable_backend == "inprocess" else START_MS + 1_000)
    assert durable.alarms() == []


async def test_alarm_set_by_a_caller_while_the_handler_runs_stays(durable: Any, thing: Any) -> None:
    # DO-7.4.3
    await thing.plan("wait")
    await thing.arm(1_000)
    await durable.clock.advance(seconds=2)
    await thing.arm(20_000)
    await durable.clock.advance(minutes=1)
    assert runs(durable, thing) == [(1_000, 0), (22_000, 0)]


async def test_alarm_set_and_deleted_in_the_handler_is_gone(durable: Any, thing: Any) -> None:
    # DO-7.4.4
    await thing.plan("rearm_and_delete")
    await thing.arm(1_000)
    await durable.clock.advance(minutes=1)
    assert runs(durable, thing) == [(1_000, 0)]


async def test_delete_alarm_in_a_handler_that_fails_means_no_retry(durable: Any, thing: Any) -> None:
    # DO-7.4.4
    await thing.plan("delete_and_fail")
    await thing.arm(1_000)
    await durable.clock.advance(minutes=1)
    assert runs(durable, thing) == [(1_000, 0)]
    assert durable.alarms() == []


async def test_original_time_reads_again_between_two_tries_and_writes_before_the_failure_are_kept(
    durable: Any, thing: Any
) -> None:
    # DO-7.4.5
    await thing.plan("fail")
    await thing.arm(1_000)
    await durable.clock.advance(seconds=2)
    assert await thing.armed() == START_MS + 1_000
    assert len(await thing.noted()) == 1
    assert [alarm.state for alarm in durable.alarms()] == ["retrying"]


async def test_alarm_set_by_a_run_that_fails_replaces_its_retry(durable: Any, thing: Any) -> None:
    # DO-7.4.6
    await thing.plan("rearm_and_fail")
    await thing.arm(1_000)
    await durable.clock.advance(minutes=1)
    assert runs(durable, thing) == [(1_000, 0), (11_000, 0)]


async def test_delete_all_in_the_handler_removes_the_alarm_for_good(durable: Any, thing: Any) -> None:
    # DO-7.4.7
    await thing.plan("delete_all")
    await thing.arm(1_000)
    await durable.clock.advance(minutes=1)
    assert runs(durable, thing) == [(1_000, 0)]
    assert durable.alarms() == []
    assert durable.stored(thing).tables == []


# Retries


async def test_alarm_that_always_fails_runs_seven_times_with_delays_that_double(durable: Any, thing: Any) -> None:
    # DO-7.6.2 DO-7.6.T1.1 DO-7.6.T1.2 DO-7.6.T1.3
    await thing.plan(*["fail"] * 10)
    await thing.arm(1_000)
    await durable.clock.advance(minutes=5)
    instants, counts = zip(*runs(durable, thing), strict=True)
    assert counts == (0, 1, 2, 3, 4, 5, 6)
    assert instants[0] == 1_000
    delays = [later - earlier for earlier, later in itertools.pairwise(instants)]
    nominal = [2_000, 4_000, 8_000, 16_000, 32_000, 64_000]
    # The platform's chance has no seed: each delay is up to a quarter longer.
    assert [least <= delay <= least * 5 // 4 for delay, least in zip(delays, nominal, strict=True)] == [True] * 6
    assert await thing.armed() is None
    assert durable.alarms() == []


async def test_retry_is_told_the_original_time_and_how_often_it_has_failed(durable: Any, thing: Any) -> None:
    # DO-7.3.2
    await thing.plan("fail", "fail")
    await thing.arm(1_000)
    await durable.clock.advance(minutes=5)
    told = [run[1:4] for run in await thing.noted()]
    assert told == [[START_MS + 1_000, count, count > 0] for count in range(3)]


async def test_alarm_that_succeeds_at_last_is_gone(durable: Any, thing: Any) -> None:
    # DO-7.6.3
    await thing.plan("fail")
    await thing.arm(1_000)
    await durable.clock.advance(minutes=5)
    assert [record.ok for record in durable.journal.of(AlarmFinished, object=thing)] == [False, True]
    assert durable.alarms() == []
    assert await thing.armed() is None


@pytest.mark.parametrize("how", ["abort", "fail_section", "break_a_constraint"])
async def test_handler_that_resets_its_object_is_retried_and_counted(
    durable: Any, fresh: Any, thing: Any, how: str
) -> None:
    # DO-7.6.T1.1
    await thing.plan(how)
    await thing.arm(1_000)
    await durable.clock.advance(minutes=5)
    assert [run[2] for run in await fresh().noted()] == [0, 1]
    assert [count for _, count in runs(durable, thing)] == [0, 1]


async def test_abort_that_wants_no_retry_abandons_the_alarm(durable: Any, fresh: Any, thing: Any) -> None:
    # DO-7.7.2
    await thing.plan("abort_for_good")
    await thing.arm(1_000)
    await durable.clock.advance(minutes=5)
    assert [count for _, count in runs(durable, thing)] == [0]
    assert durable.alarms() == []
    assert await fresh().armed() is None


@pytest.mark.parametrize(("options", "counts"), [((), [0, 1]), (({"retryAlarm": False},), [0])])
async def test_abort_by_another_call_during_the_handler_counts_as_its_failure(
    durable: Any, fresh: Any, thing: Any, options: tuple[Any, ...], counts: list[int]
) -> None:
    # DO-7.6.T1.1 DO-7.7.2
    await thing.plan("wait", "succeed")
    await thing.arm(1_000)
    await durable.clock.advance(seconds=2)
    with pytest.raises(PlatformError, match="enough"):
        await fresh().abort("enough", *options)
    await durable.clock.advance(minutes=5)
    assert [count for _, count in runs(durable, thing)] == counts
    assert durable.alarms() == []
    assert await fresh().armed() is None


@pytest.mark.parametrize("how", ["throw", "fail_section"])
async def test_failed_construction_is_retried_for_ever_and_not_counted(durable: Any, thing: Any, how: str) -> None:
    # DO-7.6.T1.4
    await thing.arm(60_000)
    await thing.store("trouble", how)
    await durable.evict(thing)
    await durable.clock.advance(hours=3)
    assert [alarm.state for alarm in durable.alarms()] == ["retrying"]
    deliveries = [record.time_ns // 1_000_000 - START_MS for record in durable.journal.of(AlarmStarted, object=thing)]
    delays = [later - earlier for earlier, later in itertools.pairwise(deliveries)]
    nominal = [2_000 << min(number, 9) for number in range(len(delays))]
    assert len(delays) > 10
    assert [least <= delay <= least * 5 // 4 for delay, least in zip(delays, nominal, strict=True)] == [True] * len(
        delays
    )
    assert {record.retry_count for record in durable.journal.of(AlarmStarted, object=thing)} == {0}


async def test_handler_that_takes_more_than_15_minutes_is_retried(durable: Any, thing: Any) -> None:
    # DO-7.3.5
    await thing.plan("wait_too_long")
    await thing.arm(1_000)
    await durable.clock.advance(minutes=20)
    (first, second) = runs(durable, thing)
    assert (first[1], second[1]) == (0, 1)
    assert 902_000 <= second[0] - first[0] <= 903_500


async def test_retry_count_does_not_survive_a_restart(durable: Any, thing: Any) -> None:
    # DO-7.6.T1.5
    await thing.plan("fail", "fail")
    await thing.arm(1_000)
    await durable.clock.advance(seconds=5)
    assert [count for _, count in runs(durable, thing)] == [0, 1]
    await durable.restart()
    assert runs(durable, thing)[2:] == [(5_000, 0)]


async def test_earlier_alarm_set_between_two_tries_runs_at_the_retry(durable: Any, thing: Any) -> None:
    # DO-7.6.T2.1
    await thing.plan("fail")
    await thing.arm(1_000)
    await durable.clock.advance("1.1s")
    await thing.arm(600)
    await durable.clock.advance(minutes=5)
    first, second = runs(durable, thing)
    assert first == (1_000, 0)
    assert 3_000 <= second[0] <= 3_500
    assert second[1] == 1


async def test_later_alarm_set_between_two_tries_cancels_the_retry(durable: Any, thing: Any) -> None:
    # DO-7.6.T2.2
    await thing.plan("fail")
    await thing.arm(1_000)
    await durable.clock.advance("1.1s")
    await thing.arm(30_000)
    await durable.clock.advance(minutes=5)
    assert runs(durable, thing) == [(1_000, 0), (31_100, 0)]


async def test_alarm_deleted_between_two_tries_never_runs_again(durable: Any, thing: Any) -> None:
    # DO-7.6.T2.3
    await thing.plan("fail")
    await thing.arm(1_000)
    await durable.clock.advance("1.1s")
    await thing.disarm()
    await durable.clock.advance(minutes=5)
    assert runs(durable, thing) == [(1_000, 0)]


# Restart, crash, downtime


@pytest.mark.parametrize("crash", [False, True], ids=["restart", "crash"])
async def test_alarm_survives_the_end_of_the_process(durable: Any, thing: Any, crash: bool) -> None:
    # DO-8.3.P
    await thing.arm(60_000)
    await durable.restart(crash=crash)
    durable.assert_alarm(thing, after=60)
    await durable.clock.advance(minutes=5)
    assert runs(durable, thing) == [(60_000, 0)]


@pytest.mark.parametrize("crash", [False, True], ids=["restart", "crash"])
async def test_overdue_alarm_runs_once_and_late_at_the_start(durable: Any, thing: Any, crash: bool) -> None:
    # DO-8.3.T1.1
    await thing.arm(60_000)
    await durable.restart(crash=crash, down_for=timedelta(days=3))
    assert runs(durable, thing) == [(3 * 86_400_000, 0)]
    assert [run[:3] for run in await thing.noted()] == [[START_MS + 3 * 86_400_000, START_MS + 60_000, 0]]


async def test_handler_cut_off_by_a_stop_runs_again_after_the_next_start(durable: Any, thing: Any) -> None:
    # DO-9.9.4
    await thing.plan("wait", "succeed")
    await thing.arm(1_000)
    await durable.clock.advance(seconds=2)
    await durable.restart()
    assert runs(durable, thing) == [(1_000, 0), (2_000, 0)]
    assert await thing.get("waited") is UNDEFINED
    assert durable.alarms() == []


async def test_handler_cut_off_by_a_crash_runs_again_after_the_next_start(durable: Any, thing: Any) -> None:
    # DO-9.9.4
    await thing.plan("wait", "succeed")
    await thing.arm(1_000)
    await durable.clock.advance(seconds=2)
    await durable.restart(crash=True)
    assert runs(durable, thing) == [(1_000, 0), (2_000, 0)]


async def test_metadata_has_one_row_for_each_alarm(durable: Any, fresh: Any) -> None:
    # DO-8.1.T1.1 DO-8.1.T1.2 DO-8.1.T1.3 DO-8.2.1
    first, second = fresh("first"), fresh("second")
    await first.arm(1_000)
    await second.arm(60_000)
    told = [(alarm.id, alarm.name, alarm.due) for alarm in durable.alarms()]
    now = durable.clock.now()
    assert told == [
        (first.id.hex, "first", now + timedelta(seconds=1)),
        (second.id.hex, "second", now + timedelta(minutes=1)),
    ]
    await durable.clock.advance(seconds=1)
    assert [alarm.name for alarm in durable.alarms()] == ["second"]


async def test_run_until_idle_runs_retries_too(durable: Any, thing: Any) -> None:
    # DO-7.6.2
    await thing.plan("fail", "fail")
    await thing.arm(60_000)
    await durable.clock.run_until_idle()
    assert [count for _, count in runs(durable, thing)] == [0, 1, 2]


async def test_waiting_call_and_alarm_share_one_clock(durable: Any, thing: Any) -> None:
    # DO-7.3.1
    await thing.arm(1_000)
    await asyncio.sleep(2)
    assert runs(durable, thing) == [(1_000, 0)]
