"""When one of the two records cannot be written (spec 7.2.2, 7.7.1)."""

from contextlib import contextmanager

import apsw
import pytest

from pytest_durable import events
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage import ObjectStore
from support.alarms import Run, failing, recorder, records_of, row_of


@contextmanager
def unwritable_rows(namespace):
    """Let SQLite refuse every change of the namespace's alarm table."""
    connection = namespace.storage_files.alarms._file.use().connection
    connection.pragma("query_only", True)
    try:
        yield
    finally:
        connection.pragma("query_only", False)


@contextmanager
def failing_commits(monkeypatch):
    """Let every commit of an object fail as on a broken disk."""

    def fail():
        raise apsw.IOError("disk I/O error")

    with monkeypatch.context() as patch:
        committed = ObjectStore._committed
        patch.setattr(ObjectStore, "_committed", lambda self, commit: committed(self, fail))
        yield


async def test_commit_does_not_happen_when_the_row_of_an_earlier_alarm_cannot_be_written(durable):
    # DO-7.2.2
    namespace = durable.namespace(recorder())
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    with unwritable_rows(namespace), pytest.raises(PlatformError, match="internal error; reference = "):
        await stub.arm(30)
    assert records_of(durable, namespace, stub) == (60, 60)


async def test_object_whose_row_could_not_be_written_is_reset(durable):
    # DO-7.2.2: the output gate is broken, and fresh stubs reach a new instance.
    namespace = durable.namespace(recorder())
    stub = namespace.get_by_name("a")
    with unwritable_rows(namespace):
        for _ in range(2):
            with pytest.raises(PlatformError, match="internal error"):
                await stub.arm(30)
    fresh = namespace.get_by_name("a")
    assert await fresh.armed() is None
    await fresh.arm(30)
    assert records_of(durable, namespace, fresh) == (30, 30)


async def test_reply_is_not_sent_when_the_row_of_an_earlier_alarm_cannot_be_written(durable):
    # DO-7.2.2
    namespace = durable.namespace(recorder())
    stub = namespace.get_by_name("a")
    with unwritable_rows(namespace), pytest.raises(PlatformError):
        await stub.arm(30)
    assert durable.journal.of(events.Committed) == ()
    assert [record.error for record in durable.journal.of(events.CallEnded)] != [None]


async def test_failing_move_to_later_is_only_noted(durable):
    # DO-7.2.2
    cls = recorder()
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    with unwritable_rows(namespace):
        await stub.arm(90)
    assert records_of(durable, namespace, stub) == (90, 60)
    assert len(durable.journal.of(events.AlarmRowFailed)) == 1
    await durable.clock.advance(hours=1)
    assert cls.runs == [Run(90, 90)]


async def test_failing_deletion_of_a_row_is_only_noted(durable):
    # DO-7.2.2
    cls = recorder()
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    with unwritable_rows(namespace):
        await stub.disarm()
    assert records_of(durable, namespace, stub) == (None, 60)
    await durable.clock.advance(hours=1)
    assert (cls.runs, row_of(namespace, stub)) == ([], None)


async def test_cancelled_delivery_is_repeated_without_counting_until_its_row_can_be_changed(durable):
    # DO-7.5.T1.3, DO-7.6.P
    cls = recorder()
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    with unwritable_rows(namespace):
        await stub.arm(90)
        await durable.clock.advance(seconds=60)
    assert [record.retry_count for record in durable.journal.of(events.AlarmRetried)] == [0]
    await durable.clock.advance(hours=1)
    assert cls.runs == [Run(90, 90)]


async def test_row_that_cannot_be_deleted_after_a_success_runs_nothing_at_the_next_start(durable):
    # DO-7.2.2, DO-8.3.T1.4
    cls = recorder()
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    with unwritable_rows(namespace):
        await durable.clock.advance(seconds=60)
    assert records_of(durable, namespace, stub) == (None, 60)
    await durable.restart(down_for="1h")
    assert (cls.runs, row_of(namespace, stub)) == ([Run(60, 60)], None)


async def test_failure_of_the_disk_does_not_count(durable, monkeypatch):
    # DO-7.6.P
    async def write(instance, _info):
        await instance.write("key", 1)

    cls = recorder(write)
    await durable.namespace(cls).get_by_name("a").arm(60)
    with failing_commits(monkeypatch):
        await durable.clock.advance(seconds=60)
    await durable.clock.advance(minutes=5)
    assert [run.retry_count for run in cls.runs] == [0, 0]


async def test_row_of_an_abandoned_alarm_is_kept_when_its_object_cannot_forget_it(durable, monkeypatch):
    # DO-7.7.1
    cls = failing(7)
    namespace = durable.namespace(cls)
    stub = namespace.get_by_name("a")
    await stub.arm(60)
    with failing_commits(monkeypatch):
        await durable.clock.advance(hours=1)
    assert (len(cls.runs), records_of(durable, namespace, stub), durable.alarms()) == (7, (60, 60), [])
    await durable.restart()
    assert cls.runs[-1] == Run(at=3600, scheduled=60, retry_count=0)
    assert records_of(durable, namespace, stub) == (None, None)
