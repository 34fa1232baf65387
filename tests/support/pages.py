"""Reads the Markdown pages of the project: their code blocks, links and headings.

How a code block becomes a file of the test run (CONTRIBUTING.md tells authors the same):

* a block whose first line is a comment with a file name (``# test_reminder.py``, ``// worker.js``) is that file; a
  second block of the same name is appended to it;
* any other ``python`` block is a test file of its own, named after the line where it begins;
* an HTML comment on the line above the fence is the block's mark: ``fails`` (its tests are to fail), ``output`` (its
  lines are in what pytest prints), ``fragment`` (for reading only).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

_FENCE: Final = re.compile(r"(?P<ticks>`{3,})(?P<language>\w*)\s*\Z")
_MARK: Final = re.compile(r"<!--\s*(?P<mark>\w+)\s*-->\s*\Z")
_FILE_NAME: Final = re.compile(r"(?:[#;]|//) (?P<name>[\w/]+\.(?:py|ini|toml|js|jsonc))\s*\Z")
_LINK: Final = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING: Final = re.compile(r"#{1,6} (?P<text>.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block.

    Attributes:
        line: Number of the line of the opening fence, from 1.
        language: What stands after the fence; may be empty.
        mark: The word in the comment above the fence, or empty.
        text: The lines between the fences.
    """

    line: int
    language: str
    mark: str
    text: str

    @property
    def file_name(self) -> str | None:
        """The file that the block is, or None if it is only for reading."""
        if self.mark == "fragment":
            return None
        if named := _FILE_NAME.match(self.text.partition("\n")[0]):
            return named["name"]
        return f"test_line_{self.line}.py" if self.language == "python" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One Markdown file."""

    path: Path
    blocks: tuple[Block, ...]
    links: tuple[str, ...]
    anchors: frozenset[str]

    @property
    def name(self) -> str:
        """The path from the root of the project."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def files(self) -> dict[str, str]:
        """What the blocks put into files: name to text."""
        found: dict[str, str] = {}
        for block in self.blocks:
            if block.file_name is not None:
                before = found.get(block.file_name, "")
                found[block.file_name] = f"{before}{block.text}\n"
        return found

    @property
    def failing_files(self) -> frozenset[str]:
        """Names of the files whose tests are to fail."""
        return frozenset(block.file_name for block in self.blocks if block.mark == "fails" and block.file_name)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The blocks that show what pytest prints."""
        return tuple(block.text for block in self.blocks if block.mark == "output")


def all_pages() -> tuple[Page, ...]:
    """Every page of the project, README first."""
    paths = [
        *sorted(ROOT.glob("*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted(ROOT.glob("examples/*.md")),
        *sorted(ROOT.glob("examples/[!.]*/*.md")),
    ]
    return tuple(read_page(path) for path in sorted(paths, key=lambda path: path.name != "README.md"))


def read_page(path: Path) -> Page:
    """Read one page."""
    blocks: list[Block] = []
    prose: list[str] = []
    lines = iter(enumerate(path.read_text(encoding="utf-8").splitlines(), 1))
    previous = ""
    for number, line in lines:
        if fence := _FENCE.match(line):
            mark = _MARK.match(previous)
            text = _read_block(lines, fence["ticks"])
            blocks.append(Block(line=number, language=fence["language"], mark=mark["mark"] if mark else "", text=text))
        else:
            prose.append(line)
        previous = line
    joined = "\n".join(prose)
    return Page(
        path=path,
        blocks=tuple(blocks),
        links=tuple(link["target"] for link in _LINK.finditer(joined)),
        anchors=frozenset(_anchor(heading["text"]) for line in prose if (heading := _HEADING.match(line))),
    )


def _read_block(lines: Iterator[tuple[int, str]], ticks: str) -> str:
    text: list[str] = []
    for _, line in lines:
        if line.strip() == ticks:
            break
        text.append(line)
    return "\n".join(text)


def _anchor(heading: str) -> str:
    """The anchor of a heading as Git hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
