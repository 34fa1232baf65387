"""The package as users have it: its wheel, unpacked into an environment of its own."""

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


def build(kind: str, directory: Path) -> Path:
    """Build the ``wheel``, ``sdist`` or ``editable`` (a wheel too) of the source tree; no network is used."""
    # The functions that pip calls: build_wheel, build_sdist, build_editable.
    program = f"from hatchling.build import build_{kind} as build; build({str(directory)!r})"
    directory.mkdir()
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, timeout=60)
    (built,) = directory.iterdir()
    return built


def environment(directory: Path) -> Path:
    """Make an environment with the wheel and, from the running one, what it depends on; the path of its Python."""
    venv.create(directory / "environment", with_pip=False)
    python = directory / "environment" / "bin" / "python"
    variables = {"base": str(python.parents[1]), "platbase": str(python.parents[1])}
    site = Path(sysconfig.get_path("purelib", vars=variables))
    zipfile.ZipFile(build("wheel", directory / "wheel")).extractall(site)
    # Only the folder itself: path files in it, of editable installs, are not followed.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return python
