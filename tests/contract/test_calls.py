"""Ids, calls and requests, asked of both hosts: spec durable-objects 2.2, 2.3 and 10."""

import asyncio
import math
from datetime import UTC, datetime
from typing import Any

import pytest

from contract.objects.calls import Callee, Caller, Mute, Plain
from pytest_durable import PlatformError
from pytest_durable.values import HOLE, UNDEFINED, JSBigInt, JSMap, JSRegExp, JSSet, JSTypedArray

CLASSES = (Callee, Caller, Plain, Mute)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")


@pytest.fixture
def caller(durable: Any) -> Any:
    return durable.namespace("CALLER").get_by_name("a")


async def failure_of(call: Any) -> PlatformError:
    with pytest.raises(PlatformError) as failure:
        await call
    return failure.value


def told(name: str, message: str, *flags: str, code: object = UNDEFINED) -> dict[str, object]:
    return {"name": name, "message": message, "flags": list(flags), "code": code}


# Values

VALUES = [
    *(None, UNDEFINED, True, 0, -1, 1.5, 2**53, -math.inf, "", "é€\U0001f600", "\0"),
    *(JSBigInt(2**70), datetime(2030, 1, 1, tzinfo=UTC), b"\1\2", JSTypedArray("Float64Array", bytes(8))),
    *([], [1, HOLE, UNDEFINED], {}, {"a": {"b": [1]}}, JSMap({"k": JSMap({})}), JSSet([1, "a"]), JSRegExp("a", "g")),
]


async def test_arguments_and_results_arrive_as_they_were_sent(thing: Any) -> None:
    # DO-10.2.1 DO-10.2.4
    assert await thing.echo(*VALUES) == VALUES


async def test_arguments_are_copied_when_they_are_sent(caller: Any) -> None:
    # DO-10.2.1
    assert await caller.change_after_send() == [{"a": [1]}]


async def test_shared_and_circular_references_survive_a_call(thing: Any) -> None:
    # DO-10.2.1
    shared: dict[str, Any] = {}
    shared["me"] = shared
    ((first, second),) = await thing.echo([shared, shared])
    assert first is second
    assert first["me"] is first


async def test_arguments_that_share_something_go_on_sharing_it(caller: Any) -> None:
    # DO-10.2.1
    first, second = await caller.share()
    assert first is second


async def test_result_may_be_there_at_once(thing: Any) -> None:
    # DO-10.2.4
    assert await thing.at_once() == "at once"


async def test_instance_of_a_class_of_ones_own_cannot_be_sent(caller: Any) -> None:
    # DO-10.2.1
    message = 'Could not serialize object of type "Instance". This type does not support serialization.'
    sent, given = await caller.send_instance(), await caller.give_instance()
    assert (sent["name"], sent["message"], sent["flags"]) == ("DataCloneError", message, [])
    assert (given["name"], given["message"], given["flags"]) == (
        "DataCloneError",
        message,
        ["remote", "durableObjectId"],
    )


# What can be called


@pytest.mark.parametrize(
    ("method", "result"), [("inherited", "inherited"), ("_hidden", "hidden"), ("nothing", UNDEFINED)]
)
async def test_methods_of_the_class_are_reachable(caller: Any, method: str, result: Any) -> None:
    # DO-10.1.2
    assert await caller.outcome(method) == [result]


@pytest.mark.parametrize("name", ["field", "log", "ctx", "env", "nope"])
async def test_fields_and_unknown_names_are_not_reachable(caller: Any, name: str) -> None:
    # DO-10.1.2
    message = f'The RPC receiver does not implement the method "{name}".'
    assert await caller.outcome(name) == told("TypeError", message, "remote", "durableObjectId")


@pytest.mark.parametrize("name", ["alarm", "webSocketMessage", "webSocketClose", "webSocketError", "dup"])
async def test_names_of_events_are_reserved(caller: Any, name: str) -> None:
    # DO-10.1.3
    outcome = await caller.outcome(name)
    assert outcome["message"] == f"'{name}' is a reserved method and cannot be called over RPC."


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("constructor", "Illegal constructor"),
        ("fetch", "Failed to execute 'fetch' on 'Fetcher': parameter 1 is not of type 'Request or string'."),
        ("connect", "Failed to execute 'connect' on 'Fetcher': parameter 1 is not of type 'SocketAddress or string'."),
    ],
)
async def test_names_that_a_stub_has_itself_are_answered_by_it(caller: Any, name: str, message: str) -> None:
    # DO-10.1.3: no method of the object, and nothing is sent
    outcome = await caller.outcome(name)
    assert (outcome["name"], outcome["message"], outcome["flags"]) == ("TypeError", message, [])


async def test_property_that_is_no_function_cannot_be_called(caller: Any) -> None:
    # DO-10.1.4
    outcome = await caller.outcome("number")
    assert (outcome["name"], outcome["message"]) == ("TypeError", '"number" is not a function.')


async def test_class_that_extends_nothing_answers_requests_only(durable: Any) -> None:
    # DO-10.1.1
    plain = durable.namespace("PLAIN").get_by_name("a")
    failure = await failure_of(plain.method())
    assert failure.name == "TypeError"
    assert failure.message.startswith(
        "The receiving Durable Object does not support RPC, because its class was not declared with `extends "
        "DurableObject`."
    )
    assert (await plain.fetch("https://x/")).status == 204


