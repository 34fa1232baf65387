"""What comes next when nothing is ready: the rule of the idle loop, as a function of values."""

from enum import Enum
from typing import NamedTuple


class Turn(Enum):
    """What to do with a loop that has nothing ready."""

    STEP = "move to the next item and start it"
    SETTLED = "end the waits for SETTLED"
    REACHED = "move to the target and end its wait"
    IDLE = "end the waits for IDLE"
    STUCK = "nothing can ever happen"


class Wants(NamedTuple):
    """What is asked of the pump at this moment."""

    settled: bool
    #: Elapsed time of the nearest target.
    target_at: int | None
    idle: bool
    #: The test waits for something else, and the loop may jump for it.
    autojump: bool


def decide(any_at: int | None, event_at: int | None, wants: Wants) -> tuple[Turn, int | None]:
    """Say what comes next, given that nothing is due now.

    Args:
        any_at: Elapsed time of the next item of any kind.
        event_at: Elapsed time of the next item that is not housekeeping. Never before ``any_at``.
        wants: Who waits for what.

    Returns:
        The turn, and for STEP and REACHED the elapsed time to move to. A step goes to ``any_at`` even when only
        ``event_at`` justifies it, because housekeeping runs when time passes over it.
    """
    if wants.settled:
        return Turn.SETTLED, None
    if wants.target_at is not None:
        if any_at is not None and any_at <= wants.target_at:
            return Turn.STEP, any_at
        return Turn.REACHED, wants.target_at
    if event_at is not None and (wants.idle or wants.autojump):
        return Turn.STEP, any_at
    return (Turn.IDLE if wants.idle else Turn.STUCK), None
