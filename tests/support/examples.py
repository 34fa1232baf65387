"""The example applications as modules, and a scenario of each: what a test calls, in order."""

import importlib.util
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_durable import Host

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(folder: str, name: str) -> ModuleType:
    """Execute an example's module under its own name."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Scenario:
    """One example at work.

    Attributes:
        name: Of the example.
        classes: Its classes; each call declares them in this order.
        steps: Yields each step of the scenario as an awaitable, given the namespaces by class name.
        check: What must hold once everything has come to rest after a crash anywhere.
    """

    name: str
    classes: tuple[type, ...]
    steps: Callable[[Host, dict[str, Any]], AsyncIterator[Awaitable[object]]]
    check: Callable[[Host, dict[str, Any]], Awaitable[None]]


def scenarios() -> list[Scenario]:
    """One for each example."""
    return [_reminders(), _rate_limiter(), _order_timeout()]


def _reminders() -> Scenario:
    module = load("reminders", "reminders")

    async def steps(host: Host, spaces: dict[str, Any]) -> AsyncIterator[Awaitable[object]]:
        alice = spaces["Reminders"].get_by_name("alice")
        outbox = spaces["Outbox"].get_by_name("outbox")
        yield alice.remind_in(60, "first")
        yield alice.remind_in(30, "second")
        yield outbox.set_broken(True)
        yield host.clock.advance(seconds=31)
        yield outbox.set_broken(False)
        yield host.clock.advance(seconds=60)
        yield alice.remind_in(10, "third")
        yield alice.cancel(3)

    async def check(host: Host, spaces: dict[str, Any]) -> None:
        outbox = spaces["Outbox"].get_by_name("outbox")
        await outbox.set_broken(False)
        await host.clock.advance(hours=2)
        sent = await outbox.sent()
        assert len(sent) == len(set(sent))
        assert await spaces["Reminders"].get_by_name("alice").pending() == []

    return Scenario("reminders", (module.Reminders, module.Outbox), steps, check)


def _rate_limiter() -> Scenario:
    module = load("rate_limiter", "limiter")

    async def steps(host: Host, spaces: dict[str, Any]) -> AsyncIterator[Awaitable[object]]:
        client = spaces["Limiter"].get_by_name("client")
        for _ in range(module.LIMIT + 1):
            yield client.request()
        yield host.clock.advance(seconds=12)
        yield client.request()
        yield host.clock.advance(seconds=90)
        yield client.request()

    async def check(host: Host, spaces: dict[str, Any]) -> None:
        client = spaces["Limiter"].get_by_name("client")
        await host.clock.advance(hours=1)
        assert host.stored(client).tables == []
        host.assert_no_alarm(client)
        assert (await client.request())["remaining"] == module.LIMIT - 1

    return Scenario("rate_limiter", (module.Limiter,), steps, check)


def _order_timeout() -> Scenario:
    module = load("order_timeout", "orders")

    async def steps(host: Host, spaces: dict[str, Any]) -> AsyncIterator[Awaitable[object]]:
        stock = spaces["Stock"].get_by_name("books")
        yield stock.fill(10)
        paid, late = (spaces["Order"].get_by_name(name) for name in ("paid", "late"))
        yield paid.place("books", 2)
        yield late.place("books", 3)
        yield paid.pay()
        yield stock.jam(True)
        yield host.clock.advance(minutes=15)
        yield stock.jam(False)
        yield host.clock.advance(minutes=1)

    async def check(host: Host, spaces: dict[str, Any]) -> None:
        stock = spaces["Stock"].get_by_name("books")
        await stock.jam(False)
        await host.clock.advance(hours=1)
        states = {name: await spaces["Order"].get_by_name(name).state() for name in ("paid", "late")}
        assert states["late"] in (None, "cancelled")
        free, filled = await stock.free(), bool(host.journal)
        assert filled
        stored = host.stored(stock).kv
        reserved = sum(amount for key, amount in stored.items() if key.startswith("order:"))
        if "pieces" in stored:
            assert free + reserved == 10
        assert reserved == (2 if states["paid"] == "paid" else 0)

    return Scenario("order_timeout", (module.Order, module.Stock), steps, check)
