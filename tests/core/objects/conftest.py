import pytest

from pytest_durable import App
from support.objects import Armed


@pytest.fixture
def durable_app():
    """Objects see the platform as its own language would (decisions 1.2)."""
    return App(surface="neutral")


@pytest.fixture
def box(durable):
    """One object, with an alarm handler."""
    return durable.namespace(Armed).get_by_name("a")


@pytest.fixture
def inside(durable, box):
    """Runs a function of ``ctx`` in the object, as one event."""
    return lambda function: durable.run_in_object(box, lambda _instance, ctx: function(ctx))
