"""Who waits for whom when critical sections nest, asked of both hosts: spec durable-objects 6.2, 6.5."""

import asyncio
from typing import Any

import pytest

from contract.objects.nested import Nested
from pytest_durable import PlatformError

CLASSES = (Nested,)
pytestmark = pytest.mark.durable(backend="inprocess,workerd")

KINDS = pytest.mark.parametrize("kind", ["section", "transaction"])


async def beside(durable: Any, thing: Any, call: Any) -> Any:
    """The result of a call during which another one arrives."""
    running = asyncio.ensure_future(call)
    await durable.settle()
    await asyncio.gather(thing.say("event"), running)
    return running.result()


@KINDS
async def test_inner_section_does_not_wait_for_those_that_wait_for_the_outer(thing: Any, kind: str) -> None:
    # DO-6.5.3
    assert await thing.with_waiting_sibling(kind) == ["inner ends", "outer ends", "sibling ends"]


@KINDS
async def test_waits_of_the_outer_section_are_queued_during_the_inner(durable: Any, thing: Any, kind: str) -> None:
    # DO-6.5.3
    log = await beside(durable, thing, thing.with_wait_of_the_outer(kind))
    assert log == ["inner ends", "wait of the outer"]


@KINDS
async def test_events_wait_for_an_inner_section_that_outlives_the_outer(durable: Any, thing: Any, kind: str) -> None:
    # DO-6.5.3
    log = await beside(durable, thing, thing.with_inner_that_outlives_the_outer(kind))
    assert log == ["outer has ended", "inner ends", "event"]


@KINDS
async def test_sections_begun_inside_go_before_events_after_the_end_too(durable: Any, thing: Any, kind: str) -> None:
    # DO-6.5.1 DO-6.5.3
    log = await beside(durable, thing, thing.with_sections_begun_before_the_end(kind))
    assert log == ["outer ends", "first of two", "second of two", "event", "wait of the inner"]


@KINDS
async def test_failure_of_an_inner_section_fails_everything_that_waits(durable: Any, thing: Any, kind: str) -> None:
    # DO-6.5.5
    running = asyncio.ensure_future(thing.with_failing_inner(kind))
    await durable.settle()
    event = asyncio.ensure_future(thing.say("event"))
    for call in (running, event, thing.say("later")):
        with pytest.raises(PlatformError) as caught:
            await call
        assert str(caught.value) == "RangeError: foobar"
