"""Calls, fetches, verbs and records."""

import pytest

from pytest_durable._core.errors import UnsupportedOnHostError
from pytest_durable._hosts.workerd import requests
from pytest_durable._hosts.workerd.records import Named, Onset, Outcome, Thrown
from pytest_durable._hosts.workerd.requests import Failure, Target
from pytest_durable.values import UNDEFINED
from support.workerd import START_MS, probe


def test_a_module_finds_what_it_imports(machine):
    assert machine.call("double", 21) == 42


def test_variables_arrive_in_the_environment(start):
    awkward = 'quote " backslash \\ newline \n tab \t bell \x07 snowman ☃'
    machine = start(variables={"TEXT": awkward, "JSON": {"list": [1, None, "x"]}})
    assert machine.call("variable", "TEXT") == awkward
    assert machine.call("variable", "JSON") == {"list": [1, None, "x"]}


def test_a_call_without_a_result_returns_undefined(machine):
    assert machine.call("put", "a", 1) is UNDEFINED


def test_an_error_keeps_its_name_message_and_properties(machine):
    pending = machine.begin("fail")
    machine.conversation.settle()
    assert isinstance(pending.outcome, Failure)
    error = pending.outcome.thrown
    assert (error.name, error.message) == ("RangeError", "too far")
    object_id = machine.call("hexId")
    properties = {key: held for key, held in error.properties.items() if key != "stack"}
    assert properties == {"limit": 3, "remote": True, "durableObjectId": object_id}


def test_a_value_that_cannot_leave_the_process_is_refused(machine):
    machine.begin("give")
    with pytest.raises(UnsupportedOnHostError, match="a function, which cannot leave its process"):
        machine.conversation.settle()


def test_an_object_can_be_fetched(machine):
    answer = machine.ask(requests.fetch(probe(), "http://x/path", "POST", [("a", "b")], b"body"))
    assert (answer["status"], answer["body"]) == (201, b"POST body")
    assert ["x-path", "/path"] in answer["headers"]


def test_the_worker_can_be_fetched(machine):
    assert machine.ask(requests.fetch(None, "http://x/path"))["body"] == b"worker /path"


def test_the_worker_runs_on_schedule(machine):
    machine.ask(requests.scheduled("* * * * *", START_MS))
    assert f"scheduled * * * * * {START_MS}" in machine.process.printed


def test_an_object_is_found_by_its_id_too(machine):
    machine.call("put", "key", 1, name="b")
    object_id = machine.call("hexId", name="b")
    assert machine.ask(requests.call(Target(class_name="Probe", object_id=object_id), "read", ["key"])) == 1


def test_eviction_builds_the_instance_anew_and_keeps_the_data(machine):
    machine.call("put", "key", 1)
    machine.advance(1_000_000_000)
    machine.ask(requests.evict(probe(), "hibernate"))
    assert (machine.call("builtWhen"), machine.call("read", "key")) == (START_MS + 1_000, 1)


@pytest.mark.parametrize(
    "verb", [lambda: requests.evict_all("close"), requests.abort_all], ids=["evict_all", "abort_all"]
)
def test_verbs_for_all_objects_keep_data_and_alarms(machine, verb):
    machine.call("put", "key", 1)
    machine.call("remind", 5_000)
    machine.advance(1_000_000_000)
    machine.ask(verb())
    assert (machine.call("builtWhen"), machine.call("read", "key")) == (START_MS + 1_000, 1)
    machine.advance(4_000_000_000)
    assert machine.alarm_runs() == [(START_MS + 5_000, "ok")]


def test_deleting_everything_leaves_nothing(machine):
    machine.call("put", "key", 1)
    machine.ask(requests.delete_all())
    assert machine.call("read", "key") is UNDEFINED


def test_a_dropped_request_gets_no_answer(machine):
    pending = machine.begin("waitFor", 1_000)
    machine.conversation.settle()
    machine.conversation.drop(pending.exchange)
    assert (pending.is_over, pending.outcome, machine.conversation.in_flight) == (True, None, 0)


def test_a_request_larger_than_every_buffer_arrives_whole(machine):
    large = "x" * 1_000_000
    machine.call("put", "key", [large, large])
    assert machine.call("read", "key") == [large, large]


def test_many_calls_are_in_flight_at_once(machine):
    pending = [machine.begin("now", name=str(number)) for number in range(50)]
    machine.conversation.settle()
    assert [one.outcome.value for one in pending] == [START_MS] * 50


def test_the_platform_tells_what_became_of_each_event(machine):
    machine.call("remind", 1_000, 1)
    object_id = machine.call("hexId")
    machine.records.clear()
    machine.advance(1_000_000_000)
    machine.conversation.settle()
    onset, thrown, outcome = machine.records
    at_ms = START_MS + 1_000
    assert onset == Onset(
        invocation=onset.invocation,
        at_ms=at_ms,
        kind="alarm",
        object_id=object_id,
        class_name="Probe",
        scheduled_ms=at_ms,
        cron=None,
    )
    assert isinstance(thrown, Thrown)
    assert (thrown.name, thrown.message) == ("Error", "not yet")
    assert outcome == Outcome(invocation=onset.invocation, at_ms=at_ms, outcome="exception", returned=True)


def test_a_call_is_told_with_its_method(machine):
    machine.records.clear()
    machine.call("say", "hello")
    kinds = [type(record) for record in machine.records]
    assert (kinds[0], kinds[-1]) == (Onset, Outcome)
    assert Named(invocation=machine.records[0].invocation, at_ms=START_MS, method="say") in machine.records
    assert machine.process.printed == "hello"


def test_there_is_no_network(machine):
    pending = machine.begin("fetchFrom", "https://example.com/x")
    machine.conversation.settle()

    assert isinstance(pending.outcome, Failure)
    assert pending.outcome.thrown.message == "There is no network in a test: GET https://example.com/x was not sent."


def test_a_worker_without_a_handler_sends_nothing_either(start, tmp_path):
    main = tmp_path / "only_objects.js"
    main.write_text('import { DurableObject } from "cloudflare:workers"; export class Probe extends DurableObject {}')
    machine = start(main=main)

    pending = machine.submit(requests.fetch(None, "https://example.com/x"))
    machine.conversation.settle()

    assert isinstance(pending.outcome, Failure)
    assert "There is no network in a test" in pending.outcome.thrown.message
