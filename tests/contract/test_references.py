"""Functions, objects with methods and stubs that objects hand each other, on both hosts: spec durable-objects 10.2."""

from typing import Any

import pytest

from contract.objects.references import Callee, Caller

CLASSES = (Callee, Caller)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")

RELEASED = "RPC stub used after being disposed."
GONE = "The execution context which hosts this callback is no longer running."
FROM_AFAR = ("remote", "durableObjectId")


@pytest.fixture
def caller(durable: Any) -> Any:
    return durable.namespace("CALLER").get_by_name("a")


def told(name: str, message: str, *flags: str) -> dict[str, object]:
    return {"name": name, "message": message, "flags": list(flags)}


def missing(name: str) -> dict[str, object]:
    return told("TypeError", f'The RPC receiver does not implement the method "{name}".', *FROM_AFAR)


def uncloneable(interface: str) -> dict[str, object]:
    return told(
        "DataCloneError", f'Could not serialize object of type "{interface}". This type does not support serialization.'
    )


# Functions and targets


async def test_function_as_an_argument_is_called_where_it_came_from(caller: Any) -> None:
    # DO-10.2.2
    assert await caller.run("pass_function") == 40
    assert await caller.run("function_runs_later") == ["after", "function"]


async def test_target_as_an_argument_keeps_its_state(caller: Any) -> None:
    # DO-10.2.2
    assert await caller.run("pass_tally") == 5


async def test_function_and_target_in_a_result_are_stubs(caller: Any) -> None:
    # DO-10.2.2
    assert await caller.run("function_of_result") == 8
    assert await caller.run("functions_in_result") == [8, 6]


async def test_function_that_comes_back_is_a_stub_of_it(caller: Any) -> None:
    # DO-10.2.2
    assert await caller.run("function_comes_back") == [False, 6]


async def test_function_that_is_sent_twice_in_one_message_is_one_stub(caller: Any) -> None:
    # DO-10.2.2
    assert await caller.run("same_twice") is True


@pytest.mark.parametrize(
    ("name", "result"),
    [("value", 3), ("field", missing("field")), ("absent", missing("absent")), ("_x", missing("_x"))],
)
async def test_accessors_of_a_target_are_reachable_and_fields_are_not(caller: Any, name: str, result: object) -> None:
    # DO-10.2.2 DO-10.1.2
    assert await caller.run("read_of_tally", name) == result


async def test_names_of_events_are_names_like_others_in_a_target(caller: Any) -> None:
    # DO-10.2.2 DO-10.1.3
    assert await caller.run("ask_of_tally", "fetch", 1) == "fetched 1"


async def test_target_cannot_be_called_itself(caller: Any) -> None:
    # DO-10.2.2
    assert await caller.run("call_tally") == told("TypeError", '"(this)" is not a function.', *FROM_AFAR)


async def test_properties_of_a_function_are_reachable(caller: Any) -> None:
    # DO-10.2.2
    assert await caller.run("read_of_function") == 7
    assert await caller.run("ask_part_of_function") == told("TypeError", '"part" is not a function.', *FROM_AFAR)


async def test_error_of_what_was_handed_over_names_the_object_it_came_from(caller: Any) -> None:
    # DO-10.2.2 DO-10.4.3
    assert await caller.run("tally_throws") == [told("TypeError", "bad", *FROM_AFAR), True]
    assert await caller.run("function_throws") == [told("TypeError", "bad", *FROM_AFAR), True]


async def test_calls_of_one_reference_arrive_in_order(caller: Any) -> None:
    # DO-10.3.1
    assert await caller.run("order_of_reference") == [4, 5, 6, 7]


@pytest.mark.parametrize("what", ["argument", "result", "pipelined"])
async def test_calls_of_what_was_handed_over_have_the_same_limit(caller: Any, what: str) -> None:
    # DO-10.2.3
    size = 35_651_596 if what == "argument" else 35_651_591
    limit = "Serialized RPC arguments or return values are limited to 32MiB"
    message = f"{limit}, but the size of this value was: {size} bytes."
    flags = () if what == "argument" else FROM_AFAR
    assert await caller.run("too_large", what) == told("Error", message, *flags)


# Where they run


async def test_what_is_called_writes_to_the_object_it_came_from(caller: Any) -> None:
    # DO-10.2.2
    assert await caller.run("puts_at_home") == [1, 1]


async def test_call_waits_for_a_critical_section_of_the_object_it_came_from(caller: Any) -> None:
    # DO-10.2.2 DO-6.5.2
    assert await caller.run("waits_at_home") is True


async def test_function_that_was_handed_out_within_a_section_is_let_into_it(caller: Any) -> None:
    # DO-10.2.2 DO-6.5.3
    assert await caller.run("section_with_own") == 12345
    assert await caller.run("section_with_function") == 5


async def test_end_of_the_object_ends_what_it_handed_out(caller: Any) -> None:
    # DO-10.2.2
    aborted = told("Error", "why", "remote", "durableObjectReset", "durableObjectId")
    assert await caller.run("home_ends", "abort") == [aborted, aborted, aborted, told("Error", GONE)]


async def test_failed_section_ends_what_its_object_handed_out(caller: Any) -> None:
    # DO-10.2.2 DO-10.4.3
    failed = told("Error", "bad section", "remote", "durableObjectReset")
    assert await caller.run("home_ends", "section") == [failed, failed, failed, told("Error", GONE)]


# How long


async def test_stub_that_came_as_an_argument_ends_with_the_call(caller: Any) -> None:
    # DO-10.2.2
    assert await caller.run("keep") == told("Error", RELEASED)


