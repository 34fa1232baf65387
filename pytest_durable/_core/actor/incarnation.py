"""One stay of an object in memory: its instance, its open store, its gates, and everything it has running.

A container outlives it; eviction, abort, a failed commit and the end of the life end it. From then on its strands are
never resumed.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from pytest_durable._core import events
from pytest_durable._core.actor.background import report_unless_awaited
from pytest_durable._core.actor.breakage import Repeated
from pytest_durable._core.actor.commit import ActorStorage
from pytest_durable._core.actor.gates import InputGate, OutputGate, Section, innermost_open
from pytest_durable._core.actor.reply import CallbackReply, Reply
from pytest_durable._core.actor.scope import SCOPE, Scope, current_scope
from pytest_durable._core.actor.strand import Ended, Fatal, Strand
from pytest_durable._core.errors import IsolateEnded
from pytest_durable._core.ids import ObjectId
from pytest_durable._core.life import Timer
from pytest_durable._core.messages import ObjectKey
from pytest_durable._core.platform_errors import PlatformError, RemoteFailure

if TYPE_CHECKING:
    from pytest_durable._core.actor.breakage import Breakage
    from pytest_durable._core.actor.capabilities import Hold
    from pytest_durable._core.actor.container import Container
    from pytest_durable._core.actor.context import ObjectContext
    from pytest_durable._core.actor.services import Services
    from pytest_durable._core.storage import ObjectStore

#: How long a critical section may last (spec 6.5.6).
SECTION_TIMEOUT_NS: Final = 30_000_000_000


class Incarnation:
    """One stay of an object in memory.

    Args:
        container: The object's permanent slot.
        services: What the runtime offers to all objects of the namespace.
        store: The object's open store.
    """

    def __init__(self, container: "Container", services: "Services", store: "ObjectStore") -> None:
        self.container = container
        self.services = services
        self.key: ObjectKey = container.key
        self.id: ObjectId | str = container.id
        #: The copy of the user's modules in which it lives, whatever takes the place of that meanwhile.
        self.isolate = services.isolate()
        self.is_over = False
        self.is_constructing = False
        self.instance: object = None
        #: The class whose instance this is.
        self.cls: type = object
        self.context: ObjectContext = None  # type: ignore[assignment]  # set before the class is called
        self.construction_failure: Repeated | None = None
        self.input_gate = InputGate()
        self.output_gate = OutputGate()
        #: The answers that are owed, in the order of the questions.
        self.replies: dict[Reply, None] = {}
        self.strands: set[Strand] = set()
        #: Something of it is to be called by others, or has been.
        self.has_lent = False
        #: Stubs of what it handed out, and of what it was handed. Most objects never have any.
        self.holds: set[Hold] | None = None
        #: Why the object is to end when the running turn is over.
        self.abort_request: Breakage | None = None
        #: Elapsed time at which the object last did something; meaningful while nothing runs.
        self.idle_since_ns = services.elapsed_ns()
        self._depth = 0
        self.storage = self._make_storage(store)
        self._section_timers: tuple[Timer, ...] = ()  # not a set: there are hardly ever any

    def __repr__(self) -> str:
        return f"<Incarnation of {self.key}: {len(self.strands)} strands, {len(self.replies)} in flight>"

    def _make_storage(self, store: "ObjectStore") -> ActorStorage:
        return ActorStorage(self, self.services, store, self.container.alarms)

    # -- turns

    def begin_turn(self) -> None:
        """User code of this object is about to run."""
        self._depth += 1
        self.isolate.enter()

    def leave_turn(self) -> None:
        """The turn's frame is gone."""
        self._depth -= 1

    @property
    def in_turn(self) -> bool:
        """Whether a turn of this object is on the stack."""
        return self._depth > 0

    def end_turn(self) -> None:
        """Commit what the turn wrote and let go what waited for it; or grant the abort it asked for.

        Afterwards the object may be over (aborted, or its commit failed).
        """
        if self.is_over:
            return
        if self.abort_request is not None:
            self.container.break_now(self.abort_request)
            return
        self.storage.end_turn()
        self.output_gate.open()

    # -- starting things

    def start(
        self,
        coroutine: Coroutine[Any, Any, object],
        ended: Ended | None,
        section: Section | None = None,
        fatal: Fatal | None = None,
    ) -> Strand:
        """Run a coroutine as a strand of this object."""
        strand = Strand(coroutine, self, section, ended, fatal)
        self.strands.add(strand)
        context = self.isolate.base_context.copy()
        context.run(SCOPE.set, Scope(self, section))
        self.services.life.spawn(strand, context)
        return strand

    def owes(self, reply: Reply) -> Ended:
        """Take on an answer; it fails with this object if that ends first. Returns what gives it when its work ends."""
        self.replies[reply] = None

        def ended(result: object, failure: BaseException | None) -> None:
            self.replies.pop(reply, None)
            if failure is None:
                reply.send(result)
                return
            self.services.tell_if_claim(failure)
            reply.fail(
                RemoteFailure(
                    failure,
                    self.key.hex,
                    from_user_code=True,
                    is_fetch=reply.is_fetch,
                    by_reference=reply.by_reference,
                )
            )

        return ended

    def run_event(self, callback: Callable[[], object], section: Section | None) -> "asyncio.Future[object]":
        """Run ``callback`` as an event of this object; it leaves the running turn like anything that is sent.

        Args:
            callback: What to run; it may return an awaitable.
            section: The critical section that may be open while it runs.

        Returns:
            A future of its outcome, or of why the object ended.
        """
        future: asyncio.Future[object] = self.services.life.loop.create_future()
        if self.is_over:
            future.set_exception(self.container.closed_error())
            return future
        reply = CallbackReply(future, self.services.journal, self.key, "callback")
        self.run_after_turn(callback, section, self.owes(reply))
        return future

    def run_after_turn(self, callback: Callable[[], object], section: Section | None, ended: Ended) -> None:
        """Run ``callback`` as an event of this object, which ``ended`` is told the outcome of; see ``run_event``."""

        def deliver() -> None:
            if not self.is_over:
                self.start(_resolve(callback), ended, innermost_open(section))

        sender = current_scope()
        if sender is not None and sender.incarnation.in_turn:
            sender.incarnation.output_gate.hold(deliver)
        else:
            deliver()

    def wrap_task(self, coroutine: Coroutine[Any, Any, object], section: Section | None) -> Strand:
        """The strand for a task that user code creates by itself."""
        strand = Strand(coroutine, self, section)
        self.strands.add(strand)
        return strand

    def task_failed(self, failure: BaseException) -> None:
        """The running task, which user code has created, is about to end with ``failure``."""
        services = self.services
        report_unless_awaited(
            failure, lambda: services.background_failed("task", self.key, failure), services.life.soon
        )

    def wrap_callback(self, callback: Callable[..., object], section: Section | None) -> Callable[..., object]:
        """What to call for a plain callback (``loop.call_later`` and its kin) that user code of this object made.

        The callback is a turn of its own: it waits for the input gate, and its writes are committed after it. It runs
        as a strand, so that an open critical section holds it back like any other event.
        """

        def ended(_result: object, failure: BaseException | None) -> None:
            if failure is not None:
                self.services.background_failed("callback", self.key, failure)

        def run(*args: object) -> None:
            if self.is_over:
                self.keep(callback, args)
                return
            self.start(_call(callback, args), ended, innermost_open(section))

        return run

    def strand_ended(self, strand: Strand) -> None:
        """A strand's coroutine has returned or raised."""
        self.strands.discard(strand)
        if not self.strands:
            self._now_idle()

    def _now_idle(self) -> None:
        self.idle_since_ns = self.services.elapsed_ns()
        self.container.became_idle()

    def run_section(
        self, callback: Callable[[], object], parent: Section | None, *, failure_resets: bool
    ) -> "asyncio.Future[object]":
        """Run ``callback`` (which may return an awaitable) as a critical section.

        Args:
            callback: The work.
            parent: The section from which it is called.
            failure_resets: A failure of the callback resets the object (``blockConcurrencyWhile``); the returned future
                then never completes. Otherwise the future fails with it.

        Raises:
            PlatformError: Nested too deeply.
        """
        section = Section(parent)
        future: asyncio.Future[object] = self.services.life.loop.create_future()
        timer = self.services.life.after(SECTION_TIMEOUT_NS, self._section_timed_out, key=self.key.hex)
        self._section_timers += (timer,)
        self.input_gate.enter(section)

        def ended(result: object, failure: BaseException | None) -> None:
            timer.cancel()
            self._section_timers = tuple(other for other in self._section_timers if other is not timer)
            self.input_gate.hand_over(section, future)
            if future.done():
                pass  # its caller has been cancelled
            elif failure is None:
                future.set_result(result)
            else:
                future.set_exception(_raisable(failure))
            self.services.life.soon(lambda: self.input_gate.leave(future))

        self.start(_resolve(callback), ended, section, self.container.reset if failure_resets else None)
        return future

    def _section_timed_out(self) -> None:
        self.container.break_with_error(
            PlatformError(
                "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was canceled and"
                " the Durable Object was reset.",
                overloaded=True,
                durable_object_reset=True,
            )
        )

    def abort_isolate(self, reason: str | None) -> None:
        """Give up the isolate with everything that lives in it, this object included (spec 9.7). Never returns.

        Raises:
            IsolateEnded: Leaves the turn.
            PlatformError: The modules of this application cannot be executed again; nothing has happened.
        """
        if self.is_over or self.abort_request is not None:
            return  # it is being unwound already, and what it still does has no effect
        self.services.abort_isolate(reason)
        raise IsolateEnded

    # -- idleness

    @property
    def has_background(self) -> bool:
        """Whether a ``waitUntil`` has not finished."""
        return any(strand.is_background for strand in self.strands)

    @property
    def is_busy(self) -> bool:
        """Whether something runs, waits or is held: calls, tasks, critical sections, timers of user code, stubs."""
        return bool(self.strands or self.holds) or self.services.has_timers(self)

    def keep_hold(self, hold: "Hold") -> None:
        """Stay in memory until ``hold`` is released."""
        if self.holds is None:
            self.holds = set()
        self.holds.add(hold)

    def drop_hold(self, hold: "Hold") -> None:
        """``hold`` needs this object no longer."""
        if not self.holds:
            return
        self.holds.discard(hold)
        if not (self.holds or self.strands or self.is_over):
            self._now_idle()

    def _end_holds(self) -> None:
        holds, self.holds = self.holds, None
        for hold in holds or ():
            hold.end_of(self)

    # -- the end

    def give_up(self, breakage: "Breakage") -> None:
        """End at once: uncommitted writes are lost, in-flight calls fail, strands are never resumed."""
        self.is_over = True
        self.output_gate.discard()
        replies, self.replies = self.replies, {}
        self._park()
        self.services.life.release(self)
        self.storage.end(graceful=True)
        untold = deque(replies)
        try:
            while untold:
                reply = untold.popleft()
                reply.fail(breakage.failure(self.key, is_fetch=reply.is_fetch, by_reference=reply.by_reference))
        finally:  # a crash point may cut the life at one of the answers, and the life no longer knows of the others
            for reply in untold:
                reply.lose()
        self._end_holds()

    def retire(self) -> None:
        """End in order (eviction): nothing runs; the database is closed with its log merged."""
        self.is_over = True
        self.services.life.release(self)
        if self.strands or self._section_timers:  # it was swept while its own timers kept it busy (spec 9.3)
            self._park()
        self.storage.end(graceful=True)
        self._end_holds()
        self._let_go()
        self.services.journal.record(events.Evicted, self.key)

    def _let_go(self) -> None:
        """Refer to nothing that refers to us: an evicted object goes at once, without the garbage collector."""
        self.instance = self.context = None  # type: ignore[assignment]  # nobody asks any more
        del self.storage

    def abandon(self, keep: list[object]) -> None:
        """End with the life: the doors are shut, nothing is written, closed or resumed."""
        self.is_over = True
        self.output_gate.discard()
        keep.extend(self.strands)
        replies, self.replies = self.replies, {}
        for reply in replies:
            reply.lose()

    def keep(self, *things: object) -> None:
        """Hold what must never be closed, beyond the end of this object."""
        self.services.life.keep_for_ever(*things)

    def _park(self) -> None:
        if self.strands:
            self.services.life.keep_for_ever(*self.strands)
            self.strands.clear()
        for timer in self._section_timers:
            timer.cancel()
        self.services.drop_timers(self)


async def _call(callback: Callable[..., object], args: tuple[object, ...]) -> None:
    callback(*args)


async def _resolve(callback: Callable[[], object]) -> object:
    result = callback()
    if hasattr(result, "__await__"):
        result = await result
    return result


def _raisable(failure: BaseException) -> BaseException:
    """Futures refuse StopIteration; nobody raises it on purpose across an await."""
    return RuntimeError("StopIteration was raised in a callback") if isinstance(failure, StopIteration) else failure


__all__ = ["SECTION_TIMEOUT_NS", "Incarnation", "Timer"]
