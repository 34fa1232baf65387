"""``assert_alarm_survives``: what survives what, and what is said when it does not."""

import time
from datetime import UTC, datetime

import pytest

from pytest_durable import PlatformError
from pytest_durable._core.errors import ConfigurationError, HostDownError
from pytest_durable.events import Evicted, RuntimeCrashed, RuntimeStopped
from support.claims import Counter, counter, fails_with, misuse, on_host


@pytest.mark.parametrize(
    ("through", "record"), [("restart", RuntimeStopped), ("crash", RuntimeCrashed), ("evict", Evicted)]
)
@on_host(storage="disk")
async def test_an_alarm_survives_and_its_due_time_is_told(durable, through, record):
    stub = counter(durable)
    await stub.arm(300)

    due = await durable.assert_alarm_survives(stub, through=through)

    assert due == datetime(2030, 1, 1, 0, 5, tzinfo=UTC)
    assert len(durable.journal.of(record)) == 1
    assert durable.is_running


@on_host()
async def test_an_alarm_in_memory_survives_an_eviction(durable):
    stub = counter(durable)
    await stub.arm(300)

    await durable.assert_alarm_survives(stub, through="evict")


@on_host(storage="disk")
async def test_an_alarm_of_an_object_that_is_out_of_memory_survives_an_eviction(durable):
    stub = counter(durable)
    await stub.arm(300)
    await durable.restart()

    await durable.assert_alarm_survives(stub, through="evict")


@pytest.mark.parametrize("through", ["restart", "crash"])
@on_host(storage="disk")
async def test_an_alarm_that_waits_for_its_next_try_survives_by_running_at_once(durable, through):
    stub = counter(durable, failures=1)
    await stub.arm(5)
    await durable.clock.advance(seconds=6)

    due = await durable.assert_alarm_survives(stub, through=through)

    assert due == datetime(2030, 1, 1, 0, 0, 5, tzinfo=UTC)
    durable.assert_alarm_ran(stub, times=2, outcome="failed")


@on_host(storage="disk")
async def test_an_overdue_alarm_that_succeeds_at_the_start_has_survived(durable):
    flaky = iter([ValueError("no connection")])

    async def alarm(self, info):
        for failure in flaky:
            raise failure

    stub = counter(durable, alarm=alarm)
    await stub.arm(5)
    await durable.clock.advance(seconds=6)

    await durable.assert_alarm_survives(stub, through="restart")

    durable.assert_no_alarm(stub)
    durable.assert_alarm_ran(stub, times=1, outcome="ok")


# -- what it says


@on_host()
async def test_the_message_about_an_alarm_lost_with_the_memory(durable):
    stub = counter(durable)
    await stub.arm(300)

    with fails_with("""
        The alarm of COUNTER["a"] did not survive a crash: expected due 00:05:00.000, saw none.

          clock   00:00:00.000

          00:00:00.000  life 1 of the process began
          00:00:00.000  instance of Counter built
          00:00:00.000  call of arm() began
          00:00:00.000  alarm set for 00:05:00.000
          00:00:00.000  committed
          00:00:00.000  call of arm() ended
          00:00:00.000  life 1 of the process crashed
          00:00:00.000  life 2 of the process began

        Namespaces in memory are empty after a restart or crash. Keep the data on disk:  \
@pytest.mark.durable(storage="disk")
        See docs/how-to/restarts.md
    """):
        await durable.assert_alarm_survives(stub, through="crash")


@on_host()
async def test_the_message_about_no_alarm_to_begin_with(durable):
    stub = counter(durable)

    with fails_with("""
        COUNTER["a"] has no alarm that could survive an eviction: expected one, saw none.

          clock   00:00:00.000

          00:00:00.000  life 1 of the process began

        The object has not been called, so nothing can have set an alarm. Call it:  await stub.method()
        See docs/how-to/alarms.md
    """):
        await durable.assert_alarm_survives(stub, through="evict")


@on_host(storage="disk")
async def test_the_message_about_an_alarm_that_is_set_anew_on_the_way(durable):
    class Rearming(Counter):
        def __init__(self, ctx, env):
            super().__init__(ctx, env)

            async def rearm():
                await ctx.storage.setAlarm(int(time.time() * 1000) + 60_000)

            ctx.blockConcurrencyWhile(rearm)

    stub = durable.namespace(Rearming).get_by_name("a")
    await stub.arm(300)
    # Something calls the object before the claim looks again, as an overdue alarm of another object could.
    start = durable.start

    async def start_and_call():
        await start()
        await stub.put("n", 1)

    durable.start = start_and_call

    with fails_with("""
        The alarm of REARMING["a"] changed in a crash: expected due 00:05:00.000, saw 00:01:00.000.

          due     00:01:00.000, in 60.000 s
          clock   00:00:00.000

          … 8 earlier
          00:00:00.000  life 1 of the process crashed
          00:00:00.000  life 2 of the process began
          00:00:00.000  instance of Rearming built
          00:00:00.000  alarm set for 00:01:00.000
          00:00:00.000  committed
          00:00:00.000  call of put() began
          00:00:00.000  committed 'n'
          00:00:00.000  call of put() ended

        It was set anew on the way: look for setAlarm() in the constructor and in calls that were waiting.
        See docs/how-to/restarts.md
    """):
        await durable.assert_alarm_survives(stub, through="crash")


@on_host()
async def test_an_unknown_way_is_refused(durable):
    stub = counter(durable)

    with misuse(
        ConfigurationError,
        """
        An alarm cannot go through 'reboot'.

          known  'restart', 'crash', 'evict', 'abort_isolate'

        For example:  await durable.assert_alarm_survives(stub, through="restart")
        """,
    ):
        await durable.assert_alarm_survives(stub, through="reboot")


@on_host()
async def test_an_isolate_of_classes_handed_over_as_objects_is_refused(durable):
    stub = counter(durable)
    await stub.arm(300)

    with misuse(PlatformError, "abortIsolate() is not supported for this worker configuration."):
        await durable.assert_alarm_survives(stub, through="abort_isolate")


@on_host()
async def test_an_isolate_is_aborted_where_the_host_can(durable):
    stub = counter(durable)
    await stub.arm(300)
    aborted = []

    async def abort_isolate(reason=None):
        aborted.append(reason)

    durable.abort_isolate = abort_isolate

    await durable.assert_alarm_survives(stub, through="abort_isolate")

    assert aborted == [None]


@on_host(storage="disk")
async def test_a_host_that_is_down_cannot_evict(durable):
    stub = counter(durable)
    await stub.arm(300)
    await durable.stop()

    with pytest.raises(HostDownError):
        await durable.assert_alarm_survives(stub, through="evict")
