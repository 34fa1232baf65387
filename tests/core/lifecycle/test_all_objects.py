"""What ends all objects at once: eviction, abort, deletion (DO-9.6, DO-8.2.4)."""

import asyncio

import pytest

from pytest_durable import App, PlatformError, PlatformOptions
from pytest_durable._core.storage.values import UNDEFINED
from pytest_durable.errors import ConfigurationError, HostDownError
from pytest_durable.events import (
    Aborted,
    AlarmFinished,
    AlarmRowDeleted,
    AlarmStarted,
    Committed,
    Evicted,
    InstanceBuilt,
    StorageReset,
)
from support.objects import Armed, Counter

pytestmark = pytest.mark.durable(storage="memory")

ABORTED = "Application called abortAllDurableObjects()."
DELETED = "Application called deleteAllDurableObjects()."
START = 1_893_456_000


class Thing(Armed):
    """Can be busy, and keeps what still happens to it in a log that outlives it."""

    log: list[str] = []

    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.memory = 0

    async def remember(self):
        self.memory += 1
        return self.memory

    async def wait(self, seconds):
        try:
            await asyncio.sleep(seconds)
            self.log.append("waited")
            return "done"
        finally:
            self.log.append("finally")

    async def wait_in_background(self, seconds):
        self.ctx.waitUntil(self.wait(seconds))

    async def wait_in_callback(self, seconds):
        asyncio.get_running_loop().call_later(seconds, self.log.append, "callback")

    async def put_and_wait(self, seconds):
        await self.ctx.storage.put("committed", 1)
        await asyncio.sleep(seconds)

    async def through_kept_stub(self, name):
        self.stub = getattr(self, "stub", None) or self.env.THING.getByName(name)
        return await self.stub.remember()

    async def transact(self, seconds):
        async def callback(txn):
            await txn.setAlarm(4_102_444_800_000)
            await asyncio.sleep(seconds)

        await self.ctx.storage.transaction(callback)

    async def alarm(self, info):
        self.log.append(f"alarm {info.retryCount}")
        if await self.ctx.storage.get("slow"):
            await asyncio.sleep(20)
        if await self.ctx.storage.get("failing"):
            raise PlatformError("no")
        await super().alarm(info)


class Exempt(Thing):
    pass


@pytest.fixture
def durable_app():
    return App(surface="neutral", options=PlatformOptions(prevent_eviction=("Exempt",)))


@pytest.fixture
def log():
    Thing.log = []
    return Thing.log


@pytest.fixture
def things(durable, log):
    return durable.namespace(Thing)


@pytest.fixture
def exempt(durable, things):
    return durable.namespace(Exempt)


async def refusal(awaitable):
    with pytest.raises(PlatformError) as caught:
        await awaitable
    return caught.value


def in_seconds(durable, seconds):
    return durable.clock.time_ms() + seconds * 1000


def flags(failure):
    names = ("remote", "retryable", "overloaded", "durable_object_reset")
    return [name for name in names if getattr(failure, name)]


VERBS = {"abort_all": ABORTED, "delete_all": DELETED}
both = pytest.mark.parametrize(("verb", "text"), VERBS.items(), ids=VERBS)


# What abort_all and delete_all have in common


@both
async def test_used_stubs_fail_with_the_text_and_new_ones_get_new_instances(durable, things, verb, text):
    """DO-9.6.T1.1, DO-9.6.T1.2, DO-9.5.T1.7; A: test_abort_all_durable_objects"""
    stub, unused = things.get_by_name("a"), things.get_by_name("a")
    assert [await stub.remember(), await stub.remember()] == [1, 2]
    await getattr(durable, verb)()
    for _ in range(2):
        failure = await refusal(stub.remember())
        assert (failure.name, failure.message, flags(failure)) == ("Error", text, [])
    assert await unused.remember() == 1
    assert await things.get_by_name("a").remember() == 2
    assert len(durable.journal.of(InstanceBuilt)) == 2


@both
async def test_calls_in_flight_fail_with_the_text_and_nothing_of_them_goes_on(durable, things, log, verb, text):
    """DO-9.6.T1.1, DO-9.6.T1.2"""
    calls = [asyncio.ensure_future(things.get_by_name(name).wait(5)) for name in "abc"]
    await things.get_by_name("d").wait_in_background(5)
    await things.get_by_name("e").wait_in_callback(5)
    await durable.settle()
    await getattr(durable, verb)()
    assert [(await refusal(call)).message for call in calls] == [text] * 3
    await durable.clock.advance(seconds=10)
    assert log == []


