"""Alarms that fail: when they run again, what counts, and when they are given up (spec 7.6, 7.7)."""

import asyncio
from itertools import pairwise

import pytest

from pytest_durable import events
from pytest_durable._core.platform_errors import PlatformError
from support.alarms import MS, Armed, Run, failing, ms, recorder, records_of, row_of, seconds, set_row, value_of

pytestmark = pytest.mark.durable(storage="memory")

ALWAYS = 10**6


async def test_alarm_that_always_fails_runs_seven_times(durable):
    # DO-7.6.T1.1, DO-7.6.T1.3, DO-7.6.2
    cls = failing(ALWAYS)
    await durable.namespace(cls).get_by_name("a").arm(60)
    await durable.clock.advance(hours=1)
    assert [run.retry_count for run in cls.runs] == [0, 1, 2, 3, 4, 5, 6]
    assert {run.scheduled for run in cls.runs} == {60}


async def test_delays_double_from_two_seconds_and_are_up_to_a_quarter_longer(durable):
    # DO-7.6.T1.1, DO-7.6.T1.2
    cls = failing(ALWAYS)
    await durable.namespace(cls).get_by_name("a").arm(60)
    await durable.clock.advance(hours=1)
    delays = [after.at - before.at for before, after in pairwise(cls.runs)]
    assert [nominal <= delay <= nominal * 1.25 for nominal, delay in zip((2, 4, 8, 16, 32, 64), delays, strict=True)]
    assert len(delays) == 6


async def test_jitter_comes_from_the_seed(durable, durable_factory):
    found = []
    for seed in (1, 1, 2):
        host = durable_factory(seed=seed)
        start_ms = host.clock.time_ms()
        await host.namespace(failing(ALWAYS)).get_by_name("a").arm(seconds(start_ms))
        await host.clock.advance(hours=1)
        found.append([record.time_ns // MS - start_ms for record in host.journal.of(events.AlarmStarted)])
    assert found[0] == found[1] != found[2]


async def test_both_records_are_cleared_after_the_last_try(durable):
    # DO-7.6.T1.2
    namespace = durable.namespace(failing(ALWAYS))
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(hours=1)
    assert records_of(durable, namespace, stub) == (None, None)
    assert await stub.armed() is None
    assert durable.alarms() == []


@pytest.mark.durable(storage="disk")
@pytest.mark.parametrize("crash", [False, True])
async def test_retry_count_does_not_survive_a_restart(durable, crash):
    # DO-7.6.T1.5
    cls = failing(ALWAYS)
    await durable.namespace(cls).get_by_name("a").arm(60)
    await durable.clock.advance(seconds=65)
    before = len(cls.runs)
    await durable.restart(crash=crash)
    assert before > 1
    assert cls.runs[before] == Run(at=65, scheduled=60, retry_count=0)


async def test_alarm_that_succeeds_at_last_starts_anew_next_time(durable):
    # DO-7.6.P
    cls = failing(3)
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=140)
    await stub.arm(300)
    await durable.clock.advance(hours=1)
    assert [run.retry_count for run in cls.runs] == [0, 1, 2, 3, 0]


# What counts.


async def test_exception_of_the_handler_counts(durable):
    # DO-7.6.P
    cls = failing(1)
    await durable.namespace(cls).get_by_name("a").arm(60)
    await durable.clock.advance(minutes=5)
    assert [run.retry_count for run in cls.runs] == [0, 1]


async def test_abort_by_the_handler_counts(durable):
    # DO-7.6.P, DO-7.7.2
    cls = recorder(lambda instance, _info: instance.ctx.abort("enough") if len(instance.runs) == 1 else None)
    await durable.namespace(cls).get_by_name("a").arm(60)
    await durable.clock.advance(minutes=5)
    assert [run.retry_count for run in cls.runs] == [0, 1]


async def test_abort_by_another_request_during_the_handler_counts(durable):
    # DO-7.6.P, DO-7.7.2
    cls = recorder(lambda _instance, _info: asyncio.sleep(30))
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=70)
    with pytest.raises(PlatformError, match="enough"):
        await durable.run_in_object(stub, lambda _instance, ctx: ctx.abort("enough"))
    await durable.clock.advance(minutes=5)
    assert [run.retry_count for run in cls.runs] == [0, 1]


async def test_failing_critical_section_in_the_handler_counts(durable):
    # DO-7.6.P
    async def fail():
        raise ValueError("no")

    async def block(instance, info):
        if info.retryCount == 0:
            await instance.ctx.blockConcurrencyWhile(fail)

    cls = recorder(block)
    await durable.namespace(cls).get_by_name("a").arm(60)
    await durable.clock.advance(minutes=5)
    assert [run.retry_count for run in cls.runs] == [0, 1]


