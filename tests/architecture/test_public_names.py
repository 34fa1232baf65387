"""The shop windows show what there is, and nothing else."""

import ast
import inspect
import pickle
from types import ModuleType

import pytest

import pytest_durable
from pytest_durable import errors, events, values
from pytest_durable._core import errors as core_errors
from pytest_durable._core import events as core_events
from pytest_durable._core.platform_errors import PlatformError
from pytest_durable._core.storage import values as core_values
from support.sources import ROOT


def _classes(module: ModuleType) -> set[type]:
    return {value for value in vars(module).values() if inspect.isclass(value)}


def test_window_names_what_type_checkers_see() -> None:
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    typed = {
        alias.name: node.module.removeprefix("pytest_durable.")
        for branch in tree.body
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for node in branch.body
        if isinstance(node, ast.ImportFrom) and node.module is not None
        for alias in node.names
    }

    assert typed == pytest_durable._HOMES
    assert sorted(typed) == sorted(pytest_durable.__all__)


@pytest.mark.parametrize("name", pytest_durable.__all__)
def test_every_name_of_the_window_can_be_imported(name: str) -> None:
    found = getattr(pytest_durable, name)
    assert inspect.isclass(found) or inspect.isfunction(found)
    assert name in dir(pytest_durable)


def test_name_that_the_window_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError) as caught:
        pytest_durable.Nothing

    assert str(caught.value) == "module 'pytest_durable' has no attribute 'Nothing'"


def test_error_window_shows_every_error_of_the_tool() -> None:
    assert _classes(errors) == (_classes(core_errors) | {PlatformError}) - {
        core_errors.IsolateEnded,
        core_errors.LifeEnded,
    }


def test_error_says_where_it_is_imported_from() -> None:
    shown = {cls.__name__: cls.__module__ for cls in _classes(errors)}

    assert shown.pop("PlatformError") == "pytest_durable"
    assert set(shown.values()) == {"pytest_durable.errors"}
    assert core_errors.LifeEnded.__module__ == core_errors.__name__  # nobody imports it


@pytest.mark.parametrize("cls", sorted(_classes(errors) - {PlatformError}, key=lambda cls: cls.__name__))
def test_error_of_the_tool_can_be_pickled(cls: type[Exception]) -> None:
    again = pickle.loads(pickle.dumps(cls("It is so.")))

    assert (type(again), str(again)) == (cls, "It is so.")


def test_error_of_the_platform_can_be_pickled() -> None:
    again = pickle.loads(pickle.dumps(PlatformError("It broke.", name="TypeError", retryable=True)))

    assert (type(again), again.name, again.message, again.retryable) == (PlatformError, "TypeError", "It broke.", True)


def test_event_window_shows_every_record() -> None:
    assert _classes(events) == _classes(core_events) - {core_events.ObjectKey}


@pytest.mark.parametrize("window", [pytest_durable, errors, events, values])
def test_names_of_a_window_are_sorted_and_exist(window: ModuleType) -> None:
    assert list(window.__all__) == sorted(window.__all__, key=_as_ruff_sorts)
    assert all(hasattr(window, name) for name in window.__all__)


def test_value_window_shows_the_values_themselves() -> None:
    assert [name for name in values.__all__ if getattr(values, name) is not getattr(core_values, name)] == []


def _as_ruff_sorts(name: str) -> tuple[int, str]:
    """Constants, classes, the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name
