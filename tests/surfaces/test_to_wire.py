"""What a Python value becomes when it is sent or stored: spec python-workers table 1.6, row by row.

Expectations were compared with the published SDK 1.9.5 running inside Pyodide 0.28.2 under Node.
"""

import collections
import datetime as dt
import decimal
import enum
import fractions
import math
import pathlib
import uuid
from array import array

import pytest

from pytest_durable._core.storage.values import (
    UNDEFINED,
    JSBigInt,
    JSError,
    JSRegExp,
    JSSet,
    JSTypedArray,
)
from pytest_durable._surfaces.wrapped.exceptions import ConversionError, JsException
from pytest_durable._surfaces.wrapped.http import Request, Response
from pytest_durable._surfaces.wrapped.proxies import jsnull
from pytest_durable._surfaces.wrapped.references import FunctionReference
from pytest_durable._surfaces.wrapped.to_js import to_js
from pytest_durable._surfaces.wrapped.to_wire import to_wire


class Colour(enum.IntEnum):
    RED = 7


class Text(str):
    __slots__ = ()


class Items(list[object]):
    pass


class Custom:
    pass


NAIVE = dt.datetime(2030, 1, 2, 3, 4, 5, 678_901)
UTC = dt.UTC
EAST = dt.timezone(dt.timedelta(hours=5))


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        pytest.param(None, None, id="none"),
        pytest.param(True, True, id="true"),
        pytest.param(False, False, id="false"),
        pytest.param("x", "x", id="str"),
        pytest.param("\ud800", "\ud800", id="lone-surrogate"),
        pytest.param(Text("x"), "x", id="str-subclass"),
        pytest.param(0, 0, id="zero"),
        pytest.param(2**53 - 1, 2**53 - 1, id="largest-number"),
        pytest.param(-(2**53) + 1, -(2**53) + 1, id="smallest-number"),
        pytest.param(2**53, JSBigInt(2**53), id="smallest-bigint"),
        pytest.param(-(2**53), JSBigInt(-(2**53)), id="largest-negative-bigint"),
        pytest.param(3.0, 3, id="integral-float"),
        pytest.param(2.5, 2.5, id="float"),
        pytest.param(math.inf, math.inf, id="inf"),
        pytest.param(1e300, 1e300, id="huge-float"),
        pytest.param(Colour.RED, 7, id="int-enum"),
        pytest.param(b"ab", JSTypedArray("Uint8Array", b"ab"), id="bytes"),
        pytest.param(memoryview(b"ab"), JSTypedArray("Uint8Array", b"ab"), id="memoryview"),
        pytest.param(memoryview(b"abcd")[::2], JSTypedArray("Uint8Array", b"ac"), id="strided-memoryview"),
        pytest.param(collections.Counter("aab"), {"a": 2, "b": 1}, id="counter"),
        pytest.param(array("d", [1.5]), JSTypedArray("Float64Array", array("d", [1.5]).tobytes()), id="array"),
        pytest.param([1, "a"], [1, "a"], id="list"),
        pytest.param(Items([1]), [1], id="list-subclass"),
        pytest.param({"a": 1}, {"a": 1}, id="dict"),
        pytest.param(collections.OrderedDict(a=1), {"a": 1}, id="ordered-dict"),
        pytest.param(collections.defaultdict(int, a=1), {"a": 1}, id="defaultdict"),
        pytest.param({7: "i"}, {"7": "i"}, id="int-key"),
        pytest.param({True: "t"}, {"true": "t"}, id="bool-key"),
        pytest.param({None: "n"}, {"undefined": "n"}, id="none-key"),
        pytest.param({1.5: "f", 2.0: "g"}, {"1.5": "f", "2": "g"}, id="float-keys"),
        pytest.param({2**60: "b"}, {str(2**60): "b"}, id="bigint-key"),
        pytest.param({1, "a"}, JSSet([1, "a"]), id="set"),
        pytest.param({"a": [None, {None}]}, {"a": [None, JSSet([UNDEFINED])]}, id="nested-none"),
        pytest.param(dt.datetime(2030, 1, 1, 5, tzinfo=EAST), dt.datetime(2030, 1, 1, tzinfo=UTC), id="aware"),
        pytest.param(ValueError("bad"), JSError("Error", "bad"), id="exception"),
        pytest.param(jsnull, None, id="jsnull"),
        pytest.param(to_js([1, [2]]), [1, [2]], id="array-proxy"),
        pytest.param(to_js({1}), JSSet([1]), id="set-proxy"),
        pytest.param(to_js({"a": {1: None}}), {"a": {"1": UNDEFINED}}, id="dict-proxy"),
        pytest.param(to_js(2**60), JSBigInt(2**60), id="bigint-proxy"),
    ],
)
def test_a_value_is_sent_as_its_counterpart(value: object, wire: object) -> None:
    # PW-1.6.T1.1-10 PW-1.6.T1.12-14 PW-2.17
    sent = to_wire(value)
    assert sent == wire
    assert type(sent) is type(wire)


def test_nan_stays_nan() -> None:
    # PW-1.6.T1.6
    sent = to_wire(math.nan)
    assert isinstance(sent, float)
    assert math.isnan(sent)


def test_minus_zero_stays_minus_zero() -> None:
    assert math.copysign(1, to_wire(-0.0)) == -1


def test_a_naive_datetime_is_local_time_in_whole_milliseconds() -> None:
    # PW-1.6.T1.13
    assert to_wire(NAIVE) == NAIVE.replace(microsecond=678_000).astimezone(UTC)


