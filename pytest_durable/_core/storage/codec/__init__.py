"""Stored values to bytes and back.

Pure: no database, no clock. The format is V8's, byte for byte what the platform stores. ``wire`` and ``tags`` hold its
numbers; ``decoding`` and ``encoding`` begin the two directions, each with a table of small functions that are grouped
by what they read or write; ``values``, next to this package, holds the types without a Python counterpart.
"""

from pytest_durable._core.storage.codec.crossing import cross
from pytest_durable._core.storage.codec.decoding import decode
from pytest_durable._core.storage.codec.encoding import encode
from pytest_durable._core.storage.codec.reader import UndecodableError
from pytest_durable._core.storage.codec.size import encoded_size, may_exceed
from pytest_durable._core.storage.codec.writer import NotCloneable
from pytest_durable._core.storage.values import PLAIN, DecodedTypes

__all__ = [
    "PLAIN",
    "DecodedTypes",
    "NotCloneable",
    "UndecodableError",
    "cross",
    "decode",
    "encode",
    "encoded_size",
    "may_exceed",
]
