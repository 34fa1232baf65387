"""``workers.wsgi``: applications of WSGI that answer requests (PW-0.4, ``workers.wsgi``)."""

import io
import sys
from pathlib import Path
from typing import Any

import js
import pytest
from workers import DurableObject, Request, wsgi

from pytest_durable import Host, HostFactory
from support.worker_project import Project, bound

pytestmark = pytest.mark.durable(storage="memory")


class Object(DurableObject):
    """Answers by the application that the test has chosen."""

    app: Any = None

    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.noted: list[Any] = []

    async def fetch(self, request: Any) -> Any:
        return await wsgi.fetch(lambda *args: type(self).app(self, *args), request, self.env)

    async def told(self) -> list[Any]:
        return self.noted


def object_of(durable: Host, app: Any) -> Any:
    """A stub of an object that answers by ``app(object, environ, start_response)``."""
    return durable.namespace(type("Object", (Object,), {"app": app})).get_by_name("a")


async def test_environ_is_that_of_production(durable: Host) -> None:
    def app(self: Any, environ: dict[str, Any], start: Any) -> list[bytes]:
        assert environ.pop("wsgi.input").read() == b"body"
        assert environ.pop("wsgi.errors") is sys.stderr
        assert environ.pop("workers.env") is self.env
        self.noted.append(environ | {"wsgi.version": list(environ["wsgi.version"])})
        start("200 OK", [])
        return []

    stub = object_of(durable, app)
    headers = {"X-Name": "Value", "Content-Type": "text/plain", "Content-Length": "4"}
    await stub.fetch("https://x.com/a%20b/%C3%A9?q=%20", method="PUT", headers=headers, body="body")
    (told,) = await stub.told()
    assert told == {
        "CONTENT_LENGTH": "4",
        "CONTENT_TYPE": "text/plain",
        "HTTP_X_NAME": "Value",
        "PATH_INFO": "/a b/é".encode().decode("latin-1"),
        "QUERY_STRING": "q=%20",
        "REQUEST_METHOD": "PUT",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "x.com",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.multiprocess": False,
        "wsgi.multithread": False,
        "wsgi.run_once": False,
        "wsgi.url_scheme": "https",
        "wsgi.version": [1, 0],
    }


def test_environ_of_bytes_tells_their_length() -> None:
    # Repeated headers are joined already by a request of the platform.
    raw = wsgi.build_environ(js.Request.new("http://x.com:81/", headers={"A-b": "C"}), None, b"body")
    own = wsgi.build_environ(Request("http://x.com:81/", headers={"A-b": "C"}), None, io.BytesIO(b"body"))
    assert raw["HTTP_A_B"] == own["HTTP_A_B"] == "C"
    assert (raw["CONTENT_LENGTH"], raw["SERVER_PORT"], raw["wsgi.input"].read()) == ("4", "81", b"body")
    assert "CONTENT_LENGTH" not in own


async def test_answer_has_status_headers_and_body(durable: Host) -> None:
    def app(self: Any, environ: dict[str, Any], start: Any) -> list[bytes]:
        start("418 Teapot", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Name", "Value")])
        return [b"\x00", b"\xff"]

    response = await object_of(durable, app).fetch("https://x.com/")
    assert (response.status, response.status_text, await response.bytes()) == (418, "Teapot", b"\x00\xff")
    assert response.headers["x-name"] == "Value"
    assert response.headers.get_all("set-cookie") == ["a=1", "b=2"]


async def test_status_without_body_drops_the_body(durable: Host) -> None:
    def app(self: Any, environ: dict[str, Any], start: Any) -> list[bytes]:
        start("204 No Content", [])
        return [b"dropped"]

    response = await object_of(durable, app).fetch("https://x.com/")
    assert (response.status, await response.text()) == (204, "")


async def test_pieces_are_made_as_they_are_read_and_closed_at_the_end(durable: Host) -> None:
    def app(self: Any, environ: dict[str, Any], start: Any) -> Any:
        return Pieces(self, start)

    class Pieces:
        """Begins its answer with its first piece."""

        def __init__(self, owner: Any, start: Any) -> None:
            self.owner, self.start = owner, start

        def __iter__(self) -> Any:
            self.start("200 OK", [])(b"written,")
            for number in (b"", b"1", b"2", b"3", b"4"):
                self.owner.noted.append(number)
                yield number

        def close(self) -> None:
            self.owner.noted.append("closed")

    stub = object_of(durable, app)
    pieces = (await stub.fetch("https://x.com/")).chunks()
    assert await anext(pieces) == b"written,"
    assert b"4" not in await stub.told()
    assert b"".join([piece async for piece in pieces]) == b"1234"
    assert await stub.told() == [b"", b"1", b"2", b"3", b"4", "closed"]


async def test_failure_before_the_answer_is_that_of_fetch(durable: Host, caplog: pytest.LogCaptureFixture) -> None:
    def app(self: Any, environ: dict[str, Any], start: Any) -> Any:
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        await object_of(durable, app).fetch("https://x.com/")
    assert "WSGI request failed" in caplog.text


async def test_failure_in_the_middle_cuts_the_answer(durable: Host, caplog: pytest.LogCaptureFixture) -> None:
    def app(self: Any, environ: dict[str, Any], start: Any) -> Any:
        start("200 OK", [])
        yield b"first"
        raise ValueError("late")

    response = await object_of(durable, app).fetch("https://x.com/")
    with pytest.raises(Exception, match="late"):
        await response.text()
    assert "Exception while streaming WSGI response body" in caplog.text


async def test_application_that_answers_nothing_fails(durable: Host) -> None:
    with pytest.raises(RuntimeError, match=r"^The WSGI application did not call start_response\(\)$"):
        await object_of(durable, lambda self, environ, start: []).fetch("https://x.com/")


async def test_answer_cannot_be_begun_twice_but_after_a_failure(durable: Host) -> None:
    def app(self: Any, environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [])
        with pytest.raises(AssertionError, match="start_response"):
            start("200 OK", [])
        try:
            raise ValueError("late")
        except ValueError:
            start("500 Internal Server Error", [], sys.exc_info())
        return []

    with pytest.raises(ValueError, match="late"):
        await object_of(durable, app).fetch("https://x.com/")


MAIN = """
from workers import DurableObject, wsgi


class Counter(DurableObject):
    pass


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["PATH_INFO"].encode(), environ["workers.env"].GREETING.encode()]


Default = wsgi.entrypoint(app)
"""


async def test_application_is_a_worker_by_itself(tmp_path: Path, durable_factory: HostFactory) -> None:
    project = Project(tmp_path / "shop", MAIN, durable_objects=bound("Counter"), vars={"GREETING": "!"})
    assert await (await durable_factory(app=project.app()).fetch("https://x.com/a")).text() == "/a!"
