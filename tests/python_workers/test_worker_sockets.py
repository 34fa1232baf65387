"""WebSockets through a whole Worker: handed on from an object, and of the Worker itself."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pytest_durable import Host, HostFactory, PlatformError
from pytest_durable.errors import (
    ConfigurationError,
    HostDownError,
    StuckError,
    WebSocketClosedError,
    WebSocketRefusedError,
)
from pytest_durable.events import (
    CallStarted,
    Evicted,
    InstanceBuilt,
    WebSocketAccepted,
    WebSocketClosed,
    WebSocketCut,
    WebSocketReceived,
    WebSocketSent,
)
from support.worker_project import Project, bound

BEGIN = """
import asyncio
from js import WebSocketPair
from pyodide.ffi import create_proxy
from workers import DurableObject, Response, WorkerEntrypoint
"""

#: A Worker that hands requests on to the room of their path.
HALL = f"""{BEGIN}
class Room(DurableObject):
    async def fetch(self, request):
        if request.headers["upgrade"] != "websocket":
            return Response("no upgrade", status=426)
        client, server = WebSocketPair.new().object_values()
        self.ctx.acceptWebSocket(server)
        server.send(f"{{request.method}} {{request.url}} {{request.headers['x-name']}}")
        return Response(None, status=101, web_socket=client, headers={{"x-room": "yes"}})

    async def webSocketMessage(self, ws, message):
        await self.ctx.storage.put("last", message)
        ws.send(f"heard {{message}}")

    async def webSocketClose(self, ws, code, reason, was_clean):
        ws.close(code, "bye")


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        name = request.url.split("/")[3]
        if not name:
            raise KeyError("no room")
        return await self.env.ROOM.getByName(name).fetch(request)
"""

#: A Worker that talks itself.
TALKER = f"""{BEGIN}
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        client, server = WebSocketPair.new().object_values()
        server.accept()

        async def heard(event):
            if event.data == "slowly":
                await asyncio.sleep(60)
            if event.data == "close":
                return server.close(4000, "enough")
            server.send(f"{{self.count()}} {{event.data}}")

        self.heard = 0
        server.addEventListener("message", create_proxy(heard))
        return Response(None, status=101, web_socket=client)

    def count(self):
        self.heard += 1
        return self.heard
