"""``allowUnconfirmed``: answers leave after the commit all the same; if that fails, the object is reset (DO-6.4.2).

On the platform an answer need not wait for unconfirmed writes. Here a commit ends the turn and takes no time, so there
is nothing that could leave before it (decision 0011 in the documentation).
"""

import asyncio

import pytest

from pytest_durable import PlatformError
from support.objects import Armed
from support.trace import Trace

pytestmark = pytest.mark.durable(storage="memory")

BEFORE, AT, LATER = 4102444800000 - 1000, 4102444800000, 4102444800000 + 1000
UNCONFIRMED = {"allowUnconfirmed": True}
CONFIRMED = {"allowUnconfirmed": False}
SET, DELETE, COMMIT, REPLY = "row: set", "row: delete", "object: commit", "ReplySent"


@pytest.fixture
def trace(durable):
    return Trace(durable)


@pytest.fixture
def box(durable, trace):
    return durable.namespace(Armed).get_by_name("a")


@pytest.fixture
async def steps(durable, box, trace):
    """Lets a function of ``ctx.storage`` run in an object that has data and an alarm; what followed, in order."""
    await box.put("old", 1)
    await box.arm(AT)

    async def run(function):
        trace.clear()
        await durable.run_in_object(box, lambda _instance, ctx: function(ctx.storage))
        return [entry for entry in trace.log if entry in (SET, DELETE, COMMIT, REPLY)]

    return run


def nested(*options):
    """Transactions one in another, each with one write; the innermost has the last option."""

    async def run(storage, depth=0):
        async def act(txn):
            await txn.put(f"level {depth}", 1, options[depth])
            if depth + 1 < len(options):
                await run(storage, depth + 1)

        await storage.transaction(act)

    return run


def inside(use):
    """The same use, of a transaction."""
    return lambda storage: storage.transaction(use)


def each(*uses):
    async def run(storage):
        for use in uses:
            await use(storage)

    return run


def put(key, options):
    return lambda storage: storage.put(key, 1, options)


def insert(_key):
    async def run(storage):
        storage.sql.exec("CREATE TABLE t (x)")

    return run


async def roll_inner_back(storage):
    async def outer(txn):
        async def inner(child):
            await child.put("gone", 1, CONFIRMED)
            child.rollback()

        await txn.put("new", 1, UNCONFIRMED)
        await storage.transaction(inner)

    await storage.transaction(outer)


PLAIN = {
    "put": put("new", UNCONFIRMED),
    "put of many": lambda storage: storage.put({"new": 1, "newer": 2}, UNCONFIRMED),
    "delete": lambda storage: storage.delete("old", UNCONFIRMED),
    "delete of many": lambda storage: storage.delete(["old", "older"], UNCONFIRMED),
}
ALL_UNCONFIRMED = {
    **PLAIN,
    **{f"{name} in a transaction": inside(use) for name, use in PLAIN.items()},
    "nested transactions": nested(UNCONFIRMED, UNCONFIRMED),
    "transaction whose confirmed child is rolled back": roll_inner_back,
}
SOME_CONFIRMED = {
    "put": put("new", CONFIRMED),
    "sql": insert("new"),
    "unconfirmed put, confirmed put": each(put("new", UNCONFIRMED), put("newer", CONFIRMED)),
    "unconfirmed put, sql": each(put("new", UNCONFIRMED), insert("newer")),
    "transaction": inside(put("new", CONFIRMED)),
    "transaction of both": inside(each(put("new", UNCONFIRMED), put("newer", CONFIRMED))),
    "confirmed child": nested(UNCONFIRMED, CONFIRMED),
    "confirmed parent": nested(CONFIRMED, UNCONFIRMED),
    "confirmed grandchild": nested(UNCONFIRMED, UNCONFIRMED, CONFIRMED),
}
#: Changes of an alarm, and the order in which they become durable.
ALARMS = {
    "earlier": (lambda storage, options: storage.setAlarm(BEFORE, options), [SET, COMMIT], BEFORE),
    "later": (lambda storage, options: storage.setAlarm(LATER, options), [COMMIT, SET], LATER),
    "deleted": (lambda storage, options: storage.deleteAlarm(options), [COMMIT, DELETE], None),
}


@pytest.mark.parametrize("use", ALL_UNCONFIRMED.values(), ids=ALL_UNCONFIRMED)
async def test_answer_leaves_after_the_commit_though_all_writes_are_unconfirmed(steps, use):
    """DO-6.4.2: ours."""
    assert await steps(use) == [COMMIT, REPLY]


