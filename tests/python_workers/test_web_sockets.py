"""WebSockets as Python code holds them: pairs, acceptance, tags, attachments, sending (PW-6.1 to 6.4, 5.4)."""

import js
import pytest
from js import WebSocket, WebSocketPair, WebSocketRequestResponsePair
from pyodide.ffi import JsException, JsProxy, jsnull, to_js
from workers import DurableObject, Response

from pytest_durable import App
from pytest_durable.events import WebSocketAccepted

pytestmark = pytest.mark.durable(storage="memory")


class _Probe(DurableObject):
    """Accepts what comes."""

    async def fetch(self, request):
        self.client, server = WebSocketPair.new().object_values()
        self.ctx.acceptWebSocket(server)
        return Response(None, status=101, web_socket=self.client)


@pytest.fixture
async def echoing(durable):
    """A stub of an object, and a socket to it."""
    stub = durable.namespace(_Probe).get_by_name("a")
    return stub, await stub.connect("https://example.com/")


def text_of(call):
    """What a call raises, as user code reads it."""
    with pytest.raises(JsException) as caught:
        call()
    return str(caught.value)


# Pairs.


async def test_pair_is_unpacked_in_every_way_that_code_uses(inside):
    """PW-4.T1.1"""

    def body(self):
        pair = WebSocketPair.new()
        client, server = pair
        ways = [
            pair.object_values(),
            js.Object.values(pair),
            [getattr(pair, "0"), getattr(pair, "1")],
            [value for _, value in pair.object_entries()],
        ]
        assert [list(way) == [client, server] for way in ways] == [True] * 4
        return [list(pair.object_keys()), str(pair), str(client), client == server, client is getattr(pair, "0")]

    assert await inside(body) == [["0", "1"], "[object WebSocketPair]", "[object WebSocket]", False, False]


async def test_constants_say_what_the_states_are(inside):
    """PW-4.T1.3 PW-6.16"""

    def body(self):
        ws = WebSocketPair.new().object_values()[0]
        names = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"]
        of_class = [getattr(WebSocket, name) for name in names]
        assert of_class == [getattr(WebSocket, f"READY_STATE_{name}") for name in names]
        assert of_class == [getattr(ws, name) for name in names]
        return [*of_class, ws.readyState]

    assert await inside(body) == [0, 1, 2, 3, 1]


async def test_end_of_a_pair_leads_nowhere_and_has_a_binary_type(inside):
    """PW-6.17"""

    def body(self):
        ws = WebSocketPair.new().object_values()[0]
        seen = [ws.url is jsnull, ws.protocol, ws.extensions, ws.binaryType]
        ws.binaryType = "arraybuffer"
        ws.binaryType = "nonsense"
        return [*seen, ws.binaryType]

    assert await inside(body) == [True, "", "", "blob", "arraybuffer"]


async def test_older_applications_get_buffers(durable_factory):
    """PW-6.17 PW-6.46"""
    durable = durable_factory(app=App(compatibility_date="2026-03-16", surface="wrapped"))
    stub = durable.namespace(_Probe).get_by_name("a")
    kind = await durable.run_in_object(stub, lambda *_: WebSocketPair.new().object_values()[0].binaryType)
    assert kind == "arraybuffer"


async def test_socket_can_neither_be_stored_nor_sent(inside):
    """PW-6.10"""

    async def body(self):
        ws = WebSocketPair.new().object_values()[0]
        refusal = 'DataCloneError: Could not serialize object of type "WebSocket"'
        with pytest.raises(JsException, match=refusal):
            await self.ctx.storage.put("k", ws)
        with pytest.raises(JsException, match=refusal):
            await self.env.PROBE.getByName("other").anything(ws)

    await inside(body)


async def test_what_code_adds_to_a_socket_stays_with_it_in_this_instance(inside):
    """PW-6.35"""

    def body(self):
        client, server = WebSocketPair.new().object_values()
        self.ctx.acceptWebSocket(server)
        server.user = "alice"
        return [self.ctx.getWebSockets()[0].user, hasattr(client, "user")]

    assert await inside(body) == ["alice", False]


# Acceptance.


