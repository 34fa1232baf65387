"""Limits in real time, for a process that does not come to rest."""

import os


class Deadline:
    """The end of so many real seconds from now.

    It is measured by a clock that nobody replaces in a test, unlike those of the module ``time``.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._at = os.times().elapsed + seconds

    def __repr__(self) -> str:
        return f"<Deadline in {self.left():.2f} s>"

    def left(self) -> float:
        """How many seconds are left; 0 when it is over."""
        return max(0.0, self._at - os.times().elapsed)
