"""``python -m benchmarks [row …]`` prints the table of ratios.

Exit status 1 if a row is over its budget, 2 if one is unknown or cannot be measured.
"""

import sys

from benchmarks.child import ChildFailedError
from benchmarks.measure import show
from benchmarks.rows import ALL


def main(names: list[str]) -> int:
    """Measure the rows named, or all."""
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"no such row: {', '.join(unknown)}; known: {', '.join(ALL)}", file=sys.stderr)
        return 2
    rows = []
    for name in names or ALL:
        try:
            row = ALL[name]()
        except ChildFailedError as failure:
            print(f"row {name} cannot be measured: {failure}", file=sys.stderr)
            return 2
        rows.append(row)
        print(show([row]).splitlines()[1], file=sys.stderr)
    print(show(rows))
    return 0 if all(row.is_kept for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
