"""SQLite's view of the operating system: time from our clock, and files that exist only in memory.

Each Disk registers one of these. ``CURRENT_TIMESTAMP``, ``unixepoch()`` and the rest of SQL's time functions ask the
VFS, so they follow the virtual clock without a line in the SQL functions themselves.
"""

from collections.abc import Callable
from typing import Any

import apsw

# Milliseconds between noon of 24 November 4714 BC, where SQLite's Julian day count starts, and the Unix epoch.
_JULIAN_EPOCH_MS = 210_866_760_000_000
_DAY_MS = 86_400_000

_SECTOR_BYTES = 4096


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


class MemoryVfs(ClockVfs):
    """Files in memory, our clock.

    A database here uses a rollback journal that SQLite keeps in memory, and never spills its cache. So pages reach the
    file only when a transaction commits: the bytes of a file are the committed truth at every moment, which is what
    looking into an object needs, and what is left when an idle connection is closed.
    """

    def __init__(self, name: str, wall_ns: Callable[[], int]) -> None:
        super().__init__(name, wall_ns)
        self.files: dict[str, bytearray] = {}

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        """A file of ours; a nameless temporary file is the operating system's business."""
        if name is None:
            return super().xOpen(name, flags)
        path = name if isinstance(name, str) else name.filename()
        return _MemoryFile(self.files.setdefault(path, bytearray()))

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        """Names are absolute as they are."""
        return name

    def xAccess(self, pathname: str, flags: int) -> bool:  # noqa: N802
        """Whether the file exists; everything that exists may be read and written."""
        return pathname in self.files

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        """Forget the file."""
        self.files.pop(filename, None)


class _MemoryFile(apsw.VFSFile):
    """One file of a MemoryVfs, opened. Locks are empty: exactly one connection has it open."""

    def __init__(self, content: bytearray) -> None:  # deliberately without super(): there is no file beneath
        self._content = content

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        return bytes(self._content[offset : offset + amount])

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802  # a buffer; its type has no name before 3.12
        content = self._content
        if offset > len(content):
            content.extend(bytes(offset - len(content)))
        content[offset : offset + len(data)] = data

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        del self._content[newsize:]

    def xFileSize(self) -> int:  # noqa: N802
        return len(self._content)

    def xSync(self, flags: int) -> None:  # noqa: N802
        pass

    def xLock(self, level: int) -> None:  # noqa: N802
        pass

    def xUnlock(self, level: int) -> None:  # noqa: N802
        pass

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        return _SECTOR_BYTES

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return apsw.SQLITE_IOCAP_ATOMIC | apsw.SQLITE_IOCAP_SAFE_APPEND | apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xFileControl(self, op: int, ptr: int) -> bool:  # noqa: N802
        return False

    def xClose(self) -> None:  # noqa: N802
        pass
