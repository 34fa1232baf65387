"""The fixture that finds the real platform, for the directories whose tests need it."""

import os

import pytest

from pytest_durable._hosts.workerd.binary import find_workerd
from pytest_durable._hosts.workerd.shim import build_shim
from pytest_durable.errors import WorkerdUnavailableError
from support.workerd import Platform


@pytest.fixture(scope="session")
def platform(pytestconfig: pytest.Config) -> Platform:
    """The real platform, or a skip that says what is missing."""
    try:
        return Platform(find_workerd(None, pytestconfig.rootpath, os.environ), build_shim(os.environ))
    except WorkerdUnavailableError as error:
        pytest.skip(str(error))
