"""``txn`` is a raw proxy: spec python-workers 2.2 (transaction), 2.10, 2.11; durable-objects 6.2."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pytest_durable._surfaces.wrapped.data_proxies import JsArray, JsMap, JsObject
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.proxies import JsProxy, jsnull
from pytest_durable._surfaces.wrapped.to_js import object_from_entries, to_js
from support.surfaces import inside


def in_transaction(body: Callable[[Any, Any], Awaitable[Any]], **app: Any) -> None:
    """Run ``body(txn, storage)`` in a transaction."""

    async def run(instance: Any) -> None:
        storage = instance.ctx.storage
        await storage.transaction(lambda txn: body(txn, storage))

    inside(run, **app)


async def refused(awaitable: Any) -> str:
    with pytest.raises(JsException) as refusal:
        await awaitable
    return str(refusal.value)


def test_txn_is_a_proxy() -> None:
    # PW-2.2.T1.11
    async def body(txn: Any, storage: Any) -> None:
        assert isinstance(txn, JsProxy)
        assert str(txn) == "[object DurableObjectTransaction]"
        assert not hasattr(txn, "get_alarm")

    in_transaction(body)


@pytest.mark.parametrize("value", ["x", 5, 2.5, True])
def test_primitives_pass(value: object) -> None:
    # PW-2.10
    async def body(txn: Any, storage: Any) -> None:
        assert await txn.put("k", value) is None
        assert await txn.get("k") == value

    in_transaction(body)


def test_put_of_none_is_undefined() -> None:
    # PW-2.10
    async def body(txn: Any, storage: Any) -> None:
        assert await refused(txn.put("k", None)) == "TypeError: put() called with undefined value."

    in_transaction(body)


@pytest.mark.parametrize("value", [{"a": 1}, [1], {1}, b"x"])
def test_native_containers_have_no_clone_in_strict_mode(value: object) -> None:
    # PW-2.10
    async def body(txn: Any, storage: Any) -> None:
        assert (await refused(txn.put("k", value))).startswith("DataCloneError")

    in_transaction(body, lenient=False)


@pytest.mark.parametrize("value", [{"a": 1}, [1], {1}, b"x"])
def test_native_containers_are_taken_in_lenient_mode(value: object) -> None:
    # PW-2.18
    async def body(txn: Any, storage: Any) -> None:
        await txn.put("k", value)
        assert await storage.get("k") == value

    in_transaction(body)


def test_values_through_to_js_are_stored() -> None:
    # PW-2.10
    async def body(txn: Any, storage: Any) -> None:
        await txn.put("o", to_js({"a": [1]}, dict_converter=object_from_entries))
        assert await storage.get("o") == {"a": [1]}

    in_transaction(body, lenient=False)


def test_a_dict_through_plain_to_js_has_no_clone_in_strict_mode() -> None:
    # PW-2.10
    async def body(txn: Any, storage: Any) -> None:
        assert (await refused(txn.put("o", to_js({"a": 1})))).startswith("DataCloneError")

    in_transaction(body, lenient=False)


def test_results_are_proxies() -> None:
    # PW-2.11
    async def body(txn: Any, storage: Any) -> None:
        await storage.put({"o": {"a": {"b": [1]}}, "l": [1, 2], "n": None})
        found = await txn.get("o")
        assert isinstance(found, JsObject)
        assert found.a.b.to_py() == [1]
        assert found.to_py() == {"a": {"b": [1]}}
        assert isinstance(await txn.get("l"), JsArray)
        assert await txn.get("n") is jsnull
        assert await txn.get("nope") is None

    in_transaction(body)


def test_an_absent_alarm_is_jsnull() -> None:
    # PW-2.11
    async def body(txn: Any, storage: Any) -> None:
        assert await txn.getAlarm() is jsnull
        await txn.setAlarm(8e12)
        assert await txn.getAlarm() == 8_000_000_000_000
        await txn.deleteAlarm()
        assert await txn.getAlarm() is jsnull

    in_transaction(body)


def test_several_values_come_as_a_map() -> None:
    # PW-2.11 PW-2.12
    async def body(txn: Any, storage: Any) -> None:
        await storage.put({"b": 2, "a": 1})
        found = await txn.list()
        assert isinstance(found, JsMap)
        assert (list(found.keys()), list(found.values()), len(found)) == (["a", "b"], [1, 2], 2)
        assert ("a" in found, found["a"], found.get("b"), found.get("nope")) == (True, 1, 2, None)
        assert [list(entry) for entry in found.entries()] == [["a", 1], ["b", 2]]
        assert found.entries().next().value[1] == 1
        assert found.to_py() == {"a": 1, "b": 2}
        assert (await txn.get(to_js(["b"]))).to_py() == {"b": 2}
        assert (await txn.list(prefix="b")).to_py() == {"b": 2}

    in_transaction(body)


def test_delete_says_what_was_there() -> None:
    async def body(txn: Any, storage: Any) -> None:
        await storage.put({"b": 2, "a": 1})
        assert await txn.delete("a") is True
        assert await txn.delete(to_js(["a", "b"])) == 1

    in_transaction(body)


def test_rollback_undoes_and_later_use_is_refused() -> None:
    # DO-6.2.4
    async def body(txn: Any, storage: Any) -> None:
        await txn.put("k", 1)
        assert txn.rollback() is None
        txn.rollback()
        assert await storage.get("k") is None
        assert await refused(txn.get("k")) == "Error: Cannot get() on rolled back transaction"

    in_transaction(body)


def test_delete_all_is_refused() -> None:
    # DO-4.4.5
    async def body(txn: Any, storage: Any) -> None:
        with pytest.raises(JsException, match=r"^Error: Cannot call deleteAll\(\) within a transaction$"):
            txn.deleteAll()
        assert await refused(storage.deleteAll()) == "Error: Cannot call deleteAll() within a transaction"

    in_transaction(body)


def test_use_after_the_end_is_refused() -> None:
    # DO-6.2.6
    async def body(instance: Any) -> None:
        kept: list[Any] = []
        await instance.ctx.storage.transaction(kept.append)
        txn = kept[0]
        words = "on transaction that has already committed: did you move `txn` outside of the closure?"
        assert await refused(txn.get("a")) == f"Error: Cannot call get() {words}"
        assert await refused(txn.put("a", 1)) == f"Error: Cannot call put() {words}"
        with pytest.raises(JsException) as refusal:
            txn.rollback()
        assert str(refusal.value) == f"Error: Cannot call rollback() {words}"

    inside(body)
