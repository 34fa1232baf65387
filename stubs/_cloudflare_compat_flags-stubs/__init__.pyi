"""Compatibility flags."""

def __getattr__(name: str) -> bool:
    """Whether a compatibility flag is on."""
