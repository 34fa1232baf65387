"""What SQLite was really told to do, as opposed to what the journal says."""

from typing import Any


def traced_statements(host: Any) -> list[tuple[str, str]]:
    """A list that grows: (file, statement) for each statement started on databases that are opened from now on.

    At least one namespace must have been declared. ``file`` is the base name; comments are cut off.
    """
    statements: list[tuple[str, str]] = []

    def started(path: str, sql: str) -> None:
        statements.append((path.rpartition("/")[2], sql.split("/*")[0].strip()))

    for disk in host._computer.disks:
        disk.trace_statements(started)
    return statements
