"""One object that does a little of everything, as in the platform's own test of objects in Python."""

import asyncio
from urllib.parse import urlparse

import pytest
from js import Date
from workers import DurableObject, Request, Response

pytestmark = pytest.mark.durable(storage="memory")


class Mixin:
    def mixed_in(self):
        return 1234


class Example(DurableObject, Mixin):
    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        assert self.ctx is not None
        assert self.env is not None
        self.storage = ctx.storage
        self.requests = 0
        self.has_run = False

        async def prepare():
            await self.storage.put("prepared", True)

        self.ctx.blockConcurrencyWhile(prepare)

    async def fetch(self, request):
        assert isinstance(request, Request)
        if not await self.storage.getAlarm():
            self.storage.setAlarm(Date.now() + 100)
        if urlparse(request.url).path == "/count":
            self.requests += 1
            return Response(f"request {self.requests}")
        return Response(str(self.has_run))

    async def alarm(self, info):
        self.has_run = True

    async def without_arguments(self):
        return "a value"

    async def with_argument(self, text):
        return f"a value with {text}"

    async def in_section(self):
        async def section():
            await self.storage.put("blocked", "yes")
            return 42

        result = await self.ctx.blockConcurrencyWhile(section)
        return [await self.storage.get("prepared"), result, await self.storage.get("blocked")]

    def change(self, value):
        value["foo"] = 42

    async def call_itself_directly(self):
        value = {"test": 1}
        self.change(value)
        return value

    async def add_one_later(self, number):
        await asyncio.sleep(0.01)
        return number + 1


@pytest.fixture
def example(durable):
    return durable.namespace(Example).get_by_name("a")


async def text_of(example, path):
    return await (await example.fetch(f"http://foo.com/{path}")).text()


async def test_requests_are_counted_in_memory(example):
    assert [await text_of(example, "count") for _ in range(3)] == ["request 1", "request 2", "request 3"]


async def test_methods_take_arguments_or_none(example):
    assert await example.without_arguments() == "a value"
    assert await example.with_argument("test") == "a value with test"
    assert await example.add_one_later(9) == 10


async def test_methods_of_a_mixin_are_reachable(example):
    assert await example.mixed_in() == 1234


async def test_sections_of_constructor_and_method_have_done_their_work(example):
    assert await example.in_section() == [True, 42, "yes"]


async def test_call_within_the_object_shares_its_arguments(example):
    assert await example.call_itself_directly() == {"test": 1, "foo": 42}


async def test_alarm_set_by_a_request_runs(durable, example):
    assert await text_of(example, "alarm") == "False"
    await durable.clock.advance(seconds=0.2)
    assert await text_of(example, "alarm") == "True"
