"""Room on the Python stack for values that nest unusually deep."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pytest_durable._core.storage.codec.wire import DEPTH_MAX

_FRAMES_PER_LEVEL: Final = 2


@contextmanager
def deeper_stack() -> Iterator[None]:
    """Allow as many more Python frames as the deepest value needs.

    Only values a few hundred levels deep ever get here. Calls among Python functions take no C stack, so the limit may
    be lifted for a moment; it belongs to the interpreter rather than the thread, which does no harm for the same
    reason.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + DEPTH_MAX * _FRAMES_PER_LEVEL)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
