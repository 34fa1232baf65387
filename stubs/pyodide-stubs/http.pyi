"""Errors of fetch."""

class AbortError(OSError):
    """A fetch failed: the text says how."""

class BodyUsedError(OSError):
    """The body was read before."""
