"""Bounds of list operations, computed on bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_durable._core.storage.key_range import KeyRange, ListOptions, key_bytes, key_range, key_text, prefix_end


def bounds(**options: object) -> tuple[bytes, bytes | None]:
    span = key_range(ListOptions(**options))
    return span.lower, span.upper


def test_no_options_mean_all_keys():
    # DO-4.3.T1.8
    assert bounds() == (b"", None)


def test_start_is_inclusive():
    # DO-4.3.T1.1
    assert bounds(start="b") == (b"b", None)


def test_start_after_starts_at_the_key_and_one_nul():
    # DO-4.3.T1.2
    assert bounds(start_after="b") == (b"b\0", None)


def test_end_is_exclusive():
    # DO-4.3.T1.3
    assert bounds(end="d") == (b"", b"d")


def test_prefix_ends_where_its_last_byte_is_one_greater():
    # DO-4.3.T1.4, DO-4.3.P
    assert bounds(prefix="ab") == (b"ab", b"ac")


def test_prefix_end_need_not_be_utf8():
    # DO-4.3.P
    assert bounds(prefix="a\x7f") == (b"a\x7f", b"a\x80")


def test_trailing_ff_bytes_are_dropped_before_adding_one():
    # No UTF-8 has FF; the rule is about bytes. DO-4.3.P
    assert [prefix_end(b"a\xff\xff"), prefix_end(b"\xff"), prefix_end(b"")] == [b"b", None, None]


def test_empty_prefix_restricts_nothing():
    # DO-4.3.T1.4
    assert bounds(prefix="") == (b"", None)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"prefix": "b", "start": "bb"}, (b"bb", b"c")),
        ({"prefix": "b", "start": "a"}, (b"b", b"c")),
        ({"prefix": "b", "end": "bb"}, (b"b", b"bb")),
        ({"prefix": "b", "end": "z"}, (b"b", b"c")),
        ({"prefix": "b", "start_after": "b"}, (b"b\0", b"c")),
    ],
)
def test_prefix_and_bounds_narrow_each_other(options, expected):
    # DO-4.3.T1.4
    assert bounds(**options) == expected


@pytest.mark.parametrize(
    "options",
    [
        {"start": "d", "end": "d"},
        {"start": "d", "end": "a"},
        {"prefix": "b", "start": "c"},
        {"prefix": "b", "end": "b"},
        {"prefix": "b", "end": "a"},
        {"start_after": "a", "end": "a"},
        {"end": ""},
    ],
)
def test_bounds_that_cross_give_nothing(options):
    # DO-4.3.T1.7, DO-4.3.T1.4
    assert key_range(ListOptions(**options)).is_empty


def test_open_range_is_not_empty():
    assert not KeyRange(lower=b"z").is_empty


def test_lone_surrogate_is_stored_as_three_bytes_and_read_as_three_replacements():
    # DO-3.3.2
    assert (key_bytes("\ud800"), key_text(b"\xed\xa0\x80")) == (b"\xed\xa0\x80", "\ufffd" * 3)


keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)


@given(key=keys, start=st.none() | keys, end=st.none() | keys, prefix=st.none() | keys)
def test_range_holds_exactly_the_keys_that_the_options_describe(key, start, end, prefix):
    span = key_range(ListOptions(start=start, end=end, prefix=prefix))
    raw = key.encode()
    described = (
        (start is None or raw >= start.encode())
        and (end is None or raw < end.encode())
        and (prefix is None or raw.startswith(prefix.encode()))
    )
    assert (span.lower <= raw and (span.upper is None or raw < span.upper)) == described
