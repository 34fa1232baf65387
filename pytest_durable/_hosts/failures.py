"""Failures inside objects that the test has not seen yet: an assertion in an alarm, an error in a callback.

No caller waits for what an alarm does, so such a failure is kept here and raised by the next thing that the test asks
its host, at the latest at the end of the test (decisions 4.6). One that reaches the test by a call is struck out.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class UnseenFailures:
    """The failures of one host that nobody has raised yet, oldest first."""

    def __init__(self) -> None:
        self._failures: list[BaseException] = []

    def __repr__(self) -> str:
        return f"<UnseenFailures: {len(self._failures)}>"

    def note(self, failure: BaseException) -> None:
        """Keep a failure until somebody raises it."""
        self._failures.append(failure)

    def strike_out(self, failure: BaseException) -> None:
        """The test sees this one: a call that it has made raises it."""
        if failure in self._failures:
            self._failures.remove(failure)

    def raise_first(self) -> None:
        """Raise the oldest, and forget it."""
        if self._failures:
            raise self._failures.pop(0)

    @contextmanager
    def kept_back(self) -> Iterator[None]:
        """Raise none of those so far inside the block; they come before those that it adds."""
        before, self._failures = self._failures, []
        try:
            yield
        finally:
            self._failures = before + self._failures
