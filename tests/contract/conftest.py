"""The same objects twice: in Python for the host in this process, in JavaScript for the real platform."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_durable import App


def in_javascript(cls: type, root: Path) -> str:
    """The class of the same name in the file of the same name."""
    path = Path(inspect.getfile(cls)).with_suffix(".js")
    return f"{path.relative_to(root)}:{cls.__name__}"


@pytest.fixture
def durable_app(request: pytest.FixtureRequest, durable_backend: str) -> App:
    """The classes that the module names in ``CLASSES``, with the flags in ``FLAGS`` if there are any."""
    classes, flags = request.module.CLASSES, getattr(request.module, "FLAGS", ())
    if durable_backend == "workerd":
        return App(classes=[in_javascript(cls, request.config.rootpath) for cls in classes], compatibility_flags=flags)
    return App(classes=list(classes), surface="neutral", compatibility_flags=flags)


@pytest.fixture
def fresh(durable: Any, request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Take a new stub of the object of that name, of the module's first class."""
    objects = durable.namespace(request.module.CLASSES[0].__name__.upper())
    return lambda name="a": objects.get_by_name(name)


@pytest.fixture
def thing(fresh: Callable[..., Any]) -> Any:
    """A stub of one object of the module's first class."""
    return fresh()