async def test_refusals_arrive_as_exceptions_of_the_platform(inside):
    """PW-6.1"""

    def body(self):
        a, b = WebSocketPair.new().object_values()
        self.ctx.acceptWebSocket(a)
        return [
            text_of(lambda: self.ctx.acceptWebSocket(a)),
            text_of(lambda: self.ctx.acceptWebSocket(b)),
            text_of(lambda: self.ctx.acceptWebSocket("ws")),
            text_of(lambda: self.ctx.acceptWebSocket(WebSocketPair.new().object_values()[0], "tag")),
            text_of(lambda: self.ctx.getTags(b)),
            text_of(a.accept),
        ]

    texts = await inside(body)
    assert texts == [
        "Error: Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`",
        "Error: Cannot call `acceptWebSocket()` on this WebSocket because its pair has already been accepted or used "
        "in a Response.",
        "TypeError: Failed to execute 'acceptWebSocket' on 'DurableObjectState': parameter 1 is not of type "
        "'WebSocket'.",
        "TypeError: Failed to execute 'acceptWebSocket' on 'DurableObjectState': parameter 2 is not of type 'Array'.",
        "Error: you must call 'acceptWebSocket()' before attempting to access the tags of a WebSocket.",
        "TypeError: Can't accept() WebSocket after enabling hibernation.",
    ]


async def test_tags_keep_their_order_and_lose_their_repetitions(durable, inside):
    """PW-6.2"""

    def body(self):
        ws = WebSocketPair.new().object_values()[0]
        other = WebSocketPair.new().object_values()[0]
        self.ctx.acceptWebSocket(ws, to_js(["b", "a", "b"]))
        self.ctx.acceptWebSocket(other, None)
        return [list(self.ctx.getTags(ws)), len(self.ctx.getTags(other))]

    assert await inside(body) == [["b", "a"], 0]
    assert [record.tags for record in durable.journal.of(WebSocketAccepted)] == [("b", "a"), ()]


async def test_python_list_of_tags_is_taken_with_a_warning(durable, inside):
    """PW-6.1 PD-W02"""

    def body(self):
        ws = WebSocketPair.new().object_values()[0]
        self.ctx.acceptWebSocket(ws, ["a"])
        return list(self.ctx.getTags(ws))

    assert await inside(body) == ["a"]
    assert "to_js()" in durable.expect_warning("PD-W02").text


async def test_more_sockets_than_an_object_may_have_are_refused(inside):
    """PW-6.1.T1.6"""

    def body(self):
        for _ in range(32_768):
            self.ctx.acceptWebSocket(WebSocketPair.new().object_values()[0])
        return text_of(lambda: self.ctx.acceptWebSocket(WebSocketPair.new().object_values()[0]))

    expected = "Error: only 32768 websockets can be accepted on a single Durable Object instance"
    assert await inside(body) == expected


async def test_list_of_sockets_is_a_fresh_array_of_fresh_proxies(inside):
    """PW-6.4 PW-6.5"""

    def body(self):
        a, b = (WebSocketPair.new().object_values()[0] for _ in range(2))
        self.ctx.acceptWebSocket(a)
        self.ctx.acceptWebSocket(b)
        found = self.ctx.getWebSockets()
        assert isinstance(found, JsProxy)
        assert found is not self.ctx.getWebSockets()
        return [list(found) == [b, a], found[0] is b, found[0] == b, a in found, len(found.to_py())]

    assert await inside(body) == [True, False, True, True, 2]


# Attachments.


async def test_attachment_comes_back_as_what_the_platform_has(durable, inside):
    """PW-6.9"""

    def body(self):
        ws = WebSocketPair.new().object_values()[0]
        seen = [ws.deserializeAttachment() is jsnull]
        ws.serializeAttachment("text")
        seen.append(ws.deserializeAttachment())
        ws.serializeAttachment(to_js({"name": "alice", "n": [1]}, dict_converter=js.Object.fromEntries))
        back = ws.deserializeAttachment()
        seen += [isinstance(back, JsProxy), back.name, back.to_py()]
        return seen

    assert await inside(body) == [True, "text", True, "alice", {"name": "alice", "n": [1]}]
    assert durable.warnings == ()


async def test_python_dict_is_attached_with_a_warning(durable, inside):
    """PW-6.9 PD-W03"""

    def body(self):
        ws = WebSocketPair.new().object_values()[0]
        given = {"name": "alice"}
        ws.serializeAttachment(given)
        given["name"] = "bob"
        return ws.deserializeAttachment().to_py()

    assert await inside(body) == {"name": "alice"}
    assert "serializeAttachment" in durable.expect_warning("PD-W03").text


async def test_attachment_has_a_limit_in_bytes(inside):
    """PW-6.10"""

    def body(self):
        ws = WebSocketPair.new().object_values()[0]
        ws.serializeAttachment("x" * 16_379)
        return [text_of(lambda: ws.serializeAttachment("x" * 16_380)), len(ws.deserializeAttachment())]

    assert await inside(body) == [
        "Error: A WebSocket 'attachment' cannot be larger than 16384 bytes.'attachment' was 16385 bytes.",
        16_379,
    ]


