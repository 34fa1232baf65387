"""What a host is like when nobody says otherwise. Imports nothing of weight: the plugin shows these in its help."""

from typing import Final, Literal

#: Where the clock of a test starts (decisions 5.1).
DEFAULT_START: Final = "2030-01-01T00:00:00Z"

#: Where objects are kept: real files, or the same semantics in memory, gone at each restart.
StorageMode = Literal["disk", "memory"]
STORAGE_MODES: Final[tuple[StorageMode, ...]] = ("disk", "memory")

#: Whether each commit is synced to the disk, as on the platform, or left to the operating system.
Synchronous = Literal["off", "full"]
SYNCHRONOUS_MODES: Final[tuple[Synchronous, ...]] = ("off", "full")
