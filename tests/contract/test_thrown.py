"""What callers catch of everything that can be thrown, on both hosts and by both rules: spec durable-objects 10.4."""

from typing import Any

import pytest

from contract.conftest import in_javascript
from contract.objects.thrown import Catcher, Thrower
from pytest_durable import App
from pytest_durable.values import JSMap

CLASSES = (Thrower, Catcher)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")

FROM_AFAR = ("remote", "durableObjectId")


@pytest.fixture(params=["2026-08-01", "2026-04-20"])
def compatibility_date(request: pytest.FixtureRequest) -> str:
    """On either side of 2026-04-21."""
    return str(request.param)


@pytest.fixture
def is_old(compatibility_date: str) -> bool:
    return compatibility_date < "2026-04-21"


@pytest.fixture
def durable_app(request: pytest.FixtureRequest, durable_backend: str, compatibility_date: str) -> App:
    if durable_backend == "workerd":
        classes = [in_javascript(cls, request.config.rootpath) for cls in CLASSES]
        return App(classes=classes, compatibility_date=compatibility_date)
    return App(classes=CLASSES, surface="neutral", compatibility_date=compatibility_date)


@pytest.fixture
def catcher(durable: Any) -> Any:
    return durable.namespace("CATCHER").get_by_name("a")


def caught(name: str, message: str, *flags: str, **own: object) -> dict[str, object]:
    return {"name": name, "message": message, "flags": list(flags or FROM_AFAR), "own": own}


def inner(name: str, message: str, **own: object) -> dict[str, object]:
    return {"name": name, "message": message, "own": own}


async def test_aggregate_error_and_cause_are_kept(catcher: Any, is_old: bool) -> None:
    # DO-10.4.T1.3
    errors = {} if is_old else {"errors": [inner("TypeError", "first"), 5]}
    assert await catcher.run("aggregate") == caught("AggregateError", "all failed", **errors)
    cause = {} if is_old else {"cause": inner("RangeError", "inner", cause=5)}
    assert await catcher.run("cause") == caught("Error", "outer", **cause)
    cause = {} if is_old else {"cause": {"a": 1}}
    assert await catcher.run("cause that is no error") == caught("Error", "outer", **cause)


async def test_dom_exception_keeps_its_name(catcher: Any) -> None:
    # DO-10.4.T1.4
    assert await catcher.run("DOMException") == caught("AbortError", "stopped")


async def test_class_of_the_language_is_kept_and_a_name_of_ones_own_becomes_part_of_the_message(
    catcher: Any, is_old: bool
) -> None:
    # DO-10.4.T1.2
    assert await catcher.run("evaluation") == caught("EvalError", "bad")
    expected = caught("Error", "MyErr: mine") if is_old else caught("MyErr", "mine")
    assert await catcher.run("own class") == expected


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("one", "1"),
        ("half", "1.5"),
        ("text", "s"),
        ("nothing", "null"),
        ("undefined", "undefined"),
        ("true", "true"),
    ],
)
async def test_primitive_that_is_thrown_becomes_the_message_of_an_error(catcher: Any, what: str, message: str) -> None:
    # DO-10.4.T1.5
    assert await catcher.run(what) == caught("Error", message)


@pytest.mark.parametrize(
    ("what", "copy", "name"),
    [
        ("object", {"a": 1}, "#<Object>"),
        ("list", [1, 2], "[object Array]"),
        ("map", JSMap({1: 2}), "#<Map>"),
    ],
)
async def test_object_that_is_thrown_is_caught_as_a_copy(
    catcher: Any, is_old: bool, what: str, copy: object, name: str
) -> None:
    # DO-10.4.T1.6
    expected = caught("Error", name) if is_old else {"thrown": copy, "flags": list(FROM_AFAR)}
    assert await catcher.run(what) == expected


async def test_own_properties_are_kept_if_all_of_them_can_be(catcher: Any, is_old: bool) -> None:
    # DO-10.4.T1.1
    own = {} if is_old else {"code": {"a": [1]}}
    assert await catcher.run("property of an object") == caught("TypeError", "bad", **own)
    assert await catcher.run("function as a property") == caught("TypeError", "bad")


async def test_flags_that_an_error_was_given_are_kept_and_by_the_older_rule_one_of_two(
    catcher: Any, is_old: bool
) -> None:
    # DO-10.4.T1.7
    assert await catcher.run("retryable") == caught("Error", "busy", "remote", "retryable", "durableObjectId")
    flags = ["overloaded"] if is_old else ["durableObjectReset", "retryable", "overloaded"]
    assert await catcher.run("all flags") == caught("Error", "busy", "remote", *flags, "durableObjectId")
    expected = caught("Error", "busy", "remote", "retryable", "durableObjectId")
    assert await catcher.run("flags and a function") == expected


async def test_stack_is_that_of_the_caller(catcher: Any) -> None:
    # DO-10.4.1
    assert await catcher.frames() == [False, True]
