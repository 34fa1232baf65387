"""Where asyncio's floats meet the clock's integers."""

from hypothesis import given
from hypothesis import strategies as st

from pytest_durable._core.clock.floats import nanoseconds

HUNDRED_YEARS_US = 100 * 365 * 86_400 * 10**6


@given(st.integers(0, HUNDRED_YEARS_US))
def test_whole_microseconds_survive_the_way_to_a_float_and_back(microseconds):
    assert nanoseconds(microseconds / 1e6) == microseconds * 1_000


@given(st.integers(0, HUNDRED_YEARS_US // 2), st.integers(0, HUNDRED_YEARS_US // 2))
def test_sum_of_floats_means_the_sum_of_whole_microseconds(now, delay):
    assert nanoseconds(now / 1e6 + delay / 1e6) == (now + delay) * 1_000


@given(st.integers(0, 86_400 * 10**9))
def test_single_nanoseconds_survive_within_a_day(instant):
    assert abs(nanoseconds(instant / 1e9) - instant) <= 1