async def test_duplicate_lives_until_it_is_disposed_of(caller: Any) -> None:
    # DO-10.2.2
    assert await caller.run("keep_dup") == [2, told("Error", RELEASED)]


async def test_stub_that_is_returned_is_the_callers(caller: Any) -> None:
    # DO-10.2.2
    assert await caller.run("give_kept") == [5, told("Error", RELEASED)]


@pytest.mark.parametrize(
    ("how", "log"),
    [
        ("call", [["disposed of 2"], ["disposed of 2"]]),
        ("failed call", [["disposed of 1"], ["disposed of 1"]]),
        ("never sent", [["disposed of 1"], ["disposed of 1"]]),
        ("function", [["disposed"], ["disposed"]]),
        ("stub", [["disposed of 1"], ["disposed of 1"]]),
        ("kept", [[], ["disposed of 1"]]),
    ],
)
async def test_disposer_is_called_when_no_stub_is_left(caller: Any, how: str, log: object) -> None:
    # DO-10.2.2
    assert await caller.run("disposal", how) == log


async def test_disposer_of_a_returned_object_does_not_travel_and_is_called_at_home(caller: Any) -> None:
    # DO-10.2.2
    assert await caller.run("dispose_object") == [1, ["a"], [], ["disposed"]]


@pytest.mark.parametrize(
    ("how", "result"),
    [
        ("plain", [3, 5]),
        ("twice", "well"),
        ("dup", 2),
        ("sent", [3, 4]),
        ("call", told("Error", RELEASED)),
        ("property", told("Error", RELEASED)),
        ("sent after", told("Error", RELEASED, *FROM_AFAR)),
    ],
)
async def test_stub_of_ones_own_works_until_it_is_disposed_of(caller: Any, how: str, result: object) -> None:
    # DO-10.2.2
    assert await caller.run("own_stub", how) == result


@pytest.mark.parametrize("what", ["list", "instance"])
async def test_stub_can_be_made_of_functions_targets_and_plain_objects_only(caller: Any, what: str) -> None:
    # DO-10.2.2
    message = "RpcStubs can only wrap plain objects, functions, and RpcTarget derivatives."
    assert await caller.run("stub_of", what) == told("TypeError", message)


@pytest.mark.parametrize(
    ("what", "stays"), [("stub", True), ("kept there", True), ("disposed of", False), ("plain", False)]
)
async def test_stub_keeps_the_object_it_leads_to_in_memory(caller: Any, what: str, stays: bool) -> None:
    # DO-10.2.2 DO-9.3.T1.2
    assert await caller.run("stays", what) is stays


# What is no value


@pytest.mark.parametrize(
    ("what", "refusal"),
    [
        ("target", told("DataCloneError", "Remote RPC references can only be serialized for RPC.")),
        ("stub", told("DataCloneError", "RpcStub cannot be serialized in this context.")),
        ("object", told("DataCloneError", "ServiceStub cannot be serialized in this context.")),
        ("call", uncloneable("RpcPromise")),
        ("property", uncloneable("RpcProperty")),
        ("id", uncloneable("DurableObjectId")),
        ("namespace", uncloneable("DurableObjectNamespace")),
    ],
)
async def test_what_leads_elsewhere_cannot_be_stored(caller: Any, what: str, refusal: object) -> None:
    # DO-10.2.2 DO-3.6.3
    assert await caller.run("store", what) == refusal


@pytest.mark.parametrize(
    ("what", "interface"),
    [
        ("call", "RpcPromise"),
        ("property", "RpcProperty"),
        ("id", "DurableObjectId"),
        ("namespace", "DurableObjectNamespace"),
    ],
)
async def test_promises_ids_and_namespaces_cannot_be_sent(caller: Any, what: str, interface: str) -> None:
    # DO-10.2.1
    assert await caller.run("send", what) == uncloneable(interface)


# Stubs of objects


async def test_stub_of_an_object_can_be_sent(caller: Any) -> None:
    # DO-10.2.5 DO-10.3.2
    assert await caller.run("stub_comes") == ["other", "other", "other", "other", 5]
    assert await caller.run("stub_goes") == "z"


async def test_names_of_a_stubs_own_members_hide_those_of_its_object_in_a_pipelined_call(caller: Any) -> None:
    # DO-10.3.2 DO-10.1.5
    assert await caller.run("call_result_of_other", ["name"]) == missing("name")


@pytest.mark.parametrize("name", ["id", "jurisdiction"])
async def test_stub_that_was_sent_has_no_id(caller: Any, name: str) -> None:
    # DO-10.2.5
    assert await caller.run("stub_has", name) == missing(name)


async def test_stub_that_was_sent_leads_to_the_object_as_it_is_now(caller: Any) -> None:
    # DO-10.2.5 DO-9.1.2
    assert await caller.run("stub_is_fresh") == [told("Error", "ended", "durableObjectReset"), 1]


async def test_stub_has_the_members_that_somebody_gave_it(caller: Any) -> None:
    # DO-10.1.5
    assert await caller.run("keys") == [["id", "name"], ["id", "mine", "name"], "mine"]
    assert await caller.run("local") == ["[object DurableObject]", True, False]


@pytest.mark.parametrize("name", ["id", "name"])
async def test_id_and_name_of_a_stub_cannot_be_assigned(caller: Any, name: str) -> None:
    # DO-10.1.5
    message = f"Cannot assign to read only property '{name}' of object '#<DurableObject>'"
    assert await caller.run("assign", name) == told("TypeError", message)
