"""Objects as their authors write them, with ``from workers import DurableObject``, run by the plugin's ``durable``."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from workers import DurableObject

Inside = Callable[[Callable[[Any], Any]], Awaitable[Any]]


class Probe(DurableObject):
    """Runs a function as its own code."""

    def alarm(self):
        """Lets it set alarms without a warning."""


@pytest.fixture
def inside(durable) -> Inside:
    """``await inside(body)`` runs ``body(self)`` as code of an object; its result and exception come as they are."""
    probe = durable.namespace(Probe).get_by_name("probe")
    return lambda body: durable.run_in_object(probe, lambda instance, _ctx: body(instance))
