"""The package's own sources, for the tests of its architecture."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest_durable

ROOT = Path(pytest_durable.__file__).parent


def modules(*parts: str) -> Iterator[tuple[str, ast.Module]]:
    """Path relative to the package and syntax tree of each module below a folder, in order."""
    for path in sorted(ROOT.joinpath(*parts).rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))
