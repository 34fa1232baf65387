"""A chat room as people write it: upgrade, messages, hibernation, a fresh instance that knows its members (PW-6)."""

import json

import pytest
from js import WebSocketPair, WebSocketRequestResponsePair
from pyodide.ffi import to_js
from workers import DurableObject, Response

from pytest_durable.events import Evicted, InstanceBuilt

pytestmark = pytest.mark.durable(storage="memory")


class Room(DurableObject):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.heard = 0
        self.ctx.setWebSocketAutoResponse(WebSocketRequestResponsePair.new("ping", "pong"))

    async def fetch(self, request):
        if (request.headers.get("Upgrade") or "").lower() != "websocket":
            return Response("expected an upgrade", status=426)
        client, server = WebSocketPair.new().object_values()
        self.ctx.acceptWebSocket(server, to_js(["member"]))
        server.serializeAttachment(json.dumps({"name": request.url.rpartition("/")[2]}))
        server.send("welcome")
        return Response(None, status=101, web_socket=client)

    async def webSocketMessage(self, ws, message):
        self.heard += 1
        name = json.loads(ws.deserializeAttachment())["name"]
        await self.ctx.storage.put("last", message)
        for member in self.ctx.getWebSockets("member"):
            member.send(f"{name}: {message} ({self.heard})")

    async def webSocketClose(self, ws, code, reason, was_clean):
        ws.close(1000, "bye")
        for member in self.ctx.getWebSockets():
            member.send(f"somebody left: {code} {reason} {was_clean}")


@pytest.fixture
def room(durable):
    return durable.namespace(Room).get_by_name("lobby")


async def test_everybody_in_the_room_hears_a_message(durable, room):
    """PW-5.23 PW-5.26 PW-6.4 PW-6.19"""
    alice = await room.connect("https://chat.example/alice")
    bob = await room.connect("https://chat.example/bob")
    assert await alice.receive() == await bob.receive() == "welcome"
    await alice.send("hello")
    assert await alice.receive() == await bob.receive() == "alice: hello (1)"
    durable.assert_stored(room, {"last": "hello"})


async def test_message_wakes_a_fresh_instance_that_knows_its_sockets(durable, room):
    """PW-6.34 PW-6.32"""
    alice = await room.connect("https://chat.example/alice")
    await alice.receive()
    await alice.send("one")
    assert await alice.receive() == "alice: one (1)"
    await durable.clock.advance(seconds=11)
    assert len(durable.journal.of(Evicted)) == 1
    await alice.send("two")
    assert await alice.receive() == "alice: two (1)"
    assert len(durable.journal.of(InstanceBuilt)) == 2


async def test_automatic_response_does_not_wake_the_room(durable, room):
    """PW-6.30"""
    alice = await room.connect("https://chat.example/alice")
    await alice.receive()
    await durable.clock.advance(seconds=11)
    await alice.send("ping")
    assert await alice.receive() == "pong"
    assert len(durable.journal.of(InstanceBuilt)) == 1


async def test_others_are_told_who_left(durable, room):
    """PW-6.23 PW-6.27"""
    alice = await room.connect("https://chat.example/alice")
    bob = await room.connect("https://chat.example/bob")
    await bob.receive()
    await alice.close(4000, "tired")
    assert (alice.closed.code, alice.closed.reason, alice.closed.was_clean) == (1000, "bye", True)
    assert await bob.receive() == "somebody left: 4000 tired True"


async def test_request_without_an_upgrade_is_answered_as_any_other(room):
    """PW-5.23"""
    assert (await room.fetch("https://chat.example/alice")).status == 426
