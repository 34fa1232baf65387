"""``assert_alarm_ran``: what it counts, and what it says."""

import asyncio
from pathlib import Path

import pytest

from pytest_durable._hosts.durations import instant_ns
from pytest_durable.events import AlarmFinished, AlarmRetried
from support.alarms import scheduler_of
from support.claims import counter, fails_with, on_host

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "assertions.md"


@pytest.mark.parametrize("expected", [{}, {"times": 1}, {"outcome": "ok"}, {"times": 0, "outcome": "failed"}], ids=repr)
@on_host()
async def test_a_run_that_succeeds_counts(durable, expected):
    stub = counter(durable)
    await stub.arm(5)
    await durable.clock.advance(seconds=5)

    durable.assert_alarm_ran(stub, **expected)


@pytest.mark.parametrize(
    "expected", [{}, {"times": 3}, {"times": 2, "outcome": "failed"}, {"times": 1, "outcome": "ok"}], ids=repr
)
@on_host()
async def test_failed_runs_count_too(durable, expected):
    stub = counter(durable, failures=2)
    await stub.arm(5)
    await durable.clock.run_until_idle()

    durable.assert_alarm_ran(stub, **expected)


@on_host()
async def test_no_run_can_be_claimed(durable):
    stub = counter(durable)
    await stub.arm(5)

    durable.assert_alarm_ran(stub, times=0)


@on_host(storage="disk")
async def test_runs_of_earlier_lives_count(durable):
    stub = counter(durable)
    for _ in range(2):
        await stub.arm(5)
        await durable.clock.advance(seconds=5)
        await durable.restart()

    durable.assert_alarm_ran(stub, times=2)


@on_host(storage="disk")
async def test_a_run_that_a_crash_cuts_off_does_not_count(durable):
    async def alarm(self, info):
        await asyncio.sleep(60)

    stub = counter(durable, alarm=alarm)
    await stub.arm(5)
    await durable.clock.advance(seconds=5)
    await durable.crash()

    durable.assert_alarm_ran(stub, times=0)


@on_host()
async def test_a_delivery_that_runs_no_handler_does_not_count(durable):
    stub = counter(durable)
    await stub.arm(60)
    # The scheduler fires too early, as after a crash between its row and the object's commit.
    due_ns = instant_ns(durable.clock.now()) + 5_000_000_000
    scheduler_of(durable.namespaces[0]).set(stub.id.hex, due_ns, stub.name)
    await durable.clock.advance(seconds=10)

    assert [run.ran for run in durable.journal.of(AlarmFinished)] == [False]
    durable.assert_alarm_ran(stub, times=0)


@on_host()
async def test_runs_of_other_objects_do_not_count(durable):
    stub = counter(durable)
    other = stub._durable_namespace.get_by_name("b")
    await other.arm(5)
    await durable.clock.advance(seconds=5)

    durable.assert_alarm_ran(stub, times=0)


# -- what it says


@on_host()
async def test_the_message_about_an_alarm_that_the_clock_has_not_reached(durable):
    stub = counter(durable)
    await stub.arm(300)
    await durable.clock.advance("1ms")

    with fails_with("""
        The alarm of COUNTER["a"] has not run: expected 1 run, saw 0.

          due     00:05:00.000, in 299.999 s
          clock   00:00:00.001

        The clock has not reached it. Move it:  await durable.clock.advance(minutes=5)
        See docs/how-to/alarms.md
    """):
        durable.assert_alarm_ran(stub, times=1)


@on_host()
async def test_the_reference_shows_the_message_as_it_is(durable):
    stub = counter(durable)
    await stub.arm(300)
    await durable.clock.advance("1ms")

    with pytest.raises(AssertionError) as caught:
        durable.assert_alarm_ran(stub, times=1)

    assert str(caught.value) in PAGE.read_text(encoding="utf-8")


@on_host()
async def test_the_message_about_an_alarm_that_is_due_but_has_had_no_turn(durable):
    stub = counter(durable)
    await stub.arm(0)

    with fails_with("""
        The alarm of COUNTER["a"] has not run: expected at least 1 run, saw 0.

          due     00:00:00.000, now
          clock   00:00:00.000

          00:00:00.000  life 1 of the process began
          00:00:00.000  instance of Counter built
          00:00:00.000  call of arm() began
          00:00:00.000  alarm set for 00:00:00.000
          00:00:00.000  committed
          00:00:00.000  call of arm() ended

        It is due, but nothing has run since it was set. Let it run:  await durable.settle()
        See docs/how-to/alarms.md
    """):
        durable.assert_alarm_ran(stub)


@on_host()
async def test_the_message_about_an_alarm_that_waits_for_its_next_try(durable):
    stub = counter(durable, failures=1)
    await stub.arm(10)
    await durable.clock.advance(seconds=10)
    delay = durable.journal.of(AlarmRetried)[0].delay_ns / 1e9

    with fails_with(f"""
        The alarm of COUNTER["a"] has not succeeded: expected 1 good run, saw 0 and 1 failed.

          due     00:00:10.000, now
          state   retrying after 1 failure, next try in {delay:.3f} s
          clock   00:00:10.000

          … 1 earlier
          00:00:00.000  instance of Counter built
          00:00:00.000  call of arm() began
          00:00:00.000  alarm set for 00:00:10.000
          00:00:00.000  committed
          00:00:00.000  call of arm() ended
          00:00:10.000  alarm came due
          00:00:10.000  alarm handler failed: ValueError: no connection
          00:00:10.000  alarm will be tried again in {delay:.3f} s

        It failed and waits for its next try. Let it come:  await durable.clock.advance(seconds=3)
        See docs/how-to/alarms.md
    """):
        durable.assert_alarm_ran(stub, times=1, outcome="ok")


