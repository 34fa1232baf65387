"""A call that nobody awaits: easily written, and no reason for the run to break."""

import pytest

TESTS = """
import asyncio
from workers import DurableObject

class Greeter(DurableObject):
    async def hi(self):
        return 1

async def test_forgotten(durable):
    assert durable.namespace(Greeter).get_by_name("a").hi() == 1

async def test_in_flight(durable):
    call = durable.namespace(Greeter).get_by_name("a").hi()
    raise ValueError("something else")

def test_after():
    assert 1 == 2
"""


def test_forgotten_await_is_an_ordinary_failure(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("-p", "no:asyncio", "-p", "no:anyio", "-p", "no:randomly", "-W", "error")
    result.assert_outcomes(failed=3)
    assert "INTERNALERROR" not in result.stdout.str()
    assert "Event loop is closed" not in result.stdout.str() + result.stderr.str()
