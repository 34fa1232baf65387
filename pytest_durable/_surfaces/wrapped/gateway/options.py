"""What both gateways share: their options, and what of a request both tell an application.

Source: workers-runtime-sdk workers/gateway.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from pytest_durable._surfaces.wrapped.http import Request

EncodeBody = Literal["automatic", "manual"]

#: Statuses of answers whose body is left out, whatever an application has sent.
NULL_BODY_STATUSES: Final = frozenset({101, 103, 204, 205, 304})


@dataclass(frozen=True, kw_only=True)
class BaseOptions:
    """Options of a gateway.

    Attributes:
        encode_body: ``"manual"``: the body is compressed already. Nothing is compressed here, so both are the same.
    """

    encode_body: EncodeBody = "automatic"

    def __post_init__(self) -> None:
        if self.encode_body not in get_args(EncodeBody):
            raise ValueError(f"encode_body must be one of {get_args(EncodeBody)}, got {self.encode_body!r}")

    def response_init(self) -> dict[str, Any]:
        """What ``js.Response.new`` is told by these options."""
        return {} if self.encode_body == "automatic" else {"encodeBody": self.encode_body}


BaseOptions.__module__ = "workers.gateway"


def header_pairs(request: Any) -> list[tuple[str, str]]:
    """The headers of a request, of the SDK or of the platform."""
    if isinstance(request, Request):
        return list(request.headers.items())
    return [(name, value) for name, value in request.headers]
