"""What the claims refuse, whatever the host has to say; and what all their messages have in common."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import get_args

import pytest

from pytest_durable._core.errors import ConfigurationError, DurationError, NaiveDatetimeError
from pytest_durable._core.runtime import App
from pytest_durable._instruments.report import Page
from support.claims import Counter, Host, counter, misuse, on_host

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("given", "actual"),
    [
        ({}, "none of them"),
        ({"tolerance": 5}, "none of them"),
        ({"after": 1, "within": 1}, "after and within"),
        ({"at": datetime(2030, 1, 1), "after": 0}, "at and after"),
    ],
    ids=["none", "only a tolerance", "two lengths", "an instant and a length"],
)
@on_host()
async def test_exactly_one_due_time_is_expected(durable, given, actual):
    stub = counter(durable)

    with misuse(
        ConfigurationError,
        f"""
        assert_alarm() takes exactly one of at, after and within.

          expected  at=datetime, after=seconds or within=seconds
          actual    {actual}

        Say when the alarm is to be due:  durable.assert_alarm(stub, after=60)
        """,
    ):
        durable.assert_alarm(stub, **given)


@on_host()
async def test_a_naive_datetime_is_refused(durable):
    stub = counter(durable)

    with misuse(
        NaiveDatetimeError,
        """
        A datetime without a time zone is not an instant: datetime.datetime(2030, 1, 1, 0, 0).

        Say which zone, for example  datetime(2030, 1, 1, tzinfo=timezone.utc)
        """,
    ):
        durable.assert_alarm(stub, at=datetime(2030, 1, 1))


@on_host()
async def test_an_instant_is_a_datetime(durable):
    stub = counter(durable)

    with misuse(
        ConfigurationError,
        """
        at is an aware datetime, not 1893456000.

        For a distance from now:  after=60
        """,
    ):
        durable.assert_alarm(stub, at=1_893_456_000)


@pytest.mark.parametrize("length", [float("nan"), float("inf"), True, [], "5"], ids=repr)
@pytest.mark.parametrize("name", ["after", "within"])
@on_host()
async def test_a_length_of_time_is_a_finite_number_or_a_timedelta(durable, name, length):
    stub = counter(durable)

    with pytest.raises(DurationError):
        durable.assert_alarm(stub, **{name: length})


@on_host()
async def test_a_tolerance_is_not_negative(durable):
    stub = counter(durable)

    with misuse(ConfigurationError, "A tolerance is not negative: -1.\n\nLeave it out for none."):
        durable.assert_alarm(stub, after=1, tolerance=-1)


@pytest.mark.parametrize("times", [-1, 1.0, True, "1"], ids=repr)
@on_host()
async def test_times_is_a_number_from_zero_on(durable, times):
    stub = counter(durable)

    with misuse(
        ConfigurationError,
        f"""
        times is a number of runs from 0 on, not {times!r}.

        Leave it out for any number.
        """,
    ):
        durable.assert_alarm_ran(stub, times=times)


@on_host()
async def test_an_unknown_outcome_is_refused(durable):
    stub = counter(durable)

    with misuse(
        ConfigurationError,
        """
        There is no outcome 'good'.

          known  'ok', 'failed'

        Leave it out to count all runs.
        """,
    ):
        durable.assert_alarm_ran(stub, outcome="good")


@pytest.mark.parametrize("claim", ["assert_alarm", "assert_no_alarm", "assert_alarm_ran", "assert_stored"])
@on_host()
async def test_a_name_is_no_stub(durable, claim):
    expected = ({},) if claim == "assert_stored" else ()

    with misuse(
        ConfigurationError,
        f"""
        {claim}() takes a stub, not 'alice'.

        Take one from the namespace:  durable.{claim}(namespace.get_by_name("…"), …)
        """,
    ):
        getattr(durable, claim)("alice", *expected)


@on_host()
async def test_a_stub_of_another_host_is_refused(durable):
    other = Host(app=App(surface="neutral"), storage="memory", world=durable.world)
    stub = counter(other)

    with misuse(
        ConfigurationError,
        f"""
        assert_no_alarm(): <stub of COUNTER["a"]> belongs to another host.

          asked     {durable!r}
          owner     {other!r}

        Ask the host that the namespace was declared on.
        """,
    ):
        durable.assert_no_alarm(stub)
    with pytest.raises(ConfigurationError, match="belongs to another host"):
        durable.assert_object_count(other.namespace(Counter, binding="C", unique_key="c"), 0)
    other.close()


@pytest.mark.parametrize(
    "claim",
    [
        lambda durable, stub: durable.assert_no_alarm(stub),
        lambda durable, stub: durable.assert_alarm_ran(stub, times=1),
        lambda durable, stub: durable.assert_stored(stub, {}),
        lambda durable, stub: durable.assert_object_count(stub._durable_namespace, 1),
        lambda durable, stub: durable.assert_file_count(stub._durable_namespace, 1),
    ],
    ids=["no alarm", "ran", "stored", "objects", "files"],
)
@on_host()
async def test_an_assertion_that_failed_in_an_object_is_raised_by_the_next_claim(durable, claim):
    async def alarm(self, info):
        raise AssertionError("wrong")

    stub = counter(durable, alarm=alarm)
    await stub.arm(1)
    await asyncio.sleep(1)  # unlike a move of the clock, it does not look at what failed

    with pytest.raises(AssertionError, match="wrong"):
        claim(durable, stub)


def test_frames_of_a_claim_are_hidden_from_the_traceback(pytester):
    pytester.makepyfile(
        test_it="""
        from support.claims import counter, on_host

        @on_host()
        async def test_claim(durable):
            durable.assert_alarm(counter(durable), after=5)
        """
    )
    result = pytester.runpytest_subprocess(
        "-p", "no:randomly", "-p", "no:cacheprovider", "-o", f"pythonpath={ROOT} {ROOT / 'tests'}"
    )

    assert "_instruments" not in result.stdout.str()
    result.stdout.fnmatch_lines(['E*AssertionError: COUNTER?"a"? has no alarm: expected one due in 5.000 s, saw none.'])


@pytest.mark.parametrize("page", get_args(Page))
def test_every_page_that_a_message_names_exists(page):
    assert (ROOT / page).is_file()