async def test_function_and_socket_cannot_be_attached(inside):
    """PW-6.11"""

    def body(self):
        ws = WebSocketPair.new().object_values()[0]
        return [text_of(lambda: ws.serializeAttachment(value)).partition(":")[0] for value in (print, ws)]  # noqa: B023

    assert await inside(body) == ["DataCloneError", "DataCloneError"]


# Sending and closing.


async def test_sending_too_early_or_too_late_is_a_type_error(inside):
    """PW-6.13"""

    def body(self):
        fresh, ws = (WebSocketPair.new().object_values()[0] for _ in range(2))
        self.ctx.acceptWebSocket(ws)
        ws.close()
        ws.close()
        return [text_of(lambda: fresh.send("x")), text_of(lambda: ws.send("x"))]

    assert await inside(body) == [
        "TypeError: You must call one of accept() or state.acceptWebSocket() on this WebSocket before sending "
        "messages.",
        "TypeError: Can't call WebSocket send() after close().",
    ]


@pytest.mark.parametrize("code", [999, 1004, 1005, 1006, 1015, 5000])
async def test_code_that_nobody_may_send_is_refused_first_of_all(inside, code):
    """PW-6.14"""
    text = await inside(lambda self: text_of(lambda: WebSocketPair.new().object_values()[0].close(code, "x")))
    assert text == f"InvalidAccessError: Invalid WebSocket close code: {code}."


@pytest.mark.parametrize("code", [1000, 1001, 1011, 2999, 3000, 4999])
async def test_other_codes_are_taken(inside, code):
    """PW-6.14"""

    def body(self):
        ws = WebSocketPair.new().object_values()[0]
        self.ctx.acceptWebSocket(ws)
        ws.close(code, "é" * 61)
        return ws.readyState

    assert await inside(body) == 2


async def test_reason_needs_a_code_and_has_a_limit(inside):
    """PW-6.14"""

    def body(self):
        ws = WebSocketPair.new().object_values()[0]
        return [text_of(lambda: ws.close(None, "x")), text_of(lambda: ws.close(1000, "x" * 124))]

    assert await inside(body) == [
        "InvalidAccessError: If you specify a WebSocket close reason, you must also specify a code.",
        "SyntaxError: WebSocket close reason must not be longer than 123 bytes when UTF-8 encoded.",
    ]


@pytest.mark.parametrize(
    ("given", "arrives"),
    [(b"ab", "b'ab'"), ({"a": 1}, "{'a': 1}"), ([1, "x"], "[1, 'x']"), (None, "undefined"), ((1,), "(1,)")],
    ids=str,
)
async def test_python_value_arrives_as_its_text_with_a_warning(durable, echoing, given, arrives):
    """PW-6.12 PD-W01"""
    stub, ws = echoing
    await durable.run_in_object(stub, lambda instance, ctx: ctx.getWebSockets()[0].send(given))
    assert await ws.receive() == arrives
    assert arrives in durable.expect_warning("PD-W01").text


@pytest.mark.parametrize(
    ("given", "arrives"),
    [("text", "text"), (5, "5"), (True, "true"), (1.5, "1.5"), (to_js(b"ab"), b"ab"), (to_js([1, 2]), "1,2")],
    ids=str,
)
async def test_text_bytes_of_the_platform_and_numbers_are_sent_without_a_word(durable, echoing, given, arrives):
    """PW-6.12"""
    stub, ws = echoing
    await durable.run_in_object(stub, lambda instance, ctx: ctx.getWebSockets()[0].send(given))
    assert await ws.receive() == arrives
    assert durable.warnings == ()


async def test_half_a_character_is_replaced(durable, echoing):
    """PW-6.12: asked of the platform"""
    stub, ws = echoing
    await durable.run_in_object(stub, lambda instance, ctx: ctx.getWebSockets()[0].send("\ud800x"))
    assert await ws.receive() == "\ufffd\ufffd\ufffdx"


async def test_send_without_an_argument_is_a_type_error(inside):
    """PW-6.12"""
    text = await inside(lambda self: text_of(WebSocketPair.new().object_values()[0].send))
    assert text == (
        "TypeError: Failed to execute 'send' on 'WebSocket': parameter 1 is not of type 'ArrayBuffer or "
        "ArrayBufferView or string'."
    )


