from datetime import timedelta
from itertools import pairwise

import pytest

from pytest_durable import PlatformError
from pytest_durable.events import AlarmStarted

pytestmark = pytest.mark.durable(backend="workerd")

TWO_DAYS = timedelta(hours=48)


@pytest.fixture
def parcel(durable):
    return durable.namespace("PARCEL").get_by_name("4711")


@pytest.fixture
def desk(durable):
    return durable.namespace("DESK").get_by_name("desk")


async def test_a_scan_is_a_row_and_watches_over_the_parcel(durable, parcel):
    assert await parcel.scan("Ghent") == 1
    await durable.clock.advance(hours=5)
    assert await parcel.scan("Lille") == 2

    stored = durable.stored(parcel)
    assert [row["place"] for row in stored.sql("SELECT place FROM scans ORDER BY at")] == ["Ghent", "Lille"]
    assert stored.kv["state"] == "moving"
    durable.assert_alarm(parcel, after=TWO_DAYS)


async def test_a_parcel_that_arrives_is_not_watched_any_more(durable, parcel, desk):
    await parcel.scan("Ghent")
    await parcel.deliver()

    durable.assert_no_alarm(parcel)
    await durable.clock.advance(days=3)
    assert await desk.lost() == []


async def test_two_days_of_silence_are_reported(durable, parcel, desk):
    await parcel.scan("Ghent")

    await durable.clock.advance(TWO_DAYS - timedelta(milliseconds=1))
    assert await desk.lost() == []
    await durable.clock.advance("1ms")

    assert await desk.lost() == ["4711"]
    durable.assert_alarm_ran(parcel, times=1, outcome="ok")
    durable.assert_stored(parcel, {"state": "lost"})


# What ends the process or the object.


@pytest.mark.parametrize("end", ["restart", "crash", "evict"])
async def test_the_watch_survives_whatever_ends_the_object(durable, parcel, desk, end):
    await parcel.scan("Ghent")

    due = await durable.assert_alarm_survives(parcel, through=end)

    assert due == durable.clock.now() + TWO_DAYS
    await durable.clock.move_to(due)
    assert await desk.lost() == ["4711"]


async def test_silence_that_ends_while_the_process_is_down_is_reported_at_the_start(durable, parcel, desk):
    await parcel.scan("Ghent")

    await durable.restart(crash=True, down_for="7d")

    [run] = durable.journal.of(AlarmStarted, object=parcel)
    assert run.due_ns < run.time_ns
    assert await desk.lost() == ["4711"]


async def test_eviction_takes_the_memory_and_leaves_the_data(durable, parcel):
    await parcel.scan("Ghent")
    await parcel.journey()
    assert await parcel.asked() == 1

    await durable.evict(parcel)

    assert await parcel.asked() == 0
    assert len(await parcel.journey()) == 1


async def test_ten_idle_seconds_evict_the_object_too(durable, parcel):
    await parcel.scan("Ghent")
    await parcel.journey()

    await durable.clock.advance(seconds=9)
    assert await parcel.asked() == 1
    await durable.clock.advance(seconds=11)
    assert await parcel.asked() == 0


# A desk that does not answer.


async def test_a_closed_desk_delays_the_report_but_does_not_lose_it(durable, parcel, desk):
    await parcel.scan("Ghent")
    await desk.close()

    await durable.clock.advance(TWO_DAYS)
    durable.assert_alarm_ran(parcel, times=1, outcome="failed")
    await desk.open()
    await durable.clock.advance(seconds=5)

    assert await desk.lost() == ["4711"]
    durable.assert_alarm_ran(parcel, times=1, outcome="ok")


async def test_each_retry_waits_twice_as_long_as_the_one_before(durable, parcel, desk):
    await parcel.scan("Ghent")
    await desk.close()

    await durable.clock.advance(TWO_DAYS + timedelta(minutes=3))

    tries = durable.stored(parcel).kv["tries"]
    assert [each["retryCount"] for each in tries] == [0, 1, 2, 3, 4, 5, 6]
    pauses = [later["at"] - earlier["at"] for earlier, later in pairwise(tries)]
    for pause, least in zip(pauses, [2_000, 4_000, 8_000, 16_000, 32_000, 64_000], strict=True):
        # The platform adds up to a quarter, by chance; a handler begins in the millisecond after its timer.
        assert least <= pause <= least * 1.25 + 1


async def test_a_desk_that_is_closed_for_hours_loses_nothing_either(durable, parcel, desk):
    await parcel.scan("Ghent")
    await desk.close()

    await durable.clock.advance(TWO_DAYS + timedelta(hours=5))  # the platform alone gives up after three minutes
    durable.assert_alarm(parcel, within="1h")
    await desk.open()
    await durable.clock.advance(hours=2)

    assert await desk.lost() == ["4711"]
    durable.assert_no_alarm(parcel)


async def test_a_restart_begins_the_retries_anew(durable, parcel, desk):
    await parcel.scan("Ghent")
    await desk.close()
    await durable.clock.advance(TWO_DAYS + timedelta(seconds=20))

    await durable.restart()

    counts = [each["retryCount"] for each in durable.stored(parcel).kv["tries"]]
    assert counts == [0, 1, 2, 3, 0]  # the count is kept in memory


# From outside.


async def test_the_worker_takes_a_scan_and_shows_the_journey(durable):
    posted = await durable.fetch("https://parcels.example/parcels/4711", method="POST", body='{"place": "Ghent"}')
    assert (posted.status, await posted.json()) == (201, {"scans": 1})

    shown = await durable.fetch("https://parcels.example/parcels/4711")
    assert await shown.json() == [{"at": durable.clock.time_ms(), "place": "Ghent"}]


@pytest.mark.parametrize("path", ["", "parcels", "parcels/nobody"])
async def test_the_worker_knows_what_is_not_there(durable, path):
    assert (await durable.fetch(f"https://parcels.example/{path}")).status == 404


async def test_a_delivered_parcel_cannot_be_scanned(durable, parcel):
    await parcel.deliver()

    with pytest.raises(PlatformError, match="the parcel is delivered") as caught:
        await parcel.scan("Ghent")

    assert caught.value.name == "RangeError"
    assert caught.value.remote
    assert not caught.value.retryable
