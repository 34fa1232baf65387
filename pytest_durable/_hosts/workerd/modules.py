"""The modules of a project, found by following relative imports from the main one. Nothing is bundled or changed."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
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

    Args:
        main: The file of the main module: JavaScript, not TypeScript.
        root: No module is taken from outside this directory; None is the directory of ``main``.

    Raises:
        ConfigurationError: ``main`` does not exist, is of another kind, or lies outside ``root``.

    Source: ours; names of modules as in workerd.capnp, Worker.Module.
    """
    main = main.resolve()
    root = main.parent if root is None else root.resolve()
    if not main.is_file():
        raise ConfigurationError(f"There is no module {main}.")
    if _KINDS.get(main.suffix) != "esModule":
        raise ConfigurationError(
            f"{main.name} is not a JavaScript module: the real platform runs .js and .mjs files as they are.\n\n"
            "Compile it first, for example:  npx esbuild src/index.ts --bundle --format=esm --outfile=dist/index.js"
        )
    if not main.is_relative_to(root):
        raise ConfigurationError(f"The main module {main} is outside the project {root}.")
    found: dict[Path, Module] = {}
    waiting = [main]
    while waiting:
        path = waiting.pop(0)
        if path not in found:
            found[path] = module = _read(path, root)
            waiting += _imports(module, path, root)
    return tuple(found.values())


def _read(path: Path, root: Path) -> Module:
    name = PurePosixPath(path.relative_to(root)).as_posix()
    return Module(name=name, content=path.read_bytes(), kind=_KINDS[path.suffix])


def _imports(module: Module, path: Path, root: Path) -> Iterator[Path]:
    if module.kind != "esModule":
        return
    for match in _RELATIVE_IMPORT.finditer(module.content.decode("utf-8", errors="replace")):
        imported = (path.parent / match[2]).resolve()
        if imported.suffix in _KINDS and imported.is_relative_to(root) and imported.is_file():
            yield imported
