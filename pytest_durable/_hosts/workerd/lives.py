"""The lives of the real platform on one host: at most one process at a time, on the clock of the test.

A life begins with a decision and not with a process: which classes there are must be known before the process starts,
and the test declares them in plain calls. So the process starts when something is asked of it, at the latest when the
test awaits.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pytest_durable._core import events
from pytest_durable._core.alarms import RunCounter
from pytest_durable._core.errors import AlarmLoopError, ConfigurationError, HostDownError, UnsupportedOnHostError
from pytest_durable._core.isolate import ClassPath, Target
from pytest_durable._core.messages import ObjectKey
from pytest_durable._core.runtime import App
from pytest_durable._core.storage import NamespaceFiles
from pytest_durable._hosts.computer import Computer
from pytest_durable._hosts.deployment import Deployment
from pytest_durable._hosts.durations import instant
from pytest_durable._hosts.stored import PendingAlarm
from pytest_durable._hosts.workerd.chronicle import Chronicle
from pytest_durable._hosts.workerd.config import ClassBinding, DurableClass, WorkerConfig
from pytest_durable._hosts.workerd.conversation import Conversation
from pytest_durable._hosts.workerd.exchange import Reply
from pytest_durable._hosts.workerd.modules import collect_modules
from pytest_durable._hosts.workerd.process import Launch, WorkerdProcess
from pytest_durable._hosts.workerd.script import ScriptDeployment, check_exports, check_script_class, deploy_script

#: How long a graceful stop waits for calls in flight, in virtual seconds (decisions 4.5).
DRAIN_SECONDS_MAX: Final = 30
#: A retry or a call that waits does not tell when it goes on: the process is followed so far in one step.
_STRIDE_NS: Final = 3_600_000_000_000
#: After so much time without a word of the process, what is in flight will never be answered.
_SILENCE_NS_MAX: Final = 31 * 24 * _STRIDE_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the real platform is run with.

    Attributes:
        executable: The platform.
        shim: What gives it the clock of the test.
        is_synchronous: Each commit is synced to the disk.
        is_volatile: What is stored goes with the process.
    """

    executable: Path
    shim: Path
    is_synchronous: bool
    is_volatile: bool


@dataclass(frozen=True, slots=True)
class _Opened:
    """A namespace of the life that runs."""

    files: NamespaceFiles
    class_name: str
    binding: str


