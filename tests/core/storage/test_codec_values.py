"""The types of decoded values: how they compare, and what they let one look at."""

import copy
import pickle
from datetime import UTC, datetime
from math import inf, nan

import pytest

from pytest_durable.values import (
    HOLE,
    UNDEFINED,
    JSArray,
    JSArrayBuffer,
    JSBigInt,
    JSBoxed,
    JSDate,
    JSError,
    JSMap,
    JSRegExp,
    JSSet,
    JSTypedArray,
)


@pytest.mark.parametrize("nothing", [UNDEFINED, HOLE])
def test_the_two_kinds_of_nothing_stay_single_and_are_false(nothing: object) -> None:
    assert copy.deepcopy([nothing])[0] is nothing
    assert pickle.loads(pickle.dumps(nothing)) is nothing
    assert not nothing
    assert repr([UNDEFINED, HOLE]) == "[UNDEFINED, HOLE]"


def test_a_bigint_is_an_int() -> None:
    assert JSBigInt(5) == 5
    assert JSBigInt(5) + 1 == 6
    assert repr(JSBigInt(5)) == "JSBigInt(5)"


def test_an_array_with_properties_differs_from_the_list_of_its_elements() -> None:
    assert JSArray([1, 2]) == [1, 2]
    assert JSArray([1, 2], {"k": 1}) != [1, 2]
    assert JSArray([1], {"k": 1}) == JSArray([1], {"k": 1})
    assert JSArray([1], {"k": 1}) != "x"


def test_a_map_is_equal_to_a_dict_of_equal_content() -> None:
    assert JSMap([("k", 1), (2, "v")]) == {2: "v", "k": 1}
    assert JSMap([("k", 1)]) != {"k": 2}
    assert JSMap([("k", 1)]) != {"k": 1, "l": 2}
    assert JSMap() != []


def test_a_map_tells_one_and_true_and_a_bigint_apart() -> None:
    entries = JSMap([(1, "number"), (True, "bool"), (JSBigInt(1), "bigint"), ("1", "string")])
    assert list(entries.values()) == ["number", "bool", "bigint", "string"]
    assert entries[1.0] == "number"
    assert entries[True] == "bool"


def test_a_map_finds_nan_and_takes_minus_zero_for_zero() -> None:
    entries = JSMap([(nan, "nan"), (-0.0, "zero")])
    assert entries[float("nan")] == "nan"
    assert entries[0] == "zero"
    assert str(list(entries)[1]) == "0"


def test_a_map_finds_an_object_by_identity_before_equality() -> None:
    first: list[object] = []
    second: list[object] = []
    entries = JSMap([(first, 1), (second, 2)])
    assert len(entries) == 2
    assert (entries[first], entries[second], entries[[]]) == (1, 2, 1)
    del entries[second]
    assert entries[second] == 1
    with pytest.raises(KeyError):
        entries[{}]


def test_a_map_keeps_the_order_of_first_insertion() -> None:
    entries = JSMap([("b", 1), ("a", 2)])
    entries["b"] = 3
    assert repr(entries) == "JSMap([('b', 3), ('a', 2)])"


def test_a_set_is_equal_to_a_set_of_equal_content() -> None:
    assert JSSet([1, "a"]) == {"a", 1}
    assert JSSet([1]) != {1, 2}
    assert JSSet([[]]) == JSSet([[]])
    assert JSSet() != []


def test_a_set_holds_any_value_once() -> None:
    item: list[object] = []
    elements = JSSet([item, item, [], 1, True])
    assert len(elements) == 4
    elements.discard(item)
    elements.discard("absent")
    assert repr(elements) == "JSSet([[], 1, True])"


@pytest.mark.parametrize(
    ("kind", "content", "elements"),
    [
        ("Uint8Array", b"\x01\xff", [1, 255]),
        ("Int8Array", b"\x01\xff", [1, -1]),
        ("Int16Array", b"\x01\x00\xff\xff", [1, -1]),
        ("Float16Array", b"\x00\x3e", [1.5]),
        ("Float32Array", b"\x00\x00\xc0\x3f", [1.5]),
        ("Float64Array", bytes(6) + b"\xf8\x3f", [1.5]),
        ("BigInt64Array", b"\xff" * 8, [-1]),
        ("DataView", b"\x01\x02", [1, 2]),
    ],
)
def test_a_typed_array_shows_its_elements(kind: str, content: bytes, elements: list[float]) -> None:
    view = JSTypedArray(kind, content)
    assert list(view) == elements
    assert (len(view), view[0], view[-1:], bytes(view)) == (len(elements), elements[0], elements[-1:], content)


