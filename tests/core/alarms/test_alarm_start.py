"""What a new life finds in ``metadata.sqlite`` and what it makes of it (spec 8)."""

import asyncio
from datetime import timedelta

import pytest

from pytest_durable import events
from support.alarms import (
    MS,
    Run,
    failing,
    ms,
    opened,
    recorder,
    records_of,
    row_of,
    scheduler_of,
    seconds,
    set_row,
    set_value,
    value_of,
)


async def restarted_with(durable, *, value, row, now=0, cls=None):
    """A host that finds these two records of one object when it starts, ``now`` seconds after the start of the test."""
    cls = cls or recorder()
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(10**6)
    await durable.stop()
    set_value(namespace, stub.id.hex, value)
    set_row(namespace, stub.id.hex, row)
    await durable.clock.advance(seconds=now)
    await durable.start()
    return cls, namespace, stub


async def test_overdue_alarm_fires_once_and_immediately(durable):
    # DO-8.3.T1.1
    cls, namespace, stub = await restarted_with(durable, value=60, row=60, now=5000)
    await durable.clock.advance(hours=1)
    assert cls.runs == [Run(at=5000, scheduled=60)]
    assert records_of(durable, namespace, stub) == (None, None)


async def test_alarm_without_row_never_fires_by_itself(durable):
    # DO-8.3.T1.2
    cls, _namespace, stub = await restarted_with(durable, value=60, row=None)
    await durable.clock.advance(hours=1)
    assert (cls.runs, await stub.armed()) == ([], 60)


async def test_setting_the_same_time_does_not_repair_a_lost_row(durable):
    # DO-8.3.T1.2
    cls, namespace, stub = await restarted_with(durable, value=60, row=None)
    await stub.arm(60)
    await durable.clock.advance(hours=1)
    assert (cls.runs, row_of(namespace, stub)) == ([], None)


@pytest.mark.parametrize("other", [50, 70])
async def test_setting_another_time_repairs_a_lost_row(durable, other):
    # DO-8.3.T1.2
    cls, namespace, stub = await restarted_with(durable, value=60, row=None)
    await stub.arm(other)
    assert row_of(namespace, stub) == other
    await durable.clock.advance(hours=1)
    assert cls.runs == [Run(other, other)]


async def test_past_alarm_without_row_never_fires_and_is_still_shown(durable):
    # DO-8.3.T1.3
    cls, _namespace, stub = await restarted_with(durable, value=60, row=None, now=100)
    await durable.clock.advance(hours=1)
    assert (cls.runs, await stub.armed()) == ([], 60)


async def test_row_of_an_object_without_alarm_is_deleted_by_a_delivery_that_runs_nothing(durable):
    # DO-8.3.T1.4
    cls, namespace, stub = await restarted_with(durable, value=None, row=60, now=100)
    assert (cls.runs, records_of(durable, namespace, stub)) == ([], (None, None))
    assert len(durable.journal.of(events.InstanceBuilt)) == 2


async def test_row_of_an_object_that_never_was_constructs_it_and_is_deleted(durable):
    # DO-8.3.T1.4
    cls = recorder()
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("never used")
    await durable.stop()
    set_row(namespace, stub.id.hex, -60)
    await durable.start()
    assert (cls.runs, row_of(namespace, stub), namespace.list_ids()) == ([], None, [stub.id.hex])


async def test_past_row_of_a_future_alarm_moves_and_the_alarm_runs_at_its_time(durable):
    # DO-8.3.T1.5
    cls, namespace, stub = await restarted_with(durable, value=200, row=60, now=100)
    assert (cls.runs, records_of(durable, namespace, stub)) == ([], (200, 200))
    await durable.clock.advance(hours=1)
    assert cls.runs == [Run(200, 200)]


async def test_past_row_later_than_a_past_alarm_runs_it_with_the_time_of_the_row(durable):
    # DO-8.3.T1.6
    cls, namespace, stub = await restarted_with(durable, value=50, row=60, now=100)
    assert cls.runs == [Run(at=100, scheduled=60)]
    assert records_of(durable, namespace, stub) == (None, None)


async def test_future_row_of_a_past_alarm_runs_it_at_the_time_of_the_row(durable):
    # DO-8.3.T1.7
    cls, _namespace, _stub = await restarted_with(durable, value=50, row=200, now=100)
    assert cls.runs == []
    await durable.clock.advance(hours=1)
    assert cls.runs == [Run(at=200, scheduled=200)]


async def test_row_of_a_foreign_id_is_kept_and_retried(durable):
    # DO-8.3.T1.8
    namespace = durable.namespace(recorder())
    await durable.stop()
    set_row(namespace, "0" * 64, -60)
    await durable.start()
    (finished,) = durable.journal.of(events.AlarmFinished)
    assert (finished.ran, finished.error) == (False, "TypeError: Durable Object ID is not valid for this namespace.")
    assert len(durable.journal.of(events.AlarmRetried)) == 1
    assert namespace.storage_files.stored_alarms() == [("0" * 64, ms(-60) * MS, None)]