"""


@pytest.fixture
def hall(tmp_path: Path, durable_factory: HostFactory) -> Host:
    """Sockets of objects, behind a Worker."""
    return durable_factory(app=Project(tmp_path / "hall", HALL, durable_objects=bound("Room")).app())


@pytest.fixture
def talker(tmp_path: Path, durable_factory: HostFactory) -> Host:
    """Sockets of the Worker itself."""
    return worker(tmp_path, durable_factory, TALKER)


def worker(tmp_path: Path, durable_factory: HostFactory, main: str) -> Host:
    """A Worker with this main module."""
    return durable_factory(app=Project(tmp_path / "own", main).app())


def answering(body: str) -> str:
    """The main module of a Worker whose ``fetch`` does this."""
    return f"{BEGIN}\nclass Default(WorkerEntrypoint):\n    def fetch(self, request):\n{body}"


# Handed on by the Worker.


async def test_worker_hands_on_the_socket_of_an_object_unchanged(hall: Host) -> None:
    # PW-5.19, 5.23, 5.26
    ws = await hall.connect("https://x/lobby", headers={"x-name": "alice"})

    assert await ws.receive() == "GET https://x/lobby alice"
    await ws.send("hello")
    assert await ws.receive() == "heard hello"
    hall.assert_stored(hall.namespace("ROOM").get_by_name("lobby"), {"last": "hello"})


async def test_request_with_the_header_gets_the_socket_in_its_answer(hall: Host) -> None:
    answer = await hall.fetch("https://x/lobby", headers={"Upgrade": "websocket", "x-name": "alice"})

    assert (answer.status, answer.headers["x-room"]) == (101, "yes")
    assert answer.web_socket is not None
    assert await answer.web_socket.receive() == "GET https://x/lobby alice"


async def test_address_of_a_socket_arrives_as_one_of_http(hall: Host) -> None:
    ws = await hall.connect("wss://x/lobby", headers={"x-name": "alice"})

    assert await ws.receive() == "GET https://x/lobby alice"


async def test_request_without_the_header_gets_no_socket(hall: Host) -> None:
    answer = await hall.fetch("https://x/lobby")

    assert (answer.status, answer.web_socket) == (426, None)


async def test_worker_that_has_handed_a_socket_on_has_nothing_more_to_do(hall: Host) -> None:
    # PW-6.32
    room = hall.namespace("ROOM").get_by_name("lobby")
    ws = await hall.connect("https://x/lobby")
    hall.assert_hibernatable(room)

    await hall.clock.advance(seconds=11)
    assert len(hall.journal.of(Evicted, object=room)) == 1
    await ws.send("hello")

    assert [await ws.receive(), await ws.receive()] == ["GET https://x/lobby None", "heard hello"]
    assert len(hall.journal.of(InstanceBuilt, object=room)) == 2


async def test_close_passes_through_in_both_directions(hall: Host) -> None:
    # PW-6.27
    ws = await hall.connect("https://x/lobby")

    await ws.close(4000, "tired")

    assert ws.closed is not None
    assert (ws.closed.code, ws.closed.reason, ws.closed.was_clean) == (4000, "bye", True)


@pytest.mark.parametrize("end", ["restart", "crash", "abort_isolate", "abort_all", "evict"])
async def test_socket_that_was_handed_on_ends_with_the_objects(hall: Host, end: str) -> None:
    # PW-6.39, 6.41
    room = hall.namespace("ROOM").get_by_name("lobby")
    ws = await hall.connect("https://x/lobby")
    await hall.settle()

    if end == "restart":
        await hall.restart()
    elif end == "crash":
        await hall.restart(crash=True)
    elif end == "evict":
        await hall.evict(room, web_sockets="close")
    else:
        await getattr(hall, end)()

    assert ws.closed is not None
    assert (ws.closed.code, ws.closed.was_clean) == (1006, False)
    again = await hall.connect("https://x/lobby")
    assert await again.receive() == "GET https://x/lobby None"


# What is refused.


async def test_answer_without_a_socket_is_an_error_that_has_it(tmp_path: Path, durable_factory: HostFactory) -> None:
    host = worker(tmp_path, durable_factory, answering("        return Response('tomorrow', status=403)"))

    with pytest.raises(WebSocketRefusedError) as caught:
        await host.connect("https://x/")

    assert str(caught.value).splitlines() == [
        "The request for a WebSocket at https://x/ was answered with status 403.",
        "",
        "  expected  status 101, with a WebSocket",
        "  actual    <response 403, 8 bytes>",
        "  body      'tomorrow'",
        "",
        "The answer is the error's .response. The handler returns  Response(None, status=101, web_socket=client)",
    ]
    assert await caught.value.response.text() == "tomorrow"


async def test_exception_of_the_handler_is_the_cause_of_the_refusal(hall: Host) -> None:
    # PW-5.21
    with pytest.raises(WebSocketRefusedError) as caught:
        await hall.connect("https://x/")

    assert caught.value.response.status == 500
    assert caught.value.response.exception is caught.value.__cause__
    assert str(caught.value).splitlines()[3:] == [
        "  actual    <response 500, 21 bytes, because of KeyError('no room')>",
        "  body      'Internal Server Error'",
        "",
        "The answer is the error's .response. What the handler has raised is .response.exception, and the cause of "
        "this error.",
    ]


async def test_socket_for_a_request_that_asked_for_none_is_a_type_error(
    tmp_path: Path, durable_factory: HostFactory
) -> None:
    # PW-5.24
    main = answering("        return Response(None, status=101, web_socket=WebSocketPair.new().object_values()[0])")
    host = worker(tmp_path, durable_factory, main)

    answer = await host.fetch("https://x/")

    assert (answer.status, answer.web_socket) == (500, None)
    assert 'did not contain the header "Upgrade: websocket"' in str(answer.exception)


async def test_end_that_the_worker_has_accepted_is_granted_and_lost_at_once(
    tmp_path: Path, durable_factory: HostFactory, caplog: pytest.LogCaptureFixture
) -> None:
    # PW-5.25
    main = answering(
        "        one, other = WebSocketPair.new().object_values()\n"
        "        one.accept()\n"
        "        return Response(None, status=101, web_socket=one)\n"
    )
    host = worker(tmp_path, durable_factory, main)

    ws = await host.connect("https://x/")

    assert (await ws.wait_closed()).code == 1006
    assert "Can't return WebSocket in a Response after calling accept()." in caplog.text


async def test_assertion_of_the_handler_fails_the_test(tmp_path: Path, durable_factory: HostFactory) -> None:
    host = worker(tmp_path, durable_factory, answering("        assert request.method == 'POST', 'no POST'"))

    with pytest.raises(AssertionError, match="no POST"):
        await host.connect("https://x/")


async def test_host_that_is_down_opens_nothing(hall: Host) -> None:
    await hall.stop()

    with pytest.raises(HostDownError):
        await hall.connect("https://x/lobby")


async def test_argument_that_does_not_exist_is_refused(hall: Host) -> None:
    with pytest.raises(ConfigurationError, match=r"^connect\(\) got an unknown argument: protocols"):
        await hall.connect("https://x/lobby", protocols=["chat"])
    with pytest.raises(ConfigurationError, match="echoes_close"):
        await hall.connect("https://x/lobby", echoes_close="no")


async def test_test_without_a_worker_is_told_how_to_name_one(durable: Host) -> None:
    with pytest.raises(ConfigurationError, match=r"There is no Worker that could answer connect\(\)"):
        await durable.connect("https://x/")


async def test_crash_in_the_middle_loses_the_connection(tmp_path: Path, durable_factory: HostFactory) -> None:
    main = f"{BEGIN}\nclass Default(WorkerEntrypoint):\n    async def fetch(self, request): await asyncio.sleep(60)\n"
    host = worker(tmp_path, durable_factory, main)
    opening = asyncio.ensure_future(host.connect("https://x/"))
    await host.settle()

    await host.crash()

    with pytest.raises(PlatformError, match="Network connection lost"):
        await opening


async def test_connection_that_dies_anywhere_on_its_way_is_lost_or_refused(
    tmp_path: Path, durable_factory: HostFactory
) -> None:
    app = Project(tmp_path / "hall", HALL, durable_objects=bound("Room")).app()
    whole = durable_factory(app=app)
    begun = len(whole.journal)
    await whole.connect("https://x/lobby")

    for number in range(begun, len(whole.journal)):
        host = durable_factory(app=app, crash_at=number)
        try:
            ws = await host.connect("https://x/lobby")
        except PlatformError as failure:
            assert failure.retryable
        else:
            assert (await ws.wait_closed()).code == 1006
        assert not host.is_running


# Of the Worker itself.


async def test_worker_listens_beyond_its_answer(talker: Host) -> None:
    # PW-6.43
    ws = await talker.connect("https://x/")
    await ws.send("hello")
    assert await ws.receive() == "1 hello"
    await talker.clock.advance(hours=1)
    await ws.send("slowly")
    assert await ws.receive() == "2 slowly"


async def test_each_connection_is_an_event_with_an_instance_of_its_own(talker: Host) -> None:
    one, other = await talker.connect("https://x/1"), await talker.connect("https://x/2")
    for ws in (one, other, one):
        await ws.send("hello")
    assert [await one.receive(), await other.receive(), await one.receive()] == ["1 hello", "1 hello", "2 hello"]


async def test_worker_closes_and_its_event_is_over(talker: Host) -> None:
    # PW-6.45
    ws = await talker.connect("https://x/")
    await ws.send("close")

    closed = await ws.wait_closed()

    assert (closed.code, closed.reason, closed.was_clean) == (4000, "enough", True)
    with pytest.raises(WebSocketClosedError):
        await ws.receive()


async def test_close_of_the_client_is_answered_for_the_worker(talker: Host) -> None:
    # PW-6.45
    ws = await talker.connect("https://x/")

    await ws.close(4000, "tired")

    assert ws.closed is not None
    assert (ws.closed.code, ws.closed.was_clean) == (4000, True)


@pytest.mark.parametrize("end", ["restart", "crash", "abort_isolate"])
async def test_socket_of_the_worker_ends_with_its_event(talker: Host, end: str) -> None:
    # PW-6.41, 6.44
    ws = await talker.connect("https://x/")
    await ws.send("slowly")
    await talker.settle()

    await {"restart": talker.restart, "crash": talker.crash, "abort_isolate": talker.abort_isolate}[end]()

    assert ws.closed is not None
    assert (ws.closed.code, ws.closed.was_clean) == (1006, False)
    with pytest.raises(WebSocketClosedError, match="lost with code 1006"):
        await ws.receive()


async def test_objects_that_are_aborted_leave_the_sockets_of_the_worker(talker: Host) -> None:
    ws = await talker.connect("https://x/")
    await talker.abort_all()
    await ws.send("hello")
    assert await ws.receive() == "1 hello"


async def test_socket_of_the_worker_does_not_let_the_test_wait_for_nothing(talker: Host) -> None:
    ws = await talker.connect("https://x/")
    with pytest.raises(StuckError, match=r"in test_socket_\w+, awaiting receive\(\)\n"):
        await ws.receive()


async def test_sockets_of_a_worker_are_numbered_in_the_journal(talker: Host) -> None:
    for name in "ab":
        ws = await talker.connect(f"https://x/{name}")
        await ws.send(name)
        await ws.receive()
    await ws.disconnect()
    await talker.abort_isolate()

    kinds = (CallStarted, WebSocketAccepted, WebSocketReceived, WebSocketSent, WebSocketClosed, WebSocketCut)
    told = [(type(each).__name__, getattr(each, "socket", None)) for each in talker.journal if isinstance(each, kinds)]
    assert told == [
        ("CallStarted", None),
        ("WebSocketAccepted", 1),
        ("WebSocketReceived", 1),
        ("WebSocketSent", 1),
        ("CallStarted", None),
        ("WebSocketAccepted", 2),
        ("WebSocketReceived", 2),
        ("WebSocketSent", 2),
        ("WebSocketClosed", 2),
        ("WebSocketCut", 1),
    ]
    assert {str(each.actor) for each in talker.journal.of(WebSocketAccepted)} == {"shop"}


async def test_message_of_the_worker_that_is_too_large_ends_the_connection_with_an_error(
    tmp_path: Path, durable_factory: HostFactory
) -> None:
    # PW-6.18
    main = f"""{BEGIN}
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        client, server = WebSocketPair.new().object_values()
        server.accept()

        def failed(event):
            print("error", event.message)

        server.addEventListener("error", create_proxy(failed))
        server.addEventListener("message", create_proxy(lambda event: server.send("x" * (32 * 2**20 + 1))))
        return Response(None, status=101, web_socket=client)
