"""The host that runs the platform in this process: disk, clock, journal, and one Runtime at a time.

The host outlives every life. Whatever a test holds (stubs, namespaces, what was stored, the journal) points to the
host, never into a life.
"""

import asyncio
import functools
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, Final, Literal, NoReturn, ParamSpec, TypeVar

from pytest_durable._core import events
from pytest_durable._core.actor import AbortRequest, ContainerState, ObjectContext
from pytest_durable._core.alarms import AlarmOutcome
from pytest_durable._core.errors import (
    ConfigurationError,
    DirectoryError,
    DurableError,
    HostDownError,
    LifeEnded,
)
from pytest_durable._core.ids import IdFactory, ObjectId
from pytest_durable._core.isolate import ClassObject, ClassPath, ModuleSet, Target, below
from pytest_durable._core.journal import Journal
from pytest_durable._core.messages import ObjectKey
from pytest_durable._core.platform_errors import DEFAULT_ABORT_REASON, PlatformError, RemoteFailure, error
from pytest_durable._core.runtime import App, Machine, Runtime
from pytest_durable._core.storage import Disk, NamespaceFiles
from pytest_durable._hosts.clock_face import ClockFace
from pytest_durable._hosts.defaults import DEFAULT_START, STORAGE_MODES, StorageMode
from pytest_durable._hosts.durations import instant
from pytest_durable._hosts.edges import Edge, make_edge
from pytest_durable._hosts.namespace import Namespace
from pytest_durable._hosts.naming import upper_snake
from pytest_durable._hosts.platform_warnings import PlatformWarning, WarningLog, require_known_code
from pytest_durable._hosts.stored import PendingAlarm, Stored
from pytest_durable._hosts.stub import Stub
from pytest_durable._hosts.world import World

P = ParamSpec("P")
T = TypeVar("T")

#: How long a graceful stop waits for calls in flight, in virtual seconds (decisions 4.5).
DRAIN_SECONDS_MAX: Final = 30
#: How long ``evict`` waits for an object to become idle, in virtual seconds (spec 9.6).
EVICT_SECONDS_MAX: Final = 30


def ends_with_the_life(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T | None]]:
    """Let a method of the host return normally when a crash point cuts the life in the middle of it."""

    @functools.wraps(method)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> T | None:
        try:
            return await method(*args, **kwargs)
        except LifeEnded:
            return None

    return guarded


