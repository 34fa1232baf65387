"""``assert_alarm`` and ``assert_no_alarm``: what they accept, and what they say."""

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from pytest_durable.events import AlarmRetried, AlarmScheduled
from support.claims import Counter, counter, fails_with, on_host


def in_2030(**since_new_year):
    return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(**since_new_year)


@pytest.mark.parametrize(
    "expected",
    [
        {"after": 300},
        {"after": timedelta(minutes=5)},
        {"after": "5m"},
        {"at": in_2030(minutes=5)},
        {"at": in_2030(minutes=5).astimezone(tz=None)},
        {"within": 300},
        {"within": timedelta(days=1)},
        {"after": 290, "tolerance": 10},
        {"at": in_2030(minutes=6), "tolerance": "1m"},
        {"within": 299, "tolerance": 1},
    ],
    ids=repr,
)
@on_host()
async def test_an_alarm_due_as_expected_holds(durable, expected):
    stub = counter(durable)
    await stub.arm(300)

    durable.assert_alarm(stub, **expected)


@pytest.mark.parametrize("lost_ms", [0, 1])
@on_host()
async def test_one_lost_millisecond_is_allowed_for(durable, lost_ms):
    stub = counter(durable)
    await stub.arm(300 - lost_ms / 1000)

    durable.assert_alarm(stub, after=300)


@pytest.mark.parametrize(
    "expected",
    [{"after": 300}, {"at": in_2030(minutes=5)}, {"within": 300}, {"after": 299.999, "tolerance": 0.001}],
    ids=repr,
)
@on_host()
async def test_two_milliseconds_are_not(durable, expected):
    stub = counter(durable)
    await stub.arm(300.002)

    with pytest.raises(AssertionError, match="is due at another time"):
        durable.assert_alarm(stub, **expected)


@on_host()
async def test_after_counts_from_now(durable):
    stub = counter(durable)
    await stub.arm(300)
    await durable.clock.advance(seconds=100)

    durable.assert_alarm(stub, after=200)


@on_host()
async def test_an_overdue_alarm_is_within_any_time(durable):
    stub = counter(durable, failures=1)
    await stub.arm(10)
    await durable.clock.advance(seconds=11)

    durable.assert_alarm(stub, within=0)


@on_host()
async def test_an_alarm_that_is_retried_keeps_its_due_time(durable):
    stub = counter(durable, failures=1)
    await stub.arm(10)
    await durable.clock.advance(seconds=11)

    durable.assert_alarm(stub, at=in_2030(seconds=10))


@on_host(storage="disk")
async def test_the_alarm_of_a_stopped_host_is_the_one_on_the_disk(durable):
    stub = counter(durable)
    await stub.arm(300)
    await durable.stop()

    durable.assert_alarm(stub, after=300)


@on_host()
async def test_no_alarm_holds_before_one_is_set_and_after_it_has_run(durable):
    stub = counter(durable)
    durable.assert_no_alarm(stub)
    await stub.arm(1)
    await durable.clock.advance(seconds=1)

    durable.assert_no_alarm(stub)


@on_host()
async def test_a_claim_does_not_wake_the_object(durable):
    stub = counter(durable)

    durable.assert_no_alarm(stub)

    assert len(durable.journal.of(object=stub)) == 0


# -- what assert_alarm says


@on_host()
async def test_the_message_about_another_due_time(durable):
    stub = counter(durable)
    await stub.arm(300)
    await durable.clock.advance("1ms")

    with fails_with("""
        The alarm of COUNTER["a"] is due at another time: expected in 60.000 s, saw in 299.999 s.

          expected  00:01:00.001
          due       00:05:00.000, in 299.999 s
          clock     00:00:00.001

          00:00:00.000  life 1 of the process began
          00:00:00.000  instance of Counter built
          00:00:00.000  call of arm() began
          00:00:00.000  alarm set for 00:05:00.000
          00:00:00.000  committed
          00:00:00.000  call of arm() ended

        If that time is right, claim it:  durable.assert_alarm(stub, after=299.999)
        See docs/how-to/alarms.md
    """):
        durable.assert_alarm(stub, after=60)


