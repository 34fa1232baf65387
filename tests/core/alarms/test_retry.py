"""The bookkeeping of retries: values in, decision out."""

from itertools import accumulate

import pytest

from pytest_durable._core.alarms.retry import GiveUp, RetryState, RunAgain, after_failure

SECOND = 1_000_000_000


def no_jitter(_bound_ms: int) -> int:
    return 0


def full_jitter(bound_ms: int) -> int:
    return bound_ms


def decisions(counts: list[bool], jitter=no_jitter) -> list[RunAgain | GiveUp]:
    """What is decided after each of several failures of one alarm."""
    state, found = RetryState(), []
    for counted in counts:
        step = after_failure(state, counts=counted, jitter=jitter)
        found.append(step)
        if isinstance(step, GiveUp):
            break
        state = step.state
    return found


def delays(counts: list[bool], jitter=no_jitter) -> list[float]:
    return [step.delay_ns / SECOND for step in decisions(counts, jitter) if isinstance(step, RunAgain)]


def test_counted_failures_are_retried_after_2_4_8_16_32_and_64_seconds():
    # DO-7.6.T1.1
    assert delays([True] * 7) == [2, 4, 8, 16, 32, 64]


def test_seventh_counted_failure_ends_the_alarm():
    # DO-7.6.2
    steps = decisions([True] * 7)
    assert [type(step) for step in steps] == [RunAgain] * 6 + [GiveUp]


def test_retry_count_is_the_number_of_counted_failures():
    # DO-7.6.T1.3
    steps = decisions([True, False, False, True])
    assert [step.state.counted for step in steps if isinstance(step, RunAgain)] == [1, 1, 1, 2]


def test_memory_of_an_alarm_begins_empty():
    # DO-7.6.P
    assert RetryState() == RetryState(counted=0, backoff=0, previous_counted=False)


def test_jitter_adds_up_to_a_quarter_of_the_delay_in_whole_milliseconds():
    # DO-7.6.2
    assert delays([True] * 6, full_jitter) == [2.5, 5, 10, 20, 40, 80]


def test_jitter_is_drawn_below_a_quarter_of_the_delay():
    bounds = []

    def note(bound_ms: int) -> int:
        bounds.append(bound_ms)
        return 1

    assert delays([True] * 3, note) == [2.001, 4.001, 8.001]
    assert bounds == [500, 1000, 2000]


def test_uncounted_failures_back_off_to_1024_seconds_and_are_retried_for_ever():
    # DO-7.6.T1.4
    found = delays([False] * 100)
    assert found[:11] == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024]
    assert found[11:] == [1024] * 89


def test_first_counted_failure_after_uncounted_ones_begins_with_the_shortest_delay():
    # DO-7.6.2
    assert delays([False, False, False, True, True]) == [2, 4, 8, 2, 4]


def test_uncounted_failure_after_counted_ones_goes_on_with_the_longer_delay():
    # DO-7.6.2
    assert delays([True, True, False, True]) == [2, 4, 8, 2]


def test_uncounted_failure_ends_an_alarm_that_has_six_counted_ones():
    # DO-7.6.2: the limit is looked at before the failure is.
    assert after_failure(RetryState(counted=6, backoff=6), counts=False, jitter=no_jitter) == GiveUp()


@pytest.mark.parametrize("counted", range(6))
def test_fewer_than_six_counted_failures_never_end_an_alarm(counted):
    assert isinstance(after_failure(RetryState(counted=counted), counts=True, jitter=no_jitter), RunAgain)


def test_all_retries_together_take_between_126_and_157_5_seconds():
    # DO-7.6.T1.2: observed were 141.7 s.
    assert list(accumulate(delays([True] * 6)))[-1] == 126
    assert list(accumulate(delays([True] * 6, full_jitter)))[-1] == 157.5
