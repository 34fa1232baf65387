"""Threads and child processes fail in code of a Worker, as they do in production; elsewhere nothing changes.

Source: CPython on Emscripten: Modules/_threadmodule.c without threads, Lib/subprocess.py (_can_fork_exec); spec
python-workers 8.9.
"""

import errno
import functools
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from pytest_durable._core.actor import current_scope
from pytest_durable._core.isolate import global_scope


@contextmanager
def no_threads() -> Iterator[None]:
    """Refuse threads and processes to code of a Worker inside a ``with`` block."""
    start, begin = threading.Thread.start, subprocess.Popen.__init__
    threading.Thread.start = _unless_in_worker(start, _refuse_thread)  # type: ignore[method-assign]
    subprocess.Popen.__init__ = _unless_in_worker(begin, _refuse_process)  # type: ignore[method-assign]
    try:
        yield
    finally:
        threading.Thread.start = start  # type: ignore[method-assign]
        subprocess.Popen.__init__ = begin  # type: ignore[method-assign]


def _unless_in_worker(original: Callable[..., Any], refuse: Callable[[], NoReturn]) -> Callable[..., Any]:
    @functools.wraps(original)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if current_scope() is not None or global_scope() is not None:
            refuse()
        return original(*args, **kwargs)

    return checked


def _refuse_thread() -> NoReturn:
    raise RuntimeError("can't start new thread")


def _refuse_process() -> NoReturn:
    raise OSError(errno.ENOTSUP, "emscripten does not support processes.")
