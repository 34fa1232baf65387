"""Byte for byte what the real platform stored. Spec appendix C, and 3.6.4 with vectors taken from the binary of
2026-11-17.

The lists are compared through their descriptions, which tell 1 from 1.0 and from true, and show identity.
"""

from datetime import UTC, datetime
from math import inf, nan

import pytest

from pytest_durable._core.storage.codec import decode, encode
from pytest_durable.values import (
    HOLE,
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
from support.value_description import describe

_SHARED = {"x": 1}
_CYCLE: dict[str, object] = {}
_CYCLE["me"] = _CYCLE
_BUFFER = JSArrayBuffer(bytes(4))
_ABC = JSArrayBuffer(b"\1\2\3")

APPENDIX_C: list[tuple[str, object]] = [
    ("FF0F30", None),
    ("FF0F5F", UNDEFINED),
    ("FF0F54", True),
    ("FF0F46", False),
    ("FF0F4900", 0),
    ("FF0F4902", 1),
    ("FF0F4901", -1),
    ("FF0F497E", 63),
    ("FF0F498001", 64),
    ("FF0F49F601", 123),
    ("FF0F49FEFFFFFF07", 2**30 - 1),
    ("FF0F49FFFFFFFF07", -(2**30)),
    ("FF0F4E000000000000D041", 2**30),
    ("FF0F4E000040000000D0C1", -(2**30) - 1),
    ("FF0F4E0000C0FFFFFFDF41", 2**31 - 1),
    ("FF0F4E0000000000007042", 2**40),
    ("FF0F4E000000000000F83F", 1.5),
    ("FF0F4E0000000000000080", -0.0),
    ("FF0F4E000000000000F87F", nan),
    ("FF0F5A00", JSBigInt(0)),
    ("FF0F5A110500000000000000", JSBigInt(-5)),
    ("FF0F5A2000000000000000004000000000000000", JSBigInt(2**70)),
    ("FF0F5A10351CDCDF02000000", JSBigInt(12345678901)),
    ("FF0F2200", ""),
    ("FF0F2203616263", "abc"),
    ("FF0F220268E9", "hé"),
    ("FF0F6302AC20", "€"),
    ("FF0F63043DD800DE", "\U0001f600"),
    ("FF0F2203610062", "a\0b"),
    ("FF0F22C801" + "78" * 200, "x" * 200),
    ("FF0F6F7B00", {}),
    ("FF0F6F22016149022201626F2201634101542400017B017B02", {"a": 1, "b": {"c": [True]}}),
    ("FF0F6F2201615F7B01", {"a": UNDEFINED}),
    ("FF0F6F4902220178490422017922016149067B03", {"1": "x", "2": "y", "a": 3}),
    ("FF0F6F22026162006302AC207B01", {"ab": "€"}),
    ("FF0F6F2201616302AC202201622201787B02", {"a": "€", "b": "x"}),
    ("FF0F6F2201E949027B01", {"é": 1}),
    ("FF0F4100240000", []),
    ("FF0F4103490222017830240003", [1, "x", None]),
    ("FF0F41025F30240002", [UNDEFINED, None]),
    ("FF0F61034900490249044906400203", [1, HOLE, 3]),
    ("FF0F4101490222016B4904240101", JSArray([1], {"k": 2})),
    ("FF0F41026F22017849027B015E01240002", [_SHARED, _SHARED]),
    ("FF0F6F22026D655E007B01", _CYCLE),
    ("FF0F440000000000000000", datetime(1970, 1, 1, tzinfo=UTC)),
    ("FF0F4400B08756FEBC7842", datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)),
    ("FF0F3B22016B49023A02", JSMap([("k", 1)])),
    ("FF0F2749022C01", JSSet([1])),
    ("FF0F4203010203", _ABC),
    ("FF0F42030102035642000300", JSTypedArray("Uint8Array", _ABC)),
    ("FF0F42040000C03F5666000400", JSTypedArray("Float32Array", b"\0\0\xc0\x3f")),
    ("FF0F4203000000563F010200", JSTypedArray("DataView", bytes(3), 1, 2)),
    ("FF0F522202612B03", JSRegExp("a+", "gi")),
    ("FF0F6E0000000000001440", JSBoxed(5)),
    ("FF0F73220173", JSBoxed("s")),
    ("FF0F79", JSBoxed(True)),
]

