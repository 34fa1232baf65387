"""WebSockets between objects, asked of both hosts: spec python-workers 6, where the platform's own language sees it."""

from typing import Any

import pytest

from contract.objects.sockets import Peer, Room
from pytest_durable import PlatformError

CLASSES = (Room, Peer)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")

LOST = [1006, "WebSocket disconnected without sending Close frame.", False]


@pytest.fixture
def peer(durable: Any) -> Any:
    return durable.namespace("PEER").get_by_name("p")


@pytest.fixture(autouse=True)
async def silence(durable: Any, thing: Any) -> None:
    """What was heard in an earlier test is forgotten: it is module state."""
    await thing.told()


async def told(durable: Any, stub: Any) -> Any:
    await durable.settle()
    return await stub.told()


async def aborted(call: Any) -> None:
    with pytest.raises(PlatformError):
        await call


# Accepting


async def test_acceptance_is_refused_in_the_platforms_words(thing: Any) -> None:
    # PW-6.1.T1.1 PW-6.1.T1.2 PW-6.1.T1.5 PW-6.1.T1.7 PW-6.1.T1.8 PW-6.1.T1.9 PW-6.2 PW-6.3
    kind = "TypeError: Failed to execute 'acceptWebSocket' on 'DurableObjectState': parameter"
    accepted = "Error: Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`"
    paired = (
        "Error: Cannot call `acceptWebSocket()` on this WebSocket because its pair has already been accepted or used "
        "in a Response."
    )
    assert await thing.accepting() == [
        f"{kind} 1 is not of type 'WebSocket'.",
        f"{kind} 1 is not of type 'WebSocket'.",
        f"{kind} 2 is not of type 'Array'.",
        f"{kind} 2 is not of type 'Array'.",
        "Error: you must call 'acceptWebSocket()' before attempting to access the tags of a WebSocket.",
        "ok",
        "x,5,null",
        accepted,
        "TypeError: Can't accept() WebSocket after enabling hibernation.",
        paired,
        "ok",
        "ok",
        "Error: only hibernatable websockets can have tags.",
        accepted,
        "TypeError: Failed to execute 'getTags' on 'DurableObjectState': parameter 1 is not of type 'WebSocket'.",
        f"{kind} 2 is not of type 'Array'.",
        "Error: you must call 'acceptWebSocket()' before attempting to access the tags of a WebSocket.",
        "ok",
    ]


async def test_tags_are_limited_in_number_and_length(thing: Any) -> None:
    # PW-6.1.T1.3 PW-6.1.T1.4 PW-6.2
    many = "Error: a Hibernatable WebSocket cannot have more than 10 tags"
    long = '" is longer than the max tag length (256 characters).'
    assert await thing.tagging() == [
        many,
        10,
        many,
        9,
        1,
        f'Error: "{"x" * 257}{long}',
        1,
        f'Error: "{"é" * 129}{long}',
    ]


async def test_sockets_are_listed_newest_first_and_by_tag_oldest_first(thing: Any, peer: Any) -> None:
    # PW-6.4 PW-6.6
    for name in ("a", "b", "a", "c"):
        await peer.open("a", name)
    assert await thing.names() == ["c", "a", "b", "a"]
    assert await thing.namesOf("a") == ["a", "a"]
    assert await thing.namesOf("nobody's") == []
    await peer.close(1, 1000, "")
    assert await thing.names() == ["c", "a", "a"]


async def test_listed_are_closing_sockets_and_not_those_with_listeners(durable: Any, thing: Any, peer: Any) -> None:
    # PW-6.5 PW-6.26
    await peer.open("a", "listen")
    assert await thing.states() == []
    await peer.open("a", "member", {"allowHalfOpen": True})
    assert await thing.closeAll(4001, "bye") == [2]
    await durable.settle()
    assert await thing.states() == [2]
    await peer.close(1, 4002, "so long")
    assert await told(durable, thing) == [["close", 4002, "so long", True, 3, 1, "ok", 3]]
    assert await thing.states() == []


# Sending