@on_host()
async def test_the_message_about_another_instant(durable):
    stub = counter(durable)
    await stub.arm(86_400)

    with fails_with("""
        The alarm of COUNTER["a"] is due at another time: expected at 2030-01-01T00:06:00.000Z, give or take 1.000 s, \
saw at 2030-01-02T00:00:00.000Z.

          expected  00:06:00.000
          due       1d 00:00:00.000, in 1d 00:00:00.000
          clock     00:00:00.000

          00:00:00.000  life 1 of the process began
          00:00:00.000  instance of Counter built
          00:00:00.000  call of arm() began
          00:00:00.000  alarm set for 1d 00:00:00.000
          00:00:00.000  committed
          00:00:00.000  call of arm() ended

        If that time is right, claim it:  \
durable.assert_alarm(stub, at=datetime.fromisoformat("2030-01-02T00:00:00.000Z"))
        See docs/how-to/alarms.md
    """):
        durable.assert_alarm(stub, at=in_2030(minutes=6), tolerance=1)


@on_host()
async def test_the_message_about_an_alarm_that_is_not_within_the_time(durable):
    stub = counter(durable)
    await stub.arm(300)

    with fails_with("""
        The alarm of COUNTER["a"] is due at another time: expected within 60.000 s, saw in 300.000 s.

          expected  no later than 00:01:00.000
          due       00:05:00.000, in 300.000 s
          clock     00:00:00.000

          00:00:00.000  life 1 of the process began
          00:00:00.000  instance of Counter built
          00:00:00.000  call of arm() began
          00:00:00.000  alarm set for 00:05:00.000
          00:00:00.000  committed
          00:00:00.000  call of arm() ended

        If that time is right, claim it:  durable.assert_alarm(stub, within=300)
        See docs/how-to/alarms.md
    """):
        durable.assert_alarm(stub, within="1m")


@on_host()
async def test_the_message_about_an_object_that_was_never_called(durable):
    stub = counter(durable)

    with fails_with("""
        COUNTER["a"] has no alarm: expected one due in 60.000 s, saw none.

          clock   00:00:00.000

          00:00:00.000  life 1 of the process began

        The object has not been called, so nothing can have set an alarm. Call it:  await stub.method()
        See docs/how-to/alarms.md
    """):
        durable.assert_alarm(stub, after=60)


@on_host()
async def test_the_message_about_an_object_that_never_set_an_alarm(durable):
    stub = counter(durable)
    await stub.put("n", 1)

    with fails_with("""
        COUNTER["a"] has no alarm: expected one due within 60.000 s, saw none.

          clock   00:00:00.000

          00:00:00.000  life 1 of the process began
          00:00:00.000  instance of Counter built
          00:00:00.000  call of put() began
          00:00:00.000  committed 'n'
          00:00:00.000  call of put() ended

        The object has set no alarm. One minute from now is:  \
await self.ctx.storage.setAlarm(int(time.time() * 1000) + 60_000)
        See docs/how-to/alarms.md
    """):
        durable.assert_alarm(stub, within=60)


@on_host()
async def test_the_message_about_an_alarm_that_has_run(durable):
    stub = counter(durable)
    await stub.arm(5)
    await durable.clock.advance(seconds=6)

    with fails_with("""
        COUNTER["a"] has no alarm: expected one due at 2030-01-01T00:00:05.000Z, saw none.

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

        It has run already, at 00:00:05.000. To claim that:  durable.assert_alarm_ran(stub)
        See docs/how-to/alarms.md
    """):
        durable.assert_alarm(stub, at=in_2030(seconds=5))


