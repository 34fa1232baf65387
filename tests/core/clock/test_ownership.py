"""Callbacks that belong to an object: wrapped when they are made, dropped when its life is over."""

import asyncio
import functools
import gc
from contextvars import ContextVar, copy_context

import pytest

from pytest_durable._core.clock import Clock, new_loop

OWNER = ContextVar("owner", default=None)


@pytest.fixture
def loop(clock: Clock):
    loop = new_loop(clock, OWNER)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop()
        yield loop


@pytest.fixture
def run(loop):
    return loop.run_until_complete


def context_of(owner):
    context = copy_context()
    context.run(OWNER.set, owner)
    return context


def is_dead(context):
    return context.get(OWNER) == "dead"


class Recorder:
    """Wraps callbacks so that it is known which were wrapped."""

    def __init__(self) -> None:
        self.calls = []

    def __call__(self, callback, args, context):
        return self.record, (context[OWNER], callback, args)

    def record(self, owner, callback, args):
        self.calls.append(owner)
        callback(*args)


@pytest.fixture
def recorder(loop):
    loop.wrap_callback = recorder = Recorder()
    yield recorder
    loop.wrap_callback = None


def user_function(*args):
    pass


class User:
    def method(self):
        pass


@pytest.mark.parametrize("callback", [user_function, User().method, lambda: None, functools.partial(user_function, 1)])
@pytest.mark.parametrize(
    "schedule",
    [
        pytest.param(lambda loop, callback: loop.call_soon(callback), id="call_soon"),
        pytest.param(lambda loop, callback: loop.call_soon_threadsafe(callback), id="call_soon_threadsafe"),
        pytest.param(lambda loop, callback: loop.call_later(1, callback), id="call_later"),
        pytest.param(lambda loop, callback: loop.call_at(1, callback), id="call_at"),
    ],
)
def test_plain_callback_of_an_object_is_wrapped(run, loop, recorder, schedule, callback):
    context_of("object").run(schedule, loop, callback)
    run(asyncio.sleep(2))
    assert recorder.calls == ["object"]


def test_callback_with_a_context_belongs_to_the_owner_in_that_context(run, loop, recorder):
    loop.call_soon(user_function, context=context_of("object"))
    run(asyncio.sleep(0))
    assert recorder.calls == ["object"]


def test_callback_of_nobody_is_not_wrapped(run, loop, recorder):
    loop.call_soon(user_function)
    run(asyncio.sleep(0))
    assert recorder.calls == []


def test_asyncios_own_callbacks_are_not_wrapped(run, loop, recorder):
    async def main():
        async with asyncio.timeout(1):
            await asyncio.create_task(asyncio.sleep(0.5))

    async def outer():
        await loop.create_task(main(), context=context_of("object"))

    run(outer())
    assert recorder.calls == []


def test_done_callback_of_an_object_is_wrapped(run, loop, recorder):
    future = loop.create_future()
    context_of("object").run(future.add_done_callback, user_function)
    future.set_result(None)
    run(asyncio.sleep(0))
    assert recorder.calls == ["object"]


def test_dropped_callbacks_and_timers_never_run(run, loop):
    keep = []
    for owner in ("dead", "living"):
        context = context_of(owner)
        loop.call_soon(lambda: seen.append(OWNER.get()), context=context)
        loop.call_later(1, lambda: seen.append(OWNER.get()), context=context)
    seen = []
    loop.drop_owned(is_dead, keep)
    run(asyncio.sleep(2))
    assert (seen, len(keep)) == (["living", "living"], 2)


def test_callbacks_dropped_in_the_middle_of_a_round_do_not_run(run, loop):
    keep, seen = [], []
    loop.call_soon(loop.drop_owned, is_dead, keep)
    loop.call_soon(seen.append, "dead", context=context_of("dead"))
    loop.call_soon(seen.append, "living")
    run(asyncio.sleep(0))
    assert (seen, len(keep)) == (["living"], 1)


def test_cancelling_a_dropped_timer_is_harmless(run, loop):
    keep = []
    timer = loop.call_later(1, user_function, context=context_of("dead"))
    loop.drop_owned(is_dead, keep)
    timer.cancel()
    run(asyncio.sleep(2))
    assert loop._timer_cancelled_count == 0


def test_finally_of_a_dropped_task_does_not_run_while_it_is_kept(run, loop):
    keep, seen = [], []

    async def work():
        try:
            await asyncio.sleep(1)
        finally:
            seen.append("finally")

    async def main():
        task = loop.create_task(work(), context=context_of("dead"))
        keep.append(task)
        del task
        await asyncio.sleep(0)
        loop.drop_owned(is_dead, keep)
        gc.collect()
        await asyncio.sleep(5)

    run(main())
    assert seen == []
    loop.run_until_complete(_end(keep))


async def _end(keep):
    """Let Python forget the dropped task in peace."""
    for item in keep:
        if isinstance(item, asyncio.Task):
            item.cancel()
            await asyncio.wait([item])


def test_dropped_async_generator_is_not_closed_with_the_loop(loop):
    keep, seen = [], []

    async def generator(name):
        try:
            yield 1
        finally:
            seen.append(name)

    async def start(name, generators):
        generators[name] = generator(name)
        await anext(generators[name])

    async def main():
        generators = {}
        for name in ("dead", "living"):
            await loop.create_task(start(name, generators), context=context_of(name))
        loop.drop_owned(is_dead, keep)
        await loop.shutdown_asyncgens()
        return generators

    generators = loop.run_until_complete(main())
    assert (seen, keep) == (["living"], [generators["dead"]])
    loop._asyncgens_shutdown_called = False
    loop.run_until_complete(generators["dead"].aclose())
