"""One copy of module state, and its end: spec python-workers 8; ``import_from_javascript``: 1.5."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyodide.ffi import JsException
from workers import DurableObject, import_from_javascript

from pytest_durable import App, Host, PlatformError
from pytest_durable.events import IsolateAborted, IsolateLoaded

APPLICATION = """
import asyncio

import shared_state
from js import WebSocketPair
from workers import DurableObject, Response, import_from_javascript

platform = import_from_javascript("cloudflare:workers")
count = 0


class OwnError(Exception):
    pass


class Base(DurableObject):
    async def count(self):
        global count
        count += 1
        return count

    async def fetch(self, request):
        client, server = WebSocketPair.new()
        self.ctx.acceptWebSocket(server)
        return Response(None, status=101, web_socket=client)

    async def webSocketMessage(self, ws, message):
        ws.send(f"{message} {await self.count()}")

    async def count_shared(self):
        shared_state.count += 1
        return shared_state.count

    async def end(self, *reason):
        try:
            platform.abortIsolate(*reason)
        except Exception:
            return "caught"

    async def ask(self, name, method, *arguments):
        try:
            return await getattr(self.env.FIRST.getByName(name), method)(*arguments)
        except BaseException as failure:
            return f"{type(failure).__name__}: {failure}"

    async def abort(self):
        self.ctx.abort("over")

    async def fail_in_section(self):
        async def callback():
            raise ValueError("no section")

        await self.ctx.blockConcurrencyWhile(callback)

    async def end_with_an_error(self):
        platform.abortIsolate(ValueError("v"))

    async def recurse(self):
        def deeper():
            return deeper() + 1

        return deeper()

    async def raise_own(self):
        raise OwnError("mine")

    async def wait(self):
        await asyncio.sleep(5)


class First(Base):
    pass


class Second(Base):
    pass
