"""Links lead somewhere, and so do the pages that messages name."""

import re
from pathlib import Path
from typing import Final

import pytest

from support.pages import ROOT, Page, all_pages, read_page

PAGES: Final = all_pages()
_FILE: Final = re.compile(r"`((?:tests|docs|examples|pytest_durable|benchmarks)/[\w/.-]+\.(?:py|md|toml|ini))`")
SOURCES: Final = sorted((ROOT / "pytest_durable").rglob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Page) -> None:
    for link in page.links:
        if not re.match(r"[a-z]+:", link):
            path, _, anchor = link.partition("#")
            target = (page.path.parent / path).resolve() if path else page.path
            assert target.exists(), link
            assert not anchor or anchor in read_page(target).anchors, link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Page) -> None:
    prose = page.path.read_text(encoding="utf-8")
    for name in _FILE.findall(prose):
        assert (ROOT / name).exists(), name


def test_every_page_can_be_reached_from_the_readme() -> None:
    readme = ROOT / "README.md"
    reached: set[Path] = set()
    waiting = [readme]
    while waiting:
        path = waiting.pop()
        if path in reached or path.suffix != ".md":
            continue
        reached.add(path)
        links = (link.partition("#")[0] for link in read_page(path).links if not re.match(r"[a-z]+:", link))
        waiting += [(path.parent / link).resolve() for link in links if link]
    assert {page.name for page in PAGES} - {path.relative_to(ROOT).as_posix() for path in reached} == set()


def test_every_page_that_the_package_names_exists() -> None:
    named = {
        (name, source.name)
        for source in SOURCES
        for name in re.findall(r"docs/[\w/.-]+\.md", source.read_text(encoding="utf-8"))
    }
    assert {(name, source) for name, source in named if not (ROOT / name).exists()} == set()
