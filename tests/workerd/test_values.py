"""Values keep what they are on the way to the harness and back."""

import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_durable import PlatformError
from pytest_durable._hosts.workerd import requests
from pytest_durable._hosts.workerd.values import from_wire, to_wire
from pytest_durable.errors import ConfigurationError, UnsupportedOnHostError
from pytest_durable.values import HOLE, UNDEFINED, JSArray, JSArrayBuffer, JSBigInt, JSError, JSMap, JSTypedArray
from support.stored_values import graphs
from support.value_description import describe


def there_and_back(value):
    return from_wire(json.loads(json.dumps(to_wire(value))))


@given(graphs())
def test_a_value_is_the_same_after_it_was_written_and_read(value):
    assert describe(there_and_back(value)) == describe(value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(value=graphs())
def test_a_value_is_the_same_after_it_was_in_the_process(machine, value):
    assert describe(machine.ask(requests.echo(value))) == describe(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, 2), [1, 2]),
        (1.0, 1),
        (2**53, JSBigInt(2**53)),
        (2.0**53, 2.0**53),
        (bytearray(b"a"), JSArrayBuffer(b"a")),
        (memoryview(b"a"), JSTypedArray("Uint8Array", b"a")),
        (datetime(2030, 1, 1), datetime(2030, 1, 1, tzinfo=UTC)),
        ({1: "a"}, {"1": "a"}),
        ([HOLE, UNDEFINED, None], [HOLE, UNDEFINED, None]),
    ],
)
def test_python_has_more_ways_to_say_the_same(machine, value, expected):
    for echoed in (there_and_back(value), machine.ask(requests.echo(value))):
        assert echoed == expected
        assert type(echoed) is type(expected)


def test_minus_zero_stays_minus_zero(machine):
    assert math.copysign(1, machine.ask(requests.echo(-0.0))) == -1


def test_a_very_deep_value_arrives(machine):
    value: list[object] = []
    for _ in range(5_000):
        value = [value]
    depth = 0
    echoed = machine.ask(requests.echo(value))
    while echoed:
        (echoed,) = echoed
        depth += 1
    assert depth == 5_000


def test_shared_references_stay_shared(machine):
    shared = {"a": 1}
    first, second, owner = machine.ask(requests.echo([shared, shared, JSMap([(shared, shared)])]))
    assert first is second
    assert owner.pairs() == [(first, first)]
    assert owner.pairs()[0][0] is first


@pytest.mark.parametrize("max_byte_length", [16, 24])
@pytest.mark.parametrize("kind", ["Uint8Array", "Float64Array", "DataView"])
@pytest.mark.parametrize(("offset", "tracks_length"), [(0, True), (8, True), (0, False), (8, False)])
def test_a_view_that_follows_the_end_of_its_buffer_goes_on_doing_so(
    machine, max_byte_length, kind, offset, tracks_length
):
    buffer = JSArrayBuffer(bytes(range(16)), max_byte_length)
    view = JSTypedArray(kind, buffer, offset, tracks_length=tracks_length)
    assert describe(machine.ask(requests.echo(view))) == describe(view)


def test_an_error_keeps_its_cause(machine):
    error = JSError("TypeError", "outer", {"stack": "s", "cause": JSError("Error", "inner"), "code": 7})
    echoed = machine.ask(requests.echo(error))
    assert (echoed, echoed.stack) == (error, "s")


def test_an_array_keeps_properties_of_its_own(machine):
    assert machine.ask(requests.echo(JSArray([1, HOLE], {"x": 2}))) == JSArray([1, HOLE], {"x": 2})


@pytest.mark.parametrize("value", [object(), 1j, range(3), ValueError("no"), int, [object()]])
def test_what_has_no_counterpart_is_refused_in_the_words_of_the_platform(value):
    with pytest.raises(PlatformError, match="DataCloneError: Could not serialize object of type ") as caught:
        to_wire(value)
    assert caught.value.__notes__ == ["Send what can be stored: see pytest_durable.values."]


@pytest.mark.parametrize("key", [None, True, (1,)])
def test_a_key_that_is_neither_a_string_nor_an_integer_is_a_mistake(key):
    with pytest.raises(ConfigurationError, match="is none"):
        to_wire({key: 2})


@pytest.mark.parametrize("value", [print, lambda: 1, [abs]])
def test_a_function_is_what_another_host_could_send(value):
    with pytest.raises(UnsupportedOnHostError, match="cannot be sent a function"):
        to_wire(value)


@given(st.dictionaries(st.text(max_size=3), st.floats() | st.integers(-(2**60), 2**60), max_size=4))
def test_the_wire_form_is_plain_json(value):
    json.loads(json.dumps(to_wire(value), allow_nan=False))
