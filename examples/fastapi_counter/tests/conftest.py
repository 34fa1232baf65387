from pathlib import Path

import pytest

from pytest_durable import App


@pytest.fixture
def durable_app():
    return App(config=Path(__file__).parents[1] / "wrangler.jsonc")
