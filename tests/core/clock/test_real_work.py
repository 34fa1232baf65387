"""What lives outside virtual time is waited for in real time, before the loop jumps or gives up."""

import asyncio
import concurrent.futures
import os
import socket
import sys
import threading
from contextvars import copy_context
from functools import partial

import anyio.to_thread
import pytest

from pytest_durable._core.clock.real_work import RealWork, real_wait_error
from pytest_durable._core.errors import RealTimeWaitError

SECOND = 1_000_000_000


@pytest.fixture
def impatient(loop):
    """The limit of five seconds, shortened so that reaching it is quick."""
    loop.real_wait_seconds_max = 0.05
    return loop


def work_of_a_thread(release: threading.Event) -> str:
    release.wait(10)
    return "worked"


@pytest.mark.parametrize(
    "in_thread",
    [
        pytest.param(asyncio.to_thread, id="asyncio"),
        pytest.param(anyio.to_thread.run_sync, id="anyio"),
    ],
)
def test_thread_ends_before_time_jumps(run, clock, in_thread):
    release = threading.Event()
    order = []

    async def main():
        job = asyncio.create_task(in_thread(work_of_a_thread, release))
        job.add_done_callback(lambda _: order.append(("job", clock.elapsed_ns)))
        threading.Timer(0.02, release.set).start()
        await asyncio.sleep(60)
        order.append(("sleep", clock.elapsed_ns))
        await job

    run(main())
    assert order == [("job", 0), ("sleep", 60 * SECOND)]


def test_thread_ends_before_settling_does(run, loop):
    async def main():
        job = loop.run_in_executor(None, lambda: "worked")
        await loop.pump.settle()
        assert job.done()

    run(main())


def test_job_of_the_users_own_executor_ends_before_the_loop_gives_up(run, loop):
    with concurrent.futures.ThreadPoolExecutor() as executor:
        assert run(loop.run_in_executor(executor, lambda: "worked")) == "worked"


def test_child_process_is_waited_for(run, clock):
    async def main():
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", "print('hello')", stdout=-1)
        output, _ = await child.communicate()
        return output.strip(), child.returncode

    assert (run(main()), clock.elapsed_ns) == ((b"hello", 0), 0)


def test_child_process_without_pipes_ends_before_time_jumps(run, clock):
    async def main():
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", "pass")
        await asyncio.sleep(60)
        return child.returncode

    assert run(main()) == 0


def test_sockets_work(run, clock):
    async def serve(reader, writer):
        writer.write((await reader.readline()).upper())
        writer.close()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        answer = await reader.readline()
        writer.close()
        server.close()
        return answer

    assert (run(main()), clock.elapsed_ns) == (b"HELLO\n", 0)


def test_descriptor_on_which_nothing_happens_is_an_error_that_names_it(run, impatient):
    ours, theirs = socket.socketpair()
    number = ours.fileno()

    def on_bytes():
        pytest.fail("nothing was sent")

    async def main():
        impatient.add_reader(ours, on_bytes)
        try:
            await asyncio.sleep(60)
        finally:
            impatient.remove_reader(ours)

    with ours, theirs, pytest.raises(RealTimeWaitError) as caught:
        run(main())
    first_line = str(caught.value).splitlines()[0]
    assert first_line.startswith(
        f"Real work has not ended within 0.05 s of real time: file descriptor {number}, watched"
    )
    assert first_line.endswith("on_bytes.")


def test_job_that_does_not_end_is_an_error_that_names_it(run, impatient, clock):
    release = threading.Event()

    async def main():
        job = impatient.run_in_executor(None, work_of_a_thread, release)
        with pytest.raises(RealTimeWaitError, match="executor job work_of_a_thread"):
            await impatient.pump.move_to(clock.wall_ns + SECOND)
        release.set()
        return await job

    assert (run(main()), clock.elapsed_ns) == ("worked", 0)


def test_function_in_a_thread_is_named_once_and_as_it_was_called(run, impatient):
    release = threading.Event()

    async def main():
        job = asyncio.create_task(asyncio.to_thread(release.wait, timeout=10))
        with pytest.raises(RealTimeWaitError) as caught:
            await asyncio.sleep(60)
        release.set()
        await job
        return str(caught.value).splitlines()

    assert run(main()) == [
        "Real work has not ended within 0.05 s of real time: executor job Event.wait(timeout=10).",
        "",
        "Virtual time stands still while real work is pending. Close what is open, or end the job, before the test "
        "waits or moves the clock.",
    ]


def test_several_jobs_are_each_named_once():
    assert str(real_wait_error(["executor job a", "child process 7", "socket"], 5)).splitlines()[:4] == [
        "Real work has not ended within 5 s of real time: executor job a, and 2 more.",
        "",
        "  child process 7",
        "  socket",
    ]


class Slow:
    def __repr__(self) -> str:
        pytest.fail("code of the user's was asked")

    def __call__(self) -> None: ...


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (work_of_a_thread, "work_of_a_thread"),
        (threading.Event.wait, "Event.wait"),
        (partial(threading.Event.wait, 6), "Event.wait(6)"),
        (partial(partial(work_of_a_thread, 1), 2, key=3), "work_of_a_thread(1, 2, key=3)"),
        (partial(copy_context().run, os.close, 6), f"{os.close.__module__}.close(6)"),
        (partial(copy_context().run, partial(work_of_a_thread, 6)), "work_of_a_thread(6)"),
        (partial(work_of_a_thread, Slow()), "work_of_a_thread(<Slow>)"),
        (Slow(), "<Slow>"),
        (partial(work_of_a_thread, "x" * 1000), "work_of_a_thread('xxxxxxxxxxxx...xxxxxxxxxxxxx')"),
        (print, "print"),
    ],
)
def test_job_is_named_as_its_user_wrote_it(loop, function, name):
    work = RealWork()
    work.add_job(loop.create_future(), function)
    assert work.pending(loop) == [f"executor job {name}"]


def test_child_process_that_does_not_end_is_an_error_that_names_it(run, impatient):
    async def main():
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=-1)
        with pytest.raises(RealTimeWaitError, match=rf"child process {child.pid}"):
            await asyncio.sleep(60)
        impatient.real_wait_seconds_max = 5
        await child.communicate(b"\n")

    run(main())


def test_idle_threads_of_a_pool_are_not_waited_for(run, impatient, clock):
    async def main():
        await asyncio.to_thread(lambda: None)
        await anyio.to_thread.run_sync(lambda: None)
        await asyncio.sleep(5)

    run(main())
    assert clock.elapsed_ns == 5 * SECOND


def test_callback_from_another_thread_is_run(run, loop):
    async def main():
        done = asyncio.Event()
        thread = threading.Thread(target=loop.call_soon_threadsafe, args=(done.set,))
        thread.start()
        thread.join()
        await done.wait()

    run(main())


def test_default_executor_shuts_down(run, loop):
    async def main():
        await asyncio.to_thread(lambda: None)
        await loop.shutdown_default_executor()

    run(main())


def test_loop_that_runs_for_nobody_is_not_told_about_quiet_descriptors(impatient, clock):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        impatient.add_reader(ours, lambda: None)
        impatient.call_later(60, impatient.stop)
        impatient.run_forever()
        impatient.remove_reader(ours)
    assert clock.elapsed_ns == 60 * SECOND