"""


@pytest.fixture
def host(durable: Any, tmp_path: Path) -> Iterator[Host]:
    """A host whose application lies in a directory of its own."""
    (tmp_path / "shared_state.py").write_text("count = 0\n", encoding="utf-8")
    (tmp_path / "two_classes.py").write_text(APPLICATION, encoding="utf-8")
    app = App(classes=("two_classes:First", "two_classes:Second"))
    host = Host(tmp_path / "data", app=app, root=tmp_path, world=durable.world)
    yield host
    host.run(host.finish())
    host.close()


def first(host: Host, name: str = "a") -> Any:
    return host.namespace("FIRST").get_by_name(name)


def second(host: Host, name: str = "a") -> Any:
    return host.namespace("SECOND").get_by_name(name)


async def test_objects_of_all_classes_share_module_state(host: Host) -> None:
    # PW-8.2
    assert [await first(host).count(), await first(host, "b").count(), await second(host).count()] == [1, 2, 3]
    assert [await first(host).count_shared(), await second(host).count_shared()] == [1, 2]
    assert [record.generation for record in host.journal.of(IsolateLoaded)] == [1]


@pytest.mark.parametrize("end", ["evict", "abort", "fail_in_section", "abort_all", "evict_all", "delete_all"])
async def test_module_state_survives_the_end_of_objects(host: Host, end: str) -> None:
    # PW-8.3
    await first(host).count()
    if end in ("abort", "fail_in_section"):
        with pytest.raises((PlatformError, ValueError)):
            await getattr(first(host), end)()
    else:
        await getattr(host, end)(*([first(host)] if end == "evict" else []))
    assert await first(host).count() == 2


@pytest.mark.parametrize("end", ["restart", "crash", "abort_isolate"])
async def test_module_state_is_lost_with_its_isolate(host: Host, end: str) -> None:
    # PW-8.3, PW-8.4, PW-8.5
    await first(host).count()
    await second(host).count_shared()
    await getattr(host, end)()
    if end == "crash":
        await host.start()
    assert await second(host).count() == 1
    assert await first(host).count_shared() == 1  # own helpers are a part of the application
    assert [record.generation for record in host.journal.of(IsolateLoaded)] == [1, 2]


@pytest.mark.parametrize("end", ["restart", "abort_isolate"])
async def test_exception_of_a_later_isolate_is_caught_by_the_class_that_the_test_has(host: Host, end: str) -> None:
    # PW-8.4
    await first(host).count()
    held = sys.modules["two_classes"].OwnError  # type: ignore[attr-defined]
    await getattr(host, end)()
    with pytest.raises(held, match="mine"):
        await first(host).raise_own()


async def test_end_of_an_isolate_cuts_the_sockets_of_every_object(host: Host) -> None:
    """DO-9.7.3 PW-6.39: decisions 7.3"""
    ws, sleeping = await first(host).connect("https://example.com/"), await second(host).connect("https://example.com/")
    await host.evict(second(host))
    await ws.send("count")
    assert await ws.receive() == "count 1"
    await host.abort_isolate("enough")
    assert [(each.closed.code, each.closed.was_clean) for each in (ws, sleeping)] == [(1006, False)] * 2
    again = await first(host).connect("https://example.com/")
    await again.send("count")
    assert await again.receive() == "count 1"


@pytest.mark.parametrize(
    ("reason", "message"), [([], "abortIsolate() was called."), (["enough"], "abortIsolate(): enough")]
)
async def test_user_code_gives_up_its_isolate(host: Host, reason: list[str], message: str) -> None:
    # PW-8.5, DO-9.7.1
    waiting = asyncio.ensure_future(second(host).wait())
    caller = asyncio.ensure_future(second(host, "b").ask("a", "end", *reason))
    await host.settle()
    for call in (waiting, caller):
        with pytest.raises(PlatformError) as caught:
            await call
        assert (caught.value.name, caught.value.message) == ("Error", message)
    assert await first(host).count() == 1
    assert len(host.journal.of(IsolateAborted)) == 1


async def test_reason_that_is_no_text_is_shown_by_its_str(host: Host) -> None:
    # PW-8.5, PW-2.10
    with pytest.raises(PlatformError) as caught:
        await first(host).end_with_an_error()
    assert caught.value.message == "abortIsolate(): v"


async def test_caller_that_lives_elsewhere_sees_the_platforms_error(host: Host) -> None:
    # PW-1.55, DO-9.7.4: a stub that is used after the abort
    stub = host.env.FIRST.getByName("a")
    assert await stub.count() == 1
    await host.abort_isolate("enough")
    with pytest.raises(JsException) as caught:
        await stub.count()
    assert str(caught.value) == "Error: abortIsolate(): enough"
    assert not hasattr(caught.value, "durableObjectReset")


async def test_ordinary_exception_gives_up_nothing(host: Host) -> None:
    # PW-8.5
    await first(host).count()
    with pytest.raises(RecursionError):
        await first(host).recurse()
    assert await first(host).count() == 2
    assert host.journal.of(IsolateAborted) == ()


async def test_object_that_is_not_loaded_from_a_module_is_refused(durable: Any) -> None:
    # DO-9.7.8
    class Local(DurableObject):
        async def end(self):
            import_from_javascript("cloudflare:workers").abortIsolate("enough")

    with pytest.raises(JsException) as caught:
        await durable.namespace(Local).get_by_name("a").end()
    assert str(caught.value) == "Error: abortIsolate() is not supported for this worker configuration."


async def test_loop_runs_already(durable: Any) -> None:
    # PW-8.10
    class Looping(DurableObject):
        async def run(self):
            waiting = asyncio.sleep(0)
            try:
                asyncio.run(waiting)
            finally:
                waiting.close()

    with pytest.raises(RuntimeError, match=r"cannot be called from a running event loop"):
        await durable.namespace(Looping).get_by_name("a").run()


# import_from_javascript


def test_module_of_the_platform_is_a_proxy() -> None:
    # PW-1.5
    module = import_from_javascript("cloudflare:workers")
    assert module == import_from_javascript("cloudflare:workers")
    assert module.typeof == "object"
    with pytest.raises(AttributeError, match=r"^nothing$"):
        _ = module.nothing


@pytest.mark.parametrize("name", ["exports", "withEnv", "DurableObject"])
def test_member_that_is_not_built_says_so(name: str) -> None:
    # PW-1.5
    with pytest.raises(AttributeError, match=f"`cloudflare:workers` has no `{name}` in this version"):
        getattr(import_from_javascript("cloudflare:workers"), name)


@pytest.mark.parametrize("name", ["cloudflare:email", "node:fs"])
def test_other_module_is_an_import_error(name: str) -> None:
    # PW-1.5
    with pytest.raises(ImportError, match=f"Failed to import '{name}'"):
        import_from_javascript(name)


def test_isolate_cannot_be_given_up_outside_of_an_object() -> None:
    with pytest.raises(RuntimeError, match=r"await durable\.abort_isolate\(\)"):
        import_from_javascript("cloudflare:workers").abortIsolate()