@on_host()
async def test_the_message_about_seconds_handed_to_set_alarm(durable):
    stub = counter(durable)
    await stub.arm_at(1_893_456_300)  # seconds where milliseconds belong
    await durable.settle()

    with fails_with("""
        COUNTER["a"] has no alarm: expected one due in 300.000 s, saw none.

          clock   00:00:00.000

          … 2 earlier
          00:00:00.000  call of arm_at() began
          00:00:00.000  alarm set for 00:00:00.000
          00:00:00.000  committed
          00:00:00.000  call of arm_at() ended
          00:00:00.000  alarm came due
          00:00:00.000  committed
          00:00:00.000  alarm row deleted
          00:00:00.000  alarm handler ended

        The time that setAlarm was given was not in the future, so the alarm was set to now. setAlarm takes \
milliseconds since 1970, not seconds and not a distance:  \
await self.ctx.storage.setAlarm(int(time.time() * 1000) + 60_000)
        See docs/how-to/alarms.md
    """):
        durable.assert_alarm(stub, after=300)


@on_host()
@pytest.mark.parametrize(
    "given", [pytest.param(1_893_456_060, id="seconds"), pytest.param(60_000, id="distance"), pytest.param(1, id="one")]
)
async def test_the_message_about_a_pending_alarm_that_was_set_to_now(durable, given):
    stub = counter(durable)
    await stub.arm_at(given)

    with fails_with("""
        The alarm of COUNTER["a"] is due at another time: expected in 60.000 s, saw now.

          expected  00:01:00.000
          due       00:00:00.000, now
          clock     00:00:00.000

          00:00:00.000  life 1 of the process began
          00:00:00.000  instance of Counter built
          00:00:00.000  call of arm_at() began
          00:00:00.000  alarm set for 00:00:00.000
          00:00:00.000  committed
          00:00:00.000  call of arm_at() ended

        The time that setAlarm was given was not in the future, so the alarm was set to now. setAlarm takes \
milliseconds since 1970, not seconds and not a distance:  \
await self.ctx.storage.setAlarm(int(time.time() * 1000) + 60_000)
        See docs/how-to/alarms.md
    """):
        durable.assert_alarm(stub, after=60)


@on_host()
async def test_the_message_about_an_alarm_that_was_deleted(durable):
    stub = counter(durable)
    await stub.arm(5)
    await stub.disarm()

    with fails_with("""
        COUNTER["a"] has no alarm: expected one due in 5.000 s, saw none.

          clock   00:00:00.000

          … 2 earlier
          00:00:00.000  call of arm() began
          00:00:00.000  alarm set for 00:00:05.000
          00:00:00.000  committed
          00:00:00.000  call of arm() ended
          00:00:00.000  call of disarm() began
          00:00:00.000  committed
          00:00:00.000  alarm row deleted
          00:00:00.000  call of disarm() ended

        It was deleted after it had been set: look for deleteAlarm(), deleteAll(), and delete_all… in the test.
        See docs/how-to/alarms.md
    """):
        durable.assert_alarm(stub, after=5)


@on_host()
async def test_the_message_about_an_alarm_that_was_given_up(durable):
    stub = counter(durable, failures=99)
    await stub.arm(5)
    await durable.clock.run_until_idle()

    with pytest.raises(AssertionError) as caught:
        durable.assert_alarm(stub, after=5)

    assert str(caught.value).splitlines()[-4:] == [
        f"  {durable.clock.now():%H:%M:%S.%f}"[:-3] + "  alarm given up",
        "",
        "It failed too often and was given up; the errors are above. To claim that it failed:  "
        'durable.assert_alarm_ran(stub, outcome="failed")',
        "See docs/how-to/alarms.md",
    ]


@on_host()
async def test_the_message_about_a_turn_that_has_not_ended(durable):
    class Early(Counter):
        async def arm_and_claim(self):
            await self.ctx.storage.setAlarm(1_893_456_300_000)
            claim_in_the_middle()

    said = []

    def claim_in_the_middle():
        with pytest.raises(AssertionError) as caught:
            durable.assert_alarm(stub, after=300)
        said.extend(str(caught.value).splitlines())

    stub = durable.namespace(Early).get_by_name("a")
    await stub.arm_and_claim()

    assert said[0] == 'EARLY["a"] has no alarm: expected one due in 300.000 s, saw none.'
    assert said[-2] == ("It has written something that is not committed yet. Let its turn end:  await durable.settle()")


