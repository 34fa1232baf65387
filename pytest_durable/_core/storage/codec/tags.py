"""The tag bytes of the wire format: what kind of value follows. Source: V8 src/objects/value-serializer.cc."""

from typing import Final

VERSION: Final = 0xFF
PADDING: Final = 0x00
OBJECT_COUNT: Final = ord("?")

UNDEFINED: Final = ord("_")
NULL: Final = ord("0")
TRUE: Final = ord("T")
FALSE: Final = ord("F")
SIGNED: Final = ord("I")
UNSIGNED: Final = ord("U")
DOUBLE: Final = ord("N")
BIGINT: Final = ord("Z")
ONE_BYTE_STRING: Final = ord('"')
TWO_BYTE_STRING: Final = ord("c")
UTF8_STRING: Final = ord("S")

REFERENCE: Final = ord("^")
OBJECT: Final = ord("o")
OBJECT_END: Final = ord("{")
DENSE_ARRAY: Final = ord("A")
DENSE_ARRAY_END: Final = ord("$")
SPARSE_ARRAY: Final = ord("a")
SPARSE_ARRAY_END: Final = ord("@")
HOLE: Final = ord("-")
MAP: Final = ord(";")
MAP_END: Final = ord(":")
SET: Final = ord("'")
SET_END: Final = ord(",")

DATE: Final = ord("D")
REGEXP: Final = ord("R")
BOXED_TRUE: Final = ord("y")
BOXED_FALSE: Final = ord("x")
BOXED_NUMBER: Final = ord("n")
BOXED_BIGINT: Final = ord("z")
BOXED_STRING: Final = ord("s")

BUFFER: Final = ord("B")
RESIZABLE_BUFFER: Final = ord("~")
VIEW: Final = ord("V")

ERROR: Final = ord("r")
HOST_OBJECT: Final = ord("\\")

# Things that exist only while both sides run in one process; nothing stored can hold them.
TRANSFERRED_BUFFER: Final = ord("t")
SHARED_BUFFER: Final = ord("u")
SHARED_OBJECT: Final = ord("p")
MODULE: Final = ord("w")
SHARED_MEMORY: Final = ord("m")
