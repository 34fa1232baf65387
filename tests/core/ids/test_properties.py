"""What ids and stubs show, and which name an object is told (DO-2.3)."""

from typing import Any

import pytest

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage.values import UNDEFINED
from pytest_durable._surfaces.neutral import NeutralObject

pytestmark = pytest.mark.durable(storage="memory")


class Box(NeutralObject):
    async def told(self) -> object:
        return self.ctx.id.name

    async def hex(self) -> str:
        return str(self.ctx.id)

    async def arm(self, time: int) -> None:
        await self.ctx.storage.setAlarm(time)

    async def seen(self) -> object:
        return await self.ctx.storage.get("seen")

    async def alarm(self) -> None:
        self.ctx.storage.kv.put("seen", self.ctx.id.name)


@pytest.fixture
def boxes(durable: Any) -> Any:
    """The binding as user code sees it."""
    durable.namespace(Box)
    return durable.env.BOX


def test_name_of_an_id_is_undefined_if_it_was_made_without(boxes: Any) -> None:
    """DO-2.3.1"""
    named = boxes.idFromName("a")
    assert named.name == "a"
    assert boxes.newUniqueId().name is UNDEFINED
    assert boxes.idFromString(str(named)).name is UNDEFINED


def test_jurisdiction_of_an_id_is_undefined(boxes: Any) -> None:
    """DO-2.3.1"""
    assert boxes.idFromName("a").jurisdiction is UNDEFINED


def test_equals_compares_identity_and_ignores_the_name(boxes: Any) -> None:
    """DO-2.3.2"""
    named = boxes.idFromName("a")
    assert named.equals(boxes.idFromString(str(named)))
    assert not named.equals(boxes.idFromName("b"))


@pytest.mark.parametrize("other", [None, "a", {}, UNDEFINED])
def test_equals_wants_an_id(boxes: Any, other: object) -> None:
    """DO-2.3.2"""
    with pytest.raises(PlatformError) as caught:
        boxes.idFromName("a").equals(other)
    assert caught.value.name == "TypeError"


def test_text_of_an_id_is_its_hex_form(boxes: Any) -> None:
    """DO-2.3.3"""
    made = boxes.idFromName("a")
    assert len(str(made)) == 64
    assert str(made) == made.toString() == str(made).lower()


def test_json_of_an_id_shows_the_name_only(boxes: Any) -> None:
    """DO-2.3.3"""
    assert boxes.idFromName("a").json_members() == {"name": "a"}
    assert boxes.newUniqueId().json_members() == {}


def test_stub_shows_id_and_name(boxes: Any) -> None:
    """DO-2.3.4"""
    made = boxes.idFromName("a")
    assert boxes.get(made).id.equals(made)
    assert boxes.get(made).name == "a"
    assert boxes.get(boxes.newUniqueId()).name is UNDEFINED


async def test_object_sees_an_equal_id_with_the_name(boxes: Any) -> None:
    """DO-2.3.5"""
    assert await boxes.getByName("a").hex() == str(boxes.idFromName("a"))
    assert await boxes.getByName("a").told() == "a"


async def test_object_of_a_unique_id_has_no_name(boxes: Any) -> None:
    """DO-2.3.5"""
    assert await boxes.get(boxes.newUniqueId()).told() is UNDEFINED


async def test_object_reached_without_a_name_first_stays_nameless(boxes: Any) -> None:
    """DO-2.3.5"""
    nameless = boxes.get(boxes.idFromString(str(boxes.idFromName("a"))))
    assert await nameless.told() is UNDEFINED
    assert await boxes.getByName("a").told() is UNDEFINED


async def test_object_reached_by_name_first_keeps_the_name(boxes: Any) -> None:
    """DO-2.3.5"""
    assert await boxes.getByName("a").told() == "a"
    nameless = boxes.get(boxes.idFromString(str(boxes.idFromName("a"))))
    assert await nameless.told() == "a"


async def test_name_of_an_object_outlives_the_eviction_of_its_instance(durable: Any, boxes: Any) -> None:
    """DO-2.3.5: the name belongs to the container, which stays for a while after the instance has gone."""
    hex_digits = str(boxes.idFromName("a"))
    await boxes.get(boxes.idFromString(hex_digits)).told()
    await durable.clock.advance(seconds=30)
    assert await boxes.getByName("a").told() is UNDEFINED


async def test_name_of_an_object_goes_with_its_container(durable: Any, boxes: Any) -> None:
    """DO-2.3.5: after 70 idle seconds, looked at every 70 seconds, the next caller's name counts."""
    hex_digits = str(boxes.idFromName("a"))
    await boxes.get(boxes.idFromString(hex_digits)).told()
    await durable.clock.advance(seconds=150)
    assert await boxes.getByName("a").told() == "a"


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [("x" * 1024, True), ("x" * 1025, False), ("é" * 512, True), ("é" * 513, False)],
    ids=["1024 bytes", "1025 bytes", "512 characters of two bytes", "513 characters of two bytes"],
)
async def test_object_is_not_told_names_beyond_1024_bytes(boxes: Any, name: str, is_kept: bool) -> None:
    """DO-2.3.6"""
    assert await boxes.getByName(name).told() == (name if is_kept else UNDEFINED)
    assert boxes.idFromName(name).name == name


@pytest.mark.durable(storage="disk")
async def test_alarm_tells_a_cold_object_its_name(durable: Any, boxes: Any) -> None:
    """DO-2.3.7: the row of the alarm holds the name, so it is known even in the next life."""
    await boxes.getByName("a").arm(durable.clock.time_ms() + 60_000)
    await durable.restart()
    await durable.clock.advance(minutes=1)
    assert durable.stored(durable.namespace(Box).get_by_name("a")).kv == {"seen": "a"}


@pytest.mark.durable(storage="disk")
async def test_alarm_of_an_object_that_was_never_named_has_no_name(durable: Any, boxes: Any) -> None:
    """DO-2.3.7"""
    made = boxes.newUniqueId()
    await boxes.get(made).arm(durable.clock.time_ms() + 60_000)
    await durable.restart()
    await durable.clock.advance(minutes=1)
    stub = durable.namespace(Box).get(durable.namespace(Box).id_from_string(str(made)))
    assert durable.stored(stub).kv == {"seen": UNDEFINED}