@both
async def test_objects_of_every_namespace_end(durable, things, verb, text):
    """DO-9.6.T1.1: not only those of the namespace that somebody used last."""
    others = durable.namespace(Counter)
    stubs = [things.get_by_name("a"), others.get_by_name("a")]
    await stubs[0].remember()
    await stubs[1].in_memory()
    await getattr(durable, verb)()
    assert (await refusal(stubs[0].remember())).message == text
    assert (await refusal(stubs[1].in_memory())).message == text


@both
async def test_stub_used_on_an_object_that_is_out_of_memory_breaks_too(durable, things, verb, text):
    """DO-9.6.T1.1: what breaks is the container."""
    stub = things.get_by_name("a")
    await stub.remember()
    await durable.evict(stub)
    await getattr(durable, verb)()
    assert (await refusal(stub.remember())).message == text


@both
async def test_stub_kept_by_an_exempt_object_breaks_and_the_object_stays(durable, things, exempt, verb, text):
    """DO-9.3.T1.4, DO-9.6.T1.1; A: test_delete_all_durable_objects_respects_prevent_eviction"""
    keeper = exempt.get_by_name("k")
    assert await keeper.through_kept_stub("a") == 1
    await getattr(durable, verb)()
    assert (await refusal(keeper.through_kept_stub("a"))).message == text
    assert [await keeper.remember(), await keeper.remember()] == [1, 2]


@both
async def test_every_object_is_recorded_as_aborted(durable, things, verb, text):
    """DO-9.6.T1.1"""
    for name in "ab":
        await things.get_by_name(name).remember()
    await getattr(durable, verb)()
    assert sorted(record.actor.name for record in durable.journal.of(Aborted)) == ["a", "b"]
    await getattr(durable, verb)()  # there is nothing more to end
    assert len(durable.journal.of(Aborted)) == 2


# abort_all


async def test_abort_keeps_data_and_alarms(durable, things):
    """DO-9.6.T1.1; issue: aborting never deletes alarms or data"""
    stub = things.get_by_name("a")
    await stub.put("k", 1)
    await stub.arm(in_seconds(durable, 60))
    await durable.abort_all()
    durable.assert_alarm(stub, after=60)
    assert await things.get_by_name("a").get("k") == 1
    assert await things.get_by_name("a").armed() == in_seconds(durable, 60)
    await durable.clock.advance(seconds=60)
    durable.assert_alarm_ran(stub, times=1)


async def test_abort_loses_what_is_not_committed(durable, things):
    """DO-9.6.T1.1"""
    running = asyncio.ensure_future(things.get_by_name("a").transact(5))
    await durable.settle()
    await durable.abort_all()
    assert (await refusal(running)).message == ABORTED
    assert await things.get_by_name("a").armed() is None


async def test_abort_has_the_reason_of_the_test_if_it_gives_one(durable, things):
    """Ours: the platform's own verb takes none."""
    stub = things.get_by_name("a")
    await stub.remember()
    await durable.abort_all("enough")
    failure = await refusal(stub.remember())
    assert (failure.name, failure.message, flags(failure)) == ("Error", "enough", [])


async def test_handler_cut_off_by_an_abort_is_tried_again_and_that_is_not_counted(durable, things, log):
    """DO-7.6: abortAllDurableObjects during it does not count."""
    stub = things.get_by_name("a")
    await stub.put("slow", True)
    await stub.arm(in_seconds(durable, 1))
    await durable.clock.advance(seconds=2)
    await durable.abort_all()
    await durable.clock.advance(seconds=60)
    assert log == ["alarm 0", "alarm 0"]
    assert [record.error for record in durable.journal.of(AlarmFinished)] == [f"PlatformError: {ABORTED}", None]


# delete_all


@pytest.mark.durable(storage="disk")
async def test_deletion_removes_the_files_of_every_object(durable, things):
    """DO-9.6.T1.2: also of objects that are not in memory; A: test_delete_all_durable_objects"""
    running, idle = things.get_by_name("a"), things.get_by_name("b")
    for stub in (running, idle):
        await stub.put("k", 1)
    await durable.evict(idle)
    await durable.delete_all()
    durable.assert_object_count(things, 0)
    assert [name for name in things.files() if not name.startswith("metadata.")] == []
    for name in "ab":
        assert await things.get_by_name(name).get("k") is UNDEFINED


