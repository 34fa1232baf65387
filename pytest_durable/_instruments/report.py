"""A failed claim as text, in the form of all messages of this package (``docs/reference/assertions.md``). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

#: A page that a message may name. They exist; a test looks.
Page = Literal[
    "docs/how-to/alarms.md", "docs/how-to/restarts.md", "docs/how-to/websockets.md", "docs/reference/assertions.md"
]

ALARMS: Final[Page] = "docs/how-to/alarms.md"
RESTARTS: Final[Page] = "docs/how-to/restarts.md"
SOCKETS: Final[Page] = "docs/how-to/websockets.md"
ASSERTIONS: Final[Page] = "docs/reference/assertions.md"

#: One fact beside the claim: its label and what it says; more lines go below the first.
Row = tuple[str, str]

#: Columns of a label with the space after it, unless a longer label is among the rows.
_LABEL_COLUMNS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What probably went wrong and what to do about it.

    Attributes:
        fact: The cause, and the words that lead to the command.
        command: A line to copy, or None.
        page: Where to read more.
        needs_story: Whether the last records help; they do not where the rows say it all.
    """

    fact: str
    command: str | None = None
    page: Page = ALARMS
    needs_story: bool = True

    def __str__(self) -> str:
        return self.fact if self.command is None else f"{self.fact}  {self.command}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A claim that does not hold.

    Attributes:
        claim: The first line: who, what is the case, expected and actual.
        rows: The evidence.
        story: Last records, one line each.
        advice: The next step.
    """

    claim: str
    rows: Sequence[Row]
    advice: Advice
    story: Sequence[str] = ()

    def __str__(self) -> str:
        parts = [self.claim, table(self.rows)]
        if self.advice.needs_story and self.story:
            parts.append("\n".join(f"  {line}" for line in self.story))
        parts.append(f"{self.advice}\nSee {self.advice.page}")
        return "\n\n".join(part for part in parts if part)


def table(rows: Sequence[Row]) -> str:
    """The rows with their texts in one column."""
    columns = max((_LABEL_COLUMNS, *(len(label) + 2 for label, _ in rows)))
    indent = "\n" + " " * (columns + 2)
    return "\n".join(f"  {label:<{columns}}{text.replace(chr(10), indent)}" for label, text in rows)


def shortened(lines: Sequence[str], limit: int, what: str) -> list[str]:
    """The first ``limit`` lines and how many there are besides."""
    left = len(lines) - limit
    return list(lines) if left <= 0 else [*lines[:limit], f"… and {left} more {what}"]
