"""One value of every kind that can be stored."""

from datetime import UTC, datetime
from typing import Any

from pytest_durable.values import HOLE, UNDEFINED, JSBigInt, JSBoxed, JSMap, JSRegExp, JSSet, JSTypedArray

#: Each value and its bytes on the disk (spec appendix C).
VALUES: dict[str, tuple[Any, str]] = {
    "null": (None, "FF0F30"),
    "true": (True, "FF0F54"),
    "false": (False, "FF0F46"),
    "zero": (0, "FF0F4900"),
    "minus one": (-1, "FF0F4901"),
    "largest small integer": (2**30 - 1, "FF0F49FEFFFFFF07"),
    "2**30": (2**30, "FF0F4E000000000000D041"),
    "2**40": (2**40, "FF0F4E0000000000007042"),
    "1.5": (1.5, "FF0F4E000000000000F83F"),
    "minus zero": (-0.0, "FF0F4E0000000000000080"),
    "BigInt": (JSBigInt(12345678901), "FF0F5A10351CDCDF02000000"),
    "negative BigInt": (JSBigInt(-5), "FF0F5A110500000000000000"),
    "large BigInt": (JSBigInt(2**70), "FF0F5A2000000000000000004000000000000000"),
    "empty text": ("", "FF0F2200"),
    "Latin text": ("hé", "FF0F220268E9"),
    "wide text": ("€", "FF0F6302AC20"),
    "text beyond 16 bits": ("\U0001f600", "FF0F63043DD800DE"),
    "text with NUL": ("a\0b", "FF0F2203610062"),
    "empty object": ({}, "FF0F6F7B00"),
    "nested object": ({"a": 1, "b": {"c": True}}, "FF0F6F22016149022201626F220163547B017B02"),
    "object with undefined": ({"a": UNDEFINED}, "FF0F6F2201615F7B01"),
    "object with wide text": ({"ab": "€"}, "FF0F6F22026162006302AC207B01"),
    "sparse array": ([1, HOLE, 3], "FF0F61034900490249044906400203"),
    "date": (datetime(2023, 11, 14, 22, 13, 20, 123000, UTC), "FF0F4400B08756FEBC7842"),
    "map": (JSMap({"k": 1}), "FF0F3B22016B49023A02"),
    "set": (JSSet([1]), "FF0F2749022C01"),
    "bytes": (b"\1\2\3", "FF0F4203010203"),
    "view": (JSTypedArray("Uint8Array", b"\1\2\3"), "FF0F42030102035642000300"),
    "expression": (JSRegExp("a+", "gi"), "FF0F522202612B03"),
    "boxed number": (JSBoxed(5), "FF0F6E0000000000001440"),
}
