"""What a received or stored value becomes in Python: spec python-workers 1.7, by both ways in."""

import datetime as dt
from collections.abc import Callable

import pytest

from pytest_durable._core.storage import decode, encode
from pytest_durable._core.storage.values import (
    HOLE,
    UNDEFINED,
    JSArray,
    JSBigInt,
    JSBoxed,
    JSDate,
    JSError,
    JSMap,
    JSRegExp,
    JSSet,
    JSTypedArray,
)
from pytest_durable._surfaces.wrapped.exceptions import JsException
from pytest_durable._surfaces.wrapped.surface import WrappedSurface
from pytest_durable._surfaces.wrapped.types import JsDict

STRICT = WrappedSurface(lenient=False)
LENIENT = WrappedSurface()
Received = Callable[[object], object]


def stored(value: object) -> object:
    return decode(encode(value), STRICT.types)


@pytest.fixture(params=["received", "stored"])
def received(request: pytest.FixtureRequest) -> Received:
    return STRICT.from_wire if request.param == "received" else stored


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        pytest.param(None, None, id="null"),
        pytest.param(UNDEFINED, None, id="undefined"),
        pytest.param(True, True, id="bool"),
        pytest.param("x", "x", id="str"),
        pytest.param(7, 7, id="int"),
        pytest.param(2.5, 2.5, id="float"),
        pytest.param(JSBigInt(5), 5, id="bigint"),
        pytest.param([1, [None]], [1, [None]], id="array"),
        pytest.param([1, HOLE], [1, None], id="sparse-array"),
        pytest.param(JSArray([1], {"p": 1}), [1], id="array-with-properties"),
        pytest.param({"a": {"b": UNDEFINED}}, JsDict(a=JsDict(b=None)), id="object"),
        pytest.param(JSMap({"a": JSMap({1: 2})}), JsDict(a=JsDict({1: 2})), id="map"),
        pytest.param(JSSet([1, "a"]), {1, "a"}, id="set"),
        pytest.param(b"ab", memoryview(b"ab"), id="array-buffer"),
        pytest.param(JSTypedArray("Uint8Array", b"ab"), memoryview(b"ab"), id="uint8array"),
        pytest.param(JSTypedArray("DataView", b"ab"), memoryview(b"ab"), id="data-view"),
        pytest.param(JSTypedArray("Uint8Array", b"abcd", 1, 2), memoryview(b"bc"), id="window"),
        pytest.param(JSBoxed(5), 5, id="boxed-number"),
        pytest.param(JSRegExp("a", "g"), JSRegExp("a", "g"), id="regexp"),
    ],
)
def test_a_value_is_received_as_its_counterpart(received: Received, wire: object, value: object) -> None:
    # PW-1.51
    arrived = received(wire)
    assert arrived == value
    assert isinstance(arrived, type(value))


def test_a_typed_array_has_the_format_of_its_kind(received: Received) -> None:
    # PW-1.51
    arrived = received(JSTypedArray("Float64Array", b"\0" * 16))
    assert isinstance(arrived, memoryview)
    assert (arrived.format, arrived.tolist()) == ("d", [0.0, 0.0])


def test_a_date_is_a_naive_local_datetime(received: Received) -> None:
    # PW-1.51 PW-1.6.T1.13
    instant = dt.datetime(2030, 1, 2, 3, 4, 5, 678_000, tzinfo=dt.UTC)
    assert received(instant) == instant.astimezone().replace(tzinfo=None)
    assert received(instant).tzinfo is None


def test_a_date_outside_of_python_stays_a_date(received: Received) -> None:
    assert received(JSDate(8.64e15)) == JSDate(8.64e15)


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        (JSError("Error", "bad", {"stack": "…"}), "Error: bad"),
        (JSError("Error", ""), "Error"),
        (JSError("MyError", "bad"), "MyError: bad"),
    ],
)
def test_a_plain_error_is_an_exception_whose_text_begins_with_the_name(
    received: Received, wire: JSError, text: str
) -> None:
    # PW-1.51
    arrived = received(wire)
    assert type(arrived) is Exception
    assert str(arrived) == text


def test_an_error_of_another_class_stays_the_platforms(received: Received) -> None:
    # Asked of the SDK inside Pyodide: it looks for the constructor Error only.
    arrived = received(JSError("TypeError", "bad"))
    assert type(arrived) is JsException
    assert str(arrived) == "TypeError: bad"


def test_two_readers_get_two_copies(received: Received) -> None:
    # PW-1.48
    wire = {"a": [1]}
    first = received(wire)
    first["a"].append(2)
    assert received(wire) == {"a": [1]}


def test_what_is_no_wire_value_passes_through() -> None:
    # PW-1.51
    thing = object()
    assert STRICT.from_wire(thing) is thing


class TestJsDict:
    def test_items_are_attributes(self) -> None:
        # PW-1.52
        assert JsDict(a=1).a == 1

    def test_attributes_of_dict_win(self) -> None:
        # PW-1.52
        assert callable(JsDict(items=1).items)

    def test_a_missing_item_is_a_missing_attribute(self) -> None:
        # PW-1.52
        with pytest.raises(AttributeError, match=r"^nope$"):
            JsDict().nope

    def test_assigning_an_attribute_sets_the_item(self) -> None:
        # PW-1.52
        made = JsDict()
        made.a = 1
        assert made == {"a": 1}

    def test_nested_objects_are_of_the_same_type(self) -> None:
        # PW-1.52
        arrived = STRICT.from_wire({"a": [{"b": 1}]})
        assert arrived.a[0].b == 1


class TestLenient:
    def test_results_answer_to_py(self) -> None:
        # PW-2.16
        arrived = LENIENT.from_wire({"a": [1]})
        copied = arrived.to_py()
        assert copied == {"a": [1]}
        assert type(copied) is dict
        assert type(copied["a"]) is list

    def test_to_py_is_reported(self) -> None:
        # PW-2.16
        reports: list[str] = []
        surface = WrappedSurface(report=lambda code, text: reports.append(code))
        surface.from_wire([1]).to_py()
        assert reports == ["PD-W03"]

    def test_stored_values_answer_it_too(self) -> None:
        # PW-2.16
        assert decode(encode({"a": [1]}), LENIENT.types).a.to_py() == [1]

    def test_strict_results_have_no_to_py(self) -> None:
        # PW-2.16
        assert not hasattr(STRICT.from_wire({"a": 1}), "to_py")
        assert not hasattr(STRICT.from_wire([1]), "to_py")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (JSSet([[1]]), "Array as a key to a Python set"),
        (JSMap([([1], 2)]), "Array as a key to a Python dict"),
        (JSSet([{"a": 1}]), "Object as a key to a Python set"),
        (JSMap([(b"1", 2)]), "ArrayBuffer as a key to a Python dict"),
    ],
)
def test_a_key_that_python_cannot_hold_is_refused_as_pyodide_does(value: object, kind: str, received: Received) -> None:
    with pytest.raises(JsException, match=f"^Error: Cannot use key of type {kind}$"):
        received(value)