@pytest.mark.durable(storage="disk")
async def test_deletion_removes_the_files_of_facets(durable, things):
    """DO-9.6.T1.2"""
    stub = things.get_by_name("a")
    await stub.put("k", 1)
    await durable.stop()
    for suffix in ("facets", "1.sqlite", "1.sqlite-wal", "12.sqlite"):
        (things.directory / f"{stub.id.hex}.{suffix}").write_bytes(b"")
    (things.directory / "notes.txt").write_bytes(b"not ours")
    await durable.start()
    await durable.delete_all()
    assert [name for name in things.files() if not name.startswith("metadata.")] == ["notes.txt"]


async def test_deletion_removes_every_alarm(durable, things, log):
    """DO-8.2.4, DO-9.6.T1.2; A: test_delete_all_durable_objects_alarms"""
    stubs = [things.get_by_name(name) for name in "ab"]
    for stub in stubs:
        await stub.arm(in_seconds(durable, 60))
    await durable.evict(stubs[1])
    await durable.delete_all()
    assert durable.alarms() == []
    assert durable.clock.next_due() is None
    for name in "ab":
        assert durable.stored(things.get_by_name(name)).alarm is None
        assert await things.get_by_name(name).armed() is None
    await durable.restart()
    await durable.clock.advance(minutes=5)
    assert log == []


async def test_deletion_spares_what_is_exempt(durable, exempt):
    """DO-9.3.T1.4, DO-8.2.4: the timers of evictable namespaces"""
    stub = exempt.get_by_name("k")
    await stub.put("k", 1)
    await stub.arm(in_seconds(durable, 60))
    assert await stub.remember() == 1
    await durable.delete_all()
    assert await stub.remember() == 2
    assert await stub.get("k") == 1
    durable.assert_alarm(stub, after=60)


async def test_handler_cut_off_by_a_deletion_is_not_tried_again(durable, things, log):
    """DO-8.2.4"""
    stub = things.get_by_name("a")
    await stub.put("slow", True)
    await stub.arm(in_seconds(durable, 1))
    await durable.clock.advance(seconds=2)
    await durable.delete_all()
    assert durable.alarms() == []
    await durable.clock.advance(hours=1)
    assert log == ["alarm 0"]


async def test_alarm_that_is_being_retried_is_deleted_too(durable, things, log):
    """DO-8.2.4"""
    stub = things.get_by_name("a")
    await stub.put("failing", True)
    await stub.arm(in_seconds(durable, 1))
    await durable.clock.advance(seconds=1)
    assert [alarm.state for alarm in durable.alarms()] == ["retrying"]
    await durable.delete_all()
    await durable.clock.advance(hours=1)
    assert (log, durable.alarms()) == (["alarm 0"], [])


async def test_deleted_object_begins_anew(durable, things):
    """DO-9.6.T1.2"""
    await things.get_by_name("a").arm(in_seconds(durable, 60))
    await durable.delete_all()
    stub = things.get_by_name("a")
    await stub.arm(in_seconds(durable, 30))
    await durable.clock.advance(seconds=60)
    durable.assert_alarm_ran(stub, times=1)


async def test_files_of_an_object_go_before_its_alarm(durable, things):
    """DO-7.2.T1.4, as in ``deleteAll``: an alarm without data wakes nobody, data whose alarm has gone are wrong."""
    stub = things.get_by_name("a")
    await stub.arm(in_seconds(durable, 60))
    before = len(durable.journal)
    await durable.delete_all()
    kinds = [type(record) for record in durable.journal][before:]
    assert kinds == [Aborted, StorageReset, AlarmRowDeleted]
    assert {record.actor for record in list(durable.journal)[before:]} == {stub._durable_key}


@pytest.mark.durable(storage="disk")
@pytest.mark.parametrize("nth", [1, 2])
async def test_deletion_cut_between_files_and_alarm_delivers_to_nobody(durable, things, log, nth):
    """DO-8.3.T1.4"""
    for name in "ab":
        await things.get_by_name(name).put("k", 1)
        await things.get_by_name(name).arm(in_seconds(durable, 60))
    durable.crash_at(StorageReset, nth=nth)
    await durable.delete_all()
    assert not durable.is_running
    await durable.start()
    durable.assert_object_count(things, 2 - nth)
    assert len(durable.alarms()) == 3 - nth
    await durable.clock.advance(minutes=5)
    assert durable.alarms() == []
    assert log == ["alarm 0"] * (2 - nth)


# evict_all


