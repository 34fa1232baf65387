"""A plain loop that is running becomes virtual for as long as a host is entered."""

import asyncio
import socket
import sys

import pytest

from pytest_durable._core.clock import Clock, VirtualLoop, adopt, new_loop
from pytest_durable._core.errors import ConfigurationError, StuckError

SECOND = 1_000_000_000


def run_plain(main):
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(main)


def test_adopted_loop_sleeps_in_virtual_time(clock):
    async def main():
        with adopt(asyncio.get_running_loop(), clock):
            await asyncio.sleep(86_400)

    run_plain(main())
    assert clock.elapsed_ns == 86_400 * SECOND


def test_adopted_loop_can_be_moved(clock):
    seen = []

    async def main():
        with adopt(asyncio.get_running_loop(), clock) as loop:
            clock.schedule_after(SECOND, lambda: seen.append(clock.elapsed_ns))
            await loop.pump.move_to(clock.wall_ns + 2 * SECOND)

    run_plain(main())
    assert (seen, clock.elapsed_ns) == ([SECOND], 2 * SECOND)


def test_stuck_error_is_raised_in_the_task_that_adopted(clock):
    async def main():
        with adopt(asyncio.get_running_loop(), clock):
            with pytest.raises(StuckError):
                await asyncio.Event().wait()
            return "went on"

    assert run_plain(main()) == "went on"


@pytest.mark.parametrize("leave_by", ["return", "exception"])
def test_loop_is_plain_again_afterwards(clock, leave_by):
    async def main():
        loop = asyncio.get_running_loop()
        before = vars(loop).keys() | set()
        resolution = loop._clock_resolution
        hooks = sys.get_asyncgen_hooks()
        try:
            with adopt(loop, clock):
                if leave_by == "exception":
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        assert type(loop) is asyncio.SelectorEventLoop
        assert vars(loop).keys() == before
        assert loop._clock_resolution == resolution
        assert sys.get_asyncgen_hooks() == hooks
        started = loop.time()
        await asyncio.sleep(0.001)
        assert loop.time() > started

    run_plain(main())


def test_timers_of_the_world_outside_stand_still_and_keep_their_deadline(clock):
    async def main():
        loop = asyncio.get_running_loop()
        fired = loop.create_future()
        timer = loop.call_later(0.001, lambda: fired.set_result(loop.time()))
        cancelled = loop.call_later(0.001, pytest.fail, "fired")
        with adopt(loop, clock):
            cancelled.cancel()
            await asyncio.sleep(3600)
            assert not fired.done()
        assert await fired >= timer.when() - 1e-3

    run_plain(main())


def test_stuck_error_mentions_timers_of_the_world_outside(clock):
    async def main():
        outside = asyncio.create_task(asyncio.sleep(0.001, "woke"))
        await asyncio.sleep(0)
        with adopt(asyncio.get_running_loop(), clock), pytest.raises(StuckError) as caught:
            await outside
        assert await outside == "woke"
        return str(caught.value)

    assert "\n  timers of before the host was entered, which stand still until it is left: 1\n" in run_plain(main())


def test_timer_that_the_block_leaves_behind_goes_on_in_real_time(clock):
    async def main():
        loop = asyncio.get_running_loop()
        with adopt(loop, clock):
            await asyncio.sleep(3600)
            left_behind = asyncio.create_task(asyncio.sleep(0.001, "fired"))
            await asyncio.sleep(0)
        return await left_behind

    assert run_plain(main()) == "fired"


def test_descriptors_of_the_world_outside_are_served_but_not_waited_for(clock):
    async def main():
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            got = []
            loop.add_reader(ours, lambda: got.append(ours.recv(1)))
            with adopt(loop, clock) as virtual:
                virtual.real_wait_seconds_max = 0.05
                await asyncio.sleep(3600)
                theirs.send(b"x")
                await virtual.pump.settle()
            loop.remove_reader(ours)
        return got

    assert run_plain(main()) == [b"x"]


def test_async_generators_started_inside_are_closed_with_the_loop(clock):
    seen = []

    async def generator():
        try:
            yield 1
        finally:
            seen.append("closed")

    async def main():
        with adopt(asyncio.get_running_loop(), clock):
            started = generator()
            await anext(started)
        return started

    run_plain(main())
    assert seen == ["closed"]


def test_loop_of_another_kind_is_refused(clock):
    class OtherLoop(asyncio.SelectorEventLoop):
        pass

    async def main():
        with adopt(asyncio.get_running_loop(), clock):
            pass

    with (
        asyncio.Runner(loop_factory=OtherLoop) as runner,
        pytest.raises(ConfigurationError, match=r"cannot be given a virtual clock: .*OtherLoop") as caught,
    ):
        runner.run(main())
    assert "loop factory" in str(caught.value)


def test_loop_that_is_virtual_already_is_refused():
    async def main():
        with adopt(asyncio.get_running_loop(), Clock(0)):
            pass

    with (
        asyncio.Runner(loop_factory=lambda: new_loop(Clock(0))) as runner,
        pytest.raises(ConfigurationError, match="clock of another host"),
    ):
        runner.run(main())


def test_clock_forgets_the_timers_of_a_loop_it_has_left(clock):
    async def main():
        with adopt(asyncio.get_running_loop(), clock) as loop:
            assert isinstance(loop, VirtualLoop)
            timer = loop.call_later(5, print)
            assert clock.next_due_ns() == clock.wall_ns + 5 * SECOND
        timer.cancel()
        assert clock.next_due_ns() is None

    run_plain(main())
