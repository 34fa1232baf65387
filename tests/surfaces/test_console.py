"""``js.console``: spec python-workers 4."""

import logging
from pathlib import Path

import pytest

from pytest_durable._surfaces.console import console
from pytest_durable._surfaces.js import Array

LEVELS = {
    "log": logging.INFO,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "trace": logging.DEBUG,
}


@pytest.mark.parametrize("method", LEVELS)
def test_each_method_logs_at_its_level(method: str, caplog: pytest.LogCaptureFixture) -> None:
    getattr(console, method)("hello")

    assert caplog.record_tuples == [("pytest_durable.console", LEVELS[method], "hello")]


def test_record_names_the_line_of_user_code(caplog: pytest.LogCaptureFixture) -> None:
    console.log("here")

    assert (caplog.records[0].filename, caplog.records[0].funcName) == (
        Path(__file__).name,
        "test_record_names_the_line_of_user_code",
    )


def test_arguments_stand_beside_each_other_as_text(caplog: pytest.LogCaptureFixture) -> None:
    console.log("100% of", 3, None, Array.new(1, 2))

    assert caplog.messages == [f"100% of 3 None {Array.new(1, 2)}"]


def test_trace_shows_the_stack(caplog: pytest.LogCaptureFixture) -> None:
    console.trace("here")

    assert "test_trace_shows_the_stack" in (caplog.records[0].stack_info or "")
