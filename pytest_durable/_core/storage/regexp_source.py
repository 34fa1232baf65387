"""The source of a regular expression as a literal holds it, between two slashes: the one form that the platform keeps.

Source: V8 EscapeRegExpSource; compared with the real binary.
"""

import re
from typing import Final

_PARTS: Final = re.compile(r"\\.|.", re.DOTALL)
_MAY_CHANGE: Final = re.compile("[/\n\r\u2028\u2029]")
_LINE_ENDINGS: Final = {"\n": r"\n", "\r": r"\r", "\u2028": r"\u2028", "\u2029": r"\u2029"}
_EMPTY: Final = "(?:)"


def literal_source(source: str) -> str:
    """The source with a backslash before each slash that would end the literal, and with no line ending."""
    if _MAY_CHANGE.search(source) is None:
        return source or _EMPTY
    parts = []
    is_in_class = False
    for part in _PARTS.findall(source):
        if part in ("[", "]"):
            is_in_class = part == "["
        if part == "/" and not is_in_class:
            part = r"\/"
        # A backslash before a line ending becomes that of the letter.
        parts.append(_LINE_ENDINGS.get(part[-1], part))
    return "".join(parts)
