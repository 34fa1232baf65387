"""Where in the user's JavaScript an error was thrown.

Calls do not carry stacks. The platform tells the stack of an exception apart from them: of each that leaves ``fetch``,
a constructor or ``blockConcurrencyWhile``, and of none that leaves a method.
"""

import re
from typing import Final, TypeAlias

from pytest_durable._hosts.workerd.records import Onset, Outcome, PlatformRecord, Thrown

CALL: Final = "jsrpc"
FETCH: Final = "fetch"
SCHEDULED: Final = "scheduled"

_FRAME: Final = re.compile(r"^ *at .*:\d+:\d+\)?$", re.MULTILINE)
#: Id of an object, None for the Worker itself; and the platform's word for the kind of event.
_Place: TypeAlias = tuple[str | None, str]


class ThrownStacks:
    """What was last thrown by the events of each kind in each object, if the last of them failed."""

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}
        self._thrown: dict[_Place, Thrown] = {}

    def __repr__(self) -> str:
        return f"<ThrownStacks of {len(self._thrown)} objects>"

    def write(self, record: PlatformRecord) -> None:
        """Take one record of the platform."""
        if isinstance(record, Onset):
            self._places[record.invocation] = (record.object_id, record.kind)
        elif isinstance(record, Thrown) and record.invocation in self._places:
            self._thrown[self._places[record.invocation]] = record
        elif isinstance(record, Outcome):
            place = self._places.pop(record.invocation, None)
            # A method that throws ends well, by the platform's words: what was thrown before is not its exception.
            if place is not None and record.outcome == "ok":
                self._thrown.pop(place, None)

    def forget_life(self) -> None:
        """The process has ended."""
        self._places.clear()
        self._thrown.clear()

    def last(self, actor_hex: str | None, kind: str) -> Thrown | None:
        """What the last event of a kind threw, if it failed and the platform has told it.

        Args:
            actor_hex: The object, or None for the Worker itself.
            kind: ``CALL``, ``FETCH`` or ``SCHEDULED``.
        """
        return self._thrown.get((actor_hex, kind))

    def of(self, actor_hex: str | None, kind: str, message: str) -> str | None:
        """The stack of the error with which an event has just failed; it has this message."""
        thrown = self.last(actor_hex, kind)
        return thrown.stack if thrown is not None and thrown.message == message else None


def frames(stack: object) -> str:
    """The lines of a stack that name a place in a module; empty if there are none."""
    return "\n".join(_FRAME.findall(stack)) if isinstance(stack, str) else ""
