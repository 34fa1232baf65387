"""The modules of a project, found by following relative imports from the main one. Nothing is bundled or changed."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._hosts.workerd.config import Module

_KINDS: Final = {
    ".js": "esModule",
    ".mjs": "esModule",
    ".cjs": "commonJsModule",
    ".json": "json",
    ".txt": "text",
    ".html": "text",
    ".sql": "text",
    ".bin": "data",
    ".wasm": "wasm",
}
# What follows `from`, a bare `import` or `import(`, if it begins with a dot. Text in a comment matches too, which does
# no harm: a file that does not exist is left out, and workerd says so if it was meant.
_RELATIVE_IMPORT: Final = re.compile(r"""\b(?:from|import)\s*\(?\s*(["'])(\.{1,2}/[^"'\n]+)\1""")


def collect_modules(main: Path, root: Path | None = None) -> tuple[Module, ...]:
    """Return the main module and all that it imports by relative paths, directly or not.

    Their names are relative to the deepest directory that holds them all.

    Args:
        main: The file of the main module: JavaScript, not TypeScript.
        root: No module is taken from outside this directory, unless ``main`` is outside of it. None, and then: the
            directory of ``main``.

    Raises:
        ConfigurationError: ``main`` does not exist, or is of another kind.

    Source: ours; names of modules as in workerd.capnp, Worker.Module.
    """
    main = main.resolve()
    root = main.parent if root is None else root.resolve()
    if not main.is_relative_to(root):
        root = main.parent
    _check_main(main)
    found: dict[Path, bytes] = {}
    waiting = [main]
    while waiting:
        path = waiting.pop(0)
        if path not in found:
            found[path] = content = path.read_bytes()
            waiting += _imports(path, content, root)
    base = os.path.commonpath([path.parent for path in found])
    return tuple(
        Module(name=path.relative_to(base).as_posix(), content=content, kind=_KINDS[path.suffix])
        for path, content in found.items()
    )


def _check_main(main: Path) -> None:
    if not main.is_file():
        raise ConfigurationError(f"There is no module {main}.")
    if main.suffix == ".py":
        raise ConfigurationError(
            f"{main.name} is a Python module, and the real platform runs JavaScript.\n\n"
            "Let durable_app return another App for this host; see docs/how-to/real-platform.md"
        )
    if _KINDS.get(main.suffix) != "esModule":
        raise ConfigurationError(
            f"{main.name} is not a JavaScript module: the real platform runs .js and .mjs files as they are.\n\n"
            "Compile it first, for example:  npx esbuild src/index.ts --bundle --format=esm --outfile=dist/index.js"
        )


def _imports(path: Path, content: bytes, root: Path) -> Iterator[Path]:
    if _KINDS[path.suffix] != "esModule":
        return
    for match in _RELATIVE_IMPORT.finditer(content.decode("utf-8", errors="replace")):
        imported = (path.parent / match[2]).resolve()
        if imported.suffix in _KINDS and imported.is_relative_to(root) and imported.is_file():
            yield imported
