"""``setAlarm``, ``getAlarm`` and ``deleteAlarm`` as an object sees them (spec 7.1)."""

from datetime import UTC, datetime

import pytest

from pytest_durable import events
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage.values import UNDEFINED, JSDate
from pytest_durable._surfaces.neutral import NeutralObject
from support.alarms import Armed, ms, recorder, records_of

pytestmark = pytest.mark.durable(storage="memory")

NOT_A_DATE = "Failed to execute 'setAlarm' on 'DurableObjectStorage': parameter 1 is not of type 'date'."
NO_HANDLER = "Your Durable Object class must have an alarm() handler in order to call setAlarm()"
ABSENT = object()


class Direct(Armed):
    """Hands arguments through to its storage."""

    async def set(self, *arguments):
        return await self.ctx.storage.setAlarm(*arguments)

    async def get(self, *arguments):
        return await self.ctx.storage.getAlarm(*arguments)

    async def delete(self, *arguments):
        return await self.ctx.storage.deleteAlarm(*arguments)

    async def alarm(self, info):
        pass


class NoHandler(NeutralObject):
    async def set(self, time):
        await self.ctx.storage.setAlarm(time)

    async def get_and_delete(self):
        return [await self.ctx.storage.getAlarm(), await self.ctx.storage.deleteAlarm()]


@pytest.fixture
def direct(durable):
    return durable.namespace(Direct).get_by_name("a")


@pytest.mark.parametrize(
    "time",
    [ms(60), float(ms(60)), ms(60) + 0.75, datetime(2030, 1, 1, 0, 1, tzinfo=UTC), JSDate(ms(60))],
    ids=["whole", "float", "fraction", "datetime", "date"],
)
async def test_alarm_is_set_to_a_date_or_a_number_of_milliseconds(direct, time):
    # DO-7.1.T1.1
    assert await direct.set(time) is UNDEFINED
    assert await direct.get() == ms(60)


async def test_time_in_the_past_means_now(durable, direct):
    # DO-7.1.T1.1
    await durable.clock.advance(seconds=10)
    await durable.run_in_object(direct, lambda _instance, ctx: ctx.storage.setAlarm(1))
    assert [record.due_ns for record in durable.journal.of(events.AlarmScheduled)] == [ms(10) * 1_000_000]


async def test_new_alarm_replaces_the_one_before(durable, direct):
    # DO-7.1.T1.1
    await direct.set(ms(60))
    await direct.set(ms(120))
    assert [alarm.due.timestamp() * 1000 for alarm in durable.alarms()] == [ms(120)]


@pytest.mark.parametrize("seconds", [30, 120], ids=["earlier", "later"])
async def test_alarm_that_was_moved_runs_at_its_new_time_alone(durable, direct, seconds):
    # DO-7.1.T1.1
    await direct.set(ms(60))
    await direct.set(ms(seconds))
    await durable.clock.advance(seconds=200)
    assert [run.time_ns for run in durable.journal.of(events.AlarmStarted)] == [ms(seconds) * 1_000_000]


async def test_setting_the_same_time_again_writes_nothing(durable, direct):
    # DO-7.1.T1.1
    await direct.set(ms(60))
    before = len(durable.journal)
    await direct.set(ms(60))
    kinds = {type(record) for record in list(durable.journal)[before:]}
    assert kinds == {events.CallStarted, events.ReplySent, events.CallEnded}


@pytest.mark.parametrize("options", [{"allowConcurrency": True}, {"allowUnconfirmed": True}, {}, UNDEFINED])
async def test_set_alarm_takes_options(direct, options):
    # DO-7.1.T1.1
    await direct.set(ms(60), options)
    assert await direct.get() == ms(60)


async def test_get_alarm_is_none_without_an_alarm(direct):
    # DO-7.1.T1.2
    assert await direct.get() is None


@pytest.mark.parametrize("options", [{"allowConcurrency": True}, {"allowConcurrency": False}, UNDEFINED])
async def test_get_alarm_takes_options(direct, options):
    # DO-7.1.T1.2
    await direct.set(ms(60))
    assert await direct.get(options) == ms(60)


