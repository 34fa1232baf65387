"""Run code where user code runs: inside an object of a host in memory, on the surface under test."""

from collections.abc import Awaitable, Callable
from typing import Any

from pytest_durable._core.runtime import App
from pytest_durable._hosts.inprocess import InProcessHost
from pytest_durable._surfaces.neutral import NeutralObject
from pytest_durable._surfaces.wrapped.entrypoints import DurableObject


def hosted(scenario: Callable[[InProcessHost], Awaitable[Any]], **app: Any) -> Any:
    """Run ``scenario(host)`` and return its result; ``app`` are fields of ``App``."""

    async def main(host: InProcessHost) -> Any:
        return await scenario(host)

    return InProcessHost.run_main(main, storage="memory", app=App(**app))


def inside(body: Callable[[Any], Any], **app: Any) -> Any:
    """Run ``body(instance)`` as a method of a Python object; return what reaches the test."""

    class Probe(DurableObject):
        def run(self) -> Any:
            return body(self)

        def alarm(self) -> None:
            """Lets the object set alarms on every surface."""

    return hosted(lambda host: host.namespace(Probe).get_by_name("probe").run(), **app)


def inside_neutral(body: Callable[[Any], Any], **app: Any) -> Any:
    """Run ``body(instance)`` as a method of a neutral object; return what reaches the test."""

    class Probe(NeutralObject):
        def run(self) -> Any:
            return body(self)

        def alarm(self) -> None:
            """Lets the object set alarms."""

    return hosted(lambda host: host.namespace(Probe).get_by_name("probe").run(), surface="neutral", **app)
