"""What happened to WebSockets, in words: a part of ``story``. Pure."""

from typing import Final

from pytest_durable._core import events
from pytest_durable._core.events import Record

#: How much of a message is shown.
_SHOWN_MAX: Final = 60


def socket_words(record: Record) -> str | None:
    """What happened; None if the record is about something else."""
    match record:
        case events.WebSocketAccepted(socket=socket, hibernatable=True, tags=()):
            return f"WebSocket {socket} accepted"
        case events.WebSocketAccepted(socket=socket, hibernatable=True, tags=tags):
            return f"WebSocket {socket} accepted, with tags {', '.join(map(repr, tags))}"
        case events.WebSocketAccepted(socket=socket):
            return f"WebSocket {socket} accepted, without hibernation"
        case events.WebSocketReceived(socket=socket, message=message):
            return f"WebSocket {socket} received {_shown(message)}"
        case events.WebSocketSent(socket=socket, message=message):
            return f"WebSocket {socket} sent {_shown(message)}"
        case events.WebSocketAnswered(socket=socket):
            return f"WebSocket {socket} answered by the automatic response"
        case events.WebSocketClosing(socket=socket, code=code, reason=reason):
            return f"WebSocket {socket} closed from here with {code} {reason!r}"
        case events.WebSocketClosed(socket=socket, code=code, reason=reason, was_clean=True):
            return f"WebSocket {socket} closed by the other side with {code} {reason!r}"
        case events.WebSocketClosed(socket=socket, reason=reason):
            return f"WebSocket {socket} lost: {reason}"
        case events.WebSocketCut(socket=socket):
            return f"WebSocket {socket} ended with the object"
    return None


def _shown(message: str | bytes) -> str:
    text = repr(message)
    return text if len(text) <= _SHOWN_MAX else f"{text[: _SHOWN_MAX - 1]}…"
