"""SQLite's view of the operating system, with the time of our clock.

Each Disk registers one of these. ``CURRENT_TIMESTAMP``, ``unixepoch()`` and the rest of SQL's time functions ask the
VFS, so they follow the virtual clock without a line in the SQL functions themselves.
"""

from collections.abc import Callable

import apsw

# Milliseconds between noon of 24 November 4714 BC, where SQLite's Julian day count starts, and the Unix epoch.
_JULIAN_EPOCH_MS = 210_866_760_000_000
_DAY_MS = 86_400_000


class ClockVfs(apsw.VFS):
    """The operating system's files, our clock."""

    def __init__(self, name: str, wall_ns: Callable[[], int]) -> None:
        super().__init__(name, "")
        self.name = name
        self._wall_ns = wall_ns

    def xCurrentTimeInt64(self) -> int:  # noqa: N802 - SQLite's name
        """Milliseconds since SQLite's epoch."""
        return self._wall_ns() // 1_000_000 + _JULIAN_EPOCH_MS

    def xCurrentTime(self) -> float:  # noqa: N802 - SQLite's name
        """Days since SQLite's epoch."""
        return self.xCurrentTimeInt64() / _DAY_MS
