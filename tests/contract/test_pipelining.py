"""Properties, and calls on results that are not there yet, on both hosts: spec durable-objects 10.1.4, 10.3.2."""

from typing import Any

import pytest

from contract.objects.references import Callee, Caller

CLASSES = (Callee, Caller)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")

FROM_AFAR = ("remote", "durableObjectId")
NO_OBJECT = "Can't pipeline on RPC that did not return an object."


@pytest.fixture
def caller(durable: Any) -> Any:
    return durable.namespace("CALLER").get_by_name("a")


def told(name: str, message: str, *flags: str) -> dict[str, object]:
    return {"name": name, "message": message, "flags": list(flags)}


def missing(name: str) -> dict[str, object]:
    return told("TypeError", f'The RPC receiver does not implement the method "{name}".', *FROM_AFAR)


def no_function(path: str) -> dict[str, object]:
    return told("TypeError", f'"{path}" is not a function.', *FROM_AFAR)


def uncloneable(interface: str) -> dict[str, object]:
    message = f'Could not serialize object of type "{interface}". This type does not support serialization.'
    return told("DataCloneError", message, *FROM_AFAR)


# Properties of an object


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["number"], 5),
        (["nothing"], None),
        (["later"], 123),
        (["parts", "a"], {"b": 7}),
        (["parts", "a", "b"], 7),
        (["parts", "text"], "text"),
        (["parts", "tally", "value"], 5),
    ],
)
async def test_awaited_property_is_what_the_accessor_returns(caller: Any, path: list[str], value: object) -> None:
    # DO-10.1.4
    assert await caller.run("read", *path) == value


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (["nope"], "nope"),
        (["log"], "log"),
        (["log", "x"], "log"),
        (["absent"], "absent"),
        (["number", "x"], "number"),
        (["parts", "nope"], "nope"),
        (["parts", "a", "b", "c"], "b"),
        (["parts", "text", "length"], "text"),
        (["parts", "tally", "count"], "count"),
    ],
)
async def test_property_that_is_not_there_is_named(caller: Any, path: list[str], name: str) -> None:
    # DO-10.1.4 DO-10.1.2
    assert await caller.run("read", *path) == missing(name)


async def test_accessor_that_throws_fails_the_read(caller: Any) -> None:
    # DO-10.1.4
    assert await caller.run("read", "failing") == told("RangeError", "bad property", *FROM_AFAR)


async def test_names_of_events_cannot_be_read_either(caller: Any) -> None:
    # DO-10.1.3
    message = "'alarm' is a reserved method and cannot be called over RPC."
    assert await caller.run("read", "alarm") == told("TypeError", message, *FROM_AFAR)


async def test_functions_within_properties_can_be_called(caller: Any) -> None:
    # DO-10.1.4
    assert await caller.run("call", ["parts", "double"], [4]) == 8
    assert await caller.run("call", ["parts", "tally", "add"], [4]) == 9
    assert await caller.run("call", ["parts", "a"], []) == no_function("parts.a")


async def test_method_that_is_awaited_is_a_stub_of_it(caller: Any) -> None:
    # DO-10.1.4
    assert await caller.run("method_as_stub") == 1


# Results that are not there yet


@pytest.mark.parametrize(
    ("method", "path", "value"),
    [
        ("object", ["a"], {"b": 7}),
        ("object", ["a", "b"], 7),
        ("object", ["list"], [1, {"x": 2}]),
        ("object", ["tally", "value"], 5),
        ("tally", ["value"], 3),
        ("tally", ["parts", "a", "b"], 7),
        ("doubler", ["part"], {"q": 1}),
        ("doubler", ["part", "q"], 1),
    ],
)
async def test_properties_of_a_result_can_be_asked_for_at_once(
    caller: Any, method: str, path: list[str], value: object
) -> None:
    # DO-10.3.2
    assert await caller.run("result_of", method, path) == value