@on_host()
async def test_the_message_about_memory_that_a_restart_has_emptied(durable):
    stub = counter(durable)
    await stub.arm(300)
    await durable.restart()

    with fails_with("""
        COUNTER["a"] has no alarm: expected one due in 300.000 s, saw none.

          clock   00:00:00.000

          00:00:00.000  life 1 of the process began
          00:00:00.000  instance of Counter built
          00:00:00.000  call of arm() began
          00:00:00.000  alarm set for 00:05:00.000
          00:00:00.000  committed
          00:00:00.000  call of arm() ended
          00:00:00.000  life 1 of the process stopped
          00:00:00.000  life 2 of the process began

        Namespaces in memory are empty after a restart or crash. Keep the data on disk:  \
@pytest.mark.durable(storage="disk")
        See docs/how-to/restarts.md
    """):
        durable.assert_alarm(stub, after=300)


@on_host(storage="disk")
async def test_the_message_about_an_alarm_that_only_the_object_knows(durable):
    stub = counter(durable)
    await stub.arm(300)
    await durable.stop()
    await without_alarm_rows(durable)

    with fails_with("""
        COUNTER["a"] has no alarm: expected one due in 300.000 s, saw none.

          stored  00:05:00.000: the object's own record differs from the scheduler's
          clock   00:00:00.000

          00:00:00.000  life 1 of the process began
          00:00:00.000  instance of Counter built
          00:00:00.000  call of arm() began
          00:00:00.000  alarm set for 00:05:00.000
          00:00:00.000  committed
          00:00:00.000  call of arm() ended
          00:00:00.000  life 1 of the process stopped
          00:00:00.000  life 2 of the process began

        The object has recorded an alarm that the scheduler has lost, so it never runs. Set it to another time:  \
await self.ctx.storage.setAlarm(int(time.time() * 1000) + 60_000)
        See docs/how-to/restarts.md
    """):
        durable.assert_alarm(stub, after=300)


@on_host(storage="disk")
async def test_the_message_about_an_alarm_that_nobody_knows_any_more(durable):
    stub = counter(durable)
    await stub.arm(300)
    await durable.stop()
    for path in (durable.directory / "Counter").iterdir():
        path.unlink()
    await durable.start()

    with pytest.raises(AssertionError) as caught:
        durable.assert_alarm(stub, after=300)

    assert str(caught.value).splitlines()[-2:] == [
        "No line above says what became of it: its files were changed while no life had them.",
        "See docs/how-to/restarts.md",
    ]


@on_host(storage="disk")
async def test_the_message_about_an_alarm_whose_object_has_none(durable):
    # The life ends between the scheduler's row and the object's commit; the next one finds the row alone.
    stub = counter(durable)
    durable.crash_at(AlarmScheduled)
    await lost(stub.arm(300))
    await durable.start()
    await durable.clock.advance(seconds=300)

    with pytest.raises(AssertionError) as caught:
        durable.assert_alarm(stub, after=300)

    lines = str(caught.value).splitlines()
    assert "  00:05:00.000  alarm dropped, the object has none for this time" in lines
    assert lines[-2] == "It came due, but its handler was not called: its line above says why."


# -- what assert_no_alarm says


@on_host()
async def test_the_message_about_an_alarm_that_waits(durable):
    stub = counter(durable)
    await stub.arm(90)

    with fails_with("""
        COUNTER["a"] has an alarm: expected none, saw one due in 90.000 s.

          due     00:01:30.000, in 90.000 s
          clock   00:00:00.000

          00:00:00.000  life 1 of the process began
          00:00:00.000  instance of Counter built
          00:00:00.000  call of arm() began
          00:00:00.000  alarm set for 00:01:30.000
          00:00:00.000  committed
          00:00:00.000  call of arm() ended

        Let it run first, or delete it in the object with deleteAlarm():  \
await durable.clock.advance(minutes=1, seconds=30)
        See docs/how-to/alarms.md
    """):
        durable.assert_no_alarm(stub)


