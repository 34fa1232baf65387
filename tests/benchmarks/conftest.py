import sys
from pathlib import Path

# The benchmarks are no part of the package. Last, so that the package which is installed stays the one that is tested.
sys.path.append(str(Path(__file__).parents[2]))
