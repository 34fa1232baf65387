"""All faults, by the part of the platform that they break."""

from collections.abc import Mapping
from itertools import chain
from typing import Final

from tools.plant_faults.catalogue import alarms, clock, gates, lives, storage, surfaces, values, workers
from tools.plant_faults.fault import Fault

#: Title of a section of the list to its faults.
SECTIONS: Final[Mapping[str, tuple[Fault, ...]]] = {
    "Turns, gates and transactions": gates.FAULTS,
    "Alarms": alarms.FAULTS,
    "Objects and lives": lives.FAULTS,
    "The clock and the loop": clock.FAULTS,
    "Storage": storage.FAULTS,
    "Stored values": values.FAULTS,
    "Workers": workers.FAULTS,
    "Surfaces, claims and the end of a test": surfaces.FAULTS,
}

FAULTS: Final = tuple(chain.from_iterable(SECTIONS.values()))
