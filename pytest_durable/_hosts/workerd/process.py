"""One life of the real platform: started, stopped in order, or ended at once. Never an orphan.

The process listens on a socket without a name, made here and handed over as an open descriptor: no port, no path, and
nothing to clean up after a crash. It dies with the thread that started it, whatever becomes of that.
"""

import json
import os
import secrets
import select
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pytest_durable._core.errors import ShimUnavailableError, WorkerdDiedError, WorkerdStartError
from pytest_durable._hosts.workerd.clock import VARIABLE, environment_value
from pytest_durable._hosts.workerd.config import SOCKET_NAME, WorkerConfig, write_config
from pytest_durable._hosts.workerd.conversation import REAL_SECONDS_MAX, Conversation
from pytest_durable._hosts.workerd.output import Output, Pipe
from pytest_durable._hosts.workerd.records import PlatformRecord

_START_SECONDS_MAX: Final = 30.0
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


class WorkerdProcess:
    """A running workerd. Made by ``start``; ended by ``stop`` or ``crash``.

    ``conversation`` is how to talk to it.
    """

    def __init__(self, child: "subprocess.Popen[bytes]", conversation: Conversation, output: Output) -> None:
        self._child = child
        self._output = output
        self.conversation = conversation

    def __repr__(self) -> str:
        return f"<WorkerdProcess {self.pid}, {self.conversation!r}>"

    @classmethod
    def start(cls, launch: Launch) -> "WorkerdProcess":
        """Start the process and wait, in real time, until it listens and has come to rest.

        Alarms that are overdue run meanwhile, late.

        Raises:
            ShimUnavailableError: The clock of the test cannot be loaded into it.
            WorkerdStartError: It ended instead; the message shows what it printed, such as an error in a module.
        """
        with tempfile.TemporaryDirectory(prefix="pytest-durable-") as directory:
            mark = f"\x1e{secrets.token_hex(8)} "
            config = write_config(launch.config, Path(directory), mark)
            return _spawn(launch, config, Output(mark, launch.on_record))

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Whether it can be talked to."""
        return self.conversation.is_open

    @property
    def printed(self) -> str:
        """The last lines of its output, records left out."""
        return self._output.text()

    def stop(self) -> None:
        """End the process in order. Whoever wants requests in flight to go on lets time pass before.

        They end without a reply here: the process waits for them before it ends, and time stands still.

        Raises:
            WorkerdDiedError: It had to be ended by force, or had ended before.
        """
        conversation = self.conversation
        conversation.settle()
        conversation.drop_all()
        conversation.settle()
        self._child.send_signal(signal.SIGTERM)
        has_ended = conversation.wait_for_the_end(REAL_SECONDS_MAX)
        self._end(is_forced=not has_ended)
        if not has_ended:
            raise WorkerdDiedError(
                f"workerd did not stop within {REAL_SECONDS_MAX:g} s of real time and was killed.\n\n"
                f"It printed:\n\n{self.printed}"
            )

    def crash(self) -> None:
        """End the process at once, as if the power had failed. Requests in flight end without a reply."""
        self._end(is_forced=True)

    def _end(self, *, is_forced: bool) -> None:
        if is_forced:
            self._child.kill()
        self._child.wait()
        self.conversation.close()


def _spawn(launch: Launch, config: Path, output: Output) -> WorkerdProcess:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener = _listen()
    control_end, control = os.pipe()
    try:
        child = subprocess.Popen(
            [
                *(str(launch.executable), "serve", str(config), "--experimental"),
                f"--socket-fd={SOCKET_NAME}={listener.fileno()}",
                f"--control-fd={control}",
            ],
            env=_environment(launch, theirs.fileno()),
            pass_fds=(theirs.fileno(), listener.fileno(), control),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # the Ctrl-C of a terminal is for the test alone
        )
    except OSError as error:
        ours.close()
        os.close(control_end)
        raise WorkerdStartError(f"{launch.executable} cannot be started: {error}") from error
    finally:
        theirs.close()
        address = listener.getsockname()
        listener.close()
        os.close(control)
    pipes = (_pipe(child.stdout, output), _pipe(child.stderr, output))
    process = WorkerdProcess(child, Conversation(ours, address, output, pipes, launch.wall_ns), output)
    try:
        _begin(process, control_end)
    except BaseException:
        process.crash()  # whatever it was, an interrupt included: no process without an owner
        raise
    finally:
        os.close(control_end)
    return process


def _begin(process: WorkerdProcess, control: int) -> None:
    if not _wait_until_it_listens(control):
        process.crash()
        raise WorkerdStartError(f"workerd has not begun to listen.\n\n{process.printed or 'It printed nothing.'}")
    if not process.conversation.has_clock():
        process.crash()
        raise ShimUnavailableError(_NO_CLOCK)
    process.conversation.settle()


def _listen() -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind("")  # Linux chooses an abstract name
    listener.listen(_BACKLOG)
    return listener


def _environment(launch: Launch, clock: int) -> dict[str, str]:
    preloaded = launch.environ.get("LD_PRELOAD")
    return {
        **launch.environ,
        "LD_PRELOAD": f"{launch.shim}:{preloaded}" if preloaded else str(launch.shim),
        VARIABLE: environment_value(clock, launch.wall_ns, os.getpid(), synchronous=launch.synchronous),
        "TZ": "UTC",
    }


def _pipe(stream: object, output: Output) -> Pipe:
    descriptor = os.dup(stream.fileno())  # type: ignore[attr-defined]
    stream.close()  # type: ignore[attr-defined]
    return Pipe(descriptor, output)


def _wait_until_it_listens(control: int) -> bool:
    """Read the one event of the control pipe. It ends early if the process does."""
    told = b""
    while not told.endswith(b"\n"):
        if not select.select([control], [], [], _START_SECONDS_MAX)[0]:
            return False
        piece = os.read(control, 4096)
        if not piece:
            return False
        told += piece
    event = json.loads(told.splitlines()[-1])
    return bool(event.get("event") == "listen")
