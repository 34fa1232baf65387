"""Processes that a row starts: one that fails shows what it has said."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class ChildFailedError(Exception):
    """A process that a row needs has failed; the message is all that it has said."""


def run_child(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Run a process to its end.

    Raises:
        ChildFailedError: Its status is not 0.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)
    if done.returncode != 0:
        said = "\n".join(part.rstrip() for part in (done.stdout, done.stderr) if part)
        raise ChildFailedError(f"{' '.join(command)} ended with status {done.returncode} in {cwd}:\n\n{said}")
    return done
