"""Values that the real platform wrote: each is read with its type and identity, and written back as the same bytes.

The database is one object of the platform's own, copied from a namespace directory that it stopped in order.
"""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from math import inf, isnan
from pathlib import Path
from typing import Any

import pytest

from pytest_durable._core.storage.codec import decode, encode
from pytest_durable.values import HOLE, JSArrayBuffer, JSBigInt, JSBoxed, JSError, JSMap, JSRegExp, JSSet, JSTypedArray

_DATABASE = (
    Path(__file__).parent / "data/values/11399c657d6a73cb007b64877e86d29b62ab0e1e857ccff8f938f15c6fe6846b.sqlite"
)

EXPECTED = {
    "ab": JSArrayBuffer(b"\t\b\7"),
    "arr": [1, "two", [3, {"x": 1}]],
    "big": JSBigInt(123),
    "bigneg": JSBigInt(-(2**70)),
    "boxed": JSBoxed(7),
    "date": datetime(2026, 1, 1, 0, 0, 0, 123_000, tzinfo=UTC),
    "dv": JSTypedArray("DataView", b"\1\2\3\4", 1, 2),
    "empty": "",
    "f": False,
    "f64": JSTypedArray("Float64Array", bytes(6) + b"\xf8\x3f" + bytes(6) + b"\x04\xc0"),
    "float": 1.5,
    "inf": inf,
    "int": 1,
    "latin1": "héllo",
    "map": JSMap([("k", 1), (2, "v")]),
    "max31": 2**30 - 1,
    "maxsafe": 2**53 - 1,
    "min31": -(2**30),
    "neg": -42,
    "nul": None,
    "obj": {"a": 1, "b": {"c": [True, None]}, "needs quoting": "\0"},
    "over31": 2**32,
    "re": JSRegExp("a+b", "gi"),
    "set": JSSet([1, "a"]),
    "shared": [{"v": 1}, {"v": 1}],
    "sparse": [1, HOLE, HOLE, 4],
    "str": "str",
    "t": True,
    "u8": JSTypedArray("Uint8Array", b"\0\1\2\xff"),
    "utf16": "héllo✓😀",
}
BY_IDENTITY = {"cyc", "err", "nan", "negzero"}


@pytest.fixture(scope="module")
def blobs() -> Mapping[str, bytes]:
    connection = sqlite3.connect(f"{_DATABASE.as_uri()}?immutable=1", uri=True)
    try:
        return dict(connection.execute("SELECT key, value FROM _cf_KV"))
    finally:
        connection.close()


def test_every_key_of_the_object_is_checked_here(blobs: Mapping[str, bytes]) -> None:
    assert set(blobs) == EXPECTED.keys() | BY_IDENTITY


@pytest.mark.parametrize("key", EXPECTED)
def test_a_stored_value_is_read_with_its_type(blobs: Mapping[str, bytes], key: str) -> None:
    value = decode(blobs[key])
    assert value == EXPECTED[key]
    assert type(value) is type(EXPECTED[key])


@pytest.mark.parametrize("key", sorted(EXPECTED.keys() | BY_IDENTITY))
def test_a_stored_value_is_written_back_as_the_same_bytes(blobs: Mapping[str, bytes], key: str) -> None:
    assert encode(decode(blobs[key])) == blobs[key]


def test_a_cycle_leads_back_to_itself(blobs: Mapping[str, bytes]) -> None:
    value = decode(blobs["cyc"])
    assert isinstance(value, dict)
    assert value["n"] == 1
    assert value["self"] is value


def test_a_shared_object_is_one_object(blobs: Mapping[str, bytes]) -> None:
    shared: Any = decode(blobs["shared"])
    first, second = shared
    assert first is second


def test_minus_zero_and_not_a_number_are_floats(blobs: Mapping[str, bytes]) -> None:
    assert str(decode(blobs["negzero"])) == "-0.0"
    number = decode(blobs["nan"])
    assert isinstance(number, float)
    assert isnan(number)


def test_an_error_has_name_message_and_stack(blobs: Mapping[str, bytes]) -> None:
    error = decode(blobs["err"])
    assert isinstance(error, JSError)
    assert (error.name, error.message) == ("TypeError", "boom")
    assert error.stack == "TypeError: boom\n    at Ledger.seedKv (worker.js:8:141)"


def test_typed_arrays_show_their_elements(blobs: Mapping[str, bytes]) -> None:
    doubles: Any = decode(blobs["f64"])
    assert list(doubles) == [1.5, -2.5]
    view = decode(blobs["dv"])
    assert isinstance(view, JSTypedArray)
    assert (bytes(view), view.byte_offset, view.buffer) == (b"\2\3", 1, b"\1\2\3\4")


def test_the_objects_of_a_map_and_of_an_array_keep_their_order(blobs: Mapping[str, bytes]) -> None:
    stored = decode(blobs["map"])
    assert isinstance(stored, JSMap)
    assert stored.pairs() == [("k", 1), (2, "v")]
