"""What lives outside virtual time: file descriptors, threads, child processes.

While such work is under way the loop waits for it in real time, because jumping over it would make the test depend on
the speed of the machine. Work that the loop cannot know, such as a thread the user started, is not waited for.
"""

import asyncio
import reprlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from functools import partial
from typing import Any

from pytest_durable._core.errors import RealTimeWaitError

#: How long the loop waits, in real time, without anything happening.
REAL_WAIT_SECONDS_MAX = 5.0

_PLAIN = (int, float, bool, str, bytes, type(None))


class RealWork:
    """The real work of one loop, as far as it can be known."""

    def __init__(self) -> None:
        self._jobs: dict[asyncio.Future[Any], str] = {}
        self._children: list[asyncio.SubprocessTransport] = []
        self._sections: list[str] = []

    def add_job(self, future: "asyncio.Future[Any]", function: Callable[..., Any]) -> None:
        """Count a job given to an executor until its future is done."""
        self._jobs[future] = f"executor job {_name_job(function)}"

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


def real_wait_error(names: Sequence[str], waited_seconds: float) -> RealTimeWaitError:
    """Word the error for work that did not end."""
    more = f", and {len(names) - 1} more" if len(names) > 1 else ""
    blocks = [
        f"Real work has not ended within {waited_seconds:g} s of real time: {names[0]}{more}.",
        "\n".join(f"  {name}" for name in names[1:]),
        "Virtual time stands still while real work is pending. Close what is open, or end the job, before the test "
        "waits or moves the clock.",
    ]
    return RealTimeWaitError("\n\n".join(block for block in blocks if block))


def _name_job(function: Callable[..., Any]) -> str:
    """Name what an executor was given as the user wrote it: ``time.sleep(6)``.

    ``asyncio.to_thread`` wraps it in a partial of the context's ``run``. Arguments are known only of what is wrapped.
    """
    called: Any = function
    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = {}
    while isinstance(called, partial):
        arguments, keywords = (*called.args, *arguments), {**called.keywords, **keywords}
        called = called.func
        if isinstance(getattr(called, "__self__", None), Context) and arguments:
            called, *rest = arguments
            arguments = tuple(rest)
    name = _name_function(called)
    if called is function:
        return name
    told = [*map(_shown, arguments), *(f"{key}={_shown(value)}" for key, value in keywords.items())]
    return f"{name}({', '.join(told)})"


def _name_function(function: Any) -> str:
    """``time.sleep`` for what is written in C, whose own name says little; else the name and where it is nested."""
    name = getattr(function, "__qualname__", None)
    if name is None:
        return _shown(function)
    module = getattr(function, "__module__", None)
    return name if hasattr(function, "__code__") or module in (None, "builtins") else f"{module}.{name}"


def _shown(value: object) -> str:
    """A value in a few characters. Jobs are named when they begin, so no code of the user's is asked."""
    return reprlib.repr(value) if type(value) in _PLAIN else f"<{type(value).__name__}>"


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
