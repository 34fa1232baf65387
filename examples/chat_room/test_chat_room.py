import asyncio
import json
from itertools import count

import pytest

from pytest_durable import PlatformError
from pytest_durable.errors import WebSocketClosedError, WebSocketRefusedError
from pytest_durable.events import Evicted, InstanceBuilt, Record

pytestmark = pytest.mark.durable(config="chat_room/wrangler.jsonc")

LOBBY = "https://chat.example/room/lobby"


@pytest.fixture
def lobby(durable):
    return durable.namespace("ROOM").get_by_name("lobby")


@pytest.fixture
def enter(durable):
    """Enters a room; what was said before, and that one has joined, is received already."""

    async def enter(user, room="lobby"):
        ws = await durable.connect(f"wss://chat.example/room/{room}?user={user}")
        while "joined" not in await hear(ws):
            pass
        return ws

    return enter


async def hear(ws):
    event = json.loads(await ws.receive())
    return {name: value for name, value in event.items() if name != "at"}


async def texts(durable, room="lobby"):
    shown = await (await durable.fetch(f"https://chat.example/room/{room}")).json()
    return [line["text"] for line in shown["lines"]]


async def test_everybody_in_the_room_hears_a_line(durable, enter):
    alice = await enter("alice")
    bob = await enter("bob")
    assert await hear(alice) == {"joined": "bob"}

    await alice.send("hello")

    assert await hear(alice) == await hear(bob) == {"user": "alice", "text": "hello"}


async def test_rooms_know_nothing_of_each_other(durable, enter):
    alice, bob = await enter("alice", "lobby"), await enter("bob", "attic")
    await alice.send("hello")
    await bob.send("anybody here?")

    assert await hear(bob) == {"user": "bob", "text": "anybody here?"}
    assert bob.pending == ()
    durable.assert_object_count(durable.namespace("ROOM"), 2)


async def test_who_comes_later_is_told_what_was_said(durable, enter):
    alice = await enter("alice")
    for text in ("one", "two"):
        await alice.send(text)
        await hear(alice)

    bob = await durable.connect(f"{LOBBY}?user=bob")

    assert [await hear(bob) for _ in range(3)] == [
        {"user": "alice", "text": "one"},
        {"user": "alice", "text": "two"},
        {"joined": "bob"},
    ]


async def test_the_last_twenty_lines_are_kept(durable, enter):
    alice = await enter("alice")
    for number in range(25):
        await alice.send(f"line {number}")
        await hear(alice)

    assert await texts(durable) == [f"line {number}" for number in range(5, 25)]


async def test_a_line_has_the_time_at_which_it_was_said(durable, lobby, enter):
    alice = await enter("alice")
    await durable.clock.advance(minutes=5)
    await alice.send("hello")
    await hear(alice)

    line = durable.stored(lobby).kv["line:00000001"]
    assert line == {"user": "alice", "text": "hello", "at": durable.clock.time_ms()}


@pytest.mark.parametrize("message", ["", "  ", "x" * 501, b"bytes"])
async def test_what_is_no_line_is_refused_and_said_to_nobody(durable, enter, message):
    alice = await enter("alice")
    await alice.send(message)
    assert await hear(alice) == {"error": "a line is a text of at most 500 characters"}
    assert await texts(durable) == []


@pytest.mark.parametrize("path", ["", "room", "room/", "attic/lobby", "room/lobby/3"])
async def test_elsewhere_is_nothing(durable, path):
    with pytest.raises(WebSocketRefusedError, match="status 404"):
        await durable.connect(f"https://chat.example/{path}?user=alice")


async def test_nobody_enters_without_a_name(durable):
    with pytest.raises(WebSocketRefusedError, match="status 400") as refused:
        await durable.connect(LOBBY)
    assert await refused.value.response.text() == "who are you?"


# Who leaves.


async def test_others_are_told_who_left(durable, enter):
    alice, bob = await enter("alice"), await enter("bob")
    await bob.send("hello")
    await hear(bob)

    await bob.close(4000, "tired")

    assert (bob.closed.code, bob.closed.reason, bob.closed.was_clean) == (1000, "bye", True)
    assert [await hear(alice) for _ in range(3)][2] == {"left": "bob", "said": 1}


