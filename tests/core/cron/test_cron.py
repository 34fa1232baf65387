"""Which times a schedule of the platform has (decisions 5.3). Cases are those of its own parser, in our own words."""

from datetime import UTC, datetime
from itertools import islice

import pytest

from pytest_durable._core.cron import Cron, CronError


def times(text: str, after: str, count: int) -> list[str]:
    """The first times after an instant, to the minute."""
    cron = Cron(text)
    instant: int | None = int(datetime.fromisoformat(after).replace(tzinfo=UTC).timestamp()) * 1_000_000_000
    found = []
    for _ in islice(range(count), count):
        assert instant is not None
        instant = cron.next_after(instant)
        if instant is None:
            break
        found.append(datetime.fromtimestamp(instant // 1_000_000_000, UTC).isoformat(" ")[:16])
    return found


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("* * * * *", "2030-01-01 00:00", ["2030-01-01 00:01", "2030-01-01 00:02"]),
        ("0 * * * *", "2030-01-01 23:30", ["2030-01-02 00:00", "2030-01-02 01:00"]),
        ("*/15,30-59/10 0 * * *", "2020-01-01 00:15", ["2020-01-01 00:30", "2020-01-01 00:40", "2020-01-01 00:45"]),
        ("5/20 1 * * *", "2020-01-01 00:00", ["2020-01-01 01:05", "2020-01-01 01:25", "2020-01-01 01:45"]),
        ("59-0 23-0 1 1 *", "2019-12-31 23:59", ["2020-01-01 00:00", "2020-01-01 00:59", "2020-01-01 23:00"]),
        ("0 20-4/2 * * *", "2020-01-01 03:00", ["2020-01-01 04:00", "2020-01-01 20:00", "2020-01-01 22:00"]),
        ("0 0 * JAN SAT-SUN", "2020-01-01 00:00", ["2020-01-04 00:00", "2020-01-05 00:00", "2020-01-11 00:00"]),
        ("0 0 1 NOV-JAN *", "2020-01-02 00:00", ["2020-11-01 00:00", "2020-12-01 00:00", "2021-01-01 00:00"]),
        ("0 0 * * 1", "2020-01-01 00:00", ["2020-01-05 00:00"]),  # 1 is Sunday
        ("0 0 * * 7", "2020-01-01 00:00", ["2020-01-04 00:00"]),
        ("0 0 * * L", "2020-01-01 00:00", ["2020-01-04 00:00"]),  # the last day of the week
        ("0 0 * * mon", "2020-01-01 00:00", ["2020-01-06 00:00"]),
        ("0 0 L FEB *", "2020-01-01 00:00", ["2020-02-29 00:00", "2021-02-28 00:00"]),
        ("0 0 L-1 FEB *", "2020-01-01 00:00", ["2020-02-28 00:00", "2021-02-27 00:00"]),
        ("0 0 LW MAY *", "2020-01-01 00:00", ["2020-05-29 00:00", "2021-05-31 00:00"]),  # a Sunday, a Monday
        ("0 0 L-1W MAY *", "2020-01-01 00:00", ["2020-05-29 00:00", "2021-05-31 00:00"]),  # a Saturday, a Sunday
        ("0 0 L-30W * *", "2021-04-01 00:00", ["2021-05-03 00:00"]),  # the 1st is a Saturday
        ("0 0 L-28W FEB *", "2021-01-01 00:00", ["2024-02-01 00:00"]),  # there is no day 0
        ("0 0 1W MAY *", "2020-01-01 00:00", ["2020-05-01 00:00", "2021-05-03 00:00", "2022-05-02 00:00"]),
        ("0 0 31W 5 *", "2020-01-01 00:00", ["2020-05-29 00:00", "2021-05-31 00:00"]),
        ("0 0 15W * *", "2020-02-01 00:00", ["2020-02-14 00:00", "2020-03-16 00:00"]),
        ("0 0 * * 7L", "2020-01-01 00:00", ["2020-01-25 00:00", "2020-02-29 00:00"]),
        ("0 0 * * FRIL", "2020-01-01 00:00", ["2020-01-31 00:00", "2020-02-28 00:00"]),
        ("0 0 * * SAT#5", "2020-01-01 00:00", ["2020-02-29 00:00", "2020-05-30 00:00"]),
        ("0 0 * * 6#2", "2020-01-01 00:00", ["2020-01-10 00:00", "2020-02-14 00:00"]),
        ("0 0 13 * FRI", "2020-03-07 00:00", ["2020-03-13 00:00", "2020-03-20 00:00"]),  # either of the two
        ("0 0 29 2 *", "2096-03-01 00:00", ["2104-02-29 00:00"]),  # 2100 is no leap year
        ("0 0 31 2 *", "2020-01-01 00:00", []),
    ],
)
def test_schedule_has_these_times(text: str, after: str, expected: list[str]) -> None:
    assert times(text, after, max(len(expected), 1)) == expected


def test_seconds_within_a_minute_do_not_bring_it_back() -> None:
    in_the_minute_ns = 30 * 1_000_000_000 + 1

    assert Cron("* * * * *").next_after(in_the_minute_ns) == 60 * 1_000_000_000
    assert Cron("* * * * *").next_after(60 * 1_000_000_000) == 120 * 1_000_000_000


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("60 * * * *", "'60' is no minute: numbers from 0 to 59"),
        ("* 24 * * *", "'24' is no hour: numbers from 0 to 23"),
        ("* * 0 * *", "'0' is no day of the month: numbers from 1 to 31"),
        ("* * * 13 *", "'13' is no month: numbers from 1 to 12 or JAN-DEC"),
        ("* * * * 0", "'0' is no weekday: numbers from 1 to 7 or SUN-SAT"),
        ("* * * * 8", "'8' is no weekday: numbers from 1 to 7 or SUN-SAT"),
        ("*/0 * * * *", "'*/0' is no minute: numbers from 0 to 59"),
        ("*/60 * * * *", "'*/60' is no minute: numbers from 0 to 59"),
        ("*-5 * * * *", "'*-5' is no minute: numbers from 0 to 59"),
        ("1,,2 * * * *", "'1,,2' is no minute: numbers from 0 to 59"),
        ("a * * * *", "'A' is no minute: numbers from 0 to 59"),
        ("L * * * *", "'L' is no minute: numbers from 0 to 59"),
        ("* * L-31 * *", "'L-31' is no day of the month: numbers from 1 to 31"),
        ("* * 32W * *", "'32W' is no day of the month: numbers from 1 to 31"),
        ("* * 1W,2 * *", "'1W,2' is no day of the month: numbers from 1 to 31"),
        ("* * * * FRI#6", "'FRI#6' is no weekday: numbers from 1 to 7 or SUN-SAT"),
        ("* * * * 0L", "'0L' is no weekday: numbers from 1 to 7 or SUN-SAT"),
        ("* * * *", "'* * * *' has 4 fields, not five: minute hour day month weekday"),
        ("", "'' has 0 fields, not five: minute hour day month weekday"),
    ],
)
def test_what_is_no_schedule_is_named(text: str, part: str) -> None:
    with pytest.raises(CronError) as caught:
        Cron(text)

    assert str(caught.value) == part


def test_schedules_are_equal_if_their_texts_are() -> None:
    assert Cron("* * * * *") == Cron("* * * * *")
    assert len({Cron("* * * * *"), Cron("* * * * *"), Cron("0 * * * *")}) == 2
    assert repr(Cron("0 * * * *")) == "Cron('0 * * * *')"
