"""``storage.transactionSync()``: a savepoint within the turn (DO-6.3)."""

import asyncio

import pytest

from pytest_durable import PlatformError
from pytest_durable.events import Committed
from support.objects import Armed
from support.tracing import traced_statements

pytestmark = pytest.mark.durable(storage="memory")

ALARM_MS = 4102444800000


@pytest.fixture
def box(durable):
    return durable.namespace(Armed).get_by_name("a")


@pytest.fixture
def inside(durable, box):
    """Runs a function of ``ctx`` in the object."""
    return lambda function: durable.run_in_object(box, lambda _instance, ctx: function(ctx))


def stored(durable, stub):
    return dict(durable.stored(stub).kv)


def error_of(function):
    """The text of the error that a call raises; None if it raises none."""
    try:
        function()
    except PlatformError as failure:
        return str(failure)


async def test_transaction_sync_is_a_savepoint_within_the_turns_transaction(durable, box, inside):
    """DO-6.3.1"""
    statements = traced_statements(durable)
    await inside(lambda ctx: ctx.storage.transactionSync(lambda: ctx.storage.kv.put("k", 1)))
    assert [sql for _, sql in statements if "savepoint" in sql.lower()] == [
        "SAVEPOINT _cf_sync_savepoint",
        "RELEASE _cf_sync_savepoint",
    ]
    assert [record.keys for record in durable.journal.of(Committed)] == [("k",)]


async def test_transaction_sync_gives_the_result_of_its_callback(inside):
    """DO-6.3.1"""
    assert await inside(lambda ctx: ctx.storage.transactionSync(lambda: "result")) == "result"


async def test_exception_rolls_back_to_the_savepoint_and_goes_on(durable, box, inside):
    """DO-6.3.1"""

    def act(ctx):
        def fail():
            ctx.storage.kv.put("undone", 1)
            raise PlatformError("mine")

        ctx.storage.kv.put("before", 1)
        caught = error_of(lambda: ctx.storage.transactionSync(fail))
        ctx.storage.kv.put("after", 1)
        return caught

    assert await inside(act) == "mine"
    assert stored(durable, box) == {"before": 1, "after": 1}
    assert [record.keys for record in durable.journal.of(Committed)] == [("after", "before")]


@pytest.mark.parametrize("failing", [set(), {"inner"}, {"outer"}])
async def test_transactions_sync_nest(durable, box, inside, failing):
    """DO-6.3.1"""

    def act(ctx):
        def step(name, then=lambda: None):
            ctx.storage.kv.put(name, 1)
            then()
            if name in failing:
                raise PlatformError("no")

        def inner():
            error_of(lambda: ctx.storage.transactionSync(lambda: step("inner")))

        error_of(lambda: ctx.storage.transactionSync(lambda: step("outer", inner)))

    await inside(act)
    assert set(stored(durable, box)) == (set() if "outer" in failing else {"outer", "inner"} - failing)


async def test_transaction_sync_nests_in_a_transaction(durable, box, inside):
    """DO-6.3.1"""

    async def act(ctx):
        def fail():
            ctx.storage.kv.put("undone", 1)
            raise PlatformError("no")

        async def callback(txn):
            await txn.put("kept", 1)
            error_of(lambda: ctx.storage.transactionSync(fail))

        await ctx.storage.transaction(callback)

    await inside(act)
    assert stored(durable, box) == {"kept": 1}


async def test_exception_restores_the_alarm(durable, box, inside):
    """DO-6.3.1"""

    def act(ctx):
        def fail():
            ctx.storage.setAlarm(ALARM_MS + 1000)
            raise PlatformError("no")

        error_of(lambda: ctx.storage.transactionSync(fail))

    await box.arm(ALARM_MS)
    await inside(act)
    assert await box.armed() == ALARM_MS
    assert [alarm.due.timestamp() * 1000 for alarm in durable.alarms()] == [ALARM_MS]


async def test_exception_restores_that_no_alarm_was_set_in_the_handler(durable):
    """DO-6.3.1: the handler's alarm is deleted after it, as if none had been set."""

    class Again(Armed):
        async def alarm(self, _info):
            def fail():
                self.ctx.storage.setAlarm(ALARM_MS)
                raise PlatformError("no")

            error_of(lambda: self.ctx.storage.transactionSync(fail))

    stub = durable.namespace(Again).get_by_name("a")
    await stub.arm(durable.clock.time_ms() + 1000)
    await durable.clock.advance(seconds=1)
    assert durable.alarms() == []
    assert durable.stored(stub).alarm is None


async def test_exception_that_is_not_caught_keeps_what_was_written_outside(durable, box, inside):
    """DO-6.3.1, DO-6.1.4"""

    def act(ctx):
        def fail():
            ctx.storage.kv.put("undone", 1)
            raise PlatformError("mine")

        ctx.storage.kv.put("before", 1)
        ctx.storage.transactionSync(fail)

    with pytest.raises(PlatformError, match="mine"):
        await inside(act)
    assert stored(durable, box) == {"before": 1}


@pytest.mark.parametrize("argument", [[], [None], [5]])
async def test_transaction_sync_wants_a_function(inside, argument):
    """DO-6.3.1"""
    expected = (
        "TypeError: Failed to execute 'transactionSync' on 'DurableObjectStorage': parameter 1 is not of type"
        " 'function'."
    )
    assert await inside(lambda ctx: error_of(lambda: ctx.storage.transactionSync(*argument))) == expected


async def test_coroutine_of_the_callback_is_returned_as_it_is_and_runs_outside(durable, box, inside):
    """DO-6.3.2"""

    async def act(ctx):
        async def later():
            ctx.storage.kv.put("first", 1)
            await asyncio.sleep(0)
            ctx.storage.kv.put("second", 1)
            raise PlatformError("no")

        pending = ctx.storage.transactionSync(later)
        try:
            await pending
        except PlatformError:
            return asyncio.iscoroutine(pending)

    assert await inside(act) is True
    assert stored(durable, box) == {"first": 1, "second": 1}