async def test_strict_mode_refuses_what_arrives_as_something_else(durable_factory):
    """PW-6.12 PW-6.1 PW-6.9"""
    durable = durable_factory(app=App(lenient=False))

    def body(instance, ctx):
        ws, other = (WebSocketPair.new().object_values()[0] for _ in range(2))
        ctx.acceptWebSocket(ws)
        return [
            text_of(lambda: ws.send(b"ab")),
            text_of(lambda: ctx.acceptWebSocket(other, ["a"])),
            text_of(lambda: ws.serializeAttachment({"a": 1})).partition(":")[0],
        ]

    assert await durable.run_in_object(durable.namespace(_Probe).get_by_name("a"), body) == [
        "TypeError: a bytes is no message of a WebSocket; it would arrive as the text \"b'ab'\".",
        "TypeError: Failed to execute 'acceptWebSocket' on 'DurableObjectState': parameter 2 is not of type 'Array'.",
        "DataCloneError",
    ]
    assert durable.warnings == ()


# Automatic responses.


async def test_pair_of_request_and_response_shows_both(inside):
    """PW-4.T1.2 PW-6.28"""

    def body(self):
        seen = [self.ctx.getWebSocketAutoResponse() is jsnull]
        self.ctx.setWebSocketAutoResponse(WebSocketRequestResponsePair.new("ping", "pong"))
        pair = self.ctx.getWebSocketAutoResponse()
        seen += [pair.request, pair.response]
        self.ctx.setWebSocketAutoResponse()
        return [*seen, self.ctx.getWebSocketAutoResponse() is jsnull]

    assert await inside(body) == [True, "ping", "pong", True]


async def test_pair_without_a_response_is_a_type_error(inside):
    """PW-4.T1.2"""
    text = await inside(lambda self: text_of(lambda: WebSocketRequestResponsePair.new("ping")))
    assert text == (
        "TypeError: Failed to construct 'WebSocketRequestResponsePair': constructor parameter 2 is not of type "
        "'string'."
    )


async def test_event_timeout_is_null_until_it_is_set(inside):
    """PW-6.31"""

    def body(self):
        seen = [self.ctx.getHibernatableWebSocketEventTimeout() is jsnull]
        self.ctx.setHibernatableWebSocketEventTimeout(5000)
        seen.append(self.ctx.getHibernatableWebSocketEventTimeout())
        self.ctx.setHibernatableWebSocketEventTimeout(None)
        return [*seen, self.ctx.getHibernatableWebSocketEventTimeout() is jsnull]

    assert await inside(body) == [True, 5000, True]


# Responses.


async def test_response_with_a_socket_has_status_101_and_no_body(inside):
    """PW-5.5 PW-5.23"""

    def body(self):
        ws = WebSocketPair.new().object_values()[0]
        response = Response(None, status=101, web_socket=ws)
        assert response.js_object.webSocket == ws
        assert Response("x").js_object.webSocket is jsnull
        assert "Cannot clone a response to a WebSocket handshake." in text_of(response.js_object.clone)
        return [
            response.status,
            text_of(lambda: Response(None, web_socket=ws)),
            text_of(lambda: Response("x", status=101, web_socket=ws)),
            text_of(lambda: Response(None, status=101)),
            text_of(lambda: Response(None, status=101, web_socket="ws")).partition(":")[0],
        ]

    assert await inside(body) == [
        101,
        "RangeError: Responses with a WebSocket must have status code 101.",
        "TypeError: Response with null body status (101, 204, 205, or 304) cannot have a body.",
        "RangeError: Responses may only be constructed with status codes in the range 200 to 599, inclusive.",
        "TypeError",
    ]


async def test_end_that_was_given_away_is_inert(durable, echoing):
    """PW-5.25: asked of the platform"""
    stub, ws = echoing

    def body(instance, _ctx):
        client = instance.client
        client.send("nobody hears it")
        client.close(1000)
        return [client.readyState, text_of(client.accept), text_of(lambda: _ctx.acceptWebSocket(client))]

    assert await durable.run_in_object(stub, body) == [
        1,
        "TypeError: Can't accept() WebSocket that was already used in a response.",
        "Error: Cannot call `acceptWebSocket()` on this WebSocket because its pair has already been accepted or used "
        "in a Response.",
    ]
    assert ws.pending == ()


async def test_socket_of_another_object_is_foreign(durable, echoing):
    """PW-8.7 PW-6.1"""
    stub, _ = echoing
    kept = []
    await durable.run_in_object(stub, lambda instance, ctx: kept.append(ctx.getWebSockets()[0]))
    other = stub._durable_namespace.get_by_name("other")

    def body(_instance, ctx):
        [ws] = kept
        ws.serializeAttachment(1)
        calls = [lambda: ws.send("x"), lambda: ws.close(), lambda: ws.readyState, lambda: ctx.getTags(ws)]
        return [text_of(call).partition(".")[0] for call in calls]

    foreign = "Error: Cannot perform I/O on behalf of a different Durable Object"
    assert await durable.run_in_object(other, body) == [foreign] * 4
