"""One delivery of an alarm to an object, from its arrival to the answer for the scheduler.

Source: workerd io/worker-entrypoint.c++ (runAlarm); spec durable-objects 7.3 - 7.6.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_durable._core.actor.alarm_turn import Cancel, decide
from pytest_durable._core.actor.breakage import Breakage
from pytest_durable._core.actor.construction import construct
from pytest_durable._core.actor.own_alarm import MS
from pytest_durable._core.actor.reply import describe
from pytest_durable._core.errors import DurableError
from pytest_durable._core.life import Timer
from pytest_durable._core.messages import Alarm, AlarmInfo
from pytest_durable._core.platform_errors import PlatformError

if TYPE_CHECKING:
    from pytest_durable._core.actor.container import Container
    from pytest_durable._core.actor.incarnation import Incarnation

#: How long an alarm handler may run (spec 7.3.5).
ALARM_TIMEOUT_NS: Final = 15 * 60 * 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmResult:
    """How the delivery of an alarm ended; the scheduler's ``AlarmOutcome`` in this room's words."""

    ran: bool
    error: str | None = None
    retry: bool = True
    counts: bool = True


def deliver_alarm(container: "Container", due_ns: int, retry_count: int, done: Callable[[AlarmResult], None]) -> None:
    """Bring a due alarm to an object.

    Args:
        container: The object's.
        due_ns: The time the scheduler fires for.
        retry_count: How many tries have failed.
        done: Takes the answer, once, whatever happens (unless the life ends).
    """
    services, breakage = container.services, container.breakage
    services.life.require_alive()
    if breakage is not None:
        done(AlarmResult(ran=False, error=describe(breakage.original), counts=breakage.counts))
        return
    try:
        incarnation = container.incarnation or container.rehydrate()
    except DurableError as failure:  # the file is damaged, or cannot be read; not the alarm's fault
        services.claim_failed(failure)
        done(AlarmResult(ran=False, error=describe(failure), counts=False))
        return
    run = container.alarm_run = AlarmRun(container, incarnation, due_ns, done)
    incarnation.start(run.serve(retry_count), run.ended)


class AlarmRun:
    """A delivery in progress.

    Args:
        container: The object's.
        incarnation: The instance that it goes to.
        due_ns: The time the scheduler fires for.
        done: Takes the answer, once.
    """

    __slots__ = ("_container", "_done", "_due_ns", "_handler_called", "_handler_exists", "_incarnation", "_timer")

    def __init__(
        self, container: "Container", incarnation: "Incarnation", due_ns: int, done: Callable[[AlarmResult], None]
    ) -> None:
        self._container = container
        self._incarnation = incarnation
        self._due_ns = due_ns
        self._done = done
        self._handler_called = False
        #: False where the platform calls a handler that is not there, and counts the failure (PW-1.38).
        self._handler_exists = True
        self._timer: Timer | None = None

    async def serve(self, retry_count: int) -> None:
        """Decide, and run the handler if so decided."""
        incarnation, services = self._incarnation, self._container.services
        if incarnation.instance is None:
            await construct(incarnation)
        storage, alarm = incarnation.storage, incarnation.storage.alarm
        step = decide(
            due_ns=self._due_ns,
            local_ns=alarm.get_ns(),
            now_ns=services.wall_ns(),
            is_clean=alarm.is_clean,
        )
        if isinstance(step, Cancel):
            alarm.move_row(step.due_ns)
            return
        if services.surface.rules.alarm_without_handler == "refuse" and not storage.has_alarm_handler:
            alarm.delete()
            return
        alarm.begin_run(defer_delete=step.defer_delete)
        self._handler_called = True
        self._handler_exists = storage.has_alarm_handler
        self._timer = services.life.after(ALARM_TIMEOUT_NS, self._timed_out, key=self._container.key.hex)
        result = services.surface.deliver(incarnation.instance, Alarm(AlarmInfo(self._due_ns // MS, retry_count)))
        if hasattr(result, "__await__"):
            await result

    def ended(self, _result: object, failure: BaseException | None) -> None:
        """The handler is over and its last turn committed."""
        self._incarnation.storage.finish_alarm(succeeded=failure is None)
        if self._container.alarm_run is not self:
            return  # the commit of the deferred deletion broke the object, and that has answered
        self._container.alarm_run = None
        ran = self._handler_called and self._handler_exists
        if failure is None:
            self._answer(AlarmResult(ran=ran))
            return
        services = self._container.services
        is_claim = services.tell_if_claim(failure)
        # Damaged data are not the alarm's fault: as with a file that cannot even be opened, it is tried for ever.
        counts = not services.tell_if_damage(failure) and self._handler_called
        self._answer(AlarmResult(ran=ran, error=describe(failure), retry=not is_claim, counts=counts))

    def cut_short(self, breakage: Breakage) -> None:
        """The object broke during the delivery."""
        is_damage = self._container.services.tell_if_damage(breakage.original)
        self._answer(
            AlarmResult(
                ran=self._handler_called and self._handler_exists,
                error=describe(breakage.original),
                retry=breakage.retry_alarm or not self._handler_called,
                # A delivery that only waited is no failed run.
                counts=breakage.counts and self._handler_called and not is_damage,
            )
        )

    def _answer(self, result: AlarmResult) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None  # it refers to us: without the circle both go at once, without the garbage collector
        self._container.last_access_ns = self._container.services.elapsed_ns()
        self._done(result)

    def _timed_out(self) -> None:
        self._container.break_with_error(
            PlatformError("Alarm exceeded its allowed execution time.", durable_object_reset=True)
        )
