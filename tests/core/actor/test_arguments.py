"""How the platform reads arguments. Every expectation was asked of the real binary."""

import datetime as dt
import math

import pytest

from pytest_durable._core.actor.arguments import (
    ABSENT,
    instant_ms,
    int32_of,
    is_nothing,
    is_object,
    number_of,
    text_of,
    truth,
)
from pytest_durable._core.platform_errors import PlatformError, type_error
from pytest_durable._core.storage.values import (
    HOLE,
    UNDEFINED,
    JSBigInt,
    JSBoxed,
    JSDate,
    JSError,
    JSMap,
    JSRegExp,
    JSSet,
    JSTypedArray,
)

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
#: An instant that has no datetime in UTC.
LATEST = dt.datetime(9999, 12, 31, 23, tzinfo=dt.timezone(dt.timedelta(hours=-5)))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (5, "5"),
        (5.0, "5"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e21, "1e+21"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (True, "true"),
        (None, "null"),
        (UNDEFINED, "undefined"),
        (JSBigInt(5), "5"),
        ([1, [2, None], UNDEFINED, HOLE], "1,2,,,"),
        ({"a": 1}, "[object Object]"),
        (JSMap(), "[object Map]"),
        (JSSet(), "[object Set]"),
        (b"x", "[object ArrayBuffer]"),
        (JSTypedArray("Uint8Array", b"\1\2"), "1,2"),
        (JSTypedArray("DataView", b"\1\2"), "[object DataView]"),
        (EPOCH, "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)"),
        (JSDate(math.nan), "Invalid Date"),
        (JSDate(8.64e15), "Sat Sep 13 275760 00:00:00 GMT+0000 (Coordinated Universal Time)"),
        (JSDate(8.64e15 + 1), "Invalid Date"),
        (JSDate(253402300800000), "Sat Jan 01 10000 00:00:00 GMT+0000 (Coordinated Universal Time)"),
        (JSDate(-62135596800001), "Sun Dec 31 0000 23:59:59 GMT+0000 (Coordinated Universal Time)"),
        (JSDate(-62167219200001), "Fri Dec 31 -0001 23:59:59 GMT+0000 (Coordinated Universal Time)"),
        (JSDate(-8.64e15), "Tue Apr 20 -271821 00:00:00 GMT+0000 (Coordinated Universal Time)"),
        (LATEST, "Sat Jan 01 10000 04:00:00 GMT+0000 (Coordinated Universal Time)"),
        (JSRegExp("x", "g"), "/x/g"),
        (JSRegExp(""), "/(?:)/"),
        (JSRegExp("a/b"), r"/a\/b/"),
        (JSError("TypeError", "q"), "TypeError: q"),
        (JSError("Error", ""), "Error"),
        (JSBoxed(True), "true"),
    ],
)
def test_a_value_is_turned_into_the_platforms_text(value: object, text: str) -> None:
    # DO-4.1.6 DO-5.3.4
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("", 0),
        (" 12 ", 12),
        ("0x1f", 31),
        ("1e3", 1000),
        ("-Infinity", -math.inf),
        (None, 0),
        (True, 1),
        ([3], 3),
        ([], 0),
        (EPOCH + dt.timedelta(seconds=1), 1000),
        (LATEST, 253402315200000),
    ],
)
def test_a_value_is_turned_into_a_number(value: object, number: float) -> None:
    # DO-4.3.T1
    assert number_of(value) == number


@pytest.mark.parametrize("value", ["abc", "1_0", "inf", "nan", "1 2", {}, UNDEFINED, "0xg", "."])
def test_what_is_no_number_is_nan(value: object) -> None:
    assert math.isnan(number_of(value))


@pytest.mark.parametrize("value", [JSBigInt(1), 2**53])
def test_a_big_int_is_never_converted_silently(value: object) -> None:
    with pytest.raises(PlatformError, match=r"^TypeError: Cannot convert a BigInt value to a number$"):
        number_of(value)


@pytest.mark.parametrize(
    ("value", "integer"),
    [(1.5, 1), (-1.5, -1), ("2", 2), (None, 0), (math.nan, 0), (math.inf, 0), ("abc", 0), (2**31 - 1, 2**31 - 1)],
)
def test_a_number_is_truncated_to_32_bits(value: object, integer: int) -> None:
    # DO-4.3.T1
    assert int32_of(value) == integer


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 3e9])
def test_a_number_beyond_32_bits_is_refused(value: object) -> None:
    # DO-4.3.T1
    with pytest.raises(PlatformError, match=r"must be between|Must be between -2147483648 and 2147483647"):
        int32_of(value)


@pytest.mark.parametrize(
    ("value", "ms"),
    [(1, 1), (1.9, 1), (-0.5, 0), (9_223_372_036_854, 9_223_372_036_854), (EPOCH, 0), (JSDate(-5.0), -5)],
)
def test_an_instant_is_whole_milliseconds(value: object, ms: int) -> None:
    # DO-7.1.T1
    assert instant_ms(value, type_error("refused")) == ms


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.nan, "The value cannot be converted because it is not a valid Date."),
        (-math.inf, "The value cannot be converted because it is not a valid Date."),
        (JSDate(math.nan), "The value cannot be converted because it is not a valid Date."),
        (9_223_372_036_855, "This API doesn't support dates after 2189."),
        (1e300, "This API doesn't support dates after 2189."),
        (-9_223_372_036_855, "This API doesn't support dates before 1687."),
        ("5", "refused"),
        (None, "refused"),
        (True, "refused"),
        (JSBigInt(5), "refused"),
        ({}, "refused"),
        (ABSENT, "refused"),
    ],
)
def test_what_is_no_instant_is_refused(value: object, text: str) -> None:
    # DO-7.1.T2
    with pytest.raises(PlatformError) as refusal:
        instant_ms(value, type_error("refused"))
    assert refusal.value.message == text


@pytest.mark.parametrize("value", [0, 0.0, -0.0, "", math.nan, None, UNDEFINED, False])
def test_these_are_false(value: object) -> None:
    assert truth(value) is False


@pytest.mark.parametrize("value", [1, "0", [], {}, JSMap(), True, -1])
def test_these_are_true(value: object) -> None:
    assert truth(value) is True


def test_objects_are_told_from_primitives_and_from_nothing() -> None:
    assert all(is_object(value) for value in ({}, [], JSMap(), b""))
    assert not any(is_object(value) for value in (1, "x", True, None, UNDEFINED, ABSENT))
    assert all(is_nothing(value) for value in (None, UNDEFINED, ABSENT))
