"""What lives outside virtual time: file descriptors, threads, child processes.

While such work is under way the loop waits for it in real time, because jumping over it would make the test depend on
the speed of the machine. Work that the loop cannot know, such as a thread the user started, is not waited for.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pytest_durable._core.errors import RealTimeWaitError

#: How long the loop waits, in real time, without anything happening.
REAL_WAIT_SECONDS_MAX = 5.0


class RealWork:
    """The real work of one loop, as far as it can be known."""

    def __init__(self) -> None:
        self._jobs: dict[asyncio.Future[Any], str] = {}
        self._children: list[asyncio.SubprocessTransport] = []
        self._sections: list[str] = []

    def add_job(self, future: "asyncio.Future[Any]", function: Callable[..., Any]) -> None:
        """Count a job given to an executor until its future is done."""
        self._jobs[future] = f"executor job {getattr(function, '__qualname__', repr(function))}"

    def add_child(self, transport: asyncio.SubprocessTransport) -> None:
        """Count a child process until it has ended."""
        self._children.append(transport)

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        """Count the body as real work."""
        self._sections.append(name)
        try:
            yield
        finally:
            self._sections.remove(name)

    def pending(self, loop: asyncio.AbstractEventLoop) -> list[str]:
        """Name the work under way, file descriptors aside."""
        if self._jobs:
            self._jobs = {future: name for future, name in self._jobs.items() if not future.done()}
        if self._children:
            self._children = [child for child in self._children if child.get_returncode() is None]
        children = [f"child process {child.get_pid()}" for child in self._children]
        return [*self._sections, *self._jobs.values(), *children, *_busy_anyio_threads(loop)]


def real_wait_error(names: list[str], waited_seconds: float) -> RealTimeWaitError:
    """Word the error for work that did not end."""
    return RealTimeWaitError(
        f"Real work has not ended within {waited_seconds:g} s of real time: {names[0]}.\n\n"
        + "".join(f"  {name}\n" for name in names)
        + "\nVirtual time stands still while real work is pending. Close what is open, or end the job, before the "
        "test waits or moves the clock."
    )


def _busy_anyio_threads(loop: asyncio.AbstractEventLoop) -> list[str]:
    """Name anyio's worker threads that are at work for ``loop``: anyio does not use the loop's executors.

    Its threads live on after a job, in a list of idle ones. Looked at, never imported: anyio may be absent.
    """
    if threading.active_count() == 1:
        return []
    return [
        f"{thread.name} {thread.ident}"
        for thread in threading.enumerate()
        if type(thread).__name__ == "WorkerThread"
        and getattr(thread, "loop", None) is loop
        and thread not in getattr(thread, "idle_workers", ())
    ]
