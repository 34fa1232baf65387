"""States of an object's container and the moves between them. A table and nothing else.

    absent ──► constructing ──► active ──► absent            (evicted)
                    │              │
                    └──► broken ◄──┘                         (aborted, constructor or commit failed)

``broken`` has no way out: the container is replaced by a new one, to which only fresh stubs lead.

Source: workerd server/server.c++ (ActorContainer); spec durable-objects 9.1.
"""

import enum
from typing import Final


class ContainerState(enum.Enum):
    """What is in the container."""

    ABSENT = "absent"
    CONSTRUCTING = "constructing"
    ACTIVE = "active"
    BROKEN = "broken"

    #: There is one of each; the hash of their names, which enums have, is computed in Python at every move.
    __hash__ = object.__hash__


MOVES: Final = {
    ContainerState.ABSENT: frozenset({ContainerState.CONSTRUCTING, ContainerState.BROKEN}),
    ContainerState.CONSTRUCTING: frozenset({ContainerState.ACTIVE, ContainerState.ABSENT, ContainerState.BROKEN}),
    ContainerState.ACTIVE: frozenset({ContainerState.ABSENT, ContainerState.BROKEN}),
    ContainerState.BROKEN: frozenset[ContainerState](),
}


def move(current: ContainerState, target: ContainerState) -> ContainerState:
    """The state after a move.

    Raises:
        ValueError: The table does not know the move; a bug of ours.
    """
    if target not in MOVES[current]:
        raise ValueError(f"a container cannot go from {current.value} to {target.value}")
    return target
