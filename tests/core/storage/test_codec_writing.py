"""Writing Python values that are not themselves what ``decode`` returns, and refusing what cannot be stored."""

import enum
import sys
from collections import OrderedDict, defaultdict
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from pytest_durable._core.storage.codec import NotCloneable, decode, encode
from pytest_durable.values import (
    HOLE,
    UNDEFINED,
    JSArrayBuffer,
    JSBigInt,
    JSError,
    JSMap,
    JSSet,
    JSTypedArray,
)
from support.value_description import describe


def _stored(value: object) -> Any:
    return decode(encode(value))


class _Colour(enum.IntEnum):
    RED = 3


class _Name(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (2**53 - 1, 2**53 - 1),
        (2**53, JSBigInt(2**53)),
        (-(2**53), JSBigInt(-(2**53))),
        (3.0, 3),
        (2.0**53, 2.0**53),
        (_Colour.RED, 3),
        (_Name("a"), "a"),
        ("\ud83d\ude00", "\U0001f600"),
        (b"ab", JSArrayBuffer(b"ab")),
        (bytearray(b"ab"), JSArrayBuffer(b"ab")),
        (memoryview(b"ab"), JSTypedArray("Uint8Array", b"ab")),
        (memoryview(b"abcd")[::2], JSTypedArray("Uint8Array", b"ac")),
        ({1, 2}, JSSet([1, 2])),
        (frozenset({1}), JSSet([1])),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(int, a=1), {"a": 1}),
        ({"b": 0, 10: 1, 9: 2, "8": 3, -1: 4}, {"8": 3, "9": 2, "10": 1, "b": 0, "-1": 4}),
        ({1: "first", "1": "last"}, {"1": "last"}),
        ({"": 1, " ": 2, "0x": 3}, {"": 1, " ": 2, "0x": 3}),
    ],
)
def test_python_values_are_stored_as_their_nearest_kin(value: object, stored: object) -> None:
    assert describe(decode(encode(value))) == describe(stored)


def test_keys_that_are_array_indices_come_first_and_ascending() -> None:
    # DO-C.T1.14, DO-C.P
    assert encode({"a": 3, "2": "y", 1: "x"}).hex() == "ff0f6f4902220178490422017922016149067b03"


@pytest.mark.parametrize(
    ("instant", "stored"),
    [
        (datetime(2020, 1, 1), datetime(2020, 1, 1, tzinfo=UTC)),
        (datetime(2020, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), datetime(2020, 1, 1, tzinfo=UTC)),
        (datetime(2020, 1, 1, 0, 0, 0, 1999), datetime(2020, 1, 1, 0, 0, 0, 1000, tzinfo=UTC)),
        (datetime(1969, 12, 31, 23, 59, 59, 998_001), datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
        (datetime(1, 1, 1), datetime(1, 1, 1, tzinfo=UTC)),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999), datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
    ],
)
def test_datetimes_are_utc_instants_in_whole_milliseconds(instant: datetime, stored: datetime) -> None:
    assert decode(encode(instant)) == stored


def test_equal_bytes_of_python_are_separate_buffers() -> None:
    data = b"ab"
    first, second = _stored([data, data])
    assert first == second == data
    assert first is not second


@pytest.mark.parametrize("data", [b"ab", memoryview(b"ab")], ids=["bytes", "memoryview"])
def test_a_reference_behind_bytes_leads_to_its_object(data: bytes | memoryview) -> None:
    shared: list[object] = []
    other: list[object] = ["other"]
    _, _, first, second = _stored([data, other, shared, shared])
    assert first is second == []


@pytest.mark.parametrize(
    "shared", [[], {}, bytearray(b"a"), {1}, JSMap(), datetime(2020, 1, 1), JSError(), JSArrayBuffer(b"a")]
)
def test_an_object_met_twice_is_one_object(shared: object) -> None:
    first, second = _stored([shared, shared])
    assert first is second


def test_the_buffer_of_two_views_is_one_buffer() -> None:
    buffer = JSArrayBuffer(bytes(8))
    views = [JSTypedArray("Uint8Array", buffer, 0, 4), JSTypedArray("Float32Array", buffer, 4)]
    first, second = _stored(views)
    assert first.buffer is second.buffer


def _function() -> None: ...


