"""The stubs reach users by wheel, source distribution and editable installation. Nobody can import them."""

import tarfile
import zipfile
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from pytest_durable._surfaces.finder import ImportFinder
from support.installed import ROOT, build
from support.stub_check import STUBS

FILES = {path.relative_to(STUBS).as_posix() for path in STUBS.rglob("*.pyi")}


def test_wheel_has_the_stubs_beside_the_package(tmp_path: Path) -> None:
    names = set(zipfile.ZipFile(build("wheel", tmp_path / "out")).namelist())
    assert FILES - names == set()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if "dist-info" not in top} == {"pytest_durable", *{f.partition("/")[0] for f in FILES}}


def test_source_distribution_has_the_stubs(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path / "out")) as archive:
        names = {name.partition("/stubs/")[2] for name in archive.getnames()}
    assert FILES - names == set()


def test_editable_installation_shows_type_checkers_the_stubs(tmp_path: Path) -> None:
    archive = zipfile.ZipFile(build("editable", tmp_path / "out"))
    (path_file,) = (name for name in archive.namelist() if name.endswith(".pth"))
    assert archive.read(path_file).decode().split("\n") == [str(ROOT), str(STUBS)]


@pytest.mark.parametrize("name", ["asgi", "workers", "js", "pyodide"])
def test_stubs_on_the_path_are_no_module(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PathFinder.find_spec(name, [str(STUBS)]) is None
    monkeypatch.syspath_prepend(STUBS)
    found = ImportFinder().find_spec(name)
    assert found is not None
    assert found.origin == f"pytest_durable ({name})"