async def test_sending_and_closing_are_refused_in_the_platforms_words(thing: Any) -> None:
    # PW-6.12 PW-6.13 PW-6.14 PW-6.16
    early = "You must call one of accept() or state.acceptWebSocket() on this WebSocket before sending messages."
    nothing = (
        "TypeError: Failed to execute 'send' on 'WebSocket': "
        "parameter 1 is not of type 'ArrayBuffer or ArrayBufferView or string'."
    )
    assert await thing.sending() == [
        f"TypeError: {early}",
        f"TypeError: {early}",
        "InvalidAccessError: Invalid WebSocket close code: 1005.",
        nothing,
        1,
        nothing,
        "ok",
        "SyntaxError: WebSocket close reason must not be longer than 123 bytes when UTF-8 encoded.",
        "InvalidAccessError: If you specify a WebSocket close reason, you must also specify a code.",
        "InvalidAccessError: Invalid WebSocket close code: 0.",
        "TypeError: Value out of range. Must be between -2147483648 and 2147483647 (inclusive).",
        "ok",
        "ok",
        "InvalidAccessError: Invalid WebSocket close code: 1005.",
        "TypeError: Can't call WebSocket send() after close().",
        2,
    ]


async def test_close_codes_that_may_be_sent(thing: Any) -> None:
    # PW-6.14
    refused = {code: f"InvalidAccessError: Invalid WebSocket close code: {code}." for code in (0, 999, 5000)}
    refused |= {code: f"InvalidAccessError: Invalid WebSocket close code: {code}." for code in (1004, 1005, 1006, 1015)}
    codes = [0, 999, 1000, 1001, 1004, 1005, 1006, 1011, 1015, 2999, 3000, 4999, 5000]
    assert await thing.codes() == [refused.get(code, "ok") for code in codes]


async def test_messages_sent_before_the_response_arrive_first(durable: Any, thing: Any, peer: Any) -> None:
    # PW-5.26 PW-5.23
    assert await peer.open("a") == 101
    await thing.sendAll("later")
    assert await told(durable, peer) == [[0, "welcome"], [0, "later"]]


async def test_request_without_upgrade_gets_no_socket(peer: Any) -> None:
    # PW-5.24
    assert await peer.withoutUpgrade("a") == (
        "TypeError: Worker tried to return a WebSocket in a response to a request which did not contain the header "
        '"Upgrade: websocket".'
    )


@pytest.mark.filterwarnings("ignore")
async def test_end_that_was_accepted_is_granted_and_lost_at_once(durable: Any, peer: Any) -> None:
    # PW-5.25
    assert await peer.open("a", "client") == 101
    assert await told(durable, peer) == [[0, *LOST, 1]]


# Events


async def test_next_message_is_handled_while_a_handler_waits(durable: Any, thing: Any, peer: Any) -> None:
    # PW-6.20
    await peer.open("a")
    await peer.send(0, "slow", "fast")
    await durable.clock.advance(seconds=1)
    assert await told(durable, thing) == [["start", "slow"], ["start", "fast"], ["end", "fast"], ["end", "slow"]]


async def test_message_waits_for_a_critical_section(durable: Any, thing: Any, peer: Any) -> None:
    # PW-6.20
    await peer.open("a")
    await peer.send(0, "section", "fast")
    await durable.clock.advance(seconds=1)
    assert await told(durable, thing) == [["start", "section"], ["end", "section"], ["start", "fast"], ["end", "fast"]]


async def test_exception_of_a_handler_leaves_socket_and_object(durable: Any, thing: Any, peer: Any) -> None:
    # PW-6.21
    await peer.open("a")
    await peer.send(0, "throw", "echo")
    assert await told(durable, thing) == [["start", "throw"], ["start", "echo"], ["end", "echo"]]
    assert await told(durable, peer) == [[0, "welcome"], [0, "echo"]]


async def test_close_in_the_handler_is_what_the_peer_sees(durable: Any, thing: Any, peer: Any) -> None:
    # PW-6.23 PW-6.27 PW-6.16 PW-6.7 PW-6.8
    await peer.open("a")
    await peer.close(0, 1000, "bye")
    assert await told(durable, thing) == [["close", 1000, "bye", True, 2, 1, "ok", 3]]
    assert await told(durable, peer) == [[0, "welcome"], [0, 1000, "re: bye", True, 3]]