async def test_get_alarm_sees_uncommitted_changes(durable, direct):
    # DO-7.1.T1.2
    async def look(_instance, ctx):
        await ctx.storage.setAlarm(ms(60))
        seen = await ctx.storage.getAlarm(), durable.stored(direct).alarm
        await ctx.storage.deleteAlarm()
        return *seen, await ctx.storage.getAlarm()

    assert await durable.run_in_object(direct, look) == (ms(60), None, None)


@pytest.mark.parametrize("options", [{"allowConcurrency": True}, {"allowUnconfirmed": True}, UNDEFINED])
async def test_delete_alarm_clears_the_alarm(durable, direct, options):
    # DO-7.1.T1.3
    await direct.set(ms(60))
    assert await direct.delete(options) is UNDEFINED
    assert (await direct.get(), durable.alarms()) == (None, [])


async def test_deleted_alarm_never_runs(durable):
    # DO-7.1.T1.3
    cls = recorder()
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(60)
    await stub.disarm()
    await durable.clock.advance(hours=1)
    assert cls.runs == []


async def test_delete_alarm_without_an_alarm_is_no_error(direct):
    # DO-7.1.T1.3
    assert await direct.delete() is UNDEFINED


@pytest.mark.parametrize(
    ("time", "message"),
    [
        pytest.param(0, "setAlarm() cannot be called with an alarm time <= 0", id="DO-7.1.T2.1 zero"),
        pytest.param(-1, "setAlarm() cannot be called with an alarm time <= 0", id="DO-7.1.T2.1 negative"),
        pytest.param(
            float("nan"), "The value cannot be converted because it is not a valid Date.", id="DO-7.1.T2.2 NaN"
        ),
        pytest.param(
            float("inf"), "The value cannot be converted because it is not a valid Date.", id="DO-7.1.T2.2 Infinity"
        ),
        pytest.param(
            JSDate(float("nan")),
            "The value cannot be converted because it is not a valid Date.",
            id="DO-7.1.T2.2 invalid Date",
        ),
        pytest.param(9_223_372_036_855, "This API doesn't support dates after 2189.", id="DO-7.1.T2.3"),
        pytest.param(ABSENT, NOT_A_DATE, id="DO-7.1.T2.4 missing"),
        pytest.param(None, NOT_A_DATE, id="DO-7.1.T2.4 null"),
        pytest.param("2030-01-01", NOT_A_DATE, id="DO-7.1.T2.4 string"),
    ],
)
async def test_set_alarm_refuses_what_is_no_time(direct, time, message):
    # DO-7.1.T2.1, DO-7.1.T2.2, DO-7.1.T2.3, DO-7.1.T2.4
    with pytest.raises(PlatformError) as caught:
        await direct.set(*(() if time is ABSENT else (time,)))
    assert (caught.value.name, caught.value.message) == ("TypeError", message)
    assert await direct.get() is None


async def test_last_time_that_fits_into_nanoseconds_is_accepted(direct):
    # DO-7.1.T2.3
    await direct.set(9_223_372_036_854)
    assert await direct.get() == 9_223_372_036_854


async def test_set_alarm_of_a_class_without_handler_is_refused(durable):
    # DO-7.1.T2.5
    stub = durable.namespace(NoHandler).get_by_name("a")
    with pytest.raises(PlatformError) as caught:
        await stub.set(ms(60))
    assert (caught.value.name, caught.value.message) == ("TypeError", NO_HANDLER)
    assert durable.alarms() == []


async def test_arguments_are_checked_before_the_handler(durable):
    # DO-7.1.T2.5
    stub = durable.namespace(NoHandler).get_by_name("a")
    with pytest.raises(PlatformError, match="alarm time <= 0"):
        await stub.set(0)


async def test_handler_is_not_asked_for_while_the_constructor_runs(durable):
    # DO-7.1.T2.5
    class Impatient(NoHandler):
        def __init__(self, ctx, env):
            super().__init__(ctx, env)
            ctx.storage.setAlarm(ms(60))

    namespace = durable.namespace(Impatient)
    stub = namespace.get_by_name("a")
    await durable.run_in_object(stub, lambda _instance, _ctx: None)
    assert records_of(durable, namespace, stub) == (60, 60)


async def test_alarm_is_read_and_deleted_without_a_handler(durable):
    # DO-7.1.P
    stub = durable.namespace(NoHandler).get_by_name("a")
    assert await stub.get_and_delete() == [None, UNDEFINED]
