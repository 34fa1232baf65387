"""Where one SQL statement ends and the next begins.

Pure text work. SQLite's own parser would tell too, but only by preparing a statement, and the statements of one call
are to be prepared one after the other: the second may need what the first creates.

Source: spec durable-objects 5.3.2.
"""

import re
from collections.abc import Iterator
from typing import Final

# An unterminated literal or comment runs to the end of the text, as SQLite's tokenizer has it.
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<quoted>'(?:[^']|'')*(?:'|\Z)|"(?:[^"]|"")*(?:"|\Z)|`(?:[^`]|``)*(?:`|\Z)|\[[^\]]*(?:\]|\Z))
    |(?P<word>[^\W\d][\w$]*)
    |(?P<end>;)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


def split_statements(query: str) -> list[str]:
    """The statements of ``query``, in order, each with what stands before it.

    White space between and after them is dropped, so that offsets in errors count as on the platform. Anything else
    without a statement in it (a lone semicolon, a comment) is an empty statement at the end, given as ``""``; so is a
    query without any statement.
    """
    parts = _split_simple(query)
    return parts if parts is not None else list(_split(query))


def _split_simple(query: str) -> list[str] | None:
    """The common case, one statement without comments, without looking at every token."""
    body = query.strip()
    first_end = body.find(";")
    if not body or first_end == 0 or "--" in body or "/*" in body:
        return None
    return [query] if first_end < 0 or first_end == len(body) - 1 else None


def _split(query: str) -> Iterator[str]:
    start = 0
    is_empty = True
    end = _StatementEnd()
    for token in _TOKEN.finditer(query):
        kind = token.lastgroup
        if kind == "space":
            continue
        if kind != "end":
            is_empty = False
        if end.reached_by(kind, token.group()) and not is_empty:
            yield query[start : token.end()]
            start, is_empty, end = _skip_space(query, token.end()), True, _StatementEnd()
    rest = query[start:]
    if not is_empty:
        yield rest
    elif start == 0 or rest.strip():
        yield ""


def _skip_space(query: str, position: int) -> int:
    return len(query) - len(query[position:].lstrip())


class _StatementEnd:
    """Notices the semicolon that ends a statement: the first one, but in CREATE TRIGGER the one after ``; END``."""

    _BEFORE_TRIGGER: Final = ("EXPLAIN", "QUERY", "PLAN", "CREATE", "TEMP", "TEMPORARY")

    def __init__(self) -> None:
        self._may_be_trigger = True
        self._is_trigger = False
        self._last_two = ("", "")

    def reached_by(self, kind: str | None, text: str) -> bool:
        word = text.upper() if kind == "word" else text
        if self._may_be_trigger and kind != "end":
            self._is_trigger = word == "TRIGGER"
            self._may_be_trigger = word in self._BEFORE_TRIGGER
        is_end = kind == "end" and (not self._is_trigger or self._last_two == (";", "END"))
        self._last_two = (self._last_two[1], word)
        return is_end
