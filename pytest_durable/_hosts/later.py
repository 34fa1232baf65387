"""What a host will have in a later version: asked for now, it says so instead of being unknown."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

#: Each member, and what does a part of its work today.
_INSTEAD: Final[Mapping[str, str]] = MappingProxyType(
    {
        "connect": "Open the WebSocket to an object:  await stub.connect(url)",
    }
)


class MembersOfLaterVersions:
    """A mixin for a host. ``hasattr`` answers no, as for everything that does not exist."""

    if not TYPE_CHECKING:  # to type checkers these members are as unknown as any other

        def __getattr__(self, name: str) -> object:
            __tracebackhide__ = True
            if name not in _INSTEAD:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            raise AttributeError(
                f"{name} is not in this version of pytest-durable.\n\n{_INSTEAD[name]}\n"
                "See docs/limits.md#not-in-this-version"
            )
