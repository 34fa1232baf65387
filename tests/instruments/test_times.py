import pytest

from pytest_durable._instruments.times import advance_call, as_length, as_utc, from_now, since_start

SECOND = 1_000_000_000
DAY = 86_400 * SECOND


@pytest.mark.parametrize(
    ("distance_ns", "text"),
    [
        (0, "00:00:00.000"),
        (300 * SECOND, "00:05:00.000"),
        (1_999_999, "00:00:00.001"),
        (DAY - 1, "23:59:59.999"),
        (3 * DAY + 61 * SECOND, "3d 00:01:01.000"),
        (-1_500_000_000, "-00:00:01.500"),
    ],
)
def test_an_instant_is_shown_as_time_since_the_start(distance_ns, text):
    assert since_start(distance_ns) == text


@pytest.mark.parametrize(
    ("distance_ns", "text"),
    [(299_999_000_000, "299.999 s"), (600 * SECOND, "600.000 s"), (-SECOND, "-1.000 s"), (1_000_000, "0.001 s")],
)
def test_a_distance_of_up_to_ten_minutes_is_shown_in_seconds_with_milliseconds(distance_ns, text):
    assert as_length(distance_ns) == text


@pytest.mark.parametrize(
    ("distance_ns", "text"),
    [
        (600 * SECOND + 1_000_000, "00:10:00.001"),
        (21 * 3_600 * SECOND, "21:00:00.000"),
        (-21 * 3_600 * SECOND, "-21:00:00.000"),
        (DAY, "1d 00:00:00.000"),
    ],
)
def test_a_longer_distance_is_shown_like_an_instant(distance_ns, text):
    assert as_length(distance_ns) == text


@pytest.mark.parametrize(
    ("distance_ns", "text"),
    [
        (299_999_000_000, "in 299.999 s"),
        (21 * 3_600 * SECOND, "in 21:00:00.000"),
        (-SECOND, "1.000 s ago"),
        (-DAY, "1d 00:00:00.000 ago"),
        (0, "now"),
    ],
)
def test_a_distance_from_now_says_on_which_side_it_is(distance_ns, text):
    assert from_now(distance_ns) == text


def test_an_absolute_instant_is_shown_in_utc_with_milliseconds():
    assert as_utc(1_893_456_300_000_000_000) == "2030-01-01T00:05:00.000Z"


@pytest.mark.parametrize(
    ("distance_ns", "arguments"),
    [
        (299_999_000_000, "minutes=5"),
        (1, "seconds=1"),
        (0, "seconds=1"),
        (90 * SECOND, "minutes=1, seconds=30"),
        (DAY + 3_600 * SECOND, "days=1, hours=1"),
    ],
)
def test_the_call_that_lets_a_distance_pass_rounds_up_to_whole_seconds(distance_ns, arguments):
    assert advance_call(distance_ns) == f"await durable.clock.advance({arguments})"
