"""Chat rooms: `/room/<name>?user=<who>` opens a WebSocket, or without an upgrade shows what was said."""

import json
import time
from urllib.parse import parse_qs, urlsplit

from js import WebSocket, WebSocketPair, WebSocketRequestResponsePair
from pyodide.ffi import to_js
from workers import DurableObject, Response, WorkerEntrypoint

CHARACTERS_MAX = 500


class Room(DurableObject):
    """One room. It sleeps while nobody says anything; its members stay connected."""

    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        # Browsers cannot send ping frames, so clients send this text. The platform answers it and lets the room sleep.
        self.ctx.setWebSocketAutoResponse(WebSocketRequestResponsePair.new("ping", "pong"))

    async def fetch(self, request):
        if (request.headers.get("Upgrade") or "").lower() != "websocket":
            return Response.from_json({"lines": await self._lines(), "members": self._members()})
        query = parse_qs(urlsplit(request.url).query)
        user = query.get("user", [""])[0]
        if not user:
            return Response("who are you?", status=400)
        lines = await self._lines()  # before anybody is accepted: no line is said meanwhile

        client, server = WebSocketPair.new().object_values()
        self.ctx.acceptWebSocket(server, to_js([user]))
        server.serializeAttachment(json.dumps({"user": user, "said": 0}))
        for line in lines:
            server.send(json.dumps(line))
        self._tell({"joined": user})
        return Response(None, status=101, web_socket=client)

    async def webSocketMessage(self, ws, message):
        text = message.strip() if isinstance(message, str) else ""
        if not 0 < len(text) <= CHARACTERS_MAX:
            ws.send(json.dumps({"error": f"a line is a text of at most {CHARACTERS_MAX} characters"}))
            return
        member = json.loads(ws.deserializeAttachment())
        line = {"user": member["user"], "text": text, "at": int(time.time() * 1000)}
        await self._keep(line)
        ws.serializeAttachment(json.dumps({**member, "said": member["said"] + 1}))
        self._tell(line)

    async def webSocketClose(self, ws, code, reason, was_clean):
        # Not `ws.close(code, reason)`: a client that gave no code, or was lost, is told of with one nobody may send.
        ws.close(1000, "bye")
        self._tell_of_leaving(ws)

    async def webSocketError(self, ws, error):
        self._tell_of_leaving(ws)

    def _tell(self, event):
        for member in self.ctx.getWebSockets():
            if member.readyState == WebSocket.OPEN:  # one that is about to leave may still be among them
                member.send(json.dumps(event))

    def _tell_of_leaving(self, ws):
        member = json.loads(ws.deserializeAttachment())
        self._tell({"left": member["user"], "said": member["said"]})

    def _members(self):
        return sorted({json.loads(ws.deserializeAttachment())["user"] for ws in self.ctx.getWebSockets()})

    async def _lines(self):
        return list((await self.ctx.storage.list(prefix="line:")).values())

    async def _keep(self, line):
        number = (await self.ctx.storage.get("last") or 0) + 1
        await self.ctx.storage.put({"last": number, f"line:{number:08}": line})
        await self.ctx.storage.delete(f"line:{number - self.env.LINES_KEPT:08}")


class Default(WorkerEntrypoint):
    """Leads to the rooms."""

    async def fetch(self, request):
        match urlsplit(request.url).path.strip("/").split("/"):
            case ["room", name] if name:
                return await self.env.ROOM.getByName(name).fetch(request)
        return Response("there is nothing here", status=404)
