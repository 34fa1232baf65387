"""In Python a failed ``__init__`` does not break the object: its error is repeated until the instance is evicted.

Source: spec python-workers 1.14, which wins over DO-9.2.2 for code that users write.
"""

import pytest
from workers import DurableObject

from pytest_durable import App
from pytest_durable.events import Evicted

pytestmark = pytest.mark.durable(storage="memory")


class Picky(DurableObject):
    failures: list[str] = []
    constructions = 0

    def __init__(self, ctx, env):
        super().__init__(ctx, env)
        type(self).constructions += 1
        if self.failures:
            raise ValueError(self.failures.pop())

    async def ping(self):
        return "pong"


@pytest.fixture
def durable_app():
    return App(classes=(Picky,))


@pytest.fixture
def picky(durable):
    Picky.failures, Picky.constructions = ["mine"], 0
    return durable.namespace("PICKY").get_by_name("a")


async def test_error_is_repeated_without_another_construction(durable, picky):
    """PW-1.14"""
    for _ in range(3):
        with pytest.raises(ValueError, match="mine"):
            await picky.ping()
    assert Picky.constructions == 1
    durable.expect_warning("PD-W06")


@pytest.mark.parametrize("is_idle", [True, False])
async def test_same_stub_works_after_the_failed_instance_was_evicted(durable, picky, is_idle):
    """PW-1.14"""
    with pytest.raises(ValueError, match="mine"):
        await picky.ping()
    await (durable.clock.advance(seconds=10) if is_idle else durable.evict(picky))
    assert len(durable.journal.of(Evicted)) == 1
    assert await picky.ping() == "pong"
    assert Picky.constructions == 2
