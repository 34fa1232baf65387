"""The permanent slot of one object: it builds, keeps and drops the instance, and brings events to it.

At most one instance exists per object. When the object breaks (an abort, a failed constructor, a failed commit) the
container is spent: everybody who holds it, which means every stub used so far, gets the reason. The namespace then
makes a new container for fresh stubs.

Source: workerd server/server.c++ (ActorContainer), io/worker.c++ (Actor); spec durable-objects 9.1 - 9.4.
"""

import asyncio
import weakref
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from pytest_durable._core import events
from pytest_durable._core.actor.alarm_delivery import AlarmResult, AlarmRun
from pytest_durable._core.actor.breakage import Breakage, Repeated
from pytest_durable._core.actor.commit import ActorStorage
from pytest_durable._core.actor.context import ObjectContext
from pytest_durable._core.actor.hibernation import HibernatableSockets
from pytest_durable._core.actor.incarnation import Incarnation
from pytest_durable._core.actor.lifecycle import ContainerState, move
from pytest_durable._core.actor.message_size import refusal_of_arguments, require_sendable_result
from pytest_durable._core.actor.reply import Reply, describe, never_sent
from pytest_durable._core.actor.requests import answer_to
from pytest_durable._core.actor.scope import Scope, is_in_turn
from pytest_durable._core.actor.services import Services
from pytest_durable._core.actor.strand import NEXT_TURN
from pytest_durable._core.errors import DurableError, LifeEnded
from pytest_durable._core.ids import ObjectId
from pytest_durable._core.life import Timer
from pytest_durable._core.messages import Call, Delivery, ObjectKey
from pytest_durable._core.platform_errors import (
    STORAGE_GONE,
    PlatformError,
    RemoteFailure,
)

if TYPE_CHECKING:
    from pytest_durable._core.actor.facets import Facets

#: How long an object stays in memory with nothing to do (spec 9.3).
IDLE_NS: Final = 10_000_000_000


class Pin:
    """What all stubs that are bound to a container hold: while it is alive, the container has clients."""

    __slots__ = ("__weakref__", "container")

    def __init__(self, container: "Container") -> None:
        self.container = container

    def __del__(self) -> None:
        self.container.last_access_ns = self.container.services.elapsed_ns()
        self.container.services.arm_sweep()


