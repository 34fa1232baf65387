"""Reading beyond the golden vectors: other versions, rare tags, identity, refusals, depth, types of a surface.

What is said here of the platform was tried: the blob was put into a database of the real binary and read through
``get``.
"""

import sys
from math import nan
from typing import Any

import pytest

from pytest_durable._core.storage.codec import PLAIN, DecodedTypes, UndecodableError, decode, encode
from pytest_durable._core.storage.codec.wire import DEPTH_MAX
from pytest_durable.values import (
    HOLE,
    JSArray,
    JSArrayBuffer,
    JSBigInt,
    JSBoxed,
    JSDate,
    JSError,
    JSMap,
    JSSet,
    JSTypedArray,
)
from support.value_description import describe


def _decode(blob: str) -> Any:
    return decode(bytes.fromhex(blob))


@pytest.mark.parametrize("blob", ["2203616263", "ff0d2203616263", "ff0e2203616263", "ff0f2203616263", "ff102203616263"])
def test_versions_13_to_16_are_read_and_a_missing_header_means_13(blob: str) -> None:
    # DO-3.6.2
    assert _decode(blob) == "abc"


@pytest.mark.parametrize("version", ["09", "0a", "0b", "0c", "11", "7f", "8f01"])
def test_other_versions_fail(version: str) -> None:
    # DO-3.6.2
    with pytest.raises(UndecodableError, match="format version"):
        _decode(f"ff{version}2203616263")


def test_bytes_after_the_value_are_ignored() -> None:
    # DO-3.6.2
    assert _decode("ff0f2203616263999999") == "abc"


@pytest.mark.parametrize("blob", [b"", b"\xff", b"\xff\x0f"])
def test_an_empty_blob_fails(blob: bytes) -> None:
    # DO-3.7, DO-3.3.3
    with pytest.raises(UndecodableError, match="ends before the value does"):
        decode(blob)


def test_null_in_place_of_a_blob_fails() -> None:
    # DO-3.7, DO-3.3.3
    with pytest.raises(UndecodableError, match="expected bytes, found NoneType"):
        decode(None)  # type: ignore[arg-type]


def test_the_error_tells_reason_and_offset() -> None:
    with pytest.raises(UndecodableError) as caught:
        _decode("ff0f41012640")
    assert str(caught.value) == "The value cannot be decoded: '&' (0x26) is no tag of a value (byte 4)."
    assert (caught.value.reason, caught.value.offset) == ("'&' (0x26) is no tag of a value", 4)


READ_ONLY = [
    ("ff0f00002203616263", "abc", "padding before any tag"),
    ("ff0f3f054902", 1, "an object count"),
    ("ff0f55ffffffff0f", 2**32 - 1, "an unsigned integer"),
    ("ff0f55ffffffffffff", 2**32 - 1, "a varint that is too long"),
    ("ff0f49808080808080808001", 0, "a varint that is too long"),
    ("ff0f49ffffffff8000", -(2**27), "a varint cut after five bytes"),
    ("ff0f7e00ffffffffff0a", JSArrayBuffer(b"", 377957122047), "a size of more than 32 bits"),
    ("ff0f5303ff4141", "\ufffdAA", "UTF-8, with a wrong byte"),
    ("ff0f4e000000000000f8ff", nan, "a NaN with a sign"),
    ("ff0f5a0205", JSBigInt(5), "a BigInt with a digit of one byte"),
    ("ff0f5a11" + "00" * 8, JSBigInt(0), "a BigInt minus zero with digits"),
    ("ff0f443333333333331f40", PLAIN.make_date(7), "a Date with parts of a millisecond"),
    ("ff0f440010dcc208b23e43", JSDate(nan), "a Date out of range"),
    ("ff0f440000000000000080", PLAIN.make_date(0), "a Date of minus zero"),
    ("ff0f6f4e000000000000f83f49027b01", {"1.5": 1}, "a fractional key"),
    ("ff0f6f490149027b01", {"-1": 1}, "a negative key"),
    ("ff0f3b49024902490249043a04", JSMap([(1, 2)]), "a key twice in a Map"),
    ("ff0f27490249022c02", JSSet([1]), "an element twice in a Set"),
    ("ff0f41032d49022d240003", [HOLE, 1, HOLE], "holes in a dense array"),
    ("ff0f410200490200490424000 2".replace(" ", ""), [1, 2], "padding in an array"),
    ("ff0f610249144902400102", [HOLE] * 10 + [1], "an array that grows beyond its length"),
    ("ff0f6e000000000000f8ff", JSBoxed(nan), "a boxed NaN with a sign"),
    ("ff0d4203010203564200 03".replace(" ", ""), JSTypedArray("Uint8Array", b"\1\2\3"), "a view of version 13"),
    (
        "ff0d410242030102035642000300302400 02".replace(" ", ""),
        [JSTypedArray("Uint8Array", b"\1\2\3"), None],
        "its fault",
    ),
    ("ff0f72546d220161732201532e", JSError("TypeError", "a", {"stack": "S"}), "V8's own form of errors"),
    ("ff0f722e", JSError("Error", "", {}), "an error with nothing"),
    (
        "ff0f726d220161732201 5363490a2e".replace(" ", ""),
        JSError("Error", "a", {"stack": "S", "cause": 5}),
        "cause last",
    ),
    ("ff0f5c0a0622016d6f7b00", JSError("CompileError", "m", {}), "an error of WebAssembly"),
    ("ff0f5c0ac80122016d6f7b00", JSError("Error", "m", {}), "an error of unknown kind"),
    ("ff0f5c0a0122016d4902", JSError("Error", "m", {}), "an error without properties"),
    ("ff0f5c0a0122016d6f22046e616d652201537b01", JSError("S", "m", {}), "an error with a name among its properties"),
]


