"""One fault: where it is planted, what it breaks, and which tests ought to notice."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: What is copied and broken.
PACKAGE: Final = "pytest_durable"


class PlantingError(Exception):
    """A fault no longer fits the code: the catalogue has to follow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A mistake in one place of the package.

    Attributes:
        name: What it is called on the command line.
        breaks: What goes wrong with it, as a sentence about the platform.
        file: The file it is planted in, relative to the package.
        before: The text that it replaces; occurs in the file exactly once.
        after: What stands there instead.
        tests: The narrowest files of tests that ought to notice, relative to the repository.
    """

    name: str
    breaks: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]

    @property
    def path(self) -> str:
        """The file, relative to the repository."""
        return f"{PACKAGE}/{self.file}"


def planted(fault: Fault, text: str) -> str:
    """The text of the fault's file with the fault in it.

    Raises:
        PlantingError: What the fault replaces is not there, or there more than once.
    """
    count = text.count(fault.before)
    if count != 1:
        raise PlantingError(
            f"The fault {fault.name!r} does not fit {fault.path}: what it replaces is there {count} times.\n\n"
            f"  expected  once\n"
            f"  replaces  {fault.before!r}\n\n"
            "Let the catalogue follow the code: change the fault's `before` in tools/plant_faults/catalogue."
        )
    return text.replace(fault.before, fault.after)


def broken_text(fault: Fault, root: Path) -> str:
    """The fault's file as it reads in ``root`` with the fault in it. Nothing is written.

    Raises:
        PlantingError: The file is not there, or see ``planted``.
    """
    try:
        text = (root / fault.path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PlantingError(
            f"The fault {fault.name!r} cannot be planted: {fault.path} does not exist.\n\n"
            "Let the catalogue follow the code: change the fault's `file` in tools/plant_faults/catalogue."
        ) from None
    return planted(fault, text)


def plant(fault: Fault, root: Path) -> None:
    """Plant the fault in the copy of the package that lies in ``root``.

    Raises:
        PlantingError: See ``broken_text``.
    """
    path = root / fault.path
    path.write_text(broken_text(fault, root), encoding="utf-8")
    # Python tells stale bytecode by size and whole seconds, and a fault may be planted within one.
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        compiled.unlink()