"""
    host = worker(tmp_path, durable_factory, main)
    ws = await host.connect("https://x/")

    await ws.send("more")

    assert (await ws.wait_closed()).code == 1006


async def test_worker_opens_a_connection_to_a_server_that_the_test_plays(
    tmp_path: Path, durable_factory: HostFactory
) -> None:
    # PW-6.47
    main = f"""{BEGIN}
from js import WebSocket


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        client, server = WebSocketPair.new().object_values()
        feed = WebSocket.new("wss://feed.example/")
        feed.addEventListener("message", create_proxy(lambda event: server.send(event.data)))
        server.accept()
        return Response(None, status=101, web_socket=client)
"""
    host = worker(tmp_path, durable_factory, main)
    feed = host.network.accept("wss://feed.example/")
    ws = await host.connect("https://x/")

    await (await feed.connection()).send("42")

    assert await ws.receive() == "42"


async def test_worker_can_stand_between_a_client_and_an_object(tmp_path: Path, durable_factory: HostFactory) -> None:
    # PW-5.23: the caller finds the socket at resp.js_object.webSocket
    main = (
        HALL.partition("class Default")[0]
        + """
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        answer = await self.env.ROOM.getByName("lobby").fetch(request)
        room = answer.js_object.webSocket
        room.accept()
        client, server = WebSocketPair.new().object_values()
        server.accept()
        server.addEventListener("message", create_proxy(lambda event: room.send(event.data.upper())))
        room.addEventListener("message", create_proxy(lambda event: server.send(f"<{event.data}>")))
        return Response(None, status=101, web_socket=client)
