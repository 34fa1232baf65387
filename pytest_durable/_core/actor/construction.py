"""How an instance comes to be: the class is called, and what its constructor has begun comes to its end.

Source: workerd io/worker.c++ (Actor); spec durable-objects 9.2.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING

from pytest_durable._core import events
from pytest_durable._core.actor.breakage import Breakage, Repeated
from pytest_durable._core.actor.context import ObjectContext
from pytest_durable._core.actor.strand import NEXT_TURN

if TYPE_CHECKING:
    from pytest_durable._core.actor.incarnation import Incarnation


async def construct(incarnation: "Incarnation") -> None:
    """Call the class, as a turn of its own, and let what its constructor put into critical sections finish.

    Runs in the first event that gets through the input gate; the others find the instance.

    Records: InstanceBuilt.
    """
    container, services = incarnation.container, incarnation.services
    if incarnation.construction_failure is not None:
        services.surface.replay(incarnation.cls, incarnation.construction_failure.again())
    # A module that cannot be executed is not the object's fault: nothing is built, and the next event tries again.
    incarnation.cls = container.find_class(incarnation)
    incarnation.is_constructing = True
    try:
        incarnation.context = ObjectContext(incarnation)
        instance = services.surface.build(incarnation.cls, incarnation.context, services.bindings())
    except Exception as failure:
        _failed(incarnation, failure)
        raise
    finally:
        incarnation.is_constructing = False
    incarnation.instance = instance
    container.instance_built()
    services.journal.record(events.InstanceBuilt, incarnation.key, incarnation.cls.__name__)
    incarnation.end_turn()
    if incarnation.is_over or incarnation.input_gate.section is not None:
        await _NextTurn()


def _failed(incarnation: "Incarnation", failure: BaseException) -> None:
    if incarnation.services.surface.rules.constructor_failure == "break":
        incarnation.container.break_now(Breakage(failure, from_user_code=True))
    else:
        incarnation.construction_failure = Repeated(failure)


class _NextTurn:
    """Ends the turn and asks the input gate for the next; see ``strand.NEXT_TURN``."""

    def __await__(self) -> Generator[object, None, None]:
        yield NEXT_TURN
