"""What belongs to one object in the hands of another, asked of both hosts: spec durable-objects 9.10."""

from typing import Any

import pytest

from contract.objects.foreign import Shelf
from pytest_durable import PlatformError

CLASSES = (Shelf,)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")

TEXT = (
    "Cannot perform I/O on behalf of a different Durable Object. I/O objects (such as streams, request/response "
    "bodies, and others) created in the context of one Durable Object cannot be accessed from a different Durable "
    "Object in the same isolate. This is a limitation of Cloudflare Workers which allows us to improve overall "
    "performance. "
)
OF_STORAGE = ("get", "put", "transactionSync", "getCurrentBookmark", "kv", "sql", "databaseSize", "abort")


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, "ActorCacheInterface") for name in OF_STORAGE]
    + [("stub", "OutgoingFactory"), ("fetch", "OutgoingFactory")]
    + [("facet", "OutgoingFactory"), ("facets", "FacetManager"), ("facet delete", "FacetManager")],
)
async def test_thing_of_another_object_is_refused(fresh: Any, name: str, kind: str) -> None:
    # DO-9.10
    await fresh("a").keep()
    for stub in (fresh("b"), fresh("c")):
        with pytest.raises(PlatformError) as caught:
            await stub.use(name)
        assert (caught.value.name, caught.value.message) == ("Error", f"{TEXT}(I/O type: {kind})")
    assert await fresh("a").ping() == "pong"


@pytest.mark.parametrize("name", ["get", "sql", "stub"])
async def test_thing_of_the_instance_before_is_refused(durable: Any, fresh: Any, name: str) -> None:
    # DO-9.10
    stub = fresh("a")
    await stub.keep()
    await durable.evict(stub)
    with pytest.raises(PlatformError, match=r"^Cannot perform I/O on behalf of a different Durable Object\."):
        await stub.use(name)


@pytest.mark.parametrize(("name", "result"), [("id", "a"), ("env", "pong")])
async def test_what_is_no_io_of_another_object_can_be_used(fresh: Any, name: str, result: str) -> None:
    # DO-9.10
    await fresh("a").keep()
    assert await fresh("b").use(name) == result


async def test_arguments_are_checked_first(fresh: Any) -> None:
    # DO-9.10
    await fresh("a").keep()
    with pytest.raises(PlatformError, match=r"^TypeError: Failed to execute 'get' on 'DurableObjectStorage'"):
        await fresh("b").use("no argument")


async def test_section_asked_for_through_another_object_is_one_of_the_running_object(fresh: Any) -> None:
    # DO-9.10
    await fresh("a").keep()
    assert await fresh("b").section() == ["section begins", "section ends", "own timer"]