async def test_stub_has_the_id_and_the_name(caller: Any) -> None:
    # DO-10.1.5 DO-2.3.4
    assert await caller.stub_properties() == ["callee", True, True, UNDEFINED]


async def test_calls_on_one_stub_arrive_in_order(caller: Any) -> None:
    # DO-10.3.1
    assert await caller.in_order(20) == list(range(20))


async def test_calls_run_beside_each_other(durable: Any, thing: Any) -> None:
    # DO-6.5.2
    start = durable.clock.time_ms()
    assert await asyncio.gather(thing.wait(3), thing.wait(1), thing.wait(2)) == [3, 1, 2]
    assert durable.clock.time_ms() == start + 3_000


# Errors


@pytest.mark.parametrize("name", ["Error", "TypeError", "RangeError", "SyntaxError", "MyErr"])
async def test_error_keeps_its_class_and_message(thing: Any, caller: Any, name: str) -> None:
    # DO-10.4.T1.1 DO-10.4.T1.2 DO-9.5.T1.1
    failure = await failure_of(thing.fail(name))
    assert (failure.name, failure.message) == (name, "bad")
    assert (failure.remote, failure.durable_object_reset) == (True, False)
    assert failure.durable_object_id == thing.id.hex
    assert await caller.outcome("fail", name) == told(name, "bad", "remote", "durableObjectId")


async def test_error_keeps_its_own_properties(caller: Any) -> None:
    # DO-10.4.T1.1
    assert await caller.outcome("fail_with_properties") == told("TypeError", "bad", "remote", "durableObjectId", code=7)


async def test_error_keeps_its_own_properties_at_the_stub_of_the_test(thing: Any) -> None:
    # DO-10.4.T1.1
    assert (await failure_of(thing.fail_with_properties())).code == 7


async def test_error_keeps_the_flags_that_it_was_given(thing: Any) -> None:
    # DO-10.4.T1.7
    failure = await failure_of(thing.fail_flagged())
    assert (failure.overloaded, failure.retryable, failure.remote) == (True, True, True)


async def test_method_that_throws_does_not_reset_its_object(thing: Any) -> None:
    # DO-10.4.2
    await thing.note(1)
    await failure_of(thing.fail("Error"))
    assert await thing.notes() == [1]


# Requests


async def test_request_and_response_cross_the_line(thing: Any) -> None:
    # DO-10.5
    response = await thing.fetch("https://example.com/path?q=1", method="POST", headers={"x-mark": "m"}, body="text")
    assert response.status == 201
    assert response.headers["x-answer"] == "yes"
    assert await response.text() == "POST https://example.com/path?q=1 m"


async def test_relative_url_is_refused(caller: Any) -> None:
    # DO-10.5
    assert await caller.fetch_relative() == told("TypeError", "Invalid URL: path")


async def test_object_without_fetch_refuses_requests(durable: Any) -> None:
    # DO-10.5
    failure = await failure_of(durable.namespace("MUTE").get_by_name("a").fetch("https://x/"))
    assert (failure.name, failure.message) == ("Error", "Handler does not export a fetch() function.")
    assert failure.remote


# Ids


async def test_id_of_a_name_is_the_one_that_the_test_sees(durable: Any, caller: Any) -> None:
    # DO-2.2.T1.1
    callees = durable.namespace("CALLEE")
    assert await caller.ids("idFromName", "a") == [callees.id_from_name("a").hex, "a"]
    assert await caller.ids("idFromName", 5) == [callees.id_from_name("5").hex, "5"]
    assert await caller.ids("idFromName", "") == [callees.id_from_name("").hex, ""]


async def test_id_of_a_text_has_no_name(durable: Any, caller: Any) -> None:
    # DO-2.2.T1.2
    text = durable.namespace("CALLEE").id_from_name("a").hex
    assert await caller.ids("idFromString", text.upper()) == [text, UNDEFINED]


async def test_text_that_is_no_id_is_refused(caller: Any) -> None:
    # DO-2.2.T1.2
    expected = told("TypeError", "Invalid Durable Object ID: must be 64 hex digits")
    assert await caller.ids("idFromString", "x") == expected
    expected = told("TypeError", "Durable Object ID is not valid for this namespace.")
    assert await caller.ids("idFromString", "0" * 64) == expected
    assert await caller.foreign_id() == expected


async def test_jurisdictions_are_refused(caller: Any) -> None:
    # DO-2.2.T1.3 DO-2.2.T1.4
    expected = told("Error", "Jurisdiction restrictions are not implemented in workerd.")
    assert await caller.ids("newUniqueId", {"jurisdiction": "eu"}) == expected
    assert (await caller.ids("newUniqueId", {"jurisdiction": None}))[1] is UNDEFINED


async def test_get_wants_an_id_and_knows_one_routing_mode(caller: Any) -> None:
    # DO-2.2.T1.5
    assert await caller.get_what_is_no_id() == told(
        "TypeError",
        "Failed to execute 'get' on 'DurableObjectNamespace': parameter 1 is not of type 'DurableObjectId'.",
    )
    assert await caller.get_with({"locationHint": "anywhere"}) == "stub"
    assert await caller.get_with({"routingMode": "primary-only"}) == "stub"
    for mode in ("x", None, 5):
        message = f"unknown routingMode: {'null' if mode is None else mode}"
        assert await caller.get_with({"routingMode": mode}) == told("RangeError", message)


async def test_ids_are_equal_whatever_their_names(caller: Any) -> None:
    # DO-2.3.2
    assert await caller.same() == [True, True, False]
