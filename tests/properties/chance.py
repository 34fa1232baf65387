"""Chance for hypothesis that is the same in every run, on every machine, whatever else has been imported.

Hypothesis draws some of its choices from the constants of all modules that are loaded at that moment, so equal seeds
may give different examples. This backend draws from its own generator only. What fails is replayed and made smaller by
hypothesis as always.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Final

from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, PrimitiveProvider

_WIDE: Final = 2**32


@contextmanager
def seeded_backend(seed: int) -> Iterator[str]:
    """The name of a backend for ``settings(backend=…)`` whose choices follow from the seed alone."""

    class Seeded(PrimitiveProvider):
        def __init__(self, _data: Any) -> None:
            super().__init__(None)
            self._random = Random(seed)

        def draw_boolean(self, p: float = 0.5) -> bool:
            return self._random.random() < p

        def draw_integer(self, min_value: int | None = None, max_value: int | None = None, **_hints: object) -> int:
            low = min_value if min_value is not None else (max_value or 0) - _WIDE
            return self._random.randint(low, max_value if max_value is not None else low + 2 * _WIDE)

        def draw_bytes(self, min_size: int = 0, max_size: int = 64) -> bytes:
            return self._random.randbytes(self._random.randint(min_size, min(max_size, min_size + 64)))

        def draw_float(self, **_bounds: object) -> float:
            raise NotImplementedError("draw integers")

        def draw_string(self, *_given: object, **_bounds: object) -> str:
            raise NotImplementedError("sample from a list")

    name = f"seeded {seed}"
    AVAILABLE_PROVIDERS[name] = Seeded
    try:
        yield name
    finally:
        del AVAILABLE_PROVIDERS[name]