@pytest.mark.parametrize("way", ["close", "disconnect", "fail"])  # a close without a code; the network; a broken client
async def test_others_are_told_however_one_leaves(durable, enter, way):
    alice, bob = await enter("alice"), await enter("bob")
    await hear(alice)

    await getattr(bob, way)()

    assert await hear(alice) == {"left": "bob", "said": 0}
    shown = await (await durable.fetch(LOBBY)).json()
    assert shown["members"] == ["alice"]


# Sleep.


async def test_a_silent_room_sleeps_and_a_line_wakes_it(durable, lobby, enter):
    alice, bob = await enter("alice"), await enter("bob")
    await hear(alice)
    await alice.send("one")
    await hear(alice)
    durable.assert_hibernatable(lobby)

    await durable.clock.advance(seconds=11)
    assert len(durable.journal.of(Evicted, object=lobby)) == 1
    await alice.send("two")

    assert [(await hear(bob))["text"] for _ in range(2)] == ["one", "two"]
    assert len(durable.journal.of(InstanceBuilt, object=lobby)) == 2


async def test_a_room_that_has_slept_knows_its_members(durable, lobby, enter):
    alice, bob = await enter("alice"), await enter("bob")
    await bob.send("hello")
    await hear(bob)

    await durable.evict(lobby)
    await bob.close()

    assert [await hear(alice) for _ in range(3)][2] == {"left": "bob", "said": 1}


async def test_clients_that_keep_their_connection_alive_do_not_wake_the_room(durable, lobby, enter):
    alice = await enter("alice")
    for _ in range(10):
        await durable.clock.advance(seconds=30)
        await alice.send("ping")
        assert await alice.receive() == "pong"

    assert len(durable.journal.of(InstanceBuilt, object=lobby)) == 1
    assert len(durable.journal.of(Evicted, object=lobby)) == 1


# What ends the process or the object.


@pytest.mark.parametrize("end", ["restart", "crash", "abort_isolate"])
async def test_clients_come_back_to_what_was_said(durable, enter, end):
    alice = await enter("alice")
    await alice.send("hello")
    await hear(alice)

    if end == "abort_isolate":  # a deployment: the modules are executed again
        await durable.abort_isolate()
    else:
        await durable.restart(crash=end == "crash")

    with pytest.raises(WebSocketClosedError, match="lost with code 1006"):
        await alice.receive()
    again = await durable.connect(f"{LOBBY}?user=alice")
    assert [await hear(again) for _ in range(2)] == [{"user": "alice", "text": "hello"}, {"joined": "alice"}]
    shown = await (await durable.fetch(LOBBY)).json()
    assert shown["members"] == ["alice"]


async def test_a_line_that_cannot_be_kept_is_heard_by_nobody(durable, lobby, enter):
    alice, bob = await enter("alice"), await enter("bob")
    await hear(alice)
    durable.fail_next(lobby, "commit")

    await alice.send("hello")

    for ws in (alice, bob):
        assert (await ws.wait_closed()).code == 1006
        assert ws.pending == ()
    assert await texts(durable) == []


async def test_a_line_that_was_heard_is_kept_wherever_the_process_dies(durable, enter):
    """Cut the process at the first step after a line was sent, at the second, and so on."""
    for step in count(1):
        room = f"room-{step}"
        alice, bob = await asyncio.gather(enter("alice", room), enter("bob", room))
        durable.crash_at(Record, nth=step)

        await alice.send("hello")
        await durable.settle()
        was_cut = not durable.is_running

        durable.crash_at(None)  # it was not reached in the last round
        await durable.start()
        kept = await texts(durable, room)
        assert kept in ([], ["hello"])
        if any("hello" in message for message in (*alice.pending, *bob.pending)):
            assert kept == ["hello"]
        if not was_cut:
            break
    assert step > 4


async def test_a_room_that_is_full_of_errors_still_answers(durable, lobby, enter):
    """An abort, as the platform does it to an object that takes too much memory."""
    alice = await enter("alice")
    await durable.abort(lobby, "out of memory")
    assert alice.closed.code == 1006
    with pytest.raises(PlatformError, match="out of memory"):
        await lobby.fetch("https://chat.example/")

    assert await texts(durable) == []
