"""What a ``wrangler`` configuration says about a JavaScript Worker, as far as its objects need it.

Bindings of other services are not read: ``env`` of the Worker does not show those. Migrations are not needed, because
every class has SQL unless the test says otherwise.

An environment (a section of ``env``) says anew what ``env`` of the Worker shows, and inherits the rest unless it says
that anew, too. Its Worker is another one, with a name and so with directories of its own.

Source: developers.cloudflare.com/workers/wrangler/configuration and …/wrangler/environments; the unique keys are those
of wrangler's local mode.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from pytest_durable._core.errors import ConfigurationError

_DEFAULT_NAME: Final = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundClass:
    """A class of objects that a configuration binds.

    Attributes:
        class_name: Among the exports of the main module.
        binding: Its name in ``env``.
        unique_key: What keys the ids and names the directory.
    """

    class_name: str
    binding: str
    unique_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WranglerConfig:
    """A configuration, read.

    Attributes:
        path: Where it is.
        main: The main module.
        classes: The classes that it binds.
        variables: What ``env`` shows besides.
        compatibility_date: None if it says nothing.
        compatibility_flags: Likewise empty.
    """

    path: Path
    main: Path | None
    classes: tuple[BoundClass, ...] = ()
    variables: Mapping[str, object] = field(default_factory=dict)
    compatibility_date: str | None = None
    compatibility_flags: tuple[str, ...] = ()


def read_wrangler(path: Path, environment: str | None = None) -> WranglerConfig:
    """Read a configuration.

    Args:
        path: JSON with comments and trailing commas, or TOML if its name says so.
        environment: Which of its environments; None is what is outside of them.

    Raises:
        ConfigurationError: It is not there, cannot be parsed, has a value of another type than expected, has no such
            environment, or binds a class twice or one of another Worker.
    """
    shared = _Section(path, "", _parse(path))
    own = shared if environment is None else _environment(shared, environment)
    main = own.text("main") or shared.text("main")
    script = own.text("name") or _name_in(shared, environment)
    bindings = own.section("durable_objects").sections("bindings")
    return WranglerConfig(
        path=path,
        main=None if main is None else path.parent / main,
        classes=tuple(_bound_classes(path, script, bindings)),
        variables=own.section("vars").said,
        compatibility_date=own.text("compatibility_date") or shared.text("compatibility_date"),
        compatibility_flags=(own if "compatibility_flags" in own.said else shared).texts("compatibility_flags"),
    )


def _parse(path: Path) -> dict[str, Any]:
    import json5  # here, because few tests read a configuration

    try:
        text = path.read_text(encoding="utf-8-sig")
        parsed = tomllib.loads(text) if path.suffix == ".toml" else json5.loads(text)
    except OSError as failure:
        raise ConfigurationError(f"The configuration {path} cannot be read: {failure.strerror}.") from failure
    except ValueError as failure:
        raise ConfigurationError(f"The configuration {path} cannot be parsed: {failure}") from failure
    if not isinstance(parsed, dict):
        raise ConfigurationError(
            f"The configuration {path} describes no Worker.\n\n"
            f"  expected  an object with main, durable_objects, …\n"
            f"  actual    {parsed!r}"
        )
    return parsed


@dataclass(frozen=True, slots=True)
class _Section:
    """An object of the configuration, and where it is; takes values out of it by their type."""

    path: Path
    place: str
    said: Mapping[str, Any]

    def text(self, name: str) -> str | None:
        value = self.said.get(name)
        if isinstance(value, date):  # TOML has dates; wrangler wants text, and the meaning is clear
            return value.isoformat()
        return None if value is None else self._checked(name, value, str, "a text")

    def texts(self, name: str) -> tuple[str, ...]:
        values = self._checked(name, self.said.get(name, []), list, "a list of texts")
        return tuple(self._checked(name, value, str, "a list of texts") for value in values)

    def section(self, name: str) -> "_Section":
        said = self._checked(name, self.said.get(name, {}), dict, "an object")
        return _Section(self.path, f"{self.place}{name}.", said)

    def sections(self, name: str) -> tuple["_Section", ...]:
        values = self._checked(name, self.said.get(name, []), list, "a list of objects")
        place = f"{self.place}{name}"
        return tuple(
            _Section(self.path, f"{place}[{number}].", self._checked(name, value, dict, "a list of objects"))
            for number, value in enumerate(values)
        )

    def required_text(self, name: str) -> str:
        text = self.text(name)
        return self._checked(name, text, str, "a text") if text is None else text

    def _checked(self, name: str, value: object, kind: type, expected: str) -> Any:
        if isinstance(value, kind):
            return value
        actual = "nothing" if value is None else repr(value)
        raise ConfigurationError(
            f"The configuration {self.path} cannot be understood: {self.place}{name}.\n\n"
            f"  expected  {expected}\n"
            f"  actual    {actual}"
        )


def _environment(shared: _Section, name: str) -> _Section:
    environments = shared.section("env")
    if name not in environments.said:
        raise ConfigurationError(
            f"The configuration {shared.path} has no environment {name!r}.\n\n"
            f"  expected  {', '.join(map(repr, environments.said)) or 'none: it has no section env'}\n"
            f"  actual    {name!r}"
        )
    return environments.section(name)


def _name_in(shared: _Section, environment: str | None) -> str:
    name = shared.text("name")
    return f"{name}-{environment}" if name and environment is not None else name or _DEFAULT_NAME


def _bound_classes(path: Path, script: str, bindings: Iterable[_Section]) -> Iterable[BoundClass]:
    bound: dict[str, str] = {}
    for each in bindings:
        binding, class_name = each.required_text("name"), each.required_text("class_name")
        other = each.text("script_name")
        if other is not None and other != script:
            raise ConfigurationError(
                f"The binding {binding} in {path} leads to a class of another Worker, {other}.\n\n"
                "One Worker runs at a time. Test the object with the configuration of its own Worker."
            )
        if class_name in bound:
            raise ConfigurationError(
                f"The class {class_name} has two bindings in {path}: {bound[class_name]} and {binding}.\n\n"
                "A test knows a class by one binding. Remove the other, or test with a configuration of its own."
            )
        bound[class_name] = binding
        yield BoundClass(class_name=class_name, binding=binding, unique_key=f"{script}-{class_name}")