@pytest.mark.parametrize(("blob", "value", "what"), READ_ONLY, ids=[what for _, _, what in READ_ONLY])
def test_what_the_platform_reads_but_does_not_write_is_read(blob: str, value: object, what: str) -> None:
    # DO-3.6.2, DO-3.6.4
    assert describe(_decode(blob)) == describe(value)


REFUSED = [
    ("ff0f6f220161490222016149047b02", "a key twice"),
    ("ff0f6f22016149027b02", "wrong number of properties"),
    ("ff0f6f5f49027b01", "undefined as a key"),
    ("ff0f6f5449027b01", "true as a key"),
    ("ff0f6f5a020549027b01", "a BigInt as a key"),
    ("ff0f49ffffffff80", "a varint that would go on where the blob ends"),
    ("ff0f428380808010616263", "a buffer of more than 4 GiB"),
    ("ff0f2d", "a hole outside an array"),
    ("ff0f4101490249004904240101", "an element among the properties of a dense array"),
    ("ff0f610222066c656e677468490a400102", "the length among the properties"),
    ("ff0f7e030a0000005642000300", "a view that denies its resizable buffer"),
    ("ff0f42030102035642000302", "a view that claims a resizable buffer"),
    ("ff0f4204000000005657010200", "a view that is not aligned"),
    ("ff0f5a01", "minus zero without digits"),
    ("ff0f5affffffff0f", "a BigInt longer than the blob"),
    ("ff0f522201618004", "unknown flags"),
    ("ff0f5222016140", "the flag of linear expressions"),
    ("ff0f522201619002", "flags u and v"),
    ("ff0f734902", "a boxed string that is a number"),
    ("ff0f6303ac2000", "half a character"),
    ("ff0f7500", "a shared buffer"),
    ("ff0f7000", "a shared object"),
    ("ff0f7700", "a module"),
    ("ff0f7400", "a transferred buffer"),
    ("ff0fff0f2203616263", "two headers"),
    ("ff0f5c0a01490a6f2205737461636b2201537b01", "an error whose message is a number"),
    ("ff0f5c0a0122016d6f2201655e007b01", "a platform error that refers to itself"),
    ("ff0f726d2201616f5e002e", "an error with an unknown part"),
    ("ff0f41025e01240002", "a reference to what comes later"),
    ("ff0f56420000", "a view without buffer"),
]


@pytest.mark.parametrize(("blob", "what"), REFUSED, ids=[what for _, what in REFUSED])
def test_what_the_platform_cannot_read_fails(blob: str, what: str) -> None:
    # DO-3.7
    with pytest.raises(UndecodableError):
        _decode(blob)


def test_other_objects_of_the_platform_are_named_in_the_refusal() -> None:
    with pytest.raises(UndecodableError, match=r"objects of the platform \(here Headers\) are not read, except errors"):
        _decode("ff0f5c040300")


