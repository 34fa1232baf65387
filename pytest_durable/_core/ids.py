"""Ids of objects: random or derived from a name, checked against their namespace.

An id is 32 bytes: a 16-byte prefix (random, or a keyed hash of the name) and a 16-byte keyed hash of the prefix. The
key is the hash of the namespace's unique key, so an id made elsewhere is recognised without any register.

Source: workerd server/actor-id-impl.c++; spec durable-objects 2.1.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final

from pytest_durable._core.platform_errors import type_error

#: Names longer than this many UTF-8 bytes are not told to the object (spec 2.3.6).
NAME_BYTES_MAX: Final = 1024

_HEX_ID: Final = re.compile(r"[0-9a-fA-F]{64}\Z")


@dataclass(frozen=True, slots=True)
class ObjectId:
    """What a name or a random draw stands for: identity is the 32 bytes alone, the name only travels along."""

    hex: str
    name: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return self.hex

    def seen_inside(self) -> "ObjectId":
        """The id as the object itself sees it: too long a name is dropped (spec 2.3.6)."""
        if self.name is not None and len(self.name.encode("utf-8", "surrogatepass")) > NAME_BYTES_MAX:
            return ObjectId(self.hex)
        return self


def is_object_hex(text: str) -> bool:
    """Whether ``text`` has the form of an id: 64 hex digits."""
    return _HEX_ID.match(text) is not None


class IdFactory:
    """Makes and checks the ids of one namespace.

    Args:
        unique_key: The namespace's unique key; two namespaces with the same key share ids and data.
    """

    def __init__(self, unique_key: str) -> None:
        self._key = hashlib.sha256(unique_key.encode()).digest()

    def from_name(self, name: str) -> ObjectId:
        """The id that ``name`` always stands for in this namespace."""
        return ObjectId(self._complete(self._keyed(name.encode("utf-8", "surrogatepass"))), name)

    def from_string(self, text: str) -> ObjectId:
        """The id written as ``text``, without a name.

        Raises:
            PlatformError: TypeError; not 64 hex digits, or made by another namespace.
        """
        if not is_object_hex(text):
            raise type_error("Invalid Durable Object ID: must be 64 hex digits")
        if not self.owns(text):
            raise type_error("Durable Object ID is not valid for this namespace.")
        return ObjectId(text.lower())

    def unique(self, prefix: bytes) -> ObjectId:
        """The id with the given 16 random bytes."""
        return ObjectId(self._complete(prefix))

    def owns(self, text: str) -> bool:
        """Whether the id written as ``text`` (64 hex digits) was made by this namespace."""
        prefix = bytes.fromhex(text[:32])
        return hmac.compare_digest(self._complete(prefix), text.lower())

    def _complete(self, prefix: bytes) -> str:
        return (prefix + self._keyed(prefix)).hex()

    def _keyed(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, "sha256")[:16]
