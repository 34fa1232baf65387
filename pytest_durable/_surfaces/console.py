"""``console``: what user code prints goes to a logger of Python, so that pytest shows and captures it.

Source: spec python-workers 4.
"""

import logging
from typing import Any, Final

_LOGGER: Final = logging.getLogger("pytest_durable.console")
# What is printed is no diagnosis that one asks for: without this, pytest would show warnings and errors only.
_LOGGER.setLevel(logging.DEBUG)


class Console:
    """``console``. A line has the texts of its arguments with blanks between; proxies show as ``str`` shows them."""

    def __repr__(self) -> str:
        return "[object console]"

    def debug(self, *values: Any) -> None:
        """Log at level DEBUG."""
        _log(logging.DEBUG, values)

    def error(self, *values: Any) -> None:
        """Log at level ERROR."""
        _log(logging.ERROR, values)

    def info(self, *values: Any) -> None:
        """Log at level INFO."""
        _log(logging.INFO, values)

    def log(self, *values: Any) -> None:
        """Log at level INFO."""
        _log(logging.INFO, values)

    def trace(self, *values: Any) -> None:
        """Log at level DEBUG, with the stack."""
        _log(logging.DEBUG, values, stack=True)

    def warn(self, *values: Any) -> None:
        """Log at level WARNING."""
        _log(logging.WARNING, values)


console: Final = Console()


def _log(level: int, values: tuple[Any, ...], *, stack: bool = False) -> None:
    # The record names the line of user code: two frames are ours.
    _LOGGER.log(level, "%s", " ".join(map(str, values)), stack_info=stack, stacklevel=3)
