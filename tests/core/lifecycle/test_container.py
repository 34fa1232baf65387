"""Containers, instances and stubs (DO-9.1)."""

import asyncio

import pytest

from pytest_durable import PlatformError
from pytest_durable.events import InstanceBuilt
from support.objects import Box, Counter

pytestmark = pytest.mark.durable(storage="memory")


class Relay(Counter):
    """Calls another object through a stub that it keeps, or through a new one."""

    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        self.stub = env.COUNTER.getByName("a")

    async def through_kept_stub(self):
        return await self.stub.in_memory()

    async def through_new_stub(self):
        return await self.env.COUNTER.getByName("a").in_memory()


@pytest.fixture
def counters(durable):
    return durable.namespace(Counter)


def built(durable, name="a"):
    return [record for record in durable.journal.of(InstanceBuilt) if record.actor.name == name]


async def refused(awaitable):
    with pytest.raises(PlatformError) as caught:
        await awaitable
    return str(caught.value)


async def test_simultaneous_first_calls_share_one_construction(durable, counters):
    """DO-9.1.1"""
    calls = [counters.get_by_name("a").in_memory() for _ in range(3)]
    assert await asyncio.gather(*calls) == [1, 2, 3]
    assert len(built(durable)) == 1


async def test_all_stubs_of_an_id_reach_one_instance(durable, counters):
    """DO-9.1.1"""
    by_name = counters.get_by_name("a")
    by_string = counters.get(counters.id_from_string(by_name.id.hex))
    assert [await by_name.in_memory(), await by_string.in_memory()] == [1, 2]


async def test_stub_makes_nothing_until_it_is_used(durable, counters):
    """DO-9.1.1"""
    counters.get_by_name("a")
    await durable.settle()
    assert built(durable) == []


async def test_stub_binds_at_its_first_use(durable, counters):
    """DO-9.1.1: one that was made before the object broke, and used after it, is not broken."""
    used, unused = counters.get_by_name("a"), counters.get_by_name("a")
    await used.in_memory()
    await durable.abort(used, "over")
    assert await refused(used.in_memory()) == "over"
    assert await unused.in_memory() == 1


async def test_stub_survives_the_eviction_of_the_instance(durable, counters):
    """DO-9.1.2"""
    stub = counters.get_by_name("a")
    await stub.in_memory()
    await durable.evict(stub)
    assert await stub.in_memory() == 1
    assert len(built(durable)) == 2


async def test_every_call_on_a_stub_of_a_broken_container_fails_with_the_reason(durable, counters):
    """DO-9.1.2"""
    stub = counters.get_by_name("a")
    await stub.in_memory()
    await durable.abort(stub, "over")
    for _ in range(3):
        assert await refused(stub.in_memory()) == "over"
    assert len(built(durable)) == 1


async def test_new_stub_of_the_same_id_gets_a_new_instance(durable, counters):
    """DO-9.1.2"""
    stub = counters.get_by_name("a")
    assert [await stub.in_memory(), await stub.in_memory()] == [1, 2]
    await durable.abort(stub)
    again = counters.get_by_name("a")
    assert [await again.in_memory(), await again.in_memory()] == [1, 2]
    assert len(built(durable)) == 2


async def test_stub_kept_by_an_object_stays_broken_until_it_is_replaced(durable, counters):
    """DO-9.1.2"""
    relay = durable.namespace(Relay).get_by_name("r")
    assert await relay.through_kept_stub() == 1
    await durable.abort(counters.get_by_name("a"), "over")
    assert await refused(relay.through_kept_stub()) == "over"
    assert await relay.through_new_stub() == 1
    assert await refused(relay.through_kept_stub()) == "over"


async def test_objects_of_one_class_are_apart(durable, counters):
    """DO-9.1.1"""
    first, second = counters.get_by_name("a"), counters.get_by_name("b")
    assert [await first.in_memory(), await first.in_memory(), await second.in_memory()] == [1, 2, 1]


async def test_same_name_in_two_namespaces_is_two_objects(durable, counters):
    """DO-9.1.1"""
    box = durable.namespace(Box).get_by_name("a")
    await box.put("count", 5)
    assert await counters.get_by_name("a").increment() == 1