async def test_every_row_gets_a_timer_however_late_it_is(durable):
    # DO-8.3.P
    cls = recorder()
    namespace = durable.namespace(cls)
    for number in range(3):
        await namespace.get_by_name(str(number)).arm(60 + number)
    await durable.restart(down_for=timedelta(days=3 * 365))
    assert [run.scheduled for run in cls.runs] == [60, 61, 62]
    assert {run.at for run in cls.runs} == {3 * 365 * 86_400}
    assert {run.retry_count for run in cls.runs} == {0}


async def test_alarm_that_was_being_retried_starts_anew_after_the_restart(durable):
    # DO-8.3.P
    cls = failing(2)
    await durable.namespace(cls).get_by_name("a").arm(60)
    await durable.clock.advance(seconds=63)
    await durable.restart(down_for="1h")
    assert [run.retry_count for run in cls.runs] == [0, 1, 0]


async def test_objects_without_a_row_are_not_looked_at(durable):
    # DO-8.3.P
    namespace = durable.namespace(recorder())
    await namespace.get_by_name("a").write("key", 1)
    await durable.restart()
    await durable.clock.advance(hours=1)
    assert len(durable.journal.of(events.InstanceBuilt)) == 1


async def test_restart_without_downtime_leaves_an_alarm_for_its_time(durable):
    cls = recorder()
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.restart()
    assert (cls.runs, records_of(durable, namespace, stub)) == ([], (60, 60))
    await durable.clock.advance(minutes=5)
    assert cls.runs == [Run(60, 60)]


@pytest.mark.parametrize("crash", [False, True])
async def test_alarm_that_comes_due_during_downtime_fires_late_at_the_start(durable, crash):
    cls = recorder()
    await durable.namespace(cls).get_by_name("a").arm(60)
    await durable.restart(crash=crash, down_for="2h")
    assert cls.runs == [Run(at=7200, scheduled=60)]


async def test_nothing_fires_while_the_host_is_down(durable):
    cls = recorder()
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.stop()
    await durable.clock.advance(hours=1)
    assert (cls.runs, records_of(durable, namespace, stub)) == ([], (60, 60))


async def test_pending_alarms_are_shown_while_the_host_is_down(durable):
    namespace = durable.namespace(recorder())
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.stop()
    assert [(alarm.id, alarm.name, alarm.state) for alarm in durable.alarms()] == [(stub.id.hex, "a", "waiting")]


async def test_alarm_that_is_cut_off_by_a_stop_runs_again_after_the_start(durable):
    # DO-7.6.T1.5
    cls = recorder(lambda instance, _info: asyncio.sleep(30 if len(instance.runs) == 1 else 0))
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.clock.advance(seconds=70)
    await durable.stop()
    assert records_of(durable, namespace, stub) == (60, 60)
    await durable.start()
    assert cls.runs == [Run(60, 60), Run(at=70, scheduled=60, retry_count=0)]


async def test_alarm_whose_handler_was_cut_off_by_a_crash_runs_again(durable):
    cls = recorder(lambda instance, _info: asyncio.sleep(30 if len(instance.runs) == 1 else 0))
    await durable.namespace(cls).get_by_name("a").arm(60)
    await durable.clock.advance(seconds=70)
    await durable.restart(crash=True)
    assert cls.runs == [Run(60, 60), Run(at=70, scheduled=60, retry_count=0)]


async def test_crash_between_the_two_records_costs_a_needless_delivery_but_no_alarm(durable):
    # DO-7.2.P
    cls = recorder()
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(200)
    durable.crash_at(events.AlarmRowWritten)
    with pytest.raises(Exception, match="Network connection lost"):
        await stub.arm(60)
    assert records_of(durable, namespace, stub) == (200, 60)
    await durable.start()
    await durable.clock.advance(hours=1)
    assert cls.runs == [Run(200, 200)]
    assert [record.ran for record in durable.journal.of(events.AlarmFinished)] == [False, True]


async def test_namespace_declared_on_a_running_host_fires_its_overdue_alarms_then(durable, durable_factory):
    # decisions 3.6
    cls = recorder()
    await durable.namespace(cls).get_by_name("a").arm(60)
    directory = durable.directory
    await durable.stop()
    await durable.clock.advance(minutes=5)
    other = durable_factory(directory=directory)
    other.namespace(cls)
    assert cls.runs == []
    await other.settle()
    assert cls.runs == [Run(at=300, scheduled=60)]


async def test_metadata_holds_hex_ids_nanoseconds_and_names(durable):
    # DO-8.1.T1.1, DO-8.1.T1.2, DO-8.1.T1.3
    namespace = durable.namespace(recorder())
    named, nameless = namespace.get_by_name("a"), namespace.get(namespace.new_unique_id())
    await named.arm(60)
    await nameless.arm(90)
    await durable.stop()
    with opened(namespace.directory / "metadata.sqlite") as metadata:
        rows = metadata.execute("SELECT * FROM _cf_ALARM ORDER BY scheduled_time").fetchall()
    assert rows == [(named.id.hex, ms(60) * 10**6, "a"), (nameless.id.hex, ms(90) * 10**6, None)]
    assert [len(actor) for actor, _, _ in rows] == [64, 64]


