"""The compiled form of ``shim.c``, made when it is first needed and kept in the user's cache directory."""

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from pytest_durable._core.errors import ShimUnavailableError

_FLAGS = ("-std=gnu11", "-O2", "-shared", "-fPIC")
_COMPILE_SECONDS_MAX = 60.0
_KEPT_SECONDS = 30 * 24 * 3_600


def build_shim(environ: Mapping[str, str]) -> Path:
    """Return the shared object that replaces the clock of a process; compile it if this user has none yet.

    Several test processes may do so at once: each writes a file of its own and then gives it the final name.

    Args:
        environ: The environment, for ``CC``, ``PATH``, ``XDG_CACHE_HOME`` and ``HOME``.

    Raises:
        ShimUnavailableError: The system is not Linux, there is no compiler, it failed, or nothing can be written.
    """
    if sys.platform != "linux":
        raise ShimUnavailableError(
            f"The clock of workerd can be replaced on Linux only; this is {sys.platform}.\n\n"
            "Run these tests on Linux, for example in a container, or on the host in this process."
        )
    source = files("pytest_durable._hosts.workerd").joinpath("shim.c").read_bytes()
    directory = _cache_directory(environ)
    target = directory / f"workerd-clock-{_fingerprint(source)}.so"
    if target.exists():
        with suppress(OSError):  # not ours to touch, and still good
            os.utime(target)  # it is in use
    else:
        _compile(_compiler(environ), source, target)
        _forget_others(target)
    return target


def _forget_others(target: Path) -> None:
    """Remove what other versions of this package have made and not used for long: one of them may run now."""
    newest = target.stat().st_mtime
    for other in target.parent.glob("workerd-clock-*"):
        with suppress(OSError):  # somebody else was faster
            if newest - other.stat().st_mtime > _KEPT_SECONDS:
                other.unlink()


def _fingerprint(source: bytes) -> str:
    told = b"\0".join([source, " ".join(_FLAGS).encode(), platform.machine().encode()])
    return hashlib.sha256(told).hexdigest()[:16]


def _cache_directory(environ: Mapping[str, str]) -> Path:
    told = environ.get("XDG_CACHE_HOME", "")
    # The specification of that variable says that a relative path is to be ignored.
    base = Path(told) if os.path.isabs(told) else Path(environ.get("HOME") or Path.home()) / ".cache"
    directory = base / "pytest-durable"
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(directory, error) from error
    return directory


def _compiler(environ: Mapping[str, str]) -> list[str]:
    command = shlex.split(environ.get("CC", "")) or ["cc"]
    for name in (command[0], "gcc", "clang"):
        found = shutil.which(name, path=environ.get("PATH", ""))
        if found is not None:
            return [found, *command[1:]] if name == command[0] else [found]
    raise ShimUnavailableError(
        "The clock of workerd cannot be replaced: no C compiler was found (the variable CC, cc, gcc, clang).\n\n"
        "Install one, for example:  apt-get install gcc libc6-dev"
    )


def _compile(compiler: list[str], source: bytes, target: Path) -> None:
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.stem, suffix=".part")
    except OSError as error:
        raise _not_writable(target.parent, error) from error
    os.close(handle)
    try:
        _run([*compiler, *_FLAGS, "-x", "c", "-o", name, "-"], source)
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)


def _run(command: list[str], source: bytes) -> None:
    try:
        done = subprocess.run(command, input=source, capture_output=True, timeout=_COMPILE_SECONDS_MAX, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ShimUnavailableError(f"The C compiler cannot be run: {error}") from error
    if done.returncode:
        raise ShimUnavailableError(
            f"The clock of workerd cannot be replaced: {command[0]} failed with status {done.returncode}.\n\n"
            f"{done.stderr.decode(errors='replace').strip()}\n\n"
            "If headers are missing, install them:  apt-get install gcc libc6-dev"
        )


def _not_writable(directory: Path, error: OSError) -> ShimUnavailableError:
    return ShimUnavailableError(
        f"The clock of workerd cannot be compiled into {directory}: {error.strerror}.\n\n"
        "Name a directory that can be written:  XDG_CACHE_HOME=/tmp/cache pytest"
    )
