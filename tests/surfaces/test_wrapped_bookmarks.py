"""Bookmarks and what the flag ``experimental`` shows, as Python objects see it: spec python-workers 2, DO 3.5, 4.2."""

from typing import Any

import pytest

from pytest_durable._surfaces.wrapped.entrypoints import DurableObject
from pytest_durable._surfaces.wrapped.exceptions import JsException
from support.surfaces import hosted, inside

EXPERIMENTAL = ("waitForBookmark", "snapshot", "onNextSessionRestore", "primary")


def test_bookmarks_are_texts_that_increase() -> None:
    # DO-3.5
    async def body(instance: Any) -> None:
        found = [await instance.ctx.storage.getCurrentBookmark() for _ in range(20)]
        assert found[0] == f"00000000-00000000-00000000-{'0' * 32}"
        assert sorted(set(found)) == found

    inside(body)


def test_awaiting_a_bookmark_ends_the_turn() -> None:
    # DO-4.2.T1.11 DO-6.1.2
    class Probe(DurableObject):
        async def run(self) -> None:
            await self.ctx.storage.put("before", 1)
            await self.ctx.storage.getCurrentBookmark()
            await self.ctx.storage.put("after", 1)
            self.ctx.abort("over")

    async def scenario(host: Any) -> dict[str, object]:
        stub = host.namespace(Probe).get_by_name("a")
        with pytest.raises(Exception, match="over"):
            await stub.run()
        return dict(host.stored(stub).kv)

    assert hosted(scenario) == {"before": 1}


@pytest.mark.parametrize("name", EXPERIMENTAL)
def test_storage_has_no_experimental_members_without_the_flag(name: str) -> None:
    # DO-4.1.1
    assert not inside(lambda instance: hasattr(instance.ctx.storage, name))


def test_flag_shows_experimental_members() -> None:
    # DO-4.1.1 DO-4.2.T1.11
    async def body(instance: Any) -> None:
        storage = instance.ctx.storage
        assert storage.primary is None
        assert await storage.waitForBookmark("anything") is None
        with pytest.raises(JsException, match="does not implement snapshots"):
            await storage.snapshot()
        with pytest.raises(JsException, match="does not implement point-in-time recovery"):
            await storage.onNextSessionRestore("bookmark")
        with pytest.raises(JsException, match="is not of type 'string'"):
            await storage.waitForBookmark()

    inside(body, compatibility_flags=("experimental",))
