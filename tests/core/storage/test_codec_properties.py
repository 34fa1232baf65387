"""What holds for every value and for every sequence of bytes."""

from contextlib import suppress

import v8serialize
from hypothesis import example, given, settings
from hypothesis import strategies as st
from v8serialize import jstypes

from pytest_durable._core.storage.codec import UndecodableError, decode, encode
from pytest_durable.values import JSMap, JSSet
from support.stored_values import SMALL, graphs
from support.value_description import describe


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_a_value_comes_back_with_its_types_and_identities(value: object) -> None:
    assert describe(decode(encode(value))) == describe(value)


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_a_value_that_was_read_is_written_as_the_same_bytes(value: object) -> None:
    blob = encode(decode(encode(value)))
    assert encode(decode(blob)) == blob


def _only_fails_as_agreed(blob: bytes) -> None:
    """Any other exception than the agreed one fails the test by itself."""
    with suppress(UndecodableError):
        decode(blob)


@settings(max_examples=500, deadline=None)
@given(graphs(), st.data())
def test_damaged_bytes_are_read_or_refused_but_never_anything_else(value: object, data: st.DataObject) -> None:
    blob = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(2, max(2, len(blob) - 1)))
        match data.draw(st.sampled_from(["set", "cut", "insert"])):
            case "set":
                blob[at : at + 1] = bytes([data.draw(st.integers(0, 255))])
            case "cut":
                del blob[at : at + data.draw(st.integers(1, 4))]
            case "insert":
                blob[at:at] = data.draw(st.binary(max_size=3))
    _only_fails_as_agreed(bytes(blob))


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=40), st.sampled_from([b"", b"\xff\x0f", b"\xff\x0d", b"\xff"]))
@example(b"", b"")
@example(b"\x80" * 12, b"\xff")
@example(b"a\xff\xff\xff\xff\x0f@\x00\xff\xff\xff\xff\x0f", b"\xff\x0f")  # 4 billion holes
@example(b"B\xff\xff\xff\xff\x0f", b"\xff\x0f")
@example(b"Z\xfe\xff\xff\xff\x0f", b"\xff\x0f")
@example(b"?\x00" * 5000, b"\xff\x0f")
@example(b"\x00" * 5000, b"\xff\x0f")
def test_any_bytes_are_read_or_refused_but_never_anything_else(body: bytes, header: bytes) -> None:
    _only_fails_as_agreed(header + body)


# v8serialize as a second reader. Left out is where it differs from V8: it refuses lone surrogates and resizable
# buffers, reads integral doubles as float, dates as naive local time, and takes arrays for mappings of indices.

_PLAIN_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_SECOND_OPINION = st.recursive(
    st.none() | st.booleans() | SMALL | st.floats(allow_nan=False).filter(lambda n: not n.is_integer()) | _PLAIN_TEXT,
    lambda items: (
        st.lists(items, max_size=4)
        | st.dictionaries(_PLAIN_TEXT, items, max_size=4)
        | st.lists(st.tuples(_PLAIN_TEXT, items), max_size=3).map(JSMap)
        | st.lists(_PLAIN_TEXT, max_size=3).map(JSSet)
    ),
    max_leaves=12,
)


def _ours(value: object) -> object:
    match value:
        case jstypes.JSArray():
            return [_ours(item) for item in value.array]
        case jstypes.JSObject():
            return {str(key): _ours(item) for key, item in value.items()}
        case jstypes.JSMap():
            return JSMap([(key, _ours(item)) for key, item in value.items()])
        case jstypes.JSSet():
            return JSSet(value)
    return value


@settings(max_examples=150, deadline=None)
@given(_SECOND_OPINION)
def test_v8serialize_reads_what_we_write(value: object) -> None:
    assert describe(_ours(v8serialize.loads(encode(value)))) == describe(value)
