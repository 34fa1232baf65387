"""How an alarm that came due reaches its object, and what the object decides (spec 7.3, 7.5)."""

import asyncio

import pytest

from pytest_durable import events
from pytest_durable._surfaces.neutral import NeutralObject
from support.alarms import Armed, Run, ms, now_ms, recorder, records_of, seconds, set_row

pytestmark = pytest.mark.durable(storage="memory")


@pytest.fixture
def wall(time_machine):
    """A wall clock that the test can set back."""
    time_machine.move_to("2030-01-01T00:00Z", tick=False)
    return time_machine


async def test_alarm_runs_at_its_instant_and_never_before(durable):
    # DO-7.3.1
    cls = recorder()
    await durable.namespace(cls).get_by_name("a").arm(60)
    await durable.clock.advance("59s999ms")
    assert cls.runs == []
    await durable.clock.advance("1ms")
    assert cls.runs == [Run(at=60, scheduled=60)]


@pytest.mark.parametrize("back_s", [10, 100])
async def test_alarm_waits_for_a_wall_clock_that_was_set_back(wall, durable, back_s):
    # DO-7.3.1
    cls = recorder()
    stub = durable.namespace(cls).get_by_name("a")
    start = seconds(durable.clock.time_ms())
    await stub.arm(start + 60)
    await durable.clock.advance(seconds=50)
    wall.shift(-back_s)
    await durable.clock.advance(seconds=9 + back_s)
    assert cls.runs == []
    await durable.clock.advance(seconds=1)
    assert [run.at for run in cls.runs] == [start + 60]


async def test_alarm_starts_an_object_that_is_not_in_memory(durable):
    # DO-7.3.2
    cls = recorder()
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=30)
    kinds = [type(record) for record in durable.journal.of(events.Evicted, events.InstanceBuilt, events.AlarmStarted)]
    assert kinds == [events.InstanceBuilt, events.Evicted]
    await durable.clock.advance(seconds=30)
    assert cls.runs == [Run(60, 60)]


async def test_handler_is_told_time_and_retries(durable):
    # DO-7.3.2
    told = []

    class Listener(Armed):
        async def alarm(self, info):
            told.append((info.scheduledTime, info.retryCount, info.isRetry))
            if len(told) == 1:
                raise ValueError("once")

    await durable.namespace(Listener).get_by_name("a").arm(60)
    await durable.clock.advance(minutes=5)
    assert told == [(ms(60), 0, False), (ms(60), 1, True)]


async def test_handler_may_take_no_argument(durable):
    # DO-7.3.2
    runs = []

    class Terse(Armed):
        def alarm(self):
            runs.append(seconds(now_ms()))

    await durable.namespace(Terse).get_by_name("a").arm(60)
    await durable.clock.advance(minutes=5)
    assert runs == [60]


async def test_alarm_waits_for_a_critical_section_like_any_event(durable):
    # DO-7.3.2
    cls = recorder()
    stub = durable.namespace(cls).get_by_name("a")

    async def hold(_instance, ctx):
        await ctx.storage.setAlarm(ms(5))
        await ctx.blockConcurrencyWhile(lambda: asyncio.sleep(20))

    await durable.run_in_object(stub, hold)
    await durable.settle()
    assert cls.runs == [Run(at=20, scheduled=5)]


async def test_alarm_of_a_class_without_handler_is_deleted_and_not_retried(durable):
    # DO-7.3.3
    class Impatient(NeutralObject):
        def __init__(self, ctx, env):
            super().__init__(ctx, env)
            if not armed:
                armed.append(True)
                ctx.storage.setAlarm(ms(60))

    armed = []
    namespace = durable.namespace(Impatient)
    stub = namespace.get_by_name("a")
    await durable.run_in_object(stub, lambda _instance, _ctx: None)
    await durable.clock.advance(minutes=5)
    (finished,) = durable.journal.of(events.AlarmFinished)
    assert (finished.ran, finished.ok) == (False, True)
    assert records_of(durable, namespace, stub) == (None, None)


async def test_at_most_one_handler_runs_at_a_time(durable):
    # DO-7.3.4
    log = []

    class Slow(Armed):
        async def alarm(self, info):
            log.append(("begin", seconds(info.scheduledTime)))
            await asyncio.sleep(30)
            log.append(("end", seconds(info.scheduledTime)))

    stub = durable.namespace(Slow).get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=61)
    await stub.arm(70)
    await durable.clock.advance(minutes=5)
    assert log == [("begin", 60), ("end", 60), ("begin", 70), ("end", 70)]


async def test_run_on_demand_joins_the_run_in_progress(durable):
    # DO-7.3.4
    cls = recorder(lambda _instance, _info: asyncio.sleep(30))
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=61)
    assert await durable.run_alarm(stub)
    assert (cls.runs, seconds(durable.clock.time_ms())) == ([Run(60, 60)], 90)


