"""Key-value storage, asked of both hosts: spec durable-objects 3.6, 4 and 5.2."""

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from contract.objects.key_value import Box
from contract.values import VALUES
from pytest_durable import PlatformError
from pytest_durable.values import HOLE, UNDEFINED, JSDate, JSMap

CLASSES = (Box,)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")


async def test_values_come_back_as_they_were_and_are_the_same_bytes_on_disk(durable: Any, thing: Any) -> None:
    # DO-3.6.1
    for name, (value, _) in VALUES.items():
        await thing.storage("put", name, value)
    found = {name: await thing.storage("get", name) for name in VALUES}
    blobs = durable.stored(thing).sql("SELECT key, hex(value) AS blob FROM _cf_KV")
    assert found == {name: value for name, (value, _) in VALUES.items()}
    assert [name for name, (value, _) in VALUES.items() if not isinstance(found[name], type(value))] == []
    assert {row["key"]: row["blob"] for row in blobs} == {name: blob for name, (_, blob) in VALUES.items()}


async def test_array_is_stored_dense(durable: Any, thing: Any) -> None:
    # DO-3.6.1
    await thing.put_own_array()
    assert durable.stored(thing).sql("SELECT hex(value) AS blob FROM _cf_KV") == [
        {"blob": "FF0F4103490222017830240003"}
    ]


#: V8 takes an array that it has read for one that may have holes, and writes such arrays as sparse ones. Reading gives
#: the same array either way; only the bytes differ.
ARRAY_THAT_CAME_BY_A_CALL = {
    "inprocess": "FF0F4103490222017830240003",
    "workerd": "FF0F6103490049024902220178490430400303",
}


async def test_array_that_came_by_a_call_is_the_same_array_in_other_bytes(
    durable: Any, durable_backend: str, thing: Any
) -> None:
    # DO-3.6.1
    await thing.storage("put", "k", [1, "x", None])
    assert await thing.storage("get", "k") == [1, "x", None]
    blob = ARRAY_THAT_CAME_BY_A_CALL[durable_backend]
    assert durable.stored(thing).sql("SELECT hex(value) AS blob FROM _cf_KV") == [{"blob": blob}]


async def test_not_a_number_comes_back(thing: Any) -> None:
    # DO-3.6.1
    await thing.storage("put", "k", math.nan)
    assert math.isnan(await thing.storage("get", "k"))


async def test_invalid_date_comes_back(thing: Any) -> None:
    # DO-3.6.1
    await thing.storage("put", "k", JSDate(math.nan))
    assert math.isnan((await thing.storage("get", "k")).milliseconds)


async def test_part_of_a_millisecond_is_cut_off_towards_the_epoch(thing: Any) -> None:
    # DO-3.6.1
    await thing.storage("put", "k", datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC))
    assert await thing.storage("get", "k") == datetime(1970, 1, 1, tzinfo=UTC)


async def test_shared_and_circular_references_keep_their_identity(thing: Any) -> None:
    # DO-3.6.1
    shared: dict[str, Any] = {"x": 1}
    shared["me"] = shared
    await thing.storage("put", "k", [shared, shared])
    first, second = await thing.storage("get", "k")
    assert first is second
    assert first["me"] is first


async def test_function_cannot_be_stored(thing: Any) -> None:
    # DO-3.6.3
    with pytest.raises(PlatformError, match=r"could not be cloned\.") as failure:
        await thing.put_function()
    assert failure.value.name == "DataCloneError"


async def test_stub_cannot_be_stored(thing: Any) -> None:
    # DO-3.6.3
    with pytest.raises(PlatformError) as failure:
        await thing.put_stub()
    assert failure.value.name == "DataCloneError"
    assert failure.value.message == "ServiceStub cannot be serialized in this context."


async def test_kv_put_stores_undefined_and_lists_it(thing: Any) -> None:
    # DO-4.2.P
    await thing.kv("put", "k", UNDEFINED)
    assert await thing.storage("list") == JSMap({"k": UNDEFINED})


# General rules


async def test_a_missing_key_is_undefined(thing: Any) -> None:
    # DO-4.2.T1.1
    assert await thing.storage("get", "k") is UNDEFINED