async def test_name_of_more_than_1024_bytes_is_not_stored(durable):
    # DO-8.1.T1.3
    namespace = durable.namespace(recorder())
    await namespace.get_by_name("x" * 1024).arm(60)
    await namespace.get_by_name("x" * 1025).arm(90)
    rows = namespace.storage_files.stored_alarms()
    assert [len(name) if name else name for _, _, name in rows] == [1024, None]


async def test_metadata_is_one_table_in_a_wal_database_of_4096_byte_pages(durable):
    # DO-8.1.P
    namespace = durable.namespace(recorder())
    await namespace.get_by_name("a").arm(60)
    await durable.stop()
    with opened(namespace.directory / "metadata.sqlite") as metadata:
        pragmas = {name: metadata.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS}
        tables = metadata.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall()
    assert pragmas == PRAGMAS
    assert tables == [
        (
            "_cf_ALARM",
            "CREATE TABLE _cf_ALARM (\n      actor_id TEXT PRIMARY KEY,\n      scheduled_time INTEGER,\n"
            "      actor_name TEXT\n    ) WITHOUT ROWID",
        )
    ]


PRAGMAS = {"journal_mode": "wal", "page_size": 4096, "encoding": "UTF-8", "user_version": 0}


async def test_table_without_names_is_migrated_and_its_alarms_fire(durable):
    # DO-8.1.P
    cls = recorder()
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.stop()
    with opened(namespace.directory / "metadata.sqlite") as metadata:
        metadata.execute("ALTER TABLE _cf_ALARM DROP COLUMN actor_name")
    await durable.start()
    assert namespace.storage_files.stored_alarms() == [(stub.id.hex, ms(60) * MS, None)]
    await durable.clock.advance(minutes=5)
    assert cls.runs == [Run(60, 60)]


@pytest.mark.parametrize("through", ["evict", "restart", "crash"])
async def test_object_woken_by_its_alarm_knows_its_name(durable, through):
    # DO-8.2.3
    names = []
    stub = durable.namespace(recorder(lambda instance, _info: names.append(instance.ctx.id.name))).get_by_name("alice")
    await stub.arm(60)
    await (durable.evict(stub) if through == "evict" else durable.restart(crash=through == "crash"))
    await durable.clock.advance(minutes=5)
    assert names == ["alice"]


async def test_row_is_deleted_when_the_alarm_goes(durable):
    # DO-8.2.1
    namespace = durable.namespace(recorder())
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await stub.disarm()
    await durable.stop()
    with opened(namespace.directory / "metadata.sqlite") as metadata:
        assert metadata.execute("SELECT count(*) FROM _cf_ALARM").fetchone() == (0,)


async def test_later_set_without_a_name_keeps_the_name_of_the_row(durable):
    # DO-8.2.1
    namespace = durable.namespace(recorder())
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    await durable.restart()
    await namespace.get(stub.id.hex).arm(90)
    assert namespace.storage_files.stored_alarms() == [(stub.id.hex, ms(90) * MS, "a")]


async def test_namespaces_have_schedulers_of_their_own(durable):
    # DO-8.2.2
    cls = recorder()
    first, second = (durable.namespace(cls, unique_key=key, binding=key) for key in ("first", "second"))
    await first.get_by_name("a").arm(60)
    assert (len(durable.alarms(first)), len(durable.alarms(second))) == (1, 0)
    assert scheduler_of(first) is not scheduler_of(second)


@pytest.mark.durable(storage="memory")
async def test_alarm_of_an_in_memory_object_survives_eviction_and_follows_the_same_policy(durable):
    # DO-8.2.2: the platform gives such an object six runs and drops its alarm with the instance.
    cls = failing(10**6)
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(60)
    await durable.evict(stub)
    await durable.clock.advance(hours=1)
    assert [run.retry_count for run in cls.runs] == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.durable(storage="memory")
async def test_alarm_of_an_in_memory_object_is_gone_after_a_restart(durable):
    cls = recorder()
    stub = durable.namespace(cls).get_by_name("a")
    await stub.arm(60)
    await durable.restart(down_for="1h")
    assert (cls.runs, durable.alarms(), value_of(durable, stub)) == ([], [], None)


async def test_alarms_due_at_one_instant_run_in_the_order_of_their_ids(durable):
    # decisions 4.5
    order = []
    cls = recorder(lambda instance, _info: order.append(instance.ctx.id.toString()))
    namespace = durable.namespace(cls)
    stubs = [namespace.get_by_name(str(number)) for number in range(10)]
    for stub in stubs:
        await stub.arm(60)
    await durable.clock.advance(seconds=60)
    assert order == sorted(stub.id.hex for stub in stubs)
    assert seconds(durable.clock.time_ms()) == 60
