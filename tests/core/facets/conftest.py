import pytest

from contract.objects.facets import Root
from pytest_durable import App


@pytest.fixture(params=["disk", "memory"])
def storage(request):
    """Where the files are."""
    return request.param


@pytest.fixture
def durable(durable_factory, storage):
    """A host whose objects see the platform as its own language would (decisions 1.2)."""
    return durable_factory(app=App(surface="neutral", classes=[Root]), storage=storage)


@pytest.fixture
def root(durable):
    """A stub of an object with facets."""
    return durable.namespace("ROOT").get_by_name("x")
