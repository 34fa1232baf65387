"""Numbers and limits of the wire format of stored values that reading and writing share.

A value is one tag byte and what the tag calls for; integers are base-128 varints, doubles and two-byte characters are
little-endian. Source: V8 src/objects/value-serializer.cc (tags); workerd jsg/ser.c++ (errors); the bytes of each were
compared with the real binary.
"""

from collections.abc import Mapping
from typing import Final

HEADER: Final = b"\xff\x0f"
"""Written before every value: format version 15."""

VERSIONS_READ: Final = range(13, 17)
"""Views have flags from 14 on; 16 differs only for buffers above 4 GiB."""

VERSION_WITHOUT_HEADER: Final = 13

DEPTH_MAX: Final = 4000
"""How deep values may nest. The platform's own limit is its stack: 3,000 levels pass there, 5,000 fail."""

HOLES_MAX: Final = 1 << 24
"""How many elements the sparse arrays of one value may have in all; a few bytes could ask for gigabytes otherwise."""

SMALL_MIN: Final = -(1 << 30)
SMALL_MAX: Final = (1 << 30) - 1
"""Integral numbers in this range are written as varints, all others as doubles."""

SAFE_MAX: Final = (1 << 53) - 1
"""The largest int that is a number; beyond it, an int is a BigInt."""

DATE_MS_MAX: Final = 8.64e15
"""How far from the epoch a Date may lie."""

INDEX_MAX: Final = (1 << 32) - 2
"""The largest array index; a property key up to here that looks like a number is one."""

VIEW_KINDS: Final[Mapping[int, str]] = {
    ord("b"): "Int8Array",
    ord("B"): "Uint8Array",
    ord("C"): "Uint8ClampedArray",
    ord("w"): "Int16Array",
    ord("W"): "Uint16Array",
    ord("d"): "Int32Array",
    ord("D"): "Uint32Array",
    ord("h"): "Float16Array",
    ord("f"): "Float32Array",
    ord("F"): "Float64Array",
    ord("q"): "BigInt64Array",
    ord("Q"): "BigUint64Array",
    ord("?"): "DataView",
}

VIEW_TRACKS_LENGTH: Final = 1
VIEW_OF_RESIZABLE: Final = 2

REGEXP_FLAGS: Final[Mapping[str, int]] = {
    "d": 1 << 7, "g": 1 << 0, "i": 1 << 1, "m": 1 << 2, "s": 1 << 5, "u": 1 << 4, "v": 1 << 8, "y": 1 << 3,
}  # fmt: skip
"""Flag letter to bit, in the order in which the letters are shown. Bit 6 (linear) is refused by the platform."""

HOST_ERROR: Final = 10
"""The one kind of host object that is a value: an error. All others are objects of the platform."""

HOST_REFERENCE: Final = 0
"""Marks what is sent by reference. Never stored, and so the number is ours."""

HOST_OBJECTS: Final[Mapping[int, str]] = {4: "Headers", 5: "Request", 8: "DOMException"}
"""Kind number of the objects of the platform that it stores, for messages; written by the binary. None is read."""

ERROR_KINDS: Final = (
    None,
    "Error",
    "TypeError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "WasmCompileError",
    "WasmLinkError",
    "WasmRuntimeError",
    "WasmSuspendError",
    "EvalError",
    "URIError",
    "AggregateError",
    "SuppressedError",
)
"""Kind number of an error to the name that is written as this number. Kind 0 writes its name out."""

ERROR_NAMES_READ: Final[Mapping[int, str]] = {
    **{kind: name for kind, name in enumerate(ERROR_KINDS) if name is not None},
    # The platform reads these four as the classes of WebAssembly, whose names are shorter than what it writes them for.
    6: "CompileError",
    7: "LinkError",
    8: "RuntimeError",
    9: "SuspendError",
}

ERROR_PROTOTYPES: Final[Mapping[int, str]] = {
    ord("E"): "EvalError",
    ord("R"): "RangeError",
    ord("F"): "ReferenceError",
    ord("S"): "SyntaxError",
    ord("T"): "TypeError",
    ord("U"): "URIError",
}
"""The same for V8's own form of errors, in use before compatibility date 2026-04-21. Its default is Error."""

ERROR_MESSAGE: Final = ord("m")
ERROR_STACK: Final = ord("s")
ERROR_CAUSE: Final = ord("c")
ERROR_END: Final = ord(".")
"""The other parts of that form."""
