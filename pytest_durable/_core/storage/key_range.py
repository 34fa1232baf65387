"""Which keys a list operation covers: options in, bounds in bytes out.

Keys are ordered by the unsigned bytes of their UTF-8, so every bound is computed on bytes.

Source: spec durable-objects 3.3, 4.3.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions:
    """What a list operation was asked for, already checked and converted by the surface.

    ``start`` is inclusive, ``start_after`` and ``end`` are exclusive; ``limit`` is positive.
    """

    start: str | None = None
    start_after: str | None = None
    end: str | None = None
    prefix: str | None = None
    reverse: bool = False
    limit: int | None = None

    @property
    def is_empty(self) -> bool:
        """No key can be meant."""
        return key_range(self).is_empty


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRange:
    """The keys ``lower <= key < upper``; ``upper`` None means no upper bound."""

    lower: bytes = b""
    upper: bytes | None = None

    @property
    def is_empty(self) -> bool:
        """No key can lie in it."""
        return self.upper is not None and self.upper <= self.lower


def key_bytes(key: str) -> bytes:
    """The stored form of a key; a lone surrogate becomes three bytes, as the platform stores it."""
    return key.encode("utf-8", "surrogatepass")


def key_text(raw: bytes | None) -> str:
    """The key as it is read back; what is not UTF-8 becomes U+FFFD per byte, as the platform shows it.

    Only a damaged index makes a key NULL; SQLite gives the platform an empty text for it.
    """
    return "" if raw is None else raw.decode("utf-8", "replace")


def prefix_end(prefix: bytes) -> bytes | None:
    """The smallest byte string above all strings that begin with ``prefix``; None if there is none.

    Not always UTF-8, which is why bounds are bytes.
    """
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None


def key_range(options: ListOptions) -> KeyRange:
    """The range that ``options`` describe; bounds keep their meaning when the order is reversed."""
    lower = b"" if options.start is None else key_bytes(options.start)
    if options.start_after is not None:
        lower = max(lower, key_bytes(options.start_after) + b"\0")
    upper = None if options.end is None else key_bytes(options.end)
    if options.prefix:
        prefix = key_bytes(options.prefix)
        lower = max(lower, prefix)
        ceiling = prefix_end(prefix)
        upper = ceiling if upper is None or (ceiling is not None and ceiling < upper) else upper
    return KeyRange(lower=lower, upper=upper)
