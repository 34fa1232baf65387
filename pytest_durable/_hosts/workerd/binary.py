"""Where workerd is: told, in the environment, in a ``node_modules``, on the ``PATH``."""

import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from pytest_durable._core.errors import ConfigurationError, WorkerdNotFoundError

VARIABLE = "WORKERD"
_EXECUTABLE_MAGICS = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ")
_SYSTEMS = {"linux": "linux", "darwin": "darwin", "win32": "windows"}
_VERSION_SECONDS_MAX = 10.0


def find_workerd(told: str | None, root: Path, environ: Mapping[str, str], main: Path | None = None) -> Path:
    """Return the executable to start.

    npm installs a launcher script in front of the executable. The executable itself is preferred: it starts faster, and
    signals go to the right process.

    Args:
        told: The value of an option, or None. If it is wrong, nothing else is tried.
        root: The directory of the project; its ``node_modules`` and those of the directories above are searched.
        environ: The environment, for ``WORKERD`` and ``PATH``.
        main: The main module of a Worker. The directories above it are searched first: its package may be a part of a
            project whose root is Python's.

    Raises:
        ConfigurationError: It is not where it was said to be, which is a mistake and no reason to skip a test.
        WorkerdNotFoundError: It is nowhere; the message names the four places.

    Source: ours; the layouts are those of npm, yarn and pnpm.
    """
    for value, whence in ((told, "--durable-workerd"), (environ.get(VARIABLE), f"the variable {VARIABLE}")):
        if value:
            return _as_told(root / value, whence)
    for directory in (*(main.parents if main is not None else ()), root, *root.parents):
        for candidate in _candidates(directory / "node_modules"):
            if candidate.is_file():
                return _native(candidate)
    on_path = shutil.which("workerd", path=environ.get("PATH", ""))
    if on_path is not None:
        return _native(Path(on_path))
    raise WorkerdNotFoundError(_nowhere(root))


def workerd_version(executable: Path) -> str:
    """Return what the executable calls its version, such as ``2026-11-17``.

    Raises:
        WorkerdNotFoundError: It cannot be started, or is something else.
    """
    try:
        done = subprocess.run(
            [str(executable), "--version"], capture_output=True, text=True, timeout=_VERSION_SECONDS_MAX, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WorkerdNotFoundError(f"{executable} cannot be started: {error}") from error
    name, _, version = done.stdout.strip().partition(" ")
    if name != "workerd" or not version:
        said = (done.stdout + done.stderr).strip().partition("\n")[0]
        raise WorkerdNotFoundError(
            f"{executable} is not workerd: expected `workerd VERSION` from --version, saw {said!r}.\n\n"
            "Install it:  npm install workerd"
        )
    return version


def _as_told(path: Path, whence: str) -> Path:
    if not path.is_file():
        raise ConfigurationError(
            f"There is no workerd at {path}, where {whence} says it is.\n\n"
            "Correct it, or remove it and install workerd in the project:  npm install workerd"
        )
    return _native(path)


def _candidates(node_modules: Path) -> Iterator[Path]:
    yield node_modules / _platform_package() / "bin" / "workerd"
    yield node_modules / ".bin" / "workerd"


def _platform_package() -> str:
    system = _SYSTEMS.get(sys.platform, sys.platform)
    machine = "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "64"
    return f"@cloudflare/workerd-{system}-{machine}"


def _native(path: Path) -> Path:
    """Return the executable that a launcher script would start: it is in a ``node_modules`` around the script."""
    if _is_native(path):
        return path
    for directory in path.resolve().parents:
        near = directory / "node_modules" / _platform_package() / "bin" / "workerd"
        if near.is_file():
            return near
    return path


def _is_native(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith(_EXECUTABLE_MAGICS)


def _nowhere(root: Path) -> str:
    return (
        "workerd was not found: neither --durable-workerd nor the variable WORKERD names it, no node_modules from "
        f"{root} upward has it, and it is not on the PATH.\n\n"
        "Install it in the project:  npm install workerd"
    )
