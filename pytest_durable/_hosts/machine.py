"""What a host is made of, and how a life begins and ends on it.

The host outlives every life. Whatever a test holds (stubs, namespaces, what was stored, the journal) points to the
host, never into a life.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Literal, NoReturn

from pytest_durable._core import events
from pytest_durable._core.errors import ConfigurationError, DurableError, HostDownError, LifeEnded
from pytest_durable._core.ids import IdFactory, ObjectId
from pytest_durable._core.isolate import ModuleSet, Target, below
from pytest_durable._core.journal import Journal
from pytest_durable._core.platform_errors import RemoteFailure
from pytest_durable._core.runtime import App, Machine, Runtime
from pytest_durable._core.storage import NamespaceFiles
from pytest_durable._hosts.clock_face import ClockFace
from pytest_durable._hosts.declarations import check_storage, is_class_binding, is_same_class, resolve_target
from pytest_durable._hosts.defaults import DEFAULT_START, StorageMode
from pytest_durable._hosts.disks import Disks
from pytest_durable._hosts.durations import instant
from pytest_durable._hosts.edges import Edge, make_edge
from pytest_durable._hosts.namespace import Namespace
from pytest_durable._hosts.naming import upper_snake
from pytest_durable._hosts.platform_warnings import PlatformWarning, WarningLog, require_known_code
from pytest_durable._hosts.stub import Stub
from pytest_durable._hosts.world import World


class HostMachine:
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
        check_storage(storage)
        if synchronous not in ("off", "full"):
            raise ConfigurationError(f"There is no synchronous={synchronous!r}.\n\n  known  'off', 'full'")
        given: object = seed
        if not isinstance(given, int):
            raise ConfigurationError(f"A seed is a whole number, not {seed!r}.")
        self.app = app or App()
        self.platform_warnings = WarningLog()
        self.edge: Edge = make_edge(self.app, self.platform_warnings.report)
        # A world of our own changes the time of the process: from here on, whatever fails gives it back.
        self._owns_world = world is None
        self.world = world or World(start)
        self.world.set_autojump(autojump)
        self.seed = seed
        self.journal = Journal(self.world.clock.read_wall_ns)
        self.clock = ClockFace(
            self.world.clock, lambda: self.world.loop.pump, self.world.alarm_limit.until_idle, self.raise_failures
        )
        self._random = Random(seed)
        self._storage_mode: StorageMode = storage
        self._disks = Disks(
            None if directory is None else Path(directory),
            None if copy_from is None else Path(copy_from),
            wall_ns=self._wall_ns,
            synchronous=synchronous,
        )
        self._root = root or Path.cwd()
        self._is_test_module = is_test_module or (lambda _module: False)
        self._namespaces: dict[str, Namespace] = {}
        self._failures: list[BaseException] = []
        self._runtime: Runtime | None = None
        self._lives = 0
        self._is_closed = False
        self._is_draining = False
        self._down_since_ns = self.world.clock.wall_ns
        self.world.explainers.append(self._explain_wait)
        if crash_at is not None:
            self._arm_number(crash_at)
        try:
            self.begin_life()
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        state = "running" if self.is_running else "down"
        return f"<Host {state} at {self.clock.now().isoformat()}, {len(self._namespaces)} namespaces>"

    # -- state

    @property
    def is_running(self) -> bool:
        """Whether a life runs."""
        return self._runtime is not None

    @property
    def directory(self) -> Path | None:
        """Root of the namespaces' directories; None while nothing is on disk."""
        return self._disks.directory

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

    def own_stub(self, stub: Stub) -> Stub:
        """``stub``, if it is one and leads to an object of this host.

        Raises:
            ConfigurationError: It does not.
        """
        namespace = getattr(stub, "_durable_namespace", None)
        if namespace is None or namespace.host is not self:
            fault = "is no stub" if namespace is None else "leads to an object of another host"
            raise ConfigurationError(
                f"{stub!r} {fault}.\n\nTake one from a namespace of this host:  durable.namespace(…).get_by_name(…)"
            )
        return stub

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
        check_storage(storage or self._storage_mode)
        if isinstance(target, str) and ":" not in target:
            return self._bound_namespace(target)
        resolved = resolve_target(target)
        unique_key = resolved.class_name if unique_key is None else unique_key
        binding = upper_snake(resolved.class_name) if binding is None else binding
        known = self._namespaces.get(unique_key)
        disk = self._disks.choose(storage or self._storage_mode)
        files = disk.namespace(unique_key)
        if known is not None:
            is_same = is_same_class(known.target, resolved)
            if not is_same or known.binding != binding or known.storage_files is not files:
                raise ConfigurationError(
                    f"The namespace {unique_key!r} is declared already, with other arguments.\n\n"
                    f"  before  {known.target}, binding={known.binding!r}\n"
                    f"  now     {resolved}, binding={binding!r}\n\n"
                    "Give one of them another unique_key."
                )
            return known
        runtime = self.require_running()
        self._check_binding(binding)
        with suppress(LifeEnded):
            runtime.add_namespace(files, resolved, binding)
        namespace = self._namespaces[unique_key] = Namespace(self, files, resolved, binding)
        return namespace

    def _check_binding(self, binding: str) -> None:
        if not str(binding).isidentifier():
            raise ConfigurationError(
                f"{binding!r} cannot name a binding.\n\n  expected  an identifier, such as COUNTER"
            )
        taken = {namespace.binding: f"the namespace {key!r}" for key, namespace in self._namespaces.items()}
        taken |= dict.fromkeys(self.app.vars, "a variable of the application") | dict.fromkeys(
            self._plain_bindings(), "a binding of the application"
        )
        if binding in taken:
            raise ConfigurationError(
                f"The binding {binding!r} is taken: it is {taken[binding]}.\n\n"
                "Give this namespace another one:  durable.namespace(…, binding=…)"
            )

    def _bound_namespace(self, binding: str) -> Namespace:
        for namespace in self._namespaces.values():
            if namespace.binding == binding:
                return namespace
        known = ", ".join(sorted(namespace.binding for namespace in self._namespaces.values())) or "none"
        raise ConfigurationError(
            f"No binding is called {binding!r}.\n\n  bindings  {known}\n\n"
            'Hand over the class itself, or its path:  durable.namespace("module:Class")'
        )

    def _wall_ns(self) -> int:
        return self.world.clock.wall_ns

    # -- the beginning and the end of a life

    def begin_life(self) -> None:
        """Start a life: declare again what was declared, load the alarms. Overdue ones fire when the loop runs."""
        if self._runtime is not None:
            return
        self._lives += 1
        self._disks.attach()
        runtime = Runtime(self._lives, self._machine(), self.app, self.edge.surface)
        runtime.bind({**self.app.vars, **self._plain_bindings()})
        self._runtime = runtime
        try:
            self._check_files()
            for namespace in list(self._namespaces.values()):
                runtime.add_namespace(namespace.storage_files, namespace.target, namespace.binding)
            self.journal.record(events.RuntimeStarted, None, self._lives)
            self._declare_app()
        except LifeEnded:
            pass
        except BaseException:
            self._end_life(graceful=True)
            raise

    def _check_files(self) -> None:
        """Look at all files that are needed before the first is opened: a start that fails changes nothing."""
        for namespace in self._namespaces.values():
            namespace.storage_files.check()
        for target in self._app_targets():
            self._disks.choose(self._storage_mode).namespace(target.class_name).check()

    def _app_targets(self) -> list[Target]:
        values = [*self.app.classes, *(value for value in self.app.bindings.values() if is_class_binding(value))]
        return [resolve_target(value) for value in values]  # type: ignore[arg-type]

    def _declare_app(self) -> None:
        for target in self.app.classes:
            self.namespace(target)
        for binding, value in self.app.bindings.items():
            if is_class_binding(value):
                self.namespace(value, binding=binding)  # type: ignore[arg-type]

    def _plain_bindings(self) -> Mapping[str, object]:
        return {name: value for name, value in self.app.bindings.items() if not is_class_binding(value)}

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
        root = self._root.resolve()
        belongs = below(root, self._is_test_module)
        return ModuleSet(self.world.installed_modules, belongs, path=root, adopt=self._lives == 1)

    def close(self) -> None:
        """Give everything back. Idempotent; works after any failure."""
        if self._is_closed:
            return
        self._is_closed = True
        self.journal.disarm()
        try:
            self._end_life(graceful=True)
        finally:
            self._disks.end()
            if self._owns_world:
                self.world.close()

    def _end_life(self, *, graceful: bool) -> None:
        runtime, self._runtime = self._runtime, None
        if runtime is None:
            return
        self._down_since_ns = self.world.clock.wall_ns
        self._disks.end_life()
        runtime.end()
        try:
            self._disks.close(graceful=graceful)
        finally:
            kind = events.RuntimeStopped if graceful else events.RuntimeCrashed
            with suppress(LifeEnded):  # a crash point here cuts nothing: the life is over
                self.journal.record(kind, None, runtime.life.number)

    def _arm_number(self, number: int) -> None:
        self.journal.arm(lambda _kind, _actor: len(self.journal) > number, self._cut)

    def _cut(self) -> NoReturn:
        self._end_life(graceful=False)
        raise LifeEnded

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