class WorkerdLives:
    """The process of one host, from life to life. It is a companion of the clock.

    Args:
        computer: What outlives a life.
        deployment: What the first life runs.
        tools: What it is run with.
    """

    def __init__(self, computer: Computer, deployment: ScriptDeployment, tools: Tools) -> None:
        self._computer = computer
        self._clock = computer.world.clock
        self._deployment = deployment
        self._tools = tools
        self._opened: dict[str, _Opened] = {}
        self._names: dict[str, str | None] = {}
        self._main = deployment.main
        self._lives = 0
        self._is_running = False
        self._down_since_ns = self._clock.wall_ns
        self._process: WorkerdProcess | None = None
        #: Elapsed time that the process has lived through.
        self._lived_ns = 0
        #: How long the process has said nothing.
        self._silent_ns = 0
        #: When the alarms were due when somebody last looked, and what the files were like then.
        self._instants: tuple[object, list[int]] = (None, [])
        self._counters: dict[str, RunCounter] = {}
        self._waiting: dict[object, str] = {}
        self._is_settling = False
        self._drained: asyncio.Future[None] | None = None
        self._chronicle = Chronicle(computer.journal, self._key_of, self._alarm_begins)

    def __repr__(self) -> str:
        return f"<WorkerdLives {'running' if self._is_running else 'down'}, life {self._lives}, {self._process!r}>"

    # -- what is deployed

    @property
    def deployment(self) -> Deployment:
        """What the next life runs."""
        return self._deployment

    def check(self, app: App) -> Deployment:
        """What it would mean to run an application here."""
        return deploy_script(app, self._deployment.root)

    def check_class(self, target: Target) -> None:
        """Make sure that the main module can export a class."""
        self._main = check_script_class(target, self._deployment.root, self._main)

    def deploy(self, deployment: Deployment) -> None:
        """Let the next life run this."""
        assert isinstance(deployment, ScriptDeployment)  # `check` makes no others
        self._deployment = deployment
        self._main = deployment.main or self._main

    # -- the beginning and the end of a life

    @property
    def is_running(self) -> bool:
        """Whether a life runs."""
        return self._is_running

    def begin(self, reopen: Callable[[], None], declare: Callable[[], None]) -> None:
        """Begin a life, unless one runs."""
        if self._is_running:
            return
        self._lives += 1
        self._is_running = True
        self._clock.companions.add(self)
        try:
            reopen()
            self._computer.journal.record(events.RuntimeStarted, None, self._lives)
            declare()
        except BaseException:
            self.end(graceful=True)
            raise

    def open(self, files: NamespaceFiles, target: Target, binding: str) -> None:
        """Open a namespace in the life that runs, before its process has started.

        Raises:
            HostDownError: No life runs.
            ConfigurationError: The process runs already.
        """
        self._require_running()
        assert isinstance(target, ClassPath)  # `check_class` refuses others
        if self._process is not None:
            raise ConfigurationError(
                f"The namespace {files.unique_key!r} comes too late: the process that runs cannot take it in.\n\n"
                "  expected  all namespaces declared before the first call\n"
                f"  actual    a process with {', '.join(sorted(self._opened)) or 'none'}\n\n"
                "Declare it in durable_app, or before the test's first await."
            )
        files.hold()
        self._opened[files.unique_key] = _Opened(files, target.class_name, binding)

    def end(self, *, graceful: bool) -> None:
        """End the life, if one runs: in order, or as a dying process does."""
        if not self._is_running:
            return
        self._is_running = False
        self._down_since_ns = self._clock.wall_ns
        self._clock.companions.remove(self)
        process, self._process = self._process, None
        opened, self._opened = self._opened, {}
        self._instants = (None, [])
        try:
            if process is not None:
                _end_process(process, graceful=graceful)
        finally:
            self._chronicle.forget_life()
            for each in opened.values():
                each.files.let_go()
                if self._tools.is_volatile:
                    each.files.discard()
            kind = events.RuntimeStopped if graceful else events.RuntimeCrashed
            self._computer.journal.record(kind, None, self._lives)

    def _require_running(self) -> None:
        if not self._is_running:
            raise HostDownError(
                f"The host is down since {instant(self._down_since_ns).isoformat()}: it was stopped or has crashed.\n\n"
                "Start it again:  await durable.start()"
            )

    # -- talking with the process

    def submit(self, body: bytes, label: str, on_reply: Callable[[Reply | None], None]) -> None:
        """Send a request; it is on its way when this returns, and answered in a later round of the loop.

        Args:
            body: What ``requests`` makes.
            label: Names it in messages.
            on_reply: Takes the reply; None if the process ended before.
        """
        self._require_running()
        if self._drained is not None:
            raise HostDownError(
                "The host is being stopped: it finishes the calls in flight and takes no new ones.\n\n"
                "Start it again when stop() has returned:  await durable.start()"
            )
        token = object()

        def replied(reply: Reply | None) -> None:
            self._waiting.pop(token, None)
            if self._drained is not None and not self._waiting and not self._drained.done():
                self._drained.set_result(None)
            on_reply(reply)

        self._waiting[token] = label
        self._silent_ns = 0
        self._talk().submit(body, replied)
        if not self._is_settling:
            self._is_settling = True
            self._computer.world.loop.call_soon(self._settle_soon)

    def settle(self) -> None:
        """Let the process do what it can do now, an overdue alarm included."""
        if self._is_running and self._opened:
            self._talk().settle()

    def call_ended(self, key: ObjectKey, method: str, error: str | None) -> None:
        """A call of the test is over.

        Records: ReplySent, CallEnded.
        """
        at_ns, journal = self._wall_in_process(), self._computer.journal
        journal.record_at(at_ns, events.ReplySent, key, method)
        journal.record_at(at_ns, events.CallEnded, key, method, error)

    async def drain(self) -> None:
        """Take no new requests, and let those in flight go on for 30 virtual seconds at most."""
        if not self._waiting:
            return
        self._drained = self._computer.world.loop.create_future()
        try:
            with self._computer.world.jumping():
                await asyncio.wait([self._drained], timeout=DRAIN_SECONDS_MAX)
        finally:
            self._drained = None

    @property
    def has_started(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    def describe_waits(self) -> list[str]:
        """One line for each request without a reply, for messages."""
        return [f"{label} is in flight, on the real platform" for label in self._waiting.values()]

    @property
    def in_flight(self) -> int:
        """How many requests are without a reply."""
        return 0 if self._process is None else self._process.conversation.in_flight

    def _settle_soon(self) -> None:
        self._is_settling = False
        if self._process is not None:
            self._talk().settle()

    def _talk(self) -> Conversation:
        """The conversation, with a process that lives at the time of the clock."""
        if self._process is None:
            self._process = self._launch()
        conversation = self._process.conversation
        behind_ns = self._clock.elapsed_ns - self._lived_ns
        if behind_ns > 0:  # somebody else has moved the clock: what was due meanwhile is late
            self._lived_ns += behind_ns
            conversation.jump(behind_ns)
        if conversation.wall_ns != self._clock.wall_ns:
            conversation.set_wall(self._clock.wall_ns)
        return conversation

    def _launch(self) -> WorkerdProcess:
        self._lived_ns = self._clock.elapsed_ns
        process = WorkerdProcess.start(
            Launch(
                executable=self._tools.executable,
                shim=self._tools.shim,
                config=self._config(),
                wall_ns=self._clock.wall_ns,
                environ=dict(os.environ),
                synchronous=self._tools.is_synchronous,
                on_record=self._chronicle.write,
            )
        )
        try:
            check_exports(process.printed, self._main)
        except ConfigurationError:
            process.crash()
            raise
        return process

    def _config(self) -> WorkerConfig:
        main = self._main
        if main is None:
            raise ConfigurationError(
                "The real platform has no Worker to run: nothing names its main module.\n\n"
                'Name it:  durable.namespace("worker.js:Counter")  or  App(main="worker.js", …)'
            )
        options = self._deployment.app.options
        classes = tuple(
            DurableClass(
                class_name=each.class_name,
                unique_key=key,
                sql=options.sql,
                prevent_eviction=each.class_name in options.prevent_eviction,
            )
            for key, each in self._opened.items()
        )
        return WorkerConfig(
            modules=collect_modules(main),
            classes=classes,
            bindings=tuple(
                ClassBinding(name=each.binding, class_name=each.class_name) for each in self._opened.values()
            ),
            variables=self._deployment.values,
            compatibility_date=self._deployment.compatibility_date,
            compatibility_flags=self._deployment.compatibility_flags,
            storage=self._computer.disks.directory,
        )

    # -- the companion of the clock

    def next_at(self) -> int | None:
        """Elapsed time before which nothing that counts can happen in the process.

        An alarm that waits has a row. A retry and a call that waits do not tell when they go on; the process is
        followed for a while then, and stops when it says something.
        """
        if not self._is_running or not self._opened:
            return None
        instants = self._alarm_instants()
        now_ns = self._clock.wall_ns
        ahead = [due_ns for due_ns in instants if due_ns > now_ns]
        if (self.in_flight or len(ahead) < len(instants)) and self._silent_ns < _SILENCE_NS_MAX:
            ahead.append(now_ns + _STRIDE_NS)
        return min(ahead) - now_ns + self._clock.elapsed_ns if ahead else None

    def travel(self, distance_ns: int) -> int:
        """Let time pass in the process, until it says something or so far."""
        if not self._opened:
            return distance_ns
        progress = self._talk().travel(distance_ns)
        self._lived_ns += progress.travelled_ns
        self._silent_ns = 0 if progress.has_spoken else self._silent_ns + progress.travelled_ns
        return progress.travelled_ns

    # -- alarms

    def pending_alarms(self, files: NamespaceFiles) -> list[PendingAlarm]:
        """The pending alarms of one namespace, in no order."""
        return [self._pending(actor_hex, due_ns, name) for actor_hex, due_ns, name in files.stored_alarms()]

    def _pending(self, actor_hex: str, due_ns: int, name: str | None) -> PendingAlarm:
        failures = self._chronicle.failures_of(actor_hex, due_ns)
        state: Literal["waiting", "running", "retrying"] = "waiting"
        if self._is_running and self._chronicle.is_alarm_running(actor_hex):
            state = "running"
        elif self._is_running and failures:
            state = "retrying"
        return PendingAlarm(id=actor_hex, name=name, due=instant(due_ns), state=state, retry_count=failures)

    def _alarm_instants(self) -> list[int]:
        """When the alarms are due. Looking into a file takes a while, so it is done when the files have changed."""
        if self._process is None:
            self.settle()  # a new life begins with what is overdue
        files = [each.files for each in self._opened.values()]
        signs = [each.alarms_changed_at() for each in files]
        if signs != self._instants[0]:
            self._instants = (signs, [due_ns for each in files for _, due_ns, _ in each.stored_alarms()])
        return self._instants[1]

    def _alarm_begins(self, key: ObjectKey) -> None:
        counter = self._counters.get(key.namespace)
        if counter is None:
            world = self._computer.world
            counter = self._counters[key.namespace] = RunCounter(world.alarm_limit, self._wall_in_process, self.label)
        try:
            counter.count(key)
        except AlarmLoopError as failure:
            self._computer.world.loop.pump.fail(failure)

    def _wall_in_process(self) -> int:
        return self._clock.wall_ns if self._process is None else self._process.conversation.wall_ns

    # -- names

    def target_of(self, unique_key: str) -> str:
        """The class of a namespace, as the harness knows it.

        Raises:
            HostDownError: No life runs.
        """
        self._require_running()
        return self._opened[unique_key].class_name

    def label(self, key: ObjectKey) -> str:
        """How messages call an object."""
        opened = self._opened.get(key.namespace)
        return str(key) if opened is None else key.label(opened.binding)

    def know(self, actor_hex: str, name: str | None) -> None:
        """Remember the name of an object, which the platform does not tell with its events."""
        if name is not None:
            self._names[actor_hex] = name

    def _key_of(self, class_name: str, actor_hex: str) -> ObjectKey:
        key = next((key for key, each in self._opened.items() if each.class_name == class_name), class_name)
        return ObjectKey(key, actor_hex, self._names.get(actor_hex))


def unsupported(what: str, instead: str) -> UnsupportedOnHostError:
    """The error for what only a platform in this process can do."""
    return UnsupportedOnHostError(f"The real platform cannot {what}.\n\n{instead}")


def _end_process(process: WorkerdProcess, *, graceful: bool) -> None:
    if graceful and process.is_running:
        process.stop(0)
    else:
        process.crash()
