"""Tracebacks of errors about the tool end at the user's line: how the tool found out is of no use to its users."""

import asyncio
import os
from types import TracebackType
from typing import Final

from pytest_durable._core.errors import DurableError

_PACKAGE: Final = os.path.dirname(os.path.dirname(__file__)) + os.sep
_ASYNCIO: Final = os.path.dirname(asyncio.__file__) + os.sep


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


def _drop_frames_of_the_tool(first: TracebackType | None) -> None:
    kept = at = first
    while at is not None and kept is not None:
        at = at.tb_next
        if at is None or not at.tb_frame.f_code.co_filename.startswith((_PACKAGE, _ASYNCIO)):
            kept.tb_next = at
            kept = at
