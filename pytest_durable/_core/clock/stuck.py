"""A test that waits for what can never happen: say who waits for what, and raise it inside the test's own await.

The error is delivered by waking the test's task with it, as if what it awaits had failed, without touching what it
awaits. Failing the awaited future instead would leave it done, and whoever owns it would trip over that later; and a
task cannot be failed from outside at all. So ``with pytest.raises(StuckError): await …`` works for every await, and
the test can go on.
"""

import asyncio
import os
from collections.abc import Iterable
from types import CodeType
from typing import Any, TypeGuard

from pytest_durable._core.errors import LimitError, StuckError

#: Tasks named in one message; a reader does not take in more.
_TASKS_NAMED_MAX = 12
_ASYNCIO = os.path.dirname(asyncio.__file__) + os.sep
_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(__file__))) + os.sep


def is_task(awaited: object) -> "TypeGuard[asyncio.Task[Any]]":
    """Whether this is a task, of either implementation: the one in Python is no instance of ``asyncio.Task``."""
    return hasattr(awaited, "get_coro")


def interrupt(task: "asyncio.Task[Any]", error: Exception) -> bool:
    """Raise ``error`` inside the await at which ``task`` is suspended.

    Returns:
        False when the task is not suspended on a future whose waker can be found.
    """
    awaited = getattr(task, "_fut_waiter", None)
    for wake, context in getattr(awaited, "_callbacks", None) or ():
        # Both implementations of Task register a waker that is bound to the task.
        if getattr(wake, "__self__", None) is task:
            assert awaited is not None
            awaited.remove_done_callback(wake)
            # If it fails after all, as a ``gather`` does when its parts are cancelled, then nobody is there to look.
            awaited.add_done_callback(_retrieve)
            loop = task.get_loop()
            failed: asyncio.Future[None] = loop.create_future()
            failed.set_exception(error)
            loop.call_soon(wake, failed, context=context)
            return True
    return False


def _retrieve(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled():
        future.exception()


def task_of_the_test(main: "asyncio.Future[Any] | None") -> "asyncio.Future[Any] | None":
    """Find the task in which the test runs, given what ``run_until_complete`` was called with.

    They are the same, except with anyio: its runner sends the test to a task of its own and waits for a future.
    """
    coroutine = main.get_coro() if is_task(main) else None
    if getattr(coroutine, "__qualname__", "") != "TestRunner._call_in_runner_task":
        return main
    frame = getattr(coroutine, "cr_frame", None)
    runner = frame.f_locals.get("self") if frame is not None else None
    task = getattr(runner, "_runner_task", None)
    return task if is_task(task) and not task.done() else main


def stuck_error(
    test: "asyncio.Future[Any] | None",
    tasks: "Iterable[asyncio.Task[Any]]",
    next_due_in_ns: int | None,
    evidence: str,
) -> StuckError:
    """Word the error.

    Args:
        test: The task of the test.
        tasks: All tasks of the loop that are not done.
        next_due_in_ns: Distance to the next item, when there is one and only ``autojump=False`` forbids the jump.
        evidence: What the host knows about who waits for what; may be empty.
    """
    others = [task for task in tasks if task is not test]
    rows = [("the test", where_it_waits(test))] if is_task(test) else []
    rows += sorted((task.get_name(), where_it_waits(task)) for task in others)[:_TASKS_NAMED_MAX]
    width = max((len(name) for name, _ in rows), default=0)
    lines = [f"  {name:<{width}}  {place}" for name, place in rows]
    if len(others) > _TASKS_NAMED_MAX:
        lines.append(f"  and {len(others) - _TASKS_NAMED_MAX} more tasks")
    blocks = [_fact(next_due_in_ns), evidence.strip("\n"), "\n".join(lines), _next_step(next_due_in_ns)]
    return StuckError("\n\n".join(block for block in blocks if block))


def busy_error(rounds: int) -> LimitError:
    """Word the error for a loop that never comes to rest."""
    return LimitError(
        f"The loop has run {rounds:,} rounds without coming to rest, and virtual time stands still meanwhile.\n\n"
        "Something polls, such as `while not done: await asyncio.sleep(0)`, for what only time can bring.\n"
        "Poll with a delay, which costs no real time:  await asyncio.sleep(0.01)"
    )


def where_it_waits(task: "asyncio.Task[Any]") -> str:
    """Say in which line of the user's code a suspended task waits, and for what."""
    place, ours, verb, primitive = None, None, "", ""
    awaited: Any = task.get_coro()
    while awaited is not None:
        code, line = _code_and_line(awaited)
        if code is None:
            break
        if code.co_filename.startswith(_ASYNCIO):
            primitive = primitive or code.co_qualname
        else:
            where, primitive = f"{_short(code.co_filename)}:{line} in {code.co_qualname}", ""
            if code.co_filename.startswith(_PACKAGE):
                ours = where  # shown only if no line of the user's is known
                verb = verb or _public(code.co_name)
            else:
                place, verb = where, ""
        awaited = _next_awaited(awaited)
    future = getattr(task, "_fut_waiter", None)
    if is_task(future):
        primitive = f"task {future.get_name()}"
    return f"{place or ours or 'outside Python code'}, awaiting {primitive or verb or 'a future'}"


def _fact(next_due_in_ns: int | None) -> str:
    if next_due_in_ns is None:
        return "The test waits for something that can never happen: nothing is ready and no timer is pending."
    return (
        "The test waits and time stands still: nothing is ready, and autojump is off. "
        f"The next timer is due in {next_due_in_ns / 1e9:g} s."
    )


def _next_step(next_due_in_ns: int | None) -> str:
    if next_due_in_ns is None:
        return "Complete what the test awaits, or await it only after the step that completes it."
    return f"Move time first:  await durable.clock.advance(seconds={next_due_in_ns / 1e9:g})"


def _public(name: str) -> str:
    """What the user's line has called, in the user's words; empty if it is no word for users."""
    return "" if name.startswith("_") or not name.isidentifier() else f"{name}()"


def _code_and_line(awaited: Any) -> tuple[CodeType | None, int]:
    for prefix in ("cr", "ag", "gi"):
        frame = getattr(awaited, f"{prefix}_frame", None)
        if frame is not None:
            return frame.f_code, frame.f_lineno
    return None, 0


def _next_awaited(awaited: Any) -> Any:
    for name in ("cr_await", "ag_await", "gi_yieldfrom"):
        inner = getattr(awaited, name, None)
        if inner is not None:
            return inner
    return None


def _short(path: str) -> str:
    """The last two parts of a path: enough to find the file, and the same on every machine."""
    return "/".join(path.split(os.sep)[-2:])
