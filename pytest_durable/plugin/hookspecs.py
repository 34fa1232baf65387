"""The hooks that a conftest or another plugin can implement."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_durable import App, Host, Namespace
    from pytest_durable.events import Record


@pytest.hookspec(firstresult=True)
def pytest_durable_app(request: pytest.FixtureRequest) -> "App | None":
    """Describe the application under test, for tests whose ``durable_app`` nobody overrides.

    Args:
        request: The request of the fixture ``durable_app``.

    Returns:
        The application, or None to leave it to the next implementation. Without any it is an empty ``App()``.
    """


@pytest.hookspec
def pytest_durable_record(host: "Host", record: "Record") -> None:
    """See each record of a host's journal as it is written.

    Called in the middle of whatever happens: it must neither await nor call the host.

    Args:
        host: The host that writes it.
        record: What happened.
    """


@pytest.hookspec
def pytest_durable_ignored_files(namespace: "Namespace") -> Iterable[str]:  # type: ignore[empty-body]
    """Name files in a namespace's directory that ``assert_file_count`` does not count.

    Args:
        namespace: Whose directory it is.

    Returns:
        File names without a path. ``metadata.sqlite`` and the ``-wal`` and ``-shm`` files never count anyway.
    """


@pytest.hookspec(firstresult=True)
def pytest_durable_timeline_row(record: "Record") -> str | None:
    """Say in one line what a record means; the failure report shows it in place of its own words.

    Args:
        record: What happened.

    Returns:
        The line without time and object, or None to leave it to the next implementation.
    """
