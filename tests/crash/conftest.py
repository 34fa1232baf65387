import pytest

from pytest_durable._core.runtime import App


@pytest.fixture
def durable_app() -> App:
    return App(surface="neutral")
