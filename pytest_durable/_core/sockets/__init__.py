"""WebSockets as lines between two ends: what travels, and what may be sent. Knows no object and no loop."""

from pytest_durable._core.sockets.frames import (
    CLOSED_WITHOUT_CODE,
    DISCONNECTED,
    LOST_CODE,
    NO_CONNECTION,
    TOO_LARGE_CODE,
    AutoResponse,
    Broken,
    Close,
    Frame,
    Lost,
    Message,
    size_of,
)
from pytest_durable._core.sockets.line import End, Upgrade, make_line
from pytest_durable._core.sockets.rules import Readiness, SocketRules, refusal_of_close

__all__ = [
    "CLOSED_WITHOUT_CODE",
    "DISCONNECTED",
    "LOST_CODE",
    "NO_CONNECTION",
    "TOO_LARGE_CODE",
    "AutoResponse",
    "Broken",
    "Close",
    "End",
    "Frame",
    "Lost",
    "Message",
    "Readiness",
    "SocketRules",
    "Upgrade",
    "make_line",
    "refusal_of_close",
    "size_of",
]
