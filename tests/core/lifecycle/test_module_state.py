"""The application's modules belong to one life: each executes those it is given by path anew."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_durable import App, Host

MODULE = """
from pytest_durable._surfaces.neutral import NeutralObject

calls = 0


class Counting(NeutralObject):
    async def call(self):
        global calls
        calls += 1
        return calls
"""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host whose application lies in a directory of its own."""
    (tmp_path / "counting_calls.py").write_text(MODULE, encoding="utf-8")
    app = App(surface="neutral", classes=("counting_calls:Counting",))
    host = Host(tmp_path / "data", app=app, root=tmp_path)
    yield host
    host.run(host.finish())
    host.close()
    sys.modules.pop("counting_calls", None)


def test_each_life_executes_the_modules_of_the_application_again(host: Host) -> None:
    async def calls() -> list[int]:
        objects = host.namespace("COUNTING")
        seen = [await objects.get_by_name("a").call(), await objects.get_by_name("b").call()]
        for crash in (False, True):
            await host.restart(crash=crash)
            seen.append(await objects.get_by_name("a").call())
        return seen

    assert host.run(calls()) == [1, 2, 1, 1]