@on_host()
async def test_the_message_about_too_few_runs(durable):
    stub = counter(durable)
    await stub.arm(5)
    await durable.clock.advance(seconds=6)

    with fails_with("""
        The alarm of COUNTER["a"] ran once: expected 2 runs, saw 1.

          clock   00:00:06.000

          … 2 earlier
          00:00:00.000  call of arm() began
          00:00:00.000  alarm set for 00:00:05.000
          00:00:00.000  committed
          00:00:00.000  call of arm() ended
          00:00:05.000  alarm came due
          00:00:05.000  committed
          00:00:05.000  alarm row deleted
          00:00:05.000  alarm handler ended

        No further run is due. If that is right:  durable.assert_alarm_ran(stub, times=1)
        See docs/how-to/alarms.md
    """):
        durable.assert_alarm_ran(stub, times=2)


@on_host()
async def test_the_message_about_too_many_runs(durable):
    stub = counter(durable)
    for _ in range(2):
        await stub.arm(1)
        await durable.clock.advance(seconds=1)

    with fails_with("""
        The alarm of COUNTER["a"] ran 2 times: expected 1 run, saw 2.

          clock   00:00:02.000

          … 10 earlier
          00:00:01.000  call of arm() began
          00:00:01.000  alarm set for 00:00:02.000
          00:00:01.000  committed
          00:00:01.000  call of arm() ended
          00:00:02.000  alarm came due
          00:00:02.000  committed
          00:00:02.000  alarm row deleted
          00:00:02.000  alarm handler ended

        Each run has its line above. If all of them are wanted:  durable.assert_alarm_ran(stub, times=2)
        See docs/how-to/alarms.md
    """):
        durable.assert_alarm_ran(stub, times=1)


@pytest.mark.parametrize(
    ("expected", "first", "advice"),
    [
        (
            {"times": 1},
            "ran 2 times: expected 1 run, saw 2.",
            "Failed runs count too. To count the good ones alone:  "
            'durable.assert_alarm_ran(stub, times=1, outcome="ok")',
        ),
        (
            {"times": 0, "outcome": "failed"},
            "failed once: expected 0 failed runs, saw 1 and 1 good.",
            "Each run has its line above. If all of them are wanted:  "
            'durable.assert_alarm_ran(stub, times=1, outcome="failed")',
        ),
        (
            {"times": 2, "outcome": "ok"},
            "succeeded once: expected 2 good runs, saw 1 and 1 failed.",
            "It has run, but ended the other way. To claim that:  "
            'durable.assert_alarm_ran(stub, times=1, outcome="failed")',
        ),
    ],
    ids=["too many", "too many failed", "too few good"],
)
@on_host()
async def test_the_message_about_a_failed_and_a_good_run(durable, expected, first, advice):
    stub = counter(durable, failures=1)
    await stub.arm(5)
    await durable.clock.run_until_idle()

    with pytest.raises(AssertionError) as caught:
        durable.assert_alarm_ran(stub, **expected)

    lines = str(caught.value).splitlines()
    assert (lines[0], lines[-2]) == (f'The alarm of COUNTER["a"] {first}', advice)


@on_host()
async def test_the_message_about_runs_that_only_failed(durable):
    stub = counter(durable, failures=99)
    await stub.arm(5)
    await durable.clock.run_until_idle()

    with pytest.raises(AssertionError) as caught:
        durable.assert_alarm_ran(stub, times=1, outcome="ok")

    lines = str(caught.value).splitlines()
    assert (lines[0], lines[-2]) == (
        'The alarm of COUNTER["a"] has not succeeded: expected 1 good run, saw 0 and 7 failed.',
        "It has run, but ended the other way. To claim that:  "
        'durable.assert_alarm_ran(stub, times=7, outcome="failed")',
    )


@on_host(storage="disk")
async def test_the_message_about_a_host_that_is_down(durable):
    stub = counter(durable)
    await stub.arm(5)
    await durable.stop()
    await durable.clock.advance(seconds=6)

    with fails_with("""
        The alarm of COUNTER["a"] has not run: expected at least 1 run, saw 0.

          due     00:00:05.000, 1.000 s ago
          clock   00:00:06.000
          host    down

          00:00:00.000  life 1 of the process began
          00:00:00.000  instance of Counter built
          00:00:00.000  call of arm() began
          00:00:00.000  alarm set for 00:00:05.000
          00:00:00.000  committed
          00:00:00.000  call of arm() ended
          00:00:00.000  life 1 of the process stopped

        The host is down, and alarms run only while it is up. Start it:  await durable.start()
        See docs/how-to/restarts.md
    """):
        durable.assert_alarm_ran(stub)
