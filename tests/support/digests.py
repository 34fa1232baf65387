"""A short name of a text, the same in every process and with each version of Python."""

import hashlib


def digest(text: str) -> str:
    """The first 64 bits of its SHA-256, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
