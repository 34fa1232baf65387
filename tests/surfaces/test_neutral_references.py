"""What keeps a reference, and what ends it, as only a test inside the process can see: spec durable-objects 10.2.2."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._surfaces.neutral import NeutralObject, RpcPromise, RpcTarget, dispose
from support.surfaces import hosted


class Target(RpcTarget):
    def __init__(self, log: list[str]) -> None:
        self.log = log

    def ping(self) -> str:
        return "pong"

    def __dispose__(self) -> None:
        self.log.append("disposed")


class Owner(NeutralObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.log: list[str] = []

    def target(self) -> Target:
        return Target(self.log)

    def inside(self) -> Any:
        return {"list": [Target(self.log), self.log.copy]}

    def notes(self) -> list[str]:
        return self.log

    def write_and_fail(self, function: Any) -> None:
        function("sent")
        raise PlatformError("bad")


class Holder(NeutralObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self.held: Any = None

    async def hold(self) -> None:
        self.held = await self.env.OWNER.getByName("owner").target()

    async def ping(self) -> Any:
        return await self.held.ping()

    def let_go(self) -> None:
        dispose(self.held)

    def end(self) -> None:
        self.ctx.abort("ended")

    async def run(self) -> Any:
        return await BODIES["body"](self, self.env.OWNER.getByName("owner"))


BODIES: dict[str, Callable[[Any, Any], Any]] = {}


def with_both(scenario: Callable[[Any, Any, Any], Any]) -> Any:
    """Run ``scenario(host, owner, holder)`` in the test, where the latter are stubs; the holder holds a target."""

    async def main(host: Any) -> Any:
        owner, holder = host.namespace(Owner).get_by_name("owner"), host.namespace(Holder).get_by_name("holder")
        await holder.hold()
        return await scenario(host, owner, holder)

    return hosted(main, surface="neutral")


def between(body: Callable[[Any, Any], Any]) -> Any:
    """Run ``body(holder, stub)`` inside a holder, where ``stub`` is one of the owner."""

    async def main(host: Any) -> Any:
        host.namespace(Owner)
        BODIES["body"] = body
        return await host.namespace(Holder).get_by_name("holder").run()

    return hosted(main, surface="neutral")


def test_end_of_the_holder_disposes_of_what_it_held() -> None:
    # DO-10.2.2
    async def scenario(host: Any, owner: Any, holder: Any) -> None:
        with pytest.raises(PlatformError, match="ended"):
            await holder.end()
        await host.settle()
        assert await owner.notes() == ["disposed"]

    with_both(scenario)


def test_object_that_is_held_cannot_be_evicted() -> None:
    # DO-10.2.2 DO-9.6
    async def scenario(host: Any, owner: Any, holder: Any) -> None:
        with pytest.raises(PlatformError, match="it still has active references"):
            await host.evict(owner)
        await holder.let_go()
        await host.evict(owner)

    with_both(scenario)


def test_object_that_is_held_no_longer_is_evicted_ten_seconds_later() -> None:
    # DO-10.2.2 DO-9.3.T1.1
    async def scenario(host: Any, owner: Any, holder: Any) -> None:
        await host.clock.advance(seconds=100)
        assert await holder.ping() == "pong"
        await holder.let_go()
        await host.clock.advance(seconds=11)
        with pytest.raises(PlatformError, match="not currently running"):
            await host.evict(owner)

    with_both(scenario)


def test_abort_of_the_owner_lets_the_holder_go() -> None:
    # DO-10.2.2
    async def scenario(host: Any, owner: Any, holder: Any) -> None:
        await host.abort(owner)
        with pytest.raises(PlatformError, match="no longer running"):
            await holder.ping()
        await host.evict(holder)

    with_both(scenario)


def test_restart_ends_references_without_a_word() -> None:
    # DO-10.2.2
    async def scenario(host: Any, owner: Any, holder: Any) -> None:
        await host.restart()
        assert await owner.notes() == []
        await holder.hold()
        assert await holder.ping() == "pong"

    with_both(scenario)


def test_test_can_call_what_it_receives_and_keeps_nothing_in_memory() -> None:
    # DO-10.2.2
    async def main(host: Any) -> None:
        owner = host.namespace(Owner).get_by_name("owner")
        target, copy = (await owner.inside())["list"]
        assert await target.ping() == "pong"
        assert await copy() == []
        await host.evict(owner)

    hosted(main, surface="neutral")


def test_what_is_sent_leaves_even_if_the_call_fails_later() -> None:
    # DO-10.2.2 DO-6.4.1
    async def body(holder: Any, stub: Any) -> None:
        log: list[str] = []
        with pytest.raises(PlatformError, match="bad"):
            await stub.write_and_fail(log.append)
        assert log == ["sent"]

    between(body)


def test_stubs_and_promises_are_of_use_to_their_own_object_only() -> None:
    # DO-9.10
    shared: dict[str, Any] = {}

    class Borrower(NeutralObject):
        async def use(self, how: str) -> str:
            target, call = shared["target"], shared["call"]
            uses = {
                "call": target.ping,
                "dup": lambda: target.dup().ping(),
                "send": lambda: self.env.BORROWER.getByName("other").take(target),
                "pipeline": call.ping,
            }
            return str(await failure_of(uses[how]))

        def take(self, target: Any) -> None:
            """Never reached."""

    async def failure_of(use: Callable[[], Any]) -> PlatformError:
        with pytest.raises(PlatformError) as failure:
            await use()
        return failure.value

    async def body(holder: Any, stub: Any) -> None:
        shared.update(target=await stub.target(), call=stub.target())
        for how, kind in (("call", "Client"), ("dup", "Client"), ("send", "Client"), ("pipeline", "JsRpcPromise")):
            refusal = await holder.env.BORROWER.getByName("a").use(how)
            assert refusal.startswith("Cannot perform I/O on behalf of a different Durable Object.")
            assert refusal.endswith(f"(I/O type: {kind})")

    async def main(host: Any) -> Any:
        host.namespace(Owner)
        host.namespace(Borrower)
        BODIES["body"] = body
        return await host.namespace(Holder).get_by_name("holder").run()

    hosted(main, surface="neutral")


def test_promises_are_coroutines_to_asyncio() -> None:
    # DO-10.3.2
    async def body(holder: Any, stub: Any) -> None:
        assert await asyncio.gather(stub.notes(), stub.target().ping()) == [[], "pong"]
        assert await asyncio.create_task(stub.notes()) == []

    between(body)


def test_promise_that_nobody_awaits_may_fail() -> None:
    # DO-10.3.2
    async def body(holder: Any, stub: Any) -> None:
        assert isinstance(stub.nope(), RpcPromise)
        assert isinstance(stub.nope().x(), RpcPromise)
        await asyncio.sleep(1)

    between(body)


def test_errors_have_no_frame_of_the_callee() -> None:
    # DO-10.4.1
    async def body(holder: Any, stub: Any) -> None:
        with pytest.raises(PlatformError) as failure:
            await stub.write_and_fail(lambda _: None)
        assert failure.value.__cause__ is failure.value.__context__ is None
        assert "write_and_fail" not in [entry.name for entry in failure.traceback]

    between(body)
