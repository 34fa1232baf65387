"""One life of the process: introduces the rooms to each other, and ends them together.

Nothing here decides anything about objects, alarms or storage. What outlives a life (disk, clock, journal, random)
comes from the host; what a life owns is made here and dies here.
"""

from collections.abc import Mapping
from contextvars import Context
from typing import Final

from pytest_durable._core import events
from pytest_durable._core.actor import Breakage, Container, Facets, FacetTree, Services, Strand, scope_of
from pytest_durable._core.alarms import AlarmScheduler
from pytest_durable._core.isolate import ClassObject, Isolate, Surface, Target
from pytest_durable._core.life import Life
from pytest_durable._core.messages import ObjectKey
from pytest_durable._core.platform_errors import error
from pytest_durable._core.runtime.app import App
from pytest_durable._core.runtime.binding import NamespaceBinding
from pytest_durable._core.runtime.machine import Machine
from pytest_durable._core.runtime.namespace import ActorNamespace, ObjectAlarms
from pytest_durable._core.runtime.sweeper import Sweeper
from pytest_durable._core.runtime.user_timers import UserTimers
from pytest_durable._core.storage import NamespaceFiles

_UNIQUE_BYTES: Final = 16
#: What callers are told of an object that ended with all others (spec 9.6).
_ABORTED_ALL: Final = "Application called abortAllDurableObjects()."
_DELETED_ALL: Final = "Application called deleteAllDurableObjects()."


