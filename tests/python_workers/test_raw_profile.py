"""Objects on the SDK before 1.3: spec python-workers 0.2, 1.50, 2.3.

What raw storage does is asked of ``ctx.storage`` in the raw profile and of ``ctx._ctx.storage`` in the wrapped one.
"""

import inspect

import js
import pytest
from js import Object
from pyodide.ffi import JsArray, JsException, JsMap, JsPromise, JsProxy, jsnull, to_js
from workers import DurableObject

from pytest_durable import App

pytestmark = pytest.mark.durable(storage="memory")


class Plain(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.received = []

    async def echo(self, value):
        self.received.append(value)
        return value

    async def kind(self, value):
        return type(value).__name__

    def keys(self, value):
        return [repr(key) for key in value]

    def mark(self):
        self.received.append("called")

    def count(self):
        return len(self.received)


class Caller(DurableObject):
    async def call(self, method, *args):
        return await getattr(self.env.PLAIN.getByName("a"), method)(*args)

    def forget(self):
        self.coroutine = self.env.PLAIN.getByName("a").mark()
        return inspect.iscoroutine(self.coroutine)

    async def remember(self):
        await self.coroutine

    async def send_function(self):
        with pytest.raises(JsException, match=r"^DataCloneError"):
            await self.env.PLAIN.getByName("a").echo(lambda: 1)


@pytest.fixture
def raw(durable_factory):
    return durable_factory(app=App(surface="raw", classes=[Plain, Caller]))


@pytest.fixture(params=["raw", "wrapped"])
def storage_of(request, durable_factory):
    """``await storage_of(body)`` runs ``body(storage)`` in an object, with raw storage, strictly."""

    class Owner(DurableObject):
        def alarm(self):
            """Lets it set alarms."""

    durable = durable_factory(app=App(surface=request.param, lenient=False))
    stub = durable.namespace(Owner).get_by_name("a")

    def body_of(body):
        return lambda instance, ctx: body(getattr(instance.ctx, "_ctx", instance.ctx).storage)

    return lambda body: durable.run_in_object(stub, body_of(body))


class TestCalls:
    async def test_dict_travels_as_a_map_and_comes_back_as_a_plain_dict(self, raw):
        """PW-1.50"""
        caller = raw.namespace(Caller).get_by_name("c")
        assert await caller.call("echo", {1: {"b": [2]}}) == {1: {"b": [2]}}
        assert await caller.call("kind", {"a": 1}) == "dict"
        assert await caller.call("keys", {1: 1, "1": 2, 1.5: 3}) == ["1", "'1'", "1.5"]

    async def test_functions_are_refused(self, raw):
        """PW-1.50"""
        await raw.namespace(Caller).get_by_name("c").send_function()

    async def test_call_is_sent_when_it_is_awaited(self, raw):
        """PW-1.39"""
        caller, plain = raw.namespace(Caller).get_by_name("c"), raw.namespace(Plain).get_by_name("a")
        assert await caller.forget()
        assert await plain.count() == 0
        await caller.remember()
        assert await plain.count() == 1

    async def test_ctx_is_the_platforms_own_object(self, raw):
        """PW-0.1"""

        def look(instance, ctx):
            with pytest.raises(AttributeError):
                instance.ctx._ctx
            return isinstance(instance.ctx, JsProxy), isinstance(instance.ctx.storage, JsProxy)

        assert await raw.run_in_object(raw.namespace(Plain).get_by_name("a"), look) == (True, True)


class TestArguments:
    async def test_primitives_pass(self, storage_of):
        """PW-2.10"""

        async def body(storage):
            for value in ("text", 5, 1.5, True, 2**60, jsnull):
                await storage.put("key", value)
                assert await storage.get("key") == value

        await storage_of(body)

    async def test_put_of_none_is_undefined(self, storage_of):
        """PW-2.10"""

        async def body(storage):
            with pytest.raises(JsException, match=r"^TypeError: put\(\) called with undefined value\.$"):
                await storage.put("key", None)

        await storage_of(body)

    @pytest.mark.parametrize("value", [{"a": 1}, [1], {1}, b"x", (1,), to_js({"a": 1}), to_js([print])])
    async def test_native_containers_and_maps_have_no_clone(self, storage_of, value):
        """PW-2.10"""

        async def body(storage):
            with pytest.raises(JsException, match=r"^DataCloneError"):
                await storage.put("key", value)

        await storage_of(body)

    @pytest.mark.parametrize(
        ("value", "copy"),
        [
            (to_js({"a": {"b": [1]}}, dict_converter=Object.fromEntries), {"a": {"b": [1]}}),
            (to_js([1, [2]]), [1, [2]]),
            (to_js({1, 2}), {1, 2}),
            (js.Map.new([["a", 1]]), {"a": 1}),
            (to_js(b"ab"), memoryview(b"ab")),
        ],
    )
    async def test_what_went_through_to_js_is_stored_as_a_copy(self, storage_of, value, copy):
        """PW-2.10, PW-2.11"""

        async def body(storage):
            await storage.put("key", value)
            found = await storage.get("key")
            assert isinstance(found, JsProxy)
            assert found != value
            return found.to_py() == copy

        assert await storage_of(body)

    async def test_views_of_one_buffer_are_stored_with_it(self, storage_of):
        """PW-2.10"""

        async def body(storage):
            buffer = js.ArrayBuffer.new(4)
            await storage.put("key", js.Array.of(js.Uint8Array.new(buffer, 1, 2), js.Uint16Array.new(buffer)))
            js.Uint8Array.new(buffer).fill(9)
            one, other = await storage.get("key")
            return [one.to_py().tolist(), other.to_py().tolist()]

        assert await storage_of(body) == [[0, 0], [0, 0]]


class TestResults:
    async def test_missing_value_is_none_and_absent_alarm_is_null(self, storage_of):
        """PW-2.11"""

        async def body(storage):
            return [await storage.get("key") is None, await storage.getAlarm() is jsnull]

        assert await storage_of(body) == [True, True]

    async def test_results_are_promises(self, storage_of):
        """PW-2.11"""

        async def body(storage):
            promise = storage.put("key", 1)
            assert isinstance(promise, JsPromise)
            await promise
            return await storage.get("key").then(lambda value: value + 1)

        assert await storage_of(body) == 2

    async def test_objects_have_attributes(self, storage_of):
        """PW-2.11"""

        async def body(storage):
            await storage.put("key", Object.new(a=Object.new(b=1)))
            found = await storage.get("key")
            with pytest.raises(TypeError, match="not subscriptable"):
                found["a"]
            return found.a.b

        assert await storage_of(body) == 1

    async def test_several_values_are_a_map(self, storage_of):
        """PW-2.11, PW-2.12"""

        async def body(storage):
            await storage.put(Object.fromEntries([["b", 2], ["a", 1]]))
            found, some = await storage.list(), await storage.get(to_js(["a", "nope"]))
            assert isinstance(found, JsMap)
            assert isinstance(some, JsMap)
            limited = await storage.list(limit=1)
            prefixed = await storage.list(Object.new(prefix="b"))
            return [list(found.keys()), found["b"], "a" in some, found.entries().next().value[0], found.to_py()], [
                some.to_py(),
                limited.to_py(),
                prefixed.to_py(),
            ]

        assert await storage_of(body) == (
            [["a", "b"], 2, True, "a", {"a": 1, "b": 2}],
            [{"a": 1}, {"a": 1}, {"b": 2}],
        )

    async def test_cursor_gives_proxies(self, storage_of):
        """PW-2.11"""

        def body(storage):
            sql = storage.sql
            sql.exec("CREATE TABLE t (a, b)")
            sql.exec("INSERT INTO t VALUES (?, ?), (?, ?)", 1, "x", 2, None)
            rows = sql.exec("SELECT * FROM t ORDER BY a").toArray()
            assert isinstance(rows, JsArray)
            cursor = sql.exec("SELECT a FROM t ORDER BY a")
            first, second, last = cursor.next(), cursor.next(), cursor.next()
            return [
                rows.to_py(),
                rows[0].b,
                [first.value.a, second.value.a, last.done],
                sql.exec("SELECT a FROM t WHERE a = 2").one().a,
                sql.exec("SELECT a, b FROM t WHERE a = 1").raw().toArray().to_py(),
                list(sql.exec("SELECT a FROM t").columnNames),
                [row.a for row in sql.exec("SELECT a FROM t")],
                sql.databaseSize > 0,
            ]

        assert await storage_of(body) == [
            [{"a": 1, "b": "x"}, {"a": 2, "b": jsnull}],
            "x",
            [1, 2, True],
            2,
            [[1, "x"]],
            ["a"],
            [1, 2],
            True,
        ]

    async def test_key_value_interface_answers_at_once(self, storage_of):
        """PW-2.11"""

        def body(storage):
            storage.kv.put("a", Object.new(n=1))
            storage.kv.put("b", 2)
            found = [entry[0] for entry in storage.kv.list()]
            return [
                storage.kv.get("a").n,
                storage.kv.get("nope"),
                found,
                storage.kv.delete("b"),
                storage.kv.delete("b"),
            ]

        assert await storage_of(body) == [1, None, ["a", "b"], True, False]

    async def test_transactions_give_what_their_callback_gives(self, storage_of):
        """PW-2.11"""

        async def body(storage):
            async def write(txn):
                await txn.put("key", 1)
                return {"own": 1}

            def fail():
                storage.kv.put("key", 2)
                raise KeyError("own")

            result = await storage.transaction(write)
            with pytest.raises(KeyError):
                storage.transactionSync(fail)
            return [result, await storage.get("key"), storage.transactionSync(lambda: 5)]

        assert await storage_of(body) == [{"own": 1}, 1, 5]


async def test_native_value_given_to_raw_storage_is_taken_with_a_warning(durable_factory):
    """PW-2.18, PD-W03"""
    durable = durable_factory(app=App(surface="raw"))

    class Owner(DurableObject):
        async def write(self):
            await self.ctx.storage.put("key", {"a": [1]})

    stub = durable.namespace(Owner).get_by_name("a")
    await stub.write()
    assert durable.stored(stub).kv == {"key": {"a": [1]}}
    assert "needs to_js()" in durable.expect_warning("PD-W03").text
