"""``ctx.storage``: spec python-workers 2.1 to 2.4, as far as ``tests/surfaces/test_wrapped_storage.py`` leaves open."""

import asyncio

import pytest
from pyodide.ffi import JsException, JsProxy
from workers import DurableObject

from pytest_durable import App

pytestmark = pytest.mark.durable(storage="memory")


@pytest.fixture
def inside_strict(durable_factory):
    """``inside``, in an application that is not lenient."""

    class Strict(DurableObject):
        """Runs functions."""

    durable = durable_factory(app=App(lenient=False))
    strict = durable.namespace(Strict).get_by_name("a")
    return lambda body: durable.run_in_object(strict, lambda instance, _ctx: body(instance))


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("get", ["key"]),
        ("list", []),
        ("put", ["key", 1]),
        ("delete", ["key"]),
        ("deleteAll", []),
        ("sync", []),
        ("getAlarm", []),
        ("setAlarm", [8e12]),
        ("deleteAlarm", []),
        ("transaction", [lambda txn: None]),
    ],
)
async def test_what_is_a_promise_in_production_is_a_coroutine(inside, method, args):
    """PW-2.1"""

    async def body(self):
        result = getattr(self.ctx.storage, method)(*args)
        is_coroutine = asyncio.iscoroutine(result)
        await result
        return is_coroutine

    assert await inside(body)


async def test_what_is_no_promise_in_production_is_a_plain_value(inside):
    """PW-2.1, PW-2.2.T1.13"""

    def body(self):
        kv, sql = self.ctx.storage.kv, self.ctx.storage.sql
        return [kv.put("a", {"b": 1}), kv.get("a").b, kv.delete("a"), sql.exec("SELECT 1 AS x").one().x]

    assert await inside(body) == [None, 1, True, 1]


async def test_operation_that_nobody_awaits_takes_effect(durable):
    """PW-2.2"""
    ran = []

    class Careless(DurableObject):
        def begin(self):
            self.ctx.storage.put("key", "written")
            self.ctx.storage.setAlarm(1)

        def alarm(self):
            ran.append(1)

    stub = durable.namespace(Careless).get_by_name("a")
    await stub.begin()
    await durable.settle()
    assert durable.stored(stub).kv == {"key": "written"}
    assert ran == [1]


@pytest.mark.parametrize(
    "call",
    [
        lambda storage: storage.list({"prefix": "a", "limit": 2, "reverse": True}),
        lambda storage: storage.list(prefix="a", limit=2, reverse=True),
        lambda storage: storage.list(start="a2", end="b"),
        lambda storage: storage.list({"startAfter": "a1", "end": "b"}),
    ],
)
async def test_options_are_a_dict_or_keywords(inside, call):
    """PW-2.3"""

    async def body(self):
        await self.ctx.storage.put({"a1": 1, "a2": 2, "a3": 3, "b": 4})
        return dict(await call(self.ctx.storage))

    assert await inside(body) == {"a2": 2, "a3": 3}


async def test_options_have_no_snake_case_names(inside):
    """PW-2.3, PW-2.4"""

    async def body(self):
        await self.ctx.storage.put({"a": 1, "b": 2})
        return dict(await self.ctx.storage.list(start_after="a"))

    assert await inside(body) == {"a": 1, "b": 2}


def rows_read_twice(self):
    storage = self.ctx.storage
    storage.sql.exec("CREATE TABLE t (v)")
    storage.sql.exec("INSERT INTO t VALUES (1), (2), (3)")
    cursor = storage.sql.exec("SELECT v FROM t")
    first = cursor.rowsRead
    cursor.toArray()
    return first, cursor.rowsRead


async def test_property_of_a_cursor_is_fresh(inside):
    """PW-2.5"""
    first, second = await inside(rows_read_twice)
    assert first < second == 3


async def test_property_of_a_cursor_keeps_its_first_answer_in_strict_mode(inside_strict):
    """PW-2.5"""
    first, second = await inside_strict(rows_read_twice)
    assert first == second


async def test_transaction_hands_a_raw_proxy_to_its_callback(inside):
    """PW-2.2.T1.11"""

    async def body(self):
        async def callback(txn):
            assert isinstance(txn, JsProxy)
            await txn.put("key", 1)
            return {"made": (1, 2)}

        return await self.ctx.storage.transaction(callback), await self.ctx.storage.get("key")

    assert await inside(body) == ({"made": (1, 2)}, 1)


async def test_delete_all_in_a_transaction_is_refused_in_the_platforms_words(inside):
    """PW-2.4.P"""

    async def body(self):
        async def callback(_txn):
            with pytest.raises(JsException) as refusal:
                await self.ctx.storage.deleteAll()
            return str(refusal.value)

        return await self.ctx.storage.transaction(callback)

    assert await inside(body) == "Error: Cannot call deleteAll() within a transaction"


async def test_last_step_of_an_iterator_has_no_value(inside):
    """PW-2.2.T1.19; asked of the platform"""

    def body(self):
        storage = self.ctx.storage
        storage.kv.put("key", 1)
        steps = []
        for rows in (storage.sql.exec("SELECT 1 AS a"), storage.sql.exec("SELECT 1 AS a").raw(), storage.kv.list()):
            first, last = rows.next(), rows.next()
            steps.append([first.done, first.value, last.done, last.value])
        return steps

    assert await inside(body) == [
        [False, {"a": 1}, True, None],
        [False, [1], True, None],
        [False, ["key", 1], True, None],
    ]
