"""Nothing leaves an object before what it wrote is durable (DO-6.4)."""

import asyncio

import pytest

from pytest_durable import PlatformError
from pytest_durable._core.messages import Response
from pytest_durable.events import AlarmFinished, CallStarted, Committed, ReplySent
from support.objects import Armed, Box

pytestmark = pytest.mark.durable(storage="memory")

CONSTRAINT = (
    "Durable Object was reset and rolled back to its last known good state because the application left the database"
    " in a state where constraints were violated: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended:"
    " SQLITE_CONSTRAINT_FOREIGNKEY)"
)


class Ledger(Armed):
    """Can write what its database refuses to commit."""

    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.memory = []
        ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS parent (id INTEGER PRIMARY KEY)")
        ctx.storage.sql.exec(
            "CREATE TABLE IF NOT EXISTS child (parent REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"
        )

    def violate(self):
        self.ctx.storage.sql.exec("INSERT INTO child VALUES (7)")

    async def fail_to_commit(self):
        await self.ctx.storage.put("lost", 1)
        self.violate()
        return "succeeded"

    async def throw_and_fail_to_commit(self):
        self.violate()
        raise PlatformError("mine", name="TypeError")

    async def fail_to_commit_later(self):
        self.violate()
        await asyncio.sleep(1)
        self.memory.append("resumed")
        await self.env.BOX.getByName("sink").put("resumed", 1)

    async def wait(self):
        await asyncio.sleep(10)

    async def put_and_call(self):
        await self.ctx.storage.put("k", 1)
        await self.env.BOX.getByName("sink").put("k", 1)

    async def put_and_fetch(self):
        await self.ctx.storage.put("k", 1)
        await self.env.SITE.getByName("sink").fetch("http://site/")

    async def call_and_fail_to_commit(self):
        self.env.BOX.getByName("sink").put("sent", 1)
        await self.fail_to_commit()

    async def violate_unconfirmed(self):
        self.ctx.storage.sql.exec("PRAGMA defer_foreign_keys")
        await self.ctx.storage.put("k", 1, {"allowUnconfirmed": True})
        self.violate()

    async def throw(self):
        await self.ctx.storage.put("k", 1)
        raise PlatformError("mine")

    async def fetch(self, _request):
        await self.ctx.storage.put("k", 1)
        return Response()


class Site(Box):
    async def fetch(self, _request):
        return Response()


@pytest.fixture
def ledgers(durable):
    durable.namespace(Box)
    durable.namespace(Site)
    return durable.namespace(Ledger)


@pytest.fixture
def ledger(ledgers):
    return ledgers.get_by_name("a")


def order(durable, *kinds):
    """The records of some kinds as pairs of class name and object name."""
    return [(type(record).__name__, record.actor.name) for record in durable.journal.of(*kinds)]


async def refusal(awaitable):
    with pytest.raises(PlatformError) as caught:
        await awaitable
    return caught.value


async def test_result_waits_for_the_commit_of_its_writes(durable, ledger):
    """DO-6.4.1"""
    await ledger.put("k", 1)
    assert order(durable, Committed, ReplySent)[-2:] == [("Committed", "a"), ("ReplySent", "a")]


async def test_error_waits_for_the_commit_of_its_writes(durable, ledger):
    """DO-6.4.1"""
    await refusal(ledger.throw())
    assert order(durable, Committed, ReplySent)[-2:] == [("Committed", "a"), ("ReplySent", "a")]


async def test_response_waits_for_the_commit_of_its_writes(durable, ledger):
    """DO-6.4.1"""
    await ledger.fetch("http://ledger/")
    assert order(durable, Committed, ReplySent)[-2:] == [("Committed", "a"), ("ReplySent", "a")]


@pytest.mark.parametrize("method", ["put_and_call", "put_and_fetch"])
async def test_outgoing_call_waits_for_the_commit_of_the_writes_before_it(durable, ledger, method):
    """DO-6.4.1"""
    await getattr(ledger, method)()
    records = order(durable, Committed, CallStarted)
    started = records.index(("CallStarted", "a"))
    assert records[started + 1 : started + 3] == [("Committed", "a"), ("CallStarted", "sink")]


async def test_nothing_is_sent_if_the_writes_are_not_durable(durable, ledger):
    """DO-6.4.1: even what was sent before the first write of the turn, as on the platform (tried)."""
    await refusal(ledger.call_and_fail_to_commit())
    await durable.settle()
    assert ("CallStarted", "sink") not in order(durable, CallStarted)