class InProcessHost:
    """A computer with a disk, a clock and a journal, that runs one life of a process at a time.

    Args:
        directory: Root of the namespaces' directories; made if absent. None: a temporary one, removed at the end.
        app: The application. None: nothing but what ``namespace()`` declares.
        storage: ``"disk"`` (real files) or ``"memory"`` (the same semantics, gone at each restart).
        start: Where the clock starts.
        seed: Of everything random: unique ids, retry jitter.
        autojump: A test that waits makes the clock jump to the next thing due.
        synchronous: ``"full"`` syncs each commit to the disk as the platform does.
        copy_from: A directory of captured data; the host works on a copy of it.
        crash_at: Cut the first life at this journal record (a number from 0).
        world: The test's time and loop, if several hosts share one.
        root: Where ``"module:Class"`` is looked up; the current directory by default.
        is_test_module: Tells the test's own modules, which are never executed again.
    """

    def __init__(
        self,
        directory: str | Path | None = None,
        *,
        app: App | None = None,
        storage: StorageMode = "disk",
        start: str | datetime = DEFAULT_START,
        seed: int = 0,
        autojump: bool = True,
        synchronous: Literal["off", "full"] = "off",
        copy_from: str | Path | None = None,
        crash_at: int | None = None,
        world: World | None = None,
        root: Path | None = None,
        is_test_module: Callable[[ModuleType], bool] | None = None,
    ) -> None:
        _check_storage(storage)
        self._owns_world = world is None
        self.world = world or World(start)
        self.world.set_autojump(autojump)
        self.seed = seed
        self.app = app or App()
        self.journal = Journal(self.world.clock.read_wall_ns)
        self.platform_warnings = WarningLog()
        self.edge: Edge = make_edge(self.app, self.platform_warnings.report)
        self.clock = ClockFace(self.world.clock, lambda: self.world.loop.pump, self.world.alarm_limit.until_idle)
        self._random = Random(seed)
        self._storage_mode: StorageMode = storage
        self._synchronous: Literal["off", "full"] = synchronous
        self._directory: Path | None = None
        self._owns_directory = False
        self._requested_directory = None if directory is None else Path(directory)
        self._copy_from = None if copy_from is None else Path(copy_from)
        self._root = (root or Path.cwd()).resolve()
        self._is_test_module = is_test_module or (lambda _module: False)
        self._disk: Disk | None = None
        self._memory: Disk | None = None
        self._namespaces: dict[str, Namespace] = {}
        self._failures: list[BaseException] = []
        self._runtime: Runtime | None = None
        self._lives = 0
        self._is_closed = False
        self._is_draining = False
        self._adopted: Any = None
        self._down_since_ns = self.world.clock.wall_ns
        self.world.explainers.append(self._explain_wait)
        if crash_at is not None:
            self._arm_number(crash_at)
        self.begin_life()

    def __repr__(self) -> str:
        state = "running" if self.is_running else "down"
        return f"<Host {state} at {self.clock.now().isoformat()}, {len(self._namespaces)} namespaces>"

    # -- without pytest

    async def __aenter__(self) -> "InProcessHost":
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

    # -- state

    @property
    def is_running(self) -> bool:
        """Whether a life runs."""
        return self._runtime is not None

    @property
    def directory(self) -> Path | None:
        """Root of the namespaces' directories; None while nothing is on disk."""
        return self._directory

    @property
    def namespaces(self) -> tuple[Namespace, ...]:
        """Those declared so far."""
        return tuple(self._namespaces.values())

    @property
    def env(self) -> object:
        """What user code sees, with production's stubs."""
        return self.edge.env(self.require_running().bindings)

    def require_running(self) -> Runtime:
        """The life that runs.

        Raises:
            HostDownError: None does.
        """
        if self._runtime is None:
            raise HostDownError(
                f"The host is down since {instant(self._down_since_ns).isoformat()}: it was stopped or has crashed.\n\n"
                "Start it again:  await durable.start()"
            )
        return self._runtime

    def require_open(self) -> None:
        """Make sure that a new call may come in.

        Raises:
            HostDownError: No life runs, or the one that does is being stopped.
        """
        self.require_running()
        if self._is_draining:
            raise HostDownError(
                "The host is being stopped: it finishes the calls in flight and takes no new ones.\n\n"
                "Start it again when stop() has returned:  await durable.start()"
            )

    # -- declaring

    def namespace(
        self,
        target: type | str,
        *,
        binding: str | None = None,
        unique_key: str | None = None,
        storage: StorageMode | None = None,
    ) -> Namespace:
        """Declare the objects of a class. Equal calls give the same namespace.

        Args:
            target: The class, or ``"module:Class"``, or the name of a binding that exists.
            binding: Its name in ``env``; by default the class name in UPPER_SNAKE.
            unique_key: What keys the ids and names the directory; by default the class name.
            storage: ``"disk"`` or ``"memory"``; by default the host's.

        Raises:
            ConfigurationError: It contradicts an earlier declaration, or nothing of that name exists.
            DirectoryError, DamagedFileError: The directory cannot be used. Nothing was changed.
            HostDownError: No life runs.
        """
        self.raise_failures()
        _check_storage(storage or self._storage_mode)
        if isinstance(target, str) and ":" not in target:
            return self._bound_namespace(target)
        resolved = _resolve_target(target)
        unique_key = resolved.class_name if unique_key is None else unique_key
        binding = upper_snake(resolved.class_name) if binding is None else binding
        known = self._namespaces.get(unique_key)
        disk = self._choose_disk(storage or self._storage_mode)
        files = disk.namespace(unique_key)
        if known is not None:
            if known.target != resolved or known.binding != binding or known.storage_files is not files:
                raise ConfigurationError(
                    f"The namespace {unique_key!r} is declared already, with other arguments.\n\n"
                    f"  before  {known.target}, binding={known.binding!r}\n"
                    f"  now     {resolved}, binding={binding!r}\n\n"
                    "Give one of them another unique_key."
                )
            return known
        runtime = self.require_running()
        with suppress(LifeEnded):
            runtime.add_namespace(files, resolved, binding)
        namespace = self._namespaces[unique_key] = Namespace(self, files, resolved, binding)
        return namespace

    def _bound_namespace(self, binding: str) -> Namespace:
        for namespace in self._namespaces.values():
            if namespace.binding == binding:
                return namespace
        known = ", ".join(sorted(namespace.binding for namespace in self._namespaces.values())) or "none"
        raise ConfigurationError(
            f"No binding is called {binding!r}.\n\n  bindings  {known}\n\n"
            'Hand over the class itself, or its path:  durable.namespace("module:Class")'
        )

    def _choose_disk(self, storage: StorageMode) -> Disk:
        if storage == "memory":
            if self._memory is None:
                self._memory = Disk(None, wall_ns=self._wall_ns)
                self._memory.attach()
            return self._memory
        if self._disk is None:
            self._directory = self._make_directory()
            self._disk = Disk(self._directory, wall_ns=self._wall_ns, synchronous=self._synchronous)
            self._disk.attach()
        return self._disk

    def _make_directory(self) -> Path:
        directory = self._requested_directory
        if directory is None:
            directory = Path(tempfile.mkdtemp(prefix="durable-"))
            self._owns_directory = True
        if self._copy_from is not None:
            _copy_captured(self._copy_from, directory)
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as failure:
            raise DirectoryError(f"{directory} cannot be made: {failure.strerror}.") from failure
        return directory

    def _wall_ns(self) -> int:
        return self.world.clock.wall_ns

    # -- process life

    def begin_life(self) -> None:
        """Start a life: declare again what was declared, load the alarms. Overdue ones fire when the loop runs."""
        if self._runtime is not None:
            return
        self._lives += 1
        for disk in self._disks():
            disk.attach()
        runtime = Runtime(self._lives, self._machine(), self.app, self.edge.surface)
        runtime.bind({**self.app.vars, **self._plain_bindings()})
        self._runtime = runtime
        try:
            for namespace in list(self._namespaces.values()):
                runtime.add_namespace(namespace.storage_files, namespace.target, namespace.binding)
            self.journal.record(events.RuntimeStarted, None, self._lives)
            self._declare_app()
        except LifeEnded:
            pass
        except BaseException:
            self._end_life(graceful=True)
            raise

    def _declare_app(self) -> None:
        for target in self.app.classes:
            self.namespace(target)
        for binding, value in self.app.bindings.items():
            if _is_class_binding(value):
                self.namespace(value, binding=binding)  # type: ignore[arg-type]

    def _plain_bindings(self) -> Mapping[str, object]:
        return {name: value for name, value in self.app.bindings.items() if not _is_class_binding(value)}

    def _machine(self) -> Machine:
        return Machine(
            clock=self.world.clock,
            journal=self.journal,
            random=self._random,
            alarm_limit=self.world.alarm_limit,
            get_loop=lambda: self.world.loop,
            make_modules=self._make_modules,
            claim_failed=self._note_failure,
            failed=self._callback_failed,
        )

    def _make_modules(self) -> ModuleSet:
        belongs = below(self._root, self._is_test_module)
        return ModuleSet(self.world.installed_modules, belongs, path=self._root, adopt=self._lives == 1)

    def _disks(self) -> Iterator[Disk]:
        return (disk for disk in (self._disk, self._memory) if disk is not None)

    def _end_life(self, *, graceful: bool) -> None:
        runtime, self._runtime = self._runtime, None
        self._down_since_ns = self.world.clock.wall_ns
        if runtime is None:
            return
        self.journal.disarm()
        failures: list[Exception] = []
        for disk in self._disks():
            disk.end_life()
        runtime.end()
        for disk in self._disks():
            try:
                disk.close(graceful=graceful)
            except DurableError as failure:
                failures.append(failure)
            finally:
                disk.detach()
        kind = events.RuntimeStopped if graceful else events.RuntimeCrashed
        self.journal.record(kind, None, runtime.life.number)
        if failures:
            raise failures[0]

    @ends_with_the_life
    async def stop(self) -> None:
        """End the life in order: finish calls in flight (at most 30 virtual seconds), close the databases.

        Afterwards only ``.sqlite`` files remain. A running alarm handler is cut off and runs again at the
        next start.
        """
        self.raise_failures()
        if self._runtime is None:
            return
        self._is_draining = True
        try:
            await self._drain()
        finally:
            self._is_draining = False
        self._end_life(graceful=True)

    @ends_with_the_life
    async def start(self) -> None:
        """Begin a new life on the same disk; what became due meanwhile fires now, late."""
        self.world.check_loop()
        self.begin_life()
        await self.settle()

    async def restart(
        self, *, crash: bool = False, down_for: timedelta | str | None = None, app: App | None = None
    ) -> None:
        """Stop (or crash) and start again.

        Args:
            crash: End the life by a crash.
            down_for: Virtual time between the two; alarms that come due meanwhile fire late, at the start.
            app: New code for the old data.
        """
        await (self.crash() if crash else self.stop())
        if down_for is not None:
            await self.clock.advance(down_for)
        if app is not None:
            self._deploy(app)
        await self.start()

    def _deploy(self, app: App) -> None:
        """New code on old data: a class of a known name takes the place of the one before."""
        self.app = app
        self.edge = make_edge(app, self.platform_warnings.report)
        targets = [*app.classes, *(value for value in app.bindings.values() if _is_class_binding(value))]
        for target in map(_resolve_target, targets):  # type: ignore[arg-type]
            known = self._namespaces.get(target.class_name)
            if known is not None:
                known.target = target

    async def crash(self) -> None:
        """End the life at once, as by SIGKILL: no user code runs any more, only what was committed is kept.

        Calls in flight fail; ``-wal`` and ``-shm`` files stay as they are.
        """
        self.raise_failures()
        self.world.check_loop()
        self._end_life(graceful=False)
        await _let_callers_know()

    def crash_at(
        self,
        record_type: type[events.Record],
        *,
        object: Stub | None = None,
        nth: int = 1,
    ) -> None:
        """Cut the life at a record, in the middle of whatever writes it. Everything after it does not happen.

        Args:
            record_type: The class of the record.
            object: Only records of this object count.
            nth: The how-manieth of them, from now on.
        """
        if nth < 1:
            raise ConfigurationError(f"crash_at() counts from 1, not {nth}.")
        self.require_running()
        key = None if object is None else object._durable_key
        remaining = nth

        def is_reached(kind: type[events.Record], actor: ObjectKey | None) -> bool:
            nonlocal remaining
            if issubclass(kind, record_type) and (key is None or actor == key):
                remaining -= 1
            return remaining == 0

        self.journal.arm(is_reached, self._cut)

    def _arm_number(self, number: int) -> None:
        self.journal.arm(lambda _kind, _actor: len(self.journal) > number, self._cut)

    def _cut(self) -> NoReturn:
        self._end_life(graceful=False)
        raise LifeEnded

    async def _drain(self) -> None:
        runtime = self.require_running()
        in_flight = [
            reply.future for c in runtime.containers() if c.incarnation is not None for reply in c.incarnation.replies
        ]
        if in_flight:
            with self._jumping():
                await asyncio.wait(in_flight, timeout=DRAIN_SECONDS_MAX)
        for container in runtime.containers():
            if container.incarnation is not None:
                container.incarnation.end_turn()

    @contextmanager
    def _jumping(self) -> Iterator[None]:
        """Let a wait of the host itself, which ends after a while, move time, whatever the test has chosen."""
        before = self.world.autojump
        self.world.set_autojump(True)
        try:
            with self.world.alarm_limit.bounded():
                yield
        finally:
            self.world.set_autojump(before)

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
        container = stub._durable_bind()
        if container.incarnation is None:
            raise error("Cannot evict Durable Object: it is not currently running.")
        if container.services.prevent_eviction:
            raise error("Cannot evict Durable Object: its namespace has preventEviction set.")
        with self._jumping():
            done, _ = await asyncio.wait([container.wait_idle()], timeout=EVICT_SECONDS_MAX)
        if not done:
            raise error("Timed out waiting to evict Durable Object: it still has active references.")
        if container.state is ContainerState.ACTIVE:
            container.evict()

    @ends_with_the_life
    async def abort(self, stub: Stub, reason: str | None = None) -> None:
        """End the object's instance at once: uncommitted writes are lost, calls in flight fail with ``reason``."""
        self.raise_failures()
        stub._durable_bind().abort(AbortRequest(reason or DEFAULT_ABORT_REASON, retry_alarm=True))
        await _let_callers_know()

    async def run_in_object(self, stub: Stub, function: Callable[[Any, Any], object]) -> Any:
        """Run ``function(instance, ctx)`` inside the object, as an event of its own.

        Returns:
            What it returns (awaited, if it is awaitable), unconverted.
        """
        self.raise_failures()
        container = stub._durable_bind()

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

        scheduler = stub._durable_namespace.current.scheduler
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
        return Stored(stub._durable_namespace.storage_files.inspect(stub._durable_key.hex))

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

    @ends_with_the_life
    async def settle(self) -> None:
        """Let everything run that can run now. Time does not move."""
        self.world.check_loop()
        await self.world.loop.pump.settle()
        self.raise_failures()

    def run(self, awaitable: Awaitable[T]) -> T:
        """Run an awaitable from a plain ``def`` test."""
        return self.world.run(awaitable)

    # -- platform warnings

    @property
    def warnings(self) -> tuple[PlatformWarning, ...]:
        """The platform warnings so far."""
        return self.platform_warnings.all()

    def expect_warning(self, code: str) -> PlatformWarning:
        """Claim a platform warning, so that it is not issued after the test.

        Raises:
            AssertionError: There was none of that code.
        """
        return self.platform_warnings.claim(require_known_code(code))

    # -- failures

    def explain(self, failure: RemoteFailure, *, has_options: bool = False) -> BaseException:
        """What the test catches for a call that failed."""
        seen = self.world.installed_modules.as_held(self.edge.explain(failure))
        if seen in self._failures:
            self._failures.remove(seen)
        if has_options and isinstance(seen, TypeError):
            note = "Keyword arguments of a stub arrive as one trailing dict, as in production (PW-1.40)."
            if note not in getattr(seen, "__notes__", ()):
                seen.add_note(note)
        return seen

    def raise_failures(self) -> None:
        """Raise the first failure that nobody has seen yet (an assertion in an alarm, an error in a callback)."""
        if self._failures:
            raise self._failures.pop(0)

    def _note_failure(self, failure: BaseException) -> None:
        self._failures.append(failure)

    def _callback_failed(self, failure: BaseException) -> None:
        if isinstance(failure, DurableError):
            self.world.loop.pump.fail(failure)
        else:
            self._failures.append(failure)

    def _explain_wait(self) -> list[str]:
        return [] if self._runtime is None else self._runtime.describe_waits()

    # -- ids

    def draw_unique_id(self, ids: IdFactory, files: NamespaceFiles) -> ObjectId:
        """A unique id from the seed that no object has yet."""
        while True:
            object_id = ids.unique(self._random.randbytes(16))
            if not files.has_object(object_id.hex):
                return object_id

    # -- the end

    async def finish(self) -> None:
        """End of the test: let run what can, cancel what waits, stop in order. Failures nobody saw are kept."""
        failures, self._failures = self._failures, []
        if self._runtime is not None:
            await self.world.loop.pump.settle()
            self._warn_about_background()
            for task in self._waiting_tasks():
                task.cancel()
            await self.world.loop.pump.settle()
            self._end_life(graceful=True)
        self._failures = failures + self._failures

    def _warn_about_background(self) -> None:
        for key in [] if self._runtime is None else self._runtime.unfinished_background():
            self.platform_warnings.report(
                "PD-W11", f"a waitUntil of {key} had not finished when the test ended; production may cancel it"
            )

    def _waiting_tasks(self) -> list["asyncio.Task[Any]"]:
        runtime = self._runtime
        if runtime is None:
            return []
        strands = set(runtime.strands())
        return [task for task in asyncio.all_tasks(self.world.loop) if task.get_coro() in strands]

    def close(self) -> None:
        """Give everything back. Idempotent; works after any failure."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self._end_life(graceful=True)
        finally:
            for disk in self._disks():
                disk.end()
            if self._owns_directory and self._directory is not None:
                shutil.rmtree(self._directory, ignore_errors=True)
            if self._owns_world:
                self.world.close()


def _check_storage(storage: str) -> None:
    if storage not in STORAGE_MODES:
        known = ", ".join(map(repr, STORAGE_MODES))
        raise ConfigurationError(f"There is no storage {storage!r}.\n\n  known  {known}")


async def _let_callers_know() -> None:
    """Give the callers whose calls have just failed the chance to notice before the test goes on."""
    await asyncio.sleep(0)


def _resolve_target(target: type | str) -> Target:
    if isinstance(target, type):
        return ClassObject(target)
    if not isinstance(target, str):
        raise ConfigurationError(
            f"A namespace is made of a class, not of {target!r}.\n\n"
            'Hand over the class, or its path:  durable.namespace("module:Class")'
        )
    module, _, name = target.partition(":")
    if not module or not name.isidentifier():
        raise ConfigurationError(
            f"{target!r} is no path of a class.\n\n  expected  'module:Class', for example 'src.entry:Counter'"
        )
    return ClassPath(module, name)


def _is_class_binding(value: object) -> bool:
    return isinstance(value, type) or (isinstance(value, str) and value.count(":") == 1 and "/" not in value)


def _copy_captured(source: Path, target: Path) -> None:
    if not source.is_dir():
        raise DirectoryError(f"copy_from: {source} is not a directory.")
    shutil.copytree(source, target, dirs_exist_ok=True)
