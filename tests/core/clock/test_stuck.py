"""A test that waits for what can never happen gets an error in its own await, and can go on."""

import asyncio
import re

import pytest

from pytest_durable._core.clock import Clock, new_loop
from pytest_durable._core.clock.stuck import interrupt
from pytest_durable._core.errors import StuckError

SECOND = 1_000_000_000
NOTHING_CAN_HAPPEN = "The test waits for something that can never happen: nothing is ready and no timer is pending."


def awaits_future():
    return asyncio.get_running_loop().create_future()


def awaits_event():
    return asyncio.Event().wait()


def awaits_task():
    return asyncio.create_task(asyncio.Event().wait())


def awaits_gather():
    return asyncio.gather(asyncio.Event().wait(), asyncio.Event().wait())


def awaits_wait():
    return asyncio.wait([asyncio.create_task(asyncio.Event().wait())])


def awaits_shield():
    return asyncio.shield(asyncio.create_task(asyncio.Event().wait()))


def awaits_queue():
    return asyncio.Queue().get()


async def awaits_task_group():
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.Event().wait())


@pytest.mark.parametrize(
    "awaits",
    [
        awaits_future,
        awaits_event,
        awaits_task,
        awaits_gather,
        awaits_wait,
        awaits_shield,
        awaits_queue,
        awaits_task_group,
    ],
)
def test_error_is_raised_in_the_tests_await_and_the_test_can_go_on(run, clock, awaits):
    async def main():
        with pytest.raises(StuckError):
            await awaits()
        await asyncio.sleep(1)
        with pytest.raises(StuckError):
            await awaits()

    async def cancel_rest():
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    run(main())
    run(cancel_rest())
    assert clock.elapsed_ns == SECOND


def test_error_leaves_the_awaited_future_pending(run, loop):
    """Its owner may still complete it; finding it done would be an error in the owner."""

    async def main():
        future = loop.create_future()
        with pytest.raises(StuckError):
            await future
        future.set_result("late")
        return await future

    assert run(main()) == "late"


def test_other_tasks_waiting_for_the_same_future_are_not_disturbed(run, loop):
    async def wait(future):
        return await future

    async def main():
        future = loop.create_future()
        other = asyncio.create_task(wait(future))
        with pytest.raises(StuckError):
            await future
        future.set_result("both")
        return await other

    assert run(main()) == "both"


def test_running_a_bare_future_that_nobody_completes_is_an_error(run, loop):
    with pytest.raises(StuckError):
        run(loop.create_future())


def test_housekeeping_does_not_count_as_something_that_can_still_happen(run, loop, clock):
    clock.schedule_after(SECOND, lambda: pytest.fail("time moved"), housekeeping=True)
    with pytest.raises(StuckError):
        run(loop.create_future())


def test_sleep_without_autojump_fails_at_once(run, loop, clock):
    loop.pump.autojump = False
    with pytest.raises(StuckError) as caught:
        run(asyncio.sleep(90))
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        "The test waits and time stands still: nothing is ready, and autojump is off. The next timer is due in 90 s."
    )
    assert lines[-1] == "Move time first:  await durable.clock.advance(seconds=90)"
    assert clock.elapsed_ns == 0


def test_item_that_is_due_now_runs_without_autojump(run, loop, clock):
    loop.pump.autojump = False
    done = asyncio.Event()
    clock.schedule_after(0, done.set)
    run(done.wait())


def test_message_names_each_task_the_line_where_it_waits_and_what_for(run):
    async def helper(event):
        await event.wait()

    async def main():
        event = asyncio.Event()
        task = asyncio.create_task(helper(event), name="helper")
        with pytest.raises(StuckError) as caught:
            await task
        event.set()
        await task
        return str(caught.value)

    here = r"clock/test_stuck\.py:\d+ in \S+"
    expected = [
        re.escape(NOTHING_CAN_HAPPEN),
        "",
        rf"  the test  {here}main, awaiting task helper",
        rf"  helper    {here}helper, awaiting Event\.wait",
        "",
        re.escape("Complete what the test awaits, or await it only after the step that completes it."),
    ]
    actual = run(main()).splitlines()
    assert [bool(re.fullmatch(pattern, line)) for pattern, line in zip(expected, actual, strict=True)] == [True] * 6


def test_message_names_at_most_twelve_other_tasks(run):
    async def main():
        event = asyncio.Event()
        tasks = [asyncio.create_task(event.wait()) for _ in range(15)]
        with pytest.raises(StuckError) as caught:
            await asyncio.gather(*tasks)
        event.set()
        await asyncio.gather(*tasks)
        return str(caught.value)

    assert "\n  and 3 more tasks\n" in run(main())


def test_message_carries_what_the_host_knows(run, loop):
    loop.explain_wait = lambda: '  COUNTER["a"].increment() has not answered'
    with pytest.raises(StuckError) as caught:
        run(loop.create_future())
    assert str(caught.value).splitlines()[2] == '  COUNTER["a"].increment() has not answered'


def test_error_goes_to_the_task_that_the_host_names(run, loop):
    async def the_test():
        with pytest.raises(StuckError):
            await loop.create_future()
        return "went on"

    async def runner():
        loop.test_task = asyncio.create_task(the_test())
        return await loop.test_task

    assert run(runner()) == "went on"


def test_task_that_is_not_suspended_on_a_future_cannot_be_interrupted(run):
    async def main():
        return interrupt(asyncio.current_task(), ValueError())

    assert run(main()) is False


def test_works_with_tasks_written_in_python(run, loop):
    python_task = asyncio.tasks._PyTask
    loop.set_task_factory(lambda loop, coro, **options: python_task(coro, loop=loop, **options))

    async def main():
        with pytest.raises(StuckError):
            await loop.create_future()
        return "went on"

    assert run(main()) == "went on"


def test_closing_the_runner_ends_tasks_that_wait_for_ever():
    async def main():
        waiting = asyncio.create_task(asyncio.Event().wait())
        await asyncio.sleep(0)
        return waiting

    with asyncio.Runner(loop_factory=lambda: new_loop(Clock(0))) as runner:
        waiting = runner.run(main())
    assert waiting.cancelled()
