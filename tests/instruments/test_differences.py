from unittest.mock import ANY

import pytest

from pytest_durable._instruments.differences import ABSENT, Difference, differences, shown
from pytest_durable.values import UNDEFINED, JSArray, JSMap, JSSet


def found(expected, actual, *, exact=False):
    return list(differences(expected, actual, "kv", exact=exact))


def test_equal_values_do_not_differ():
    assert found({"n": 1, "deep": {"list": [1, 2]}}, {"n": 1, "deep": {"list": [1, 2]}}) == []


def test_keys_beyond_the_expected_ones_are_allowed():
    assert found({"n": 1}, {"n": 1, "m": 2}) == []


def test_keys_beyond_the_expected_ones_differ_if_it_is_to_be_exact():
    assert found({"n": 1}, {"n": 1, "m": 2}, exact=True) == [Difference('kv["m"]', ABSENT, 2)]


def test_a_missing_key_differs():
    assert found({"n": 1}, {}) == [Difference('kv["n"]', 1, ABSENT)]


def test_only_the_part_of_a_mapping_that_differs_is_named():
    expected, actual = {"user": {"name": "Bo", "age": 7}}, {"user": {"name": "Al", "age": 7}}

    assert found(expected, actual) == [Difference('kv["user"]["name"]', "Bo", "Al")]


def test_deeper_down_further_keys_differ():
    assert found({"user": {"age": 7}}, {"user": {"age": 7, "name": "Al"}}) == [
        Difference('kv["user"]["name"]', ABSENT, "Al")
    ]


def test_only_the_elements_of_a_list_that_differ_are_named():
    assert found({"list": [1, 2, 3]}, {"list": [1, 5]}) == [
        Difference('kv["list"][1]', 2, 5),
        Difference('kv["list"][2]', 3, ABSENT),
    ]


def test_the_inside_of_a_stored_map_is_entered():
    assert found({"map": {1: "a"}}, {"map": JSMap({1: "b"})}) == [Difference('kv["map"][1]', "a", "b")]


def test_sets_are_compared_as_a_whole():
    assert found({"set": {1, 2}}, {"set": JSSet([1, 3])}) == [Difference('kv["set"]', {1, 2}, JSSet([1, 3]))]


def test_a_matcher_decides_at_any_depth():
    assert found({"id": ANY, "list": [{"at": ANY}]}, {"id": "x", "list": [{"at": 5}]}) == []


def test_a_matcher_that_does_not_match_is_named_alone():
    approximately = pytest.approx(1.0)

    assert found({"pair": [approximately, 2]}, {"pair": [1.5, 2]}) == [Difference('kv["pair"][0]', approximately, 1.5)]


def test_none_is_not_undefined():
    assert found({"n": None}, {"n": UNDEFINED}) == [Difference('kv["n"]', None, UNDEFINED)]


def test_containers_whose_parts_are_equal_differ_as_a_whole():
    # An array with a property of its own is not equal to a list with the same elements.
    array = JSArray([1])
    array.properties["name"] = "x"

    assert [each.path for each in found({"list": [1]}, {"list": array})] == ['kv["list"]']


def test_a_text_is_shown_in_double_quotes():
    assert shown("a") == '"a"'


def test_a_text_with_special_characters_is_shown_as_python_writes_it():
    assert shown('a"\n') == "'a\"\\n'"


def test_a_long_value_is_cut_in_the_middle():
    text = shown("x" * 500)

    assert (len(text), text[:3], text[-3:], "..." in text) == (199, '"xx', 'xx"', True)


def test_a_value_that_cannot_be_shown_says_so():
    class Unshowable:
        def __repr__(self):
            raise RecursionError

    assert shown(Unshowable()) == "<Unshowable that cannot be shown: RecursionError>"