"""
    )
    host = durable_factory(app=Project(tmp_path / "own", main, durable_objects=bound("Room")).app())
    ws = await host.connect("https://x/")

    await ws.send("hello")

    assert [await ws.receive(), await ws.receive()] == ["<GET https://x/ None>", "<heard HELLO>"]


async def test_worker_can_answer_with_the_socket_in_a_response_of_its_own(
    tmp_path: Path, durable_factory: HostFactory
) -> None:
    # PW-5.23
    main = (
        HALL.partition("class Default")[0]
        + """
class Default(WorkerEntrypoint):
    async def fetch(self, request):
        answer = await self.env.ROOM.getByName("lobby").fetch(request)
        return Response(None, status=101, web_socket=answer.js_object.webSocket, headers={"x-worker": "yes"})
"""
    )
    host = durable_factory(app=Project(tmp_path / "own", main, durable_objects=bound("Room")).app())

    answer = await host.fetch("https://x/", headers={"Upgrade": "websocket"})

    assert answer.headers["x-worker"] == "yes"
    assert answer.web_socket is not None
    await answer.web_socket.send("hello")
    assert [await answer.web_socket.receive() for _ in range(2)] == ["GET https://x/ None", "heard hello"]


async def test_socket_of_a_named_entrypoint_passes_through_a_service_binding(
    tmp_path: Path, durable_factory: HostFactory
) -> None:
    main = (
        TALKER.replace("class Default(", "class Talker(")
        + """

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return await self.env.TALKER.fetch(request)
"""
    )
    services = [{"binding": "TALKER", "service": "shop", "entrypoint": "Talker"}]
    host = durable_factory(app=Project(tmp_path / "own", main, services=services).app())
    ws = await host.connect("https://x/")

    await ws.send("hello")

    assert await ws.receive() == "1 hello"
    assert {str(each.actor) for each in host.journal.of(WebSocketAccepted)} == {"shop.Talker"}


async def test_failed_listener_of_the_worker_is_logged_and_others_go_on(
    tmp_path: Path, durable_factory: HostFactory, caplog: pytest.LogCaptureFixture
) -> None:
    main = TALKER.replace(
        'if event.data == "slowly":',
        'if event.data == "fail":\n                raise KeyError("x")\n            if event.data == "slowly":',
    )
    host = worker(tmp_path, durable_factory, main)
    ws = await host.connect("https://x/")

    await ws.send("fail")
    await ws.send("hello")

    assert await ws.receive() == "1 hello"
    assert "a listener for message of a WebSocket of shop failed" in caplog.text


def test_plain_function_drives_a_socket_too(talker: Host) -> None:
    async def talk() -> Any:
        ws = await talker.connect("https://x/")
        await ws.send("hello")
        return await ws.receive()

    assert talker.run(talk()) == "1 hello"