class Container:
    """The permanent slot of one object.

    Args:
        object_id: The id as the object sees it, with the name under which it was first reached (spec 2.3.5); a facet
            may see a text of its own.
        key: The object, in records.
        services: What the runtime offers to the objects of the namespace.
    """

    #: The objects below it, once there may be some.
    _facets: "Facets | None" = None
    #: Its WebSockets, once there may be some.
    _sockets: HibernatableSockets | None = None

    def __init__(self, object_id: ObjectId | str, key: ObjectKey, services: Services) -> None:
        self.id = object_id
        self.key = key
        self.services = services
        self.state = ContainerState.ABSENT
        self.incarnation: Incarnation | None = None
        self.breakage: Breakage | None = None
        self.alarms = services.alarms(self.key)
        self._alarm_run: AlarmRun | None = None
        self._idle_timer: Timer | None = None
        self._evict_waiters: tuple[asyncio.Future[None], ...] = ()
        #: Elapsed time of the last call, or of the end of the last stub if that was later.
        self.last_access_ns = services.elapsed_ns()
        self._pin: weakref.ref[Pin] | None = None

    def __repr__(self) -> str:
        return f"<Container of {self.key}: {self.state.value}>"

    @property
    def is_broken(self) -> bool:
        """Whether this container is spent."""
        return self.state is ContainerState.BROKEN

    @property
    def is_busy(self) -> bool:
        """Whether the instance has something running or waiting."""
        return self.incarnation is not None and self.incarnation.is_busy

    # -- clients

    def pin(self) -> Pin:
        """What a stub holds once it is bound to this container (spec 9.1.2)."""
        pin = None if self._pin is None else self._pin()
        if pin is None:
            pin = Pin(self)
            self._pin = weakref.ref(pin)
        return pin

    @property
    def is_pinned(self) -> bool:
        """Whether a stub is bound to it."""
        return self._pin is not None and self._pin() is not None

    @property
    def alarm_is_running(self) -> bool:
        """Whether a delivery of its alarm is in progress."""
        return self._alarm_run is not None

    @property
    def has_clients(self) -> bool:
        """Whether a stub is bound to it or to a facet of it, or a call or alarm is on its way in one of them."""
        if self.is_pinned or (self._facets is not None and self._facets.have_clients):
            return True
        if self._alarm_run is not None or (self._sockets is not None and self._sockets.have_clients):
            return True
        incarnation = self.incarnation
        return incarnation is not None and bool(incarnation.replies or incarnation.holds)

    # -- facets

    @property
    def facets(self) -> "Facets":
        """The objects below it; asking makes nothing on the disk."""
        if self._facets is None:
            self._facets = self.services.facets(self)
        return self._facets

    def running(self) -> "Iterator[Container]":
        """Those of the container itself and of all below it that have an instance."""
        if self.incarnation is not None:
            yield self
        if self._facets is not None:
            yield from self._facets.running()

    # -- WebSockets

    @property
    def sockets(self) -> HibernatableSockets:
        """Its WebSockets; they outlive its instances."""
        if self._sockets is None:
            self._sockets = HibernatableSockets(self)
        return self._sockets

    # -- events

    def deliver(
        self, delivery: Call | Delivery, answer: "asyncio.Future[object] | None" = None, caller: object = None
    ) -> "asyncio.Future[object]":
        """Bring a call or request to the object.

        Args:
            delivery: What to bring.
            answer: The future to use for the answer; a new one by default.
            caller: Who calls, if that can be cut off.

        Returns:
            A future of the wire value; fails with ``RemoteFailure``.
        """
        surface, bytes_max = self.services.surface, self.services.message_bytes_max
        if not isinstance(delivery, Call):
            return self._start_event(
                "fetch",
                lambda incarnation: surface.deliver(incarnation.instance, delivery),
                lambda result: answer_to(delivery, surface.answer(delivery, result), self),
                answer,
                caller,
            )
        if delivery.args and (refusal := refusal_of_arguments(delivery.args, bytes_max)) is not None:
            return self._never_sent(refusal, answer)
        return self._start_event(
            delivery.method,
            lambda incarnation: surface.deliver(incarnation.instance, delivery),
            lambda result: require_sendable_result(surface.answer(delivery, result), bytes_max),
            answer,
            caller,
        )

    def cut_off(self, caller: object) -> None:
        """Let every call in flight of ``caller`` lose its connection. The object goes on and is told nothing."""
        for reply in () if self.incarnation is None else self.incarnation.replies:
            if reply.caller is caller:
                reply.lose()

    def _never_sent(self, refusal: PlatformError, answer: "asyncio.Future[object] | None") -> "asyncio.Future[object]":
        """The answer to a call that failed at its caller."""
        self.services.life.require_alive()
        return never_sent(refusal, self.key.hex, self.services.life.loop, answer)

    def send_from_here(self, delivery: Delivery, scope: Scope | None) -> "asyncio.Future[object]":
        """Like ``deliver``, on behalf of the running code: it leaves at the end of the turn (spec 6.4)."""
        if scope is None or not scope.incarnation.in_turn:
            return self.deliver(delivery)
        answer: asyncio.Future[object] = self.services.life.loop.create_future()
        scope.incarnation.output_gate.hold(lambda: self.deliver(delivery, answer))
        return answer

    def run_inside(self, function: Callable[[object, ObjectContext], object]) -> "asyncio.Future[object]":
        """Run a function of the test inside the object, as an event of its own; its result is not converted."""
        return self._start_event(
            "run_in_object", lambda incarnation: function(incarnation.instance, incarnation.context), None, None
        )

    def deliver_event(self, method: str, handle: Callable[[Incarnation], object]) -> "asyncio.Future[object]":
        """Run a handler as an event of its own; nobody gets its result."""
        return self._start_event(method, handle, None, None)

    def _start_event(
        self,
        method: str,
        handle: Callable[[Incarnation], object],
        convert: Callable[[object], object] | None,
        answer: "asyncio.Future[object] | None",
        caller: object = None,
    ) -> "asyncio.Future[object]":
        services = self.services
        services.life.require_alive()
        self.last_access_ns = services.elapsed_ns()
        future = services.life.loop.create_future() if answer is None else answer
        reply = Reply(future, services.journal, self.key, method, caller)
        if self.breakage is not None:
            reply.fail(self.breakage.failure(self.key))
            return future
        try:
            incarnation = self.incarnation or self._rehydrate()
        except DurableError as failure:  # the file is damaged, or cannot be read
            services.claim_failed(failure)
            reply.fail(RemoteFailure(failure, self.key.hex, from_user_code=False))
            return future
        except PlatformError as failure:  # a facet whose file can have no name
            reply.fail(RemoteFailure(failure, self.key.hex, from_user_code=False))
            return future
        incarnation.start(self._serve(incarnation, method, handle, convert), incarnation.owes(reply))
        return future

    async def _serve(
        self,
        incarnation: Incarnation,
        method: str,
        handle: Callable[[Incarnation], object],
        convert: Callable[[object], object] | None,
    ) -> object:
        if incarnation.instance is None:
            await self.construct(incarnation)
        self.services.journal.record(events.CallStarted, self.key, method)
        result = handle(incarnation)
        if hasattr(result, "__await__"):
            result = await result
        return result if convert is None else convert(result)

    # -- construction

    def _rehydrate(self) -> Incarnation:
        services = self.services
        store = services.open_store(self.key.hex)  # may fail: then nothing has changed, and the next event tries again
        self.state = move(self.state, ContainerState.CONSTRUCTING)
        incarnation = Incarnation(self, services, store)
        services.life.adopt(incarnation)
        self.incarnation = incarnation
        return incarnation

    async def construct(self, incarnation: Incarnation) -> None:
        """Call the class, as a turn of its own, and let what its constructor put into critical sections finish.

        Runs in the first event that gets through the input gate; the others find the instance.
        """
        services = self.services
        if incarnation.construction_failure is not None:
            services.surface.replay(incarnation.cls, incarnation.construction_failure.again())
        # A module that cannot be executed is not the object's fault: nothing is built, and the next event tries again.
        incarnation.cls = self.find_class(incarnation)
        incarnation.is_constructing = True
        try:
            incarnation.context = ObjectContext(incarnation)
            instance = services.surface.build(incarnation.cls, incarnation.context, services.bindings())
        except Exception as failure:
            self._construction_failed(incarnation, failure)
            raise
        finally:
            incarnation.is_constructing = False
        incarnation.instance = instance
        self.state = move(self.state, ContainerState.ACTIVE)
        services.journal.record(events.InstanceBuilt, self.key, incarnation.cls.__name__)
        incarnation.end_turn()
        if incarnation.is_over or incarnation.input_gate.section is not None:
            await _NextTurn()

    def find_class(self, incarnation: Incarnation) -> type:
        """The user's class, in the isolate of ``incarnation``; raises what loading its module raises."""
        return incarnation.isolate.get_class(self.services.target)

    def _construction_failed(self, incarnation: Incarnation, failure: BaseException) -> None:
        if self.services.surface.rules.constructor_failure == "break":
            self.break_now(Breakage(failure, from_user_code=True, counts=False))
        else:
            incarnation.construction_failure = Repeated(failure)

    # -- alarms

    def deliver_alarm(self, due_ns: int, retry_count: int, done: Callable[[AlarmResult], None]) -> None:
        """Bring a due alarm to the object; ``done`` is called once, whatever happens (unless the life ends)."""
        self.services.life.require_alive()
        if self.breakage is not None:
            done(AlarmResult(ran=False, error=describe(self.breakage.original), counts=self.breakage.counts))
            return
        try:
            incarnation = self.incarnation or self._rehydrate()
        except DurableError as failure:  # the file is damaged, or cannot be read; not the alarm's fault
            self.services.claim_failed(failure)
            done(AlarmResult(ran=False, error=describe(failure), counts=False))
            return
        run = self._alarm_run = AlarmRun(self, incarnation, due_ns, done)
        incarnation.start(run.serve(retry_count), run.ended)

    def take_alarm_run(self, run: AlarmRun) -> bool:
        """``run`` is about to answer. False: the object has broken meanwhile, and that has answered."""
        if self._alarm_run is not run:
            return False
        self._alarm_run = None
        return True

    def abandon_alarm(self, due_ns: int) -> bool:
        """Clear the alarm ``due_ns`` without running user code (spec 7.7.1)."""
        if self.breakage is not None:
            return False
        if self.incarnation is not None:
            return self.incarnation.storage.abandon_alarm(due_ns)
        try:
            with self._opened() as storage:
                return storage.abandon_alarm(due_ns)
        except DurableError as failure:  # the file is damaged, or cannot be read
            self.services.claim_failed(failure)
            return False

    @contextmanager
    def _opened(self) -> Iterator[ActorStorage]:
        """The storage of an object that is not in memory, for a moment in which no user code runs."""
        incarnation = Incarnation(self, self.services, self.services.open_store(self.key.hex))
        try:
            yield incarnation.storage
        finally:
            incarnation.is_over = True
            incarnation.storage.end(graceful=True)

    def delete_alarm(self) -> "asyncio.Future[object]":
        """Delete the alarm of the instance from outside, as an event of its own that needs no instance.

        Returns:
            A future that completes when both records are gone; fails with ``RemoteFailure``.

        Records: Committed, AlarmRowDeleted, ReplySent, CallEnded.
        """
        incarnation = self.incarnation
        assert incarnation is not None, f"{self.key} is not in memory"
        future: asyncio.Future[object] = self.services.life.loop.create_future()
        answer = incarnation.owes(Reply(future, self.services.journal, self.key, "delete_all_alarms"))

        async def delete() -> None:
            incarnation.storage.forget_alarm()

        def ended(result: object, failure: BaseException | None) -> None:
            if failure is None:
                self.alarms.drop()  # at once: in a later round of the loop the object may have set another
            answer(result, failure)

        incarnation.start(delete(), ended)
        return future

    def delete_alarm_unseen(self) -> None:
        """Delete the alarm of an object that is not in memory, from both records, without building an instance.

        Records: Committed, AlarmRowDeleted.

        Raises:
            PlatformError, DamagedFileError: It cannot be done; nothing has changed.
        """
        with self._opened() as storage:
            storage.forget_alarm()
            storage.end_turn()
            if self.breakage is not None:
                raise self.closed_error()
        self.alarms.drop()

    # -- the end of an instance

    def end_at_once(self, breakage: Breakage) -> None:
        """End the object because somebody asked for it. One whose turn is on the stack ends with that turn."""
        incarnation = self.incarnation
        if incarnation is None or not incarnation.in_turn:
            self.break_now(breakage)
        elif incarnation.abort_request is None:
            incarnation.abort_request = breakage

    def reset(self, failure: BaseException) -> None:
        """End the instance because its ``blockConcurrencyWhile`` callback failed."""
        self.services.tell_if_claim(failure)
        if isinstance(failure, PlatformError):
            failure = failure.copy()
            failure.durable_object_reset = True
        self.break_now(Breakage(failure, from_user_code=True))

    def break_with_error(self, failure: PlatformError, *, counts: bool = True) -> None:
        """End the instance because the platform says so (a failed commit, a time limit)."""
        self.break_now(Breakage(failure, counts=counts))

    def break_now(self, breakage: Breakage) -> None:
        """End the object; no turn of it is on the stack, or the one that is has just ended.

        Records: Aborted.
        """
        if self.breakage is not None:
            return
        self.breakage = breakage
        self.state = move(self.state, ContainerState.BROKEN)
        self._stop_idle_timer()
        incarnation, self.incarnation = self.incarnation, None
        run, self._alarm_run = self._alarm_run, None
        self.services.broke(self)
        if incarnation is not None:
            incarnation.give_up(breakage)
        self._release_evict_waiters()
        self.services.journal.record(events.Aborted, self.key, describe(breakage.original))
        if self._sockets is not None:
            self._sockets.cut()
        if self._facets is not None:
            self._facets.end(breakage)
        if run is not None:
            run.cut_short(breakage)

    def closed_error(self) -> PlatformError:
        """What storage answers when the object is over."""
        original = self.breakage.original if self.breakage is not None else None
        if isinstance(original, PlatformError):
            return original.copy()
        return PlatformError(STORAGE_GONE, retryable=True, durable_object_reset=True)

    def refusal(self) -> BaseException:
        """What is raised in whoever uses something of an instance that is over.

        Frames that are on the stack when the process dies are unwound; whoever comes later is told.
        """
        if self.services.life.is_over and is_in_turn():
            return LifeEnded()
        return self.closed_error()

    # -- idleness and eviction

    def became_idle(self) -> None:
        """The last strand of the instance ended, or the last stub that kept it was released."""
        incarnation = self.incarnation
        if incarnation is None:
            return
        if self._evict_waiters and not incarnation.is_busy:
            self._release_evict_waiters()
        if self._idle_timer is None and not self.services.prevent_eviction:
            self._arm_idle_timer(IDLE_NS)

    def _arm_idle_timer(self, delay_ns: int) -> None:
        self._idle_timer = self.services.life.after(delay_ns, self._idle_check, key=self.key.hex, housekeeping=True)

    def _idle_check(self) -> None:
        self._idle_timer = None
        incarnation = self.incarnation
        if incarnation is None or incarnation.strands or incarnation.holds:
            return  # the end of the last of them arms the timer again
        idle_ns = self.services.elapsed_ns() - incarnation.idle_since_ns
        if incarnation.is_busy:
            self._arm_idle_timer(IDLE_NS)
        elif idle_ns < IDLE_NS:
            self._arm_idle_timer(IDLE_NS - idle_ns)
        else:
            self.evict()

    def _stop_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def evict(self) -> None:
        """Drop the instance in order. What still runs in it is never resumed.

        Records: Evicted.
        """
        incarnation, self.incarnation = self.incarnation, None
        if incarnation is None:
            return
        self._stop_idle_timer()
        self.state = move(self.state, ContainerState.ABSENT)
        incarnation.retire()
        if self._sockets is not None:
            self._sockets.left_memory()

    def leave(self) -> None:
        """The container goes: drop its instance and everything below it."""
        self.evict()
        if self._sockets is not None:
            self._sockets.cut()
        if self._facets is not None:
            self._facets.leave()

    def wait_idle(self) -> "asyncio.Future[None]":
        """A future that completes when the instance has nothing to do, or is gone."""
        future: asyncio.Future[None] = self.services.life.loop.create_future()
        if self.is_busy:
            self._evict_waiters += (future,)
        else:
            future.set_result(None)
        return future

    def _release_evict_waiters(self) -> None:
        waiters, self._evict_waiters = self._evict_waiters, ()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class _NextTurn:
    """Ends the turn and asks the input gate for the next; see ``strand.NEXT_TURN``."""

    def __await__(self) -> Generator[object, None, None]:
        yield NEXT_TURN


__all__ = ["IDLE_NS", "Container", "Pin"]
