"""Addresses in the normal form of the WHATWG's URL standard, read by the parser that the platform itself uses.

Source: workerd api/http.c++, api/url-standard.c++; docs/decisions/0015.
"""

from typing import Final

import ada_url

from pytest_durable._core.platform_errors import type_error

#: What a request can be sent to.
_SCHEMES: Final = ("http:", "https:")


def parsed_url(text: str, base: str | None = None) -> ada_url.URL | None:
    """The parsed address, or None if the text is none. Half characters are read as replacement characters."""
    try:
        return ada_url.URL(_whole(text), None if base is None else _whole(base))
    except ValueError:
        return None


def normal_url(text: str) -> str:
    """The absolute address in its normal form.

    Raises:
        PlatformError: TypeError; it is none.
    """
    url = parsed_url(text)
    if url is None:
        raise type_error(f"Invalid URL: {text}")
    return url.href


def sent_url(text: str) -> str:
    """The address as it reaches whom the request is sent to: without user, password and fragment.

    Raises:
        PlatformError: TypeError; it is none, or nothing can be sent there.
    """
    url = parsed_url(text)
    if url is None:
        raise type_error(f"Invalid URL: {text}")
    if url.protocol not in _SCHEMES:
        raise type_error(f"Fetch API cannot load: {url.href}")
    url.username = url.password = ""
    del url.hash
    return url.href


def _whole(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