async def test_time_limit_counts(durable):
    # DO-7.6.P, DO-7.3.5
    cls = recorder(lambda _instance, info: asyncio.sleep(0 if info.retryCount else 3600))
    await durable.namespace(cls).get_by_name("a").arm(60)
    await durable.clock.advance(hours=1)
    assert [run.retry_count for run in cls.runs] == [0, 1]


async def test_failing_constructor_does_not_count(durable):
    # DO-7.6.P
    class Fragile(recorder()):
        failures = 0

        def __init__(self, ctx, env):
            super().__init__(ctx, env)
            if durable.journal.of(events.AlarmStarted) and Fragile.failures < 2:
                Fragile.failures += 1
                raise ValueError("not yet")

    await durable.namespace(Fragile).get_by_name("a").arm(60)
    await durable.clock.advance(minutes=5)
    assert Fragile.failures == 2
    assert [run.retry_count for run in Fragile.runs] == [0]
    assert [record.ran for record in durable.journal.of(events.AlarmFinished)] == [False, False, True]


@pytest.mark.durable(storage="disk")
async def test_alarm_of_a_foreign_id_is_retried_for_ever_without_counting_and_keeps_its_row(durable):
    # DO-7.6.P, DO-7.6.T1.4, DO-8.3.T1.8
    namespace = durable.namespace(recorder())
    await durable.stop()
    set_row(namespace, "ab" * 32, 60)
    await durable.start()
    await durable.clock.advance(days=2)
    tries = durable.journal.of(events.AlarmRetried)
    assert {record.retry_count for record in tries} == {0}
    assert [1024 <= record.delay_ns / 1e9 <= 1280 for record in tries[9:]] == [True] * len(tries[9:])
    assert len(tries) > 100
    assert [(alarm.id, alarm.state) for alarm in durable.alarms()] == [("ab" * 32, "retrying")]
    assert namespace.storage_files.stored_alarms() == [("ab" * 32, ms(60) * MS, None)]
    assert namespace.list_ids() == []


# Changes between two tries.


async def test_earlier_alarm_set_between_two_tries_runs_at_the_retry(durable):
    # DO-7.6.T2.1, DO-7.6.1
    cls = failing(1)
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=60)
    await stub.arm(60.6)
    await durable.clock.advance(minutes=5)
    assert [(run.scheduled, run.retry_count) for run in cls.runs] == [(60, 0), (60, 1)]
    assert 62 <= cls.runs[1].at <= 62.5
    assert records_of(durable, namespace, stub) == (None, None)


async def test_later_alarm_set_between_two_tries_cancels_the_retry(durable):
    # DO-7.6.T2.2, DO-7.6.1
    cls = failing(1)
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=60)
    await stub.arm(90)
    await durable.clock.advance(minutes=5)
    assert cls.runs == [Run(60, 60), Run(90, 90, retry_count=0)]
    assert [record.ran for record in durable.journal.of(events.AlarmFinished)] == [True, False, True]


async def test_alarm_deleted_between_two_tries_never_runs_again(durable):
    # DO-7.6.T2.3
    cls = failing(1)
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=60)
    await stub.disarm()
    assert (durable.alarms(), row_of(namespace, stub)) == ([], None)
    await durable.clock.advance(minutes=5)
    assert len(cls.runs) == 1


# Giving up.


async def test_abandoning_runs_no_user_code(durable):
    # DO-7.7.1
    built = []

    class Built(failing(ALWAYS)):
        def __init__(self, ctx, env):
            super().__init__(ctx, env)
            built.append(True)

    await durable.namespace(Built).get_by_name("a").arm(60)
    await durable.clock.advance(hours=1)
    last = durable.journal.of(events.AlarmFinished)[-1]
    assert not [r for r in durable.journal.of(events.InstanceBuilt) if r.sequence > last.sequence]


async def test_abandoning_clears_the_value_before_the_row(durable):
    # DO-7.7.1
    await durable.namespace(failing(ALWAYS)).get_by_name("a").arm(60)
    await durable.clock.advance(hours=1)
    last = durable.journal.of(events.AlarmFinished)[-1].sequence
    kinds = [type(record) for record in list(durable.journal)[last:]]
    assert [kind for kind in kinds if kind is not events.Evicted] == [
        events.AlarmFinished,
        events.TransactionBegan,
        events.Committed,
        events.AlarmRowDeleted,
        events.AlarmAbandoned,
    ]


