"""What an object does with a delivery, and which record is written first: values in, decision out."""

import pytest

from pytest_durable._core.actor.alarm_turn import Cancel, RunHandler, decide, must_schedule_first

NOW = 1_000
DUE = 900


@pytest.mark.parametrize("is_clean", [True, False])
def test_alarm_whose_value_is_the_due_time_runs_with_deferred_delete(is_clean):
    # DO-7.5.T1.1
    assert decide(due_ns=DUE, local_ns=DUE, now_ns=NOW, is_clean=is_clean) == RunHandler(defer_delete=True)


@pytest.mark.parametrize("local_ns", [DUE - 1, DUE + 1, NOW - 1])
def test_alarm_with_another_past_value_runs_nevertheless_with_deferred_delete(local_ns):
    # DO-7.5.T1.2
    assert decide(due_ns=DUE, local_ns=local_ns, now_ns=NOW, is_clean=True) == RunHandler(defer_delete=True)


@pytest.mark.parametrize("local_ns", [NOW, NOW + 1])
def test_alarm_with_a_later_value_is_cancelled_and_rescheduled(local_ns):
    # DO-7.5.T1.3
    assert decide(due_ns=DUE, local_ns=local_ns, now_ns=NOW, is_clean=True) == Cancel(local_ns)


def test_alarm_of_an_object_without_one_is_cancelled_and_its_row_goes():
    # DO-7.5.T1.3
    assert decide(due_ns=DUE, local_ns=None, now_ns=NOW, is_clean=True) == Cancel(None)


def test_alarm_with_an_earlier_value_that_is_not_past_is_cancelled_and_rescheduled():
    # DO-7.5.T1.4
    assert decide(due_ns=2_000, local_ns=1_500, now_ns=NOW, is_clean=True) == Cancel(1_500)


@pytest.mark.parametrize("local_ns", [None, DUE - 1, DUE + 1, NOW + 1])
def test_alarm_that_meets_an_uncommitted_change_runs_without_deferred_delete(local_ns):
    # DO-7.5.T1.5
    assert decide(due_ns=DUE, local_ns=local_ns, now_ns=NOW, is_clean=False) == RunHandler(defer_delete=False)


def test_row_is_written_first_when_an_alarm_appears():
    # DO-7.2.T2.1
    assert must_schedule_first(new_ns=DUE, scheduled_ns=None)


def test_row_is_written_first_when_an_alarm_moves_earlier():
    # DO-7.2.T2.1
    assert must_schedule_first(new_ns=DUE, scheduled_ns=DUE + 1)


@pytest.mark.parametrize("new_ns", [DUE + 1, None])
def test_row_waits_for_the_commit_when_an_alarm_moves_later_or_goes(new_ns):
    # DO-7.2.T2.2
    assert not must_schedule_first(new_ns=new_ns, scheduled_ns=DUE)


@pytest.mark.parametrize("same_ns", [DUE, None])
def test_row_is_not_written_when_nothing_changes(same_ns):
    # DO-7.2.T2.3
    assert not must_schedule_first(new_ns=same_ns, scheduled_ns=same_ns)
