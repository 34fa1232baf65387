"""A call whose arguments or result are too large is refused; nothing of it arrives. All numbers are the binary's."""

from typing import Any

import pytest
from workers import DurableObject

from pytest_durable import App, PlatformError
from pytest_durable._core.runtime.app import PlatformOptions
from pytest_durable._surfaces.neutral import NeutralObject
from support.surfaces import hosted

MAX = 32 * 2**20


def refusal(size: int) -> str:
    return (
        f"Serialized RPC arguments or return values are limited to 32MiB, but the size of this value was: {size} bytes."
    )


class Callee(DurableObject):
    calls = 0

    async def take(self, *values: Any) -> int:
        type(self).calls += 1
        return len(values)

    async def make(self, length: int) -> str:
        await self.ctx.storage.put("made", length)
        return "x" * length

    async def relay(self, length: int) -> list[Any]:
        other = self.env.CALLEE.getByName("other")
        failures = []
        for call in (lambda: other.take("x" * length), lambda: other.make(length)):
            try:
                await call()
            except Exception as failure:
                failures.append([str(failure), getattr(failure, "remote", False)])
        return failures


async def test_arguments_are_refused_beyond_32_mib(durable: Any) -> None:
    # The list of arguments and the value in it take 12 bytes besides the text. DO-10.2.3
    stub = durable.namespace(Callee).get_by_name("a")
    assert await stub.take("x" * (MAX - 12)) == 1
    with pytest.raises(PlatformError) as caught:
        await stub.take("x" * (MAX - 11))
    assert (caught.value.name, caught.value.message) == ("Error", refusal(MAX + 1))
    assert (caught.value.remote, caught.value.retryable, caught.value.durable_object_reset) == (False, False, False)


async def test_result_is_refused_beyond_32_mib(durable: Any) -> None:
    # DO-10.2.3
    stub = durable.namespace(Callee).get_by_name("a")
    assert len(await stub.make(MAX - 7)) == MAX - 7
    with pytest.raises(PlatformError) as caught:
        await stub.make(MAX - 6)
    assert caught.value.message == refusal(MAX + 1)
    # The object lives on, and keeps what the method wrote.
    assert durable.stored(stub).kv["made"] == MAX - 6
    assert await stub.take() == 0


async def test_an_object_catches_the_refusal_as_an_error_that_is_remote_only_for_results(durable: Any) -> None:
    # DO-10.2.3
    stub = durable.namespace(Callee).get_by_name("a")
    assert await stub.relay(MAX) == [["Error: " + refusal(MAX + 12), False], ["Error: " + refusal(MAX + 7), True]]


class Small(Callee):
    pass


@pytest.mark.parametrize(
    ("values", "size"),
    [
        (["x" * 100], 100 + 2 + 2 + 2 + 3),
        (["Ж" * 50], 100 + 2 + 2 + 2 + 3),
        (["x" * 50, "x" * 50], 111),
        ([b"x" * 100], 2 + 2 + 102 + 5 + 3),
        ([list(range(100))], 2 + 2 + 2 + 64 * 2 + 36 * 3 + 3 + 3),
        ([{"a": "x" * 100}], 2 + 2 + 1 + 3 + 102 + 2 + 3),
        ([[["x" * 100]]], 119),
        ([lambda: 1, "x" * 100], 111),
        ([{"x" * 100}], 2 + 2 + 1 + 102 + 2 + 3),
    ],
    ids=["text", "wide text", "two", "bytes", "numbers", "dict", "nested", "function", "set"],
)
async def test_size_of_arguments_is_that_of_their_serialized_form(
    durable_factory: Any, values: list[Any], size: int
) -> None:
    # The limit of the test is one byte short. DO-10.2.3
    for limit, fits in ((size, True), (size - 1, False)):
        host = durable_factory(app=App(options=PlatformOptions(message_bytes_max=limit)))
        stub = host.namespace(Small).get_by_name("a")
        Small.calls = 0
        if fits:
            assert await stub.take(*values) == len(values)
        else:
            with pytest.raises(PlatformError, match=f"the size of this value was: {size} bytes"):
                await stub.take(*values)
        assert Small.calls == fits


async def test_a_refused_call_is_as_if_it_had_never_been_made(durable_factory: Any) -> None:
    host = durable_factory(app=App(options=PlatformOptions(message_bytes_max=100)))
    stub = host.namespace(Small).get_by_name("a")
    with pytest.raises(PlatformError, match="limited to 32MiB"):
        await stub.take("x" * 100)
    host.assert_object_count(host.namespace(Small), 0)


async def test_requests_have_no_limit(durable_factory: Any) -> None:
    # Bodies are streams, not messages.
    class Server(DurableObject):
        async def fetch(self, request: Any) -> Any:
            from workers import Response

            return Response(await request.text())

    host = durable_factory(app=App(options=PlatformOptions(message_bytes_max=100)))
    answer = await host.namespace(Server).get_by_name("a").fetch("http://a/", method="POST", body="x" * 1000)
    assert await answer.text() == "x" * 1000


def test_a_value_that_refers_to_itself_is_measured_once() -> None:
    class Neutral(NeutralObject):
        def take(self, value: Any) -> int:
            return len(value)

        def run(self) -> Any:
            cycle: list[Any] = ["x" * 40]
            cycle.append(cycle)
            return self.env.NEUTRAL.getByName("b").take(cycle)

    def run(limit: int) -> Any:
        return hosted(
            lambda host: host.namespace(Neutral).get_by_name("a").run(),
            surface="neutral",
            options=PlatformOptions(message_bytes_max=limit),
        )

    assert run(100) == 2
    assert run(60) == 2
    with pytest.raises(PlatformError, match="was: 56 bytes"):
        run(55)
