"""How handlers of a Worker have ended that answer nobody: what the verbs of a host return."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledResult:
    """How a ``scheduled`` handler has ended.

    Attributes:
        outcome: ``"ok"`` or ``"exception"``.
        no_retry: The handler has called ``noRetry()``.
        exception: What it raised, or None.
    """

    outcome: Literal["ok", "exception"]
    no_retry: bool = False
    exception: BaseException | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueResult:
    """How a ``queue`` handler has ended.

    Attributes:
        outcome: ``"ok"`` or ``"exception"``.
        acknowledged: Ids of the messages that are done with.
        retried: Ids of those that are to be delivered again, with the delay in seconds that was asked for, or None.
        exception: What it raised, or None.
    """

    outcome: Literal["ok", "exception"]
    acknowledged: tuple[str, ...]
    retried: Mapping[str, int | None]
    exception: BaseException | None = None
