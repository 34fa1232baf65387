"""Why a process of the real platform has not begun to listen, as far as that can be known."""

import re
from pathlib import Path
from typing import Final

from pytest_durable._core.errors import WorkerdNotFoundError, WorkerdStartError
from pytest_durable._hosts.workerd.binary import workerd_version
from pytest_durable._hosts.workerd.clock import EXIT_TEST_IS_GONE
from pytest_durable._hosts.workerd.config import HARNESS_DATE
from pytest_durable._hosts.workerd.output import Output

#: What the platform says of the user's modules, and the indented lines behind it.
_FAULT: Final = re.compile(r"^service main: (?:Uncaught )?(.*(?:\n[ \t]+.*)*)", re.MULTILINE)
#: Follows each such fault, and is no fault of its own then.
_NOT_EXPORTED: Final = re.compile(r"^.*no such Durable Object class is exported.*\n?", re.MULTILINE)
_NO_MODULE: Final = re.compile(r'No such module "([^"]*)"')


def not_listening(executable: Path, output: Output, status: int) -> WorkerdStartError:
    """The error for a process that has ended instead.

    Args:
        executable: What was started.
        output: What it printed.
        status: With which it ended.
    """
    fault = _FAULT.search(output.text())
    if fault is not None:
        return WorkerdStartError(_bad_module(fault, output.text()))
    if status == EXIT_TEST_IS_GONE:
        return WorkerdStartError(
            f"{executable} has started another process, which is not a child of the test.\n\n"
            'Let a script in front of workerd become it:  exec …/workerd "$@"'
        )
    try:
        version = workerd_version(executable)
    except WorkerdNotFoundError as error:
        return WorkerdStartError(str(error))
    if version < HARNESS_DATE:
        return WorkerdStartError(
            f"{executable} is too old.\n\n  expected  a version from {HARNESS_DATE} on\n  actual    {version}\n\n"
            f"Install a newer one:  npm install workerd@latest\n\n{output.told()}"
        )
    return WorkerdStartError(f"workerd {version} has not begun to listen.\n\n{output.told()}")


def not_listening_in_time(output: Output, seconds: float) -> WorkerdStartError:
    """The error for a process that goes on without listening."""
    return WorkerdStartError(
        f"workerd has not begun to listen within {seconds:g} s of real time.\n\n"
        "Look for code outside of all functions that never ends, such as an endless loop.\n\n"
        f"{output.told()}"
    )


def _bad_module(fault: "re.Match[str]", printed: str) -> str:
    others = _NOT_EXPORTED.sub("", printed.replace(fault[0], "")).strip("\n")
    parts = (
        f"The Worker cannot be loaded: {fault[1]}",
        _advice(fault[1]),
        f"It printed:\n\n{others}" if others else "",
    )
    return "\n\n".join(filter(None, parts))


def _advice(fault: str) -> str:
    missing = _NO_MODULE.search(fault)
    if missing is None:
        return ""
    if missing[1].startswith("node:"):
        return 'It takes a flag:  App(compatibility_flags=["nodejs_compat"], …), or that line in the configuration'
    return (
        'A file of your own is imported with its extension:  import … from "./lib/names.js"\n'
        "Packages have to be bundled first:  "
        "npx esbuild src/index.js --bundle --format=esm --external:cloudflare:* --outfile=dist/index.js"
    )