MORE_FROM_THE_BINARY: list[tuple[str, object]] = [
    ("FF0F4E000000000000F07F", inf),
    ("FF0F4EFFFFFFFFFFFF3F43", 2**53 - 1),
    ("FF0F4EA0C8EB85F3CCE17F", 1e308),
    ("FF0F5A2100000000000000000100000000000000", JSBigInt(-(2**64))),
    ("FF0F5A10FFFFFFFFFFFFFFFF", JSBigInt(2**64 - 1)),
    ("FF0F5A100000000000000080", JSBigInt(2**63)),
    ("FF0F630200D8", "\ud800"),
    ("FF0F630461000001", "aĀ"),
    ("FF0F6F00630200D849027B01", {"\ud800": 1}),
    ("FF0F6F49FEFFFFFF0749027B01", {"1073741823": 1}),
    ("FF0F6F4E000000000000D04149027B01", {"1073741824": 1}),
    ("FF0F6F4E0000C0FFFFFFDF4149027B01", {"2147483647": 1}),
    ("FF0F6F4E000000000000E04149027B01", {"2147483648": 1}),
    ("FF0F6F4E0000C0FFFFFFEF414902220A3432393439363732393549047B02", {"4294967294": 1, "4294967295": 2}),
    ("FF0F6F4900490422022D3049022202303049067B03", {"0": 2, "-0": 1, "00": 3}),
    ("FF0F6F22095F5F70726F746F5F5F49027B01", {"__proto__": 1}),
    ("FF0F6101400001", [HOLE]),
    ("FF0F6103400003", [HOLE, HOLE, HOLE]),
    ("FF0F41025F4E000000000000F83F240002", [UNDEFINED, 1.5]),
    ("FF0F41014902220A3432393439363732393549042201784902240201", JSArray([1], {"4294967295": 2, "x": 1})),
    ("FF0F41024E000000000000F83F4E0000000000000040240002", [1.5, 2]),
    ("FF0F41024E000000000000F03F4E000000000000F83F240002", [1, 1.5]),
    ("FF0F41024E000000000000D0414E000000000000F03F240002", [2**30, 1]),
    ("FF0F41034E000000000000F03F4E000000000000F87F4E0000000000000080240003", [1, nan, -0.0]),
    ("FF0F410349024E000000000000044030240003", [1, 2.5, None]),
    ("FF0F41025A1001000000000000004E000000000000F83F240002", [JSBigInt(1), 1.5]),
    ("FF0F44000000000000F87F", JSDate(nan)),
    ("FF0F440000DCC208B23E43", JSDate(8.64e15)),
    ("FF0F2749022201616F7B002C03", JSSet([1, "a", {}])),
    ("FF0F4200", JSArrayBuffer()),
    ("FF0F7E030A000000", JSArrayBuffer(bytes(3), 10)),
    ("FF0F7E030A0000005642000003", JSTypedArray("Uint8Array", JSArrayBuffer(bytes(3), 10), 0, 0, tracks_length=True)),
    ("FF0F7E030A0000005642010102", JSTypedArray("Uint8Array", JSArrayBuffer(bytes(3), 10), 1, 1)),
    (
        "FF0F410342040000000056420004005E0156420102005E01240003",
        [JSTypedArray("Uint8Array", _BUFFER), JSTypedArray("Uint8Array", _BUFFER, 1, 2), _BUFFER],
    ),
    ("FF0F420200005662000200", JSTypedArray("Int8Array", bytes(2))),
    ("FF0F4201005643000100", JSTypedArray("Uint8ClampedArray", bytes(1))),
    ("FF0F420200005677000200", JSTypedArray("Int16Array", bytes(2))),
    ("FF0F420200005657000200", JSTypedArray("Uint16Array", bytes(2))),
    ("FF0F4204000000005664000400", JSTypedArray("Int32Array", bytes(4))),
    ("FF0F4204000000005644000400", JSTypedArray("Uint32Array", bytes(4))),
    ("FF0F4202003E5668000200", JSTypedArray("Float16Array", b"\x00\x3e")),
    ("FF0F420800000000000000005646000800", JSTypedArray("Float64Array", bytes(8))),
    ("FF0F420800000000000000005671000800", JSTypedArray("BigInt64Array", bytes(8))),
    ("FF0F420800000000000000005651000800", JSTypedArray("BigUint64Array", bytes(8))),
    ("FF0F522204283F3A2900", JSRegExp("(?:)")),
    ("FF0F522201618002", JSRegExp("a", "v")),
    ("FF0F52220161BF01", JSRegExp("a", "dgimsuy")),
    ("FF0F7A100500000000000000", JSBoxed(JSBigInt(5))),
    ("FF0F6E0000000000000080", JSBoxed(-0.0)),
    ("FF0F6E0000000000004043", JSBoxed(2.0**53)),
    ("FF0F73006302AC20", JSBoxed("€")),
    ("FF0F78", JSBoxed(False)),
]

