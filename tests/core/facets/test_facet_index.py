"""The file that gives facets their numbers, byte by byte (DO-1.7.2 to 1.7.4)."""

import struct

import pytest

from pytest_durable._core.storage.facet_index import (
    MAGIC,
    NUMBER_MAX,
    FacetIndex,
    IndexFullError,
    NotAnIndexError,
    parse,
)


def entry(parent: int, name: bytes, length: int | None = None) -> bytes:
    return struct.pack("<HH", parent, len(name) if length is None else length) + name


def grown(index: FacetIndex, content: bytes, *facets: tuple[int, bytes]) -> bytes:
    """Give facets numbers, as the one who owns the file does; the file's content afterwards."""
    for parent, name in facets:
        content += index.entry(parent, name)
        index.add(parent, name)
    return content


def test_file_begins_with_eight_bytes_of_its_own():
    # DO-1.7.3
    assert struct.pack("<Q", 0xC4CDCE5BC5B0EF57) == MAGIC


def test_entry_is_parent_length_and_name():
    # DO-1.7.3
    index = FacetIndex([(0, b"a")])
    assert index.entry(1, "ü".encode()) == b"\x01\x00\x02\x00\xc3\xbc"


def test_facets_are_numbered_in_the_order_of_first_use_over_the_whole_tree():
    # DO-1.7.2; basic functionality
    index = FacetIndex()
    facets = [(0, b"facet1"), (0, b"facet2"), (1, b"child1"), (1, b"child2"), (2, b"child1")]
    assert [index.add(*facet) for facet in facets] == [1, 2, 3, 4, 5]
    assert [index.find(*facet) for facet in facets] == [1, 2, 3, 4, 5]
    assert index.children(0) == [(1, b"facet1"), (2, b"facet2")]
    assert index.children(1) == [(3, b"child1"), (4, b"child2")]
    assert index.children(2) == [(5, b"child1")]
    assert index.children(3) == []


def test_index_that_was_written_is_read_and_goes_on():
    # DO-1.7.2; basic functionality, persistence
    content = grown(FacetIndex(), MAGIC, (0, b"facet1"), (0, b"facet2"), (1, b"child1"))
    index, end = parse(content)
    assert end == len(content)
    assert [index.find(0, b"facet1"), index.find(0, b"facet2"), index.find(1, b"child1")] == [1, 2, 3]
    content = grown(index, content, (3, b"grandchild1"), (3, b"grandchild2"))
    index, end = parse(content)
    assert end == len(content)
    assert index.children(3) == [(4, b"grandchild1"), (5, b"grandchild2")]
    assert len(index) == 5


def test_tree_has_many_levels():
    # DO-1.7.2; tree structure
    index = FacetIndex()
    tree = [
        (0, b"r1"),
        (0, b"r2"),
        (1, b"l11"),
        (1, b"l12"),
        (2, b"l13"),
        (3, b"l21"),
        (3, b"l22"),
        (4, b"l23"),
        (6, b"x"),
    ]
    content = grown(index, MAGIC, *tree)
    assert [parse(content)[0].find(*facet) for facet in tree] == list(range(1, 10))


def test_children_come_in_the_order_of_their_names():
    index = FacetIndex([(0, b"b"), (0, b"\xc3\xa4"), (0, b"a"), (0, b"aa")])
    assert index.children(0) == [(3, b"a"), (4, b"aa"), (1, b"b"), (2, b"\xc3\xa4")]


def test_one_name_below_two_parents_is_two_facets():
    # DO-1.7.2; error handling
    index = FacetIndex([(0, b"a"), (0, b"b"), (1, b"same"), (2, b"same")])
    assert (index.find(1, b"same"), index.find(2, b"same")) == (3, 4)


def test_facet_without_a_name_has_no_number():
    # DO-1.7.9; error handling
    with pytest.raises(ValueError, match="1 to 65535 bytes, not 0"):
        FacetIndex().entry(0, b"")


def test_facet_of_an_unknown_parent_has_no_number():
    # error handling
    with pytest.raises(ValueError, match="no facet has the number 999"):
        FacetIndex([(0, b"a")]).entry(999, b"child")


def test_number_65535_is_the_last():
    # DO-1.7.3
    index = FacetIndex((0, b"%d" % number) for number in range(NUMBER_MAX - 1))
    assert index.add(0, b"last") == 65535
    with pytest.raises(IndexFullError):
        index.entry(0, b"one more")


@pytest.mark.parametrize("size", range(len(MAGIC) + 1))
def test_file_of_at_most_eight_bytes_is_begun_anew(size):
    # DO-1.7.4
    index, end = parse(b"anything"[:size])
    assert (len(index), end) == (0, 0)


def test_other_beginning_is_refused():
    # DO-1.7.4
    with pytest.raises(NotAnIndexError, match="does not begin like an index"):
        parse(b"SQLite format 3\0")


def test_more_facets_than_numbers_are_refused():
    # DO-1.7.3 DO-1.7.4
    entries = b"".join(entry(0, b"%d" % number) for number in range(NUMBER_MAX))
    assert len(parse(MAGIC + entries)[0]) == NUMBER_MAX
    with pytest.raises(NotAnIndexError, match="more than 65535"):
        parse(MAGIC + entries + entry(0, b"one more"))


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param(entry(0, b""), id="no name"),
        pytest.param(entry(0, b"entry", 65000), id="beyond the end"),
        pytest.param(entry(2, b"child"), id="parent that does not exist yet"),
        pytest.param(entry(999, b"corrupt"), id="parent that does not exist"),
        pytest.param(entry(0, b"valid"), id="the same again"),
    ],
)
def test_reading_stops_at_the_first_entry_that_makes_no_sense(tail):
    # DO-1.7.4; corruption handling
    whole = MAGIC + entry(0, b"valid")
    index, end = parse(whole + tail + entry(0, b"ignored"))
    assert end == len(whole)
    assert len(index) == 1
    assert index.find(0, b"ignored") is None


def test_half_a_header_at_the_end_is_no_entry():
    # DO-1.7.4; truncated files
    whole = MAGIC + entry(0, b"valid")
    index, end = parse(whole + b"\x00\x00\x05")
    assert (len(index), end) == (1, len(whole))


def test_entry_cut_short_leaves_its_number_to_the_next():
    # DO-1.7.4; truncated files
    content = grown(FacetIndex(), MAGIC, (0, b"entry1"), (0, b"entry2"), (0, b"entry3"))
    index, end = parse(content[:-1])
    content = grown(index, content[:end], (0, b"replacement"))
    index, end = parse(content)
    assert index.add(0, b"another") == 4
    assert [index.find(0, name) for name in (b"entry1", b"entry2", b"entry3", b"replacement")] == [1, 2, None, 3]
