"""``ctx.storage`` by the platform's own rules: spec durable-objects 4, 5.1, 5.2, 5.4, 6.2, 6.3, 7.1, seen neutrally."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.runtime import PlatformOptions
from pytest_durable._core.storage.values import UNDEFINED, JSDate, JSMap
from pytest_durable._surfaces.neutral import NeutralObject
from support.surfaces import hosted, inside_neutral

Operation = Callable[[Any], Any]


def in_storage(body: Callable[[Any], Any], **app: Any) -> Any:
    """Run ``body(storage)`` inside an object."""
    return inside_neutral(lambda instance: body(instance.ctx.storage), **app)


async def rejection(awaitable: Any) -> str:
    with pytest.raises(PlatformError) as refusal:
        await awaitable
    return str(refusal.value)


def not_of_type(method: str, position: int, expected: str, interface: str = "DurableObjectStorage") -> str:
    fact = f"parameter {position} is not of type '{expected}'"
    return f"TypeError: Failed to execute '{method}' on '{interface}': {fact}."


PUT_FORMS = (
    "TypeError: put() may only be called with a single key-value pair and optional options as put(key, value, options) "
    "or with multiple key-value pairs and optional options as put(entries, options)"
)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        # DO-4.2.T1.1-6
        (lambda s: s.get(), not_of_type("get", 1, "string or Array")),
        (lambda s: s.put(), not_of_type("put", 1, "string or object")),
        (lambda s: s.put("k"), "TypeError: put() called with undefined value."),
        (lambda s: s.put("k", UNDEFINED), "TypeError: put() called with undefined value."),
        (lambda s: s.put(None), "TypeError: put() called with undefined value."),
        (lambda s: s.put(["x", "y"]), "TypeError: put() called with undefined value."),
        (lambda s: s.put({"a": 1}, 5), PUT_FORMS),
        (lambda s: s.delete(), not_of_type("delete", 1, "string or Array")),
        # DO-4.1.5
        (lambda s: s.get("k", 5), not_of_type("get", 2, "GetOptions")),
        (lambda s: s.get(["k"], "x"), not_of_type("get", 2, "GetOptions")),
        (lambda s: s.put("k", 1, 5), not_of_type("put", 3, "PutOptions")),
        (lambda s: s.put({"a": 1}, UNDEFINED, 5), not_of_type("put", 3, "PutOptions")),
        (lambda s: s.delete("k", 5), not_of_type("delete", 2, "PutOptions")),
        (lambda s: s.deleteAll(5), not_of_type("deleteAll", 1, "PutOptions")),
        (lambda s: s.list(5), not_of_type("list", 1, "ListOptions")),
        (lambda s: s.getAlarm(5), not_of_type("getAlarm", 1, "GetAlarmOptions")),
        (lambda s: s.deleteAlarm(5), not_of_type("deleteAlarm", 1, "SetAlarmOptions")),
        (lambda s: s.setAlarm(0, 5), not_of_type("setAlarm", 2, "SetAlarmOptions")),
        (lambda s: s.transaction(5), not_of_type("transaction", 1, "function")),
        # DO-4.3.T1.2 DO-4.3.T1.6
        (
            lambda s: s.list({"start": "a", "startAfter": "b", "limit": -1}),
            "TypeError: list() cannot be called with both start and startAfter values.",
        ),
        (
            lambda s: s.list({"start": None, "startAfter": None}),
            "TypeError: list() cannot be called with both start and startAfter values.",
        ),
        (
            lambda s: s.list({"limit": 3e9, "start": "a", "startAfter": "b"}),
            "TypeError: Value out of range. Must be between -2147483648 and 2147483647 (inclusive).",
        ),
        *(
            (lambda s, limit=limit: s.list({"limit": limit}), "TypeError: List limit must be positive.")
            for limit in (0, -1, 0.9, None, "abc", float("nan"), float("inf"), False, {})
        ),
        # DO-4.2.T1.10
        (
            lambda s: s.getBookmarkForTime(1),
            "This Durable Object's storage back-end does not implement point-in-time recovery.",
        ),
        (lambda s: s.getBookmarkForTime("x"), not_of_type("getBookmarkForTime", 1, "date")),
        # DO-7.1.T2.1-4
        (lambda s: s.setAlarm(0), "TypeError: setAlarm() cannot be called with an alarm time <= 0"),
        (lambda s: s.setAlarm(-5), "TypeError: setAlarm() cannot be called with an alarm time <= 0"),
        (lambda s: s.setAlarm(0.5), "TypeError: setAlarm() cannot be called with an alarm time <= 0"),
        (
            lambda s: s.setAlarm(float("nan")),
            "TypeError: The value cannot be converted because it is not a valid Date.",
        ),
        (
            lambda s: s.setAlarm(JSDate(float("nan"))),
            "TypeError: The value cannot be converted because it is not a valid Date.",
        ),
        (lambda s: s.setAlarm(9_223_372_036_855), "TypeError: This API doesn't support dates after 2189."),
        (lambda s: s.setAlarm(), not_of_type("setAlarm", 1, "date")),
        (lambda s: s.setAlarm(None), not_of_type("setAlarm", 1, "date")),
        (lambda s: s.setAlarm("5"), not_of_type("setAlarm", 1, "date")),
    ],
)
def test_an_error_is_a_rejection_with_the_platforms_words(call: Operation, text: str) -> None:
    # DO-4.1.2
    async def body(storage: Any) -> None:
        promise = call(storage)  # must not throw
        assert await rejection(promise) == text

    in_storage(body)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        # DO-5.2.1 DO-5.2.2
        (lambda s: s.kv.get(), not_of_type("get", 1, "string", "SyncKvStorage")),
        (lambda s: s.kv.put(), not_of_type("put", 1, "string", "SyncKvStorage")),
        (lambda s: s.kv.put("k"), not_of_type("put", 2, "Value", "SyncKvStorage")),
        (lambda s: s.kv.delete(), not_of_type("delete", 1, "string", "SyncKvStorage")),
        (lambda s: s.kv.list(5), not_of_type("list", 1, "ListOptions", "SyncKvStorage")),
        (lambda s: s.kv.list({"limit": 0}), "TypeError: List limit must be positive."),
        (
            lambda s: s.kv.list({"start": "a", "startAfter": "b"}),
            "TypeError: list() cannot be called with both start and startAfter values.",
        ),
        (lambda s: s.kv.put("k", len), "DataCloneError: len could not be cloned."),
        (
            lambda s: s.kv.list({"limit": 3e9}),
            "TypeError: Value out of range. Must be between -2147483648 and 2147483647 (inclusive).",
        ),
        (lambda s: s.sql.exec(), not_of_type("exec", 1, "String", "SqlStorage")),
        (lambda s: s.sql.exec(5), 'near "5": syntax error at offset 0: SQLITE_ERROR'),
        (lambda s: s.transactionSync(5), not_of_type("transactionSync", 1, "function")),
    ],
)
def test_kv_sql_and_transaction_sync_throw(call: Operation, text: str) -> None:
    # DO-4.1.2 DO-5.2.2
    def body(storage: Any) -> None:
        with pytest.raises(PlatformError) as refusal:
            call(storage)
        assert str(refusal.value) == text

    in_storage(body)


class TestKeysAndValues:
    @pytest.mark.parametrize(
        ("key", "text"), [(5, "5"), (None, "null"), (UNDEFINED, "undefined"), ({}, "[object Object]"), (1.5, "1.5")]
    )
    def test_keys_are_turned_into_text(self, key: object, text: str) -> None:
        # DO-4.1.6
        async def body(storage: Any) -> None:
            storage.kv.put(text, "found")
            assert await storage.get(key) == "found"
            assert (await storage.get([key]))[text] == "found"
            assert await storage.delete(key) is True

        in_storage(body)

    def test_options_that_are_null_or_unknown_do_not_count(self) -> None:
        # DO-4.1.5 DO-4.3.T1.8 DO-4.2.P
        async def body(storage: Any) -> None:
            await storage.put("k", 1, None)
            await storage.put("k", 1, {"nope": 1, "allowConcurrency": True, "noCache": True})
            assert await storage.get("k", None) == 1
            assert await storage.get("k", []) == 1
            assert await storage.list(None) == {"k": 1}
            assert await storage.list(UNDEFINED) == {"k": 1}
            assert await storage.list({"nope": 1}) == {"k": 1}

        in_storage(body)

    def test_an_absent_key_is_undefined(self) -> None:
        # DO-4.2.T1.1
        async def body(storage: Any) -> None:
            assert await storage.get("nope") is UNDEFINED
            assert storage.kv.get("nope") is UNDEFINED

        in_storage(body)

    def test_several_keys_come_as_a_map_in_key_order_each_once(self) -> None:
        # DO-4.2.T1.2
        async def body(storage: Any) -> None:
            await storage.put({"b": 2, "a": 1, "c": 3})
            found = await storage.get(["c", "a", "nope", "c"])
            assert isinstance(found, JSMap)
            assert found.pairs() == [("a", 1), ("c", 3)]

        in_storage(body)

    def test_undefined_members_are_skipped(self) -> None:
        # DO-4.2.T1.4
        async def body(storage: Any) -> None:
            assert await storage.put({"a": 1, "b": UNDEFINED}) is UNDEFINED
            assert await storage.list() == {"a": 1}

        in_storage(body)

    def test_entries_are_stored_all_or_none(self) -> None:
        # DO-4.2.T1.4
        async def body(storage: Any) -> None:
            assert "could not be cloned" in await rejection(storage.put({"a": 1, "b": lambda: 1}))
            assert await storage.list() == {}

        in_storage(body)

    def test_objects_without_members_of_their_own_store_nothing(self) -> None:
        async def body(storage: Any) -> None:
            await storage.put(JSMap({"a": 1}))
            assert await storage.list() == {}

        in_storage(body)

    def test_delete_answers_whether_or_how_many(self) -> None:
        # DO-4.2.T1.5 DO-4.2.T1.6
        async def body(storage: Any) -> None:
            await storage.put({"a": 1, "b": 2})
            assert await storage.delete("a") is True
            assert await storage.delete("a") is False
            assert await storage.delete(["a", "b", "b"]) == 1
            assert await storage.delete([]) == 0

        in_storage(body)

    def test_kv_stores_undefined_and_it_is_listed(self) -> None:
        # DO-4.2.P DO-5.2.1
        async def body(storage: Any) -> None:
            storage.kv.put("u", UNDEFINED)
            assert (await storage.list()).pairs() == [("u", UNDEFINED)]

        in_storage(body)

    def test_kv_takes_one_key_per_call(self) -> None:
        # DO-5.2.1
        def body(storage: Any) -> None:
            assert storage.kv.put("a,b", 1) is UNDEFINED
            assert storage.kv.get(["a", "b"]) == 1
            assert storage.kv.delete(["a", "b"]) is True
            assert storage.kv.delete("a,b") is False

        in_storage(body)

    def test_values_are_copies_in_both_directions(self) -> None:
        # DO-4.1.4
        async def body(storage: Any) -> None:
            value = {"a": [1]}
            promise = storage.put("k", value)
            value["a"].append(2)
            await promise
            (await storage.get("k"))["a"].append(3)
            assert await storage.get("k") == {"a": [1]}

        in_storage(body)


class TestSync:
    @pytest.mark.parametrize("options", [{}, {"allowUnconfirmed": True}])
    def test_it_resolves_when_what_was_written_is_committed(self, options: dict[str, object]) -> None:
        # DO-4.2.T1.9
        class Writer(NeutralObject):
            async def run(self) -> None:
                self.ctx.storage.put("a", 1, options)
                assert await self.ctx.storage.sync() is UNDEFINED
                self.ctx.storage.put("a", 2, options)
                self.ctx.abort("lost")

        async def scenario(host: Any) -> Any:
            stub = host.namespace(Writer).get_by_name("a")
            with pytest.raises(PlatformError, match="lost"):
                await stub.run()
            return host.stored(stub).kv["a"]

        assert hosted(scenario, surface="neutral") == 1


class TestList:
    @pytest.mark.parametrize(
        ("options", "keys"),
        [
            ({"start": "b"}, ["b", "ba", "c"]),
            ({"startAfter": "b"}, ["ba", "c"]),
            ({"end": "ba"}, ["a", "b"]),
            ({"prefix": "b"}, ["b", "ba"]),
            ({"prefix": ""}, ["a", "b", "ba", "c"]),
            ({"prefix": "b", "start": "ba"}, ["ba"]),
            ({"prefix": "b", "start": "a"}, ["b", "ba"]),
            ({"prefix": "b", "start": "c"}, []),
            ({"prefix": "b", "end": "b"}, []),
            ({"reverse": True, "limit": 2}, ["c", "ba"]),
            ({"reverse": "no", "start": "b"}, ["c", "ba", "b"]),
            ({"reverse": 0}, ["a", "b", "ba", "c"]),
            ({"limit": 1.5}, ["a"]),
            ({"limit": "2"}, ["a", "b"]),
            ({"limit": True}, ["a"]),
            ({"limit": [3]}, ["a", "b", "ba"]),
            ({"limit": UNDEFINED}, ["a", "b", "ba", "c"]),
            ({"start": "c", "end": "a"}, []),
            ({"start": UNDEFINED, "startAfter": "ba"}, ["c"]),
        ],
    )
    def test_options_choose_the_keys(self, options: dict[str, object], keys: list[str]) -> None:
        # DO-4.3.T1.1-7 DO-5.2.3
        async def body(storage: Any) -> None:
            await storage.put({"a": 1, "b": 2, "ba": 3, "c": 4})
            assert list(await storage.list(options)) == keys
            assert [key for key, _ in storage.kv.list(options)] == keys

        in_storage(body)

    def test_a_second_kv_list_ends_the_first(self) -> None:
        # DO-5.2.4
        def body(storage: Any) -> None:
            storage.kv.put("a", 1)
            storage.kv.put("b", 2)
            first = storage.kv.list()
            assert next(first) == ["a", 1]
            assert next(storage.kv.list()) == ["a", 1]
            with pytest.raises(PlatformError, match=r"kv\.list\(\) iterator was invalidated"):
                next(first)

        in_storage(body)


class TestDeleteAll:
    def test_everything_is_gone_and_writes_after_it_stay(self) -> None:
        # DO-4.4.2 DO-4.4.3 DO-4.2.T1.8
        async def body(storage: Any) -> None:
            await storage.put("a", 1)
            storage.sql.exec("CREATE TABLE t (x)")
            assert await storage.deleteAll({"allowUnconfirmed": True}) is UNDEFINED
            assert storage.sql.databaseSize == 4096
            await storage.put("b", 2)
            await storage.sync()
            assert await storage.list() == {"b": 2}

        in_storage(body)

    def test_unconfirmed_means_nothing_to_it(self) -> None:
        # DO-4.4.6
        async def body(storage: Any) -> None:
            await storage.put("a", 1)
            await storage.deleteAll({"allowUnconfirmed": True})
            assert await storage.list() == {}

        in_storage(body)

    def test_it_is_refused_inside_a_transaction(self) -> None:
        # DO-4.4.5
        async def body(storage: Any) -> None:
            await storage.put("a", 1)
            text = "Cannot call deleteAll() within a transaction"
            assert await rejection(storage.transaction(lambda txn: storage.deleteAll())) == text
            assert await rejection(storage.transaction(lambda txn: txn.deleteAll(5))) == text
            assert await rejection(storage.transactionSync(storage.deleteAll)) == text
            assert await storage.list() == {"a": 1}

        in_storage(body)


class TestAvailability:
    def test_sql_and_kv_are_refused_at_first_use_without_sql(self) -> None:
        # DO-5.1.T1.1-3 DO-5.1.P
        async def body(storage: Any) -> None:
            with pytest.raises(PlatformError, match=r"^SQL is not enabled for this Durable Object class\. To"):
                storage.sql.exec("SELECT 1")
            with pytest.raises(PlatformError, match=r"^SQL is not enabled"):
                storage.sql.databaseSize
            with pytest.raises(PlatformError, match=r"^The storage\.kv \(synchronous KV\) API is only available for"):
                storage.kv.list()
            # What cannot be read as arguments is refused before.
            with pytest.raises(PlatformError, match="parameter 1 is not of type 'string'"):
                storage.kv.get()
            assert storage.transactionSync(lambda: 5) == 5
            await storage.put("a", 1)
            assert await storage.get("a") == 1

        in_storage(body, options=PlatformOptions(sql=False))


class TestCursor:
    def test_objects_have_one_member_per_name(self) -> None:
        # DO-5.4.T1.1 DO-5.4.T1.4 DO-5.4.T1.5
        def body(storage: Any) -> None:
            cursor = storage.sql.exec("SELECT 1 AS a, 2 AS a")
            assert cursor.columnNames == ["a", "a"]
            assert cursor.one() == {"a": 2}
            assert cursor.columnNames == ["a", "a"]
            assert storage.sql.exec("SELECT 1 AS a, 2 AS a").raw().toArray() == [[1, 2]]
            assert storage.sql.exec("CREATE TABLE t (x)").columnNames == []

        in_storage(body)

    def test_next_raw_and_iteration_share_one_position(self) -> None:
        # DO-5.4.1 DO-5.4.T1.2
        def body(storage: Any) -> None:
            cursor = storage.sql.exec("SELECT 1 AS a UNION SELECT 2 UNION SELECT 3")
            assert cursor.next() == {"done": False, "value": {"a": 1}}
            assert cursor.raw().next() == {"done": False, "value": [2]}
            assert list(cursor) == [{"a": 3}]
            assert cursor.next() == {"done": True, "value": UNDEFINED}
            assert cursor.toArray() == []

        in_storage(body)

    def test_one_ends_the_cursor_when_there_are_several(self) -> None:
        # DO-5.4.T1.3
        def body(storage: Any) -> None:
            cursor = storage.sql.exec("SELECT 1 AS a UNION SELECT 2 UNION SELECT 3")
            with pytest.raises(PlatformError, match=r"^Expected exactly one result from SQL query, but got multiple"):
                cursor.one()
            assert cursor.toArray() == []
            with pytest.raises(PlatformError, match=r"^Expected exactly one result from SQL query, but got no results"):
                cursor.one()

        in_storage(body)


class TestTransactions:
    def test_the_result_is_the_callbacks(self) -> None:
        # DO-6.2.3 DO-6.2.7
        async def body(storage: Any) -> None:
            async def later(txn: Any) -> str:
                await txn.put("a", 1)
                return "async"

            assert await storage.transaction(later) == "async"
            assert await storage.transaction(lambda txn: "plain") == "plain"
            assert await storage.get("a") == 1

        in_storage(body)

    def test_a_failure_rolls_back_and_does_not_reset(self) -> None:
        # DO-6.2.3 DO-6.2.2
        async def body(storage: Any) -> None:
            def fail(txn: Any) -> None:
                storage.kv.put("a", 1)
                raise KeyError("mine")

            with pytest.raises(KeyError):
                await storage.transaction(fail)
            assert await storage.list() == {}

        in_storage(body)

    def test_rollback_is_immediate_and_writes_after_it_stay(self) -> None:
        # DO-6.2.4
        async def body(storage: Any) -> None:
            def callback(txn: Any) -> int:
                storage.kv.put("a", 1)
                assert txn.rollback() is UNDEFINED
                txn.rollback()
                assert storage.kv.get("a") is UNDEFINED
                storage.kv.put("b", 2)
                return 7

            assert await storage.transaction(callback) == 7
            assert await storage.list() == {"b": 2}

        in_storage(body)

    @pytest.mark.parametrize(
        ("operation", "call"),
        [
            ("get()", lambda txn: txn.get("a")),
            ("put()", lambda txn: txn.put("a", 1)),
            ("list()", lambda txn: txn.list()),
            ("delete()", lambda txn: txn.delete("a")),
            ("getAlarm()", lambda txn: txn.getAlarm()),
            ("setAlarm()", lambda txn: txn.setAlarm(8e12)),
            ("deleteAlarm()", lambda txn: txn.deleteAlarm()),
        ],
    )
    def test_txn_is_refused_after_rollback_and_after_the_end(self, operation: str, call: Operation) -> None:
        # DO-6.2.4 DO-6.2.6
        async def body(storage: Any) -> None:
            kept: list[Any] = []

            async def callback(txn: Any) -> None:
                txn.rollback()
                assert await rejection(call(txn)) == f"Cannot {operation} on rolled back transaction"

            await storage.transaction(callback)
            await storage.transaction(kept.append)
            assert await rejection(call(kept[0])) == (
                f"Cannot call {operation} on transaction that has already committed: did you move `txn` outside of the "
                "closure?"
            )

        in_storage(body)

    def test_arguments_are_read_before_the_transaction_is_looked_at(self) -> None:
        async def body(storage: Any) -> None:
            kept: list[Any] = []
            await storage.transaction(kept.append)
            text = not_of_type("get", 2, "GetOptions", "DurableObjectTransaction")
            assert await rejection(kept[0].get("a", 5)) == text
            assert await rejection(kept[0].put("a")) == "TypeError: put() called with undefined value."

        in_storage(body)

    def test_transaction_sync_nests(self) -> None:
        # DO-6.3.1
        def body(storage: Any) -> None:
            def inner() -> None:
                storage.kv.put("inner", 1)
                raise KeyError("mine")

            def outer() -> str:
                storage.kv.put("outer", 1)
                with pytest.raises(KeyError):
                    storage.transactionSync(inner)
                return "done"

            assert storage.transactionSync(outer) == "done"
            assert [key for key, _ in storage.kv.list()] == ["outer"]

        in_storage(body)


class TestAlarms:
    @pytest.mark.parametrize("time", [8e12, 8_000_000_000_000, dt.datetime(2223, 7, 6, 14, 13, 20, tzinfo=dt.UTC)])
    def test_an_alarm_is_set_read_and_cleared(self, time: object) -> None:
        # DO-7.1.T1.1-3
        async def body(storage: Any) -> None:
            assert await storage.getAlarm() is None
            assert await storage.setAlarm(time) is UNDEFINED
            assert await storage.getAlarm() == 8_000_000_000_000
            assert await storage.deleteAlarm() is UNDEFINED
            assert await storage.deleteAlarm() is UNDEFINED
            assert await storage.getAlarm() is None

        in_storage(body)

    def test_the_last_representable_instant_is_accepted(self) -> None:
        # DO-7.1.T2.3
        async def body(storage: Any) -> None:
            await storage.setAlarm(9_223_372_036_854)
            assert await storage.getAlarm() == 9_223_372_036_854

        in_storage(body)

    def test_a_past_time_means_now(self) -> None:
        # DO-7.1.T1.1
        async def body(storage: Any) -> None:
            await storage.setAlarm(1)
            assert await storage.getAlarm() == 1893456000000

        in_storage(body)

    def test_a_class_without_handler_may_not_set_one_but_read_and_clear(self) -> None:
        # DO-7.1.T2.5 DO-7.1.P
        class Plain(NeutralObject):
            async def run(self) -> None:
                storage = self.ctx.storage
                assert await rejection(storage.setAlarm(0)) == (
                    "TypeError: setAlarm() cannot be called with an alarm time <= 0"
                )
                assert await rejection(storage.setAlarm(8e12)) == (
                    "TypeError: Your Durable Object class must have an alarm() handler in order to call setAlarm()"
                )
                assert await storage.getAlarm() is None
                await storage.deleteAlarm()

        hosted(lambda host: host.namespace(Plain).get_by_name("a").run(), surface="neutral")
