"""Where an answer sends its request on to. Pure.

Source: the WHATWG's Fetch standard; workerd api/http.c++ (handleHttpRedirectResponse); asked of the binary.
"""

from dataclasses import dataclass
from typing import Final

from pytest_durable._core.http.bodies import Body, BodyStream
from pytest_durable._core.http.headers import Headers
from pytest_durable._core.http.urls import parsed_url
from pytest_durable._core.platform_errors import type_error

REDIRECT_STATUSES: Final = (301, 302, 303, 307, 308)
REDIRECTS_MAX: Final = 20
_ONE_TIME: Final = (
    "A request with a one-time-use body (it was initialized from a stream, not a buffer) encountered a redirect "
    "requiring the body to be retransmitted. To avoid this error in the future, construct this request from a "
    "buffer-like body initializer."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """The request that follows an answer."""

    url: str
    method: str
    headers: Headers
    body: Body


def redirected(
    url: str, method: str, headers: Headers, body: Body, *, status: int, location: str | None
) -> Redirect | None:
    """The request that follows an answer with this status and location; None if it is the last.

    Raises:
        PlatformError: TypeError; the body is gone, or the location is none.
    """
    if status not in REDIRECT_STATUSES or location is None:
        return None
    target = parsed_url(location, url)
    if target is None:
        raise type_error("Invalid Location header; unable to follow redirect.")
    drops_body = (status == 303 and method not in ("GET", "HEAD")) or (status in (301, 302) and method == "POST")
    if not drops_body and isinstance(body, BodyStream):
        raise type_error(_ONE_TIME)
    following = Headers(headers)
    if drops_body:
        method, body = "GET", None
        for name in ("content-length", "transfer-encoding"):
            following.delete(name)
    return Redirect(url=target.href, method=method, headers=following, body=body)