class Runtime:
    """One life of the process.

    Args:
        number: 1 for the first life of a host.
        machine: What outlives it.
        app: What is run.
        surface: What user code sees.
    """

    def __init__(self, number: int, machine: Machine, app: App, surface: Surface) -> None:
        self.machine = machine
        self.app = app
        self.surface = surface
        self.life = Life(number, machine.clock, machine.get_loop, machine.failed)
        #: As it is now; an instance keeps the one in which it came to be.
        self.isolate = self._next_isolate()
        self.namespaces: dict[str, ActorNamespace] = {}
        self._bindings: dict[str, object] = {}
        self._user_timers = UserTimers(self.life, machine.get_loop)
        self._sweeper = Sweeper(self.life, machine.clock, self.namespaces)

    def __repr__(self) -> str:
        return f"<Runtime {self.life.number}: {len(self.namespaces)} namespaces>"

    # -- namespaces

    def add_namespace(self, files: NamespaceFiles, target: Target, binding: str) -> ActorNamespace:
        """Declare a namespace: open its directory and load its alarms; overdue ones fire when the loop runs."""
        files.open()
        try:
            namespace = ActorNamespace(files, target, binding, self._services, self._scheduler)
            namespace.scheduler.load()
        except BaseException:
            if not self.life.is_over:  # else the directory belongs to the end of the life
                files.close(graceful=True)
            raise
        self.namespaces[files.unique_key] = namespace
        self._bindings[binding] = NamespaceBinding(namespace, lambda: self.machine.random.randbytes(_UNIQUE_BYTES))
        return namespace

    def bind(self, bindings: Mapping[str, object]) -> None:
        """Show more in ``env``."""
        self._bindings.update(bindings)

    @property
    def bindings(self) -> Mapping[str, object]:
        """What ``env`` shows: values as they are, namespaces as ``NamespaceBinding``."""
        return self._bindings

    def _scheduler(self, namespace: ActorNamespace) -> AlarmScheduler:
        machine = self.machine
        return AlarmScheduler(
            namespace.unique_key,
            namespace.files.alarms,
            life=self.life,
            journal=machine.journal,
            random=machine.random,
            now_ns=machine.clock.read_wall_ns,
            deliver=namespace.deliver_alarm,
            abandon=namespace.abandon_alarm,
            limit=machine.alarm_limit,
            label=namespace.label,
        )

    def _services(self, namespace: ActorNamespace) -> Services:
        machine, app = self.machine, self.app
        clock = machine.clock

        def alarms(key: ObjectKey) -> ObjectAlarms:
            return ObjectAlarms(namespace.scheduler, key)

        def facets(container: Container) -> Facets:
            return Facets(container, FacetTree(namespace.files.facet_files(container.key.hex), machine.journal))

        return Services(
            life=self.life,
            journal=machine.journal,
            surface=self.surface,
            isolate=lambda: self.isolate,
            target=namespace.target,
            abort_isolate=self.abort_isolate,
            bindings=lambda: self._bindings,
            open_store=namespace.files.open_store,
            facets=facets,
            alarms=alarms,
            wall_ns=clock.read_wall_ns,
            elapsed_ns=clock.read_elapsed_ns,
            random_bytes=machine.random.randbytes,
            has_timers=self._user_timers.has_some,
            drop_timers=self._user_timers.drop,
            broke=namespace.broke,
            claim_failed=machine.claim_failed,
            prevent_eviction=namespace.target.class_name in app.options.prevent_eviction,
            delete_all_keeps_alarm=app.delete_all_keeps_alarm,
            enhanced_errors=app.enhanced_errors,
            sql_enabled=app.options.sql,
            experimental=app.experimental,
            message_bytes_max=app.options.message_bytes_max,
            arm_sweep=self._sweeper.arm,
            label=namespace.label,
        )

    # -- all objects

    def evictable(self) -> list[ActorNamespace]:
        """The namespaces whose objects may be ended together (spec 9.6)."""
        return [namespace for namespace in self.namespaces.values() if namespace.is_evictable]

    def abort_all(self, reason: str | None) -> None:
        """End every object of the evictable namespaces at once; alarms and data stay.

        Records: Aborted.
        """
        failure = error(_ABORTED_ALL if reason is None else reason)
        with self._user_timers.dropping_together():
            for namespace in self.evictable():
                namespace.end_all(Breakage(failure, counts=False))

    def delete_all(self) -> None:
        """End every object of the evictable namespaces at once, and remove what they have: data, facets, alarms.

        Records: Aborted, StorageReset, AlarmRowDeleted.
        """
        with self._user_timers.dropping_together():
            ended = [(each, each.end_all(Breakage(error(_DELETED_ALL), counts=False))) for each in self.evictable()]
        for namespace, known in ended:
            namespace.remove_all(known)

    # -- the isolate

    def _next_isolate(self) -> Isolate:
        machine, generation = self.machine, next(self.machine.generations)
        return Isolate(
            generation,
            lambda: machine.make_modules(generation),
            self.surface.check_class,
            lambda: machine.journal.record(events.IsolateLoaded, None, generation),
        )

    def abort_isolate(self, reason: str | None) -> None:
        """Give up the isolate with everything that lives in it; the next event loads another (spec 9.7).

        Alarms and data stay. An object whose turn is on the stack ends with that turn.

        Records: IsolateAborted, Aborted.

        Raises:
            PlatformError: A class was handed over as an object, so its module is not executed again. Nothing happened.
        """
        if any(isinstance(namespace.target, ClassObject) for namespace in self.namespaces.values()):
            raise error("abortIsolate() is not supported for this worker configuration.")
        message = "abortIsolate() was called." if reason is None else f"abortIsolate(): {reason}"
        aborted, self.isolate = self.isolate, self._next_isolate()
        self.machine.journal.record(events.IsolateAborted, None, aborted.generation, message)
        with self._user_timers.dropping_together():
            for namespace in self.namespaces.values():
                namespace.end_all(Breakage(error(message)))

    # -- what is going on

    def containers(self) -> list[Container]:
        """All containers with an instance."""
        return [container for namespace in self.namespaces.values() for container in namespace.running()]

    def describe_waits(self) -> list[str]:
        """One line for each call in flight and each object that holds others back, for messages."""
        lines = []
        for container in self.containers():
            incarnation, label = container.incarnation, self._label(container.key)
            if incarnation is None:
                continue
            lines += sorted(f"{label}  {reply.method}() has not returned" for reply in incarnation.replies)
            if incarnation.input_gate.waiting:
                lines.append(f"{label}  {incarnation.input_gate.waiting} turns wait for a critical section")
        return lines

    def unfinished_background(self) -> list[str]:
        """Objects with a ``waitUntil`` that has not finished, as messages call them."""
        found = (c for c in self.containers() if c.incarnation is not None and c.incarnation.has_background)
        return [self._label(container.key) for container in found]

    def _label(self, key: ObjectKey) -> str:
        return self.namespaces[key.namespace].label(key)

    def strands(self) -> list[Strand]:
        """Everything of user code that is running or suspended."""
        return [strand for c in self.containers() if c.incarnation is not None for strand in c.incarnation.strands]

    # -- the end

    def end(self) -> None:
        """End the life: nothing of it runs again. Closing the disk is the host's business."""
        self.life.end(self._owns)

    def _owns(self, context: Context) -> bool:
        scope = scope_of(context)
        return scope is not None and scope.incarnation.services.life is self.life