async def test_close_without_a_code_cannot_be_answered_with_its_own(durable: Any, thing: Any, peer: Any) -> None:
    # PW-6.15 PW-6.23
    await peer.open("a")
    await peer.close(0)
    refusal = "InvalidAccessError: Invalid WebSocket close code: 1005."
    assert await told(durable, thing) == [["close", 1005, "", True, 2, 1, refusal, 2]]


async def test_lost_connection_is_a_close_with_1006(durable: Any, thing: Any, peer: Any) -> None:
    # PW-6.23 PW-6.15
    await peer.open("a")
    await aborted(peer.leave())
    refusal = "InvalidAccessError: Invalid WebSocket close code: 1006."
    assert await told(durable, thing) == [["close", *LOST, 2, 1, refusal, 2]]


async def test_close_that_is_not_answered_leaves_the_peer_waiting(durable: Any, thing: Any, peer: Any) -> None:
    # PW-6.25
    await peer.open("a")
    await peer.close(0, 4000, "silent")
    assert await told(durable, thing) == [["close", 4000, "silent", True, 2, 1, "none", 2]]
    assert await thing.states() == []
    await durable.clock.advance(seconds=9)
    assert await told(durable, peer) == [[0, "welcome"]]
    assert await peer.state(0) == 2
    await durable.clock.advance(seconds=2)
    assert await told(durable, peer) == [[0, *LOST, 2]]


async def test_close_of_the_server_is_echoed_by_a_peer_that_accepted(durable: Any, thing: Any, peer: Any) -> None:
    # PW-6.26
    await peer.open("a")
    assert await thing.closeAll(4001, "bye") == [2]
    assert await told(durable, thing) == [["close", 4001, "bye", True, 3, 1, "ok", 3]]
    assert await told(durable, peer) == [[0, "welcome"], [0, 4001, "bye", True, 3]]
    assert await peer.state(0) == 3


async def test_close_without_a_code_is_1005_at_the_peer(durable: Any, thing: Any, peer: Any) -> None:
    # PW-6.14
    await peer.open("a")
    await thing.closeAll()
    assert await told(durable, peer) == [[0, "welcome"], [0, 1005, "", True, 3]]


async def test_messages_after_the_peers_close_still_reach_it(durable: Any, thing: Any, peer: Any) -> None:
    # PW-6.13
    await peer.open("a", "member", {"allowHalfOpen": True})
    await thing.closeAll(1000, "over")
    await peer.send(0, "echo")
    assert await told(durable, thing) == [["start", "echo"]]


async def test_listeners_hear_messages_and_the_close_that_is_answered_for_them(
    durable: Any, thing: Any, peer: Any
) -> None:
    # PW-6.43 PW-6.45
    await peer.open("a", "listen")
    await peer.send(0, "one", "two")
    await peer.close(0, 4000, "bye")
    assert await told(durable, thing) == [["message", "one"], ["message", "two"], ["close", 4000, "bye", True, 3]]
    assert await told(durable, peer) == [[0, "welcome"], [0, 4000, "bye", True, 3]]


# Attachments, automatic responses


async def test_attachment_is_a_copy_of_limited_size(thing: Any) -> None:
    # PW-6.9 PW-6.10 PW-6.11
    assert await thing.attaching() == [
        None,
        {"a": [1]},
        False,
        "TypeError: Failed to execute 'serializeAttachment' on 'WebSocket': parameter 1 is not of type 'Value'.",
        "ok",
        "Error: A WebSocket 'attachment' cannot be larger than 16384 bytes.'attachment' was 16385 bytes.",
        'DataCloneError: Could not serialize object of type "WebSocket". This type does not support serialization.',
        "ok",
        None,
    ]


