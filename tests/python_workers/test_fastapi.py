"""FastAPI behind an object and behind a Worker, unmodified, as the public examples have it."""

import asyncio
import textwrap
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from pytest_durable import Host, HostFactory
from pytest_durable._surfaces.wrapped.gateway.inline_threads import (
    run_blocking_code_in_threads,
    run_blocking_code_inline,
)
from support.worker_project import Project, bound

pytest.importorskip("fastapi", reason='needs FastAPI:  pip install "pytest-durable[examples]"')

MAIN = """
import asyncio
import threading
from contextlib import asynccontextmanager

import asgi
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from workers import DurableObject, WorkerEntrypoint

NOTED = []


@asynccontextmanager
async def lifespan(app):
    NOTED.append("started")
    yield {"greeting": "hello"}
    NOTED.append("stopped")


app = FastAPI(lifespan=lifespan)


class Item(BaseModel):
    name: str
    price: float = 1


class Counter(DurableObject):
    async def add(self, count):
        total = (await self.ctx.storage.get("total") or 0) + count
        await self.ctx.storage.put("total", total)
        return total

    async def fetch(self, request):
        return await asgi.websocket(app, request, self.env)


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        if request.headers.get("Upgrade") == "websocket":
            return await self.env.COUNTER.getByName("sockets").fetch(request)
        return await asgi.fetch(app, request, self.env)


@app.get("/count/{name}")
async def count(name: str, req: Request, by: int = 1):
    return {"total": await req.scope["env"].COUNTER.getByName(name).add(by)}


@app.get("/greeting")
async def greeting(req: Request, env=asgi.env):
    return {"said": req.state.greeting, "stage": env.STAGE}


@app.post("/items", status_code=201)
async def items(item: Item):
    return item


@app.get("/fail")
async def fail():
    raise KeyError("gone")


@app.get("/claim")
async def claim():
    assert 1 == 2


@app.get("/gone")
async def gone():
    raise HTTPException(410, "gone for good")


@app.get("/stream")
async def stream():
    async def pieces():
        for number in range(3):
            await asyncio.sleep(60)
            yield f"{number},"

    return StreamingResponse(pieces(), media_type="text/plain")


def is_main():
    return threading.current_thread() is threading.main_thread()


@app.get("/plain")
def plain(is_dependency_inline: bool = Depends(is_main)):
    return [is_main(), is_dependency_inline]


@app.get("/later")
async def later(req: Request, tasks: BackgroundTasks):
    tasks.add_task(req.scope["env"].COUNTER.getByName("later").add, 5)
    return "accepted"


@app.get("/noted")
async def noted():
    return NOTED


@app.websocket("/socket")
async def socket(ws: WebSocket):
    await ws.accept()
    try:
        while True:
            text = await ws.receive_text()
            await ws.send_json({"said": text})
    except WebSocketDisconnect as gone:
        NOTED.append(gone.code)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "shop", textwrap.dedent(MAIN), durable_objects=bound("Counter"), vars={"STAGE": "test"})


@pytest.fixture
def shop(project: Project, durable_factory: HostFactory) -> Host:
    return durable_factory(app=project.app())


async def read(host: Host, path: str) -> Any:
    response = await host.fetch(f"https://x.com{path}")
    assert response.status == 200, await response.text()
    return await response.json()


async def test_route_reaches_an_object_through_the_scope(shop: Host) -> None:
    assert await read(shop, "/count/a?by=3") == {"total": 3}
    await shop.restart(crash=True)
    assert await read(shop, "/count/a") == {"total": 4}


async def test_env_is_a_dependency_and_the_lifespan_has_a_state(shop: Host) -> None:
    assert await read(shop, "/greeting") == {"said": "hello", "stage": "test"}


async def test_each_request_starts_and_stops_the_application(shop: Host) -> None:
    assert await read(shop, "/noted") == ["started"]
    assert await read(shop, "/noted") == ["started", "stopped", "started"]


async def test_body_is_validated(shop: Host) -> None:
    headers = {"Content-Type": "application/json"}
    response = await shop.fetch("https://x.com/items", method="POST", headers=headers, body='{"name": "apple"}')
    assert (response.status, await response.json()) == (201, {"name": "apple", "price": 1})
    refused = await shop.fetch("https://x.com/items", method="POST", headers=headers, body='{"price": "cheap"}')
    assert refused.status == 422


async def test_failure_of_a_route_is_status_500_and_logged(shop: Host, caplog: pytest.LogCaptureFixture) -> None:
    response = await shop.fetch("https://x.com/fail")
    assert (response.status, await response.text()) == (500, "Internal Server Error")
    assert [repr(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["KeyError('gone')"]
    assert (await shop.fetch("https://x.com/gone")).status == 410


async def test_assertion_that_fails_in_a_route_fails_the_test(shop: Host) -> None:
    with pytest.raises(AssertionError):
        await shop.fetch("https://x.com/claim")


async def test_stream_takes_the_time_of_the_test(shop: Host) -> None:
    before = shop.clock.now()
    pieces = (await shop.fetch("https://x.com/stream")).chunks()
    assert b"".join([piece async for piece in pieces]) == b"0,1,2,"
    assert (shop.clock.now() - before).total_seconds() == 180


@pytest.mark.parametrize("lenient", [True, False])
async def test_route_without_async_runs_where_there_are_no_threads(
    project: Project, durable_factory: HostFactory, lenient: bool
) -> None:
    assert await read(durable_factory(app=project.app(lenient=lenient)), "/plain") == [True, True]


async def test_code_of_the_test_keeps_its_threads(shop: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    async def in_a_thread(function: Any, *args: Any, **options: Any) -> Any:
        return [function, args, options]

    monkeypatch.setattr("anyio.to_thread.run_sync", in_a_thread)
    assert await read(shop, "/plain") == [True, True]
    assert await anyio.to_thread.run_sync(print, 1, limiter=None) == [print, (1,), {"limiter": None}]


def test_threads_are_there_again_after_the_test() -> None:
    original = anyio.to_thread.run_sync
    run_blocking_code_inline()
    run_blocking_code_inline()
    assert anyio.to_thread.run_sync is not original
    run_blocking_code_in_threads()
    assert anyio.to_thread.run_sync is original


async def test_background_task_runs_before_the_answer_leaves(shop: Host) -> None:
    assert await read(shop, "/later") == "accepted"
    shop.assert_stored(shop.namespace("COUNTER").get_by_name("later"), {"total": 5})


async def test_requests_at_the_same_time_do_not_meet(shop: Host) -> None:
    totals = await asyncio.gather(*(read(shop, "/count/a") for _ in range(5)))
    assert sorted(each["total"] for each in totals) == [1, 2, 3, 4, 5]


async def test_socket_of_a_route_hears_of_its_end(shop: Host) -> None:
    ws = await shop.namespace("COUNTER").get_by_name("sockets").connect("https://x.com/socket")
    await ws.send("hi")
    assert await ws.receive() == '{"said":"hi"}'
    await ws.close(4000)
    assert 4000 in await read(shop, "/noted")