_M = "22016D6F2205737461636B220153"  # message "m", then an object that begins with stack "S"
_STACK: dict[str, object] = {"stack": "S"}
ERRORS = [
    ("FF0F5C0A01" + _M + "7B01", JSError("Error", "m", _STACK)),
    ("FF0F5C0A02" + _M + "7B01", JSError("TypeError", "m", _STACK)),
    ("FF0F5C0A03" + _M + "7B01", JSError("RangeError", "m", _STACK)),
    ("FF0F5C0A04" + _M + "7B01", JSError("ReferenceError", "m", _STACK)),
    ("FF0F5C0A05" + _M + "7B01", JSError("SyntaxError", "m", _STACK)),
    ("FF0F5C0A0A" + _M + "7B01", JSError("EvalError", "m", _STACK)),
    ("FF0F5C0A0B" + _M + "7B01", JSError("URIError", "m", _STACK)),
    ("FF0F5C0A00220C436F6D70696C654572726F72" + _M + "7B01", JSError("CompileError", "m", _STACK)),
    ("FF0F5C0A002203466F6F" + _M + "7B01", JSError("Foo", "m", _STACK)),
    ("FF0F5C0A00490A" + _M + "7B01", JSError(5, "m", _STACK)),
    (
        "FF0F5C0A0C" + _M + "22066572726F7273410249022201782400027B02",
        JSError("AggregateError", "m", {**_STACK, "errors": [1, "x"]}),
    ),
    (
        "FF0F5C0A0D" + _M + "22056572726F724902220A7375707072657373656449047B03",
        JSError("SuppressedError", "m", {**_STACK, "error": 1, "suppressed": 2}),
    ),
    ("FF0F5C0A01" + _M + "22056361757365490A7B02", JSError("Error", "m", {**_STACK, "cause": 5})),
    ("FF0F5C0A0122006F2205737461636B2201537B01", JSError("Error", "", _STACK)),
    ("FF0F5C0A0122016D6F7B00", JSError("Error", "m", {})),
    ("FF0F5C0A0122016D6F2205737461636B5F7B01", JSError("Error", "m", {"stack": UNDEFINED})),
    (
        "FF0F5C0A002203466F6F22016D6F2205737461636B2201532204636F646549067B02",
        JSError("Foo", "m", {**_STACK, "code": 3}),
    ),
]


@pytest.mark.parametrize(("blob", "value"), APPENDIX_C, ids=[blob[:24] for blob, _ in APPENDIX_C])
def test_vectors_of_appendix_c_are_read_and_written(blob: str, value: object) -> None:
    # DO-C.T1.1-25, DO-C.P, DO-3.6.1
    assert describe(decode(bytes.fromhex(blob))) == describe(value)
    assert encode(value).hex() == blob.lower()


@pytest.mark.parametrize(("blob", "value"), MORE_FROM_THE_BINARY, ids=[blob[:24] for blob, _ in MORE_FROM_THE_BINARY])
def test_further_vectors_of_the_binary_are_read_and_written(blob: str, value: object) -> None:
    # DO-3.6.1
    assert describe(decode(bytes.fromhex(blob))) == describe(value)
    assert encode(value).hex() == blob.lower()


@pytest.mark.parametrize(("blob", "value"), ERRORS, ids=[blob[4:14] for blob, _ in ERRORS])
def test_errors_are_host_objects_with_kind_message_and_own_properties(blob: str, value: JSError) -> None:
    # DO-3.6.4
    read = decode(bytes.fromhex(blob))
    assert isinstance(read, JSError)
    assert (read.name, read.message, list(read.properties.items())) == (
        value.name,
        value.message,
        list(value.properties.items()),
    )
    assert encode(value).hex() == blob.lower()


def test_the_properties_of_an_error_take_an_object_number() -> None:
    # DO-3.6.4
    inner: dict[str, object] = {}
    error = JSError("Error", "m", {"stack": "S", "o": inner})
    blob = "ff0f41045c0a0122016d6f2205737461636b22015322016f6f7b007b025e035e0122017a240004"
    assert encode([error, inner, error, "z"]).hex() == blob
    read = decode(bytes.fromhex(blob))
    assert isinstance(read, list)
    assert read[2] is read[0]
    assert read[1] is read[0].properties["o"]


@pytest.mark.parametrize(
    "blob",
    [blob for blob, _ in APPENDIX_C + MORE_FROM_THE_BINARY + ERRORS],
    ids=lambda blob: blob[:24],
)
def test_a_decoded_vector_is_encoded_as_the_same_bytes(blob: str) -> None:
    # DO-3.6.1
    assert encode(decode(bytes.fromhex(blob))).hex() == blob.lower()
