"""How a class name becomes the name of its binding."""

import re
from typing import Final

_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def upper_snake(name: str) -> str:
    """``ChatRoom`` as ``CHAT_ROOM``, ``HTTPProxy`` as ``HTTP_PROXY``."""
    return _WORD.sub("_", name).upper()
