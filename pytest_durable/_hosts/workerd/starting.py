"""How a process of the real platform is started: what it is handed, and the wait until it listens.

The process listens on a socket without a name, made here and handed over as an open descriptor: no port, no path, and
nothing to clean up after a crash.
"""

import json
import os
import selectors
import socket
import subprocess
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from pytest_durable._core.errors import ShimUnavailableError, WorkerdStartError
from pytest_durable._hosts.workerd.clock import COMMAND, VARIABLE, environment_value
from pytest_durable._hosts.workerd.clock_line import ClockLine
from pytest_durable._hosts.workerd.config import SOCKET_NAME, WorkerConfig
from pytest_durable._hosts.workerd.deadline import Deadline
from pytest_durable._hosts.workerd.output import Output, Pipe
from pytest_durable._hosts.workerd.records import PlatformRecord
from pytest_durable._hosts.workerd.start_errors import not_listening, not_listening_in_time

#: More than a computation gets: the executable may have to be read from a slow disk first.
_START_SECONDS_MAX: Final = 10.0
_BACKLOG: Final = 1024
_NO_CLOCK: Final = (
    "The clock of workerd cannot be replaced: the system has not loaded the clock of the test into it.\n\n"
    "It is loaded with LD_PRELOAD, which needs an executable that is linked dynamically, against the C library of this "
    "system. Install workerd anew:  npm install workerd"
)


def _ignore(_record: PlatformRecord) -> None:
    """Nobody wants the records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What a life begins with."""

    executable: Path
    shim: Path
    config: WorkerConfig
    #: Nanoseconds since the epoch.
    wall_ns: int
    environ: Mapping[str, str] = field(default_factory=dict)
    #: Whether each commit waits for the disk. The death of a process loses nothing that it has written.
    synchronous: bool = False
    #: Called for each record of the platform, while the conversation is being served.
    on_record: Callable[[PlatformRecord], None] = _ignore
    #: Describes the requests without a reply, one line each, for messages.
    in_flight: Callable[[], list[str]] = list
    #: How long the process may take, in real time, until it listens.
    start_seconds_max: float = _START_SECONDS_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawned:
    """A process that has just been started, and our ends of what connects it with the test."""

    child: "subprocess.Popen[bytes]"
    clock: ClockLine
    #: Where it is going to listen.
    address: bytes | str
    pipes: tuple[Pipe, ...]
    #: Where it tells that it does.
    control: int


def spawn(launch: Launch, config: Path, output: Output, stack: ExitStack) -> Spawned:
    """Start the process.

    Args:
        launch: What with.
        config: What ``write_config`` has written.
        output: Receives what it prints.
        stack: Ends it again and closes what belongs to it, unless somebody takes that over.

    Raises:
        WorkerdStartError: The executable cannot be run.
        ShimUnavailableError: The file of the clock cannot be read.
    """
    with ExitStack() as theirs:
        clock, their_clock = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        stack.callback(clock.close)
        theirs.callback(their_clock.close)
        listener = theirs.enter_context(_listen())
        control, their_control = os.pipe()
        stack.callback(os.close, control)
        theirs.callback(os.close, their_control)
        shim = _open(launch.shim)
        theirs.callback(os.close, shim)
        child = _run(
            [
                *(str(launch.executable), COMMAND, str(config), "--experimental"),
                f"--socket-fd={SOCKET_NAME}={listener.fileno()}",
                f"--control-fd={their_control}",
            ],
            env=_environment(launch, their_clock.fileno(), shim),
            pass_fds=(their_clock.fileno(), listener.fileno(), their_control, shim),
        )
        stack.callback(child.wait)
        stack.callback(child.kill)
        pipes = _pipe(child.stdout, output), _pipe(child.stderr, output)
        for pipe in pipes:
            stack.callback(pipe.close)
        line = ClockLine(clock, launch.wall_ns)
        return Spawned(child=child, clock=line, address=listener.getsockname(), pipes=pipes, control=control)


def wait_until_it_listens(spawned: Spawned, launch: Launch, output: Output) -> None:
    """Take what the process prints until it listens, with the clock of the test.

    Raises:
        WorkerdStartError: It ended instead, or did not listen in time.
        ShimUnavailableError: It has another clock.
    """
    deadline = Deadline(launch.start_seconds_max)
    told = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(spawned.control, selectors.EVENT_READ)
        for pipe in spawned.pipes:
            selector.register(pipe, selectors.EVENT_READ)
        while not told.endswith(b"\n"):
            ready = selector.select(deadline.left())
            if not deadline.left():
                raise not_listening_in_time(output, deadline.seconds)
            for key, _ in ready:
                if isinstance(key.fileobj, Pipe):
                    _take(key.fileobj, selector)
                elif piece := os.read(spawned.control, 4096):
                    told += piece
                else:
                    raise _ended(spawned, launch, output)
    if json.loads(told.splitlines()[-1]).get("event") != "listen":
        raise _ended(spawned, launch, output)
    if not spawned.clock.has_clock():
        raise ShimUnavailableError(_NO_CLOCK)


def _take(pipe: Pipe, selector: selectors.BaseSelector) -> None:
    selector.unregister(pipe)  # it closes itself at its end, and has no descriptor then
    pipe.receive()
    if pipe.is_open:
        selector.register(pipe, selectors.EVENT_READ)


def _ended(spawned: Spawned, launch: Launch, output: Output) -> WorkerdStartError:
    spawned.child.kill()
    status = spawned.child.wait()
    for pipe in spawned.pipes:
        pipe.drain()
    return not_listening(launch.executable, output, status)


def _listen() -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind("")  # Linux chooses an abstract name
    listener.listen(_BACKLOG)
    return listener


def _open(shim: Path) -> int:
    try:
        return os.open(shim, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise ShimUnavailableError(f"The clock of workerd cannot be read: {shim}: {error.strerror}.") from None


def _run(command: list[str], *, env: dict[str, str], pass_fds: tuple[int, ...]) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            command,
            env=env,
            pass_fds=pass_fds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # the Ctrl-C of a terminal is for the test alone
        )
    except OSError as error:
        raise WorkerdStartError(
            f"{command[0]} cannot be started: {error.strerror}.\n\nInstall workerd:  npm install workerd"
        ) from None


def _environment(launch: Launch, clock: int, shim: int) -> dict[str, str]:
    preloaded = launch.environ.get("LD_PRELOAD")
    # By its descriptor: the variable is split at blanks and colons, which the path may have.
    library = f"/proc/self/fd/{shim}"
    return {
        **launch.environ,
        "LD_PRELOAD": f"{library}:{preloaded}" if preloaded else library,
        VARIABLE: environment_value(clock, launch.wall_ns, os.getpid(), synchronous=launch.synchronous),
        "TZ": "UTC",
    }


def _pipe(stream: IO[bytes] | None, output: Output) -> Pipe:
    assert stream is not None  # both are pipes
    with stream:
        return Pipe(os.dup(stream.fileno()), output)