async def test_value_is_copied_at_the_put(thing: Any) -> None:
    # DO-4.1.4
    assert await thing.change_after_put() == {"items": [1]}


async def test_value_is_copied_at_the_get(thing: Any) -> None:
    # DO-4.1.4
    assert await thing.change_after_get() == {"items": [1]}


async def test_errors_of_storage_are_rejections(thing: Any) -> None:
    # DO-4.1.2
    for method, arguments in [("get", []), ("put", ["k"]), ("list", [{"limit": 0}]), ("setAlarm", [0])]:
        assert await thing.throws_at_once(method, *arguments) is False


async def test_transaction_sync_throws(thing: Any) -> None:
    # DO-4.1.2
    assert await thing.throws_at_once("transactionSync", 5) is True


async def test_keys_are_turned_into_text(thing: Any) -> None:
    # DO-4.1.6
    for key in (5, None, UNDEFINED, 1.5):
        await thing.storage("put", key, "found")
    assert list(await thing.storage("list")) == ["1.5", "5", "null", "undefined"]


async def test_hole_of_an_array_of_keys_is_undefined(thing: Any) -> None:
    # DO-4.1.6
    await thing.storage("put", "undefined", "found")
    assert await thing.storage("get", ["a", HOLE]) == JSMap({"undefined": "found"})


async def test_surplus_arguments_are_ignored(thing: Any) -> None:
    # DO-4.1.5
    await thing.storage("put", "k", 1, {}, "surplus")
    assert await thing.storage("get", "k", {}, "surplus") == 1
    assert await thing.kv("get", "k", "surplus") == 1
    assert await thing.storage("delete", "k", {}, "surplus") is True


def not_of_type(method: str, position: int, expected: str) -> str:
    return f"Failed to execute '{method}' on 'DurableObjectStorage': parameter {position} is not of type '{expected}'."


PUT_FORMS = (
    "put() may only be called with a single key-value pair and optional options as put(key, value, options) or with "
    "multiple key-value pairs and optional options as put(entries, options)"
)
REFUSED: list[tuple[str, list[Any], str]] = [
    # DO-4.2.T1
    ("get", [], not_of_type("get", 1, "string or Array")),
    ("put", [], not_of_type("put", 1, "string or object")),
    ("put", ["k"], "put() called with undefined value."),
    ("put", ["k", UNDEFINED], "put() called with undefined value."),
    ("put", [{"a": 1}, 5], PUT_FORMS),
    ("delete", [], not_of_type("delete", 1, "string or Array")),
    # DO-4.1.5
    ("get", ["k", 5], not_of_type("get", 2, "GetOptions")),
    ("put", ["k", 1, 5], not_of_type("put", 3, "PutOptions")),
    ("delete", ["k", 5], not_of_type("delete", 2, "PutOptions")),
    ("deleteAll", [5], not_of_type("deleteAll", 1, "PutOptions")),
    ("list", [5], not_of_type("list", 1, "ListOptions")),
    ("onNextSessionRestoreBookmark", [], not_of_type("onNextSessionRestoreBookmark", 1, "string")),
    # DO-4.3.T1
    ("list", [{"start": "a", "startAfter": "b"}], "list() cannot be called with both start and startAfter values."),
    *(("list", [{"limit": limit}], "List limit must be positive.") for limit in (0, -1, 0.9, None, "abc", math.nan)),
    ("list", [{"limit": 3e9}], "Value out of range. Must be between -2147483648 and 2147483647 (inclusive)."),
    # DO-7.1.T2
    ("setAlarm", [0], "setAlarm() cannot be called with an alarm time <= 0"),
    ("setAlarm", [-5], "setAlarm() cannot be called with an alarm time <= 0"),
    ("setAlarm", [math.nan], "The value cannot be converted because it is not a valid Date."),
    ("setAlarm", [9_223_372_036_855], "This API doesn't support dates after 2189."),
    ("setAlarm", [None], not_of_type("setAlarm", 1, "date")),
    ("setAlarm", ["5"], not_of_type("setAlarm", 1, "date")),
]


