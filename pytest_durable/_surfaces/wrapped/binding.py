"""What all wrappers around the platform's objects have in common.

Source: workers-runtime-sdk workers/rpc.py (_BindingWrapper); spec python-workers 1.3, 2.4.
"""

from typing import Any


class _BindingWrapper:
    """A wrapped object of the platform. It has the platform's names and no others."""

    def __getattr__(self, name: str) -> Any:
        # The text is production's: the bare name.
        raise AttributeError(name)
