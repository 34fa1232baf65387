"""Tracebacks end at the user's line, or begin there: how the tool found out is of no use to its users."""

import asyncio
import contextlib
import os
from types import TracebackType
from typing import Final

import pytest
from _pytest._code.code import ExceptionRepr, ReprFileLocation

from pytest_durable._core.errors import DurableError
from pytest_durable.plugin.bench import Bench

_PACKAGE: Final = os.path.dirname(os.path.dirname(__file__)) + os.sep
_ASYNCIO: Final = os.path.dirname(asyncio.__file__) + os.sep
_CONTEXTLIB: Final = str(contextlib.__file__)
#: Where the plugin asks, after the body and at the end of a host, what has failed unseen: no user has called it.
_ASKED_BY_THE_PLUGIN: Final = (Bench.end_body.__code__, Bench.end.__code__)


def show_users_lines(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Leave in what pytest will show of a failure what its user can do something about."""
    asked = _asked_by_the_plugin(excinfo.tb)
    first = asked if asked is None else _first_of_the_user(asked)
    keep_users_lines(excinfo.value)
    if asked is not None:
        # All before is pytest's own, and pytest leaves its own frames out only where others are left.
        excinfo.traceback = type(excinfo.traceback)(() if first is None else first)


def keep_users_lines(failure: BaseException) -> None:
    """Take the frames of the tool, and those of asyncio around it, out of the traceback of an error about the tool.

    Errors of the user's own code keep all their frames.
    """
    if isinstance(failure, BaseExceptionGroup):
        for part in failure.exceptions:
            keep_users_lines(part)
    if not isinstance(failure, DurableError):
        return
    at: BaseException | None = failure
    while at is not None:  # what the platform said to user code may be the cause
        _drop_frames_of_the_tool(at.__traceback__)
        at = at.__cause__


def name_in_summary(report: pytest.TestReport, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Let the line of the summary say what failed, which pytest takes from the last line of the traceback."""
    told = report.longrepr
    if isinstance(told, ExceptionRepr) and told.reprcrash is None:
        path, line, _ = report.location
        told.reprcrash = ReprFileLocation(path, (line or 0) + 1, excinfo.exconly())


def _asked_by_the_plugin(at: TracebackType | None) -> TracebackType | None:
    while at is not None and at.tb_frame.f_code not in _ASKED_BY_THE_PLUGIN:
        at = at.tb_next
    return at


def _first_of_the_user(at: TracebackType | None) -> TracebackType | None:
    while at is not None and _is_machinery(at):
        at = at.tb_next
    return at


def _drop_frames_of_the_tool(first: TracebackType | None) -> None:
    kept = at = first
    while at is not None and kept is not None:
        at = at.tb_next
        if at is None or not _is_machinery(at):
            kept.tb_next = at
            kept = at


def _is_machinery(at: TracebackType) -> bool:
    return at.tb_frame.f_code.co_filename.startswith((_PACKAGE, _ASYNCIO, _CONTEXTLIB))