@on_host()
async def test_the_message_about_an_alarm_that_is_retried(durable):
    stub = counter(durable, failures=1)
    await stub.arm(10)
    await durable.clock.advance(seconds=11)
    delay = durable.journal.of(AlarmRetried)[0].delay_ns / 1e9

    with fails_with(f"""
        COUNTER["a"] has an alarm: expected none, saw one due 1.000 s ago.

          due     00:00:10.000, 1.000 s ago
          state   retrying after 1 failure, next try in {delay - 1:.3f} s
          clock   00:00:11.000

          … 1 earlier
          00:00:00.000  instance of Counter built
          00:00:00.000  call of arm() began
          00:00:00.000  alarm set for 00:00:10.000
          00:00:00.000  committed
          00:00:00.000  call of arm() ended
          00:00:10.000  alarm came due
          00:00:10.000  alarm handler failed: ValueError: no connection
          00:00:10.000  alarm will be tried again in {delay:.3f} s

        It failed and waits for its next try. Let it come:  await durable.clock.advance(seconds=2)
        See docs/how-to/alarms.md
    """):
        durable.assert_no_alarm(stub)


@on_host()
async def test_the_message_about_an_alarm_that_runs(durable):
    async def alarm(self, info):
        await asyncio.sleep(60)

    stub = counter(durable, alarm=alarm)
    await stub.arm(5)
    await durable.clock.advance(seconds=6)

    with fails_with("""
        COUNTER["a"] has an alarm: expected none, saw one due 1.000 s ago.

          due     00:00:05.000, 1.000 s ago
          state   its handler runs
          clock   00:00:06.000

          00:00:00.000  life 1 of the process began
          00:00:00.000  instance of Counter built
          00:00:00.000  call of arm() began
          00:00:00.000  alarm set for 00:00:05.000
          00:00:00.000  committed
          00:00:00.000  call of arm() ended
          00:00:05.000  alarm came due

        Its handler has not ended. Let what it waits for happen:  await durable.clock.run_until_idle()
        See docs/how-to/alarms.md
    """):
        durable.assert_no_alarm(stub)


@on_host(storage="disk")
async def test_the_message_about_an_alarm_of_a_stopped_host(durable):
    stub = counter(durable)
    await stub.arm(5)
    await durable.stop()

    with fails_with("""
        COUNTER["a"] has an alarm: expected none, saw one due in 5.000 s.

          due     00:00:05.000, in 5.000 s
          clock   00:00:00.000
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
        durable.assert_no_alarm(stub)


@on_host(storage="disk")
async def test_the_message_about_a_row_that_the_object_does_not_know_of(durable):
    stub = counter(durable)
    durable.crash_at(AlarmScheduled)
    await lost(stub.arm(300))
    await durable.start()

    with pytest.raises(AssertionError) as caught:
        durable.assert_no_alarm(stub)

    assert str(caught.value).splitlines()[2:5] == [
        "  due     00:05:00.000, in 300.000 s",
        "  stored  none: the object's own record differs from the scheduler's",
        "  clock   00:00:00.000",
    ]


@on_host()
async def test_the_message_names_an_object_without_a_name_by_its_id(durable):
    namespace = durable.namespace(Counter)
    stub = namespace.get(namespace.new_unique_id())
    await stub.arm(1)

    with pytest.raises(AssertionError) as caught:
        durable.assert_no_alarm(stub)

    assert str(caught.value).splitlines()[0] == (
        f"COUNTER({stub.id.hex[:8]}…) has an alarm: expected none, saw one due in 1.000 s."
    )


async def lost(call):
    """Await a call whose life ends in the middle of it."""
    with pytest.raises(Exception, match="Network connection lost"):
        await call


async def without_alarm_rows(durable):
    """Start the stopped host again, its alarm table emptied."""
    connection = sqlite3.connect(durable.directory / "Counter" / "metadata.sqlite")
    with connection:
        connection.execute("DELETE FROM _cf_ALARM")
    connection.close()
    await durable.start()