@pytest.mark.durable(storage="disk")
async def test_abandoning_keeps_a_value_that_is_not_the_abandoned_time(durable):
    # DO-7.7.1: the row said 60, the object 70; both are past.
    cls = recorder(lambda instance, _info: instance.ctx.abort("enough", {"retryAlarm": False}))
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(70)
    await durable.stop()
    set_row(namespace, stub.id.hex, 60)
    await durable.clock.advance(seconds=80)
    await durable.start()
    assert records_of(durable, namespace, stub) == (70, None)


@pytest.mark.parametrize("pause_s", [0, 30])
async def test_abort_without_retry_by_the_handler_abandons_the_alarm(durable, pause_s):
    # DO-7.7.2
    async def abort(instance, _info):
        await asyncio.sleep(pause_s)
        instance.ctx.abort("enough", {"retryAlarm": False})

    cls = recorder(abort)
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(hours=1)
    assert len(cls.runs) == 1
    assert records_of(durable, namespace, stub) == (None, None)
    assert len(durable.journal.of(events.AlarmAbandoned)) == 1


async def test_abort_without_retry_by_a_concurrent_request_abandons_the_alarm(durable):
    # DO-7.7.2
    cls = recorder(lambda _instance, _info: asyncio.sleep(30))
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=70)
    with pytest.raises(PlatformError, match="enough"):
        await durable.run_in_object(stub, lambda _instance, ctx: ctx.abort("enough", {"retryAlarm": False}))
    await durable.clock.advance(hours=1)
    assert (len(cls.runs), records_of(durable, namespace, stub)) == (1, (None, None))


async def test_abort_without_retry_outside_a_handler_leaves_the_alarm(durable):
    # DO-7.7.2
    cls = recorder()
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    with pytest.raises(PlatformError, match="enough"):
        await durable.run_in_object(stub, lambda _instance, ctx: ctx.abort("enough", {"retryAlarm": False}))
    assert records_of(durable, namespace, stub) == (60, 60)
    await durable.clock.advance(hours=1)
    assert cls.runs == [Run(60, 60)]


@pytest.mark.parametrize("options", [5, "no", True])
async def test_abort_refuses_options_that_are_no_object(durable, options):
    # DO-7.7.2
    stub = durable.namespace(recorder()).get_by_name("a")
    with pytest.raises(PlatformError) as caught:
        await durable.run_in_object(stub, lambda _instance, ctx: ctx.abort("enough", options))
    assert (caught.value.name, caught.value.message) == (
        "TypeError",
        "Failed to execute 'abort' on 'DurableObjectState': parameter 2 is not of type 'AbortOptions'.",
    )


async def test_assertion_in_the_handler_fails_the_test_and_is_not_retried(durable):
    # decisions 4.6
    def claim(_instance, _info):
        raise AssertionError("wrong")

    cls = recorder(claim)
    await durable.namespace(cls).get_by_name("a").arm(60)
    with pytest.raises(AssertionError, match="wrong"):
        await durable.clock.advance(hours=1)
        durable.alarms()
    assert len(cls.runs) == 1


async def test_object_survives_its_failing_alarm(durable):
    # DO-7.4.5
    stub = durable.namespace(failing(ALWAYS)).get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=61)
    await stub.write("key", 1)
    assert (durable.stored(stub).kv, value_of(durable, stub)) == ({"key": 1}, 60)


async def test_alarms_of_other_objects_are_not_delayed_by_a_failing_one(durable):
    class Mixed(Armed):
        ran: list[str] = []

        async def alarm(self, info):
            Mixed.ran.append(self.ctx.id.name)
            if self.ctx.id.name == "bad":
                raise ValueError("no")

    namespace = durable.namespace(Mixed)
    await namespace.get_by_name("bad").arm(60)
    await namespace.get_by_name("good").arm(61)
    await durable.clock.advance(seconds=1 + 60)
    assert Mixed.ran == ["bad", "good"]


async def test_alarm_that_waited_when_its_object_was_reset_has_not_failed(durable):
    # DO-7.6.P
    cls = recorder()

    class Blocking(cls):
        async def block(self):
            async def section():
                await asyncio.sleep(120)
                raise PlatformError("no")

            await self.ctx.blockConcurrencyWhile(section)

    namespace = durable.namespace(Blocking)
    await namespace.get_by_name("a").arm(10)
    with pytest.raises(PlatformError):
        await namespace.get_by_name("a").block()
    await durable.clock.advance(minutes=1)
    assert [run.retry_count for run in cls.runs] == [0]
