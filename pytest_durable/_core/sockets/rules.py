"""What may be sent on a WebSocket, and what an application has chosen about its WebSockets.

Source: workerd api/web-socket.c++ (assertValidCloseCode …); spec python-workers 6.4.
"""

import enum
from dataclasses import dataclass
from typing import Final

from pytest_durable._core.platform_errors import PlatformError

#: Codes that only the receiver of a close may see.
_NEVER_SENT: Final = frozenset((1004, 1005, 1006, 1015))
_REASON_BYTES_MAX: Final = 123


class Readiness(enum.IntEnum):
    """The state of a WebSocket, as its users see it."""

    CONNECTING = 0
    OPEN = 1
    CLOSING = 2
    CLOSED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketRules:
    """What an application has chosen.

    Attributes:
        sees_closing: A socket that was closed is still listed while an asynchronous handler of that begins.
        auto_reply: A close that the handler of a hibernatable socket has not answered is answered.
        answers_close: A close is answered on sockets that were accepted without hibernation.
        blobs: Binary messages are Blobs on those.
        limits_reason: The reason of a close has a limit.
        bytes_max: Largest message.
    """

    sees_closing: bool = False
    auto_reply: bool = False
    answers_close: bool = True
    blobs: bool = True
    limits_reason: bool = True
    bytes_max: int = 33_554_432


def refusal_of_close(code: int | None, reason: str | None, *, limits_reason: bool = True) -> PlatformError | None:
    """Why nobody may close with this code and reason, if so.

    Args:
        code: None: none was given.
        reason: Likewise.
        limits_reason: It has a limit.
    """
    if code is not None and (not 1000 <= code <= 4999 or code in _NEVER_SENT):
        return PlatformError(f"Invalid WebSocket close code: {code}.", name="InvalidAccessError")
    if reason is None:
        return None
    if code is None:
        return PlatformError(
            "If you specify a WebSocket close reason, you must also specify a code.", name="InvalidAccessError"
        )
    if limits_reason and len(reason.encode("utf-8", "surrogatepass")) > _REASON_BYTES_MAX:
        return PlatformError(
            "WebSocket close reason must not be longer than 123 bytes when UTF-8 encoded.", name="SyntaxError"
        )
    return None