async def test_wrong_arguments_are_type_errors_in_the_platforms_words(thing: Any) -> None:
    # DO-4.1.5 DO-4.2.T1.1 DO-4.2.T1.3 DO-4.2.T1.5 DO-4.3.T1.2 DO-4.3.T1.6 DO-7.1.T2.1 DO-7.1.T2.2 DO-7.1.T2.3
    # DO-7.1.T2.4
    for method, arguments, message in REFUSED:
        with pytest.raises(PlatformError) as failure:
            await thing.storage(method, *arguments)
        assert (failure.value.name, failure.value.message) == ("TypeError", message), (method, arguments)


async def test_there_is_no_recovery_to_a_point_in_time(thing: Any) -> None:
    # DO-4.2.T1.10
    for method in ("getBookmarkForTime", "onNextSessionRestoreBookmark"):
        with pytest.raises(PlatformError, match="does not implement point-in-time recovery") as failure:
            await thing.storage(method, 1)
        assert failure.value.name == "Error"


# Methods


async def test_get_of_many_returns_what_exists_in_order_of_keys(thing: Any) -> None:
    # DO-4.2.T1.2
    await thing.storage("put", {"b": 2, "a": 1, "c": 3})
    found = await thing.storage("get", ["c", "x", "a", "c"])
    assert list(found.items()) == [("a", 1), ("c", 3)]


async def test_put_of_many_skips_undefined(thing: Any) -> None:
    # DO-4.2.T1.4
    await thing.storage("put", {"a": 1, "b": UNDEFINED})
    assert await thing.storage("list") == JSMap({"a": 1})


async def test_put_of_many_writes_all_or_nothing(thing: Any) -> None:
    # DO-4.2.T1.4
    with pytest.raises(PlatformError, match="could not be cloned"):
        await thing.put_function_among_others()
    assert await thing.storage("list") == JSMap({})


async def test_delete_tells_whether_the_key_existed(thing: Any) -> None:
    # DO-4.2.T1.5
    await thing.storage("put", "a", 1)
    assert await thing.storage("delete", "a") is True
    assert await thing.storage("delete", "a") is False


async def test_delete_of_many_counts_keys_that_existed_once(thing: Any) -> None:
    # DO-4.2.T1.6
    await thing.storage("put", {"a": 1, "b": 2})
    assert await thing.storage("delete", ["a", "a", "x", "b"]) == 2


async def test_sync_resolves_when_writes_are_committed(durable: Any, thing: Any) -> None:
    # DO-4.2.T1.9
    assert await thing.sync_after_put() is UNDEFINED
    assert durable.stored(thing).kv == {"k": 1}


LISTS: list[tuple[Any, str]] = [
    ({}, "a ab abc b c"),
    (None, "a ab abc b c"),
    ({"start": "ab"}, "ab abc b c"),
    ({"startAfter": "ab"}, "abc b c"),
    ({"end": "b"}, "a ab abc"),
    ({"prefix": "ab"}, "ab abc"),
    ({"prefix": ""}, "a ab abc b c"),
    ({"prefix": "a", "start": "ab"}, "ab abc"),
    ({"prefix": "a", "start": "b"}, ""),
    ({"prefix": "b", "end": "b"}, ""),
    ({"start": "c", "end": "a"}, ""),
    ({"reverse": True}, "c b abc ab a"),
    ({"reverse": True, "limit": 2}, "c b"),
    ({"reverse": 1, "start": "ab", "end": "c"}, "b abc ab"),
    ({"limit": 2}, "a ab"),
    ({"limit": 1.5}, "a"),
    ({"limit": "2"}, "a ab"),
    ({"limit": UNDEFINED}, "a ab abc b c"),
    ({"unknown": 5}, "a ab abc b c"),
    ([], "c b abc ab a"),  # an array has a method `reverse`
]


@pytest.mark.parametrize("face", ["storage", "kv"])
async def test_list_follows_its_options(thing: Any, face: str) -> None:
    # DO-4.3.T1.1 DO-4.3.T1.2 DO-4.3.T1.3 DO-4.3.T1.4 DO-4.3.T1.5 DO-4.3.T1.6 DO-4.3.T1.7 DO-4.3.T1.8 DO-5.2.3
    await thing.storage("put", dict.fromkeys(["c", "b", "abc", "ab", "a"], 0))
    for options, keys in LISTS:
        found = await getattr(thing, face)("list", options)
        listed = list(found) if face == "storage" else [key for key, _ in found]
        assert listed == keys.split(), options


