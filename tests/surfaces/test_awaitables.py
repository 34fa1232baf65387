"""What user code awaits: settled operations and pending calls, as asyncio treats them."""

import asyncio
import gc
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from pytest_durable._core.platform_errors import PlatformError, RemoteFailure, error
from pytest_durable._surfaces.awaitables import Pending, Settled, settle


def as_is(value: object) -> object:
    return value


def explained(failure: Exception) -> BaseException:
    return LookupError(f"explained {failure}")


class Loop:
    """Runs coroutines on a stock loop and notes what it complains about."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def run(self, main: Callable[[], Any]) -> Any:
        async def noted() -> Any:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _loop, context: self.complaints.append(context["message"]))
            return await main()

        return asyncio.run(noted())


class TestSettled:
    def test_awaiting_gives_the_value_without_suspending(self) -> None:
        async def main() -> object:
            return await Settled(5)

        coroutine = main()
        with pytest.raises(StopIteration) as stop:
            coroutine.send(None)
        assert stop.value.value == 5

    def test_awaiting_raises_the_failure(self) -> None:
        async def main() -> None:
            with pytest.raises(KeyError, match="mine"):
                await Settled(failure=KeyError("mine"))

        asyncio.run(main())

    def test_it_is_a_coroutine_to_asyncio(self) -> None:
        async def main() -> None:
            assert asyncio.iscoroutine(Settled(1))
            assert inspect.isawaitable(Settled(1))
            assert await asyncio.create_task(Settled(1)) == 1
            assert await asyncio.gather(Settled(1), Settled(2)) == [1, 2]
            assert await asyncio.wait_for(Settled(3), 1) == 3
            with pytest.raises(KeyError):
                await asyncio.create_task(Settled(failure=KeyError()))

        asyncio.run(main())

    def test_it_is_awaited_once(self) -> None:
        async def main() -> None:
            settled = Settled(1)
            await settled
            with pytest.raises(RuntimeError, match=r"^cannot reuse already awaited coroutine$"):
                await settled

        asyncio.run(main())

    def test_a_task_of_it_can_be_cancelled_before_it_ran(self) -> None:
        async def main() -> None:
            task = asyncio.create_task(Settled(1))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())

    def test_closing_and_repr_are_harmless(self) -> None:
        settled = Settled(1)
        settled.close()
        assert repr(settled) == "<settled done>"
        assert repr(Settled(failure=KeyError())) == "<settled failed>"

    def test_settle_turns_errors_of_the_platform_into_rejections(self) -> None:
        def fail() -> None:
            raise error("no")

        async def main() -> None:
            with pytest.raises(PlatformError, match="no"):
                await settle(fail)
            assert await settle(max, 1, 2) == 2

        asyncio.run(main())

    def test_settle_does_not_hide_other_errors(self) -> None:
        def fail() -> None:
            raise KeyError("a bug")

        with pytest.raises(KeyError):
            settle(fail)


class TestPending:
    def test_the_result_is_converted(self) -> None:
        async def main() -> object:
            future = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(future.set_result, 2)
            return await Pending(future, lambda value: value * 2, explained)

        assert asyncio.run(main()) == 4

    @pytest.mark.parametrize("failure", [RemoteFailure(KeyError("x"), "00", from_user_code=True), error("x")])
    def test_a_failure_of_the_other_side_is_explained(self, failure: Exception) -> None:
        async def main() -> None:
            future = asyncio.get_running_loop().create_future()
            future.set_exception(failure)
            with pytest.raises(LookupError, match=r"^explained ") as shown:
                await Pending(future, as_is, explained)
            assert shown.value.__cause__ is None
            assert (shown.value.__cause__, shown.value.__context__) == (None, None)

        asyncio.run(main())

    def test_other_failures_come_out_as_they_are(self) -> None:
        async def main() -> None:
            future = asyncio.get_running_loop().create_future()
            future.set_exception(ZeroDivisionError())
            with pytest.raises(ZeroDivisionError):
                await Pending(future, as_is, explained)

        asyncio.run(main())

    def test_it_is_a_coroutine_to_asyncio(self) -> None:
        async def main() -> None:
            def call(value: int) -> Pending:
                future = asyncio.get_running_loop().create_future()
                asyncio.get_running_loop().call_later(0.001, future.set_result, value)
                return Pending(future, as_is, explained)

            assert asyncio.iscoroutine(pending := call(1))
            assert repr(pending) == "<call pending>"
            assert await pending == 1
            assert await asyncio.create_task(call(2)) == 2
            assert await asyncio.gather(call(3), call(4)) == [3, 4]
            assert await asyncio.wait_for(call(5), 5) == 5
            async with asyncio.timeout(5):
                assert await call(6) == 6
            async with asyncio.TaskGroup() as group:
                task = group.create_task(call(7))
            assert task.result() == 7

        asyncio.run(main())

    def test_it_is_awaited_once(self) -> None:
        async def main() -> None:
            future = asyncio.get_running_loop().create_future()
            future.set_result(1)
            pending = Pending(future, as_is, explained)
            await pending
            with pytest.raises(RuntimeError, match=r"^cannot reuse already awaited coroutine$"):
                await pending

        asyncio.run(main())

    def test_a_timeout_interrupts_the_wait(self) -> None:
        async def main() -> None:
            future = asyncio.get_running_loop().create_future()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await Pending(future, as_is, explained)

        asyncio.run(main())

    def test_a_forgotten_call_that_fails_is_silent(self) -> None:
        loop = Loop()

        async def main() -> None:
            future = asyncio.get_running_loop().create_future()
            Pending(future, as_is, explained)
            future.set_exception(error("nobody looks"))
            del future
            await asyncio.sleep(0)
            gc.collect()

        loop.run(main)
        assert loop.complaints == []
