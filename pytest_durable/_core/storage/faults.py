"""Failures that a test asked for: the next commit, read or alarm row fails as SQLite would fail.

Source: ours; the errors are SQLite's, and what follows from them is what follows from real ones.
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import apsw

from pytest_durable._core.errors import ConfigurationError

Step = Literal["commit", "read", "alarm_row"]
Trouble = Literal["full", "io", "busy"]

_ERRORS: Final[dict[Trouble, tuple[type[apsw.Error], int, str]]] = {
    "full": (apsw.FullError, apsw.SQLITE_FULL, "database or disk is full"),
    "io": (apsw.IOError, apsw.SQLITE_IOERR, "disk I/O error"),
    "busy": (apsw.BusyError, apsw.SQLITE_BUSY, "database is locked"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One failure that is still to come.

    Attributes:
        step: What will fail.
        trouble: How.
        actor_hex: Whose step; None: that of any object.
        label: How messages call whose step it is.
    """

    step: Step
    trouble: Trouble
    actor_hex: str | None
    label: str = ""


class Faults:
    """The failures that a namespace has in store, in the order in which they were asked for."""

    def __init__(self) -> None:
        #: What is still to fail.
        self.pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let a step fail."""
        for given, known in ((fault.step, Step), (fault.trouble, Trouble)):
            if given not in get_args(known):
                raise ConfigurationError(f"{given!r} cannot fail. Known: {', '.join(get_args(known))}.")
        self.pending.append(fault)

    def forget(self, actor_hex: str | None) -> list[Fault]:
        """Take back the failures of one object, or all of them; those that were still to come."""
        forgotten = [fault for fault in self.pending if actor_hex in (None, fault.actor_hex)]
        self.pending[:] = [fault for fault in self.pending if fault not in forgotten]
        return forgotten

    def strike(self, step: Step, actor_hex: str) -> None:
        """Raise the failure that is due at this step, if one is.

        Raises:
            apsw.Error: What SQLite would raise.
        """
        for index, fault in enumerate(self.pending):
            if fault.step == step and fault.actor_hex in (None, actor_hex):
                del self.pending[index]
                raise _failure(fault.trouble)


def _failure(trouble: Trouble) -> apsw.Error:
    kind, code, text = _ERRORS[trouble]
    failure = kind(text)
    # What apsw sets on the errors that SQLite reports.
    for name, value in (("result", code), ("extendedresult", code), ("error_offset", -1)):
        setattr(failure, name, value)
    return failure
