"""What user code can ask of a namespace binding (DO-2.2)."""

from typing import Any

import pytest

from pytest_durable import App, Host
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage.values import UNDEFINED
from pytest_durable._surfaces.neutral import NeutralObject

pytestmark = pytest.mark.durable(storage="memory")


class Box(NeutralObject):
    async def whoami(self) -> str:
        return str(self.ctx.id)


class Other(NeutralObject):
    async def whoami(self) -> str:
        return str(self.ctx.id)


@pytest.fixture
def boxes(durable: Any) -> Any:
    """The binding as user code sees it."""
    durable.namespace(Box)
    return durable.env.BOX


def refusal(call: Any) -> tuple[str, str]:
    with pytest.raises(PlatformError) as caught:
        call()
    return caught.value.name, caught.value.message


def test_id_from_name_has_the_name(boxes: Any) -> None:
    """DO-2.2.T1.1"""
    assert boxes.idFromName("a").name == "a"


@pytest.mark.parametrize(("name", "expected"), [(5, "5"), (None, "null"), (True, "true"), (UNDEFINED, "undefined")])
def test_id_from_name_takes_the_text_of_its_argument(boxes: Any, name: object, expected: str) -> None:
    """DO-2.2.T1.1"""
    assert boxes.idFromName(name).name == expected
    assert boxes.idFromName(name).equals(boxes.idFromName(expected))


def test_name_of_an_id_can_be_empty(boxes: Any) -> None:
    """DO-2.2.T1.1"""
    assert boxes.idFromName("").name == ""


def test_id_from_name_without_a_name_is_a_type_error(boxes: Any) -> None:
    """DO-2.2.T1.1"""
    assert refusal(boxes.idFromName)[0] == "TypeError"


def test_id_from_string_has_no_name(boxes: Any) -> None:
    """DO-2.2.T1.2"""
    named = boxes.idFromName("a")
    read = boxes.idFromString(str(named))
    assert read.equals(named)
    assert read.name is UNDEFINED


def test_id_from_string_accepts_upper_case_digits(boxes: Any) -> None:
    """DO-2.2.T1.2"""
    named = boxes.idFromName("a")
    assert boxes.idFromString(str(named).upper()).equals(named)


@pytest.mark.parametrize("text", ["", "a", "0" * 63, "0" * 65, "g" * 64, "0" * 63 + "\n", "٠" * 64])
def test_id_from_string_wants_64_hex_digits(boxes: Any, text: str) -> None:
    """DO-2.2.T1.2"""
    expected = ("TypeError", "Invalid Durable Object ID: must be 64 hex digits")
    assert refusal(lambda: boxes.idFromString(text)) == expected


def test_id_from_string_refuses_ids_that_fail_the_check(boxes: Any) -> None:
    """DO-2.2.T1.2"""
    expected = ("TypeError", "Durable Object ID is not valid for this namespace.")
    assert refusal(lambda: boxes.idFromString("0" * 64)) == expected


def test_id_from_string_refuses_ids_of_other_namespaces(durable: Any, boxes: Any) -> None:
    """DO-2.2.T1.2"""
    durable.namespace(Other)
    foreign = str(durable.env.OTHER.idFromName("a"))
    expected = ("TypeError", "Durable Object ID is not valid for this namespace.")
    assert refusal(lambda: boxes.idFromString(foreign)) == expected


@pytest.mark.parametrize("options", [[], [None], [UNDEFINED], [{}], [{"jurisdiction": None}]])
def test_new_unique_id_has_no_name(boxes: Any, options: list[object]) -> None:
    """DO-2.2.T1.3"""
    made = boxes.newUniqueId(*options)
    assert made.name is UNDEFINED
    assert boxes.idFromString(str(made)).equals(made)


def test_new_unique_ids_differ(boxes: Any) -> None:
    """DO-2.2.T1.3"""
    assert len({str(boxes.newUniqueId()) for _ in range(100)}) == 100


