"""Plants faults in a copy of the package, one by one, and looks whether the tests notice.

A test suite is trusted for what it would catch. Each fault of the catalogue is a mistake that somebody could make in a
line of the platform; the tests named with it must fail when it is there. See docs/how-to/planted-faults.md.
"""

from tools.plant_faults.catalogue import FAULTS, SECTIONS
from tools.plant_faults.fault import Fault, PlantingError, planted
from tools.plant_faults.page import table
from tools.plant_faults.trial import Outcome, Verdict, judge

__all__ = ["FAULTS", "SECTIONS", "Fault", "Outcome", "PlantingError", "Verdict", "judge", "planted", "table"]
