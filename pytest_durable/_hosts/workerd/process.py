"""One life of the real platform: started, stopped in order, or ended at once. Never an orphan.

It dies with the thread that started it, whatever becomes of that.
"""

import os
import secrets
import signal
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from pytest_durable._core.errors import WorkerdDiedError
from pytest_durable._hosts.workerd.config import write_config
from pytest_durable._hosts.workerd.conversation import REAL_SECONDS_MAX, Conversation
from pytest_durable._hosts.workerd.output import Output
from pytest_durable._hosts.workerd.starting import Launch, Spawned, spawn, wait_until_it_listens

#: A process that lets go of its socket is about to end.
_LAST_SECONDS_MAX: Final = 1.0


class WorkerdProcess:
    """A running workerd. Made by ``start``; ended by ``stop`` or ``crash``.

    ``conversation`` is how to talk to it.
    """

    def __init__(self, spawned: Spawned, launch: Launch, output: Output) -> None:
        self._child = spawned.child
        self._output = output
        self.conversation = Conversation(
            spawned.clock, spawned.address, output, spawned.pipes, self._how_it_ended, launch.in_flight
        )

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
        with tempfile.TemporaryDirectory(prefix="pytest-durable-") as directory, ExitStack() as stack:
            mark = f"\x1e{secrets.token_hex(8)} "
            config = write_config(launch.config, Path(directory), mark)
            output = Output(mark, launch.on_record)
            spawned = spawn(launch, config, output, stack)
            wait_until_it_listens(spawned, launch, output)
            process = cls(spawned, launch, output)
            stack.callback(process.crash)
            process.conversation.settle()
            stack.pop_all()  # whatever happened before, an interrupt included: no process without an owner
            os.close(spawned.control)
        return process

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._child.pid

    @property
    def printed(self) -> str:
        """The last lines of its output, records left out."""
        return self._output.text()

    def stop(self) -> None:
        """End the process in order. Whoever wants requests in flight to go on lets time pass before.

        They end without a reply here: the process waits for them before it ends, and time stands still.

        Raises:
            WorkerdDiedError: It had to be ended by force, or had ended before.
            WorkerdBusyError: It did not come to rest, and was ended by force.
        """
        conversation = self.conversation
        try:
            conversation.settle()
            conversation.drop_all()
            conversation.settle()
            self._child.send_signal(signal.SIGTERM)
            has_ended = conversation.wait_for_the_end(REAL_SECONDS_MAX)
        except BaseException:
            self.crash()
            raise
        self._end(is_forced=not has_ended)
        if not has_ended:
            raise WorkerdDiedError(
                f"workerd did not stop within {REAL_SECONDS_MAX:g} s of real time and was killed.\n\n"
                f"{self._output.told()}"
            )

    def crash(self) -> None:
        """End the process at once, as if the power had failed. Requests in flight end without a reply."""
        self._end(is_forced=True)

    def _end(self, *, is_forced: bool) -> None:
        if is_forced:
            self._child.kill()
        self._child.wait()
        self.conversation.close()

    def _how_it_ended(self) -> str:
        try:
            status = self._child.wait(_LAST_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            return "it no longer answers"
        return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