def test_names_that_are_array_indices_come_first() -> None:
    assert list(to_wire({"b": 1, "10": 2, "9": 3, "01": 4, "-1": 5})) == ["9", "10", "b", "01", "-1"]


def test_a_list_subclass_in_a_dict_is_a_plain_list_on_the_wire() -> None:
    sent = to_wire({"a": Items([Items()])})
    assert sent == {"a": [[]]}
    assert type(sent["a"]) is list


@pytest.mark.parametrize("value", [len, lambda: 1, [].append, Custom().__repr__])
def test_functions_are_sent_by_reference(value: object) -> None:
    # PW-1.6.T1.15
    sent = to_wire([value])
    assert isinstance(sent[0], FunctionReference)


def test_requests_and_responses_are_sent_as_what_they_are() -> None:
    # PW-1.6.T1.16
    assert to_wire(Response("x", 201)).status == 201
    assert to_wire([Request("https://x/")])[0].url == "https://x/"


@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: [value], lambda value: {"a": [value]}])
@pytest.mark.parametrize("value", [(1, 2), (), bytearray(b"x")])
def test_tuples_and_bytearrays_are_refused_at_the_sender_wherever_they_are(value: object, wrap: object) -> None:
    # PW-1.6.T1.18 PW-1.46
    with pytest.raises(TypeError) as refusal:
        to_wire(wrap(value))
    assert str(refusal.value) == f"{type(value)} cannot be sent over RPC."


def test_an_awaitable_is_refused_at_the_sender() -> None:
    # PW-1.6.T1.19
    async def work() -> None:
        """Never runs."""

    coroutine = work()
    with pytest.raises(TypeError) as refusal:
        to_wire({"a": coroutine})
    coroutine.close()
    assert str(refusal.value) == "Awaitable <class 'coroutine'> cannot be sent over RPC."


def test_a_regular_expression_is_refused_at_the_sender() -> None:
    # PW-1.6.T1.20
    with pytest.raises(TypeError, match=r"^RegExp cannot be sent over RPC\.$"):
        to_wire(JSRegExp("a"))


@pytest.mark.parametrize("key", [(1, 2), b"x", frozenset()])
def test_a_key_that_is_neither_text_nor_number_is_a_conversion_error(key: object) -> None:
    # PW-1.6.T1.11
    with pytest.raises(ConversionError) as refusal:
        to_wire([{key: Custom()}])
    assert str(refusal.value) == f"Cannot use {key!r} as a key for a Javascript Map"


def test_an_instant_before_the_epoch_is_cut_towards_it() -> None:
    # PW-1.6.T1.13
    before = dt.datetime(1969, 12, 31, 23, 59, 59, 999_500, tzinfo=UTC)
    assert to_wire(before) == dt.datetime(1970, 1, 1, tzinfo=UTC)


def test_a_class_of_tuples_is_refused_by_its_own_name() -> None:
    # PW-1.6.T1.18
    pair = collections.namedtuple("pair", "a b")(1, 2)
    with pytest.raises(TypeError, match=r"^<class '.*pair'> cannot be sent over RPC\.$"):
        to_wire(pair)


@pytest.mark.parametrize(
    "value",
    [
        frozenset((1,)),
        dt.date(2030, 1, 1),
        decimal.Decimal(1),
        fractions.Fraction(1, 2),
        uuid.UUID(int=1),
        pathlib.PurePath("x"),
        1j,
        range(3),
        (number for number in (1, 2)),
        Custom,
        Custom(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_clone_is_a_data_clone_error(value: object) -> None:
    # PW-1.6.T1.21
    with pytest.raises(JsException) as refusal:
        to_wire({"deep": [value]})
    source = "function(){}" if isinstance(value, type) else "[object Object]"
    assert str(refusal.value) == f"DataCloneError: {source} could not be cloned."


def test_a_tuple_anywhere_is_found_before_what_has_no_clone() -> None:
    # PW-1.46
    with pytest.raises(TypeError, match="tuple"):
        to_wire([Custom(), {"a": (1,)}])


def test_a_tuple_inside_what_has_no_clone_is_found() -> None:
    # PW-1.47
    with pytest.raises(TypeError, match="tuple"):
        to_wire(frozenset(((1,),)))


def test_a_generator_is_consumed_before_it_is_refused() -> None:
    # PW-1.47
    generator = (number for number in (1, 2))
    with pytest.raises(JsException, match="DataCloneError"):
        to_wire(generator)
    assert list(generator) == []


def test_nothing_is_shared_with_the_sender() -> None:
    # PW-1.48
    inner = [1]
    sent = to_wire({"a": inner})
    inner.append(2)
    assert sent == {"a": [1]}


@pytest.mark.parametrize("value", [[], [1], ["text"], {}, {"a": 1}, {"a": []}, set(), {"text"}], ids=repr)
def test_containers_are_copied_whatever_they_hold(value: object) -> None:
    assert to_wire(value) is not value  # PW-1.48


def test_what_a_proxy_stands_for_is_copied_too() -> None:
    # PW-1.48
    proxy = to_js([1])
    sent = to_wire(proxy)
    proxy.append(2)
    assert sent == [1]


def test_a_cycle_is_a_recursion_error() -> None:
    # PW-1.49
    cyclic: list[object] = []
    cyclic.append(cyclic)
    with pytest.raises(RecursionError):
        to_wire(cyclic)