def test_only_a_uint8array_is_equal_to_bytes() -> None:
    assert JSTypedArray("Uint8Array", b"xab", 1) == b"ab"
    assert JSTypedArray("Int8Array", b"ab") != b"ab"
    assert JSTypedArray("Uint8Array", b"xab", 1) == JSTypedArray("Uint8Array", b"ab")
    assert JSTypedArray("Uint8Array", b"ab") != JSTypedArray("Int8Array", b"ab")


def test_the_elements_of_a_bigint_array_are_bigints() -> None:
    assert all(isinstance(element, JSBigInt) for element in JSTypedArray("BigUint64Array", bytes(16)))


@pytest.mark.parametrize(("offset", "length"), [(1, 4), (0, 3), (4, 8), (-4, 4)])
def test_a_window_that_does_not_fit_is_refused(offset: int, length: int) -> None:
    with pytest.raises(ValueError, match="Float32Array"):
        JSTypedArray("Float32Array", bytes(8), offset, length)


def test_an_unknown_kind_of_view_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"^'Uint9Array' is not a kind of view\. Known: Int8Array, "):
        JSTypedArray("Uint9Array", b"")


def test_a_buffer_is_bytes() -> None:
    assert JSArrayBuffer(b"ab") == b"ab"
    assert JSArrayBuffer(b"ab").max_byte_length is None
    assert JSArrayBuffer(b"ab", 9).max_byte_length == 9


def test_invalid_dates_are_equal() -> None:
    assert JSDate(nan) == JSDate(float("nan"))
    assert JSDate(nan) != JSDate(8.64e15)
    assert JSDate(8.64e15) == JSDate(8.64e15)
    assert len({JSDate(nan), JSDate(float("nan")), JSDate(1e15)}) == 2
    assert JSDate(nan) != datetime(2020, 1, 1, tzinfo=UTC)


def test_the_stack_does_not_count_when_errors_are_compared() -> None:
    error = JSError("TypeError", "m", {"stack": "here", "cause": 1})
    assert error == JSError("TypeError", "m", {"stack": "there", "cause": 1})
    assert error != JSError("TypeError", "m", {"cause": 2})
    assert error != ValueError("m")
    assert (error.stack, JSError().stack) == ("here", None)


@pytest.mark.parametrize(("given", "kept"), [(1.5, 1), (-1.5, -1), (8.64e15, 8.64e15)])
def test_a_date_has_whole_milliseconds(given: float, kept: float) -> None:
    # DO-4.1.6
    assert JSDate(given).milliseconds == kept


@pytest.mark.parametrize("given", [8.64e15 + 1, -8.64e15 - 1, inf, -inf, nan])
def test_a_date_too_far_away_is_invalid(given: float) -> None:
    # DO-4.1.6
    assert not JSDate(given).is_valid


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a+", "a+"),
        ("", "(?:)"),
        ("a/b", r"a\/b"),
        (r"a\/b", r"a\/b"),
        (r"\\/", r"\\\/"),
        ("[/]/", r"[/]\/"),
        (r"[\]/]", r"[\]/]"),
        ("[]/]", r"[]\/]"),
        ("[[/]/", r"[[/]\/"),
        ("a\nb\r\u2028\u2029", r"a\nb\r\u2028\u2029"),
        ("\\\n", r"\n"),
        ("\\\\\n", r"\\\n"),
        ("[\n/\\\u2028]", r"[\n/\u2028]"),
        ("\t\0\ud800", "\t\0\ud800"),
    ],
)
def test_the_source_of_a_regular_expression_is_that_of_its_literal(given: str, kept: str) -> None:
    # DO-4.1.6
    assert JSRegExp(given).source == kept
    assert JSRegExp(given) == JSRegExp(kept)


def test_expressions_and_boxes_compare_by_content() -> None:
    assert JSRegExp("a", "g") == JSRegExp("a", "g") != JSRegExp("a", "i")
    assert JSBoxed(5) == JSBoxed(5) != JSBoxed("5")


@pytest.mark.parametrize("value", [JSSet(), JSMap(), JSArray()])
def test_value_that_contains_itself_can_be_shown(value):
    if isinstance(value, JSMap):
        value["self"] = value
    elif isinstance(value, JSSet):
        value.add(value)
    else:
        value.append(value)
    assert f"{type(value).__name__}(...)" in repr(value)