async def test_handler_that_takes_more_than_15_minutes_is_aborted_and_retried(durable):
    # DO-7.3.5
    ended = []

    async def sleep_long(instance, _info):
        if len(instance.runs) == 1:
            await asyncio.sleep(15 * 60 + 1)
            ended.append(instance)

    cls = recorder(sleep_long)
    await durable.namespace(cls).get_by_name("a").arm(60)
    await durable.clock.advance(hours=1)
    assert ended == []
    assert [run.retry_count for run in cls.runs] == [0, 1]
    assert 2 <= cls.runs[1].at - (60 + 15 * 60) <= 2.5


async def test_handler_that_takes_less_than_15_minutes_succeeds(durable):
    # DO-7.3.5
    cls = recorder(lambda _instance, _info: asyncio.sleep(15 * 60 - 1))
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(hours=1)
    assert (len(cls.runs), records_of(durable, namespace, stub)) == (1, (None, None))


# What the object decides when its own value and the row disagree, as after a crash.


async def start_with(durable, cls, *, value: float | None, row: float | None, at: float = 0):
    """A restarted host whose records of one object disagree. The clock is ``at`` when it starts."""
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(10**6)
    await (stub.disarm() if value is None else stub.arm(value))
    await durable.stop()
    set_row(namespace, stub.id.hex, row)
    await durable.clock.advance(seconds=at)
    await durable.start()
    return namespace, stub


@pytest.mark.durable(storage="disk")
async def test_alarm_whose_value_is_the_time_of_the_row_runs(durable):
    # DO-7.5.T1.1
    cls = recorder()
    namespace, stub = await start_with(durable, cls, value=60, row=60)
    await durable.clock.advance(minutes=5)
    assert cls.runs == [Run(60, 60)]
    assert records_of(durable, namespace, stub) == (None, None)


@pytest.mark.durable(storage="disk")
@pytest.mark.parametrize("value", [50, 70])
async def test_alarm_with_another_value_that_is_past_runs_with_the_time_of_the_row(durable, value):
    # DO-7.5.T1.2
    cls = recorder()
    namespace, stub = await start_with(durable, cls, value=value, row=60, at=80)
    assert cls.runs == [Run(at=80, scheduled=60)]
    assert records_of(durable, namespace, stub) == (None, None)


@pytest.mark.durable(storage="disk")
async def test_alarm_with_a_later_value_does_not_run_and_is_rescheduled(durable):
    # DO-7.5.T1.3
    cls = recorder()
    namespace, stub = await start_with(durable, cls, value=90, row=60)
    await durable.clock.advance(seconds=61)
    (finished,) = durable.journal.of(events.AlarmFinished)
    assert (cls.runs, finished.ran, finished.ok) == ([], False, True)
    assert records_of(durable, namespace, stub) == (90, 90)
    await durable.clock.advance(minutes=5)
    assert cls.runs == [Run(90, 90)]


@pytest.mark.durable(storage="disk")
async def test_row_of_an_object_without_alarm_goes_and_the_handler_does_not_run(durable):
    # DO-7.5.T1.3
    cls = recorder()
    namespace, stub = await start_with(durable, cls, value=None, row=60)
    await durable.clock.advance(minutes=5)
    assert (cls.runs, records_of(durable, namespace, stub), durable.alarms()) == ([], (None, None), [])


@pytest.mark.durable(storage="disk")
async def test_alarm_with_an_earlier_value_that_is_not_past_is_rescheduled(wall, durable):
    # DO-7.5.T1.4: only a wall clock that goes back during the delivery can bring this about.
    class Confusing(recorder()):
        def __init__(self, ctx, env):
            super().__init__(ctx, env)
            if durable.journal.of(events.AlarmStarted):
                wall.shift(-40)

    start = seconds(durable.clock.time_ms())
    namespace, stub = await start_with(durable, Confusing, value=start + 30, row=start + 60)
    await durable.clock.advance(seconds=60)
    assert (Confusing.runs, records_of(durable, namespace, stub)) == ([], (start + 30, start + 30))


@pytest.mark.durable(storage="disk")
async def test_cancelled_delivery_constructs_the_object(durable):
    # DO-7.5.P
    cls = recorder()
    namespace = durable.namespace(cls)
    await durable.stop()
    actor_hex = namespace.id_from_name("never used").hex
    set_row(namespace, actor_hex, 60)
    await durable.start()
    assert namespace.list_ids() == []
    await durable.clock.advance(minutes=5)
    assert (cls.runs, namespace.list_ids()) == ([], [actor_hex])
    assert len(durable.journal.of(events.InstanceBuilt)) == 1
