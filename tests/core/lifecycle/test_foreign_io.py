"""What belongs to one object is of no use to another, nor to the next instance of the same (DO-9.10)."""

import asyncio

import pytest

from pytest_durable import PlatformError
from pytest_durable._surfaces.neutral import NeutralObject

TEXT = (
    "Cannot perform I/O on behalf of a different Durable Object. I/O objects (such as streams, request/response "
    "bodies, and others) created in the context of one Durable Object cannot be accessed from a different Durable "
    "Object in the same isolate. This is a limitation of Cloudflare Workers which allows us to improve overall "
    "performance. "
    "(I/O type: {})"
)
KEPT = {}


class Shelf(NeutralObject):
    def keep(self):
        KEPT.update(ctx=self.ctx, storage=self.ctx.storage, stub=self.env.SHELF.getByName("c"), env=self.env, me=self)

    async def use(self, name):
        result = USES[name]()
        return await result if hasattr(result, "__await__") else result

    async def use_own(self):
        self.keep()
        return [await self.use(name) for name in ("storage.put", "storage.kv", "storage.sql", "stub")]

    async def keep_transaction(self, user):
        async def body(txn):
            KEPT["txn"] = txn
            return await self.env.SHELF.getByName(user).use("txn")

        return await self.ctx.storage.transaction(body)

    async def section(self):
        order = []

        async def inside():
            order.append("section begins")
            await asyncio.sleep(0.1)
            order.append("section ends")

        section = KEPT["ctx"].blockConcurrencyWhile(inside)
        await asyncio.sleep(0.01)
        order.append("own timer")
        await section
        return order

    async def failing_section(self):
        def inside():
            raise PlatformError("of the section", name="TypeError")

        await KEPT["ctx"].blockConcurrencyWhile(inside)

    async def background(self):
        KEPT["ctx"].waitUntil(asyncio.sleep(20))

    async def ping(self):
        return "pong"


USES = {
    "storage.get": lambda: KEPT["storage"].get("k"),
    "storage.put": lambda: KEPT["storage"].put("k", 1),
    "storage.list": lambda: KEPT["storage"].list(),
    "storage.delete": lambda: KEPT["storage"].delete("k"),
    "storage.deleteAll": lambda: KEPT["storage"].deleteAll(),
    "storage.getAlarm": lambda: KEPT["storage"].getAlarm(),
    "storage.sync": lambda: KEPT["storage"].sync(),
    "storage.transaction": lambda: KEPT["storage"].transaction(lambda txn: None),
    "storage.transactionSync": lambda: KEPT["storage"].transactionSync(lambda: None),
    "storage.getCurrentBookmark": lambda: KEPT["storage"].getCurrentBookmark(),
    "storage.kv": lambda: KEPT["storage"].kv.get("k"),
    "storage.sql": lambda: KEPT["storage"].sql.exec("SELECT 1 AS a").one(),
    "databaseSize": lambda: KEPT["storage"].sql.databaseSize,
    "abort": lambda: KEPT["ctx"].abort("from elsewhere"),
    "stub": lambda: KEPT["stub"].ping(),
    "stub.fetch": lambda: KEPT["stub"].fetch("http://x/"),
    "txn": lambda: KEPT["txn"].get("k"),
    "id": lambda: KEPT["ctx"].id.name,
    "env": lambda: KEPT["env"].SHELF.getByName("c").ping(),
    "method": lambda: KEPT["me"].ping(),
    "no argument": lambda: KEPT["storage"].get(),
}
KINDS = {"stub": "OutgoingFactory", "stub.fetch": "OutgoingFactory"}
HARMLESS = {"id": "a", "env": "pong", "method": "pong"}
REFUSED = [name for name in USES if name not in {*HARMLESS, "no argument", "txn"}]


@pytest.fixture
def shelf(durable):
    return durable.namespace(Shelf)


@pytest.fixture(autouse=True)
def _forget():
    yield
    KEPT.clear()


@pytest.mark.parametrize("name", REFUSED)
async def test_thing_of_another_object_is_refused(durable, shelf, name):
    """DO-9.10"""
    owner = shelf.get_by_name("a")
    await owner.keep()
    with pytest.raises(PlatformError) as caught:
        await shelf.get_by_name("b").use(name)
    assert caught.value.message == TEXT.format(KINDS.get(name, "ActorCacheInterface"))
    assert await owner.ping() == "pong"
    assert durable.stored(owner).kv == {}


@pytest.mark.parametrize("name", REFUSED)
async def test_thing_of_the_instance_before_is_refused(durable, shelf, name):
    """DO-9.10"""
    stub = shelf.get_by_name("a")
    await stub.keep()
    await durable.evict(stub)
    with pytest.raises(PlatformError) as caught:
        await stub.use(name)
    assert caught.value.message == TEXT.format(KINDS.get(name, "ActorCacheInterface"))


@pytest.mark.parametrize(("name", "result"), HARMLESS.items())
async def test_what_is_no_io_of_another_object_can_be_used(shelf, name, result):
    """DO-9.10"""
    await shelf.get_by_name("a").keep()
    assert await shelf.get_by_name("b").use(name) == result


async def test_arguments_are_checked_first(shelf):
    """DO-9.10"""
    await shelf.get_by_name("a").keep()
    with pytest.raises(PlatformError, match=r"^TypeError: Failed to execute 'get' on 'DurableObjectStorage'"):
        await shelf.get_by_name("b").use("no argument")


async def test_other_requests_of_the_same_object_can_use_them(shelf):
    """DO-9.10"""
    stub = shelf.get_by_name("a")
    await stub.keep()
    assert (await stub.use("storage.sql"), await stub.use("stub")) == ({"a": 1}, "pong")
    await stub.use_own()


async def test_running_transaction_of_another_object_is_refused(shelf):
    """DO-9.10"""
    with pytest.raises(PlatformError, match=r"^Cannot perform I/O on behalf of a different Durable Object\."):
        await shelf.get_by_name("a").keep_transaction("b")


async def test_section_asked_for_through_another_object_is_one_of_the_running_object(durable, shelf):
    """DO-9.10"""
    owner, user = shelf.get_by_name("a"), shelf.get_by_name("b")
    await owner.keep()
    assert await user.section() == ["section begins", "section ends", "own timer"]
    with pytest.raises(PlatformError, match="TypeError: of the section"):
        await user.failing_section()
    assert await owner.ping() == "pong"
    with pytest.raises(PlatformError, match="TypeError: of the section"):
        await user.ping()


async def test_background_work_handed_to_another_object_keeps_the_running_one(durable, shelf):
    """DO-9.10"""
    owner, user = shelf.get_by_name("a"), shelf.get_by_name("b")
    await owner.keep()
    await user.background()
    await durable.clock.advance(seconds=15)
    await durable.evict(user)  # it was busy
    with pytest.raises(PlatformError, match="it is not currently running"):
        await durable.evict(owner)


async def test_the_test_may_use_them(durable, shelf):
    """DO-9.10, of our own: code of the test belongs to no object."""
    await shelf.get_by_name("a").keep()
    await KEPT["storage"].put("k", 1)
    assert await KEPT["stub"].ping() == "pong"
    await durable.settle()
    assert durable.stored(shelf.get_by_name("a")).kv == {"k": 1}
