"""What belongs to one Python object in the hands of another: spec durable-objects 9.10."""

import pytest
from pyodide.ffi import JsException
from workers import DurableObject

pytestmark = pytest.mark.durable(storage="memory")

KEPT = {}


class Keeper(DurableObject):
    def keep(self):
        KEPT.update(storage=self.ctx.storage, stub=self.env.KEEPER.getByName("c"))

    async def use(self, name):
        try:
            return await USES[name]()
        except JsException as failure:
            return str(failure)

    async def take(self, stub):
        KEPT["received"] = stub
        return await stub.ping()

    async def hand_over(self, name):
        return await self.env.KEEPER.getByName(name).take(self.env.KEEPER.getByName("c"))

    def ping(self):
        return "pong"


async def query():
    return KEPT["storage"].sql.exec("SELECT 1")


USES = {
    "get": lambda: KEPT["storage"].get("k"),
    "sql": query,
    "bookmark": lambda: KEPT["storage"].getCurrentBookmark(),
    "stub": lambda: KEPT["stub"].ping(),
    "received": lambda: KEPT["received"].ping(),
}
KINDS = {"stub": "OutgoingFactory", "received": "SubrequestChannel"}


@pytest.fixture
def keepers(durable):
    yield durable.namespace(Keeper)
    KEPT.clear()


@pytest.mark.parametrize("name", USES)
async def test_thing_of_another_object_is_an_error_of_the_platform(keepers, name):
    """DO-9.10"""
    owner = keepers.get_by_name("a")
    await owner.keep()
    assert await keepers.get_by_name("b").hand_over("a") == "pong"
    text = await keepers.get_by_name("b").use(name)
    assert text.startswith("Error: Cannot perform I/O on behalf of a different Durable Object. I/O objects (such as")
    assert text.endswith(f"(I/O type: {KINDS.get(name, 'ActorCacheInterface')})")
    assert await owner.use("stub") == "pong"


async def test_stub_that_was_handed_over_is_of_use_to_its_receiver(keepers):
    """DO-9.10, DO-10.2.5"""
    assert await keepers.get_by_name("a").hand_over("b") == "pong"
    assert await keepers.get_by_name("b").use("received") == "pong"
