"""What a ``wrangler`` configuration says about a JavaScript Worker, as far as its objects need it.

Source: developers.cloudflare.com/workers/wrangler/configuration; the unique keys are those of wrangler's local mode.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_durable._core.errors import ConfigurationError
from pytest_durable._core.isolate import ClassPath
from pytest_durable._hosts.deployment import DeclaredClass


@dataclass(frozen=True, slots=True, kw_only=True)
class WranglerConfig:
    """A configuration, read.

    Attributes:
        path: Where it is.
        main: The main module.
        namespaces: The classes that it binds.
        variables: What ``env`` shows besides.
        compatibility_date: None if it says nothing.
        compatibility_flags: Likewise empty.
    """

    path: Path
    main: Path | None
    namespaces: tuple[DeclaredClass, ...] = ()
    variables: Mapping[str, object] = field(default_factory=dict)
    compatibility_date: str | None = None
    compatibility_flags: tuple[str, ...] = ()


def read_wrangler(path: Path) -> WranglerConfig:
    """Read a configuration.

    Raises:
        ConfigurationError: It is not there, cannot be parsed, or binds a class of another Worker.
    """
    said = _parse(path)
    main = said.get("main")
    script = str(said.get("name", "worker"))
    bindings = said.get("durable_objects", {}).get("bindings", [])
    return WranglerConfig(
        path=path,
        main=None if main is None else path.parent / main,
        namespaces=tuple(_declared(path, script, str(main), each) for each in bindings),
        variables=said.get("vars", {}),
        compatibility_date=said.get("compatibility_date"),
        compatibility_flags=tuple(said.get("compatibility_flags", ())),
    )


def _parse(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as failure:
        raise ConfigurationError(f"The configuration {path} cannot be read: {failure.strerror}.") from failure
    import json5  # here, because few tests read a configuration

    try:
        parsed = tomllib.loads(text) if path.suffix == ".toml" else json5.loads(text)
    except ValueError as failure:
        raise ConfigurationError(f"The configuration {path} cannot be parsed: {failure}") from failure
    if not isinstance(parsed, dict):
        raise ConfigurationError(f"The configuration {path} is no object, but {type(parsed).__name__}.")
    return parsed


def _declared(path: Path, script: str, main: str, binding: dict[str, Any]) -> DeclaredClass:
    name, class_name, other = binding.get("name"), binding.get("class_name"), binding.get("script_name")
    if not isinstance(name, str) or not isinstance(class_name, str):
        raise ConfigurationError(
            f"A binding of objects in {path} is incomplete: {binding}.\n\n  expected  a name and a class_name"
        )
    if other is not None and other != script:
        raise ConfigurationError(
            f"The binding {name} in {path} leads to a class of another Worker, {other}.\n\n"
            "One Worker runs at a time. Test the object with the configuration of its own Worker."
        )
    return DeclaredClass(target=ClassPath(main, class_name), binding=name, unique_key=f"{script}-{class_name}")
