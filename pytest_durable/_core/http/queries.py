"""Pairs of names and values as the query of an address or the body of a form holds them.

Source: the WHATWG's URL standard, application/x-www-form-urlencoded.
"""

from collections.abc import Iterable
from urllib.parse import parse_qsl, quote_plus


def decode_query(text: str) -> list[tuple[str, str]]:
    """The pairs that a text holds."""
    return parse_qsl(text, keep_blank_values=True, errors="replace")


def encode_query(pairs: Iterable[tuple[str, str]]) -> str:
    """The text of pairs."""
    return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs)


def _encoded(text: str) -> str:
    # Python leaves the tilde as it is, the web does not.
    return quote_plus(text, safe="*-._", errors="replace").replace("~", "%7E")
