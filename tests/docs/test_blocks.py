"""Every Python block of the documentation is a test: each page is one run of pytest with the package alone.

How a block becomes a file is told in ``support/pages.py``.
"""

import os
import re
from typing import Final

import pytest

from pytest_durable._hosts.workerd.binary import find_workerd
from pytest_durable._hosts.workerd.shim import build_shim
from pytest_durable.errors import WorkerdUnavailableError
from support.pages import ROOT, Page, all_pages

PAGES: Final = tuple(page for page in all_pages() if any(name.endswith(".py") for name in page.files))

#: Plugins that a page speaks of, besides ours. Others are not loaded: a reader may not have them.
PLUGINS: Final = {
    "docs/how-to/async-plugins.md": ("asyncio", "anyio"),
    "docs/how-to/clock.md": ("time_machine", "freezer"),
}

_RESULT: Final = re.compile(r"(PASSED|FAILED|ERROR|SKIPPED) (?P<file>[\w/]+\.py)::")


def run_page(page: Page, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Write the blocks of a page to a directory, run pytest there, return what it prints."""
    for name, text in page.files.items():
        path = pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    plugins = [argument for name in ("pytest_durable.plugin", *PLUGINS.get(page.name, ())) for argument in ("-p", name)]
    result = pytester.runpytest_subprocess(
        *plugins, "-p", "no:cacheprovider", "-W", "error", "-rA", "--tb=short", timeout=60
    )
    return result.outlines


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_python_block_of_a_page_runs(
    page: Page, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    if any(name.endswith(".js") for name in page.files):
        require_the_real_platform(monkeypatch)
    printed = run_page(page, pytester, monkeypatch)

    results = [(found["file"], found[1]) for line in printed if (found := _RESULT.match(line))]
    tests = {name for name in page.files if name.rpartition("/")[2].startswith("test_")}
    wrong = [
        (name, outcome)
        for name, outcome in results
        if outcome != ("FAILED" if name in page.failing_files else "PASSED")
    ]
    everything = "\n".join(printed)
    assert wrong == [], everything
    assert {name for name, _ in results} == tests, everything
    for output in page.outputs:
        assert output in as_read(printed), everything


def require_the_real_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the page find what the project has; skip it where there is none."""
    try:
        monkeypatch.setenv("WORKERD", str(find_workerd(None, ROOT, os.environ)))
        build_shim(os.environ)
    except WorkerdUnavailableError as error:
        pytest.skip(str(error))


def as_read(printed: list[str]) -> str:
    """What pytest printed, without the letter in front of the lines of an error."""
    return "\n".join(re.sub(r"\AE( {3}|\Z)", "", line).rstrip() for line in printed)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_of_a_page_is_used_by_its_tests(page: Page) -> None:
    for name in page.files:
        stem = name.rpartition("/")[2].removesuffix(".py")
        if name.endswith(".py") and not stem.startswith("test_") and stem != "conftest":
            assert any(
                f"{stem} import" in text or f"{stem}:" in text or f'"{name}"' in text for text in page.files.values()
            ), name
