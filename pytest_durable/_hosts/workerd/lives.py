"""The lives of the real platform on one host: at most one process at a time, on the clock of the test.

A life begins with a decision and not with a process: which classes there are must be known before the process starts,
and the test declares them in plain calls. So the process starts when something is asked of it, at the latest when the
test awaits.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_durable._core import events
from pytest_durable._core.errors import (
    ConfigurationError,
    DurableError,
    UnsupportedOnHostError,
    WorkerdBusyError,
    WorkerdDiedError,
)
from pytest_durable._core.isolate import ClassPath, Target
from pytest_durable._core.messages import ObjectKey
from pytest_durable._core.platform_errors import PlatformError, connection_lost
from pytest_durable._core.runtime import App
from pytest_durable._core.storage import NamespaceFiles
from pytest_durable._hosts.computer import Computer
from pytest_durable._hosts.deployment import Deployment
from pytest_durable._hosts.down import ENDED, host_down
from pytest_durable._hosts.stored import PendingAlarm
from pytest_durable._hosts.workerd.alarm_watch import AlarmWatch
from pytest_durable._hosts.workerd.chronicle import Chronicle
from pytest_durable._hosts.workerd.conversation import Conversation
from pytest_durable._hosts.workerd.exchange import Reply
from pytest_durable._hosts.workerd.frames import ThrownStacks
from pytest_durable._hosts.workerd.in_flight import InFlight
from pytest_durable._hosts.workerd.process import Launch, WorkerdProcess
from pytest_durable._hosts.workerd.records import PlatformRecord
from pytest_durable._hosts.workerd.roster import Roster
from pytest_durable._hosts.workerd.script import (
    ScriptDeployment,
    check_exports,
    check_script_class,
    deploy_script,
    make_config,
)

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


class WorkerdLives:
    """The process of one host, from life to life. It is a companion of the clock.

    Args:
        computer: What outlives a life.
        deployment: What the first life runs.
        tools: What it is run with.

    Attributes:
        roster: The namespaces of the life that runs.
        in_flight: What the process has not answered yet.
        stacks: What the process has told of the places where its errors were thrown.
    """

    def __init__(self, computer: Computer, deployment: ScriptDeployment, tools: Tools) -> None:
        self._computer = computer
        self._clock = computer.world.clock
        self._deployment = deployment
        self._tools = tools
        self._main = deployment.main
        self._lives = 0
        self._is_running = False
        self._down_since_ns = self._clock.wall_ns
        #: How the last life ended, for messages.
        self._end = ""
        self._process: WorkerdProcess | None = None
        #: Elapsed time that the process has lived through.
        self._lived_ns = 0
        #: How long the process has said nothing.
        self._silent_ns = 0
        self._is_settling = False
        #: Why the life was ended, if its process did not come to rest.
        self._busy: WorkerdBusyError | None = None
        self.roster = Roster()
        self.in_flight = InFlight(computer.world)
        self.stacks = ThrownStacks()
        self._alarms = AlarmWatch(computer.world, self.roster, self._wall_in_process)
        self._chronicle = Chronicle(computer.journal, self.roster.key_of, self._alarms.begins)

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
        self._busy = None
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
                f"  actual    a process that runs with {self.roster.names() or 'none'}\n\n"
                "Declare it in durable_app, or before the test's first await."
            )
        if any(each.class_name == target.class_name for each in self.roster):
            raise unsupported(
                f"keep two namespaces of one class, here {target.class_name}",
                f"Give the second a class of its own:  export class Other extends {target.class_name} {{}}",
            )
        self.roster.take(files, target.class_name, binding)

    def end(self, *, graceful: bool, ahead_ns: int = 0) -> None:
        """End the life, if one runs: in order, or as a dying process does.

        Args:
            graceful: Which of the two.
            ahead_ns: How far ahead of the clock, which follows.
        """
        if not self._is_running:
            return
        self._is_running = False
        at_ns = self._down_since_ns = self._clock.wall_ns + ahead_ns
        self._end = ENDED
        self._clock.companions.remove(self)
        process, self._process = self._process, None
        try:
            if process is not None:
                _end_process(process, graceful=graceful)
        finally:
            self._chronicle.forget_life()
            self.stacks.forget_life()
            self._alarms.forget_life()
            self.roster.let_go(discard=self._tools.is_volatile)
            kind = events.RuntimeStopped if graceful else events.RuntimeCrashed
            self._computer.journal.record_at(at_ns, kind, None, self._lives)

    def _require_running(self) -> None:
        if not self._is_running:
            raise host_down(self._down_since_ns, self._end)

    # -- talking with the process

    def submit(self, body: bytes, label: str, on_reply: Callable[[Reply | None], None]) -> None:
        """Send a request; it is on its way when this returns, and answered in a later round of the loop.

        Args:
            body: What ``requests`` makes.
            label: Names it in messages.
            on_reply: Takes the reply; None if the process ended before.
        """
        self._require_running()
        replied = self.in_flight.add(label, on_reply)
        self._silent_ns = 0
        try:
            self._talk().submit(body, replied)
        except DurableError as failure:
            self.in_flight.forget(replied)
            self._gone(failure)
            raise
        if not self._is_settling:
            self._is_settling = True
            self._computer.world.loop.call_soon(self._settle_soon)

    def settle(self) -> None:
        """Let the process do what it can do now, an overdue alarm included."""
        if self._is_running and self.roster:
            with self._ends():
                self._talk().settle()

    def _told(self, record: PlatformRecord) -> None:
        self.stacks.write(record)
        self._chronicle.write(record)

    def call_ended(self, key: ObjectKey, method: str, error: str | None) -> None:
        """A call of the test is over.

        Records: ReplySent, CallEnded.
        """
        at_ns, journal = self._wall_in_process(), self._computer.journal
        journal.record_at(at_ns, events.ReplySent, key, method)
        journal.record_at(at_ns, events.CallEnded, key, method, error)

    @property
    def has_started(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    def _settle_soon(self) -> None:
        self._is_settling = False
        if self._process is not None:
            with self._ends():
                self._talk().settle()

    @contextmanager
    def _ends(self) -> Iterator[None]:
        """A process that ends by itself, as it does when a Worker ends its isolate, or never rests, is a crash."""
        is_awaited = len(self.in_flight) > 0
        try:
            yield
        except (WorkerdDiedError, WorkerdBusyError) as failure:
            self._gone_unasked(failure, is_awaited=is_awaited)

    def _gone_unasked(self, failure: DurableError, *, is_awaited: bool) -> None:
        """Whoever waits for an answer learns of it by that, and whoever moves the clock is stopped.

        If nobody does either, the test is told at its next word to the host.
        """
        self._gone(failure)
        if not self._computer.world.loop.pump.end_journeys(failure) and not is_awaited:
            self._computer.failures.note(failure)

    def _gone(self, failure: DurableError) -> None:
        if not self._is_running:
            return
        self._busy = failure if isinstance(failure, WorkerdBusyError) else None
        self.end(graceful=False, ahead_ns=max(0, self._wall_in_process() - self._clock.wall_ns))
        self._end = str(failure)

    def lost(self) -> DurableError | PlatformError:
        """What a call fails with whose answer will never come."""
        return connection_lost() if self._busy is None else self._busy

    def _talk(self) -> Conversation:
        """The conversation, with a process that lives at the time of the clock."""
        if self._process is None:
            self._process = self._begin_process()
        conversation = self._process.conversation
        behind_ns = self._clock.elapsed_ns - self._lived_ns
        if behind_ns > 0:  # somebody else has moved the clock: what was due meanwhile is late
            self._lived_ns += behind_ns
            conversation.jump(behind_ns)
        if conversation.wall_ns != self._clock.wall_ns:
            conversation.set_wall(self._clock.wall_ns)
        return conversation

    def _begin_process(self) -> WorkerdProcess:
        try:
            return self._launch()
        except DurableError:  # what cannot begin now cannot at the end of the test either: it is told once
            self.end(graceful=False)
            self._end = "workerd could not be started."
            raise

    def _launch(self) -> WorkerdProcess:
        self._lived_ns = self._clock.elapsed_ns
        process = WorkerdProcess.start(
            Launch(
                executable=self._tools.executable,
                shim=self._tools.shim,
                config=make_config(self._deployment, self._main, self.roster, self._computer.disks.directory),
                wall_ns=self._clock.wall_ns,
                environ=dict(os.environ),
                synchronous=self._tools.is_synchronous,
                on_record=self._told,
            )
        )
        try:
            check_exports(process.printed, self._main)
        except ConfigurationError:
            process.crash()
            raise
        return process

    # -- the companion of the clock

    def next_at(self) -> int | None:
        """Elapsed time before which nothing that counts can happen in the process.

        An alarm that waits has a row. A retry and a call that waits do not tell when they go on; the process is
        followed for a while then, and stops when it says something.
        """
        if not self._is_running or not self.roster:
            return None
        if self._process is None:
            try:
                self.settle()  # a new life begins with what is overdue
            except DurableError as failure:
                self._gone_unasked(failure, is_awaited=False)
        instants = self._alarms.instants_ns()
        now_ns = self._clock.wall_ns
        ahead = [due_ns for due_ns in instants if due_ns > now_ns]
        if (len(self.in_flight) or len(ahead) < len(instants)) and self._silent_ns < _SILENCE_NS_MAX:
            ahead.append(now_ns + _STRIDE_NS)
        return min(ahead) - now_ns + self._clock.elapsed_ns if ahead else None

    def travel(self, distance_ns: int) -> int:
        """Let time pass in the process, until it says something or so far. If it dies, time stops there."""
        if not self._is_running or not self.roster:
            return distance_ns
        start_ns, is_awaited = self._clock.wall_ns, len(self.in_flight) > 0
        try:
            progress = self._talk().travel(distance_ns)
        except DurableError as failure:
            self._gone_unasked(failure, is_awaited=is_awaited)
            return min(self._down_since_ns - start_ns, distance_ns)
        went_ns = progress.travelled_ns
        self._lived_ns += went_ns
        self._silent_ns = 0 if progress.has_spoken else self._silent_ns + went_ns
        return went_ns

    # -- alarms

    def pending_alarms(self, files: NamespaceFiles) -> list[PendingAlarm]:
        """The pending alarms of one namespace, in no order."""
        return self._alarms.pending(files, self._chronicle)

    def _wall_in_process(self) -> int:
        return self._clock.wall_ns if self._process is None else self._process.conversation.wall_ns

    def class_of(self, unique_key: str) -> str:
        """The class of a namespace, as the harness knows it.

        Raises:
            HostDownError: No life runs.
        """
        self._require_running()
        return self.roster[unique_key].class_name


def unsupported(what: str, instead: str) -> UnsupportedOnHostError:
    """The error for what only a platform in this process can do."""
    return UnsupportedOnHostError(f"The real platform cannot {what}.\n\n{instead}")


def _end_process(process: WorkerdProcess, *, graceful: bool) -> None:
    if graceful and process.is_running:
        process.stop()
    else:
        process.crash()
