"""Time in the process is the time of the test, and passes only when the test says so."""

import itertools

import pytest

from pytest_durable.errors import WorkerdBusyError
from support.workerd import HOUR, MS, SECOND, START_MS


def test_the_clock_shows_the_time_of_the_test(machine):
    assert machine.call("now") == START_MS
    machine.advance(90 * MS)
    assert machine.call("now") == START_MS + 90


def test_time_in_sql_is_the_time_of_the_test(machine):
    machine.advance(HOUR)
    assert machine.call("sqlNow") == START_MS // 1000 + 3600


def test_an_alarm_runs_at_the_very_instant_it_was_set_for(machine):
    due_ms = machine.call("remind", 3_600_000)
    machine.advance(HOUR - MS)
    assert machine.call("runs") == []
    machine.advance(MS)
    assert machine.call("runs") == [due_ms]


def test_a_journey_stops_when_an_alarm_has_run(machine):
    machine.call("remind", 3_600_000)
    progress = machine.conversation.travel(2 * HOUR)
    assert (progress.travelled_ns, progress.has_spoken) == (HOUR, True)
    assert machine.now_ms == START_MS + 3_600_000


def test_alarms_run_in_the_order_of_their_time(machine):
    machine.call("remind", 2_000, name="late")
    machine.call("remind", 1_000, name="early")
    machine.advance(HOUR)
    assert [at for at, _ in machine.alarm_runs()] == [START_MS + 1_000, START_MS + 2_000]


def test_an_alarm_that_throws_runs_seven_times(machine):
    due_ms = machine.call("remind", 1_000, 99)
    machine.advance(HOUR)
    runs = machine.call("allRuns")
    assert [retry for _, retry in runs] == [0, 1, 2, 3, 4, 5, 6]
    instants = [at for at, _ in runs]
    assert instants[0] == due_ms
    assert [(at, "exception") for at in instants] == machine.alarm_runs()
    # Two seconds, doubled each time, and up to a quarter more by chance.
    for retry, (earlier, later) in enumerate(itertools.pairwise(instants), start=1):
        assert 1_000 << retry <= later - earlier <= 1_250 << retry


def test_an_alarm_that_was_passed_over_at_once_runs_late(machine):
    machine.call("remind", 1_000)
    machine.conversation.jump(HOUR)
    assert machine.call("runs") == [START_MS + 3_600_000]


def test_an_idle_object_is_evicted_after_ten_seconds(machine):
    machine.call("now")
    machine.advance(9 * SECOND)
    assert machine.call("builtWhen") == START_MS
    machine.advance(11 * SECOND)
    assert machine.call("builtWhen") == START_MS + 20_000


def test_a_call_that_waits_returns_when_its_time_has_come(machine):
    pending = machine.begin("waitFor", 3_600_000)
    machine.conversation.settle()
    assert not pending.is_over
    machine.conversation.travel(None)
    assert pending.outcome.value == START_MS + 3_600_000
    assert machine.now_ms == START_MS + 3_600_000


def test_calls_that_wait_run_at_the_same_time(machine):
    first = machine.begin("waitFor", 2_000, name="a")
    second = machine.begin("waitFor", 1_000, name="b")
    machine.advance(2 * SECOND)
    assert [first.outcome.value, second.outcome.value] == [START_MS + 2_000, START_MS + 1_000]


def test_a_call_that_nothing_can_end_leaves_the_process_at_rest(machine):
    pending = machine.begin("waitForEver")
    machine.conversation.settle()
    progress = machine.conversation.travel(None, 1_000)
    assert (pending.is_over, progress.steps) == (False, 1_000)


def test_code_that_never_yields_is_an_error_that_names_the_limit(machine):
    machine.conversation.real_seconds_max = 0.1
    machine.begin("spin")
    with pytest.raises(WorkerdBusyError, match=r"not come to rest within 0\.1 s of real time\.\n\n1 requests are in"):
        machine.conversation.settle()


def test_the_wall_clock_can_be_set_without_time_passing(machine):
    pending = machine.begin("waitFor", 1_000)
    machine.conversation.settle()
    machine.conversation.set_wall((START_MS + 5_000) * MS)
    assert not pending.is_over
    assert machine.call("now", name="b") == START_MS + 5_000
    machine.advance(SECOND)
    assert pending.outcome.value == START_MS + 6_000


def test_the_wall_clock_can_be_set_back(machine):
    machine.conversation.set_wall((START_MS - 5_000) * MS)
    assert machine.call("now") == START_MS - 5_000


def test_an_alarm_a_month_away_runs_at_its_instant(machine):
    due_ms = machine.call("remind", 30 * 24 * 3_600_000)
    machine.advance(30 * 24 * HOUR)
    assert machine.alarm_runs() == [(due_ms, "ok")]


def test_a_journey_longer_than_one_order_goes_on(machine):
    machine.call("remind", 90 * 24 * 3_600_000)
    progress = machine.conversation.travel(None)
    assert (progress.travelled_ns, progress.has_spoken) == (90 * 24 * HOUR, True)
    assert progress.steps > 100_000