@pytest.mark.parametrize(
    ("method", "path", "args", "value"),
    [
        ("object", ["double"], [4], 8),
        ("object", ["tally", "add"], [2], 7),
        ("tally", ["add"], [1], 4),
        ("tally", ["parts", "double"], [2], 4),
        ("tally", ["fetch"], [1], "fetched 1"),
        ("doubler", [], [4], 8),
    ],
)
async def test_functions_of_a_result_can_be_called_at_once(
    caller: Any, method: str, path: list[str], args: list[Any], value: object
) -> None:
    # DO-10.3.2
    assert await caller.run("call_result_of", method, path, args) == value


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("one", ["x"], "x"),
        ("list", ["length"], "length"),
        ("map", ["k"], "k"),
        ("object", ["nope"], "nope"),
        ("object", ["nope", "x"], "nope"),
        ("tally", ["count"], "count"),
        ("doubler", ["nope"], "nope"),
    ],
)
async def test_what_a_result_does_not_have_is_named(caller: Any, method: str, path: list[str], name: str) -> None:
    # DO-10.3.2
    assert await caller.run("result_of", method, path) == missing(name)
    assert await caller.run("call_result_of", method, path, []) == missing(name)


async def test_what_a_result_has_may_be_no_function(caller: Any) -> None:
    # DO-10.3.2
    assert await caller.run("call_result_of", "object", ["a", "b"], []) == no_function("a.b")
    assert await caller.run("call_result_of", "one", [], []) == no_function("(this)")


@pytest.mark.parametrize("path", [["x"], ["x", "y"]])
async def test_what_is_asked_of_a_failed_call_fails_likewise(caller: Any, path: list[str]) -> None:
    # DO-10.3.2
    failed = told("RangeError", "bad", *FROM_AFAR)
    assert await caller.run("result_of", "fail", path) == failed
    assert await caller.run("after_result_of", "fail", path) == failed


async def test_pipelined_calls_reach_the_thing_that_is_returned(caller: Any) -> None:
    # DO-10.3.2
    assert await caller.run("state_is_shared") == [4, 5, 6]


async def test_pipelined_calls_do_not_hold_up_others(caller: Any) -> None:
    # DO-10.3.1 DO-10.3.2
    assert await caller.run("order") == [[0, 1, 2, 3, 4, 5, 6], 5]


@pytest.mark.parametrize(
    ("method", "path", "value"),
    [
        ("object", ["a", "b"], 7),
        ("tally", ["value"], 3),
        ("object", ["nope"], missing("nope")),
        ("one", ["x"], told("TypeError", NO_OBJECT)),
    ],
)
async def test_promise_can_be_asked_when_its_result_is_there(
    caller: Any, method: str, path: list[str], value: object
) -> None:
    # DO-10.3.2
    assert await caller.run("after_result_of", method, path) == value


async def test_promise_can_be_awaited_twice(caller: Any) -> None:
    # DO-10.3.2
    assert await caller.run("promise_twice") == [1, 1]


@pytest.mark.parametrize("begin", ["stub", "call"])
async def test_path_has_at_most_65_names(caller: Any, begin: str) -> None:
    # DO-10.3.2
    refusal = told("TypeError", "RPC pipelined property path is too deep (max 64).")
    assert await caller.run("depth", begin) == [65, refusal]


async def test_promise_that_is_returned_is_awaited_first(caller: Any) -> None:
    # DO-10.3.2
    assert await caller.run("call", ["forward"], []) == 1
    assert await caller.run("call", ["forward_property"], []) == 5


async def test_promise_inside_a_result_cannot_be_sent(caller: Any) -> None:
    # DO-10.3.2
    assert await caller.run("call", ["nested"], []) == uncloneable("RpcPromise")
    assert await caller.run("call", ["nested_property"], []) == uncloneable("RpcProperty")


async def test_promise_that_a_function_has_can_be_read_and_not_gone_into(caller: Any) -> None:
    # DO-10.3.2
    assert await caller.run("promise_in_function") == [
        {"x": 123},
        missing("value"),
        {"x": 456},
        missing("value"),
        no_function("part"),
    ]


async def test_disposing_of_a_promise_disposes_of_its_result(caller: Any) -> None:
    # DO-10.3.2 DO-10.2.2
    released = told("Error", "RPC stub used after being disposed.")
    spent = told("Error", "RPC promise used after being disposed.")
    assert await caller.run("dispose_promise") == [spent, released]
    assert await caller.run("dispose_result") == [{"b": 7}, released, spent]