async def test_outcome_of_an_alarm_waits_for_the_commit_of_its_writes(durable):
    """DO-6.4.1"""
    stub = durable.namespace(Armed).get_by_name("a")
    await stub.arm(durable.clock.time_ms() + 1000)
    await durable.clock.advance(seconds=1)
    records = durable.journal.of(Committed, AlarmFinished)
    assert [type(record) for record in records[-3:]] == [Committed, Committed, AlarmFinished]
    assert records[-3].keys == ("ran",)


async def test_alarm_whose_writes_are_not_durable_has_failed(durable):
    """DO-6.4.1"""

    class Violating(Ledger):
        async def alarm(self, _info):
            self.violate()

    stub = durable.namespace(Violating).get_by_name("a")
    await stub.arm(durable.clock.time_ms() + 1000)
    await durable.clock.advance(seconds=1)
    assert [record.ok for record in durable.journal.of(AlarmFinished)] == [False]


async def test_reply_waits_for_no_later_write(durable, ledger):
    """DO-6.4.1"""
    running = asyncio.create_task(ledger.wait())
    await durable.settle()
    await ledger.get("k")
    await ledger.put("k", 1)
    replies = [record.method for record in durable.journal.of(Committed, ReplySent) if type(record) is ReplySent]
    assert replies == ["get", "put"]
    await running


async def test_unconfirmed_write_whose_commit_fails_breaks_the_object(durable, ledger):
    """DO-6.4.2"""
    assert str(await refusal(ledger.violate_unconfirmed())) == CONSTRAINT
    assert dict(durable.stored(ledger).kv) == {}


async def test_unconfirmed_write_is_committed_with_its_turn(durable, ledger):
    """DO-6.4.2"""
    await ledger.get("k")
    before = len(durable.journal.of(Committed))
    await durable.run_in_object(ledger, lambda _, ctx: ctx.storage.put("k", 1, {"allowUnconfirmed": True}))
    assert len(durable.journal.of(Committed)) == before + 1
    assert dict(durable.stored(ledger).kv) == {"k": 1}


async def test_caller_of_a_method_that_succeeded_sees_why_its_writes_failed(ledger):
    """DO-6.4.3"""
    failure = await refusal(ledger.fail_to_commit())
    assert (failure.name, failure.message) == ("Error", CONSTRAINT)


async def test_failed_commit_replaces_the_exception_of_the_application(ledger):
    """DO-6.4.3"""
    failure = await refusal(ledger.throw_and_fail_to_commit())
    assert (failure.name, failure.message) == ("Error", CONSTRAINT)


async def test_constraint_failure_does_not_say_that_the_object_was_reset(ledger):
    """DO-6.4.3, DO-9.5.T1.5"""
    failure = await refusal(ledger.fail_to_commit())
    assert (failure.name, failure.message) == ("Error", CONSTRAINT)
    assert not any((failure.durable_object_reset, failure.remote, failure.retryable, failure.overloaded))


async def test_failed_commit_fails_every_call_in_flight(durable, ledger):
    """DO-6.4.3"""
    waiting = asyncio.create_task(ledger.wait())
    await durable.settle()
    assert str(await refusal(ledger.fail_to_commit())) == CONSTRAINT
    assert str(await refusal(waiting)) == CONSTRAINT


async def test_handler_whose_commit_failed_does_not_resume(durable, ledgers, ledger):
    """DO-6.4.3"""
    await refusal(ledger.fail_to_commit_later())
    await durable.clock.advance(seconds=5)
    assert "CallStarted" not in [kind for kind, name in order(durable, CallStarted) if name == "sink"]


async def test_stub_keeps_failing_after_a_failed_commit(ledger):
    """DO-6.4.3"""
    await refusal(ledger.fail_to_commit())
    assert str(await refusal(ledger.get("k"))) == CONSTRAINT


async def test_new_stub_gets_a_fresh_instance_with_the_last_committed_data(durable, ledgers, ledger):
    """DO-6.4.3"""
    await ledger.put("kept", 1)
    await refusal(ledger.fail_to_commit())
    again = ledgers.get_by_name("a")
    assert await again.get("kept") == 1
    assert dict(durable.stored(again).kv) == {"kept": 1}
    assert durable.stored(again).sql("SELECT * FROM child") == []