async def test_automatic_response_and_time_limit_are_limited(thing: Any) -> None:
    # PW-6.29 PW-6.31
    made = "TypeError: Failed to construct 'WebSocketRequestResponsePair': constructor parameter"
    pair = (
        "TypeError: Failed to execute 'setWebSocketAutoResponse' on 'DurableObjectState': "
        "parameter 1 is not of type 'WebSocketRequestResponsePair'."
    )
    assert await thing.limits() == [
        f"{made} 2 is not of type 'string'.",
        f"{made} 1 is not of type 'string'.",
        "RangeError: Request cannot be larger than 2048 bytes. A request of size 2050 was provided.",
        "RangeError: Response cannot be larger than 2048 bytes. A response of size 2050 was provided.",
        "ok",
        pair,
        pair,
        "Error: Event timeout should not exceed 604800000 ms.",
        604800000,
        "TypeError: The value cannot be converted because it is not an integer.",
        "TypeError: The value cannot be converted because it is negative and this API expects a positive number.",
        5,
        None,
        None,
    ]


async def test_automatic_response_is_for_the_whole_text_only(durable: Any, thing: Any, peer: Any) -> None:
    # PW-6.28 PW-6.30
    assert await thing.answers() is None
    await peer.open("a")
    await peer.open("a")
    await thing.answer("ping", "pong")
    assert await thing.answers() == ["ping", "pong"]
    await durable.clock.advance(seconds=1)
    await peer.send(0, "ping", "pingx", "Ping")
    assert [message for kind, message in await told(durable, thing) if kind == "start"] == ["pingx", "Ping"]
    assert await told(durable, peer) == [[0, "welcome"], [1, "welcome"], [0, "pong"]]
    assert await thing.answered() == [None, durable.clock.time_ms()]
    await thing.answerNothing()
    await peer.send(0, "ping")
    assert [message for kind, message in await told(durable, thing) if kind == "start"] == ["ping"]


# Lives


async def test_sockets_tags_and_attachments_outlive_the_instance(durable: Any, thing: Any, peer: Any) -> None:
    # PW-6.34 PW-6.30
    await peer.stay()
    await peer.open("a", "x")
    await thing.attach({"name": "alice"})
    await thing.answer("ping", "pong")
    await peer.send(0, "ping")
    at = durable.clock.time_ms()
    await durable.evict(thing)
    await peer.send(0, "echo")
    assert await told(durable, peer) == [[0, "welcome"], [0, "pong"], [0, "echo"]]
    assert await thing.names() == ["x"]
    assert await thing.attached() == [{"name": "alice"}]
    assert await thing.answers() == ["ping", "pong"]
    assert await thing.answered() == [at]


async def test_abort_cuts_the_sockets_and_tells_the_next_instance_nothing(
    durable: Any, thing: Any, peer: Any, fresh: Any
) -> None:
    # PW-6.39
    await peer.open("a")
    await peer.open("a", "listen")
    await aborted(thing.putAndAbort())
    ends = [each for each in await told(durable, peer) if each[1] == 1006]
    assert sorted(ends) == [[0, *LOST, 1], [1, *LOST, 1]]
    assert await told(durable, fresh()) == []
    assert await fresh().states() == []


async def test_message_of_an_aborted_turn_is_never_sent(durable: Any, thing: Any, peer: Any) -> None:
    # PW-6.42
    await peer.open("a")
    await peer.send(0, "abort")
    assert await told(durable, peer) == [[0, "welcome"], [0, *LOST, 1]]
    assert durable.stored(thing).kv == {}


async def test_no_socket_survives_a_restart(durable: Any, thing: Any, peer: Any) -> None:
    # PW-6.41
    await peer.open("a")
    await durable.restart()
    assert await thing.states() == []
    assert await thing.answers() is None


@pytest.mark.parametrize("mode", ["hibernate", "close"])
async def test_eviction_leaves_sockets_or_cuts_them(durable: Any, thing: Any, peer: Any, mode: Any) -> None:
    # PW-6.38 DO-9.6.P
    await peer.open("a")
    await peer.send(0, "before")
    await durable.settle()
    await durable.evict(thing, web_sockets=mode)
    await durable.settle()
    assert await peer.told() == [[0, "welcome"], *([[0, *LOST, 1]] if mode == "close" else [])]
    assert await thing.states() == ([] if mode == "close" else [1])