@pytest.mark.parametrize(
    ("value", "message", "path"),
    [
        (_function, "_function could not be cloned.", ""),
        (_Colour, "_Colour could not be cloned.", ""),
        (object(), "#<object> could not be cloned.", ""),
        ((1, 2), "#<tuple> could not be cloned.", ""),
        ({"a": [0, _function]}, "_function could not be cloned.", "['a'][1]"),
        (JSMap([("k", {1: Decimal(1)})]), "#<Decimal> could not be cloned.", "['k'][1]"),
        (JSMap([((1,), 2)]), "#<tuple> could not be cloned.", "[key (1,)]"),
        ({(1, 2): 3}, "#<tuple> could not be cloned.", "[key (1, 2)]"),
        ({None: 3}, "#<NoneType> could not be cloned.", "[key None]"),
        ({True: 3}, "#<bool> could not be cloned.", "[key True]"),
        (JSError("Error", "m", {"cause": _function}), "_function could not be cloned.", "['cause']"),
        (HOLE, "HOLE outside of a list could not be cloned.", ""),
        ([{"h": HOLE}], "HOLE outside of a list could not be cloned.", "[0]['h']"),
    ],
)
def test_what_cannot_be_stored_is_named_with_its_place(value: object, message: str, path: str) -> None:
    # DO-3.6.3
    with pytest.raises(NotCloneable) as caught:
        encode(value)
    assert (str(caught.value), caught.value.message, caught.value.path) == (message, message, path)


def test_the_place_is_found_in_a_value_with_cycles() -> None:
    value: dict[str, object] = {"n": 1}
    value["self"] = value
    value["bad"] = [_function]
    with pytest.raises(NotCloneable) as caught:
        encode(value)
    assert caught.value.path == "['bad'][0]"


def test_a_value_too_deep_for_the_platform_fails_as_there() -> None:
    before = sys.getrecursionlimit()
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(NotCloneable, match=r"^Maximum call stack size exceeded$"):
        encode(value)
    assert sys.getrecursionlimit() == before
    while value:
        value = value.pop()  # unpicked level by level, which needs no stack


@pytest.mark.parametrize(
    ("error", "blob"),
    [
        (JSError("Error", "m", {"stack": "S"}), "726d22016d732201532e"),
        (JSError("TypeError", "m", {"stack": "S", "cause": 5}), "72546d22016d7322015363490a2e"),
        (JSError("RangeError", "m", {"stack": "S", "code": 3}), "72526d22016d732201532e"),
        (JSError("Foo", "m", {"stack": "S"}), "726d22016d732201532e"),
        (JSError("AggregateError", "m", {"stack": "S", "errors": [1]}), "726d22016d732201532e"),
        (JSError("EvalError", "€", {"stack": "S"}), "72456d006302ac20732201532e"),
        (JSError("Error", "", {"stack": "S"}), "72732201532e"),
        (JSError("Error", "m", {"stack": 5}), "726d22016d2e"),
        (JSError("Error", "m", {"cause": UNDEFINED}), "726d22016d635f2e"),
    ],
    ids=lambda item: item if isinstance(item, str) else item.name,
)
def test_errors_once_had_the_form_of_the_language(error: JSError, blob: str) -> None:
    # Asked of the real platform with an older compatibility date. DO-3.6.4
    assert encode(error, enhanced_errors=False).hex() == "ff0f" + blob


def test_the_cause_of_an_error_in_the_old_form_may_refer_to_it() -> None:
    # DO-3.6.4
    error = JSError("Error", "m", {"stack": "S"})
    error.properties["cause"] = error
    assert encode(error, enhanced_errors=False).hex() == "ff0f726d22016d73220153635e002e"
    assert encode([error, "z"], enhanced_errors=False).hex() == "ff0f4102726d22016d73220153635e012e22017a240002"


def test_a_stored_value_is_a_copy_and_each_reading_another() -> None:
    # DO-4.1.4
    value = {"a": [1]}
    blob = encode(value)
    value["a"].append(2)
    first, second = decode(blob), decode(blob)
    assert first == second == {"a": [1]}
    assert first is not second


def test_undefined_and_none_are_two_things() -> None:
    assert decode(encode([UNDEFINED, None])) == [UNDEFINED, None]
    assert UNDEFINED != None  # noqa: E711 - the very question
