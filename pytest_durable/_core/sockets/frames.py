"""What travels on the line of a WebSocket: messages, the close frame, and how a line can end without one.

Source: RFC 6455; workerd api/web-socket.c++.
"""

from dataclasses import dataclass
from typing import Final

#: Text or binary.
Message = str | bytes

#: What the receiver of a close frame without a code is told (RFC 6455, 7.1.5).
CLOSED_WITHOUT_CODE: Final = 1005
#: What is told of a line that ended without a close frame.
LOST_CODE: Final = 1006
#: What is told of a message that is larger than its receiver takes.
TOO_LARGE_CODE: Final = 1009
DISCONNECTED: Final = "WebSocket disconnected without sending Close frame."
NO_CONNECTION: Final = "Failed to establish websocket connection"


@dataclass(frozen=True, slots=True)
class Close:
    """The close frame of one side: after it, that side sends nothing."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The other side went away without a close frame."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The line failed, for example because the other side broke the protocol; ``error`` says how."""

    error: str


Frame = str | bytes | Close | Lost | Broken


def size_of(message: Message) -> int:
    """How many bytes a message has on its line; a text is UTF-8."""
    return len(message) if isinstance(message, bytes) else len(message.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class AutoResponse:
    """A message, and what is answered to it without telling the object."""

    request: str
    response: str
