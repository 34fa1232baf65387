"""User modules and what they can see: surfaces, the loader, isolates."""

from .surface import Rules, Surface

__all__ = ["Rules", "Surface"]
