"""The host that runs the platform in this process: what a test can ask of it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Literal, Self, TypeVar

from pytest_durable._core.actor import AbortRequest, ObjectContext
from pytest_durable._core.alarms import AlarmOutcome
from pytest_durable._core.errors import LifeEnded
from pytest_durable._core.platform_errors import DEFAULT_ABORT_REASON, PlatformError, RemoteFailure, error
from pytest_durable._hosts.durations import instant
from pytest_durable._hosts.namespace import Namespace
from pytest_durable._hosts.process import HostProcess, ends_with_the_life, let_callers_know
from pytest_durable._hosts.stored import PendingAlarm, Stored
from pytest_durable._hosts.stub import Stub

T = TypeVar("T")

#: How long ``evict`` waits for an object to become idle, in virtual seconds (spec 9.6).
EVICT_SECONDS_MAX: Final = 30


class InProcessHost(HostProcess):
    """A computer with a disk, a clock and a journal, that runs one life of a process at a time."""

    # -- without pytest

    async def __aenter__(self) -> Self:
        if self._owns_world:
            running = asyncio.get_running_loop()
            if getattr(running, "clock", None) is not self.world.clock:
                self._adopted = self.world.adopt_running_loop()
                self._adopted.__enter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, failure: BaseException | None, _tb: object) -> None:
        try:
            await self.finish()
        finally:
            if self._adopted is not None:
                self._adopted.__exit__(None, None, None)
            self.close()
        if failure is None:
            self.raise_failures()

    @classmethod
    def run_main(cls, main: Callable[..., Coroutine[Any, Any, T]], **options: Any) -> T:
        """Make a host and a loop, run ``main(host)``, and end both."""
        host = cls(**options)
        try:
            return host.run(host._run_to_the_end(main(host)))
        finally:
            host.close()

    async def _run_to_the_end(self, main: Coroutine[Any, Any, T]) -> T:
        result = await main
        await self.finish()
        self.raise_failures()
        return result

    # -- one object

    @ends_with_the_life
    async def evict(self, stub: Stub, web_sockets: Literal["hibernate", "close"] = "hibernate") -> None:
        """Drop the object's instance in order, as ten idle seconds would; the next event builds another.

        Waits, at most 30 virtual seconds, until the object has nothing to do.

        Raises:
            PlatformError: It is not in memory, must not be evicted, or stays busy.
        """
        if web_sockets not in ("hibernate", "close"):
            raise PlatformError('options.webSockets must be "hibernate" or "close".', name="TypeError")
        self.raise_failures()
        container = self.own_stub(stub)._durable_bind()
        if container.incarnation is None:
            raise error("Cannot evict Durable Object: it is not currently running.")
        if container.services.prevent_eviction:
            raise error("Cannot evict Durable Object: its namespace has preventEviction set.")
        deadline = self.world.loop.time() + EVICT_SECONDS_MAX
        while container.is_busy:
            remaining = deadline - self.world.loop.time()
            if remaining <= 0:
                raise error("Timed out waiting to evict Durable Object: it still has active references.")
            with self._jumping():
                await asyncio.wait([container.wait_idle()], timeout=remaining)
        container.evict()

    @ends_with_the_life
    async def abort(self, stub: Stub, reason: str | None = None) -> None:
        """End the object's instance at once: uncommitted writes are lost, calls in flight fail with ``reason``."""
        self.raise_failures()
        self.own_stub(stub)._durable_bind().abort(AbortRequest(reason or DEFAULT_ABORT_REASON, retry_alarm=True))
        await let_callers_know()

    async def run_in_object(self, stub: Stub, function: Callable[[Any, Any], object]) -> Any:
        """Run ``function(instance, ctx)`` inside the object, as an event of its own.

        Returns:
            What it returns (awaited, if it is awaitable), unconverted.
        """
        self.raise_failures()
        container = self.own_stub(stub)._durable_bind()

        def inside(instance: object, context: ObjectContext) -> object:
            return function(instance, self.edge.context(instance, context))

        try:
            return await container.run_inside(inside)
        except RemoteFailure as failure:
            raise self.explain(failure) from None

    async def run_alarm(self, stub: Stub) -> bool:
        """Run the object's alarm now, on the path it would take at its time.

        Returns:
            Whether there was one.
        """
        self.raise_failures()
        finished: asyncio.Future[AlarmOutcome] = self.world.loop.create_future()

        def done(outcome: AlarmOutcome) -> None:
            if not finished.done():
                finished.set_result(outcome)

        scheduler = self.own_stub(stub)._durable_namespace.current.scheduler
        runtime = self.require_running()
        try:
            if not scheduler.run_now(stub._durable_key.hex, done):
                return False
        except LifeEnded:
            return True
        runtime.life.on_end(lambda: done(AlarmOutcome(ran=False)))
        await finished
        self.raise_failures()
        return True

    # -- looking

    def stored(self, stub: Stub) -> Stored:
        """What is stored for an object: the committed truth, read without waking it."""
        self.raise_failures()
        return Stored(self.own_stub(stub)._durable_namespace.storage_files.inspect(stub._durable_key.hex))

    def alarms(self, namespace: Namespace | None = None) -> list[PendingAlarm]:
        """The pending alarms, by (due, id); while the host is down, those on the disk."""
        self.raise_failures()
        chosen = self.namespaces if namespace is None else (namespace,)
        found = [alarm for each in chosen for alarm in self._alarms_of(each)]
        return sorted(found, key=lambda alarm: (alarm.due, alarm.id))

    def _alarms_of(self, namespace: Namespace) -> list[PendingAlarm]:
        if self._runtime is None:
            return [
                PendingAlarm(id=actor_hex, name=name, due=instant(due_ns), state="waiting", retry_count=0)
                for actor_hex, due_ns, name in namespace.storage_files.stored_alarms()
            ]
        return [
            PendingAlarm(
                id=alarm.id,
                name=alarm.name,
                due=instant(alarm.due_ns),
                state=alarm.state.value,
                retry_count=alarm.retry_count,
            )
            for alarm in namespace.current.scheduler.pending()
        ]

    def run(self, awaitable: Awaitable[T]) -> T:
        """Run an awaitable from a plain ``def`` test."""
        return self.world.run(awaitable)
