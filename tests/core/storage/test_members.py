"""What the platform finds in values that are taken for options. Every expectation was asked of the real binary."""

import pytest

from pytest_durable._core.storage import member
from pytest_durable.values import UNDEFINED, JSArray, JSBoxed, JSDate, JSError, JSMap, JSSet, JSTypedArray


def test_members_of_an_options_object_are_its_own():
    assert member({"a": 1}, "a") == 1
    assert member({}, "a") is UNDEFINED
    assert member(JSMap({"a": 1}), "a") is UNDEFINED


@pytest.mark.parametrize("options", [JSArray([1], {"a": 1}), JSError("Error", "", {"a": 1})])
def test_arrays_and_errors_may_have_members(options):
    # DO-4.3.T1.5
    assert (member(options, "a"), member(options, "b")) == (1, UNDEFINED)


@pytest.mark.parametrize("options", [[], [1], JSArray(), JSTypedArray("Uint8Array", b"")])
def test_each_array_has_a_method_reverse(options):
    # DO-4.3.T1.5
    assert member(options, "reverse") is True
    assert member(options, "limit") is UNDEFINED


def test_a_member_of_an_array_hides_the_method():
    # DO-4.3.T1.5
    assert member(JSArray([], {"reverse": False}), "reverse") is False


@pytest.mark.parametrize("options", [JSTypedArray("DataView", b""), JSBoxed("x"), JSSet([1]), b"x", JSDate(0)])
def test_other_objects_have_no_method_reverse(options):
    # DO-4.3.T1.5
    assert member(options, "reverse") is UNDEFINED
