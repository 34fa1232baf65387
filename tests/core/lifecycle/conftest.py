import pytest

from pytest_durable import App


@pytest.fixture
def durable_app():
    """Objects see the platform as its own language would (decisions 1.2)."""
    return App(surface="neutral")
