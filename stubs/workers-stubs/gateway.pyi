"""What both gateways share."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

EncodeBody: TypeAlias = Literal["automatic", "manual"]

@dataclass(frozen=True, kw_only=True)
class BaseOptions:
    """Options of a gateway."""

    encode_body: EncodeBody = "automatic"
    def __post_init__(self) -> None: ...
    def response_init(self) -> dict[str, Any]:
        """What ``js.Response.new`` is told by these options."""
