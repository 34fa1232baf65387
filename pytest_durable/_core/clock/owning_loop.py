"""A selector loop that knows whose callbacks it holds, and what real work is under way.

This half of the loop has nothing to do with time. It adds three things to asyncio's loop: callbacks of user code can
be wrapped for the object they belong to; everything of a dead life can be dropped without running, cancelling or
destroying any of it; and threads and child processes are counted.
"""

import asyncio
import heapq
import weakref
from asyncio import events
from collections import deque
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from selectors import SelectorKey
from typing import Any

from pytest_durable._core.clock.ownership import PLAIN_CALLABLES, belongs_to_an_object, context_of, drop_ready
from pytest_durable._core.clock.real_work import RealWork

Callback = Callable[..., object]
#: Given a callback, its arguments and the context it will run in, says what to call instead, with which arguments.
CallbackWrapper = Callable[[Callback, tuple[Any, ...], Context], tuple[Callback, tuple[Any, ...]]]


class OwningLoop(asyncio.SelectorEventLoop):
    """The base of ``VirtualLoop``. It has no constructor, because a running loop can be turned into one."""

    # Private parts of the base class that typeshed leaves out.
    _closed: bool
    _clock_resolution: float
    _debug: bool
    _ready: "deque[asyncio.Handle]"
    _scheduled: "list[asyncio.TimerHandle]"
    _selector: Any
    _stopping: bool
    _timer_cancelled_count: int

    def _begin_owning(self, owner_var: "ContextVar[Any] | None", ignored_fds: frozenset[int]) -> None:
        self.owner_var = owner_var
        #: Consulted for plain Python functions given to ``call_soon`` and its kin by code that belongs to an object.
        self.wrap_callback: CallbackWrapper | None = None
        self._asyncgen_contexts: weakref.WeakKeyDictionary[Any, Context] = weakref.WeakKeyDictionary()
        self._real_work = RealWork()
        self._own_fds = {self._ssock.fileno(), *ignored_fds}  # type: ignore[attr-defined]

    # Callbacks. The semantics are asyncio's; the body of `call_soon` is short because it is hot.

    def call_soon(self, callback: Callback, *args: Any, context: Context | None = None) -> asyncio.Handle:  # type: ignore[override]
        """See ``asyncio``."""
        if self.wrap_callback is not None and type(callback) in PLAIN_CALLABLES:
            callback, args = self._wrapped(callback, args, context)
        if self._closed or self._debug:
            return super().call_soon(callback, *args, context=context)
        handle = events.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callback, *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """See ``asyncio``."""
        if self.wrap_callback is not None and type(callback) in PLAIN_CALLABLES:
            callback, args = self._wrapped(callback, args, context)
        return super().call_soon_threadsafe(callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callback, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """See ``asyncio``."""
        if self.wrap_callback is not None and type(callback) in PLAIN_CALLABLES:
            callback, args = self._wrapped(callback, args, context)
        return super().call_at(when, callback, *args, context=context)

    def _wrapped(
        self, callback: Callback, args: tuple[Any, ...], context: Context | None
    ) -> tuple[Callback, tuple[Any, ...]]:
        if self.wrap_callback is None or not belongs_to_an_object(callback, self.owner_var, context):
            return callback, args
        return self.wrap_callback(callback, args, copy_context() if context is None else context)

    # Real work.

    def run_in_executor(self, executor: Any, func: Callback, *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override]
        """See ``asyncio``. The loop neither jumps nor gives up before the job has ended."""
        future = super().run_in_executor(executor, func, *args)
        self._real_work.add_job(future, func)
        return future

    async def shutdown_default_executor(self, *args: Any) -> None:
        """See ``asyncio``. It waits for a thread of its own, which is real work."""
        with self._real_work.section("the end of the default executor"):
            await super().shutdown_default_executor(*args)

    async def _make_subprocess_transport(self, *args: Any, **kwargs: Any) -> asyncio.SubprocessTransport:
        transport: asyncio.SubprocessTransport = await super()._make_subprocess_transport(*args, **kwargs)  # type: ignore[misc]
        self._real_work.add_child(transport)
        return transport

    def _real_work_names(self) -> list[str]:
        """Name what is under way outside the loop: file descriptors, jobs, child processes."""
        names = self._real_work.pending(self)
        descriptors = self._selector.get_map()
        if len(descriptors) > 1:
            names += [_name_descriptor(key) for fd, key in descriptors.items() if fd not in self._own_fds]
        return names

    # Ownership.

    def _asyncgen_firstiter_hook(self, agen: Any) -> None:
        super()._asyncgen_firstiter_hook(agen)  # type: ignore[misc]
        if self.owner_var is not None and self.owner_var.get(None) is not None:
            self._asyncgen_contexts[agen] = copy_context()

    def has_timers(self, is_owned: Callable[[Context], bool]) -> bool:
        """Whether a timer waits that was made in certain contexts."""
        return any(is_owned(context_of(handle)) for handle in self._scheduled if not handle.cancelled())

    def forget_abandoned(self, keep: list[object]) -> None:
        """Take the tasks of objects that are gone out of asyncio's register, and keep them.

        Whoever closes the loop cancels every registered task and waits for it. One whose next step was dropped would
        never end.
        """
        for task in asyncio.all_tasks(self):
            if getattr(task.get_coro(), "is_abandoned", False):
                asyncio.tasks._unregister_task(task)
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                keep.append(task)

    def drop_owned(self, predicate: Callable[[Context], bool], keep: list[object]) -> None:
        """Forget what would run in certain contexts, without running, cancelling or destroying any of it.

        For the end of a life by a crash: nothing of it runs again, not even a ``finally``.

        Args:
            predicate: Says of a context whether it belongs to the dead life.
            keep: Receives the dropped handles, timers and async generators. Whoever drops this list lets Python close
                the coroutines in it, which runs their ``finally``.
        """
        keep += drop_ready(self._ready, predicate, self)
        timers = [handle for handle in self._scheduled if predicate(context_of(handle))]
        for handle in timers:
            handle._scheduled = False  # type: ignore[attr-defined]
            self._timer_cancelled_count -= handle.cancelled()
        if timers:
            self._scheduled = [handle for handle in self._scheduled if handle._scheduled]  # type: ignore[attr-defined]
            heapq.heapify(self._scheduled)
        generators = [agen for agen, context in self._asyncgen_contexts.items() if predicate(context)]
        for agen in generators:
            self._asyncgens.discard(agen)  # type: ignore[attr-defined]
            del self._asyncgen_contexts[agen]
        keep += [*timers, *generators]


def _name_descriptor(key: SelectorKey) -> str:
    """Name a registered file descriptor, and the callback that tells what it is for."""
    for handle in key.data:
        if handle is not None and (callback := getattr(handle, "_callback", None)) is not None:
            return f"file descriptor {key.fd}, watched by {getattr(callback, '__qualname__', repr(callback))}"
    return f"file descriptor {key.fd}"
