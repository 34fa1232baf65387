"""Methods of requests.

Source: workerd api/http.c++ (tryParseHttpMethod of KJ); the list was asked of the binary.
"""

from typing import Final

from pytest_durable._core.platform_errors import type_error

_METHODS: Final = frozenset(
    {
        *("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "PURGE", "OPTIONS", "TRACE", "COPY", "LOCK", "MKCOL"),
        *("MOVE", "PROPFIND", "PROPPATCH", "SEARCH", "UNLOCK", "ACL", "REPORT", "MKACTIVITY", "CHECKOUT", "MERGE"),
        *("MSEARCH", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "QUERY", "BAN"),
    }
)


def normal_method(text: str) -> str:
    """The method in capitals.

    Raises:
        PlatformError: TypeError; the platform knows no such method.
    """
    method = text.upper() if text.isascii() else text
    if method not in _METHODS:
        raise type_error(f"Invalid HTTP method string: {text}")
    return method