async def test_list_returns_keys_in_utf8_byte_order(thing: Any) -> None:
    # DO-3.3.1
    await thing.storage("put", dict.fromkeys(["\U0001f600", "￿", "é", "z", "", "a\0"], 0))
    assert list(await thing.storage("list")) == ["", "a\0", "z", "é", "￿", "\U0001f600"]


async def test_kv_list_sees_writes_made_while_iterating(thing: Any) -> None:
    # DO-5.2.3
    assert await thing.write_while_listing() == ["a", "b", "c"]


async def test_second_kv_list_invalidates_the_first(thing: Any) -> None:
    # DO-5.2.4
    with pytest.raises(PlatformError) as failure:
        await thing.two_lists()
    assert failure.value.message == (
        "kv.list() iterator was invalidated because a new call to kv.list() was started. Only one kv.list() iterator "
        "can exist at a time."
    )


async def test_kv_works_with_one_key_per_call(thing: Any) -> None:
    # DO-5.2.1
    assert await thing.kv("put", ["a", "b"], 1) is UNDEFINED
    assert await thing.kv("get", "a,b") == 1
    assert await thing.kv("delete", "a,b") is True
    assert await thing.kv("get", "a,b") is UNDEFINED


# deleteAll


async def test_delete_all_removes_keys_and_tables(durable: Any, thing: Any) -> None:
    # DO-4.4.2
    assert await thing.delete_all_with_table() == 4096
    assert durable.stored(thing).tables == []


async def test_delete_all_removes_the_alarm(durable: Any, thing: Any) -> None:
    # DO-4.4.4
    await thing.storage("setAlarm", durable.clock.time_ms() + 1000)
    await thing.storage("deleteAll")
    assert await thing.storage("getAlarm") is None
    assert durable.alarms() == []
    assert durable.stored(thing).tables == []


async def test_writes_after_delete_all_survive_it(durable: Any, thing: Any) -> None:
    # DO-4.4.3
    await thing.delete_all_and_write()
    assert durable.stored(thing).kv == {"new": 2}


async def test_abort_in_the_same_turn_does_not_bring_back_what_delete_all_deleted(
    durable: Any, fresh: Any, thing: Any
) -> None:
    # DO-4.4.1
    await thing.storage("put", "k", 1)
    with pytest.raises(PlatformError, match="enough"):
        await thing.delete_all_and_abort()
    assert await fresh().storage("list") == JSMap({})


async def test_delete_all_is_refused_in_a_transaction(thing: Any) -> None:
    # DO-4.4.5
    await thing.storage("put", "k", 1)
    with pytest.raises(PlatformError) as failure:
        await thing.delete_all_in_transaction()
    assert failure.value.message == "Cannot call deleteAll() within a transaction"
    assert await thing.storage("get", "k") == 1


async def test_delete_all_cancels_open_cursors(thing: Any) -> None:
    # DO-4.4.7
    with pytest.raises(PlatformError) as failure:
        await thing.delete_all_beside_cursor()
    assert failure.value.message == "SQLite query was canceled because the database was deleted."


# Limits


async def test_key_may_be_long(thing: Any) -> None:
    # DO-4.5.T1.1
    await thing.storage("put", "k" * 100_000, 1)
    assert await thing.storage("get", "k" * 100_000) == 1


async def test_call_may_hold_many_keys(thing: Any) -> None:
    # DO-4.5.T1.3
    assert await thing.put_many(200) == 200


async def test_value_up_to_the_limit_is_stored_and_a_larger_one_is_refused(thing: Any) -> None:
    # DO-4.5.T1.2
    await thing.kv_put_text(8_388_628)
    with pytest.raises(PlatformError) as failure:
        await thing.kv_put_text(8_388_629)
    assert failure.value.message == "string or blob too big: SQLITE_TOOBIG"
    assert len(await thing.storage("get", "k")) == 8_388_628


async def test_size_of_an_empty_database_is_one_page(thing: Any) -> None:
    # DO-5.6.1
    assert await thing.sizes() == [4096, 8192]
