"""A scenario in which the test deletes what objects have: all alarms, then everything."""

from collections.abc import AsyncIterator, Awaitable
from typing import Any

from workers import DurableObject

from pytest_durable import Host
from support.examples import Scenario


class Keeper(DurableObject):
    """Keeps a text, and has an alarm."""

    async def keep(self, text: str, time_ms: int) -> None:
        await self.ctx.storage.put("text", text)
        await self.ctx.storage.setAlarm(time_ms)

    async def kept(self) -> list[object]:
        return [await self.ctx.storage.get("text"), await self.ctx.storage.getAlarm()]

    async def alarm(self) -> None:
        await self.ctx.storage.put("rang", True)


def deletions() -> Scenario:
    """Deletions while objects are in memory, and while they are not."""

    async def steps(host: Host, spaces: dict[str, Any]) -> AsyncIterator[Awaitable[object]]:
        keepers = spaces["Keeper"]
        for name in ("a", "b"):
            yield keepers.get_by_name(name).keep("first", host.clock.time_ms() + 60_000)
        yield host.evict(keepers.get_by_name("b"))
        yield host.delete_all_alarms()
        for name in ("a", "b", "c"):
            yield keepers.get_by_name(name).keep("second", host.clock.time_ms() + 60_000)
        yield host.evict(keepers.get_by_name("c"))
        yield host.delete_all()
        yield keepers.get_by_name("a").keep("third", host.clock.time_ms() + 60_000)
        yield host.clock.advance(seconds=70)

    async def check(host: Host, spaces: dict[str, Any]) -> None:
        assert host.alarms() == []
        for actor_hex in spaces["Keeper"].list_ids():
            assert (await spaces["Keeper"].get(spaces["Keeper"].id_from_string(actor_hex)).kept())[1] is None

    return Scenario("deletions", (Keeper,), steps, check)
