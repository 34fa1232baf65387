"""What can be wrong with the real platform, as opposed to what it does."""

from pytest_durable._core.errors import DurableError, RealTimeWaitError


class WorkerdUnavailableError(DurableError):
    """The real platform cannot run on this machine. The message is fit to be the reason of a skip."""


class WorkerdNotFoundError(WorkerdUnavailableError):
    """There is no workerd, or not where it was said to be."""


class ShimUnavailableError(WorkerdUnavailableError):
    """The clock of the process cannot be replaced: another system, no C compiler, no place for the result."""


class WorkerdStartError(DurableError):
    """The process ended, or said nothing, instead of listening. Shows what it printed."""


class WorkerdDiedError(DurableError):
    """The process ended by itself in the middle of a conversation. Shows what it printed."""


class WorkerdBusyError(RealTimeWaitError):
    """The process has not come to rest within the real-time limit: code that never yields, or a peer outside."""
