"""Copies of values with parts that are sent by reference."""

from typing import Any

import pytest

from pytest_durable._core.storage import NotCloneable, cross, encoded_size
from pytest_durable._core.storage.values import HOLE, JSArray, JSError, JSMap


class Thing:
    """Has no copy."""


class StandIn:
    """Stands for a thing in the copy."""

    def __init__(self, thing: object) -> None:
        self.thing = thing


def test_copy_has_a_stand_in_for_each_thing() -> None:
    # DO-10.2.2
    things = [Thing(), Thing()]
    copy: Any = cross({"a": things[0], "b": [things[1], {"c": 1}]}, StandIn)
    assert [copy["a"].thing, copy["b"][0].thing] == things
    assert copy["b"][1] == {"c": 1}


def test_thing_that_occurs_twice_has_one_stand_in() -> None:
    # DO-10.2.2
    thing = Thing()
    copy: Any = cross([thing, [thing]], StandIn)
    assert copy[0] is copy[1][0]


def test_everything_else_is_copied_as_ever() -> None:
    # DO-10.2.1
    shared: dict[str, object] = {}
    shared["me"] = shared
    array = JSArray([1, 2])
    array.properties["p"] = Thing()
    copy: Any = cross([shared, shared, array, JSMap({"k": Thing()}), [1, HOLE], JSError("E", "m", {"p": 1})], StandIn)
    assert copy[0] is copy[1] is copy[0]["me"]
    assert copy[0] is not shared
    assert isinstance(copy[2].properties["p"], StandIn)
    assert isinstance(copy[3]["k"], StandIn)
    assert copy[4:] == [[1, HOLE], JSError("E", "m", {"p": 1})]


def test_thing_that_nothing_stands_for_is_refused() -> None:
    # DO-10.2.1
    def refuse(thing: object) -> object:
        raise NotCloneable.of(thing)

    with pytest.raises(NotCloneable, match="#<Thing> could not be cloned"):
        cross([1, Thing()], refuse)


def test_deep_values_can_be_copied() -> None:
    # DO-10.2.1
    value: list[Any] = [Thing()]
    for _ in range(2_000):
        value = [value]
    copy: Any = cross(value, StandIn)
    for _ in range(2_000):
        (copy,) = copy
    assert isinstance(copy[0], StandIn)


def test_reference_takes_two_bytes() -> None:
    # DO-10.2.3
    assert encoded_size([Thing()]) == encoded_size([]) + 2
