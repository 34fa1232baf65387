"""Failures that a test asked for: the next commit, read or alarm row fails as SQLite would fail.

Source: ours; the errors are SQLite's, and what follows from them is what follows from real ones.
"""

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


class Faults:
    """The failures that a namespace has in store, in the order in which they were asked for."""

    def __init__(self) -> None:
        #: What is still to fail.
        self.pending: list[tuple[Step, Trouble, str | None]] = []

    def add(self, step: Step, trouble: Trouble, actor_hex: str | None) -> None:
        """Let the next ``step`` fail, of one object or of any."""
        for given, known in ((step, Step), (trouble, Trouble)):
            if given not in get_args(known):
                raise ConfigurationError(f"{given!r} cannot fail. Known: {', '.join(get_args(known))}.")
        self.pending.append((step, trouble, actor_hex))

    def strike(self, step: Step, actor_hex: str) -> None:
        """Raise the failure that is due at this step, if one is.

        Raises:
            apsw.Error: What SQLite would raise.
        """
        for index, (failing, trouble, whose) in enumerate(self.pending):
            if failing == step and whose in (None, actor_hex):
                del self.pending[index]
                raise _failure(trouble)


def _failure(trouble: Trouble) -> apsw.Error:
    kind, code, text = _ERRORS[trouble]
    failure = kind(text)
    # What apsw sets on the errors that SQLite reports.
    for name, value in (("result", code), ("extendedresult", code), ("error_offset", -1)):
        setattr(failure, name, value)
    return failure
