"""What a ``wrangler`` configuration says about a Worker, as far as its tests need it.

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
from pytest_durable._hosts.migrations import Migration, unique_key

_DEFAULT_NAME: Final = "worker"
#: Where a project has its configuration; wrangler looks for them in this order.
FILE_NAMES: Final = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
#: Sections that bind what no host provides: section to what it is called. The key of the name is ``binding``.
_UNPROVIDED: Final = {
    "kv_namespaces": "a KV namespace",
    "r2_buckets": "an R2 bucket",
    "d1_databases": "a D1 database",
    "vectorize": "a Vectorize index",
    "hyperdrive": "a Hyperdrive configuration",
    "analytics_engine_datasets": "an Analytics Engine dataset",
    "mtls_certificates": "an mTLS certificate",
    "workflows": "a Workflow",
    "pipelines": "a pipeline",
    "dispatch_namespaces": "a dispatch namespace",
    "secrets_store_secrets": "a secret of the Secrets Store",
}
_UNPROVIDED_SINGLE: Final = {"ai": "Workers AI", "browser": "a browser", "images": "Images", "assets": "static assets"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundClass:
    """A class of objects that a configuration binds.

    Attributes:
        class_name: Among the exports of the main module.
        binding: Its name in ``env``.
        unique_key: What keys the ids and names the directory.
        worker: The name of the Worker that has the class; None: it is this one.
    """

    class_name: str
    binding: str
    unique_key: str
    worker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundService:
    """An entrypoint of a Worker that a configuration binds.

    Attributes:
        binding: Its name in ``env``.
        worker: The name of the Worker.
        entrypoint: Which of its entrypoints; empty: the default one.
    """

    binding: str
    worker: str
    entrypoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WranglerConfig:
    """A configuration, read.

    Attributes:
        path: Where it is.
        name: The Worker's, of the environment that was chosen.
        main: The main module.
        classes: The classes that it binds, one after the other, whoever has them.
        migrations: What has become of its classes.
        services: The entrypoints that it binds.
        variables: What ``env`` shows besides.
        unprovided: Bindings of what no host provides, to what that is called.
        crons: Its schedule, as text.
        compatibility_date: None if it says nothing.
        compatibility_flags: Likewise empty.
    """

    path: Path
    name: str = _DEFAULT_NAME
    main: Path | None
    classes: tuple[BoundClass, ...] = ()
    migrations: tuple[Migration, ...] = ()
    services: tuple[BoundService, ...] = ()
    unprovided: Mapping[str, str] = field(default_factory=dict)
    crons: tuple[str, ...] = ()
    variables: Mapping[str, object] = field(default_factory=dict)
    compatibility_date: str | None = None
    compatibility_flags: tuple[str, ...] = ()


def read_wrangler(path: Path, environment: str | None = None) -> WranglerConfig:
    """Read a configuration.

    Args:
        path: JSON with comments and trailing commas, or TOML if its name says so.
        environment: Which of its environments; None is what is outside of them.

    Raises:
        ConfigurationError: It is not there, cannot be parsed, has a value of another type than expected, or has no such
            environment.
    """
    shared = _Section(path, "", _parse(path))
    own = shared if environment is None else _environment(shared, environment)
    main = own.text("main") or shared.text("main")
    script = own.text("name") or _name_in(shared, environment)
    bindings = own.section("durable_objects").sections("bindings")
    inherited = {name: own if name in own.said else shared for name in ("migrations", "triggers")}
    return WranglerConfig(
        path=path,
        name=script,
        main=None if main is None else path.parent / main,
        classes=tuple(_bound_classes(script, bindings)),
        migrations=tuple(_migration(each) for each in inherited["migrations"].sections("migrations")),
        services=tuple(_service(each) for each in own.sections("services")),
        unprovided=_unprovided(own),
        crons=inherited["triggers"].section("triggers").texts("crons"),
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
        raise ConfigurationError(
            f"The configuration {path} cannot be read: {failure.strerror}.\n\n"
            "A path counts from pytest's rootdir; without pytest, from the current directory."
        ) from failure
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


def _bound_classes(script: str, bindings: Iterable[_Section]) -> Iterable[BoundClass]:
    for each in bindings:
        binding, class_name = each.required_text("name"), each.required_text("class_name")
        other = each.text("script_name")
        worker = None if other == script else other
        key = unique_key(worker or script, class_name)
        yield BoundClass(class_name=class_name, binding=binding, unique_key=key, worker=worker)


def _service(each: _Section) -> BoundService:
    return BoundService(
        binding=each.required_text("binding"),
        worker=each.required_text("service"),
        entrypoint=each.text("entrypoint") or "",
    )


def _migration(each: _Section) -> Migration:
    return Migration(
        new=each.texts("new_classes"),
        new_sqlite=each.texts("new_sqlite_classes"),
        renamed=tuple((one.required_text("from"), one.required_text("to")) for one in each.sections("renamed_classes")),
        deleted=each.texts("deleted_classes"),
        transferred=tuple(
            (one.required_text("from"), one.required_text("from_script"), one.required_text("to"))
            for one in each.sections("transferred_classes")
        ),
    )


def _unprovided(own: _Section) -> dict[str, str]:
    found = {
        each.required_text("binding"): kind for section, kind in _UNPROVIDED.items() for each in own.sections(section)
    }
    for each in own.section("queues").sections("producers"):
        found[each.required_text("binding")] = "a queue"
    for each in own.sections("send_email"):
        found[each.required_text("name")] = "an e-mail binding"
    for section, kind in _UNPROVIDED_SINGLE.items():
        if (binding := own.section(section).text("binding")) is not None:
            found[binding] = kind
    return found


def find_config(root: Path) -> Path | None:
    """The configuration of the project at ``root``, if it has one there."""
    return next((path for name in FILE_NAMES if (path := root / name).is_file()), None)