def test_a_cause_may_refer_to_its_error() -> None:
    error = _decode("ff0f726d22016173220153635e002e")
    assert isinstance(error, JSError)
    assert error.properties["cause"] is error


def test_views_of_one_buffer_share_it() -> None:
    whole, part, buffer = _decode("ff0f410342040001020356420004005e0156420102005e01240003")
    assert whole.buffer is part.buffer
    assert part.buffer is buffer
    assert (list(whole), list(part)) == ([0, 1, 2, 3], [1, 2])


def test_a_view_may_follow_a_reference_to_its_buffer() -> None:
    buffer, view = _decode("ff0f410242030102035e015642000300240002")
    assert view.buffer is buffer


def test_an_array_that_refers_to_itself_keeps_identity_when_it_has_properties() -> None:
    array = JSArray([1])
    array.append(array)
    array.properties["me"] = array
    read = decode(encode([array, {"again": array}]))
    assert isinstance(read, list)
    assert isinstance(read[0], JSArray)
    assert read[0][1] is read[0]
    assert read[0].properties["me"] is read[0]
    assert read[1]["again"] is read[0]


def test_an_array_without_properties_is_a_plain_list_beside_one_that_has_some() -> None:
    read = decode(encode([JSArray([1], {"k": 2}), [3]]))
    assert type(read) is list
    assert [type(item) for item in read] == [JSArray, list]


def test_keys_of_objects_are_strings() -> None:
    assert decode(encode({1: "x", "a": 2})) == {"1": "x", "a": 2}


@pytest.mark.parametrize(
    ("number", "key"),
    [
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e-7, "1e-7"),
        (1.25e-7, "1.25e-7"),
        (0.000001, "0.000001"),
        (-0.0, "0"),
        (-2.5, "-2.5"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (nan, "NaN"),
    ],
)
def test_a_number_as_key_is_told_as_the_language_tells_numbers(number: float, key: str) -> None:
    blob = b"\xff\x0fo" + encode([number, None])[4:13] + b"0{\x01"
    assert decode(blob.replace(b"I\x00", encode(number)[2:])) == {key: None}


# Depth. The platform fails somewhere between 3,000 and 5,000 levels.


def _depth(value: object) -> int:
    depth = 0
    while isinstance(value, list) and value:
        value = value[0]
        depth += 1
    return depth


def _nested(levels: int) -> bytes:
    return b"\xff\x0f" + b"A\x01" * levels + b"0" + b"$\x00\x01" * levels


def test_three_thousand_levels_are_read_and_written() -> None:
    value = decode(_nested(3000))
    assert _depth(value) == 3000
    assert encode(value) == _nested(3000)


@pytest.mark.parametrize(
    "opening", [b"A\x01", b"o\x22\x01a", b";", b"'", b"rc", b"\x5c\x0a\x00", b"?\x00", b"a\x01I\x00"]
)
def test_bottomless_values_fail_and_leave_the_stack_limit_alone(opening: bytes) -> None:
    before = sys.getrecursionlimit()
    with pytest.raises(UndecodableError, match=f"nested deeper than {DEPTH_MAX} levels"):
        decode(b"\xff\x0f" + opening * 100_000)
    assert sys.getrecursionlimit() == before


# A surface's own types.


def test_values_are_built_from_the_types_of_a_surface() -> None:
    class Record(dict[str, object]):
        pass

    types = DecodedTypes(
        object_type=Record,
        make_date=lambda milliseconds: ("date", milliseconds),
        make_buffer=lambda data, size_max: bytearray(data),
        make_view=lambda kind, buffer, offset, length, tracks: memoryview(buffer)[offset : offset + length],
        make_bigint=int,
        make_error=lambda name, message, properties: ValueError(name, message),
        undefined=None,
    )
    value: dict[str, object] = {
        "o": {"u": PLAIN.undefined},
        "d": PLAIN.make_date(5),
        "v": JSTypedArray("Uint8Array", b"abc", 1),
        "b": JSBigInt(7),
        "e": JSError("TypeError", "m"),
    }
    read: Any = decode(encode(value), types)
    assert type(read) is Record
    assert type(read["o"]) is Record
    assert read["o"] == {"u": None}
    assert read["d"] == ("date", 5)
    assert isinstance(read["v"], memoryview)
    assert read["v"].tobytes() == b"bc"
    assert type(read["b"]) is int
    assert isinstance(read["e"], ValueError)