def test_new_unique_ids_follow_from_the_seed() -> None:
    def drawn(seed: int) -> list[str]:
        host = Host(app=App(surface="neutral"), storage="memory", seed=seed)
        try:
            boxes = host.namespace(Box)
            return [str(boxes.new_unique_id()), str(host.env.BOX.newUniqueId())]  # type: ignore[attr-defined]
        finally:
            host.close()

    assert drawn(1) == drawn(1)
    assert set(drawn(1)).isdisjoint(drawn(2))


def test_new_unique_id_refuses_jurisdictions(boxes: Any) -> None:
    """DO-2.2.T1.3"""
    expected = ("Error", "Jurisdiction restrictions are not implemented in workerd.")
    assert refusal(lambda: boxes.newUniqueId({"jurisdiction": "eu"})) == expected


@pytest.mark.parametrize("arguments", [[], [None], [UNDEFINED]])
def test_jurisdiction_of_nothing_is_the_namespace_itself(boxes: Any, arguments: list[object]) -> None:
    """DO-2.2.T1.4"""
    assert boxes.jurisdiction(*arguments).idFromName("a").equals(boxes.idFromName("a"))


def test_jurisdictions_are_refused(boxes: Any) -> None:
    """DO-2.2.T1.4"""
    expected = ("Error", "Jurisdiction restrictions are not implemented in workerd.")
    assert refusal(lambda: boxes.jurisdiction("eu")) == expected


def test_get_creates_nothing(durable: Any, boxes: Any) -> None:
    """DO-2.2.T1.5"""
    boxes.get(boxes.idFromName("a"))
    assert durable.namespace(Box).list_ids() == []


@pytest.mark.parametrize("argument", ["text", 5, None, {}])
def test_get_wants_an_id(boxes: Any, argument: object) -> None:
    """DO-2.2.T1.5"""
    expected = "Failed to execute 'get' on 'DurableObjectNamespace': parameter 1 is not of type 'DurableObjectId'."
    assert refusal(lambda: boxes.get(argument)) == ("TypeError", expected)


def test_get_knows_one_routing_mode(boxes: Any) -> None:
    """DO-2.2.T1.5"""
    boxes.get(boxes.idFromName("a"), {"routingMode": "primary-only"})
    expected = ("RangeError", "unknown routingMode: nearest")
    assert refusal(lambda: boxes.get(boxes.idFromName("a"), {"routingMode": "nearest"})) == expected


async def test_get_ignores_location_hints(boxes: Any) -> None:
    """DO-2.2.T1.5"""
    stub = boxes.get(boxes.idFromName("a"), {"locationHint": "the moon"})
    assert await stub.whoami() == str(boxes.idFromName("a"))


async def test_get_by_name_gets_the_id_of_the_name(boxes: Any) -> None:
    """DO-2.2.T1.6"""
    stub = boxes.getByName("a", {"locationHint": "weur"})
    assert await stub.whoami() == str(boxes.idFromName("a"))


def test_get_by_name_checks_its_options(boxes: Any) -> None:
    """DO-2.2.T1.6"""
    expected = ("RangeError", "unknown routingMode: nearest")
    assert refusal(lambda: boxes.getByName("a", {"routingMode": "nearest"})) == expected


def test_get_existing_needs_its_flag(boxes: Any) -> None:
    """DO-2.2.T1.7"""
    assert not hasattr(boxes, "getExisting")


@pytest.mark.durable(storage="disk")
async def test_get_does_not_check_that_the_id_is_of_the_namespace(durable: Any, boxes: Any) -> None:
    """DO-2.2.1"""
    durable.namespace(Other)
    foreign = durable.env.OTHER.idFromName("a")
    assert await boxes.get(foreign).whoami() == str(foreign)
    assert durable.namespace(Box).list_ids() == [str(foreign)]
    assert durable.namespace(Other).list_ids() == []
