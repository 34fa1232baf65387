"""Stored values to bytes and back: the one entrance to the codec.

Pure: no database, no clock. The format is V8's, byte for byte what the platform stores; see ``codec_wire`` for its
numbers, ``codec_read`` and ``codec_write`` for the two directions, ``values`` for the types without a Python
counterpart.
"""

from pytest_durable._core.storage.codec_read import UndecodableError, decode
from pytest_durable._core.storage.codec_write import NotCloneable, encode
from pytest_durable._core.storage.values import PLAIN, DecodedTypes

__all__ = ["PLAIN", "DecodedTypes", "NotCloneable", "UndecodableError", "decode", "encode"]
