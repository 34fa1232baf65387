"""A host that is down, or is about to be: what callers are told, and how long their calls may go on."""

from typing import Final

from pytest_durable._core.errors import HostDownError
from pytest_durable._hosts.durations import instant

#: How long a graceful stop waits for calls in flight, in virtual seconds (decisions 4.5).
DRAIN_SECONDS_MAX: Final = 30

#: How a life ends when somebody ends it.
ENDED: Final = "it was stopped or has crashed."


def host_down(since_ns: int, end: str = ENDED) -> HostDownError:
    """The error for what needs a life that runs.

    Args:
        since_ns: When the last one ended.
        end: How it ended.
    """
    return HostDownError(
        f"The host is down since {instant(since_ns).isoformat()}: {end}\n\nStart it again:  await durable.start()"
    )


def host_stopping() -> HostDownError:
    """The error for a call that comes while the host waits for those before it."""
    return HostDownError(
        "The host is being stopped: it finishes the calls in flight and takes no new ones.\n\n"
        "Start it again when stop() has returned:  await durable.start()"
    )