async def test_every_running_object_is_evicted_and_idle_ones_are_skipped(durable, things):
    """DO-9.6.T1.4; A: test_evict_all_durable_objects"""
    stubs = [things.get_by_name(name) for name in "abc"]
    for stub in stubs:
        await stub.put("k", 1)
        await stub.remember()
    await durable.evict(stubs[2])
    await durable.evict_all()
    assert [record.actor.name for record in durable.journal.of(Evicted)] == ["c", "a", "b"]
    for stub in stubs:  # which stay valid
        assert await stub.get("k") == 1
        assert await stub.remember() == 1
    await durable.evict_all()
    await durable.evict_all()
    assert len(durable.journal.of(Evicted)) == 6


async def test_each_eviction_waits_for_its_own_object(durable, things):
    """DO-9.6.T1.4, DO-9.6.T1.3"""
    calls = [asyncio.ensure_future(things.get_by_name(name).wait(seconds)) for name, seconds in (("a", 5), ("b", 3))]
    await durable.settle()
    await durable.evict_all()
    evicted = [(record.actor.name, record.time_ns // 10**9 - START) for record in durable.journal.of(Evicted)]
    assert evicted == [("b", 3), ("a", 5)]
    assert await asyncio.gather(*calls) == ["done", "done"]


async def test_object_that_stays_busy_is_an_error_and_the_others_are_evicted(durable, things):
    """DO-9.6.T1.3-4"""
    running = asyncio.ensure_future(things.get_by_name("a").wait(60))
    await things.get_by_name("b").remember()
    await durable.settle()
    failure = await refusal(durable.evict_all())
    assert failure.message == "Timed out waiting to evict Durable Object: it still has active references."
    assert durable.clock.time() == START + 30
    assert [record.actor.name for record in durable.journal.of(Evicted)] == ["b"]
    assert await running == "done"


async def test_object_exempt_from_eviction_is_skipped(durable, things, exempt):
    """DO-9.3.T1.4; A: test_evict_all_durable_objects"""
    await exempt.get_by_name("k").remember()
    await things.get_by_name("a").remember()
    await durable.evict_all()
    assert await exempt.get_by_name("k").remember() == 2
    assert await things.get_by_name("a").remember() == 1


@pytest.mark.parametrize("verb", ["evict", "evict_all"])
async def test_mode_for_sockets_is_one_of_two(durable, things, verb):
    """DO-9.6.P; A: test_evict_rejects_invalid_websocket_mode"""
    stub = things.get_by_name("a")
    await stub.remember()
    arguments = [stub] if verb == "evict" else []
    for mode in ("hibernate", "close"):
        await getattr(durable, verb)(*arguments, web_sockets=mode)
        await stub.remember()
    failure = await refusal(getattr(durable, verb)(*arguments, web_sockets="drop"))
    assert str(failure) == 'TypeError: options.webSockets must be "hibernate" or "close".'


# Bad use


@pytest.mark.parametrize("verb", ["evict_all", "abort_all", "delete_all", "delete_all_alarms", "abort_isolate"])
async def test_verb_while_the_host_is_down_is_refused(durable, things, verb):
    await durable.stop()
    with pytest.raises(HostDownError):
        await getattr(durable, verb)()


@pytest.mark.parametrize("verb", ["evict_all", "abort_all", "delete_all", "delete_all_alarms", "abort_isolate"])
async def test_verb_called_inside_an_object_is_refused(durable, things, verb):
    async def act(_instance, _ctx):
        with pytest.raises(ConfigurationError, match=rf"^{verb}\(\) was called inside an object"):
            await getattr(durable, verb)()

    await durable.run_in_object(things.get_by_name("a"), act)


@pytest.mark.parametrize("verb", ["abort_all", "abort_isolate"])
async def test_reason_that_is_no_text_is_refused(durable, verb):
    with pytest.raises(ConfigurationError):
        await getattr(durable, verb)(5)


# delete_all_alarms


async def test_deleted_alarms_are_gone_from_both_records(durable, things, log):
    """Ours: in memory or not, neither the scheduler nor the object has an alarm afterwards."""
    stubs = [things.get_by_name(name) for name in "ab"]
    for stub in stubs:
        await stub.put("k", 1)
        await stub.arm(in_seconds(durable, 60))
    await durable.evict(stubs[1])
    await durable.delete_all_alarms()
    assert durable.alarms() == []
    assert durable.clock.next_due() is None
    for stub in stubs:
        durable.assert_no_alarm(stub)
        assert durable.stored(stub).alarm is None
    assert len(durable.journal.of(InstanceBuilt)) == 2  # nobody was woken for it
    for stub in stubs:
        assert await stub.armed() is None
        assert await stub.get("k") == 1
    await durable.clock.advance(minutes=5)
    assert log == []


async def test_deleting_alarms_leaves_instances_and_stubs_alone(durable, things, exempt):
    """Ours: it ends nothing, so that no class is exempt either."""
    for stub in (things.get_by_name("a"), exempt.get_by_name("k")):
        await stub.arm(in_seconds(durable, 60))
        assert await stub.remember() == 1
        await durable.delete_all_alarms()
        assert await stub.remember() == 2
        assert await stub.armed() is None
    assert durable.alarms() == []


async def test_deleting_alarms_writes_nothing_for_objects_without(durable, things):
    await things.get_by_name("a").remember()
    before = len(durable.journal)
    await durable.delete_all_alarms()
    kinds = {type(record).__name__ for record in list(durable.journal)[before:]}
    assert kinds == {"ReplySent", "CallEnded"}


async def test_handler_goes_on_when_alarms_are_deleted_and_is_not_tried_again(durable, things, log):
    stub = things.get_by_name("a")
    await stub.put("slow", True)
    await stub.put("failing", True)
    await stub.arm(in_seconds(durable, 1))
    await durable.clock.advance(seconds=2)
    await durable.delete_all_alarms()
    assert durable.alarms() == []
    assert durable.stored(stub).alarm is None
    await durable.clock.advance(hours=1)
    assert log == ["alarm 0"]
    assert [record.ok for record in durable.journal.of(AlarmFinished)] == [False]
    durable.assert_no_alarm(stub)


async def test_alarm_set_after_the_deletion_runs_after_the_handler_that_goes_on(durable, things, log):
    stub = things.get_by_name("a")
    await stub.put("slow", True)
    await stub.arm(in_seconds(durable, 1))
    await durable.clock.advance(seconds=2)
    await durable.delete_all_alarms()
    await stub.arm(in_seconds(durable, 1))
    assert len(durable.alarms()) == 1
    await durable.clock.advance(seconds=60)
    assert [record.time_ns // 10**9 - START for record in durable.journal.of(AlarmStarted)] == [1, 21]
    assert durable.alarms() == []


async def test_alarm_of_a_transaction_that_runs_is_deleted_after_it(durable, things):
    stub = things.get_by_name("a")
    running = asyncio.ensure_future(stub.transact(5))
    await durable.settle()
    await durable.delete_all_alarms()
    assert durable.clock.time() == START + 5
    await running
    assert (await stub.armed(), durable.alarms()) == (None, [])


async def test_object_that_ends_while_its_alarm_waits_for_deletion_loses_it_all_the_same(durable, things):
    stub = things.get_by_name("a")
    await stub.arm(in_seconds(durable, 60))
    running = asyncio.ensure_future(stub.transact(5))
    await durable.settle()
    deletion = asyncio.ensure_future(durable.delete_all_alarms())
    await asyncio.sleep(1)
    await durable.abort(stub)
    await deletion
    await refusal(running)
    assert durable.alarms() == []
    assert await things.get_by_name("a").armed() is None


@pytest.mark.durable(storage="disk")
async def test_alarm_of_which_the_scheduler_does_not_know_is_deleted_too(durable, things):
    """DO-8.3.T1.1: it would never fire, and ``getAlarm`` would show it."""
    stub = things.get_by_name("a")
    await stub.arm(in_seconds(durable, 60))
    await durable.stop()
    for name in things.files():
        if name.startswith("metadata."):
            (things.directory / name).unlink()
    await durable.start()
    assert durable.alarms() == []
    await durable.delete_all_alarms()
    assert durable.stored(stub).alarm is None
    assert await stub.armed() is None


@pytest.mark.durable(storage="disk")
async def test_row_without_an_object_is_deleted_and_nothing_is_made(durable, things):
    stub = things.get_by_name("a")
    await stub.arm(in_seconds(durable, 60))
    await durable.stop()
    (things.directory / f"{stub.id.hex}.sqlite").unlink()
    await durable.start()
    await durable.delete_all_alarms()
    assert durable.alarms() == []
    durable.assert_object_count(things, 0)


@pytest.mark.durable(storage="disk")
@pytest.mark.parametrize("record", [Committed, AlarmRowDeleted])
async def test_deletion_of_alarms_can_be_cut_anywhere(durable, things, log, record):
    stub = things.get_by_name("a")
    await stub.arm(in_seconds(durable, 60))
    await durable.evict(stub)
    durable.crash_at(record)
    await durable.delete_all_alarms()
    assert not durable.is_running
    await durable.start()
    assert durable.stored(stub).alarm is None
    await durable.clock.advance(minutes=5)
    assert (log, durable.alarms()) == ([], [])
