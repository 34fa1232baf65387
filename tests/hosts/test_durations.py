"""Lengths of time and instants as tests write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_durable._core.errors import DurationError, NaiveDatetimeError
from pytest_durable._hosts.durations import duration_ns, instant, instant_ns, units_ns

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90 * SECOND),
        ("1h30m", 5400 * SECOND),
        ("30m1h", 5400 * SECOND),
        ("1h 30m", 5400 * SECOND),
        (" 2d ", 2 * 86_400 * SECOND),
        ("1w", 7 * 86_400 * SECOND),
        ("250ms", SECOND // 4),
        ("10us", 10_000),
        ("1.5h", 5400 * SECOND),
        ("0.1s", SECOND // 10),
        ("0s", 0),
        ("-5s", -5 * SECOND),
    ],
)
def test_text_with_units_is_a_duration(text, expected):
    assert duration_ns(text) == expected


@pytest.mark.parametrize("text", ["", "90", "s", "90 seconds", "1h30", "1,5h", "ten s", "1h-5m", "5S", "--5s", "1e3s"])
def test_other_text_is_not_a_duration(text):
    with pytest.raises(DurationError) as caught:
        duration_ns(text)
    assert str(caught.value).splitlines()[0] == f"Not a length of time: {text!r}."


def test_number_without_a_unit_is_not_a_duration():
    with pytest.raises(DurationError) as caught:
        duration_ns(90)
    assert str(caught.value).splitlines() == [
        "A length of time needs a unit, and 90 has none.",
        "",
        'Say which:  advance(seconds=90), advance("90s"), restart(down_for="90s")',
        "Only claims take plain numbers, of seconds:  assert_alarm(stub, after=60)",
    ]


def test_timedelta_is_a_duration():
    assert duration_ns(timedelta(days=1, microseconds=1)) == 86_400 * SECOND + 1_000


def test_amounts_of_units_add_up():
    assert units_ns(days=1, hours=1, minutes=1, seconds=1.5) == (86_400 + 3_600 + 60) * SECOND + 3 * SECOND // 2


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), "1"])
def test_amount_that_is_not_a_finite_number_is_refused(amount):
    with pytest.raises(DurationError):
        units_ns(seconds=amount)


@given(st.integers(0, 10**9))
def test_whole_seconds_are_exact_in_every_notation(seconds):
    expected = seconds * SECOND
    assert (
        duration_ns(f"{seconds}s") == duration_ns(timedelta(seconds=seconds)) == units_ns(seconds=seconds) == expected
    )


@given(st.datetimes(timezones=st.just(UTC)))
def test_instant_survives_the_way_to_nanoseconds_and_back(moment):
    assert instant(instant_ns(moment)) == moment


def test_instant_of_another_zone_is_the_same_instant():
    assert instant_ns(datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == 0


def test_naive_datetime_is_refused():
    with pytest.raises(NaiveDatetimeError, match="A datetime without a time zone is not an instant"):
        instant_ns(datetime(2030, 1, 1))


def test_instant_beyond_the_years_of_a_datetime_is_refused():
    with pytest.raises(DurationError, match="1 to 9999"):
        instant(10**21)