@pytest.mark.parametrize("use", SOME_CONFIRMED.values(), ids=SOME_CONFIRMED)
async def test_answer_leaves_after_the_commit_if_one_write_is_confirmed(steps, use):
    """DO-6.4.1, DO-6.4.2"""
    assert await steps(use) == [COMMIT, REPLY]


@pytest.mark.parametrize("options", [UNCONFIRMED, CONFIRMED], ids=["unconfirmed", "confirmed"])
@pytest.mark.parametrize(("change", "order", "due"), ALARMS.values(), ids=ALARMS)
async def test_records_of_an_alarm_are_written_in_order_before_the_answer_leaves(
    box, steps, change, order, due, options
):
    """DO-6.4.2, DO-7.2.T2.1, DO-7.2.T2.2"""
    assert await steps(lambda storage: change(storage, options)) == [*order, REPLY]
    assert await box.armed() == due


@pytest.mark.parametrize("options", [UNCONFIRMED, CONFIRMED], ids=["unconfirmed", "confirmed"])
async def test_first_alarm_is_scheduled_and_committed_before_the_answer_leaves(durable, box, trace, options):
    """DO-6.4.2, DO-7.2.T2.1"""
    await durable.run_in_object(box, lambda _instance, ctx: ctx.storage.setAlarm(AT, options))
    assert [entry for entry in trace.log if entry in (SET, COMMIT, REPLY)] == [SET, COMMIT, REPLY]


@pytest.mark.parametrize("of_write", [UNCONFIRMED, CONFIRMED], ids=["unconfirmed write", "confirmed write"])
async def test_unconfirmed_alarm_is_committed_with_the_writes_of_its_turn(durable, box, steps, of_write):
    """DO-6.4.2, DO-6.1.1"""

    async def act(storage):
        await storage.setAlarm(BEFORE, UNCONFIRMED)
        await storage.put("new", 1, of_write)

    assert await steps(act) == [SET, COMMIT, REPLY]
    assert (await box.armed(), dict(durable.stored(box).kv)) == (BEFORE, {"old": 1, "new": 1})


async def test_unconfirmed_alarm_set_in_a_transaction_is_scheduled_before_its_commit(box, steps):
    """DO-6.4.2, DO-6.2.8"""
    assert await steps(inside(lambda txn: txn.setAlarm(BEFORE, UNCONFIRMED))) == [SET, COMMIT, REPLY]
    assert await box.armed() == BEFORE


async def test_unconfirmed_writes_do_what_they_say(durable, box, steps):
    """DO-6.4.2"""

    async def act(storage):
        await storage.put("a", 1, UNCONFIRMED)
        await storage.put({"b": 2, "c": 3}, UNCONFIRMED)
        deleted = await storage.delete("old", UNCONFIRMED)
        return [deleted, await storage.delete(["a", "b", "none"], UNCONFIRMED)]

    assert await durable.run_in_object(box, lambda _instance, ctx: act(ctx.storage)) == [True, 2]
    assert dict(durable.stored(box).kv) == {"c": 3}


async def test_only_what_was_rolled_back_is_missing_after_unconfirmed_and_confirmed_writes(durable, box, steps):
    """DO-6.4.2, DO-6.2.3"""
    await steps(roll_inner_back)
    assert dict(durable.stored(box).kv) == {"old": 1, "new": 1}


FAILING = {
    "put": put("new", UNCONFIRMED),
    "setAlarm": lambda storage: storage.setAlarm(BEFORE, UNCONFIRMED),
    "put in a transaction": inside(put("new", UNCONFIRMED)),
}


@pytest.mark.parametrize("use", FAILING.values(), ids=FAILING)
async def test_failed_commit_of_unconfirmed_writes_resets_the_object(durable, box, steps, use):
    """DO-6.4.2, DO-6.4.3"""
    namespace = durable.namespace(Armed)
    namespace.storage_files.fail_next("commit", "io")
    with pytest.raises(PlatformError):
        await steps(use)
    with pytest.raises(PlatformError):
        await box.get("old")
    fresh = namespace.get_by_name("a")
    assert (await fresh.get("old"), await fresh.armed()) == (1, AT)
    assert dict(durable.stored(fresh).kv) == {"old": 1}


async def test_failed_commit_fails_the_calls_after_it_and_none_before(durable, box):
    """DO-6.4.1, DO-6.4.3"""

    async def lose(_instance, ctx):
        durable.namespace(Armed).storage_files.fail_next("commit", "io")
        await ctx.storage.put("lost", 1)

    calls = [box.put("kept", 1), durable.run_in_object(box, lose)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(outcome, PlatformError) for outcome in outcomes] == [False, True]
    assert dict(durable.stored(box).kv) == {"kept": 1}
