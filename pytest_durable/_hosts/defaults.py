"""What a host is like when nobody says otherwise. Imports nothing: the plugin shows these values in its help."""

from typing import Final

#: Where the clock of a test starts (decisions 5.1).
DEFAULT_START: Final = "2030-01-01T00:00:00Z"
#: Where objects are kept.
STORAGE_MODES: Final = ("disk", "memory")
