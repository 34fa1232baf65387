"""Every public name has a docstring that tells a caller what it takes."""

import inspect
import re
from typing import Any

import pytest

import pytest_durable
from pytest_durable import errors, events, values
from pytest_durable.plugin import fixtures, hookspecs

CLASSES = [
    getattr(module, name)
    for module in (pytest_durable, errors, events, values)
    for name in module.__all__
    if isinstance(getattr(module, name), type)
]
FUNCTIONS = [
    pytest.param(inspect.unwrap(function), id=f"{cls.__name__}.{name}")
    for cls in CLASSES
    for name in dir(cls)
    if not name.startswith("_") and inspect.isfunction(function := inspect.getattr_static(cls, name))
    if function.__module__.startswith("pytest_durable")
]
PROPERTIES = [
    pytest.param(value, id=f"{cls.__name__}.{name}")
    for cls in CLASSES
    for name in dir(cls)
    if not name.startswith("_") and isinstance(value := inspect.getattr_static(cls, name), property)
]
HOOKS = [
    pytest.param(getattr(hookspecs, name), id=name) for name in dir(hookspecs) if name.startswith("pytest_durable_")
]


def parameters(function: Any) -> list[str]:
    names = [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]
    return [name for name in names if not name.startswith("_")]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_public_class_says_what_it_is(cls: type) -> None:
    assert (inspect.getdoc(cls) or "").strip()
    assert "__doc__" in vars(cls), "the docstring is inherited"


@pytest.mark.parametrize("function", [*FUNCTIONS, *HOOKS])
def test_a_public_function_says_what_it_does(function: Any) -> None:
    lines = (inspect.getdoc(function) or "").splitlines()
    assert lines
    assert lines[0].endswith((".", "?", ":")), "the first sentence does not end in the first line"


@pytest.mark.parametrize("function", [*FUNCTIONS, *HOOKS])
def test_a_list_of_arguments_is_complete(function: Any) -> None:
    text = inspect.getdoc(function) or ""
    if "Args:\n" in text:
        told = set(re.findall(r"^    (\w+):", text.split("Args:\n")[1].split("\n\n")[0], re.MULTILINE))
        assert told == set(parameters(function))


@pytest.mark.parametrize("value", PROPERTIES)
def test_a_public_property_says_what_it_shows(value: property) -> None:
    assert inspect.getdoc(value)


@pytest.mark.parametrize("name", ["durable", "durable_app", "durable_factory"])
def test_a_fixture_says_what_it_gives(name: str) -> None:
    assert inspect.getdoc(getattr(fixtures, name))
