"""What the platform finds in values taken for options or entries. Every expectation was asked of the real binary."""

import pytest

from pytest_durable._core.storage import member, own_members
from pytest_durable.values import (
    UNDEFINED,
    JSArray,
    JSArrayBuffer,
    JSBigInt,
    JSBoxed,
    JSDate,
    JSError,
    JSMap,
    JSRegExp,
    JSSet,
    JSTypedArray,
)


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


@pytest.mark.parametrize(
    ("entries", "members"),
    [
        ({"a": 1, "b": UNDEFINED}, {"a": 1, "b": UNDEFINED}),
        (JSTypedArray("Uint8Array", b"ab"), {"0": 97, "1": 98}),
        (JSTypedArray("Int16Array", JSArrayBuffer(b"__ab"), 2), {"0": 25185}),
        (JSTypedArray("BigInt64Array", b"\xff" * 8), {"0": JSBigInt(-1)}),
        (JSBoxed("ab"), {"0": "a", "1": "b"}),
        (JSBoxed("\U0001f600"), {"0": "\ud83d", "1": "\ude00"}),
        (JSBoxed("\ud800"), {"0": "\ud800"}),
        (JSError("Error", "no", {"stack": "…", "cause": 1, "code": 2}), {"cause": 1, "code": 2}),
        (JSError("TypeError", "no"), {}),
        (JSError("OwnError", "no"), {"name": "OwnError"}),
    ],
)
def test_entries_are_the_own_members_of_any_object(entries, members):
    # DO-4.2.T1.4
    assert dict(own_members(entries)) == members


@pytest.mark.parametrize(
    "entries",
    [
        JSMap({"a": 1}),
        JSSet(["a"]),
        b"ab",
        JSTypedArray("DataView", b"ab"),
        JSBoxed(5),
        JSBoxed(True),
        JSDate(0),
        JSRegExp("a"),
        len,
    ],
    ids=repr,
)
def test_other_objects_have_no_members_to_store(entries):
    # DO-4.2.T1.4
    assert list(own_members(entries)) == []
