"""What the tests of the claims share: a host that makes them, an object to claim things about, messages to compare."""

import functools
import inspect
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from textwrap import dedent
from typing import Any

import pytest

from pytest_durable._core.runtime import App
from pytest_durable._hosts.inprocess import InProcessHost
from pytest_durable._instruments.assertions import Claims
from pytest_durable._surfaces.neutral import NeutralObject


class Host(InProcessHost, Claims):
    """The host as it is composed for users, without the plugin."""


class Counter(NeutralObject):
    """Sets alarms, counts their runs, stores what it is told."""

    failures = 0

    async def arm(self, seconds):
        await self.ctx.storage.setAlarm(int(time.time() * 1000) + round(seconds * 1000))

    async def arm_at(self, time_ms):
        await self.ctx.storage.setAlarm(time_ms)

    async def disarm(self):
        await self.ctx.storage.deleteAlarm()

    async def put(self, key, value):
        await self.ctx.storage.put(key, value)

    async def alarm(self, info):
        if info.retryCount < self.failures:
            raise ValueError("no connection")


def on_host(**options: Any) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """Run an async test with a host as its first argument; further arguments stay pytest's."""
    options = {"storage": "memory", "app": App(surface="neutral"), **options}

    def decorate(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
        @functools.wraps(test)
        def run(*args: Any, **kwargs: Any) -> None:
            Host.run_main(lambda host: test(host, *args, **kwargs), **options)

        _first, *others = inspect.signature(test).parameters.values()
        run.__signature__ = inspect.Signature(others)
        return run

    return decorate


def counter(host: Host, name: str = "a", **methods: Any) -> Any:
    """A stub of a ``Counter``, of a subclass with other methods if some are given."""
    return host.namespace(type("Counter", (Counter,), methods)).get_by_name(name)


@contextmanager
def fails_with(text: str) -> Iterator[None]:
    """Expect a failed claim with exactly this message."""
    with misuse(AssertionError, text):
        yield


@contextmanager
def misuse(kind: type[BaseException], text: str) -> Iterator[None]:
    """Expect an exception of exactly this class with exactly this message."""
    with pytest.raises(kind) as caught:
        yield
    assert type(caught.value) is kind
    assert str(caught.value).splitlines() == dedent(text).strip().splitlines(), str(caught.value)
